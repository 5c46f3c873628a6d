"""64 callers with ETags on few records, with pauses and kills: histories are linearizable, one wins each version.

Callers read, wait a little, and change what they read; some hang up before they are answered, the daemon is stopped for
moments, and killed. Each knows when it asked and when it was answered. From that, from the versions that were stored and
from the audit log it is worked out whether there is an instant for each version, within its writer's request, so that
each read and each refusal saw what was there between two of them: then, and only then, the history of the record is
linearizable. Each request's id says in the audit log which version it made.
"""

import http.client
import json
import math
import random
import signal
import threading
import time
from contextlib import closing

import faults
import harness
import organisation
from campaigning import pause
from support import database, poll

SHORT = 2
CLIENTS = 64
RECORDS = 4
LOAD_S = 2.5
KILLS = 2            # in each round
NEVER = math.inf     # when what was not heard of was answered


class Operation:
    """What one request was, when it was asked and answered, and what it was told."""

    def __init__(self, kind, record, version=None):
        self.kind, self.record, self.version = kind, record, version      # of a change: the version that it was meant for
        self.id = f'race-{random.getrandbits(64):016x}'
        self.asked, self.answered, self.status, self.made = None, NEVER, None, None

    def told(self):
        return vars(self)


class Client(threading.Thread):
    """Reads and changes records by turns, on a connection that it now and then lets go of."""

    def __init__(self, race, seed):
        super().__init__(daemon=True)
        self.race, self.random = race, random.Random(seed)
        self.connection = None
        self.operations = []

    def run(self):
        while not self.race.over.is_set():
            try:
                self._turn()
            except (OSError, http.client.HTTPException):
                self._close()
                pause(0.01)
        self._close()

    def _close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _ask(self, operation, method, path, body=None, etag=None):
        headers = {'Authorization': f'Bearer {self.race.token}', 'X-Request-Id': operation.id}
        if etag:
            headers |= {'If-Match': etag, 'Content-Type': 'application/json'}
        if not self.connection:
            self.connection = http.client.HTTPConnection('127.0.0.1', self.race.daemon.port, timeout=30)
            self.connection.connect()
        self.operations.append(operation)
        operation.asked = time.monotonic()
        self.connection.request(method, path, body and json.dumps(body).encode(), headers)
        if etag and self.random.random() < 0.03:      # gone before the answer
            self._close()
            return None
        response = self.connection.getresponse()
        answer = response.read()
        operation.answered, operation.status = time.monotonic(), response.status
        if response.status == 200:
            operation.made = json.loads(answer)['version']
        return response.headers['ETag']

    def _turn(self):
        record = self.random.choice(self.race.records)
        read = Operation('read', record)
        etag = self._ask(read, 'GET', f'/v1/people/{record}')
        if read.status != 200:
            return
        if self.random.random() < 0.3:
            pause(self.random.random() * 0.02)
        change = Operation('change', record, read.made)
        if self.random.random() < 0.15:      # by a verb: it is one of both, whatever the state is by then
            self._ask(change, 'POST', f'/v1/people/{record}/{self.random.choice(("activate", "deactivate"))}', {}, etag)
        else:
            self._ask(change, 'PATCH', f'/v1/people/{record}', {'job_title': change.id}, etag)


class Race:
    def __init__(self, daemon, org):
        self.daemon, self.token = daemon, org.isms.token
        self.over = threading.Event()
        self.records = [org.person(email=faults.fresh_email())['id'] for _ in range(RECORDS)]

    def run(self, campaign):
        """All operations of all clients."""
        clients = [Client(self, campaign.random.getrandbits(64)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            until = time.monotonic() + LOAD_S * (0.3 + campaign.random.random())
            while time.monotonic() < until:
                pause(campaign.random.random() * 0.3)
                self._pause(campaign.random.random() * 0.1)
            self.daemon.kill()
            campaign.count('kills')
            self.daemon.start()
        pause(LOAD_S / 2)
        self.over.set()
        for client in clients:
            client.join(60)
            assert not client.is_alive(), 'a caller got no answer within a minute'
        return [one for client in clients for one in client.operations]

    def _pause(self, seconds):
        self.daemon.process.send_signal(signal.SIGSTOP)
        pause(seconds)
        self.daemon.process.send_signal(signal.SIGCONT)


# ---- judging


def stored(daemon, record):
    """[(version, seq, request_id)] as the log has them, in its order; one for each version."""
    with closing(database(daemon.data)) as connection:
        rows = connection.execute(
            'SELECT v.version, a.seq, a.request_id FROM audit_log AS a JOIN version AS v ON v.seq = a.seq '
            'WHERE v.record_id = ? ORDER BY a.seq', (record,)).fetchall()
    return [tuple(row) for row in rows]


def judge_record(operations, versions):
    """What is wrong with one record's history; nothing, where it is linearizable."""
    if [version for version, _, _ in versions] != list(range(1, len(versions) + 1)):
        return [f'the log has versions {[version for version, _, _ in versions]}']
    makers = {request: version for version, _, request in versions}
    wrong = []
    if len(makers) != len(versions):
        wrong.append('one request made two versions')
    # When each version came, at the soonest and at the latest.
    soonest = {version: -math.inf for version, _, _ in versions}
    latest = {version: math.inf for version, _, _ in versions}
    for one in operations:
        made = makers.get(one.id)
        if one.kind == 'change':
            wrong += judge_change(one, made)
        if made:
            soonest[made] = max(soonest[made], one.asked)
            latest[made] = min(latest[made], one.answered)
        elif one.status == 412 and one.version + 1 in latest:      # then another had come
            latest[one.version + 1] = min(latest[one.version + 1], one.answered)
        elif one.status == 412:
            wrong.append(f'{one.id} was refused, and nothing came after version {one.version}')
        elif one.status and one.status != 412:      # it saw a version: that one had come, and the next one had not
            seen = one.made if one.status == 200 else one.version
            if seen not in latest:
                wrong.append(f'{one.id} saw version {seen}, which is not there')
                continue
            latest[seen] = min(latest[seen], one.answered)
            if seen + 1 in soonest:
                soonest[seen + 1] = max(soonest[seen + 1], one.asked)
    came = -math.inf
    for version in sorted(soonest):
        came = max(came, soonest[version])
        if came > latest[version]:
            wrong.append(f'there is no instant for version {version}: not before {came:.6f}, and by {latest[version]:.6f}')
    return wrong


def judge_change(one, made):
    """One request: what it was told is what it did."""
    if made and made != one.version + 1:
        return [f'{one.id} was meant for version {one.version}, and made {made}']
    if one.status == 200 and one.made == one.version + 1 and not made:
        return [f'{one.id} was told of version {one.made}, which another one made']
    if one.status == 200 and one.made not in (one.version, one.version + 1):      # the same again makes none
        return [f'{one.id} was told of version {one.made}, and was meant for {one.version}']
    if one.status in (409, 412) and made:
        return [f'{one.id} was refused with {one.status}, and made version {made}']
    if one.status is not None and one.status not in (200, 409, 412):
        return [f'{one.id} was answered {one.status}']
    return []


def judge_order(operations, entries):
    """The log's order is one in which the commits can have come: nothing was asked after what stands behind it in the log
    had been answered."""
    by_id = {one.id: one for one in operations}
    asked, wrong = -math.inf, []
    for seq, request in sorted(entries):
        one = by_id.get(request)
        if not one:
            continue
        if one.answered < asked:
            wrong.append(f'entry {seq} was answered before one was asked for that stands before it')
        asked = max(asked, one.asked)
    return wrong


def judge(campaign, operations, versions):
    """Of all records; a case is all that it is judged by."""
    wrong = judge_order(operations, [(seq, request) for of in versions.values() for _, seq, request in of])
    for record, of in versions.items():
        wrong += judge_record([one for one in operations if one.record == record], of)
    if wrong:
        campaign.failed('\n    '.join(wrong[:20]), {
            'operations': [one.told() for one in operations], 'versions': versions})


def count(campaign, operations, versions):
    campaign.count('requests', len(operations))
    campaign.count('versions', sum(len(of) for of in versions.values()))
    campaign.count('refused as stale', sum(one.status == 412 for one in operations))
    campaign.count('not heard of', sum(one.status is None for one in operations))


def run(campaign):
    daemon = harness.Daemon()
    tokens = organisation.create_people(daemon)
    daemon.start()
    try:
        org = harness.seed(daemon, tokens)
        for _ in campaign.rounds():
            race = Race(daemon, org)
            operations = [one for one in race.run(campaign) if one.asked is not None]
            poll(lambda: org.isms.client.get('/readyz').status == 200, 10)
            versions = {record: stored(daemon, record) for record in race.records}
            judge(campaign, operations, versions)
            count(campaign, operations, versions)
            verified = daemon.cli('audit', 'verify', check=False)
            if verified.returncode:
                campaign.failed(f'audit verify: {verified.stdout}{verified.stderr}')
        daemon.stop()
    finally:
        daemon.discard()


def replay(campaign, case):
    """The history as it was: it is judged again, since no two races are the same."""
    operations = []
    for told in case['operations']:
        operations.append(Operation(told['kind'], told['record'], told['version']))
        vars(operations[-1]).update(told)
    judge(campaign, operations, {record: [tuple(one) for one in of] for record, of in case['versions'].items()})
