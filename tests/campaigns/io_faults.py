"""Each call to the disk fails in turn, once and for good: an honest answer, nothing half done, no 2xx that is not durable.

For each step (a write of each kind, reads, commands, a start) its calls below the data folder are counted; then the step
is done again with the first of them failing, the second, and so on: EIO, ENOSPC, a write of which half is written, a
sync. Beneath the shim that fails them lies the recorder, so that a 2xx is held to a disk that keeps nothing but what
was synced, and nothing at all of what a sync failed for.
"""

import errno
import itertools
import random as chance
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import disk
import faults
import harness
import prepared
from faults import NAMES, OPENS, READS, SYNCS, TRUNCATES, WRITES
from steps import COMMANDS, STEPS, commands, effects, send, settle

SHORT = 60      # cases; the long form goes through all of them, again and again
CHECK_EACH = 25
FRESH_EACH = 100      # a world of its own, so that it stays small
ROOM = WRITES | TRUNCATES | NAMES


@dataclass
class Fault:
    name: str
    calls: int
    error: int
    count: int
    halves: bool = False
    statuses: tuple = (500, 503)


FAULTS = [
    Fault('EIO once', ROOM | SYNCS | READS | OPENS, errno.EIO, 1),
    Fault('EIO for good', ROOM | SYNCS | READS | OPENS, errno.EIO, -1),
    Fault('ENOSPC once', ROOM, errno.ENOSPC, 1, statuses=(507,)),
    Fault('ENOSPC for good', ROOM, errno.ENOSPC, -1, statuses=(507,)),
    Fault('half a write', WRITES, errno.ENOSPC, 2, True, (507,)),
    Fault('half a write for good', WRITES, errno.ENOSPC, -1, True, (507,)),
    Fault('sync once', SYNCS, errno.EIO, 1),
    Fault('sync for good', SYNCS, errno.EIO, -1),
]


class World:
    """A daemon on a disk that fails as told, beneath which is written down what comes to it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.root, self.log = self.folder / 'disk', self.folder / 'log'
        self.log.touch()
        tokens = prepared.make(self.folder / 'people')[1]
        self.daemon = harness.Daemon(data=self.root / 'data')
        shutil.copytree(self.folder / 'people' / 'data', self.daemon.data)
        (self.root / 'backups').mkdir()
        disk.recorded(self.daemon, disk.compiled_recorder(folder), self.root, self.log)
        self.faults = faults.Faults(self.daemon, faults.compiled_shim(folder), self.root)
        self.disk, self.read = disk.Disk(self.root), 0
        self.daemon.start()
        self.org = harness.seed(self.daemon, tokens)
        self.restarts = 0

    def revive(self):
        """A daemon that takes writes; whether it had to be started anew for that."""
        if self.daemon.process and self.daemon.process.poll() is None:
            if self.org.isms.client.get('/readyz').status == 200:
                return False
            self.daemon.stop()
        elif self.daemon.process:
            self.daemon.kill()
        self.daemon.start()
        self.restarts += 1
        return True

    def follow(self):
        for line in disk.lines(self.log, self.read):
            self.disk.happen(line)
            self.read = line.end

    def image(self):
        """What is on the disk if the power fails now, and no more than was synced came to it."""
        self.follow()
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self.disk.write(folder, 'dropped', chance.Random(1))
        return folder


def is_durable(world, query):
    image = world.image()
    try:
        return effects(image / 'data', query) == 1
    finally:
        shutil.rmtree(image)


def judge(world, fault, sent, key, answered, failed):
    """Findings on a step whose faults are over."""
    (status, kind), (method, path, body, query) = answered, sent
    if world.daemon.process.poll() is not None:
        yield f'the daemon ended with {world.daemon.process.returncode}: {world.daemon.stderr()[-2000:]}'
        return
    if status is None and query:
        yield 'no answer'
    refused = status == 422 and not query      # as it is without faults
    if status and not 200 <= status < 300 and status not in fault.statuses and not refused:
        yield f'answered {status} {kind}'
    if not query:
        return
    there = effects(world.daemon.data, query)
    # A partial import that breaks off is answered with what it stored.
    if status and status < 300 and there != 1 and 'partial' not in path:
        yield f'answered {status}, and its effect is there {there} times'
    if status and status < 300 and failed and there and not is_durable(world, query):
        yield f'answered {status}, and not durable'
    if status and status >= 400 and kind != 'outcome-unknown' and there and 'partial' not in path:
        yield f'answered {status} {kind}, and its effect is there {there} times'


def one_case(campaign, world, step, fault, skip):
    """Whether the fault came to pass."""
    sent, key = step(world.org), f'key of {faults.fresh_email()}'
    world.faults.fail(fault.calls, fault.error, skip=skip, count=fault.count, halves=fault.halves)
    answered = send(world.org, *sent[:3], key)
    failed = world.faults.failed
    world.faults.none()
    findings = list(judge(world, fault, sent, key, answered, failed))
    world.revive()
    findings += settle(world, sent, key)
    campaign.count(f'answered {answered[0]}' if failed else 'not met')
    for finding in findings:
        campaign.failed(f'{step.__name__}, call {skip}, {fault.name}: {finding}',
                        {'kind': STEPS.index(step), 'fault': fault.name, 'skip': skip})
    return failed


def sound(campaign, world):
    for words in (('check',), ('audit', 'verify')):
        done = world.daemon.cli(*words, check=False)
        if done.returncode:
            campaign.failed(f'{" ".join(words)}: {done.stdout}{done.stderr}')


def one_command(campaign, world, which, fault, skip):
    words, is_there = commands(world)[which]
    world.faults.fail(fault.calls, fault.error, skip=skip, count=fault.count, halves=fault.halves)
    done = world.daemon.cli(*words, check=False)
    failed = world.faults.failed
    world.faults.none()
    campaign.count(f'exit {done.returncode}' if failed else 'not met')
    findings = []
    if done.returncode not in (0, 1) or done.returncode == 1 and not done.stderr.startswith('reviewd: '):
        findings.append(f'ended with {done.returncode}: {done.stderr[-500:]}')
    if done.returncode == 0 and failed:
        image = world.image()
        if not is_there(image):
            findings.append('it said that it is done, and that is not durable')
        shutil.rmtree(image)
    world.revive()
    if done.returncode:
        again = world.daemon.cli(*words, check=False)
        if again.returncode:
            findings.append(f'again: {again.stderr[-500:]}')
    for finding in findings:
        campaign.failed(f'{" ".join(map(str, words[:2]))}, call {skip}, {fault.name}: {finding}',
                        {'kind': len(STEPS) + which, 'fault': fault.name, 'skip': skip})
    return failed


def one_start(campaign, world, fault, skip):
    """A start says in a line why it cannot, or serves; without faults it serves."""
    world.daemon.stop()
    world.faults.fail(fault.calls, fault.error, skip=skip, count=fault.count, halves=fault.halves)
    process = subprocess.Popen([world.daemon.binary, 'serve', '--data', world.daemon.data, '--listen', '127.0.0.1:0'],
                               env=world.daemon.env, stderr=subprocess.PIPE, text=True)
    try:
        _, said = process.communicate(timeout=0.3)
    except subprocess.TimeoutExpired:
        process.terminate()
        _, said = process.communicate(timeout=20)
    failed = world.faults.failed
    world.faults.none()
    campaign.count(f'start ended with {process.returncode}' if failed else 'not met')
    if process.returncode not in (0, 1) or process.returncode == 1 and 'reviewd: ' not in said:
        campaign.failed(f'a start, call {skip}, {fault.name}: ended with {process.returncode}: {said[-500:]}',
                        {'kind': -1, 'fault': fault.name, 'skip': skip})
    world.daemon.start()
    return failed


# ---- all of them


KINDS = [(one_case, step) for step in STEPS] + [(one_command, which) for which in range(COMMANDS)] + [(one_start,)]


def turns(campaign):
    """(function, its arguments, fault, call), and then whether that was met: each call of each step in turn. In the short
    form some of them, by chance."""
    every = [(one, fault) for one in KINDS for fault in FAULTS]
    while campaign.limit == SHORT:
        (what, *about), fault = campaign.random.choice(every)
        yield what, about, fault, campaign.random.choice((0, 1, 2, 3, 5, 8, 13))
    while True:
        left, skip = every, 0
        while left:
            met = []
            for one, fault in left:
                if (yield one[0], one[1:], fault, skip):
                    met.append((one, fault))
            left, skip = met, skip + 1
        campaign.count('times all of them')


@contextmanager
def fresh_world(campaign):
    with tempfile.TemporaryDirectory(prefix='reviewd-io-', dir=disk.memory()) as folder:
        world = World(folder)
        try:
            yield world
            sound(campaign, world)
            campaign.count('starts anew', world.restarts)
            world.daemon.stop()
        finally:
            world.daemon.discard()


def run(campaign):
    each, met, rounds = turns(campaign), None, campaign.rounds()
    for first in rounds:
        with fresh_world(campaign) as world:
            for number in itertools.chain([first], itertools.islice(rounds, FRESH_EACH - 1)):
                what, about, fault, skip = each.send(met)
                met = what(campaign, world, *about, fault, skip)
                world.follow()
                if number % CHECK_EACH == CHECK_EACH - 1:
                    sound(campaign, world)


def replay(campaign, case):
    with fresh_world(campaign) as world:
        what, *about = KINDS[case['kind']]
        what(campaign, world, *about, next(one for one in FAULTS if one.name == case['fault']), case['skip'])
