"""Bad days, made to order: a daemon whose writes and syncs fail or take long, callers that keep a ledger, a small disk."""

import errno
import http.client
import itertools
import json
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import harness
from harness import is_sanitized
from support import database, plain, poll, walk

SHIM = Path(__file__).with_name('fault.c')
WRITES, SYNCS, TRUNCATES, READS, OPENS, NAMES = 1, 2, 4, 8, 16, 32
CONTROL = struct.Struct('=8q40s')

_numbers = itertools.count(1)


def compiled_shim(folder):
    library = Path(folder) / 'fault.so'
    subprocess.run([os.environ.get('CC', 'cc'), '-D_GNU_SOURCE', '-shared', '-fPIC', '-O1', '-Wall', '-Wextra',
                    '-o', str(library), str(SHIM), '-ldl'], check=True)
    return library


class Faults:
    """What the shim in one daemon does, told through a page that both share (struct control in fault.c)."""

    def __init__(self, daemon, library, folder=None):
        path = daemon.scratch / 'faults'
        path.write_bytes(b'\0' * CONTROL.size)
        with path.open('r+b') as file:
            self._page = mmap.mmap(file.fileno(), CONTROL.size)
        self._delay_us = 0
        daemon.env |= {
            'LD_PRELOAD': f'{daemon.env.get("LD_PRELOAD", "")} {library}'.strip(), 'FAULT_CONTROL': str(path),
            'FAULT_FOLDER': os.path.realpath(folder or daemon.data),
            'ASAN_OPTIONS': daemon.env.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0',
        }

    def _tell(self, calls=0, error=0, skip=0, count=0, suffix='', halves=False):
        # `calls` last: it is what makes the shim look at the rest.
        self._page[0:8] = struct.pack('=q', 0)
        self._page[8:CONTROL.size] = CONTROL.pack(
            0, error, skip, count, self._delay_us, 0, 0, halves, suffix.encode())[8:]
        self._page[0:8] = struct.pack('=q', calls)

    def fail(self, calls, error=errno.EIO, skip=0, count=-1, suffix='', halves=False):
        """From the call after `skip` on, `count` of them fail (-1: all), on files whose name ends so. With `halves` the
        first of them, a write, writes the half of it and says so."""
        self._tell(calls, error, skip, count, suffix, halves)

    def none(self):
        self._tell()

    def slow(self, seconds):
        """Every sync takes so much longer."""
        self._delay_us = int(seconds * 1e6)
        self._tell()

    @property
    def seen(self):
        return CONTROL.unpack(self._page[:])[5]

    @property
    def failed(self):
        return CONTROL.unpack(self._page[:])[6]


def fresh_email():
    return f'bad-day-{next(_numbers)}@example.org'


def person(email=None):
    return {'name': 'Petra Person', 'email': email or fresh_email(), 'role': 'employee'}


class Caller:
    """One kept-alive connection; answers (status, headers, body)."""

    def __init__(self, daemon, token):
        self.headers = {'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'}
        self.connection = http.client.HTTPConnection('127.0.0.1', daemon.port, timeout=60)

    def request(self, method, path, body=None, **headers):
        sent = None if body is None else json.dumps(body).encode()
        self.connection.request(method, path, sent, self.headers | {
            name.replace('_', '-'): value for name, value in headers.items()})
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def close(self):
        self.connection.close()


class Load:
    """Threads that make people, each with a key, and write down what they were told.

    `told[email]` is the status; an e-mail that is in `sent` alone was sent, and nothing was heard of it.
    """

    def __init__(self, org, threads=8):
        self.org = org
        self.sent, self.told = {}, {}
        self.stop = threading.Event()
        self.errors = []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        caller = Caller(self.org.daemon, self.org.isms.token)
        try:
            while not self.stop.is_set():
                email = fresh_email()
                key = f'key of {email}'
                self.sent[email] = key
                status, headers, body = caller.request('POST', '/v1/people', person(email), Idempotency_Key=key)
                self.told[email] = status
                if status == 201 and json.loads(body)['email'] != email:
                    self.errors.append(f'{email} was answered with {body!r}')
                if headers['Connection'] == 'close':
                    return
        except (OSError, http.client.HTTPException):
            pass      # nothing was heard: the ledger shows it
        finally:
            caller.close()

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), 'a caller got no answer within a minute'
        assert not self.errors, self.errors

    @property
    def acknowledged(self):
        return {email for email, status in list(self.told.items()) if status == 201}

    @property
    def unheard(self):
        return self.sent.keys() - self.told.keys()


def emails(org):
    return [one['email'] for one in walk(org.isms.client, '/v1/people?limit=200')]


def assert_ledger(org, load):
    """Whoever was told 201 is there, whoever was told otherwise is not; nobody is there twice."""
    stored = emails(org)
    assert len(stored) == len(set(stored))
    assert load.acknowledged <= set(stored), load.acknowledged - set(stored)
    refused = load.told.keys() - load.acknowledged
    assert not refused & set(stored), refused & set(stored)


def assert_sound(daemon):
    daemon.cli('audit', 'verify')
    daemon.cli('check')


def send(org, body=None, key=None, path='/v1/people', by=None):
    headers = {'Idempotency_Key': key} if key else {}
    return plain((by or org.isms).client, 'POST', path, person() if body is None else body, **headers)


def problem(answer):
    assert answer.headers['Content-Type'] == 'application/problem+json', answer
    assert answer.json['status'] == answer.status
    return answer.status, answer.json['type'].removeprefix('/problems/')


def settled(org):
    """The housekeeping has written down that our token is used: the next commit is of the next write."""
    org.isms.client.get('/v1/people?limit=1').expect(200)

    def written():
        with closing(database(org.daemon.data)) as connection:
            return connection.execute('SELECT 1 FROM token JOIN token_secret ON token_secret.token_id = token.id '
                                      'WHERE person_id = ? AND last_used_at IS NOT NULL', (org.isms.id,)).fetchone()

    poll(written, 10, 'the last use of a token was not written down')


def descriptors(daemon):
    return len(os.listdir(f'/proc/{daemon.process.pid}/fd'))


def resident_kib(daemon):
    for line in Path(f'/proc/{daemon.process.pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1])


@contextmanager
def small_disk(megabytes):
    """A tmpfs of so much room; skips where one may not mount."""
    folder = tempfile.mkdtemp(prefix='reviewd-disk-')
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={megabytes}m,mode=0700', 'reviewd-test', folder],
                          capture_output=True, text=True)
    if done.returncode:
        os.rmdir(folder)
        pytest.skip(f'cannot mount a small disk here: {done.stderr.strip()}')
    try:
        yield Path(folder)
    finally:
        subprocess.run(['umount', '-l', folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def daemon_on(data, populated, **options):
    """A daemon with the organisation in this folder, not yet started."""
    daemon = harness.Daemon(data=data, **options)
    shutil.copytree(populated[0], daemon.data, dirs_exist_ok=True)
    return daemon


__all__ = ['Caller', 'Faults', 'Load', 'NAMES', 'OPENS', 'READS', 'SYNCS', 'TRUNCATES', 'WRITES', 'assert_ledger',
           'assert_sound', 'compiled_shim', 'daemon_on', 'descriptors', 'emails', 'fresh_email', 'is_sanitized', 'person', 'poll',
           'problem', 'resident_kib', 'send', 'settled', 'small_disk']
