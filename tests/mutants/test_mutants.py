"""The planted bugs: that each still applies and names what there is, that the runner tells one that is caught from one that is
not, and three of them, other ones each day. All of them: tests/mutants/run."""

import re
import subprocess
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
loader = SourceFileLoader('mutants_run', str(HERE / 'run'))
run = module_from_spec(spec_from_loader(loader.name, loader))
loader.exec_module(run)

FLOORS = ('src/transport/', 'src/api/', 'src/records/', 'src/audit/', 'src/auth/', 'src/store/', 'src/domain/',
          'src/store/writer.c', 'migrations/')


@pytest.mark.parametrize('mutant', run.mutants(), ids=lambda mutant: mutant.name)
def test_each_applies_and_names_what_there_is(mutant):
    assert not mutant.wrong()
    kind, what = mutant.test.split(' ', 1)
    if kind == 'pytest':
        file, _, name = what.partition('::')
        assert f"def {name.partition('[')[0]}(" in (run.ROOT / file).read_text()
    re.compile(mutant.reason)


def test_there_are_many_and_on_every_floor():
    changed = [name for mutant in run.mutants() for name in re.findall(r'^--- a/(\S+)', mutant.text, re.MULTILINE)]
    assert len(run.mutants()) >= 24
    assert all(any(name.startswith(floor) for name in changed) for floor in FLOORS)


SAID = 'expected 422\n1 failed'


@pytest.mark.parametrize('builds, status, said, wrong', [
    (True, 1, SAID, None),
    (True, 0, '1 passed', 'it survived'),
    (True, 1, 'ImportError', 'but not with'),
    (True, None, 'it did not come to an end', 'but not with'),
    (True, 5, 'no tests ran', 'there is no such test'),
    (True, 4, 'ERROR: not found: tests/x.py::test_y', 'there is no such test'),
    (False, 1, SAID, 'it does not build'),
])
def test_what_is_not_caught_is_told(tmp_path, monkeypatch, builds, status, said, wrong):
    """And the tree is as it was each time."""
    (tmp_path / 'tree').mkdir()
    (tmp_path / 'tree' / 'a.c').write_text('int a = 1;\n')
    patch = tmp_path / 'a.patch'
    patch.write_text('planted: A is 2.\ncaught by: pytest tests/x.py::test_y\nfails with: expected 422\n\n'
                     '--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-int a = 1;\n+int a = 2;\n')

    def tested(test):
        assert (tmp_path / 'tree' / 'a.c').read_text() == 'int a = 2;\n'
        return status, said

    monkeypatch.setattr(run, 'TREE', tmp_path / 'tree')
    monkeypatch.setattr(run, 'build', lambda targets: builds)
    monkeypatch.setattr(run, 'run_test', tested)
    why = run.try_mutant(run.Mutant(patch))
    assert why is None if wrong is None else wrong in why
    assert (tmp_path / 'tree' / 'a.c').read_text() == 'int a = 1;\n'


@pytest.mark.parametrize('text', [
    '--- a/src/main.c\n',
    'planted: A.\ncaught by: somebody\nfails with: x\n\n',
    'planted: A.\ncaught by: pytest tests/none.py::test_x\nfails with: x\n\n',
    'planted: A.\ncaught by: unit unit-domain\nfails with: x\n\n--- a/src/main.c\n+++ b/src/main.c\n@@ -1 +1 @@\n-no\n+x\n',
])
def test_one_that_cannot_be_run_is_told(tmp_path, text):
    (tmp_path / 'a.patch').write_text(text)
    assert run.Mutant(tmp_path / 'a.patch').wrong()


def test_three_of_them_are_caught():
    done = subprocess.run([HERE / 'run', '--today'], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '3 mutants, 3 caught, 0 not' in done.stdout
