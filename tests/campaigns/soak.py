"""A long day: under a mixed load with backups, exports, packs and token churn nothing grows that should not.

Each round is a slice of the day. After it, with nobody asking, memory, descriptors and the log of the database are
looked at; what the slices of the last third show is held against those of the middle third (the first one warms up).
Requests come at a constant rate, and the review whose minutes and pack are made does not grow: the work of a slice is the
same early and late.
"""

import json
import random
import statistics
import threading
import time
import urllib.request
from pathlib import Path

import faults
import harness
import organisation
from support import poll, suspended

SHORT = 3
SLICE_S = 20
SLICE_S_SHORT = 2
READS_S, WRITES_S = 400, 80   # of all of them together
READERS, WRITERS = 3, 2
JUDGED_FROM = 9            # slices: less is too few for thirds
GROWTH_KIB = 2048          # of memory, between the two thirds
LATENCY_RATIO = 2          # of medians
WAL_BYTES = 72 << 20       # what it is moved at whatever waits (CHECKPOINT_PAGES_BUSY of writer.c), and a group; never cut
ITEMS = 300                # action items that the load knows; a write in ten makes another
PEOPLE = 200


class Worker(threading.Thread):
    """Asks until it is told to stop; times by kind."""

    def __init__(self, soak, act, every=None):
        super().__init__(daemon=True)
        self.soak, self.act, self.every = soak, act, every
        self.random = random.Random(soak.campaign.random.random())
        self.times = []
        self.stop = threading.Event()
        self.caller = faults.Caller(soak.org.daemon, soak.org.isms.token)

    def ask(self, method, path, body=None, **headers):
        began = time.monotonic()
        status, answer_headers, answer = self.caller.request(method, path, body, **headers)
        self.times.append(time.monotonic() - began)
        if status >= 400:
            self.soak.campaign.failed(f'{method} {path}: {status} {answer[:400]}')
        self.soak.campaign.count('requests')
        return answer_headers, answer

    def run(self):
        due = time.monotonic()
        try:
            while not self.stop.is_set():
                self.act(self)
                if self.every:
                    due = max(due + self.every, time.monotonic() - 1)
                    self.stop.wait(max(0, due - time.monotonic()))
        except Exception as error:      # it would end unseen
            self.soak.campaign.failed(f'a caller ended: {error!r}')
        finally:
            self.caller.close()


class Soak:
    def __init__(self, campaign, org):
        self.campaign, self.org = campaign, org
        review = org.running_review(title='The review of a long day')
        org.complete_inputs(review)
        self.review = review['id']
        self.decision = org.adopted(review)['id']
        self.growing = org.adopted(org.running_review(title='Where the day adds to'))['id']
        self.items = [org.action_item({'id': self.decision})['id'] for _ in range(ITEMS)]
        self.people = [org.new('/v1/people', faults.person())['id'] for _ in range(PEOPLE)]
        self.slices = []
        self.folder = Path(org.daemon.scratch)

    # --- what callers do

    def read(self, worker):
        pick = worker.random.random()
        if pick < 0.7:
            headers, _ = worker.ask('GET', f'/v1/action-items/{worker.random.choice(self.items)}')
            if pick < 0.1:
                worker.ask('GET', f'/v1/action-items/{worker.random.choice(self.items)}', If_None_Match=headers['ETag'])
        elif pick < 0.9:
            worker.ask('GET', f'/v1/action-items?limit=50&sort={worker.random.choice(("deadline", "-updated_at", "title"))}')
        elif pick < 0.95:
            worker.ask('GET', '/v1/people?q=petra&limit=20', Accept_Encoding='gzip')
        else:
            worker.ask('GET', worker.random.choice((f'/v1/reviews/{self.review}/readiness', '/v1/reports/action-items',
                                                    f'/v1/action-items/{worker.random.choice(self.items)}/history')))

    def write(self, worker):
        pick = worker.random.random()
        if pick < 0.05:
            worker.ask('POST', f'/v1/decisions/{self.growing}/action-items', self.org.action_item_body())
        elif pick < 0.1:
            worker.ask('POST', '/v1/people', faults.person(), Idempotency_Key=faults.fresh_email())
        elif pick < 0.5:
            worker.ask('PATCH', f'/v1/people/{worker.random.choice(self.people)}',
                       {'job_title': f'Title {worker.random.randrange(10 ** 6)}'}, If_Match='*')
        else:
            worker.ask('PATCH', f'/v1/action-items/{worker.random.choice(self.items)}',
                       {'description': f'Text {worker.random.randrange(10 ** 6)} ' + 'x' * worker.random.randrange(500)},
                       If_Match='*')

    def errands(self):
        """What happens once in each slice, beside the load."""
        daemon = self.org.daemon
        worker = Worker(self, None)
        try:
            for accept in ('text/csv', 'application/x-ndjson',
                           'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'):
                worker.ask('GET', '/v1/action-items', Accept=accept)
            for path in (f'/v1/reviews/{self.review}/minutes?format=pdf', f'/v1/reviews/{self.review}/minutes?format=html',
                         f'/v1/reviews/{self.review}/evidence-pack'):
                worker.ask('GET', path)
            backup = self.folder / 'backup'
            daemon.cli('backup', str(backup))
            backup.unlink()
            worker.caller.close()      # copying may take longer than a connection may be idle
            self.churn(worker)
        finally:
            worker.caller.close()

    def churn(self, worker):
        """Tokens are made, used and revoked, over HTTP and by the command line."""
        daemon = self.org.daemon
        caller = faults.Caller(daemon, daemon.token(self.org.head.email, label='for a slice'))
        caller.request('GET', '/v1/reviews')
        _, made = worker.ask('POST', '/v1/calendar-tokens', {'label': 'for a slice'})
        feed = json.loads(made)
        with urllib.request.urlopen(f'{self.org.daemon.url}{feed["url"]}', timeout=60) as calendar:
            calendar.read()
        worker.ask('POST', f'/v1/calendar-tokens/{feed["id"]}/revoke', {}, If_Match='*')
        listed = json.loads(daemon.cli('token', 'list', '--json').stdout)
        for token in (listed['data'] if isinstance(listed, dict) else listed):
            if token['label'] == 'for a slice' and not token['revoked_at']:
                daemon.cli('token', 'revoke', token['id'])
        poll(lambda: caller.request('GET', '/v1/reviews')[0] == 401, 2, 'a token that was revoked is taken')
        caller.close()

    # --- a slice of the day

    def slice(self, seconds):
        readers = [Worker(self, self.read, every=READERS / READS_S) for _ in range(READERS)]
        writers = [Worker(self, self.write, every=WRITERS / WRITES_S) for _ in range(WRITERS)]
        began = time.monotonic()
        for worker in readers + writers:
            worker.start()
        try:
            self.errands()
        except (OSError, harness.http.client.HTTPException) as error:
            self.campaign.failed(f'an errand ended: {error!r}')
            return
        threading.Event().wait(max(0, seconds - (time.monotonic() - began)))
        for worker in readers + writers:
            worker.stop.set()
        for worker in readers + writers:
            worker.join(60)
        daemon = self.org.daemon
        poll(lambda: suspended(daemon) == 0, 10, 'suspended connections were left behind')
        poll(lambda: faults.descriptors(daemon) <= self.descriptors_before(), 20, 'descriptors were left behind')
        wal = Path(f'{daemon.data}/reviewd.db-wal')
        self.slices.append({
            'resident_kib': faults.resident_kib(daemon), 'descriptors': faults.descriptors(daemon),
            'wal_bytes': wal.stat().st_size if wal.exists() else 0,
            'read_ms': statistics.median(time for one in readers for time in one.times) * 1000,
            'write_ms': statistics.median(time for one in writers for time in one.times) * 1000})
        print('soak: ' + ', '.join(f'{name} {value:,.3g}' if isinstance(value, float) else f'{name} {value:,}'
                                   for name, value in self.slices[-1].items()), flush=True)

    def descriptors_before(self):
        return self.slices[0]['descriptors'] if self.slices else 10 ** 6

    def judge(self):
        """The last third against the middle one."""
        third = len(self.slices) // 3
        if len(self.slices) < JUDGED_FROM:
            return
        middle, last = self.slices[-2 * third:-third], self.slices[-third:]
        for name, bound in (('resident_kib', lambda before: before + GROWTH_KIB), ('descriptors', lambda before: before),
                            ('wal_bytes', lambda before: max(before, WAL_BYTES)),
                            ('read_ms', lambda before: before * LATENCY_RATIO),
                            ('write_ms', lambda before: before * LATENCY_RATIO)):
            before, after = (statistics.median(one[name] for one in part) for part in (middle, last))
            self.campaign.most(f'{name}, last third', after)
            self.campaign.most(f'{name}, middle third', before)
            if after > bound(before):
                self.campaign.failed(f'{name} grows: {before} in the middle, {after} at the end', self.slices)


def run(campaign):
    daemon = harness.Daemon()
    tokens = organisation.create_people(daemon)
    daemon.start()
    seconds = SLICE_S_SHORT if campaign.limit == SHORT else SLICE_S
    try:
        soak = Soak(campaign, harness.seed(daemon, tokens))
        for _ in campaign.rounds():
            soak.slice(seconds)
            if daemon.process.poll() is not None:
                campaign.failed(f'it ended with {daemon.process.returncode}: {daemon.stderr()[-3000:]}', soak.slices)
                return
        soak.judge()
        daemon.cli('audit', 'verify')
        daemon.cli('check')
        daemon.stop()
    finally:
        daemon.discard()
