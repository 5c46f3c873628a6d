"""Starts the real daemon on port 0 with a fresh data folder and talks to it over HTTP.

Every answer is checked on the way in for what the contract promises of all of them (form of a problem, the
OpenAPI description), so that a test says only what is particular to it.
"""

import atexit
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import openapi

ROOT = Path(__file__).resolve().parents[2]
FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
START_TIMEOUT_S = 60      # generous: sanitizers and loaded machines are slow
REQUEST_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
VALGRIND_PATIENCE = 10     # times as long, for all of these
IDLE_S = 10                # well below idle_timeout_s, after which the daemon hangs up on a connection
SANITIZER_REPORT = re.compile(r'(ERROR|WARNING): \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer')

# What a violation's status must lead to: the first of these among all violations is the problem's status.
STATUS_ORDER = (403, 409, 422, 400)

PROBLEM_TYPES = {
    400: {'malformed-request'}, 401: {'unauthenticated'}, 403: {'forbidden'}, 404: {'not-found'},
    405: {'method-not-allowed'}, 409: {'state-conflict'}, 412: {'stale'}, 413: {'too-large'}, 414: {'target-too-long'},
    416: {'range-not-satisfiable'}, 422: {'rule-violation'}, 428: {'precondition-required'}, 429: {'too-many-requests'}, 431: {'headers-too-large'},
    500: {'internal'}, 503: {'unavailable', 'outcome-unknown'}, 505: {'version-not-supported'}, 507: {'storage-full'},
}

# Stands in a body for a member that is left out (None is a null that is sent).
ABSENT = object()


def is_under_valgrind(daemon):
    """The wrapper that tests/campaigns/valgrind.py makes."""
    return b'exec valgrind' in Path(daemon.binary).read_bytes()


def patience(daemon):
    return VALGRIND_PATIENCE if is_under_valgrind(daemon) else 1


def is_sanitized(daemon):
    """Whether a sanitizer or valgrind looks at it: then times say nothing, nor does memory, of which what was freed is kept."""
    program = Path(daemon.binary).read_bytes()
    return b'__asan_init' in program or b'__tsan_init' in program or is_under_valgrind(daemon)


def without_absent(body):
    """The body with its ABSENT members left out, at any depth."""
    if isinstance(body, dict):
        return {name: without_absent(value) for name, value in body.items() if value is not ABSENT}
    if isinstance(body, list):
        return [without_absent(value) for value in body]
    return body


def utc_now():
    return datetime.now(timezone.utc)


def day(offset=0):
    """A date relative to today in UTC, which is the daemon's "today" unless it has a clock of its own."""
    return (utc_now().date() + timedelta(days=offset)).isoformat()


class Daemon:
    """One `reviewd serve` with its data folder; start() and stop() as often as one likes."""

    def __init__(self, data=None, binary=None, env={}, args=[], clock=None):
        self.binary = str(binary or os.environ.get('REVIEWD_BINARY') or ROOT / 'build' / 'reviewd')
        self.scratch = Path(tempfile.mkdtemp(prefix='reviewd-test-'))
        self.data = str(data or self.scratch / 'data')
        self.args = list(args)
        self.env = self._environment(env)
        self.clock = None
        self.process = None
        self.port = None
        self.url = None
        self.generation = 0       # counts starts, so that clients know when their connection is dead
        self._lines = []
        self._lines_changed = threading.Condition()
        self._reader = None
        if clock:
            self._fake_time(clock)
        atexit.register(self.discard)

    @staticmethod
    def _environment(extra):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith('REVIEWD_')}
        return {**inherited, 'TZ': 'UTC', **{name: str(value) for name, value in extra.items()}}

    def _fake_time(self, clock):
        self.env |= {
            'LD_PRELOAD': FAKETIME,
            'FAKETIME_TIMESTAMP_FILE': str(self.scratch / 'clock'),
            'FAKETIME_NO_CACHE': '1',
            'FAKETIME_DONT_FAKE_MONOTONIC': '1',
            # Else each wait on a condition with a monotonic deadline is over at once: two threads in circles.
            'FAKETIME_FORCE_MONOTONIC_FIX': '0',
            # The sanitizer's library wants to be first in the list of libraries; faketime is harmless to it.
            'ASAN_OPTIONS': self.env.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0',
        }
        self.set_clock(clock)

    def set_clock(self, clock):
        """Moves the daemon's clock, which goes on from there; the next request sees it."""
        assert 'FAKETIME_TIMESTAMP_FILE' in self.env, 'only a daemon made with clock= has a clock to move'
        self.clock = clock
        fresh = self.scratch / 'clock.new'
        # A second more: faketime goes on from some microseconds before, which at midnight would be the day before.
        start = datetime.fromisoformat(clock) + timedelta(seconds=1)
        fresh.write_text(f'@{start:%Y-%m-%d %H:%M:%S}\n')
        fresh.replace(self.scratch / 'clock')

    def day(self, offset=0):
        """A date relative to the daemon's own today."""
        if not self.clock:
            return day(offset)
        return (datetime.fromisoformat(self.clock).date() + timedelta(days=offset)).isoformat()

    def start(self):
        assert self.process is None, 'already running'
        with self._lines_changed:
            first_line = len(self._lines)
        self.process = subprocess.Popen(
            [self.binary, 'serve', '--data', self.data, '--listen', '127.0.0.1:0', *self.args],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.generation += 1
        self._reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        listening = self._await_listening(first_line)
        self.url = listening['url']
        self.port = int(listening['address'].rsplit(':', 1)[1])
        return self

    def _read_log(self, stream):
        for line in stream:
            with self._lines_changed:
                self._lines.append(line.decode('utf-8', 'replace'))
                self._lines_changed.notify_all()
        with self._lines_changed:
            self._lines.append(None)      # the end of this process's log
            self._lines_changed.notify_all()

    def _await_listening(self, first_line):
        def found():
            fresh = self._lines[first_line:]
            listening = [entry for entry in _parsed(fresh) if entry.get('event') == 'listening']
            return listening or None in fresh

        with self._lines_changed:
            result = self._lines_changed.wait_for(found, START_TIMEOUT_S * patience(self))
        if not isinstance(result, list):
            self.kill()
            raise AssertionError(f'the daemon did not come up; its stderr:\n{self.stderr()}')
        return result[0]

    def stop(self):
        """Asks it to end, and holds it to an orderly end: status 0 within 10 seconds, no sanitizer report."""
        seconds = STOP_TIMEOUT_S * patience(self)
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        if self.process.poll() is None and not self._awaits_end(seconds):
            self.kill()
            raise AssertionError(f'the daemon did not stop within {seconds} s of SIGTERM:\n{self.stderr()}')
        status = self.process.wait()
        self._ended()
        assert status == 0, f'the daemon ended with status {status}:\n{self.stderr()}'
        assert not SANITIZER_REPORT.search(self.stderr()), self.stderr()

    def kill(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self._ended()

    def _awaits_end(self, seconds):
        """wait() with a limit looks 20 times a second, which hundreds of daemons make minutes of."""
        watched = os.pidfd_open(self.process.pid)
        try:
            return bool(select.select([watched], [], [], seconds)[0])
        finally:
            os.close(watched)

    def _ended(self):
        self._reader.join(10)
        self.process.stderr.close()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def discard(self):
        """Ends it without asking and removes what it left behind."""
        self.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)
        atexit.unregister(self.discard)

    def stderr(self):
        with self._lines_changed:
            return ''.join(line for line in self._lines if line is not None)

    def log(self):
        """The JSON lines logged so far, over all starts."""
        with self._lines_changed:
            return list(_parsed(self._lines))

    def cli(self, *args, check=True):
        done = subprocess.run([self.binary, *map(str, args), '--data', self.data], env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120 * patience(self))
        if check:
            assert done.returncode == 0, f'reviewd {args} ended with {done.returncode}:\n{done.stdout}{done.stderr}'
        return done

    def person(self, name, email, role, **options):
        self.cli('person', 'upsert', '--name', name, '--email', email, '--role', role, *_flags(options))

    def token(self, email, label='test', **options):
        return self.cli('token', 'create', '--person', email, '--label', label, *_flags(options)).stdout.strip()


def _parsed(lines):
    for line in lines:
        try:
            yield json.loads(line)
        except (TypeError, ValueError):
            continue     # None marks an end; a sanitizer's report is no JSON


def _flags(options):
    """read_only=True -> --read-only; role='auditor' -> --role auditor"""
    for name, value in options.items():
        flag = '--' + name.replace('_', '-')
        if value is True:
            yield flag
        elif value not in (None, False):
            yield from (flag, str(value))


class Answer:
    def __init__(self, request, status, headers, body):
        self.request = request        # (method, path, headers, body as sent)
        self.status = status
        self.headers = headers        # http.client's message: case-insensitive
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def etag(self):
        return self.headers['ETag']

    @property
    def is_problem(self):
        return bool(self.body) and (self.headers['Content-Type'] or '').startswith('application/problem+json')

    @property
    def violations(self):
        return self.json.get('violations', []) if self.is_problem else []

    @property
    def rules(self):
        return {violation['rule'] for violation in self.violations}

    def pointers(self, rule):
        """Where this rule was broken."""
        return {violation.get('pointer') for violation in self.violations if violation['rule'] == rule}

    def ok(self):
        assert 200 <= self.status < 300, self.report('expected success')
        return self

    def expect(self, status, *rules, also=False):
        assert self.status == status, self.report(f'expected {status} {" ".join(rules)}')
        missing = set(rules) - self.rules
        assert not missing, self.report(f'does not name {missing}')
        if rules and not also:
            assert self.rules == set(rules), self.report(f'names {self.rules - set(rules)} as well')
        return self

    def report(self, complaint):
        method, path, headers, sent = self.request
        shown = self.body.decode('utf-8', 'replace')
        if self.is_problem:
            shown = json.dumps(self.json, indent=2, ensure_ascii=False)
        secret = {name: ('…' if name.lower() == 'authorization' else value) for name, value in headers.items()}
        return (f'{complaint}\n--> {method} {path}\n    {secret}\n    {sent!r}\n'
                f'<-- {self.status}\n{self.headers}{shown}')


class Client:
    """One caller on one kept-alive connection. Keywords that are no parameter are headers: Idempotency_Key='…'."""

    rule_statuses = None     # the catalogue, {name: status}; the same for every daemon of a test run

    def __init__(self, daemon, token):
        self.daemon = daemon
        self.token = token
        self._connection = None
        self._generation = None
        self._used = 0.0

    def request(self, method, path, body=None, *, headers={}, raw=None):
        sent = raw
        if raw is None and body is not None:
            sent = json.dumps(without_absent(body)).encode()
        all_headers = self._headers(method, sent, headers)
        answer = self._exchange(method, path, all_headers, sent)
        self._check(answer)
        return answer

    def get(self, path, **headers):
        return self.request('GET', path, **_split(headers))

    def post(self, path, body={}, **kw):
        return self.request('POST', path, body, **_split(kw))

    def patch(self, path, body, etag='*', **kw):
        return self.request('PATCH', path, body, **_split(kw, etag))

    def verb(self, path, body={}, etag='*', **kw):
        return self.request('POST', path, body, **_split(kw, etag))

    def _headers(self, method, sent, extra):
        headers = {'Accept-Encoding': 'identity'}
        if self.token:
            headers['Authorization'] = f'Bearer {self.token}'
        if sent is not None:
            headers['Content-Type'] = 'application/merge-patch+json' if method == 'PATCH' else 'application/json'
        for name, value in extra.items():
            for old in [known for known in headers if known.lower() == name.lower()]:
                del headers[old]
            if value is not None:
                headers[name] = value
        return headers

    def _exchange(self, method, path, headers, sent):
        idle = time.monotonic() - self._used > IDLE_S      # others had their turn meanwhile
        if self._connection is None or self._generation != self.daemon.generation or idle:
            self._connect()
        self._used = time.monotonic()
        try:
            self._connection.request(method, path, body=sent, headers=headers)
            response = self._connection.getresponse()
            answer = Answer((method, path, headers, sent), response.status, response.headers, response.read())
            self._used = time.monotonic()
            return answer
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def _connect(self):
        self.close()
        # http.client sets TCP_NODELAY by itself when it connects.
        self._connection = http.client.HTTPConnection('127.0.0.1', self.daemon.port,
                                                      timeout=REQUEST_TIMEOUT_S * patience(self.daemon))
        self._generation = self.daemon.generation

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _check(self, answer):
        method, path, _, _ = answer.request
        assert answer.headers['X-Request-Id'], answer.report('no X-Request-Id')
        openapi.check(answer)
        if answer.status >= 400 and method != 'HEAD' and path.partition('?')[0] not in openapi.PROBES:
            self._check_problem(answer)

    def _check_problem(self, answer):
        assert answer.is_problem, answer.report('an error that is no application/problem+json')
        problem = answer.json
        for member in ('type', 'title', 'detail', 'instance'):
            assert isinstance(problem.get(member), str) and problem[member], answer.report(f'no {member}')
        assert problem.get('status') == answer.status, answer.report('"status" is not the status')
        # What is replayed is so byte for byte, with the id of the request that it first answered.
        assert answer.headers['Idempotent-Replayed'] or problem['instance'] == answer.headers['X-Request-Id'], (
            answer.report('instance is not X-Request-Id'))
        prefix, _, name = problem['type'].rpartition('/')
        assert prefix == '/problems', answer.report('"type" is no /problems/<name>')
        assert name in PROBLEM_TYPES.get(answer.status, {name}), answer.report('"type" does not fit the status')
        self._check_violations(answer)

    def _check_violations(self, answer):
        if answer.status in (403, 409, 422):
            assert answer.violations, answer.report('a refusal without violations')
        for violation in answer.violations:
            assert violation.get('rule') and violation.get('detail'), answer.report('half a violation')
            assert violation.get('pointer', '').startswith('#'), answer.report('a pointer starts with #')
        catalogue = self._catalogue()
        if not answer.violations or catalogue is None:
            return
        unknown = answer.rules - catalogue.keys()
        assert not unknown, answer.report(f'{unknown} not in /v1/rules')
        statuses = {catalogue[rule] for rule in answer.rules}
        first = next((status for status in STATUS_ORDER if status in statuses), None)
        assert answer.status == first, answer.report(f'violations of {statuses} make a {first}')

    def _catalogue(self):
        if Client.rule_statuses is None and self.token:
            headers = self._headers('GET', None, {})
            answer = self._exchange('GET', '/v1/rules?limit=200', headers, None)
            rules = []
            while answer.status == 200:
                rules += answer.json['data']
                cursor = answer.json.get('next_cursor')
                if not cursor:
                    Client.rule_statuses = {rule['name']: rule['status'] for rule in rules}
                    break
                answer = self._exchange('GET', f'/v1/rules?limit=200&cursor={cursor}', headers, None)
        return Client.rule_statuses


def _split(keywords, etag=None):
    """Separates what request() takes from headers given as keywords, and adds If-Match where there is an etag."""
    keywords = dict(keywords)
    raw = keywords.pop('raw', None)
    headers = {'If-Match': etag} if etag is not None else {}
    headers |= keywords.pop('headers', {})
    headers |= {name.replace('_', '-'): value for name, value in keywords.items()}
    return {'headers': headers, 'raw': raw}


def raw_exchange(port, request):
    """Sends bytes as they are and answers everything that comes back until the daemon closes or falls silent."""
    with socket.create_connection(('127.0.0.1', port), timeout=REQUEST_TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass     # refused before everything was sent; the answer may be there all the same
        received = b''
        connection.settimeout(5)
        while True:
            try:
                chunk = connection.recv(65536)
            except (socket.timeout, ConnectionResetError):
                return received
            if not chunk:
                return received
            received += chunk


from organisation import Organisation, Person, seed  # noqa: E402  (after what they are made of)

__all__ = ['ABSENT', 'Answer', 'Client', 'Daemon', 'Organisation', 'Person', 'day', 'raw_exchange', 'seed', 'utc_now',
           'without_absent']
