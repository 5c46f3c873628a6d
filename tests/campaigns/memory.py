"""Memory runs out: each allocation of each endpoint's request fails, once and for good; an honest answer, all or nothing.

The unit test of it (tests/unit/memory) leaves some of SQLite's allocations out, and under a sanitizer some of ours; here
none is. A round is one way to fail: whose allocations, once or for good, on a connection as it is or on a new one.
"""

import os
import re
import subprocess
from pathlib import Path

from campaigning import ROOT

SHORT = 1
SHORT_REQUEST = 'add an action item'
LIMIT_S = 3 * 3600
WAYS = ('ours', "jansson's", "SQLite's", "SQLite's, on a new connection", 'ours, for good', "SQLite's, for good",
        "SQLite's, for good, on a new connection")
BINARY = Path(os.environ.get('REVIEWD_BINARY', ROOT / 'build' / 'reviewd')).parent / 'tests' / 'unit' / 'unit-memory'


def lacks():
    return None if BINARY.exists() else f'there is no {BINARY}: the build has no unit tests'


def fail(campaign, way, request=None):
    environment = os.environ | {'UNIT_MEMORY_ALL': '1', 'CK_RUN_CASE': way, 'CK_TIMEOUT_MULTIPLIER': '90'}
    if request:
        environment['UNIT_MEMORY_REQUEST'] = request
    done = subprocess.run([BINARY], env=environment, capture_output=True, text=True, timeout=LIMIT_S)
    checks = re.search(r'Checks: (\d+)', done.stdout)
    if not checks or int(checks[1]) == 0:
        campaign.failed(f'{way}: nothing was tried: {done.stdout[-500:]}')
        return
    campaign.count('requests tried', 1 if request else int(checks[1]))
    if done.returncode:
        campaign.failed(f'{way}: {done.stdout[-3000:]}', {'way': way, 'request': request})


def replay(campaign, case):
    for _ in campaign.rounds():
        fail(campaign, case['way'], case['request'])


def run(campaign):
    if campaign.limit == SHORT:
        for _ in campaign.rounds():
            for way in ('ours', 'ours, for good'):
                fail(campaign, way, SHORT_REQUEST)
        return
    for number in campaign.rounds():
        if number == len(WAYS):
            return
        fail(campaign, WAYS[number])
