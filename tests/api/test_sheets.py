"""Sheets (XLSX) of many rows: made while they are sent, and read by programs that have nothing of ours."""

import base64
import http.client
import io
import json
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.utils.escape import unescape
import pytest

import harness
from support import assert_comes_early, database, multiplied, peak, plain, poll, shared, whole_life  # noqa: F401
from test_evidence import is_sanitized

ROWS = 20000
SHEETS_AT_ONCE = 8      # as register.c has it
MOST = 1048575          # rows under the head that the format holds
FIRST = '[Content_Types].xml'
SHEET = 'xl/worksheets/sheet1.xml'
TEXTS = ['<b>&amp;</b>', '=1+1', ' led and followed ', '\nline\n', '\ttab\t', '_x0041_', '_x005F_', '_x0041_x0042_',
         '_x0041\r', '__x0041__', '_x00e9_', '_x0041', 'a\r\nb', '\u202eright\u2066to left', ']]>', '  ',
         'x' * 10000, '漢字 नमस्ते العربية 🎉', "'=1", '"', '&#13;', '\ufeffmark', '\u0085\u2028']


@pytest.fixture(scope='module')
def decision(shared):
    return whole_life(shared)['decision']


@pytest.fixture(scope='module')
def many(shared, decision):
    """20,000 action items, put into the database directly, with texts that cannot be packed well: a sheet of 10 MB."""
    chance = random.Random(93)

    def change(number, row):
        row['reference'] = f'ACT-1999-{number:05d}'
        row['title'] = f'Item {number}'
        row['description'] = base64.b64encode(chance.randbytes(400)).decode()

    return multiplied(shared.daemon.data, 'action_item', ROWS, change)


def fetch(org, query='', path='/v1/action-items'):
    answer = plain(org.isms.client, 'GET', f'{path}?format=xlsx&{query}')
    assert answer.status == 200, answer.body
    return answer.body


def book(body, **how):
    return openpyxl.load_workbook(io.BytesIO(body), **how)


def begun(org, path='/v1/action-items?format=xlsx', daemon=None):
    """A connection on which a sheet is under way, and the answer, of which nothing is read but its head. The system holds
    no more than a few kilobytes of what the client does not read."""
    connection = http.client.HTTPConnection('127.0.0.1', (daemon or org.daemon).port, timeout=60)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sock.settimeout(60)
    connection.sock.connect(('127.0.0.1', connection.port))
    connection.request('GET', path, headers={'Authorization': f'Bearer {org.isms.token}'})
    return connection, connection.getresponse()


def copied(org, **settings):
    """A daemon of its own, on a copy of the organisation's data."""
    daemon = harness.Daemon(env=settings)
    shutil.copytree(org.daemon.data, daemon.data, ignore=shutil.ignore_patterns('*.lock', '*-shm'))
    return daemon.start()


# ---- the file


@pytest.mark.parametrize('count', [0, 1, 2, 49, 50, 51, 100, 101, 5000])
def test_the_ranges_end_with_the_last_row(shared, many, count):
    """Those of the filter and of its name; at the borders of pages, too."""
    query = f'limit={count}' if count else 'q=nowhereatall'
    body = fetch(shared, query)
    loaded = book(body)
    sheet = loaded.active
    last = f'{openpyxl.utils.get_column_letter(sheet.max_column)}{count + 1}'
    assert sheet.max_row == count + 1 and sheet.freeze_panes == 'A2'
    assert sheet.auto_filter.ref == f'A1:{last}'
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        names = re.findall('<definedName (.*?)>(.*?)</definedName>', packed.read('xl/workbook.xml').decode())
        text = packed.read(SHEET).decode()
    column = last.removesuffix(str(count + 1))
    assert names == [('name="_xlnm._FilterDatabase" localSheetId="0" hidden="1"',
                      f"'Action items'!$A$1:${column}${count + 1}")]
    assert '<dimension' not in text and str(MOST + 1) not in text
    assert [int(number) for number in re.findall('<row r="([0-9]+)"', text)] == list(range(1, count + 2))


@pytest.mark.parametrize('count', [1, 60, ROWS])
def test_any_program_unpacks_it(shared, many, tmp_path, count):
    file = tmp_path / 'sheet.xlsx'
    file.write_bytes(fetch(shared, f'limit={count}'))
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None and packed.namelist()[0] == FIRST
    subprocess.run(['unzip', '-tqq', file], check=True)
    subprocess.run(['bsdtar', '-tf', file], check=True, stdout=subprocess.DEVNULL)


def test_nothing_in_it_is_zip64(shared, many):
    """Excel takes a file for damaged that is marked so without need: a local head whose length comes later."""
    body = fetch(shared)
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        for member in packed.infolist():
            assert member.extract_version == 20 and member.compress_type == zipfile.ZIP_DEFLATED, member
            _, needed, _, _, _, _, _, _, _, name, extra = struct.unpack_from('<IHHHHHIIIHH', body, member.header_offset)
            assert needed == 20
            at = member.header_offset + 30 + name
            kinds = extra_fields(body[at:at + extra])
            assert 0x0001 not in kinds and 0x0001 not in extra_fields(member.extra)
            after = at + extra + member.compress_size     # the lengths, in four bytes each
            assert struct.unpack_from('<IIII', body, after) == (0x08074b50, member.CRC, member.compress_size,
                                                                member.file_size)
    assert b'PK\x06\x06' not in body[-200:] and b'PK\x06\x07' not in body[-200:]


def extra_fields(extra):
    kinds = []
    while extra:
        kind, length = struct.unpack_from('<HH', extra)
        kinds.append(kind)
        extra = extra[4 + length:]
    return kinds


@pytest.mark.parametrize('mode', ['whole', 'read-only'])
def test_each_row_is_the_record(shared, many, mode):
    """In either way of reading: all at once, or row by row as it comes out of the archive."""
    sheet = book(fetch(shared, 'limit=150'), read_only=mode == 'read-only').active
    head, *rows = sheet.iter_rows()
    names = [cell.value for cell in head]
    records = json.loads(plain(shared.isms.client, 'GET', '/v1/action-items?limit=150').body)['data']
    assert len(rows) == len(records) == 150
    for record, row in zip(records, rows):
        cells = dict(zip(names, row))
        for name in ('id', 'reference', 'title', 'status', 'version', 'overdue'):
            assert cells[name].value == record[name], name
        assert cells['deadline'].is_date and f'{cells["deadline"].value:%Y-%m-%d}' == record['deadline']
        made = datetime.fromisoformat(record['created_at'].removesuffix('Z'))
        assert abs((cells['created_at'].value - made).total_seconds()) < 0.0006
        assert 'ss' in cells['created_at'].number_format and 'ss' not in cells['deadline'].number_format


def test_it_is_the_same_twice(shared, many):
    """So that a small one has a tag that holds as long as nothing changes."""
    assert fetch(shared, 'limit=500') == fetch(shared, 'limit=500')
    answer = plain(shared.isms.client, 'GET', '/v1/action-items?format=xlsx&limit=5')
    again = plain(shared.isms.client, 'GET', '/v1/action-items?format=xlsx&limit=5', If_None_Match=answer.headers['ETag'])
    assert again.status == 304 and again.body == b''


def test_head_says_what_get_says(shared, many):
    for query in ('limit=5', 'limit=500'):
        head = plain(shared.isms.client, 'HEAD', f'/v1/action-items?format=xlsx&{query}')
        get = plain(shared.isms.client, 'GET', f'/v1/action-items?format=xlsx&{query}')
        assert head.status == 200 and head.body == b''
        for name in ('Content-Type', 'Content-Disposition', 'Content-Length', 'ETag'):
            assert head.headers[name] == get.headers[name], name


@pytest.mark.parametrize('mode', ['whole', 'read-only'])
def test_each_text_comes_back(shared, decision, mode):
    review = shared.running_review(title=f'Texts, {mode}')
    for number, text in enumerate(TEXTS):
        shared.input(review, title=f'Text {number:02d}', summary=text)
    body = fetch(shared, 'sort=title&q=text', f'/v1/reviews/{review["id"]}/inputs')
    head, *rows = book(body, read_only=mode == 'read-only').active.iter_rows()
    summary = [cell.value for cell in head].index('summary')
    assert len(rows) == len(TEXTS)
    for text, row in zip(TEXTS, rows):
        assert row[summary].data_type != 'f'
        # As readers of ST_Xstring (ECMA-376-1, 22.9.2.19) have it, Excel among them; openpyxl leaves escapes as they are.
        assert unescape(row[summary].value) == text


# ---- on its way


def test_the_first_rows_are_there_long_before_the_last(shared, many):
    assert_comes_early(lambda: begun(shared), 8_000_000, 5)


def settle(daemon):
    """A start has work that goes on after it is ready: expiring, a checkpoint. What that takes is no sheet's."""
    seen = {'at': time.monotonic()}

    def steady():
        status = Path(f'/proc/{daemon.process.pid}/status').read_text()
        resident = re.search(r'VmRSS:\s+([0-9]+)', status)[1]
        if resident != seen.get('resident'):
            seen.update(at=time.monotonic(), resident=resident)
        return time.monotonic() - seen['at'] > 2

    poll(steady, 20, 'memory grows while nobody asks')


def test_memory_does_not_grow_with_the_rows(shared, many):
    """Of a daemon that has made no long sheet yet: what it has taken for one it would keep for the next."""
    if is_sanitized(shared):
        pytest.skip('a sanitizer keeps what was freed')
    daemon = copied(shared, REVIEWD_WORKERS=1)      # which of several loops answers is chance, and each has a cache of its own
    client = harness.Client(daemon, shared.isms.token)
    try:
        plain(client, 'GET', '/v1/action-items?format=csv')     # the cache of the database is full then
        settle(daemon)
        few = peak(client, '/v1/action-items?format=xlsx&limit=1000')
        all_of_them = peak(client, '/v1/action-items?format=xlsx')
        assert all_of_them - few < 3 * 1024, f'{few} KiB for 1,000 rows, {all_of_them} KiB for {ROWS}'
    finally:
        daemon.stop()
        daemon.discard()


def held(org):
    """How many files the daemon has open, and what is in its data folder."""
    return len(os.listdir(f'/proc/{org.daemon.process.pid}/fd')), sorted(os.listdir(org.daemon.data))


def test_a_client_that_leaves_leaves_nothing_behind(shared, many):
    """More clients than sheets at once, one after the other: places and files are given back."""
    fetch(shared, 'limit=100')
    shared.isms.client.get('/v1/people?limit=1').expect(200)
    files, names = held(shared)
    for number in range(2 * SHEETS_AT_ONCE):
        connection, answer = begun(shared)
        assert answer.status == 200
        answer.read(1 + 5000 * number)
        connection.close()
        poll(lambda: held(shared)[0] <= files and held(shared)[1] == names, why='something is left of a sheet')
    assert len(fetch(shared)) > 1_000_000


def test_more_at_once_are_put_off(shared, many):
    """Each of them waits for its client, who reads nothing; others are answered."""
    under_way = [begun(shared) for _ in range(SHEETS_AT_ONCE)]
    try:
        assert {answer.status for _, answer in under_way} == {200}
        late = plain(shared.isms.client, 'GET', '/v1/action-items?format=xlsx')
        assert late.status == 503 and late.headers['Retry-After'] == '1'
        assert late.headers['Content-Disposition'] is None
        assert late.headers['Content-Type'] == 'application/problem+json'
        shared.isms.client.get('/v1/people?limit=1').expect(200)
        assert plain(shared.isms.client, 'GET', '/v1/action-items?format=csv&limit=300').status == 200
        assert len(under_way[0][1].read()) > 1_000_000
    finally:
        for connection, _ in under_way:
            connection.close()
    poll(lambda: plain(shared.isms.client, 'GET', '/v1/action-items?format=xlsx&limit=100').status == 200)


def test_what_is_written_meanwhile_is_missed_or_there_but_never_torn(shared, many, decision):
    stop = threading.Event()

    def write():
        client = harness.Client(shared.daemon, shared.isms.token)
        while not stop.is_set():
            client.post(f'/v1/decisions/{decision["id"]}/action-items', shared.action_item_body()).expect(201)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        body = fetch(shared)
    finally:
        stop.set()
        writer.join()
    text = zipfile.ZipFile(io.BytesIO(body)).read(SHEET).decode()
    ids = re.findall('<c r="A[0-9]+" t="inlineStr"><is><t>(.{36})</t>', text)
    assert ids == sorted(set(ids)) and len(ids) >= many
    assert re.search('<autoFilter ref="A1:[A-Z]+([0-9]+)"', text)[1] == str(len(ids) + 1)


# ---- where it cannot be


@pytest.fixture(scope='module')
def crowded(shared, decision):
    """A daemon beside the other, in whose database a view stands for a table: made(count) has so many rows of one."""
    shared.new('/v1/calendar-tokens', {'label': 'Many of this one'})
    daemon = copied(shared)
    with closing(database(daemon.data)) as connection:
        connection.execute('PRAGMA legacy_alter_table = ON')
        connection.execute('PRAGMA foreign_keys = OFF')
        names = [row['name'] for row in connection.execute('PRAGMA table_info(calendar_token)')]
        connection.execute('ALTER TABLE calendar_token RENAME TO one')
        columns = ', '.join(name for name in names if name not in ('key', 'id'))

        def made(count):
            connection.execute('DROP VIEW IF EXISTS calendar_token')
            connection.execute('CREATE VIEW calendar_token AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 '
                               f"FROM n WHERE i < {count}) SELECT i AS key, printf('01890a5d-ac96-774b-bcce-%012x', i) "
                               f'AS id, {columns} FROM (SELECT * FROM one LIMIT 1), n')
            return daemon

        yield made
    daemon.kill()
    daemon.discard()


@pytest.mark.parametrize('count, query, status', [
    (MOST, '', 200), (MOST + 1, '', 400), (MOST + 1, f'limit={MOST}', 200), (MOST + 1, f'limit={MOST + 1}', 400),
    (MOST + 1, 'status=revoked', 200)])
def test_more_than_a_sheet_holds_is_refused_at_once(shared, crowded, count, query, status):
    if is_sanitized(shared) and query:
        pytest.skip('a million rows are counted without a filter; the others take the same way')
    connection, answer = begun(shared, f'/v1/calendar-tokens?format=xlsx&{query}', crowded(count))
    with closing(connection):
        assert answer.status == status
        if status == 400:
            assert b'A sheet holds 1048575 records' in answer.read()
            assert answer.headers['Content-Disposition'] is None
        else:
            assert answer.read(4) == b'PK\x03\x04'


def test_a_server_that_ends_breaks_it_off(shared, many):
    """A client that does not read keeps nobody: what it has got is no sheet."""
    daemon = copied(shared)
    try:
        connection, answer = begun(shared, daemon=daemon)
        with closing(connection):
            assert answer.status == 200
            answer.read(1)
            daemon.stop()
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                answer.read()
    finally:
        daemon.discard()


def test_a_failure_breaks_it_off(shared, many):
    """A database without its table. Last of all: it is broken for a while."""
    connection, answer = begun(shared)
    with closing(connection):
        assert answer.read(4) == b'PK\x03\x04'
        with closing(database(shared.daemon.data)) as other:
            other.execute('PRAGMA legacy_alter_table = ON')
            other.execute('ALTER TABLE action_item RENAME TO lost')
        try:
            with pytest.raises(http.client.IncompleteRead):
                answer.read()
        finally:
            with closing(database(shared.daemon.data)) as other:
                other.execute('PRAGMA legacy_alter_table = ON')
                other.execute('ALTER TABLE lost RENAME TO action_item')
