"""tests/tidy finds what it is there to find."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MESON = "platform = static_library('platform', 'src/platform/log.c')\n\n" \
        "domain = static_library('domain', 'src/domain/rule.c', link_with: platform)\n\n"


@pytest.fixture
def tree(tmp_path):
    """A house with nothing wrong in it."""
    for folder in ('src/domain', 'src/api', 'src/store/sqlite', 'src/transport', 'include/reviewd', 'tests', 'deploy'):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / 'tests' / 'tidy', tmp_path / 'tests')
    shutil.copy(ROOT / '.clang-format', tmp_path)
    (tmp_path / 'meson.build').write_text(MESON)
    (tmp_path / 'src/api/api.h').write_text('int answer(void);\n')
    (tmp_path / 'src/domain/rule.c').write_text('#include "reviewd/rule.h"\n\nint rule(void)\n{\n    return 1;\n}\n')
    (tmp_path / 'include/reviewd/rule.h').write_text('int rule(void);\n')
    return tmp_path


def tidy(tree):
    return subprocess.run([tree / 'tests' / 'tidy'], capture_output=True, text=True, timeout=60)


def test_a_tidy_house_is_fine(tree):
    done = tidy(tree)
    assert done.returncode == 0 and '0 findings' in done.stdout, done.stdout + done.stderr


LONG_FUNCTION = 'int f(void)\n{\n' + '    f();\n' * 70 + '}\n'


@pytest.mark.parametrize('path, text, finding', [
    ('src/domain/x.c', '#include "reviewd/store.h"\n', 'domain may not use reviewd/store.h'),
    ('src/domain/x.c', '#include "reviewd/clock.h"\n', 'domain may not use reviewd/clock.h'),
    ('src/domain/x.c', '#include <unistd.h>\n', 'domain may not use <unistd.h>'),
    ('src/domain/x.c', 'void f(void)\n{\n    printf("");\n}\n', 'printf() is banned'),
    ('src/transport/x.c', '#include "reviewd/review.h"\n', 'transport may not use reviewd/review.h'),
    ('src/transport/x.c', '#include "api/api.h"\n', 'private to another floor'),
    ('src/transport/x.c', '#include "../api/api.h"\n', 'private to another floor'),
    ('src/transport/x.c', '#include <jansson.h>\n', 'jansson.h is for'),
    ('src/api/x.c', '#include <microhttpd.h>\n', 'microhttpd.h is for'),
    ('src/api/x.c', '#include <sqlite3.h>\n', 'sqlite3.h is for'),
    ('src/api/x.c', '#include "reviewd/new.h"\n', 'belongs to no floor'),
    ('src/store/sqlite/x.c', '#include "reviewd/store.h"\n', 'the driver may not use'),
    ('src/attic/x.c', '\n', 'belongs to no floor'),
    ('include/reviewd/id.h', '#include "reviewd/rule.h"\n', 'platform may not use reviewd/rule.h'),
    ('meson.build', MESON.replace('link_with: platform', 'link_with: [platform, store]'), 'linked with store'),
    ('src/api/x.c', LONG_FUNCTION, 'f has 73 lines'),
    ('src/api/x.c', 'int x;\n' * 601, '601 lines'),
    ('src/api/x.c', 'void f(char *a)\n{\n    strcpy(a, "");\n}\n', 'strcpy() is banned'),
    ('src/api/x.c', 'void f(char *a)\n{\n    json_loads(a, 0, 0);\n}\n', 'json_loads() is banned'),
    ('src/api/x.c', 'typedef struct a b;\n', 'not typedef'),
    ('src/api/x.c', 'int  x;\n', 'clang-format'),
    ('src/api/x.c', 'int x; \n', 'white space'),
    ('src/api/x.c', 'int x;', 'does not end'),
    ('deploy/x', '# TO' 'DO\n', 'belongs into an issue'),
    ('tests/test_x.py', 'time.sle' 'ep(1)\n', 'do not sleep'),
])
def test_found(tree, path, text, finding):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)
    done = tidy(tree)
    assert done.returncode == 1 and f'{path}:' in done.stdout and finding in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize('text', ['/* strcpy(a, b) */\n', 'const char *x = "strcpy(a, b)";\n', 'int my_strcpy(void);\n'])
def test_not_found(tree, text):
    (tree / 'src/api/x.c').write_text(text)
    assert tidy(tree).returncode == 0
