"""Every named place at which a call can fail ends the process, waits, or fails: nothing acknowledged is lost or half done.

The daemon is a build of its own (include/reviewd/failpoint.h), which this makes in tests/.cache/failpoint. Its names are
its own list. Each act is played once to learn which of them it reaches; a name that none reaches is a failure. Then
each is crossed with abort, delay and error within an act that reaches it; and the daemon, started anew where it has
to be, is compared with what was answered.
"""

import http.client
import itertools
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import crash
import disk
import faults
import harness
import power
import prepared
import steps
from support import poll

SHORT = 30
CHECK_EACH = 8
READY_WITHIN_S = 2
OTHERS_WITHIN_S = 2
LOAD_THREADS, LOAD_ANSWERS = 4, 40
ACTIONS = ('abort', 'delay', 'error')
BUILD = harness.ROOT / 'tests' / '.cache' / 'failpoint'
OPTIONS = ('--buildtype=release', '-Dc_args=-DREVIEWD_FAILPOINTS')
NOTHING = 'nothing:delay'
# What is only reached where something else has failed before.
AFTER = {'rollback': 'job.after:error'}


def built():
    """The build with failpoints, up to date."""
    if not (BUILD / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', BUILD, harness.ROOT, *OPTIONS], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['meson', 'compile', '-C', BUILD, 'reviewd'], check=True, stdout=subprocess.DEVNULL)
    return BUILD / 'reviewd'


def names_of(binary):
    listed = subprocess.run([binary], env={'REVIEWD_FAILPOINT': 'list'}, capture_output=True, text=True, check=True)
    return sorted(set(listed.stdout.split()))


class World:
    """A daemon of that build, and what its command line shares with it."""

    def __init__(self, folder, binary, random):
        self.random = random
        self.folder, self.root = Path(folder), Path(folder) / 'disk'
        self.orders, self.log = self.folder / 'orders', self.folder / 'reached'
        tokens = prepared.make(self.folder / 'people')[1]
        self.orders.write_text(NOTHING)
        self.daemon = harness.Daemon(data=self.root / 'data', binary=binary, env={
            'REVIEWD_FAILPOINT': self.orders, 'REVIEWD_FAILPOINT_LOG': self.log,
            'REVIEWD_CHECKPOINT_FILE': self.folder / 'heads'})
        shutil.copytree(self.folder / 'people' / 'data', self.daemon.data)
        (self.root / 'backups').mkdir()
        self.daemon.start()
        self.org = harness.seed(self.daemon, tokens)
        self.restarts = 0
        self.pause = threading.Event()      # which never comes

    def order(self, text=NOTHING):
        """A new order is told from the one before by its end."""
        fresh = self.folder / 'orders.new'
        fresh.write_text(f'{text},{faults.fresh_email()}:delay')
        with open(self.orders, 'r+b') as file:      # the same file, which they have open
            data = fresh.read_bytes()
            file.write(data.ljust(390, b'\0'))

    def reached(self):
        return set(self.log.read_text().split()) if self.log.exists() else set()

    def is_alive(self):
        return self.daemon.process is not None and self.daemon.process.poll() is None

    def ends(self):
        """Whether it ends, at once or in a moment."""
        try:
            self.daemon.process.wait(0.1)
            return True
        except subprocess.TimeoutExpired:
            return False

    def is_ready(self):
        try:
            return self.org.isms.client.get('/readyz').status == 200
        except (OSError, http.client.HTTPException):
            return False      # it has just ended

    def revive(self):
        """Started anew where it is dead or read-only; how long that took."""
        if self.is_alive() and self.is_ready():
            return 0
        if self.daemon.process and self.ends():
            self.daemon.kill()
        elif self.daemon.process:
            self.daemon.stop()
        began = time.monotonic()
        self.daemon.start()
        self.restarts += 1
        self.org.isms.client.get('/readyz').expect(200)
        return time.monotonic() - began


class Other(threading.Thread):
    """Somebody else, who only reads, meanwhile."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.over, self.longest, self.statuses = world, threading.Event(), 0, set()

    def run(self):
        while not self.over.is_set():
            began = time.monotonic()
            try:
                caller = faults.Caller(self.world.daemon, self.world.org.auditor.token)
                self.statuses.add(caller.request('GET', '/v1/people?limit=5')[0])
                caller.close()
            except (OSError, http.client.HTTPException):
                return      # the daemon has ended
            self.longest = max(self.longest, time.monotonic() - began)
            self.over.wait(0.02)


# ---- acts: each answers its findings, and leaves a daemon that is to be revived


def over_http(step):
    def act(world, arm, action):
        sent, key = step(world.org), f'key of {faults.fresh_email()}'
        method, path, body, query = sent
        other = Other(world)
        arm()
        other.start()
        status, kind = steps.send(world.org, method, path, body, key)
        other.over.set()
        other.join()
        world.order()
        dies = action == 'abort' and world.ends()
        yield from honest(status, kind, query, action, dies)
        if action != 'abort' and (other.longest > OTHERS_WITHIN_S or not other.statuses <= {200, 500, 503}):
            yield f'others waited {other.longest:.1f} s, and were answered {other.statuses}'
        yield from revived(world)
        if query:
            there = steps.effects(world.daemon.data, query)
            partial = 'partial' in path
            if status and status < 300 and there != 1 and not partial:
                yield f'answered {status}, and its effect is there {there} times'
            if status and status >= 400 and kind != 'outcome-unknown' and there and not partial:
                yield f'answered {status} {kind}, and its effect is there {there} times'
            if there not in (0, 1):
                yield f'its effect is there {there} times'
        yield from steps.settle(world, sent, key)

    act.__name__ = step.__name__
    return act


def honest(status, kind, query, action, dies):
    fine = {2, 5} if action == 'error' else {2}
    if status is None:
        # An error may end a connection in the middle of an answer; whoever waits for a write hears of it.
        if not dies and (action == 'delay' or query):
            yield 'no answer'
    elif status // 100 not in fine and not (status == 422 and not query):
        yield f'answered {status} {kind}'


def revived(world):
    took = world.revive()
    if took > READY_WITHIN_S:      # it, or the machine, which is busy with all of this
        world.daemon.kill()
        took = world.revive()
    if took > READY_WITHIN_S:
        yield f'ready after {took:.1f} s'


class Told:
    """What crash.py finds, in place of its campaign."""

    def __init__(self):
        self.findings = []

    def failed(self, what, case=None):
        self.findings.append(what)

    def count(self, what, number=1):
        pass


def under_load(world, arm, action):
    """Callers who write down each answer in a ledger outside; what nobody heard of is settled by its key."""
    ledger, told = crash.Ledger(world.folder / faults.fresh_email()), Told()
    ledger.path.touch()
    writers = [crash.Writer(world.org, ledger, world.random) for _ in range(LOAD_THREADS)]
    for writer in writers:
        writer.start()
    poll(lambda: len(ledger.entries()) > LOAD_THREADS, 60, 'no load came about')
    arm()
    enough, end = len(ledger.entries()) + LOAD_ANSWERS, time.monotonic() + 10
    while any(writer.is_alive() for writer in writers) and len(ledger.entries()) < enough and time.monotonic() < end:
        world.pause.wait(0.02)
    for writer in writers:
        writer.stop.set()
        writer.join(60)
    world.order()
    yield from revived(world)
    crash.compare(told, world.org, ledger)
    crash.settle(told, world.org, [writer.under_way for writer in writers if writer.under_way])
    yield from (finding for finding in told.findings if action != 'error' or 'was answered 5' not in finding)


def command(world, words, data=None):
    """(exit status, stderr) of a command of this build."""
    done = subprocess.run([world.daemon.binary, *map(str, words), '--data', data or world.daemon.data],
                          env=world.daemon.env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def exits(words, status, said, action):
    fine = {'abort': (0, -signal.SIGKILL), 'delay': (0,), 'error': (0, 1)}[action]
    if status not in fine or status == 1 and 'reviewd: ' not in said:
        yield f'{words} ended with {status}: {said[-500:]}'


def by_command(which):
    def act(world, arm, action):
        words, is_there = steps.commands(world)[which]
        arm()
        status, said = command(world, words)
        world.order()
        yield from exits(words, status, said, action)
        yield from revived(world)
        if status == 0 and not is_there(world.root):
            yield f'{words} said that it is done, and it is not'
        again, said = command(world, words)
        if again and not (is_there(world.root) and 'exists already' in said):
            yield f'{words} again: {said}'

    act.__name__ = f'command {which}'
    return act


def restoring(world, arm, action):
    """A backup into an empty folder; where that fails, again."""
    backup, data = world.root / 'backups' / faults.fresh_email(), world.folder / faults.fresh_email()
    world.daemon.cli('backup', backup)
    arm()
    status, said = command(world, ('restore', backup), data)
    world.order()
    yield from exits('restore', status, said, action)
    if status:
        shutil.rmtree(data, ignore_errors=True)
        status, said = command(world, ('restore', backup), data)
    if status == 0:
        status, said = command(world, ('check',), data)
    if status:
        yield f'what was restored: {said}'
    yield from revived(world)


def serving(world, data):
    """(exit status, stderr) of a daemon that starts, reloads and ends, with its log in a file."""
    log = world.folder / 'serve.log'
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        [world.daemon.binary, 'serve', '--data', data, '--listen', '127.0.0.1:0', '--log-file', log],
        env=world.daemon.env, stderr=subprocess.PIPE, text=True)

    def logs(event):
        end = time.monotonic() + READY_WITHIN_S
        while process.poll() is None and time.monotonic() < end:
            if log.exists() and event in log.read_text():
                return True
            world.pause.wait(0.01)
        return False

    if logs('"listening"'):
        process.send_signal(signal.SIGHUP)
        logs('"reload')
    if process.poll() is None:
        process.terminate()
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def starting(world, arm, action):
    world.daemon.stop()
    arm()
    status, said = serving(world, world.daemon.data)
    world.order()
    yield from exits('serve', status, said, action)
    yield from revived(world)


def first_start(world, arm, action):
    data = world.folder / faults.fresh_email()
    arm()
    status, said = serving(world, data)
    world.order()
    yield from exits('serve', status, said, action)
    for words in (('person', 'upsert', '--name', 'Nora', '--email', 'nora@example.org', '--role', 'employee'), ('check',)):
        status, said = command(world, words, data)
        if status:
            yield f'then {words} ended with {status}: {said}'
    status, said = serving(world, data)
    if status:
        yield f'then serve ended with {status}: {said}'
    yield from revived(world)


def migrating(world, arm, action):
    data = world.folder / faults.fresh_email()
    power.old_database(data)
    arm()
    status, said = command(world, ('migrate',), data)
    world.order()
    yield from exits('migrate', status, said, action)
    yield from power.look_before(world.folder, data)
    for words in (('migrate',), ('check',)):
        status, said = command(world, words, data)
        if status:
            yield f'then {words} ended with {status}: {said}'
    yield from power.look_before(world.folder, data)
    yield from revived(world)


def housekeeping(world, arm, action):
    """What the writer does once a second: a token's last use, new words."""
    label = faults.fresh_email()
    token = world.daemon.token('auditor@example.org', label=label)
    used = ('SELECT count(*) FROM token_secret JOIN token ON token.id = token_id '
            f"WHERE label = '{label}' AND last_used_at IS NOT NULL")
    arm()
    try:
        caller = faults.Caller(world.daemon, token)
        caller.request('GET', '/v1/people?limit=1')
        caller.close()
    except (OSError, http.client.HTTPException):
        pass      # it has ended
    end = time.monotonic() + 3
    while world.is_alive() and time.monotonic() < end and not steps.effects(world.daemon.data, used):
        world.pause.wait(0.05)
    world.order()
    yield from revived(world)


ACTS = [under_load, *(over_http(step) for step in steps.STEPS), *(by_command(which) for which in range(steps.COMMANDS)),
        restoring, starting, first_start, migrating, housekeeping]


# ---- all of them


def play(campaign, world, name, action, act):
    def arm():
        world.order(f'{name}:{action}' + (f',{AFTER[name]}' if name in AFTER else ''))

    try:
        findings = list(act(world, arm, 'error' if name in AFTER and action == 'delay' else action))
    except Exception as error:      # what cannot go on has failed, and the others are played all the same
        findings = [f'{type(error).__name__}: {error}']
        world.order()
        world.revive()
    for finding in findings:
        campaign.failed(f'{name} {action} in {act.__name__}: {finding}',
                        {'name': name, 'action': action, 'act': ACTS.index(act)})
    campaign.count(action)


def sound(campaign, world, after):
    for words in (('audit', 'verify'), ('check',)):
        status, said = command(world, words)
        if status:
            campaign.failed(f'{" ".join(words)} after {after}: {said}')


def learn(campaign, world, names):
    """{name: the acts that reach it}."""
    reaching = {name: [] for name in names}
    for act in ACTS:
        world.order()
        world.log.write_text('')      # it is added to
        for finding in act(world, world.order, 'delay'):
            campaign.failed(f'{act.__name__}, without any failure: {finding}')
        for name in world.reached():
            reaching[name].append(act)
    for name in AFTER:
        reaching[name] = reaching['job.after']
    for name, acts in reaching.items():
        if not acts:
            campaign.failed(f'no act reaches {name}')
    return reaching


def cases(campaign, reaching):
    """Every name with every action, within the act that comes next; in the short form a part of them, always the same."""
    every = [(name, action) for name in sorted(reaching) for action in ACTIONS if reaching[name]]
    if campaign.limit == SHORT:
        every = [every[7 * at % len(every)] for at in range(SHORT)]
    for turn in itertools.count():
        for name, action in every:
            yield name, action, reaching[name][turn % len(reaching[name])]


def run(campaign):
    binary = built()
    names = names_of(binary)
    campaign.count('names', len(names))
    with tempfile.TemporaryDirectory(prefix='reviewd-failpoint-', dir=disk.memory()) as folder:
        world = World(folder, binary, campaign.random)
        try:
            each, played = cases(campaign, learn(campaign, world, names)), []
            for number in campaign.rounds():
                case = next(each)
                play(campaign, world, *case)
                played.append(' '.join(case[:2]))
                if number % CHECK_EACH == CHECK_EACH - 1:
                    sound(campaign, world, ', '.join(played[-CHECK_EACH:]))
            sound(campaign, world, ', '.join(played[-CHECK_EACH:]))
            campaign.count('starts anew', world.restarts)
            world.daemon.stop()
        finally:
            world.daemon.discard()


def replay(campaign, case):
    with tempfile.TemporaryDirectory(prefix='reviewd-failpoint-', dir=disk.memory()) as folder:
        world = World(folder, built(), campaign.random)
        try:
            play(campaign, world, case['name'], case['action'], ACTS[case['act']])
            sound(campaign, world, case['name'])
        finally:
            world.daemon.discard()
