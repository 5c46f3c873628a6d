"""Lists as CSV, NDJSON and XLSX, read as their users do: by Python's csv module, line by line, by openpyxl."""

import csv
import http.client
import io
import json
import re
import threading
import time
import zipfile
from contextlib import closing
from datetime import date, datetime

import openpyxl
from openpyxl.utils.escape import unescape
import pytest

import harness
from support import (ABSENT_ID, after, audit_entries, head, multiplied, plain, shared, talk, walk, walked,  # noqa: F401
                     whole_life, without_table)

LISTS = ['/v1/people', '/v1/reviews', '/v1/inputs', '/v1/decisions', '/v1/action-items', '/v1/follow-ups',
         '/v1/reviews/{review}/attendees', '/v1/reviews/{review}/inputs', '/v1/reviews/{review}/decisions',
         '/v1/reviews/{review}/carried-action-items', '/v1/decisions/{decision}/action-items',
         '/v1/decisions/{decision}/amendments', '/v1/action-items/{item}/amendments',
         '/v1/action-items/{item}/follow-ups', '/v1/attachments', '/v1/decisions/{decision}/attachments',
         '/v1/calendar-tokens']
TYPES = {'csv': 'text/csv; charset=utf-8', 'ndjson': 'application/x-ndjson',
         'xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'}
OBJECTS = {'resources', 'source', 'suitability', 'adequacy', 'effectiveness', 'before', 'after'}
NASTY = ['=1+1', '+1', '-1+1', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1', '＋1', '－1', '＠x', "'=1", "''=1", " =1", "' +1",
         "'tis", "'", "''", ' ', 'a;b', 'a,b', 'say "x"', 'two\r\nlines', '<b>&amp;', '{"a":1}', '[]', 'true', '1',
         '1e5', 'null', '\u202eright to left', 'Ωмега 漢字 नमस्ते العربية 🎉', 'x' * 200]


def risky(text):
    """Whether a spreadsheet would take it for a formula, once it has dropped spaces and apostrophes."""
    return bool(re.match(r"[' ]*[=+\-@\t\r\n＝＋－＠]", text))


def cell_text(cell):
    return cell[1:] if cell.startswith("'") and risky(cell) else cell


def with_format(path, name):
    return f'{path}{"&" if "?" in path else "?"}format={name}'


@pytest.fixture(scope='module')
def life(shared):
    """Records of each kind, with every sort of text in them."""
    records = whole_life(shared)
    review = records['review']
    for text in NASTY:
        shared.input(review, title=text if text.strip() else 'blank', summary=text, conclusion='')
    shared.input(review, title='With a source', source={'system': '=cmd()', 'reference': '', 'period_start': None},
                 metrics=[{'name': '-1', 'value': -0.5, 'target': 1e21, 'comparator': 'lte'}])
    decision = records['decision']
    shared.action_item(decision, title='=HYPERLINK("http://x")', description='', resources={},
                       deadline=shared.day(10))
    shared.action_item(decision, title='Resources', deadline=shared.day(20),
                       resources={'budget_amount': 1234.5, 'currency': 'EUR', 'note': '-5 "days", more'})
    shared.action_item(decision, title='A negative thing', deadline=shared.day(30), resources={'effort_days': 0.25})
    shared.attach(f'/v1/decisions/{decision["id"]}', name='=1+1.csv')
    shared.new('/v1/calendar-tokens', {'label': '@home'})
    return {name: record['id'] for name, record in records.items()}


# ---- the three forms tell the same


def shown(path, answer):
    """The records of a CSV as the API shows them: what an import has to be able to do."""
    rows = csv.reader(io.StringIO(answer.body.decode('utf-8'), newline=''), strict=True)
    names = next(rows)
    texts = raw_cells(answer.body.decode('utf-8'))
    next(texts)
    for row, raw in zip(rows, texts, strict=True):
        assert len(row) == len(names) == len(raw)
        yield dict(zip(names, zip(row, raw)))


def raw_cells(text):
    """The cells of each line as they stand, with their quotes: only so can an empty text be told from none."""
    for line in re.findall(r'(?:"(?:[^"]|"")*"|[^"\r\n])*\r\n', text):
        yield re.findall(r'("(?:[^"]|"")*"|[^",]*)(?:,|\r\n)', line)


def value_of(cells, expected):
    """What a cell holds, by the type that its field has."""
    cell, raw = cells
    if isinstance(expected, bool):
        return {'true': True, 'false': False}[cell]
    if isinstance(expected, (int, float)):
        return json.loads(cell)
    if isinstance(expected, list):
        return json.loads(cell)
    if expected is None:
        assert raw == ''
        return None
    assert cell != '' or raw == '""'
    return cell_text(cell)


def assert_same(row, record, absent=()):
    """A row of CSV and a record of JSON; of what records may lack, all cells are empty."""
    known = {column for column in row if column.partition('.')[0] in absent and column.partition('.')[0] not in record}
    assert all(row[name][1] == '' for name in known)
    for name, expected in record.items():
        if name in row:
            known.add(name)
            if isinstance(expected, dict):     # of any shape: before and after of amendments
                assert json.loads(row[name][0]) == expected
            else:
                assert value_of(row[name], expected) == expected, name
            continue
        columns = [column for column in row if column.startswith(f'{name}.')]
        known |= set(columns)
        assert columns, f'no column for {name}'
        if expected is None:
            assert all(row[column][1] == '' for column in columns), name
        elif all(value is None for value in expected.values()):
            assert row[columns[0]][0] == '{}'
        else:
            assert {column.partition('.')[2] for column in columns} == set(expected)
            for column in columns:
                member = expected[column.partition('.')[2]]
                assert value_of(row[column], member) == member, column
    assert known == set(row)


@pytest.mark.parametrize('path', LISTS)
def test_csv_loses_nothing(shared, life, path):
    path = path.format(**life)
    records = walk(shared.isms.client, path)
    answer = shared.isms.client.get(with_format(path, 'csv')).expect(200)
    assert answer.headers['Content-Type'] == TYPES['csv']
    rows = list(shown(path, answer))
    assert len(rows) == len(records)
    for row, record in zip(rows, records):
        assert_same(row, record)


@pytest.mark.parametrize('path', LISTS)
def test_ndjson_is_the_list(shared, life, path):
    path = path.format(**life)
    answer = shared.isms.client.get(with_format(path, 'ndjson')).expect(200)
    assert answer.headers['Content-Type'] == TYPES['ndjson']
    lines = answer.body.decode('utf-8').split('\n')
    assert lines.pop() == ''
    assert [json.loads(line) for line in lines] == walk(shared.isms.client, path)


@pytest.mark.parametrize('path', LISTS)
def test_a_sheet_is_the_list_in_types(shared, life, path):
    path = path.format(**life)
    answer = shared.isms.client.get(with_format(path, 'xlsx')).expect(200)
    assert answer.headers['Content-Type'] == TYPES['xlsx']
    assert answer.headers['Content-Length'] in (None, str(len(answer.body)))     # a long one is made while it is sent
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    head, *rows = sheet.iter_rows()
    names = [cell.value for cell in head]
    assert names == next(csv.reader(io.StringIO(
        shared.isms.client.get(with_format(path, 'csv')).body.decode('utf-8'), newline='')))
    records = walk(shared.isms.client, path)
    assert len(rows) == len(records)
    assert sheet.freeze_panes == 'A2'
    assert sheet.auto_filter.ref == f'A1:{sheet.cell(len(records) + 1, len(names)).coordinate}'
    for row, record in zip(rows, records):
        for name, cell in zip(names, row):
            assert_cell(name, cell, record)


def assert_cell(name, cell, record):
    outer, _, member = name.partition('.')
    expected = record[outer]
    if member and expected is not None:
        if not any(value is not None for value in expected.values()):
            return
        expected = expected[member]
    assert cell.data_type != 'f', 'a formula'
    if expected is None or expected == '':
        assert cell.value is None
    elif isinstance(expected, (list, dict)):
        assert json.loads(cell.value) == expected
    elif isinstance(expected, str) and re.fullmatch(r'\d{4}-\d\d-\d\d', expected):
        assert cell.is_date and cell.value.date() == date.fromisoformat(expected)
    elif isinstance(expected, str) and re.fullmatch(r'\d{4}-\d\d-\d\dT[\d:.]{12}Z', expected):
        moment = datetime.fromisoformat(expected.removesuffix('Z'))
        assert cell.is_date and abs((cell.value - moment).total_seconds()) < 0.002
    elif isinstance(expected, (bool, int, float)):
        assert cell.value == expected and isinstance(cell.value, bool) == isinstance(expected, bool)
    else:
        assert cell.value.replace('_x000D_', '\r').replace('\r\n', '\n') == expected.replace('\r\n', '\n'), name


# ---- CSV


def test_the_lines_end_as_in_rfc_4180_and_the_head_has_no_mark(shared, life):
    body = shared.isms.client.get('/v1/people?format=csv').expect(200).body
    assert body.startswith(b'id,version,created_at')
    assert body.endswith(b'\r\n') and body.count(b'\n') == body.count(b'\r\n')


def test_no_cell_is_a_formula(shared, life):
    for path in LISTS:
        body = shared.isms.client.get(with_format(path.format(**life), 'csv')).body.decode('utf-8')
        rows = csv.reader(io.StringIO(body, newline=''))
        head = next(rows)
        for row in rows:
            for name, cell in zip(head, row):
                number = re.fullmatch(r'-?\d+(\.\d+)?(e[+-]?\d+)?', cell)
                assert number or not risky(cell) or cell.startswith("'"), (path, name, cell)


def test_numbers_stay_numbers(shared, life):
    body = shared.isms.client.get('/v1/action-items?format=csv').body.decode('utf-8')
    row = next(one for one in csv.DictReader(io.StringIO(body, newline='')) if one['title'] == 'Resources')
    assert (row['resources.budget_amount'], row['resources.currency']) == ('1234.5', 'EUR')
    assert row['resources.note'] == "'-5 \"days\", more"


def test_an_apostrophe_that_is_no_guard_stays_alone(shared, life):
    body = shared.isms.client.get(f'/v1/reviews/{life["review"]}/inputs?format=csv').body.decode('utf-8')
    titles = {row['title'] for row in csv.DictReader(io.StringIO(body, newline=''))}
    assert {"'tis", "'=1+1", "''=1", "'''=1", "' =1", "'＝1"} <= titles


# ---- how they are asked for


@pytest.mark.parametrize('accept, name', [
    ('text/csv', 'csv'), ('text/csv;q=0.9, application/json;q=0.5', 'csv'), ('application/x-ndjson', 'ndjson'),
    (TYPES['xlsx'], 'xlsx'), ('text/html, text/*', 'csv')])
def test_accept_chooses(shared, accept, name):
    answer = shared.isms.client.get('/v1/people', Accept=accept).expect(200)
    assert answer.headers['Content-Type'] == TYPES[name]
    assert 'Accept' in answer.headers['Vary']


@pytest.mark.parametrize('path, name', [
    ('/v1/action-items', 'action-items'), ('/v1/reviews/{review}/carried-action-items', 'carried-action-items')])
def test_the_file_has_a_name(shared, life, path, name):
    for form in ('csv', 'xlsx'):
        answer = shared.isms.client.get(with_format(path.format(**life), form)).expect(200)
        assert answer.headers['Content-Disposition'] == f'attachment; filename="{name}-{shared.day()}.{form}"'
    for form in ('json', 'ndjson'):
        answer = shared.isms.client.get(with_format(path.format(**life), form)).expect(200)
        assert answer.headers['Content-Disposition'] is None


@pytest.mark.parametrize('query', ['format=pdf', 'format=', 'format=csv&format=csv', 'format=csv&cursor=x',
                                   'format=csv&count=true', 'format=csv&limit=0', 'format=csv&limit=x',
                                   'format=csv&limit=-1', 'format=csv&limit=99999999999', 'format=csv&sort=x',
                                   'format=csv&colour=red', 'format=xlsx&status=x', 'format=xlsx&cursor=x'])
def test_what_does_not_fit_is_refused(shared, query):
    answer = shared.isms.client.get(f'/v1/action-items?{query}').expect(400)
    assert answer.violations and answer.headers['Content-Disposition'] is None


def test_the_limit_is_a_cap(shared, life):
    path = f'/v1/reviews/{life["review"]}/inputs'
    records = walk(shared.isms.client, path)
    assert len(records) > 30
    for cap in (1, 30, 1000):
        body = shared.isms.client.get(f'{path}?format=ndjson&limit={cap}').body
        assert [json.loads(line) for line in body.splitlines()] == records[:cap]
    body = shared.isms.client.get(f'{path}?format=csv&limit=3&count=false').expect(200).body
    assert body.count(b'\r\n') >= 4


@pytest.mark.parametrize('query', [
    'sort=title', 'sort=-title', 'sort=-created_at', 'status=open', 'q=train', 'overdue=false', 'priority=high',
    'deadline_after={day}&sort=deadline', 'owner_id=employee@example.org&sort=-deadline', 'status=cancelled'])
def test_filters_and_order_are_those_of_the_list(shared, life, query):
    path = '/v1/action-items?' + query.format(day=shared.day(15))
    records = walk(shared.isms.client, path)
    body = shared.isms.client.get(with_format(path, 'ndjson')).expect(200).body
    assert [json.loads(line) for line in body.splitlines()] == records
    sheet = openpyxl.load_workbook(io.BytesIO(shared.isms.client.get(with_format(path, 'xlsx')).body)).active
    assert [row[0].value for row in list(sheet.iter_rows())[1:]] == [record['id'] for record in records]


def test_what_was_is_told_as_it_was(shared, life):
    """as_of holds for every form of a list."""
    review = shared.running_review(title='As it was')
    one = shared.input(review, title='Before')
    instant = shared.get(f'/v1/inputs/{one["id"]}')['updated_at']
    after(instant)
    shared.change(f'/v1/inputs/{one["id"]}', {'title': 'After'})
    path = f'/v1/reviews/{review["id"]}/inputs?sort=-title&as_of={instant}'
    records = walk(shared.isms.client, path)
    assert 'Before' in [record['title'] for record in records]
    body = shared.isms.client.get(with_format(path, 'ndjson')).expect(200).body
    assert [json.loads(line) for line in body.splitlines()] == records
    assert b'Before' in shared.isms.client.get(with_format(path, 'csv')).body
    sheet = openpyxl.load_workbook(io.BytesIO(shared.isms.client.get(with_format(path, 'xlsx')).body)).active
    assert [row[0].value for row in list(sheet.iter_rows())[1:]] == [record['id'] for record in records]
    assert 'Before' in [cell.value for row in sheet.iter_rows() for cell in row]


def test_withdrawn_ones_come_where_they_are_asked_for(shared, life):
    one = shared.input(shared.get(f'/v1/reviews/{life["review"]}'), title='Taken back')
    shared.do(f'/v1/inputs/{one["id"]}/withdraw', {'reason': 'Entered twice'})
    assert b'Taken back' not in shared.isms.client.get('/v1/inputs?format=csv').body
    assert b'Taken back' in shared.isms.client.get('/v1/inputs?format=csv&withdrawn=true').body


def test_a_new_word_is_found_at_once(shared, life):
    shared.person(name='Xylophon Spieler', email='xylophon@example.org')
    for form in ('ndjson', 'csv'):
        assert b'Xylophon' in shared.isms.client.get(f'/v1/people?q=xylophon&format={form}').body
    sheet = openpyxl.load_workbook(io.BytesIO(shared.isms.client.get('/v1/people?q=xylophon&format=xlsx').body)).active
    assert sheet.max_row == 2


def test_an_empty_list_is_a_head(shared, life):
    path = '/v1/action-items?status=cancelled'
    assert shared.isms.client.get(with_format(path, 'ndjson')).expect(200).body == b''
    body = shared.isms.client.get(with_format(path, 'csv')).expect(200).body
    assert body.startswith(b'id,') and body.count(b'\n') == 1
    sheet = openpyxl.load_workbook(io.BytesIO(shared.isms.client.get(with_format(path, 'xlsx')).body)).active
    assert sheet.max_row == 1


def test_a_small_register_has_a_tag_and_is_packed(shared, life):
    answer = shared.isms.client.get('/v1/people?format=csv').expect(200)
    again = plain(shared.isms.client, 'GET', '/v1/people?format=csv', If_None_Match=answer.etag)
    assert again.status == 304 and again.body == b''
    packed = plain(shared.isms.client, 'GET', '/v1/people?format=csv', Accept_Encoding='gzip')
    assert packed.headers['Content-Encoding'] == 'gzip'
    assert answer.etag != shared.isms.client.get('/v1/people?format=ndjson').etag


@pytest.mark.parametrize('form', TYPES)
def test_head_is_answered_like_get(shared, form):
    answer = shared.isms.client.request('HEAD', f'/v1/people?format={form}').expect(200)
    assert answer.headers['Content-Type'] == TYPES[form] and answer.body == b''
    shared.isms.client.get('/v1/people').expect(200)


# ---- who sees what


@pytest.mark.parametrize('form', TYPES)
@pytest.mark.parametrize('who', ['employee', 'employee2', 'head2', 'auditor', 'top'])
def test_what_is_not_seen_leaves_no_trace(shared, life, who, form):
    secret = shared.running_review(title=f'Secret {form} {who}', classification='restricted')
    shared.action_item(shared.adopted(secret, title='Secret decision'), title='Secret item', owner_id=shared.isms.id)
    client = getattr(shared, who).client
    for path in ('/v1/action-items', '/v1/decisions', '/v1/reviews', '/v1/inputs'):
        answer = client.get(with_format(path, form)).expect(200)
        seen = {record['id'] for record in walk(client, path)}
        if form == 'xlsx':
            sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
            assert {row[0].value for row in list(sheet.iter_rows())[1:]} == seen
            with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
                text = b''.join(packed.read(name) for name in packed.namelist()).decode()
        else:
            text = answer.body.decode('utf-8')
        ids = set(re.findall(r'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}', text))
        assert seen <= ids
        if who in ('employee2', 'head2'):
            assert secret['id'] not in text and 'Secret' not in text
    path = f'/v1/reviews/{secret["id"]}/decisions'
    assert client.get(with_format(path, form)).status == client.get(path).status


def test_without_a_token_there_is_nothing(shared):
    for form in TYPES:
        harness.Client(shared.daemon, None).get(f'/v1/people?format={form}').expect(401)


# ---- texts at the limits


def test_a_text_too_long_for_a_sheet_is_cut_and_says_so(shared, life):
    review = shared.running_review(title='Long')
    decision = shared.decision(review, title='Long texts', statement='🎉' * 20000, rationale='ß' * 20000)
    path = f'/v1/reviews/{review["id"]}/decisions'
    sheet = openpyxl.load_workbook(io.BytesIO(shared.isms.client.get(with_format(path, 'xlsx')).body)).active
    row = {head.value: cell.value for head, cell in zip(*list(sheet.iter_rows())[:2])}
    assert row['rationale'] == 'ß' * 20000
    statement = row['statement']
    assert statement.endswith('[cut: the whole text is in the other formats]') and statement.startswith('🎉' * 16000)
    assert len(statement.encode('utf-16-le')) // 2 <= 32767
    assert shared.get(f'/v1/decisions/{decision["id"]}')['statement'] == '🎉' * 20000


def test_odd_characters_come_through(shared, life):
    text = 'tab\t, line\u2028, zero\u200bwidth, \ufeffmark, \u0085, _x0041_, _x0042\r, <![CDATA[ ]]> & \ufffe \uffff \U0001fffe'
    review = shared.running_review(title='Odd')
    shared.input(review, title='Odd characters', summary=text)
    path = f'/v1/reviews/{review["id"]}/inputs?sort=title'
    body = shared.isms.client.get(with_format(path, 'csv')).body.decode('utf-8')
    row = next(one for one in csv.DictReader(io.StringIO(body, newline='')) if one['title'] == 'Odd characters')
    assert row['summary'] == text
    answer = shared.isms.client.get(with_format(path, 'xlsx')).expect(200)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active       # well-formed XML
    rows = [{head.value: cell.value for head, cell in zip(sheet[1], row)} for row in sheet.iter_rows(min_row=2)]
    found = next(row['summary'] for row in rows if row['title'] == 'Odd characters')
    # As readers of ST_Xstring (ECMA-376, 22.9.2.19) have it, Excel among them; openpyxl leaves escapes as they are.
    assert unescape(found) == text.replace('\ufffe', '\ufffd').replace('\uffff', '\ufffd')       # XML knows no other


# ---- many


FEW = (7, 1500, *range(1980, 2015), 4005, 4999)       # those around the 2,000th, where one turn ends


@pytest.fixture(scope='module')
def many(shared, life):
    """5,000 action items, put into the database directly."""
    def change(number, row):
        row['reference'] = f'ACT-1999-{number:04d}'
        row['title'] = f'Item {number % 7} of many' + (', a zebra' if number >= 3500 else '')
        row['priority'] = 'critical' if number in FEW else 'low'

    multiplied(shared.daemon.data, 'action_item', 5000, change)
    shared.action_item(shared.get(f'/v1/decisions/{life["decision"]}'))     # takes them into the index of words
    return 5000


@pytest.mark.parametrize('query', ['', 'sort=title', 'sort=-title', 'sort=-deadline', 'limit=4321'])
def test_thousands_of_rows_come_whole_and_in_order(shared, many, query):
    answer = plain(shared.isms.client, 'GET', f'/v1/action-items?format=ndjson&{query}')
    assert answer.status == 200 and answer.headers['Transfer-Encoding'] == 'chunked'
    assert answer.headers['ETag'] is None and answer.headers['Content-Encoding'] is None
    got = [json.loads(line) for line in answer.body.splitlines()]
    expected = walked(shared.isms.client, f'/v1/action-items?limit=200&{query}'.rstrip('&')) if 'limit' not in query else \
        walked(shared.isms.client, '/v1/action-items?limit=200')[:4321]
    assert got == expected
    assert len(got) == len({record['id'] for record in got})


@pytest.mark.parametrize('form', TYPES)
def test_nothing_follows_the_head_of_a_stream(shared, many, form):
    """No last chunk either, which a client would take for the beginning of its next answer."""
    request = head('HEAD', f'/v1/action-items?format={form}', shared.isms.client)
    received, _ = talk(shared.daemon.port, request, seconds=1)
    assert received.startswith(b'HTTP/1.1 200 ') and received.endswith(b'\r\n\r\n')
    assert received.count(b'\r\n\r\n') == 1


@pytest.mark.parametrize('query, count', [
    ('q=many', 5000), ('q=zebra', 1500), ('q=zebra&sort=title', 1500), ('q=zebra&sort=-title', 1500),
    ('q=zebra&limit=1203', 1203), ('q=zebra+item&status=cancelled', 0)])
def test_words_that_are_found_often_are_looked_up_once(shared, many, query, count):
    """The finds lie together, so that pages without any come before them."""
    answer = plain(shared.isms.client, 'GET', f'/v1/action-items?format=ndjson&{query}')
    got = [json.loads(line) for line in answer.body.splitlines()]
    path = '/v1/action-items?' + re.sub(r'limit=\d+', '', query)
    assert got == walked(shared.isms.client, f'{path}&limit=200'.replace('&&', '&'))[:count]
    assert len(got) == count
    sheet = plain(shared.isms.client, 'GET', f'/v1/action-items?format=xlsx&{query}')
    sheet = openpyxl.load_workbook(io.BytesIO(sheet.body), read_only=True).active
    assert sum(1 for _ in sheet.iter_rows()) == count + 1


@pytest.mark.parametrize('form', ['csv', 'ndjson'])
@pytest.mark.parametrize('query', ['', '&sort=title', '&sort=-title', '&sort=-deadline', '&sort=-created_at', '&limit=38', '&q=many'])
def test_a_filter_that_few_fit_takes_turns(shared, many, query, form):
    """What is looked at in one go is bounded, so that others are answered meanwhile: the head is sent before all was."""
    path = f'/v1/action-items?priority=critical{query}'
    answer = plain(shared.isms.client, 'GET', f'{path}&format={form}')
    assert answer.status == 200 and answer.headers['Transfer-Encoding'] == 'chunked'
    expected = walked(shared.isms.client, path.replace('limit=38', ''))[:38 if 'limit' in query else None]
    assert len(expected) == (38 if 'limit' in query else len(FEW))
    assert re.findall(rb'ACT-1999-\d{4}', answer.body) == [record['reference'].encode() for record in expected]


def test_where_an_index_leads_to_few_there_are_no_turns(shared, many):
    owner = shared.isms.client.get('/v1/action-items?priority=critical&limit=1').json['data'][0]['owner_id']
    for query, is_led, found in ((f'owner_id={shared.head2.id}', True, 0), (f'owner_id={shared.head2.id},{owner}', False, len(FEW)),
                                 (f'owner_id={owner}', False, len(FEW)), (f'created_by={owner}', False, 0),
                                 (f'predecessor_id={ABSENT_ID}', False, 0)):
        answer = plain(shared.isms.client, 'GET', f'/v1/action-items?priority=critical&{query}&format=ndjson')
        assert (answer.headers['ETag'] is not None) == is_led, query
        assert answer.body.count(b'\n') == found


@pytest.mark.parametrize('query', ['sort=title', 'sort=-title', 'sort=-deadline', 'sort=updated_at', 'sort=-title&limit=3210', 'limit=201',
                                   'sort=title&priority=critical', 'priority=critical', 'q=many', 'q=zebra&sort=-title'])
def test_what_an_index_leads_to_comes_in_any_order(shared, many, query):
    """A parent's, and an owner's: by turns within them, as the pages of JSON have them."""
    one = shared.get('/v1/action-items?limit=1')['data'][0]
    for path in (f'/v1/decisions/{one["decision_id"]}/action-items?{query}', f'/v1/action-items?owner_id={one["owner_id"]}&{query}'):
        got = [json.loads(line) for line in plain(shared.isms.client, 'GET', f'{path}&format=ndjson').body.splitlines()]
        cap = re.search(r'limit=(\d+)', path)
        assert got == walked(shared.isms.client, re.sub(r'limit=\d+', '', path) + '&limit=200')[:int(cap[1]) if cap else None]
        assert got


def test_what_few_see_and_what_was_takes_turns_too(shared, many):
    now = max(entry['at'] for entry in audit_entries(shared.isms.client))
    for client, query in ((shared.employee2.client, ''), (shared.isms.client, f'&as_of={now}')):
        path = f'/v1/action-items?limit=200{query}'
        answer = plain(client, 'GET', path.replace('limit=200', 'format=ndjson'))
        assert answer.headers['Transfer-Encoding'] == 'chunked'
        assert [json.loads(line) for line in answer.body.splitlines()] == walked(client, path)


def test_words_of_others_are_no_rows_of_ones_own(shared, many):
    for form in ('ndjson', 'csv'):
        body = plain(shared.employee2.client, 'GET', f'/v1/action-items?q=zebra&format={form}').body
        assert b'zebra' not in body


def test_thousands_of_rows_are_one_sheet(shared, many):
    answer = plain(shared.isms.client, 'GET', '/v1/action-items?format=xlsx')
    assert answer.status == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body), read_only=True).active
    assert sum(1 for _ in sheet.iter_rows()) > many


@pytest.mark.parametrize('form', TYPES)
def test_others_are_answered_meanwhile(shared, many, form):
    """Two exports under way, whose clients read nothing yet; a third client waits for neither."""
    connections = [http.client.HTTPConnection('127.0.0.1', shared.daemon.port, timeout=60) for _ in range(2)]
    try:
        for connection in connections:
            connection.request('GET', f'/v1/action-items?format={form}',
                               headers={'Authorization': f'Bearer {shared.isms.token}'})
        waits = []
        for _ in range(100):
            began = time.monotonic()
            shared.isms.client.get('/v1/people?limit=1').expect(200)
            waits.append(time.monotonic() - began)
        assert sorted(waits)[98] < 0.25
        for connection in connections:
            answer = connection.getresponse()
            assert answer.status == 200 and len(answer.read()) > 100_000
    finally:
        for connection in connections:
            connection.close()


def test_a_client_that_leaves_takes_its_stream_along(shared, many):
    for form in TYPES:
        connection = http.client.HTTPConnection('127.0.0.1', shared.daemon.port, timeout=60)
        connection.request('GET', f'/v1/action-items?format={form}',
                           headers={'Authorization': f'Bearer {shared.isms.token}'})
        connection.getresponse().read(10)
        connection.close()
    shared.isms.client.get('/v1/people').expect(200)


def test_what_is_written_meanwhile_is_missed_or_there_but_never_torn(shared, many):
    decision = shared.adopted(shared.running_review(title='Meanwhile'))
    stop = threading.Event()

    def write():
        client = harness.Client(shared.daemon, shared.isms.token)
        while not stop.is_set():
            client.post(f'/v1/decisions/{decision["id"]}/action-items', shared.action_item_body()).expect(201)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        body = plain(shared.isms.client, 'GET', '/v1/action-items?format=csv').body.decode('utf-8')
    finally:
        stop.set()
        writer.join()
    rows = list(csv.DictReader(io.StringIO(body, newline='')))
    ids = [row['id'] for row in rows]
    assert ids == sorted(set(ids)) and len(ids) >= many
    assert all(None not in row and None not in row.values() for row in rows)


def test_a_failure_breaks_the_answer_off(shared, many):
    """A database without its table: what is begun does not end like a whole answer. Last of all: it is broken then."""
    connection = http.client.HTTPConnection('127.0.0.1', shared.daemon.port, timeout=60)
    connection.request('GET', '/v1/action-items?format=ndjson', headers={'Authorization': f'Bearer {shared.isms.token}'})
    answer = connection.getresponse()
    first = answer.read(1000)
    with closing(connection), without_table(shared.daemon, 'action_item'), pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert first.startswith(b'{"id"')
