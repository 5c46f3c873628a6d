"""A crowd of idle, slow and vanishing callers: the others' p99 at most doubles, memory stays within what the settings imply.

Others ask at a constant rate, nine reads and a write, and are timed from when each request was due (tests/bench/load.c);
without the crowd and with it by turns. When it has gone no connection is suspended, and no descriptor left behind.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import faults
import harness
import organisation
from campaigning import HERE, ROOT, pause
from clock import cpu_s
from support import metric, poll, suspended

SHORT = 1
LARGE = {'idle': 5000, 'slow': 1000, 'leaving': 1000, 'seconds': 4, 'rate': 1000, 'turns': 5}
SMALL = {'idle': 500, 'slow': 100, 'leaving': 100, 'seconds': 1, 'rate': 400, 'turns': 2}
PEOPLE = 300
FILE_MIB = 4             # that slow ones read: more than a socket takes
CONNECTIONS = 16         # of the others
TIMES = 2                # that their p99 may grow …
GRACE_US = 300           # … and the grain of what is timed; beside all other tests it is the machine's own noise:
GRACE_SMALL_US = 20000
# What a connection may take: libmicrohttpd's memory for it and what it and we note of it. One that has a request under
# way has an arena's block and a request besides, a body as far as it is sent, and a piece of what it does not take.
CONNECTION_KIB, REQUEST_KIB, BODY_KIB, PIECE_KIB = 16 + 6, 16, 32, 32
SLACK_KIB = 8 * 1024     # of the daemon itself, under load


class Others:
    """Who is timed."""

    def __init__(self, folder, org):
        self.folder, self.org = folder, org
        self.program = folder / 'load'
        subprocess.run([os.environ.get('CC', 'cc'), '-std=c17', '-D_GNU_SOURCE', '-O2', '-o', str(self.program),
                        str(ROOT / 'tests' / 'bench' / 'load.c')], check=True)
        (folder / 'reads').write_text(''.join(f'/v1/people/{one.id}\n' for one in org.people) + '/v1/people?limit=20\n')
        (folder / 'posts').write_text('/v1/reviews\n')
        (folder / 'body').write_text(json.dumps(org.review_body()))
        attachment = org.attach(f'/v1/reviews/{org.review()["id"]}', os.urandom(FILE_MIB << 19).hex().encode(), 'large.txt')
        self.file = f'/v1/attachments/{attachment["id"]}/content'

    def ask(self, size):
        done = subprocess.run([
            str(self.program), '--port', str(self.org.daemon.port), '--connections', str(CONNECTIONS), '--seconds',
            str(size['seconds']), '--warmup', '0.3', '--rate', str(size['rate']), '--reads', str(self.folder / 'reads'),
            '--posts', str(self.folder / 'posts'), '--body', str(self.folder / 'body'), '--percent', '10', '--token',
            self.org.isms.token], capture_output=True, text=True, timeout=120, check=True)
        return json.loads(done.stdout)


class Crowd:
    def __init__(self, org, file, size):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / 'crowd_callers.py'), str(org.daemon.port), org.isms.token, file,
             *(str(size[name]) for name in ('idle', 'slow', 'leaving'))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'there\n', 'the crowd did not come together'

    def gone(self):
        told, _ = self.process.communicate(timeout=60)
        return json.loads(told)


def bound_kib(base_kib, size):
    """What the settings come to: so many connections, of which some have a request under way."""
    slow = size['slow']
    return (base_kib + SLACK_KIB + (size['idle'] + slow + CONNECTIONS) * CONNECTION_KIB + slow * REQUEST_KIB +
            slow // 3 * (BODY_KIB + PIECE_KIB))


def settled(org):
    """What came at once when the crowd did, is done: sockets are as full as they get."""
    def quiet():
        before = cpu_s(org.daemon)
        pause(0.3)
        return cpu_s(org.daemon) - before < 0.06

    poll(quiet, 60, 'the daemon does not come to rest')


def one_turn(campaign, org, others, size, base):
    """Without the crowd, and with it: (p99 before, p99 beside it)."""
    alone = others.ask(size)
    crowd = Crowd(org, others.file, size)
    try:
        poll(lambda: metric(org.daemon, 'reviewd_connections') >= size['idle'] + size['slow'], 30,
             f'not {size["idle"] + size["slow"]} connections are open')
        settled(org)
        beside = others.ask(size)
        resident = faults.resident_kib(org.daemon)
    finally:
        told = crowd.gone()
    campaign.count('idle and slow', size['idle'] + size['slow'])
    campaign.count('left in the middle of a write', told['left'])
    campaign.count('timed', alone['total'] + beside['total'])
    for name, what in (('alone', alone), ('beside the crowd', beside)):
        if what['refused'] or what['unanswered']:
            campaign.failed(f'{name}: {what["refused"]} were refused and {what["unanswered"]} not answered')
    if told['closed']:
        campaign.failed(f'{told["closed"]} slow callers were hung up on')
    campaign.most('MiB resident at the most', round(resident / 1024, 1))
    bound = bound_kib(base, size)
    if resident > bound and not faults.is_sanitized(org.daemon):
        campaign.failed(f'{resident / 1024:.0f} MiB are resident, and the settings imply {bound / 1024:.0f}')
    return alone['p99_us'], beside['p99_us'], resident


def all_over(campaign, org, descriptors):
    """Nothing waits, and nothing is left behind."""
    poll(lambda: suspended(org.daemon) == 0, 30, 'suspended connections are left behind')
    poll(lambda: faults.descriptors(org.daemon) <= descriptors, 30, 'descriptors are left behind')
    org.isms.client.get('/readyz').expect(200)
    campaign.count('crowds that came and went')


def one_round(campaign, org, others, size, base, strict):
    before = faults.descriptors(org.daemon) + 2
    turns = []
    for _ in range(size['turns']):
        turns.append(one_turn(campaign, org, others, size, base))
        all_over(campaign, org, before)
    alone, beside = (min(turn[at] for turn in turns) for at in (0, 1))      # what is more is the machine's noise
    campaign.most('us p99 alone', round(alone))
    campaign.most('us p99 beside the crowd', round(beside))
    if beside > TIMES * alone + (GRACE_US if strict else GRACE_SMALL_US):
        campaign.failed(f'p99 is {beside:.0f} us beside the crowd, and {alone:.0f} us alone')
    if strict:
        print(f'crowd: p99 {[round(turn[0]) for turn in turns]} us alone, {[round(turn[1]) for turn in turns]} us beside; '
              f'{[turn[2] // 1024 for turn in turns]} MiB', flush=True)
    if strict and turns[-1][2] > turns[-2][2] + 4096:      # by then as many came together as ever do
        campaign.failed(f'resident memory grows from crowd to crowd: {[turn[2] for turn in turns]} KiB')


def lacks():
    needed = SMALL['idle'] + SMALL['slow'] + 200
    return None if resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= needed else 'too few descriptors are allowed'


def run(campaign):
    size = SMALL if campaign.limit == SHORT else LARGE
    daemon = harness.Daemon()
    tokens = organisation.create_people(daemon)
    with tempfile.TemporaryDirectory(prefix='reviewd-crowd-') as folder:
        try:
            daemon.start()
            org = harness.seed(daemon, tokens)
            for _ in range(PEOPLE):
                org.person(email=faults.fresh_email())
            others = Others(Path(folder), org)
            others.ask(size)
            base = faults.resident_kib(daemon)
            for _ in campaign.rounds():
                one_round(campaign, org, others, size, base, size is LARGE)
            faults.assert_sound(daemon)
            daemon.stop()
        finally:
            daemon.discard()
