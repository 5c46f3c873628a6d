"""The power fails at any moment: on every disk that can come of it, all that was acknowledged is there, and verifies.

What the daemon and its command line do to the disk is written down call by call, and what they answered among it
(tests/faults/record.c, below SQLite and below our own layer of files). Then it is cut anywhere, and a disk is made of it
that has what was synced, and of the rest what chance says (tests/faults/disk.py). reviewd is started on that.
"""

import base64
import io
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import disk
import faults
import harness
import organisation
import prepared
from support import database

SHORT = 1
CUTS_SHORT, CUTS_LONG = 18, 150      # of each story
READY_WITHIN_S = 2
OLD = 3                              # the migration with which the story of a migration begins
MIGRATIONS = harness.ROOT / 'migrations' / 'sqlite'


class Noting(harness.Client):
    """A caller that knows what it was told: {request id: answer} of each write that was taken."""

    def __init__(self, daemon, token, told):
        super().__init__(daemon, token)
        self.told = told

    def _exchange(self, method, path, headers, sent):
        answer = super()._exchange(method, path, headers, sent)
        if method != 'GET' and 200 <= answer.status < 300:
            self.told[answer.headers['X-Request-Id']] = answer
        return answer


class Run:
    """What is recorded of a run below `root`, whose data folder is root/data, and what was promised in it."""

    def __init__(self, folder, recorder):
        self.root, self.log, self.recorder = folder / 'disk', folder / 'log', recorder
        (self.root / 'backups').mkdir(parents=True)
        self.daemon = harness.Daemon(data=self.root / 'data')
        self.told, self.promises = {}, []

    def begin(self):
        self.log.touch()
        disk.recorded(self.daemon, self.recorder, self.root, self.log)
        self.disk = disk.Disk(self.root)

    def organisation(self, tokens):
        org = harness.seed(self.daemon, tokens)
        for person in org.people:
            person.client = Noting(self.daemon, person.token, self.told)
        return org

    def promise(self, what, **about):
        """As of now, by a command that has ended."""
        self.promises.append({'what': what, 'after': self.log.stat().st_size, **about})

    def cli(self, *words, data=None):
        done = subprocess.run([self.daemon.binary, *map(str, words), '--data', data or self.daemon.data],
                              env=self.daemon.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f'{words}: {done.stdout}{done.stderr}'
        return done.stdout

    def lines(self):
        """All lines; and promises are those of answers, too, from the moment at which these leave."""
        read, before = disk.lines(self.log), 0
        for line in read:
            answered = line.answer()
            if answered and answered[1] in self.told:
                self._answered(self.told[answered[1]], before)
            before = line.end
        return read

    def _answered(self, answer, after):
        _, path, headers, _ = answer.request
        body = answer.json if answer.body else {}
        if 'version' in body:
            self.promises.append({'what': 'version', 'after': after, 'id': body['id'], 'version': body['version']})
        if path.endswith('/erase'):
            self.promises.append({'what': 'erased', 'after': after, 'id': body['id']})
        if 'Idempotency-Key' in headers:
            self.promises.append({'what': 'key', 'after': after, 'key': headers['Idempotency-Key']})


# ---- stories


def first_start(run, random):
    """An empty place: the folder, the database, the keys; then people and tokens by the command line, and a record."""
    run.begin()
    daemon_first = random.random() < 0.5
    if daemon_first:
        run.daemon.start()
    tokens = {}
    for attribute, (name, role, _) in organisation.PEOPLE.items():
        email = f'{attribute}@example.org'
        run.cli('person', 'upsert', '--name', name, '--email', email, '--role', role)
        run.promise('person', email=email)
        tokens[email] = run.cli('token', 'create', '--person', email, '--label', 'first').strip()
        run.promise('tokens', count=len(tokens))
    if not daemon_first:
        run.daemon.start()
    org = run.organisation(tokens)
    promise_keys(run)
    org.review()
    run.daemon.stop()


def promise_keys(run):
    run.promise('keys', names=sorted(path.name for path in Path(run.daemon.data, 'keys').glob('*.pub')))


def make_people(run, token, stop):
    """Makes people and changes them, beside all else."""
    client = Noting(run.daemon, token, run.told)
    while not stop.is_set():
        email = faults.fresh_email()
        made = client.post('/v1/people', faults.person(email), Idempotency_Key=f'key of {email}').expect(201).json
        client.patch(f'/v1/people/{made["id"]}', {'job_title': f'of {email}'}).expect(200)
    client.close()


def load(run, random):
    """A review up to its approval, evidence, an erasure (which cuts the log), a backup, a rotation, beside other writes."""
    tokens = prepared.make(run.root.parent / 'people')[1]
    shutil.copytree(run.root.parent / 'people' / 'data', run.daemon.data)
    run.begin()
    run.daemon.start()
    org, stop = run.organisation(tokens), threading.Event()
    beside = threading.Thread(target=make_people, args=(run, org.isms2.token, stop))
    beside.start()
    try:
        gone = org.person(email=faults.fresh_email())
        review = org.running_review()
        org.attach(f'/v1/reviews/{review["id"]}', b'host,critical\n' * random.randrange(100, 20000))
        org.do(f'/v1/people/{gone["id"]}/erase', {'reason': 'They left long ago and asked for it'})
        backup = run.root / 'backups' / 'one.db'
        run.cli('backup', backup)
        run.promise('backup', file='backups/one.db')
        org.approved(org.concluded(review))
        run.cli('key', 'rotate')
        promise_keys(run)
        org.imported()
    finally:
        stop.set()
        beside.join()
    run.cli('restore', backup, data=run.root / 'restored')
    run.promise('restored', folder='restored')
    run.daemon.kill()
    run.daemon.start()
    org.review()
    run.daemon.stop()


def old_database(data):
    data.mkdir(mode=0o700)
    with closing(sqlite3.connect(data / 'reviewd.db')) as connection:
        connection.execute('PRAGMA journal_mode = WAL')
        connection.execute('CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, '
                           'applied_at TEXT NOT NULL) STRICT')
        for path in sorted(MIGRATIONS.glob('*.sql'))[:OLD]:
            connection.executescript(path.read_text())
            connection.execute("INSERT INTO migration VALUES (?, ?, '2026-01-01T00:00:00.000Z')",
                               (int(path.stem[:4]), path.stem))
        connection.commit()


def migration(run, random):
    """An old database: backed up, brought on, and in use at once."""
    old_database(Path(run.daemon.data))
    run.begin()
    if random.random() < 0.5:
        run.cli('migrate')
    else:
        run.daemon.start()
    run.promise('migrated')
    run.cli('person', 'upsert', '--name', 'Iris Isms', '--email', 'isms@example.org', '--role', 'isms_manager')
    run.promise('person', email='isms@example.org')
    run.daemon.stop()


def long_log(run, random):
    """Evidence until the log is moved into the database by itself, beside other writes, and begun anew."""
    tokens = prepared.make(run.root.parent / 'people')[1]
    shutil.copytree(run.root.parent / 'people' / 'data', run.daemon.data)
    run.begin()
    run.daemon.start()
    org, stop = run.organisation(tokens), threading.Event()
    beside = threading.Thread(target=make_people, args=(run, org.isms2.token, stop))
    beside.start()
    try:
        review = org.review()
        for number in range(3):
            org.attach(f'/v1/reviews/{review["id"]}', b'host,critical,%d\n' % random.randrange(10 ** 9) * 450000)
    finally:
        stop.set()
        beside.join()
    run.daemon.kill()


STORIES = (first_start, load, migration)


# ---- what is on a disk


def look_before(scratch, data):
    """Findings in a data folder as it is found: what a start could mend, or hide."""
    file = data / 'reviewd.db'
    backup = data / f'before-migration-{OLD + 1:04}.db'
    if not file.exists():
        return
    with tempfile.TemporaryDirectory(dir=scratch) as aside:      # whose opening changes nothing here
        for path in data.glob('reviewd.db*'):
            shutil.copy(path, aside)
        with closing(sqlite3.connect(Path(aside, 'reviewd.db'))) as connection:
            (first, last), = connection.execute("SELECT min(applied_at), max(number) FROM migration")
    if not first.startswith('2026-01-01') or last == OLD:
        return
    if not backup.exists():
        yield f'it is at migration {last}, and there is no backup of before'
        return
    with closing(sqlite3.connect(backup)) as connection:
        if connection.execute('SELECT max(number) FROM migration').fetchone()[0] != OLD or \
                connection.execute('PRAGMA integrity_check').fetchone()[0] != 'ok':
            yield 'the backup of before the migration is none'


def is_kept(connection, image, promise):
    """Whether a promise is."""
    def one(sql, *values):
        return connection.execute(sql, values).fetchone()[0]

    what = promise['what']
    if what == 'version':
        return one('SELECT count(*) FROM version WHERE record_id = ? AND version = ?', promise['id'], promise['version'])
    if what == 'erased':
        return one('SELECT erased_at IS NOT NULL AND email = ? FROM person WHERE id = ?',
                   f'erased-{promise["id"]}@erased.invalid', promise['id'])
    if what == 'key':
        return one('SELECT count(*) FROM idempotency WHERE idempotency_key = ?', promise['key'])
    if what == 'person':
        return one('SELECT count(*) FROM person WHERE email = ?', promise['email'])
    if what == 'tokens':
        return one('SELECT count(*) FROM token_secret') >= promise['count']
    if what == 'keys':
        return all((image / 'data' / 'keys' / name).exists() for name in promise['names'])
    if what == 'backup':
        return (image / promise['file']).exists()      # that it is whole, is looked at always
    if what == 'restored':
        return (image / promise['folder'] / 'reviewd.db').exists()
    return what == 'migrated'


def commands(daemon, image):
    """The data folders and backups that there are, each with what says whether it is whole."""
    yield ('check',), daemon.data
    yield ('audit', 'verify'), daemon.data
    if (image / 'restored' / 'reviewd.db').exists():
        yield ('check',), image / 'restored'
    if (image / 'backups' / 'one.db').exists():
        yield ('restore', image / 'backups' / 'one.db'), image / 'from backup'


def look(campaign, image, promises):
    """All findings on a disk."""
    yield from look_before(image.parent, image / 'data')
    daemon = harness.Daemon(data=image / 'data')
    began = time.monotonic()
    try:
        daemon.start()
        took = time.monotonic() - began
        campaign.most('s to ready at the most', round(took, 3))
        if took > READY_WITHIN_S and not faults.is_sanitized(daemon):
            yield f'ready after {took:.1f} s'
        daemon.kill()
        for words, folder in commands(daemon, image):
            done = subprocess.run([daemon.binary, *words, '--data', folder], env=daemon.env, capture_output=True, text=True)
            if done.returncode:
                yield f'{" ".join(map(str, words))}: {done.stdout}{done.stderr}'
        with closing(database(daemon.data)) as connection:
            for promise in promises:
                if not is_kept(connection, image, promise):
                    yield f'not kept: {promise}'
    except AssertionError as error:
        yield f'it does not start: {error}'
    finally:
        daemon.discard()


# ---- cuts


def packed(image):
    """A folder as a text."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w:xz') as archive:
        archive.add(image, arcname='.')
    return base64.b64encode(file.getvalue()).decode()


def examine(campaign, image, promises, where):
    kept = shutil.copytree(image, image.with_name('as it was'))
    findings = list(look(campaign, image, promises))
    if findings:
        campaign.failed(f'{where}: ' + '; '.join(findings), {'image': packed(kept), 'promises': promises})
    shutil.rmtree(kept)


def cuts(campaign, story, recorder, count):
    with tempfile.TemporaryDirectory(prefix='reviewd-power-', dir=disk.memory()) as folder:
        run = Run(Path(folder), recorder)
        try:
            story(run, campaign.random)
        finally:
            run.daemon.discard()
        lines, at = run.lines(), 0
        campaign.count('calls recorded', len(lines))
        campaign.count('promises', len(run.promises))
        chosen = sorted(campaign.random.randrange(len(lines) + 1) for _ in range(count - 1)) + [len(lines)]
        for cut in chosen:
            for line in lines[at:cut]:
                run.disk.happen(line)
            at, after = cut, lines[cut - 1].end if cut else 0
            mode = campaign.random.choice(('mixed', 'mixed', 'mixed', *disk.MODES))
            image = Path(folder) / 'image'
            run.disk.write(image, mode, campaign.random)
            examine(campaign, image, [one for one in run.promises if one['after'] <= after],
                    f'{story.__name__}, cut at {cut} of {len(lines)}, {mode}')
            shutil.rmtree(image)
            campaign.count('disks')


def run(campaign):
    short = campaign.limit == SHORT
    count, stories = (CUTS_SHORT, STORIES) if short else (CUTS_LONG, (*STORIES, long_log))
    with tempfile.TemporaryDirectory(prefix='reviewd-recorder-') as folder:
        recorder = disk.compiled_recorder(folder)
        for _ in campaign.rounds():
            for story in stories:
                cuts(campaign, story, recorder, count)


def replay(campaign, case):
    with tempfile.TemporaryDirectory(prefix='reviewd-power-') as folder:
        image = Path(folder) / 'image'
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(case['image']))) as archive:
            archive.extractall(image)
        examine(campaign, image, case['promises'], 'once more')
