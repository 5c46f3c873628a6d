"""Under valgrind: no invalid or uninitialised read, no double free and no leak, of the daemon, the commands and the floors.

A round is one executable of unit tests, or one file of API tests against a daemon that memcheck looks at (and so do the
commands that the tests call). Of what the sanitizers look at, too, this sees the libraries as well, and what is read before
it was written. The first rounds are the unit tests; then come the files, in an order of chance, as long as there is time.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from campaigning import ROOT

SHORT = 1
LIMIT_S = 3600
BINARY = Path(os.environ.get('REVIEWD_BINARY', ROOT / 'build' / 'reviewd')).resolve()
UNITS = ('unit-domain', 'unit-platform', 'unit-auth', 'unit-records', 'unit-audit', 'unit-store', 'unit-api', 'unit-memory')
SHORT_TESTS = ('tests/api/test_follow_up_effects.py::test_the_whole_way',)
FOUND = 99               # what a process that it finds something in ends with
SHOWN = 3000             # characters of a report


def lacks():
    if not shutil.which('valgrind'):
        return 'there is no valgrind'
    return None if (BINARY.parent / 'tests' / 'unit' / UNITS[0]).exists() else 'the build has no unit tests'


def memcheck(folder):
    """What goes before a program, so that its reports, and those of the processes that it forks, go to this folder. GLib
    keeps pointers into the middle of what it has for good, which is "possibly lost"."""
    return ['valgrind', '--quiet', '--leak-check=full', '--show-leak-kinds=definite,indirect',
            '--errors-for-leak-kinds=definite,indirect', '--fair-sched=yes',
            f'--error-exitcode={FOUND}', f'--suppressions={ROOT}/tests/valgrind.supp', f'--log-file={folder}/%p']


def wrapped(folder):
    """reviewd for the tests: a program that is memcheck with reviewd in it."""
    wrapper = folder / 'reviewd'
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(memcheck(folder / "reports"))} {BINARY} "$@"\n')
    wrapper.chmod(0o700)
    return wrapper


def unit_tests(name, folder):
    environment = os.environ | {'CK_TIMEOUT_MULTIPLIER': '60', 'UNIT_MEMORY_SPARSE': '1'}
    done = subprocess.run([*memcheck(folder / 'reports'), BINARY.parent / 'tests' / 'unit' / name], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S)
    checks = re.search(r'Checks: (\d+), Failures: (\d+), Errors: (\d+)', done.stdout)
    passed = int(checks[1]) - int(checks[2]) - int(checks[3]) if checks else 0
    return done, passed


def api_tests(file, folder):
    """The people of the tests are made beforehand, by the program as it is; how that goes, test_cli.py tries."""
    seed = folder / 'seed'
    subprocess.run([sys.executable, ROOT / 'tests' / 'api' / 'prepared.py', seed], check=True,
                   env=os.environ | {'REVIEWD_BINARY': str(BINARY)})
    environment = os.environ | {'REVIEWD_BINARY': str(wrapped(folder)), 'REVIEWD_TEST_SEED': str(seed), 'PYTEST_ADDOPTS': ''}
    done = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--tb=short', file],
                          cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S)
    passed = re.search(r'(\d+) passed', done.stdout)
    return done, int(passed[1]) if passed else 0


def look_at(campaign, what):
    """One round: its tests pass, and nothing is reported of any process."""
    with tempfile.TemporaryDirectory(prefix='reviewd-valgrind-') as name:
        folder = Path(name)
        (folder / 'reports').mkdir()
        done, passed = (unit_tests if what.startswith('unit-') else api_tests)(what, folder)
        reports = [path.read_text(errors='replace') for path in (folder / 'reports').iterdir()]
    campaign.count('tests passed', passed)
    campaign.count('processes', len(reports))
    for report in filter(None, reports):
        campaign.failed(f'{what}: {report[:SHOWN]}', {'what': what})
    if done.returncode or not passed or not reports:
        campaign.failed(f'{what} ended with {done.returncode}: {done.stdout[-SHOWN:]}{done.stderr[-SHOWN:]}', {'what': what})


def run(campaign):
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / 'tests' / 'api').glob('test_*.py'))
    campaign.random.shuffle(files)
    everything = SHORT_TESTS if campaign.limit == SHORT else (*UNITS, *files)
    for number in campaign.rounds():
        if number == len(everything):
            return
        look_at(campaign, everything[number])


def replay(campaign, case):
    for _ in campaign.rounds():
        look_at(campaign, case['what'])
