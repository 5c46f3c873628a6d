"""Killed under load, again and again: nothing acknowledged is lost, nothing is half there, the chain verifies.

Callers write down each answer, synced to a ledger of their own, before they ask again. After each kill the daemon comes
back on the same data; what the ledger has must be there, what nobody heard of is settled by its Idempotency-Key, once.
"""

import json
import os
import shutil
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import faults
import harness
import organisation
from support import database, poll, walk

SHORT = 4
READY_WITHIN_S = 2
THREADS = 8


class Ledger:
    """What was answered, on disk before it counts."""

    def __init__(self, path):
        self.path = path
        self._file = open(path, 'a', encoding='utf-8')
        self._lock = threading.Lock()

    def write(self, **entry):
        with self._lock:
            self._file.write(json.dumps(entry) + '\n')
            self._file.flush()
            os.fsync(self._file.fileno())

    def entries(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]


class Writer(threading.Thread):
    """Makes people and gives them other titles, each write with its key, until the connection dies or it is told to stop."""

    def __init__(self, org, ledger, random):
        super().__init__(daemon=True)
        self.org, self.ledger, self.random = org, ledger, random
        self.stop = threading.Event()
        self.under_way = None

    def _write(self, caller, method, path, body, **headers):
        self.under_way = {'method': method, 'path': path, 'body': body, 'key': headers.get('Idempotency_Key')}
        status, answer_headers, answer = caller.request(method, path, body, **headers)
        told = {'status': status, **self.under_way}
        if status < 300:
            record = json.loads(answer)
            told |= {'id': record['id'], 'version': record['version'], 'etag': answer_headers['ETag']}
        self.ledger.write(**told)
        self.under_way = None
        return told

    def run(self):
        caller = faults.Caller(self.org.daemon, self.org.isms.token)
        try:
            while not self.stop.is_set():
                email = faults.fresh_email()
                made = self._write(caller, 'POST', '/v1/people', faults.person(email), Idempotency_Key=f'key of {email}')
                for turn in range(self.random.randrange(3)):
                    if made['status'] == 201:
                        self._write(caller, 'PATCH', f'/v1/people/{made["id"]}', {'job_title': f'{email} {turn}'},
                                    If_Match='*')
        except (OSError, harness.http.client.HTTPException):
            pass      # what was under way was not heard of
        finally:
            caller.close()


def under_load(campaign, org, ledger):
    """Runs callers, kills the daemon in the middle of it, and answers what was under way."""
    before = len(ledger.entries())
    enough = before + campaign.random.randint(5, 150)
    writers = [Writer(org, ledger, campaign.random) for _ in range(THREADS)]
    for writer in writers:
        writer.start()
    poll(lambda: len(ledger.entries()) >= enough, 60, 'no load came about')
    org.daemon.kill()
    for writer in writers:
        writer.stop.set()
        writer.join(60)
    campaign.count('acknowledged writes', len(ledger.entries()) - before)
    return [writer.under_way for writer in writers if writer.under_way]


def compare(campaign, org, ledger):
    """The ledger against what is stored."""
    case = {'ledger': ledger.entries()}
    stored = {one['id']: one for one in walk(org.isms.client, '/v1/people?limit=200')}
    newest = {}
    for entry in ledger.entries():
        if entry['status'] >= 500:
            campaign.failed(f'{entry["method"]} {entry["path"]} was answered {entry["status"]}', case)
        elif entry['status'] < 300 and entry['version'] >= newest.get(entry['id'], {'version': 0})['version']:
            newest[entry['id']] = entry
    for number, entry in newest.items():
        found = stored.get(number)
        if not found:
            campaign.failed(f'{number} was acknowledged and is not there', case)
        elif found['version'] < entry['version']:
            campaign.failed(f'{number} was acknowledged as version {entry["version"]}, and is {found["version"]}', case)
        elif found['version'] == entry['version'] and any(
                found.get(name) != value for name, value in entry['body'].items()):
            campaign.failed(f'{number} is not what was acknowledged', case)
    emails = [one['email'] for one in stored.values()]
    if len(emails) != len(set(emails)):
        campaign.failed('a person is there twice', case)


def settle(campaign, org, under_way):
    """What nobody heard of: sent again with its key it has one effect."""
    for one in under_way:
        if not one['key']:
            continue
        for _ in range(2):
            answer = faults.send(org, one['body'], one['key'])
            if answer.status != 201:
                campaign.failed(f'a retry was answered {answer.status}', one)
        emails = [each['email'] for each in walk(org.isms.client, '/v1/people?limit=200')]
        if emails.count(one['body']['email']) != 1:
            campaign.failed(f'a retry had {emails.count(one["body"]["email"])} effects', one)
        campaign.count('retries')


def sound(campaign, org):
    for command in (('audit', 'verify'), ('check',)):
        done = org.daemon.cli(*command, check=False)
        if done.returncode:
            campaign.failed(f'{" ".join(command)}: {done.stdout}{done.stderr}')
    with closing(database(org.daemon.data)) as connection:
        found = connection.execute('PRAGMA integrity_check').fetchone()[0]
    if found != 'ok':
        campaign.failed(f'integrity_check: {found}')


def run(campaign):
    folder = Path(tempfile.mkdtemp(prefix='reviewd-crash-'))
    ledger = Ledger(folder / 'ledger')
    daemon = harness.Daemon()
    org = None
    tokens = organisation.create_people(daemon)
    try:
        for number in campaign.rounds():
            began = time.monotonic()
            daemon.start()
            if not org:
                org = harness.seed(daemon, tokens)
            org.isms.client.get('/readyz').expect(200)
            took = time.monotonic() - began
            campaign.most('s to ready at the most', round(took, 3))
            if number and took > READY_WITHIN_S and not faults.is_sanitized(daemon):
                campaign.failed(f'ready after {took:.1f} s')
            if number:
                compare(campaign, org, ledger)
                settle(campaign, org, under_way)
                sound(campaign, org)
            under_way = under_load(campaign, org, ledger)
        daemon.start()
        compare(campaign, org, ledger)
        settle(campaign, org, under_way)
        sound(campaign, org)
        daemon.stop()
    finally:
        daemon.discard()
        shutil.rmtree(folder, ignore_errors=True)
