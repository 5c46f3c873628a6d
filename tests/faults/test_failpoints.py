"""Places at which tests let calls fail (include/reviewd/failpoint.h) are in a build for tests alone."""

import re
from pathlib import Path

import harness

PLACE = re.compile(r'FAILPOINT(?:_PASS)?\((?:[^()"]*, )?"([^"]+)"\)')
AT_LEAST = 45


def test_no_trace_in_any_other_build():
    names = {name for path in (harness.ROOT / 'src').rglob('*.c') for name in PLACE.findall(path.read_text())}
    assert len(names) >= AT_LEAST
    program = Path(harness.Daemon().binary).read_bytes()
    found = [name for name in sorted(names) if '.' in name and b'\0%s\0' % name.encode() in program]
    assert not found and b'failpoint' not in program and b'FAILPOINT' not in program, found
