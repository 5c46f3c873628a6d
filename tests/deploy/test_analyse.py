"""tests/analyse finds what it is there to find, and wants a reason for what is left out."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MESON = "project('house', 'c')\nstatic_library('house', 'src/a.c', include_directories: 'include')\n"


@pytest.fixture
def tree(tmp_path):
    """A house of one file."""
    for folder in ('src', 'include', 'tests'):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / 'tests' / 'analyse', tmp_path / 'tests')
    shutil.copy(ROOT / '.clang-tidy', tmp_path)
    (tmp_path / 'meson.build').write_text(MESON)
    (tmp_path / 'include' / 'a.h').write_text('#define A 1\n')
    (tmp_path / 'src' / 'a.c').write_text('#include "a.h"\nint a(void);\nint a(void)\n{\n    return A;\n}\n')
    return tmp_path


def analyse(tree):
    return subprocess.run([tree / 'tests' / 'analyse'], capture_output=True, text=True, timeout=120)


def test_what_passed_is_looked_at_again_when_it_or_its_header_changes(tree):
    assert '3 looked at now, 0 with findings' in analyse(tree).stdout
    assert '0 looked at now' in analyse(tree).stdout
    (tree / 'include' / 'a.h').write_text('#define A 2\n')
    done = analyse(tree)
    assert done.returncode == 0 and '3 looked at now' in done.stdout, done.stdout + done.stderr


LEAK = """#include <stdlib.h>
int a(int n);
int a(int n)
{
    int *b = malloc(sizeof *b);
    if (!b)
        return 0;
    *b = n;
    if (n > 3)
        return 1;
    free(b);
    return 2;
}
"""


@pytest.mark.parametrize('text, finding', [
    (LEAK, 'leak of'),
    ('#define TWICE(a) a * 2\nint a(void);\nint a(void)\n{\n    return TWICE(1);\n}\n', 'bugprone-macro-parentheses'),
    ('int a(int b);\nint a(int b)\n{\n    int c[2] = {1, 2};\n    return b == 5 ? c[b] : 0;\n}\n', 'arrayIndexOutOfBounds'),
    ('// NOLINTNEXTLINE(bugprone-macro-parentheses)\n#define TWICE(a) a * 2\nint a(void);\nint a(void)\n{\n    return TWICE(1);\n}\n',
     'without a reason'),
])
def test_a_finding_fails(tree, text, finding):
    """Each time anew: a finding is not remembered as if it had passed."""
    (tree / 'src' / 'a.c').write_text(text)
    for _ in range(2):
        done = analyse(tree)
        assert done.returncode == 1 and finding in done.stdout, done.stdout + done.stderr


def test_a_check_is_off_for_a_reason(tree):
    (tree / '.clang-tidy').write_text((ROOT / '.clang-tidy').read_text().replace('# -cert-err34-c:', '#'))
    assert 'cert-err34-c is off without a reason' in analyse(tree).stdout
