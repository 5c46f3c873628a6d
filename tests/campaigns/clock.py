"""The clock jumps: ten years on and back, over leap days, leap seconds and new years, beside a running daemon and while none runs.

Ids and numbers ascend in the order of the audit log, references count on within their year, tokens and keys are good as
long as they say, no write misses its deadline and no connection its answer, states of the past are those that the clock
gave them, heads are signed when they are due, and an idle daemon goes on doing nothing.
"""

import os
import socket
import subprocess
import threading
import time
from datetime import datetime, timedelta

import faults
import harness
import organisation
from campaigning import pause
from support import audit_entries, audit_head, person_body, poll, token_id, walk

SHORT = 6
START = datetime(2026, 3, 2, 8)
IDLE_S, IDLE_SHARE = 0.8, 0.15      # of a core, at the most, by a daemon that nobody asks
WATCHDOG_S = 2
WAIT_S = 10

# Where the clock is set to, from where it is.
JUMPS = {
    'ten years on': lambda now: now + timedelta(days=3653),
    'ten years back': lambda now: now - timedelta(days=3653),
    'an hour back': lambda now: now - timedelta(hours=1),
    'a second back': lambda now: now - timedelta(seconds=1),
    'a day on': lambda now: now + timedelta(days=1, hours=1),
    'to a leap day': lambda now: datetime(now.year // 4 * 4, 2, 28, 23, 59, 58),
    'to a year without one': lambda now: datetime(2100, 2, 28, 23, 59, 58),
    'to a new year': lambda now: datetime(now.year, 12, 31, 23, 59, 58),
    'to a leap second': lambda now: datetime(2016, 12, 31, 23, 59, 58),
    'beyond 32 bits': lambda now: datetime(2038, 1, 19, 3, 14, 5),
    'to where it began': lambda now: START,
}
# The fixed form: on and back, with and without a restart between.
FIXED = [('ten years on', False), ('ten years back', True), ('to a new year', False), ('to a leap second', False),
         ('to a leap day', True), ('an hour back', False)]


class Notified(threading.Thread):
    """What the service manager is told, and when."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.fed = []
        self.start()

    def run(self):
        while True:
            if b'WATCHDOG=1' in self.socket.recv(4096):
                self.fed.append(time.monotonic())


class Watched:
    """A daemon, its organisation, and all that has to hold across jumps."""

    def __init__(self, campaign):
        self.campaign = campaign
        self.daemon = harness.Daemon(clock=START.isoformat(), env={'REVIEWD_IDLE_TIMEOUT_S': 60})
        self.notified = Notified(self.daemon.scratch / 'notify')
        self.daemon.env['NOTIFY_SOCKET'] = str(self.daemon.scratch / 'notify')
        tokens = organisation.create_people(self.daemon)
        self.daemon.start()
        self.org = harness.seed(self.daemon, tokens)
        self.set_at = (START, time.monotonic())
        self.references = {}          # (prefix, year) -> the last number
        self.moves = 0
        self.expiring = None          # (client, until when)
        self.subject = self.org.new('/v1/people', person_body())

    def now(self):
        """What the daemon takes for now, to a second or so."""
        at, since = self.set_at
        return at + timedelta(seconds=time.monotonic() - since)

    def set(self, to):
        if self.set_at[0] == to + timedelta(seconds=1):      # libfaketime would take it for what it has already
            to += timedelta(seconds=2)
        self.daemon.set_clock(to.strftime('%Y-%m-%dT%H:%M:%S'))
        self.set_at = (to + timedelta(seconds=1), time.monotonic())

    def expect(self, true, what):
        self.campaign.count('checks')
        if not true:
            self.campaign.failed(f'{self.jump}: {what}')

    # ---- before and after a jump

    def move(self, jump, stopped):
        self.jump = f'{jump}, {"while nothing ran" if stopped else "beside callers"}, at {self.now():%F %T}'
        self.moves += 1
        key, body = f'key {self.moves:06}', person_body()
        kept = self._keyed(key, body)
        kept_at = self.now()
        before = self.now()
        idle = None if stopped else self._idle_connection()
        if stopped:
            self.daemon.stop()
            self.set(JUMPS[jump](self.now()))
            self.daemon.start()
        else:
            load = faults.Load(self.org, threads=3)
            poll(lambda: len(load.told) > 10, 60)
            self.set(JUMPS[jump](self.now()))
            answered = len(load.told)
            poll(lambda: len(load.told) > answered + 20, 60, 'writes stand still after a jump')
            load.end()
            self.expect(set(load.told.values()) == {201}, f'writes were answered {set(load.told.values())}')
        self.campaign.count('jumps')
        self._answers(idle)
        self._key(key, body, kept, self.now() - kept_at)
        self._tokens()
        self._references()
        self._beside()
        self._past()
        self._head(before)
        if not faults.is_sanitized(self.daemon):
            self._idle()

    def _keyed(self, key, body):
        return self.org.isms.client.request('POST', '/v1/people', body, headers={'Idempotency-Key': key})

    def _idle_connection(self):
        caller = faults.Caller(self.daemon, self.org.isms.token)
        caller.request('GET', '/v1/people?limit=1')
        return caller

    def _answers(self, idle):
        """On an old connection and a new one, by the clock that is now."""
        self.org.isms.client.get('/readyz').expect(200)
        answer = self.org.isms.client.get('/v1/people?limit=1').expect(200)
        date = datetime.strptime(answer.headers['Date'], '%a, %d %b %Y %H:%M:%S GMT')
        self.expect(abs(date - self.now()) < timedelta(seconds=3), f'Date is {date}, and now {self.now()}')
        if idle:
            try:
                self.expect(idle.request('GET', '/v1/people?limit=1')[0] == 200, 'an old connection is not answered')
            except (OSError, harness.http.client.HTTPException) as error:
                self.expect(False, f'an idle connection was closed: {error!r}')
            idle.close()

    def _key(self, key, body, kept, passed):
        """Good for a day, and after the clock was set back as well."""
        again = self._keyed(key, body)
        if passed < timedelta(hours=23):
            self.expect((again.status, again.body) == (kept.status, kept.body), f'a retry is answered {again.status}')
        elif passed > timedelta(hours=25):      # a write of its own: the address is taken
            self.expect(again.rules == {'person.email.unique'}, f'a key of two days ago is answered {again.status}')

    def _tokens(self):
        """One that expires, as long as it has not; all the others always."""
        for one in self.org.people:
            self.expect(one.client.get('/v1/people?limit=1').status == 200, f'the token of {one.email} is refused')
        if self.expiring:
            client, until = self.expiring
            left = until - self.now()
            if abs(left) > timedelta(minutes=1):
                status = client.get('/v1/people?limit=1').status
                self.expect(status == (200 if left > timedelta() else 401), f'a token with {left} left is answered {status}')
        label = f'expiring {self.moves}'
        until = self.now() + timedelta(days=90)
        self.expiring = (harness.Client(self.daemon, self.daemon.token('head@example.org', label, expires='90d')), until)
        self.expect(self.expiring[0].get('/v1/people?limit=1').status == 200, 'a new token is refused')
        if self.moves % 3 == 0:
            self.daemon.cli('token', 'revoke', token_id(self.daemon, label))
            client, self.expiring = self.expiring[0], None
            poll(lambda: client.get('/v1/people?limit=1').status == 401, 2, 'a revoked token is still good')

    def _references(self):
        """Of the year in which the record is made, one more than the last of that year; over a turn as well."""
        until = time.monotonic() + (2 if self.now().second >= 55 and self.now().minute == 59 else 0)
        while True:
            review = self.org.review()
            prefix, year, number = review['reference'].split('-')
            last = self.references.get(year, 0)
            self.expect(year == review['created_at'][:4], f'{review["reference"]} was made at {review["created_at"]}')
            self.expect(int(number) == last + 1, f'{review["reference"]} follows number {last} of its year')
            self.references[year] = int(number)
            if time.monotonic() >= until:
                return
            pause(0.2)

    def _beside(self):
        """A command whose own clock is another hour, or years away."""
        other = self.daemon.scratch / 'other-clock'
        for away in (timedelta(hours=-1), timedelta(days=-4000), timedelta(days=40)):
            other.write_text(f'@{self.now() + away:%Y-%m-%d %H:%M:%S}\n')
            done = subprocess.run(
                [self.daemon.binary, 'person', 'upsert', '--name', 'By Hand', '--email', faults.fresh_email(), '--role',
                 'employee', '--data', self.daemon.data], env={**self.daemon.env, 'FAKETIME_TIMESTAMP_FILE': str(other)},
                capture_output=True, text=True, timeout=60)
            self.expect(done.returncode == 0, f'a command was refused: {done.stderr}')
            self.org.new('/v1/people', person_body())

    def _past(self):
        """As of an instant: the last version that was made before it, by the clock of then."""
        path = f'/v1/people/{self.subject["id"]}'
        self.org.change(path, {'job_title': f'Title {self.moves}'})
        versions = walk(self.org.isms.client, f'{path}/history?limit=200')      # newest first
        for at in {one['at'] for one in versions[:4]} | {versions[-1]['at']}:
            due = next(one['version'] for one in versions if one['at'] <= at)
            shown = self.org.isms.client.get(f'{path}?as_of={at}')
            ahead = datetime.fromisoformat(at[:19]) - self.now()
            if ahead > timedelta(seconds=5):
                self.expect(shown.status == 400, f'as of {at}, which is still to come, is {shown.status}')
            if ahead > timedelta(seconds=-5) and shown.status == 400:
                continue
            self.expect(shown.status == 200 and shown.json['version'] == due,
                        f'as of {at} is {shown.status} {shown.body[:200]}, and version {due} was then')

    def _head(self, before):
        """Signed anew where an hour is over, or the clock was set back."""
        if timedelta() <= self.now() - before < timedelta(hours=1, minutes=1):
            return
        seq = audit_head(self.org.isms.client)['seq']

        def signed():
            newest = self.org.get('/v1/audit-log/checkpoints?limit=1&sort=-seq')['data'][0]
            return newest['seq'] > seq - 400 and abs(
                datetime.fromisoformat(newest['at'][:19]) - self.now()) < timedelta(minutes=5)

        poll(signed, WAIT_S, f'{self.jump}: the head was not signed')

    def _idle(self):
        """What it costs to do nothing."""
        pause(0.3)
        before, began = cpu_s(self.daemon), time.monotonic()
        pause(IDLE_S)
        share = (cpu_s(self.daemon) - before) / (time.monotonic() - began)
        self.campaign.most('% of a core when idle at the most', round(100 * share, 2))
        self.expect(share < IDLE_SHARE, f'an idle daemon takes {share:.0%} of a core')

    # ---- in the end

    def finish(self):
        self.jump = 'in the end'
        entries = audit_entries(self.org.isms.client)
        self.expect([one['seq'] for one in entries] == list(range(1, len(entries) + 1)), 'numbers of the log are left out')
        made = [one['resource_id'] for one in entries if one['event'].endswith('.create') and one['resource'] != 'token']
        self.expect(made == sorted(set(made)), f'ids go back: {[pair for pair in zip(made, made[1:]) if pair[0] >= pair[1]][:3]}')
        listed = [one['id'] for one in walk(self.org.isms.client, '/v1/people?limit=200')]
        people = [one for one in made if one in set(listed)]
        self.expect(people == listed[-len(people):], 'a list is in another order than it came about')
        self._last_use()
        done = self.daemon.cli('audit', 'verify', check=False)
        self.expect(done.returncode == 0, f'audit verify: {done.stdout}{done.stderr}')
        gaps = [later - sooner for sooner, later in zip(self.notified.fed, self.notified.fed[1:])]
        self.campaign.most('s between signs of life at the most', round(max(gaps, default=0), 2))
        self.expect(gaps and max(gaps) < 5 * WATCHDOG_S, f'the watchdog was left without food for {max(gaps, default=0):.1f} s')
        self.campaign.count('entries of the log', len(entries))

    def _last_use(self):
        """Written down by the clock of now, whatever was there before."""
        today = self.now()

        def written():
            self.org.isms.client.get('/v1/people?limit=1').expect(200)
            listed = harness.json.loads(self.daemon.cli('token', 'list', '--json').stdout)
            listed = listed['data'] if isinstance(listed, dict) else listed
            return any(one.get('last_used_at') and abs(
                datetime.fromisoformat(one['last_used_at'][:19]) - today) < timedelta(hours=1) for one in listed)

        poll(written, WAIT_S, f'the last use of tokens is not that of {today}')


def cpu_s(daemon):
    fields = open(f'/proc/{daemon.process.pid}/stat', encoding='ascii').read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def lacks():
    return None if os.path.exists(harness.FAKETIME) else 'there is no libfaketime'


def run(campaign):
    watched = Watched(campaign)
    try:
        for number in campaign.rounds():
            if campaign.limit == SHORT and number < len(FIXED):
                watched.move(*FIXED[number])
            else:
                watched.move(campaign.random.choice(list(JUMPS)), campaign.random.random() < 0.4)
        watched.finish()
        watched.daemon.stop()
    finally:
        watched.daemon.discard()
