"""The description is kept: schemathesis asks every operation, with every role's token, what it may be asked.

Each round is one role's, on a demonstration organisation of its own. No answer may be a 5xx, have a status, a header, a
type or a body that /openapi.json does not describe, nor may a request that it rules out succeed. The first round is a
small one, for the fixed form; those after it go through all phases, the stateful one included.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import campaigning
import harness
from support import database

SHORT = 1
HERE = Path(__file__).resolve().parent
CACHE = campaigning.ROOT / 'tests' / '.cache' / 'schema'
REQUIREMENTS = HERE / 'schema-requirements.txt'
ROLES = ('isms_manager', 'top_management', 'department_head', 'employee', 'auditor')
EXAMPLES = 12            # of each operation and kind of data, beside the phase that covers each boundary once
SMALL = '^/v1/(people|reviews|decisions|action-items|follow-ups|rules)'
FAILURES_SHOWN = 20      # of a round; the rest are counted

# positive_data_acceptance cannot hold where a record's state has a say in what is accepted.
LEFT_OUT = 'positive_data_acceptance'


def schemathesis():
    """The program, installed when it is missing or its list has changed."""
    installed = CACHE / 'installed.txt'
    if not installed.exists() or installed.read_text() != REQUIREMENTS.read_text():
        shutil.rmtree(CACHE, ignore_errors=True)
        subprocess.run([sys.executable, '-m', 'venv', CACHE], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([CACHE / 'bin' / 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check',
                        '-r', REQUIREMENTS], check=True)
        shutil.copy(REQUIREMENTS, installed)
    return CACHE / 'bin' / 'schemathesis'


def organisation(daemon):
    """The demonstration, and a token of each role."""
    daemon.cli('demo')
    connection = database(daemon.data)
    emails = dict(connection.execute('SELECT role, min(email) FROM person GROUP BY role').fetchall())
    connection.close()
    return {role: daemon.token(emails[role]) for role in ROLES}


def ask(campaign, role, options):
    """One run with this role's token: what it says, what the hooks told of it, and what the daemon logged of itself."""
    daemon = harness.Daemon()
    told = daemon.scratch / 'told'
    try:
        token = organisation(daemon)[role]
        daemon.start()
        environment = {**os.environ, 'SCHEMATHESIS_HOOKS': 'schema_hooks', 'PYTHONPATH': str(HERE),
                       'REVIEWD_SCHEMA_LOG': str(told)}
        done = subprocess.run(
            [schemathesis(), 'run', f'{daemon.url}/openapi.json', '--no-color',
             '--header', f'Authorization: Bearer {token}', '--exclude-checks', LEFT_OUT,
             '--generation-database', 'none', '--warnings', 'off', '--no-shrink',
             '--request-timeout', '60', '--suppress-health-check', 'all', *map(str, options)],
            env=environment, cwd=daemon.scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        said = [json.loads(line) for line in told.read_text().splitlines()] if told.exists() else []
        if daemon.process.poll() is not None:
            campaign.failed(f'the daemon ended: {daemon.stderr()[-2000:]}')
        verified = daemon.cli('audit', 'verify', check=False)
        if verified.returncode:
            campaign.failed(f'audit verify: {verified.stdout}{verified.stderr}')
        daemon.stop()
        return done, said
    finally:
        daemon.discard()


def once(campaign, role, options):
    done, said = ask(campaign, role, options)
    case = {'role': role, 'options': [str(option) for option in options]}
    counted = next((entry['counts'] for entry in reversed(said) if 'counts' in entry), {})
    for what, number in sorted(counted.items()):
        campaign.count(what, number)
    failures = {}      # the same complaint of the same operation comes hundreds of times
    for entry in said:
        if 'what' in entry:
            failures.setdefault((entry['what'].partition('\n')[0], entry['method'], entry['status']), entry)
    for entry in list(failures.values())[:FAILURES_SHOWN]:
        campaign.failed(f'{role}: {entry["method"]} {entry["url"][:200]} -> {entry["status"]}: {entry["what"][:300]}',
                        {**case, 'failure': entry})
    # 0 nothing found, 1 failures found. What it finds over a whole run, no hook is told of.
    if not counted or done.returncode not in (0, 1) or (done.returncode and not failures):
        campaign.failed(f'schemathesis ended with {done.returncode}: {cut(done.stdout)}{cut(done.stderr)}', case)


def cut(text):
    """Its last lines, none of them longer than one can read."""
    return '\n'.join(line[:300] for line in text.splitlines()[-80:])


def run(campaign):
    for number in campaign.rounds():
        if not number:
            size = ['--phases', 'examples', '--max-examples', 1, '--include-path-regex', SMALL]
        else:
            phases = 'examples,coverage,fuzzing,stateful'
            size = ['--phases', phases, '--max-examples', EXAMPLES, '--continue-on-failure']
            if campaign.minutes:      # each role has its share of the time
                size += ['--max-time', max(60, int(campaign.minutes * 60 / len(ROLES)))]
        role = ROLES[(campaign.seed + number) % len(ROLES)]
        once(campaign, role, [*size, '--seed', campaign.random.randrange(2 ** 31)])


def replay(campaign, case):
    once(campaign, case['role'], case['options'])
