"""What the tests of the HTTP surface, of access, audit, schema and command line share beyond the harness."""

import hashlib
import http.client
import itertools
import json
import re
import shutil
import socket
import sqlite3
import struct
import time
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

import harness

# Well-formed, and never given out: what stands in for a record that does not exist.
ABSENT_ID = '01890a5d-ac96-774b-bcce-b302099a8057'
ABSENT_REFERENCE = {'MR': 'MR-2001-77', 'DEC': 'DEC-2001-777', 'ACT': 'ACT-2001-7777'}

# A POST to one of these changes a record that is there; any other POST creates one.
VERBS = {'start', 'conclude', 'approve', 'reopen', 'cancel', 'withdraw', 'adopt', 'reject', 'implement', 'supersede',
         'block', 'unblock', 'activate', 'deactivate', 'erase', 'hold', 'release'}

_numbers = itertools.count(1)


# ---- daemons


@pytest.fixture(scope='module')
def shared(populated):
    """One organisation for a whole file: for tests that only read, or whose writes do not meet."""
    daemon = harness.Daemon(env={'REVIEWD_LOG_LEVEL': 'debug'})   # a line for each request, too
    shutil.copytree(populated[0], daemon.data)
    daemon.start()
    try:
        yield harness.seed(daemon, populated[1])
        daemon.stop()
    finally:
        daemon.discard()


@pytest.fixture
def org_of_the_file(request):
    """`org`, where a file imports it as that: the organisation of the whole file. A test that looks at more than its own
    records, or changes the people, is marked `alone`."""
    return request.getfixturevalue('alone' if request.node.get_closest_marker('alone') else 'shared')


@pytest.fixture(scope='module')
def life(shared):
    """One record of each kind, by the name that stands for its id in a path of a table."""
    return SimpleNamespace(**whole_life(shared))


def whole_life(org):
    """A review in progress with one of each, one that is planned, one that is concluded."""
    review = org.running_review(title='The review in progress')
    # Started later, so that it carries nothing, and leaves nothing to carry to the one before it.
    concluded = org.concluded()
    planned = org.review(title='The planned review')
    org.attendee(planned, person_id=org.head.id)
    org.complete_inputs(review)
    decision = org.adopted(review)
    item = org.action_item(decision)
    records = {
        'person': org.person(email=f'subject-{next(_numbers)}@example.org'),
        'planned': planned,
        'review': review,
        'concluded': concluded,
        'attendee': org.attendees(review)[1],
        'input': org.input_of(review, 'd1'),
        'proposed': org.decision(review, title='Not yet adopted'),
        'decision': decision,
        'item': item,
        'follow_up': org.follow_up(item),
        'amendment': org.amendment(item, deadline=org.day(50)),
        'attachment': org.attach(f'/v1/action-items/{item["id"]}'),
        'import': org.imported(),
    }
    return {name: org.get(path_of(name, record['id'])) for name, record in records.items()}


def ready_to_conclude(org):
    """A review in progress with all that conclude wants, also for what earlier reviews left open."""
    review = org.running_review()
    for item in org.get(f'/v1/reviews/{review["id"]}/carried-action-items')['data']:
        org.follow_up(item, review_id=review['id'])
    return org.concludable(review)


COLLECTIONS = {
    'person': 'people', 'planned': 'reviews', 'review': 'reviews', 'concluded': 'reviews', 'approved': 'reviews',
    'attendee': 'attendees', 'input': 'inputs', 'proposed': 'decisions', 'decision': 'decisions',
    'item': 'action-items', 'follow_up': 'follow-ups', 'amendment': 'amendments',
    'attachment': 'attachments', 'import': 'imports',
}


def path_of(name, record_id):
    return f'/v1/{COLLECTIONS[name]}/{record_id}'


def fill(path, records):
    """'/v1/reviews/{review}' with the ids of the records; other text may be among them."""
    known = vars(records) if isinstance(records, SimpleNamespace) else records
    return path.format(**{name: one['id'] if isinstance(one, dict) else one for name, one in known.items()})


def if_match(method, path):
    """The condition that a change needs and that a creation has no use for."""
    changes = method == 'PATCH' or path.partition('?')[0].rpartition('/')[2] in VERBS
    return {'If-Match': '*'} if changes else {}


def fresh_email():
    return f'somebody-{next(_numbers)}@example.org'


def person_body(**over):
    return {'name': 'Petra Person', 'email': fresh_email(), 'role': 'employee'} | over


def token_id(daemon, label):
    listed = json.loads(daemon.cli('token', 'list', '--json').stdout)
    listed = listed['data'] if isinstance(listed, dict) else listed
    return next(one['id'] for one in listed if one['label'] == label)


def poll(check, seconds=5, why='it did not happen in time'):
    """The first true answer of check(); fails when none came within the time."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, why
        time.sleep(0.01)


def after(instant):
    """Waits until it is later: what is written in the same millisecond is part of how it was then."""
    poll(lambda: harness.utc_now().isoformat(timespec='milliseconds')[:23] > instant[:23])


# ---- HTTP below the harness


class Plain:
    """An answer as it came, for tests in which the harness's own checks do not apply."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def __repr__(self):
        return f'{self.status}\n{self.headers}{self.body!r}'

    @property
    def json(self):
        return json.loads(self.body)

    def names(self, *besides):
        """Its headers without those that differ from one answer to the next."""
        left_out = {'date', *(name.lower() for name in besides)}
        return {name.lower(): value for name, value in self.headers.items() if name.lower() not in left_out}


def plain(client, method, path, body=None, **headers):
    """One exchange on a connection of its own, with just these headers and the client's token."""
    if client.token:
        headers.setdefault('Authorization', f'Bearer {client.token}')
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(harness.without_absent(body)).encode()
        headers.setdefault('Content-Type', 'application/json')
    headers = {name.replace('_', '-'): value for name, value in headers.items() if value is not None}
    with closing(http.client.HTTPConnection('127.0.0.1', client.daemon.port, timeout=30)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader('Content-Length', str(len(body)))
        try:
            connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            # Refused before everything was sent: the answer is there all the same, unless the daemon is gone.
            if connection.sock is None:
                raise
        return Plain(connection.getresponse())


def talk(port, data, seconds=5):
    """Sends bytes; answers what came back and whether the daemon closed the connection within the time."""
    with socket.create_connection(('127.0.0.1', port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass      # refused before everything was sent
        received = b''
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            connection.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                chunk = connection.recv(65536)
            except ConnectionResetError:
                return received, True
            except TimeoutError:
                break
            if not chunk:
                return received, True
            received += chunk
        return received, False


def abandon(port, data):
    """Sends bytes and resets the connection at once, as a crashed client does."""
    connection = socket.create_connection(('127.0.0.1', port), timeout=5)
    connection.sendall(data)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()


def head(method, path, client, *lines, host=True):
    """The head of a raw request, with the client's token."""
    fixed = [f'{method} {path} HTTP/1.1'] + (['Host: reviewd.test'] if host else [])
    if client.token:
        fixed.append(f'Authorization: Bearer {client.token}')
    as_bytes = [line if isinstance(line, bytes) else line.encode() for line in [*fixed, *lines]]
    return b'\r\n'.join(as_bytes) + b'\r\n\r\n'


def statuses(received):
    """The status of each answer in a raw stream of answers; a body need not end its last line."""
    return [int(status) for status in re.findall(rb'HTTP/1\.1 (\d{3}) ', received)]


# ---- lists, logs, figures


def pages(client, path, seconds=60):
    """Every page of a list, by following next_cursor."""
    deadline = time.monotonic() + seconds
    cursor = ''
    while True:
        page = client.get(f'{path}{"&" if "?" in path else "?"}{cursor}'.rstrip('?&')).expect(200)
        yield page
        if page.json['next_cursor'] is None:
            return
        assert time.monotonic() < deadline, 'the list does not end'
        cursor = f'cursor={page.json["next_cursor"]}'


def walk(client, path):
    """Every record of a list."""
    return [record for page in pages(client, path) for record in page.json['data']]


@contextmanager
def without_table(daemon, table):
    """A database that has lost a table, for a while."""
    def rename(name, to):
        with closing(database(daemon.data)) as other:
            other.execute('PRAGMA foreign_keys = OFF')
            other.execute('PRAGMA legacy_alter_table = ON')
            other.execute(f'ALTER TABLE {name} RENAME TO {to}')

    rename(table, 'lost')
    try:
        yield
    finally:
        rename('lost', table)


def assert_comes_early(begin, least, part):
    """The first rows long before the last, by a ratio of the same run, since machines differ; once of three times."""
    for _ in range(3):
        began = time.monotonic()
        connection, answer = begin()
        with closing(connection):
            answer.read(200_000)        # the first bytes alone would be the head
            came = time.monotonic() - began
            assert len(answer.read()) > least
            took = time.monotonic() - began
        if came < took / part:
            return
    raise AssertionError(f'the first rows came after {came:.3f} s of {took:.3f} s')


def peak(client, path):
    """What the daemon has held at most while it answered, in KiB."""
    process = Path(f'/proc/{client.daemon.process.pid}')
    (process / 'clear_refs').write_text('5')
    assert plain(client, 'GET', path).status == 200
    return int(re.search(r'VmHWM:\s+([0-9]+)', (process / 'status').read_text())[1])


def walked(client, path):
    """Every record of a long list. The harness's check of each against OpenAPI takes a minute here; short ones have it."""
    records, cursor = [], ''
    while cursor is not None:
        page = json.loads(plain(client, 'GET', f'{path}&{cursor}'.rstrip('&')).body)
        records += page['data']
        cursor = page['next_cursor'] and f'cursor={page["next_cursor"]}'
    return records


def audit_entries(client):
    """The whole audit log, oldest first."""
    return sorted(walk(client, '/v1/audit-log?limit=200'), key=lambda entry: entry['seq'])


def audit_head(client):
    return client.get('/v1/audit-log/head').expect(200).json


def metric(daemon, part, not_in=()):
    """The sum of the samples whose name contains this; None when there is none."""
    text = harness.Client(daemon, None).get('/metrics').expect(200).body.decode()
    values = [float(line.rsplit(' ', 1)[1]) for line in text.splitlines()
              if not line.startswith('#') and part in (name := line.partition('{')[0].partition(' ')[0])
              and not name.endswith(not_in)]
    return sum(values) if values else None


def suspended(daemon):
    """How many connections wait for their write; the gauge, not what adds up over time."""
    return metric(daemon, 'suspended', not_in=('_total', '_bucket', '_sum', '_count'))


def is_well(org):
    """Nothing waits, and it reads and writes."""
    assert suspended(org.daemon) is not None, '/metrics has no gauge of suspended connections'
    poll(lambda: suspended(org.daemon) == 0, 10, 'suspended connections were left behind')
    org.new('/v1/people', person_body())
    org.get('/v1/people')
    return True


# ---- the database behind the daemon's back


def database(data):
    """The daemon's database, opened as an administrator with the sqlite3 shell would."""
    connection = sqlite3.connect(Path(data) / 'reviewd.db', isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute('PRAGMA foreign_keys = ON')
    return connection


def multiplied(data, table, count, change):
    """Puts so many copies of a table's first row into the database directly, older than all others by their ids; what
    else differs is up to change(number, row)."""
    with closing(database(data)) as connection:
        row = dict(connection.execute(f'SELECT * FROM {table} ORDER BY id LIMIT 1').fetchone())
        del row['key']
        connection.execute('BEGIN IMMEDIATE')
        for number in range(count):
            row['id'] = f'01890a5d-ac96-774b-bcce-{number:012x}'
            change(number, row)
            connection.execute(f'INSERT INTO {table} ({", ".join(row)}) VALUES ({", ".join("?" * len(row))})',
                               list(row.values()))
        connection.execute('COMMIT')
    return count


def drop_triggers(connection):
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')


def rows_stored(data):
    """How many rows each table holds, but for what is written on the side: last use of a token, sessions, and the index
    of words, which the housekeeping goes on with once a second."""
    with closing(database(data)) as connection:
        tables = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND "
            "name NOT LIKE '%words%'").fetchall()]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}


# ---- RFC 7396, RFC 8785


def merge(target, patch):
    """RFC 7396, section 2, to the letter."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    return value


def es_number(number):
    """A number as ECMAScript writes it: shortest digits, exponents from 1e21 and below 1e-6."""
    if isinstance(number, int) and abs(number) <= 2 ** 53:
        return str(number)
    if number == 0:
        return '0'
    sign, digits, exponent = Decimal(repr(float(number))).normalize().as_tuple()
    text, point = ''.join(map(str, digits)), len(digits) + exponent
    if len(text) <= point <= 21:
        shown = text + '0' * (point - len(text))
    elif 0 < point <= 21:
        shown = f'{text[:point]}.{text[point:]}'
    elif -6 < point <= 0:
        shown = f'0.{"0" * -point}{text}'
    else:
        mantissa = text[0] + (f'.{text[1:]}' if len(text) > 1 else '')
        shown = f'{mantissa}e{"+" if point > 1 else "-"}{abs(point - 1)}'
    return f'-{shown}' if sign else shown


def canonical(value):
    """RFC 8785. Member names here are ASCII, for which code points and UTF-16 sort the same."""
    if isinstance(value, dict):
        members = (f'{canonical(name)}:{canonical(value[name])}' for name in sorted(value))
        return '{' + ','.join(members) + '}'
    if isinstance(value, list):
        return '[' + ','.join(map(canonical, value)) + ']'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return es_number(value)
    return json.dumps(value, ensure_ascii=False)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()
