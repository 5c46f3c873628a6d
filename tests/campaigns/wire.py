"""Malformed and ambiguous HTTP, whole and cut, is refused, or read just as nginx reads it.

Each case (wire_cases.py, tests/api/test_framing.py) goes to the daemon directly, and through nginx as deploy/nginx.conf
has it. Between nginx and the daemon lies a tap that writes down what nginx forwarded, which is what nginx read, and
what was answered. Behind each case comes a canary, a good request. Held to be true:

- what the daemon answers directly, and does not refuse, nginx forwarded as a request of its own, with the same answer;
- of what nginx forwards, the daemon answers each request once, in order, by its own id;
- however the bytes are cut, they are read the same.

The short form has each case whole, and cut at a few bytes; in the long form a round is one case cut at every byte.
"""

import json
import re
import select
import shutil
import socket
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import harness
import test_framing as tests
import wire_cases
from campaigning import ROOT
from support import poll

SHORT = 1
AT_ONCE = 12
CUTS = 2                 # of each case in the short form
CUTS_MAX = 500           # of a long one in the long form
IDLE_S = 0.25            # of silence, after which it is asked whether more is to come
SILENT_S = 1             # … and after which nothing does, as far as anybody knows
LIMIT_S = 10
REFUSALS = {400, 413, 414, 417, 431, 501, 503, 505}
CANARY = b'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ID-canary\r\nConnection: close\r\n\r\n'

# Read by the daemon, and not by nginx, which refuses or ends the connection: where RFC 9110 and 9112 say that it is one
# request, and the next begins behind it. Held to be so still.
READ_BY_US_ALONE = {
    'headers: a cookie of 9000': 'nginx takes 8 KiB of a header',
    'lengths: a tab before': 'white space may be a tab (9110, 5.6.3)',
    'codings: a tab before': 'likewise',
    'hosts: a tab before': 'likewise',
    'hosts: empty': 'it is what one sends for a target without a host (9112, 3.2)',
    'methods: TRACE': 'nginx says 405 by itself',
    'expectations: twice': 'it is a list (9110, 10.1.1)',
    'upgrades: a quoted close': 'nginx looks for the letters anywhere',
    'upgrades: a closed door': 'likewise',
    'chunks: CR in an extension': 'the library hides extensions; it ends them at LF, as who takes the CR for a blank',
    'headers: a colon and LF hide the end': 'a known limit (ARCHITECTURE.md): the library hides what would tell of it',
}


# ---- answers, as a client reads them


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.id = headers.get(b'x-request-id', b'').decode('latin-1')

    def closes(self):
        return self.headers.get(b'connection') == b'close'

    def refuses(self):
        return self.status in REFUSALS and self.closes()

    def __repr__(self):
        return f'{self.status} {self.id}'


def _chunked(data):
    """The body and what follows it; None where it is not whole."""
    body = b''
    while True:
        line, found, rest = data.partition(b'\r\n')
        if not found:
            return None
        size = int(line.split(b';')[0], 16)
        if size == 0:
            _, found, rest = (b'\r\n' + rest).partition(b'\r\n\r\n')
            return (body, rest) if found else None
        if len(rest) < size + 2:
            return None
        assert rest[size:size + 2] == b'\r\n', rest[size:size + 2]
        body, data = body + rest[:size], rest[size + 2:]


def _message(data, may_have_body):
    """The first line, the headers, the body and what follows; None where it is not whole."""
    start, found, rest = data.partition(b'\r\n\r\n')
    if not found:
        return None
    first, *lines = start.split(b'\r\n')
    headers = {}
    for line in lines:
        name, _, value = line.partition(b':')
        headers[name.strip().lower()] = value.strip()
    if not may_have_body(first, headers, rest):
        return first, headers, b'', rest
    if headers.get(b'transfer-encoding') == b'chunked':
        chunks = _chunked(rest)
        return (first, headers, *chunks) if chunks else None
    length = int(headers.get(b'content-length', 0))
    return (first, headers, rest[:length], rest[length:]) if len(rest) >= length else None


def _status_has_body(first, headers, rest):
    return first[9:10] != b'1' and first[9:12] not in (b'204', b'304')


def _answer_has_body(first, headers, rest):
    """To HEAD there is none, whatever the length says: then the next answer follows at once, or nothing."""
    bare = not rest or rest.startswith(b'HTTP/1.1 ')
    return _status_has_body(first, headers, rest) and not bare


def answers(data):
    """The answers in a stream, but those of 1xx; and what is left over."""
    made = []
    while data:
        found = _message(data, _answer_has_body)
        if not found or not re.match(rb'HTTP/1\.[01] \d{3} ', found[0]):
            break
        first, headers, body, data = found
        if first[9:10] != b'1':
            made.append(Answer(int(first[9:12]), headers, body))
    return made, data


# ---- the tap


class Tap:
    """Between nginx and the daemon: notes by its id each request that nginx forwarded, and its answer."""

    def __init__(self, port):
        self.upstream = port
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.read = {}          # the id before its hyphen: [(id, first line, body, status), …] in their order
        self.wrong = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                threading.Thread(target=self._relay, args=(self.listener.accept()[0],), daemon=True).start()

    def _relay(self, near):
        sent, received = b'', b''
        with closing(near), closing(socket.create_connection(('127.0.0.1', self.upstream))) as far, suppress(OSError):
            while True:
                for one in select.select([near, far], [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        if received or (one is far and sent):
                            self._note(sent, received, ended=True)
                        return
                    if one is near:
                        sent += data
                    else:
                        received += data
                    # Before nginx has the answer, after which it may forward the next request by another connection.
                    sent, received = self._note(sent, received)
                    (far if one is near else near).sendall(data)

    def _note(self, sent, received, ended=False):
        """Takes whole exchanges off the streams."""
        while received:
            no_body = sent.startswith(b'HEAD ')
            answer = _message(received, (lambda *_: False) if no_body else _status_has_body)
            if not answer or answer[0][9:10] == b'1':
                if not answer:
                    break
                received = answer[3]
                continue
            request = _message(sent, lambda first, headers, rest: True)
            if not request and not ended and answer[0][9:12] not in (b'400', b'413', b'401', b'404', b'431', b'414'):
                break
            if not request:     # answered before all of it had come
                request = (*(_message(sent, lambda *_: False) or (b'', {}, b'', b''))[:2], None, b'')
            first, headers, body, sent = request
            received = answer[3]
            number = headers.get(b'x-request-id', b'').decode('latin-1')
            answered = answer[1].get(b'x-request-id', b'').decode('latin-1')
            refused = answer[1].get(b'connection') == b'close'     # which may be before its id was read
            with self.lock:
                if not first or (number != answered and not refused and re.fullmatch(r'[\w.:-]{1,128}', number)):
                    self.wrong.append(f'{first} with the id {number} was answered as {answered}: {answer[0]}')
                self.read.setdefault(number.partition('-')[0], []).append((number, first, body, int(answer[0][9:12])))
        return sent, received

    def of(self, number):
        with self.lock:
            return list(self.read.get(number, []))

    def close(self):
        self.listener.close()


# ---- both ways


class Wire:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='reviewd-wire-'))
        self.daemon = harness.Daemon(args=['--idle-timeout-s', '30'])
        self.daemon.person('Iris', 'isms@example.org', 'isms_manager')
        self.token = self.daemon.token('isms@example.org').encode()
        self.daemon.start()
        self.tap = Tap(self.daemon.port)
        self.numbers = 0
        self.lock = threading.Lock()
        self.port, self.nginx = None, None
        self._start_nginx()

    def _start_nginx(self):
        with closing(socket.create_server(('127.0.0.1', 0))) as free:
            self.port = free.getsockname()[1]
        site = (ROOT / 'deploy' / 'nginx.conf').read_text()
        site = site[site.index('upstream'):]
        before, _, rest = site.partition('server {\n    listen 80;')
        site = before + rest.partition('\n}\n')[2]        # without the server that leads to TLS
        site = re.sub(r'^ *(ssl_|listen \[|add_header).*\n', '', site, flags=re.M)
        assert 'listen 443 ssl http2;' in site and '127.0.0.1:8080' in site
        site = site.replace('listen 443 ssl http2;', f'listen 127.0.0.1:{self.port};')
        site = site.replace('127.0.0.1:8080', f'127.0.0.1:{self.tap.port}')
        places = ''.join(f'{what}_temp_path {self.folder}/{what};\n'
                         for what in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        (self.folder / 'nginx.conf').write_text(
            f'daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\n'
            f'events {{}}\nhttp {{\naccess_log off;\n{places}{site}\n}}\n')
        program = shutil.which('nginx', path='/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin')
        self.nginx = subprocess.Popen([program, '-e', self.folder / 'error.log', '-p', self.folder, '-c',
                                       self.folder / 'nginx.conf'], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listens():
            with suppress(OSError), closing(socket.create_connection(('127.0.0.1', self.port), timeout=1)):
                return True

        poll(listens, 30, 'nginx did not come up')

    def close(self):
        self.nginx.terminate()
        self.nginx.wait(10)
        self.tap.close()
        self.daemon.stop()
        self.daemon.discard()
        shutil.rmtree(self.folder, ignore_errors=True)

    def filled(self, data):
        """The case's bytes with an id of their own, the canary behind them; and the id."""
        with self.lock:
            self.numbers += 1
            number = f'w{self.numbers:07}'
        data = (data + CANARY).replace(b'AUTH\r\n', b'Authorization: Bearer ' + self.token + b'\r\n')
        return re.sub(rb'X-Request-Id: ID', b'X-Request-Id: ' + number.encode(), data), number

    def talk(self, port, data, cut, done):
        """Sends the bytes, in two pieces where they are cut; what came back, and whether the other end closed. Without
        that it ends once done(what came, seconds of silence) says so."""
        received = b''
        with closing(socket.create_connection(('127.0.0.1', port), timeout=LIMIT_S)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
                if cut is not None:
                    connection.sendall(data[:cut])
                    # Time for the other end to read it by itself, or to say something.
                    select.select([connection], [], [], 0.002)
                connection.sendall(data[cut or 0:])
            silent = 0
            while silent < LIMIT_S:
                connection.settimeout(IDLE_S)
                try:
                    piece = connection.recv(65536)
                except TimeoutError:
                    silent += IDLE_S
                    if done(received, silent):
                        return received, False
                    continue
                except ConnectionResetError:
                    return received, True
                if not piece:
                    return received, True
                received += piece
        return received, False

    def directly(self, data, wanted=None, cut=None):
        """`wanted`: so many answers are to be expected; without it, what there is."""
        def done(received, silent):
            if wanted is None:
                return silent >= SILENT_S
            return silent >= LIMIT_S / 2 or len(answers(received)[0]) >= wanted

        filled, number = self.filled(data)
        received, closed = self.talk(self.daemon.port, filled, cut, done)
        made, rest = answers(received)
        return Reading(number, made, rest, closed)

    def through_nginx(self, data, wanted, cut=None):
        """The id, and the exchanges by it; `wanted`: so many are to be expected."""
        filled, number = self.filled(data)
        self.talk(self.port, filled, cut, lambda _, silent: len(self.tap.of(number)) >= wanted)
        with suppress(AssertionError):      # the tap may have them a moment later
            poll(lambda: len(self.tap.of(number)) >= wanted, 0.5)
        return number, self.tap.of(number)


class Reading:
    """What the daemon made of a case by itself."""

    def __init__(self, number, made, rest, closed):
        self.number, self.answers, self.rest, self.closed = number, made, rest, closed

    def taken(self):
        """The answers before it refused, as (the id's ending, status, name in the record)."""
        taken = []
        for one in self.answers:
            if one.refuses():
                break
            taken.append(shape(one.id, self.number, one.status) + (one.body if one.status == 201 else b'',))
        return taken

    def told(self):
        """All of it, comparable with that of other cuts."""
        return [(one.status, one.id.removeprefix(self.number) if one.id.startswith(self.number) else None)
                for one in self.answers]


def shape(number, own, status):
    return number.removeprefix(own) if number.startswith(own) else None, status


# ---- what is held to be true


class Check:
    def __init__(self, campaign, wire):
        self.campaign, self.wire = campaign, wire
        self.lock = threading.Lock()

    def fail(self, name, what, **case):
        with self.lock:
            self.campaign.failed(f'{name}: {what}', {'name': name, **case})

    def count(self, what, number=1):
        with self.lock:
            self.campaign.count(what, number)

    def whole(self, name, data):
        """Directly and through nginx; answers both readings."""
        ours = self.wire.directly(data)
        taken = ours.taken()
        number, theirs = self.wire.through_nginx(data, len(taken))
        self.count('cases')
        self.count('refused' if not taken else 'read', 1)
        if ours.rest:
            self.fail(name, f'what was answered is no answer: {ours.rest[:200]!r}')
        for one in ours.answers:
            if one.status >= 500 and one.status not in REFUSALS:
                self.fail(name, f'it was answered {one}')
        behind = [index for index, one in enumerate(ours.answers) if one.refuses()]
        if behind and (behind[0] != len(ours.answers) - 1 or not ours.closed):
            self.fail(name, f'after a refusal it went on: {ours.answers}')
        if name in READ_BY_US_ALONE:
            if len(theirs) >= len(taken):
                self.fail(name, 'nginx reads it as well: it is to be held to that')
            return ours, theirs
        for index, (ending, status, body) in enumerate(taken):
            if index >= len(theirs):
                self.fail(name, f'{ending or "it"} was answered {status}; nginx forwarded {self._told(theirs, number)}')
                break
            nginx_ending, nginx_status = shape(theirs[index][0], number, theirs[index][3])
            if (ending, status) != (nginx_ending, nginx_status):
                self.fail(name, f'{ending or "it"} was answered {status}, and nginx read {self._told(theirs, number)}')
                break
            if status == 201 and self._name(body) != self._name(theirs[index][2]):
                self.fail(name, f'another body: {body!r}, by nginx {theirs[index][2]!r}')
        return ours, theirs

    @staticmethod
    def _name(body):
        return json.loads(body)['name'] if body else None

    @staticmethod
    def _told(theirs, number):
        return [(one[0].removeprefix(number), one[3]) for one in theirs]

    def cut(self, name, data, ours, theirs, at, through_nginx):
        other = self.wire.directly(data, len(ours.answers), at)
        self.count('cuts')
        told, wanted = other.told(), ours.told()
        # Whoever closes on bytes that it has not read resets the connection, and what it said may be lost with them.
        shorter = told == wanted[:len(told)] and len(told) < len(wanted)
        lost = shorter and other.closed and ours.answers[len(told)].closes()
        if told != wanted and not lost:
            self.fail(name, f'cut at {at} it is read as {told}, whole as {wanted}', cut=at)
        if not through_nginx or name in READ_BY_US_ALONE:
            return
        number, again = self.wire.through_nginx(data, len(other.taken()), at)
        self.count('cuts through nginx')
        if len(again) < len(other.taken()):
            self.fail(name, f'cut at {at} {other.told()} was answered, of which nginx forwarded '
                            f'{self._told(again, number)}', cut=at)

    def tapped(self):
        with self.wire.tap.lock:
            wrong, self.wire.tap.wrong = self.wire.tap.wrong, []
        for what in wrong:
            self.fail('behind nginx', what)


# ---- the cases

def _rows(test):
    """What a parametrized test of tests/api/test_framing.py is called with."""
    return next(mark for mark in test.pytestmark if mark.name == 'parametrize').args[1]


def _named(data):
    """With an id behind the first line, where that has the form of one."""
    return re.sub(rb'^(\s*[A-Z]+ [^\r\n]* HTTP/1\.[01]\r?\n)', rb'\1X-Request-Id: ID\r\n', data, count=1)


def framing():
    """The cases of tests/api/test_framing.py."""
    one, first = wire_cases.head, b'GET /healthz HTTP/1.1'
    for lines in _rows(tests.test_a_body_whose_end_is_in_doubt):
        known = [line.format(n=len(wire_cases.BODY)).encode('latin-1') for line in lines]
        for what, body in (('plain', wire_cases.BODY), ('chunks', wire_cases.WHOLE)):
            yield f'in doubt: {lines}, {what}', wire_cases.write(*known, body=body)
    for body in _rows(tests.test_chunks_that_do_not_add_up):
        yield f'framing: chunks {body!r}', wire_cases.in_chunks(body)
    for line in _rows(tests.test_header_names_that_are_no_token):
        yield f'framing: name {line!r}', one(first, line)
    for value in _rows(tests.test_control_bytes_in_header_values):
        yield f'framing: value {value!r}', one(first, b'X: ' + value)
    for target in _rows(tests.test_targets_that_mean_another_path):
        yield f'framing: target {target}', one(f'GET {target} HTTP/1.1'.encode())
    for line in _rows(tests.test_first_lines_that_have_not_their_form):
        yield f'framing: line {line!r}', one(line)
    for data, status, _ in _rows(tests.test_the_librarys_own_refusals_are_problems):
        yield f'framing: {data[:50]!r} {status}', _named(data)
    for data in _rows(tests.test_heads_in_order):
        # But an empty Host and what is longer than nginx takes, which are among our own.
        if b'Host: \r' not in data and len(data) < 10_000:
            yield f'framing: in order {data[:50]!r}', _named(data)


def all_cases():
    return [*wire_cases.own(), *framing()]


def cuts_of(data):
    """Every byte; of what is long, every one of its beginning and end, and some between."""
    length = len(data)
    if length <= CUTS_MAX:
        return range(1, length)
    half = CUTS_MAX // 2
    between = range(half, length - half, max(1, (length - CUTS_MAX) // 50))
    return [*range(1, half), *between, *range(length - half, length)]


def run(campaign):
    cases = all_cases()
    wire = Wire()
    check = Check(campaign, wire)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number in campaign.rounds():
                if campaign.limit is not None:
                    chosen = {name: [(campaign.random.randrange(1, len(data)), number % 2 == 0 and index == 0)
                                     for index in range(CUTS)] if len(data) > 1 else [] for name, data in cases}

                    def one(case):
                        ours, theirs = check.whole(*case)
                        for at, through in chosen[case[0]]:
                            check.cut(*case, ours, theirs, at, through)

                    list(pool.map(one, cases))
                else:
                    name, data = cases[number % len(cases)]
                    ours, theirs = check.whole(name, data)
                    list(pool.map(lambda at: check.cut(name, data, ours, theirs, at, True), cuts_of(data)))
                check.tapped()
    finally:
        wire.close()


def replay(campaign, case):
    data = dict(all_cases())[case['name']]
    wire = Wire()
    check = Check(campaign, wire)
    try:
        for _ in campaign.rounds():
            ours, theirs = check.whole(case['name'], data)
            print(f'directly {ours.answers}, rest {ours.rest!r}, closed {ours.closed}; nginx read {theirs}')
            if case.get('cut'):
                check.cut(case['name'], data, ours, theirs, case['cut'], True)
            check.tapped()
    finally:
        wire.close()
