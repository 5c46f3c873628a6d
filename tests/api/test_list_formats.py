"""Every list in every format: what OpenAPI describes as a list is asked for as CSV and as NDJSON, and compared with its
pages of JSON. What is particular to records stands in test_registers.py."""

import csv
import http.client
import io
import json
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

import harness
from support import (ABSENT_ID, assert_comes_early, audit_head, database, drop_triggers, head, peak, plain,  # noqa: F401
                     ready_to_conclude, sha256, shared, statuses, talk, walk, whole_life, without_table)
from test_audit import assert_chain_holds, entry_hash
from test_evidence import is_sanitized
from test_registers import assert_same, raw_cells, risky, shown, with_format
from test_sheets import copied, settle

ENTRIES = 100_000
DESCRIPTION = Path(__file__).resolve().parents[2] / 'openapi' / 'openapi.json'
TYPES = {'csv': 'text/csv', 'ndjson': 'application/x-ndjson'}


def lists():
    """The paths whose JSON is a list, with the formats that they are there in."""
    for path, item in json.loads(DESCRIPTION.read_text())['paths'].items():
        content = item.get('get', {}).get('responses', {}).get('200', {}).get('content', {})
        reference = content.get('application/json', {}).get('schema', {}).get('$ref', '')
        if reference.endswith('List'):
            yield path, content.keys()


LISTS = [path for path, _ in lists()]
# Those that only who may read the audit log may read.
FOR_AUDITORS = [path for path in LISTS if path.startswith('/v1/audit-log') or path.endswith('/sealed-history')]


def not_in_each(path):
    """Members that only some rows have: an approval alone says which minutes were kept."""
    return ('minutes_sha256',) if path.partition('?')[0] == '/v1/audit-log' else ()


def approved_twice(org):
    """Of which two revisions are kept, and which follows up what others have left open."""
    review = ready_to_conclude(org)
    path = f'/v1/reviews/{review["id"]}'
    org.conclude(review)
    org.do(f'{path}/approve', by=org.top)
    org.do(f'{path}/reopen', {'reason': 'A number in the minutes was wrong'}, by=org.top)
    org.change(path, {'title': 'Another, "better" title'})
    org.conclude(review)
    org.do(f'{path}/approve', by=org.top2)
    return review


@pytest.fixture(scope='module')
def life(shared):
    """Of each kind a record, by the name of its collection."""
    records = whole_life(shared)
    approved = approved_twice(shared)
    later = shared.running_review(title='It carries action items')
    shared.change(f'/v1/action-items/{records["item"]["id"]}', {'title': '=HYPERLINK("http://x";"train")'},
                  by=shared.isms)
    shared.isms.client.post('/v1/people', {'name': 'Named by a formula', 'email': 'formula@example.org',
                                           'role': 'employee'}, X_Request_Id='=1+1').expect(201)
    shared.daemon.cli('key', 'rotate')
    shared.attach(f'/v1/reviews/{later["id"]}')
    for name, collection in (('input', 'inputs'), ('decision', 'decisions'), ('follow_up', 'follow-ups')):
        shared.attach(f'/v1/{collection}/{records[name]["id"]}', name='=1+1.csv')
    shared.amendment(records['decision'], deadline=shared.day(95))
    token = shared.new('/v1/calendar-tokens', {'label': '@home'})
    names = {'people': 'person', 'attendees': 'attendee', 'inputs': 'input', 'decisions': 'decision',
             'action-items': 'item', 'amendments': 'amendment', 'follow-ups': 'follow_up', 'attachments': 'attachment',
             'imports': 'import'}
    return {'reviews': approved['id'], 'later': later['id'], 'calendar-tokens': token['id']} | {
        collection: records[name]['id'] for collection, name in names.items()}


def filled(path, life):
    later = path.endswith('/carried-action-items') or path == '/v1/reviews/{id}/attachments'
    collection = 'later' if later else path.split('/')[2]
    path = path.replace('{id}', life.get(collection, ''))
    return f'{path}?q=train' if path == '/v1/search' else path


def items(client, path):
    """What the pages of JSON have; a search has one."""
    if path.startswith('/v1/search'):
        return client.get(path).expect(200).json['data']
    return walk(client, path)


def rows_of(client, path):
    answer = client.get(with_format(path, 'csv')).expect(200)
    return list(shown(path, answer))


def lines_of(client, path):
    body = plain(client, 'GET', with_format(path, 'ndjson')).body.decode()
    return [json.loads(line) for line in body.splitlines()]


def test_no_list_is_json_alone():
    assert len(LISTS) > 40 and {'/v1/audit-log', '/v1/rules', '/v1/search', '/v1/people/{id}/history'} < set(LISTS)
    for path, types in lists():
        assert set(TYPES.values()) < set(types), path


@pytest.mark.parametrize('path', LISTS)
def test_csv_is_the_list(shared, life, path):
    path = filled(path, life)
    expected = items(shared.isms.client, path)
    rows = rows_of(shared.isms.client, path)
    assert len(rows) == len(expected) > 0
    for row, item in zip(rows, expected):
        assert_same(row, item, not_in_each(path))
    # The members as the API shows them, in its order; what is null there says nothing of its columns.
    names = list(dict.fromkeys(name.partition('.')[0] for name in rows[0]))
    assert [name for name in names if name in expected[0] or name not in not_in_each(path)] == list(expected[0])


@pytest.mark.parametrize('path', LISTS)
def test_ndjson_is_the_list(shared, life, path):
    path = filled(path, life)
    answer = shared.isms.client.get(with_format(path, 'ndjson')).expect(200)
    lines = answer.body.decode().split('\n')
    assert lines.pop() == ''
    assert [json.loads(line) for line in lines] == items(shared.isms.client, path)


@pytest.mark.parametrize('path', LISTS)
def test_accept_chooses_and_the_file_has_a_name(shared, life, path):
    path = filled(path, life)
    name = path.partition('?')[0].rpartition('/')[2]
    for form, media_type in TYPES.items():
        answer = shared.isms.client.get(path, Accept=f'{media_type}, application/json;q=0.5').expect(200)
        assert answer.headers['Content-Type'].partition(';')[0] == media_type
        assert answer.headers['Vary'] == 'Accept, Accept-Encoding'
        assert answer.headers['Content-Disposition'] == (
            f'attachment; filename="{name}-{shared.day()}.csv"' if form == 'csv' else None)
        assert answer.headers['Link'] is None
        again = shared.isms.client.get(path, Accept=media_type, If_None_Match=answer.etag)
        assert again.status == 304
        assert shared.isms.client.request('HEAD', with_format(path, form)).expect(200).etag == answer.etag
    assert shared.isms.client.get(path, Accept='*/*').headers['Content-Type'] == 'application/json'
    shared.isms.client.get(path, Accept='text/html').expect(406)


@pytest.mark.parametrize('path', LISTS)
def test_no_cell_is_a_formula(shared, life, path):
    for row in rows_of(shared.isms.client, filled(path, life)):
        for cell, _ in row.values():
            assert not risky(cell) or cell.startswith("'") or cell.lstrip('-').replace('.', '').isdigit(), cell


def test_a_request_id_is_no_formula(shared, life):
    rows = rows_of(shared.isms.client, '/v1/audit-log')
    assert [row['request_id'][0] for row in rows if '1+1' in row['request_id'][0]] == ["'=1+1"]
    hit = next(row for row in rows_of(shared.isms.client, '/v1/search?q=hyperlink'))
    assert hit['title'][0].startswith("'=HYPERLINK")


@pytest.mark.parametrize('path', [path for path in LISTS if path != '/v1/search'])
def test_the_limit_is_a_cap(shared, life, path):
    path = filled(path, life)
    expected = items(shared.isms.client, path)
    for cap in (1, 1000):
        assert lines_of(shared.isms.client, f'{path}?limit={cap}') == expected[:cap]
    body = shared.isms.client.get(f'{path}?limit=1&format=csv').expect(200).body.decode()
    assert len(list(raw_cells(body))) == 2


@pytest.mark.parametrize('path', ['/v1/audit-log', '/v1/audit-log/checkpoints', '/v1/rules', '/v1/keys',
                                  '/v1/people/{id}/history', '/v1/people/{id}/sealed-history',
                                  '/v1/reviews/{id}/revisions'])
@pytest.mark.parametrize('query', ['cursor=x', 'count=true', 'limit=0', 'limit=x', 'limit=-1', 'limit=99999999999',
                                   'colour=red'])
def test_what_does_not_fit_is_refused(shared, life, path, query):
    path = filled(path, life)
    for form in TYPES:
        answer = shared.isms.client.get(f'{path}?format={form}&{query}').expect(400)
        assert answer.violations and answer.headers['Content-Disposition'] is None
    assert shared.isms.client.get(f'{path}?format=xlsx').expect(400, 'query.invalid').violations
    shared.isms.client.get(f'{path}?format=csv&count=false').expect(200)


# ---- pages of JSON, which the same code makes


@pytest.mark.parametrize('path', ['/v1/audit-log/checkpoints', '/v1/audit-log/checkpoints?sort=-seq', '/v1/keys',
                                  '/v1/rules?status=403', '/v1/audit-log?resource=token&sort=-seq',
                                  '/v1/reviews/{id}/revisions', '/v1/reviews/{id}/history',
                                  '/v1/people/{id}/sealed-history'])
def test_pages_are_the_list(shared, life, path):
    path = filled(path, life)
    more = '&' if '?' in path else '?'
    expected = items(shared.isms.client, path)
    assert walk(shared.isms.client, f'{path}{more}limit=1') == expected
    page = shared.isms.client.get(f'{path}{more}count=true&limit={min(len(expected), 200)}').expect(200).json
    assert page['total'] == len(expected) and page['next_cursor'] is None


def test_a_new_key_moves_no_other_to_another_page(shared, life):
    first = shared.isms.client.get('/v1/keys?limit=1').expect(200).json
    expected = walk(shared.isms.client, '/v1/keys')
    shared.daemon.cli('key', 'rotate')
    rest = shared.isms.client.get(f'/v1/keys?limit=1&cursor={first["next_cursor"]}').expect(200).json
    assert rest['data'] == expected[1:2]


# ---- filters, and who may


@pytest.mark.parametrize('path', [
    '/v1/audit-log?resource=review,decision', '/v1/audit-log?event=person.create&sort=-seq', '/v1/audit-log?sort=-seq',
    '/v1/audit-log?actor_id=isms@example.org', '/v1/audit-log?resource_id={review}',
    '/v1/audit-log?resource_id={review}&sort=-seq', '/v1/audit-log?at_before=2001-01-01',
    '/v1/audit-log?at_after={today}&at_before={today}', '/v1/audit-log?resource_id=MR-2001-01',
    '/v1/audit-log/checkpoints?sort=-seq', '/v1/rules?resource=follow_up', '/v1/rules?status=403,409&resource=review',
    '/v1/search?q=train&kind=action_item', '/v1/search?q=train&limit=1', '/v1/search?q=nowhereatall'])
def test_filters_and_order_are_those_of_the_list(shared, life, path):
    path = path.format(review=life['reviews'], today=shared.day())
    expected = items(shared.isms.client, path)
    assert lines_of(shared.isms.client, path) == expected
    rows = rows_of(shared.isms.client, path)
    assert len(rows) == len(expected)
    for row, item in zip(rows, expected):
        assert_same(row, item, not_in_each(path))


@pytest.mark.parametrize('path', ['/v1/audit-log?resource=x', '/v1/audit-log?sort=at', '/v1/audit-log?at_after=x',
                                  '/v1/rules?status=1', '/v1/search?q=', '/v1/search?q=x&limit=201',
                                  '/v1/audit-log/checkpoints?sort=x', '/v1/search?q=x&as_of=2026-01-01T00:00:00Z'])
def test_bad_filters_are_problems_in_any_format(shared, path):
    expected = shared.isms.client.get(path).expect(400)
    for form, media_type in TYPES.items():
        for answer in (shared.isms.client.get(with_format(path, form)), shared.isms.client.get(path, Accept=media_type)):
            assert answer.expect(400).violations == expected.violations


@pytest.mark.parametrize('form', TYPES)
@pytest.mark.parametrize('who', ['employee2', 'head2', 'auditor', 'top'])
def test_nobody_reads_more_of_a_format(shared, life, who, form):
    client = getattr(shared, who).client
    secret = shared.running_review(title=f'Secret {form} {who}', classification='restricted')
    hidden = {**life, 'reviews': secret['id']}
    for path in LISTS:
        for records in (life, hidden) if path.startswith('/v1/reviews/{id}') else (life,):
            path_now = filled(path, records)
            as_json = client.get(path_now)
            answer = client.get(with_format(path_now, form))
            assert answer.status == as_json.status, path_now
            if as_json.status != 200:
                assert answer.json['title'] == as_json.json['title']
                continue
            if form == 'ndjson':
                assert [json.loads(line) for line in answer.body.splitlines()] == items(client, path_now)
            assert who in ('auditor', 'top') or secret['id'].encode() not in answer.body
    if who in ('employee2', 'head2'):
        assert all(client.get(with_format(filled(path, life), form)).status == 403 for path in FOR_AUDITORS)
    absent = client.get(with_format(f'/v1/reviews/{ABSENT_ID}/history', form)).expect(404)
    assert absent.body


def test_without_a_token_there_is_nothing(shared, life):
    for path in LISTS:
        for form in TYPES:
            harness.Client(shared.daemon, None).get(with_format(filled(path, life), form)).expect(401)


def test_a_veiled_member_stays_veiled(shared, life):
    """A follow-up made in a review that its reader does not see: the history does not name it in any format."""
    item = shared.action_item(shared.adopted(shared.running_review(title='Seen', classification='public')))
    secret = shared.running_review(title='Where it was followed up', classification='restricted')
    made = shared.follow_up(item, review_id=secret['id'])
    path = f'/v1/follow-ups/{made["id"]}/history'
    for form in TYPES:
        assert secret['id'].encode() in shared.isms.client.get(with_format(path, form)).expect(200).body
        assert secret['id'].encode() not in shared.employee2.client.get(with_format(path, form)).expect(200).body


# ---- the chain, by an outsider


def test_each_line_of_the_log_is_what_was_hashed(shared, life):
    """Line by line, by the text as it came and by its values, and out of the cells of a CSV."""
    body = plain(shared.isms.client, 'GET', '/v1/audit-log?format=ndjson').body.decode()
    entries = [json.loads(line) for line in body.splitlines()]
    assert_chain_holds(entries)
    for line, entry in zip(body.splitlines(), entries):
        text = line.replace(f'"hash":"{entry["hash"]}",', '', 1)       # that is all that a shell needs
        assert sha256(f'reviewd-audit-1\n{entry["previous_hash"]}\n{text}') == entry['hash']
    for cells in rows_of(shared.isms.client, '/v1/audit-log'):
        entry = {name: cell.removeprefix("'") if raw else None for name, (cell, raw) in cells.items()}
        entry['seq'] = int(entry['seq'])
        digests = {name.partition('.')[2]: entry.pop(name) for name in cells if name.startswith('minutes_sha256.')}
        if any(digests.values()):
            entry['minutes_sha256'] = digests
        assert entry_hash(entry) == entry['hash']


def test_each_sealed_body_is_what_was_hashed(shared, life):
    path = f'/v1/people/{life["people"]}/sealed-history'
    for cells in rows_of(shared.isms.client, path):
        assert sha256(cells['body'][0]) == cells['body_sha256'][0]


def test_a_line_that_was_tampered_with_is_told(shared, life):
    entries = lines_of(shared.isms.client, '/v1/audit-log')
    entries[3]['at'] = '2020-01-01T00:00:00.000Z'
    with pytest.raises(AssertionError):
        assert_chain_holds(entries)


# ---- long ones


@pytest.fixture(scope='module')
def long_log(shared, life):
    """A daemon of its own whose log has 100,000 entries more, put there directly: they are no chain. Of one loop, on which
    all meet, and whose cache of the database is the only one."""
    daemon = copied(shared, REVIEWD_WORKERS=1)
    with closing(database(daemon.data)) as connection:
        newest = connection.execute('SELECT max(seq) FROM audit_log').fetchone()[0]
        connection.execute(
            'WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) '
            'INSERT INTO audit_log SELECT ? + n, at, actor_id, event, resource, resource_id, request_id, body_sha256, '
            "previous_hash, hash, NULL FROM n, audit_log WHERE seq = 1", [ENTRIES, newest])
        connection.commit()
    daemon.restart()
    client = harness.Client(daemon, shared.isms.token)
    yield client
    daemon.stop()
    daemon.discard()


def begun(client, path):
    connection = http.client.HTTPConnection('127.0.0.1', client.daemon.port, timeout=60)
    connection.request('GET', path, headers={'Authorization': f'Bearer {client.token}'})
    return connection, connection.getresponse()


@pytest.mark.parametrize('form', TYPES)
@pytest.mark.parametrize('query', ['', 'sort=-seq', 'limit=54321', 'resource=review,person'])
def test_a_long_log_comes_whole_and_in_order(long_log, form, query):
    answer = plain(long_log, 'GET', f'/v1/audit-log?format={form}&{query}'.rstrip('&'))
    assert answer.status == 200 and answer.headers['Transfer-Encoding'] == 'chunked'
    if form == 'csv':
        seqs = [int(row['seq']) for row in csv.DictReader(io.StringIO(answer.body.decode(), newline=''))]
    else:
        seqs = [json.loads(line)['seq'] for line in answer.body.splitlines()]
    newest = audit_head(long_log)['seq']
    if 'resource' in query:
        assert seqs == sorted(set(seqs)) and len(seqs) == json.loads(
            plain(long_log, 'GET', f'/v1/audit-log?count=true&limit=1&{query}').body)['total']
        return
    expected = list(range(1, newest + 1))
    assert seqs == (expected[::-1] if query == 'sort=-seq' else expected[:54321] if query else expected)


def test_a_filter_that_few_fit_takes_turns(long_log):
    """What is looked at in one go is bounded, so that others are answered meanwhile."""
    newest = audit_head(long_log)['seq']
    for sort in ('seq', '-seq'):
        path = f'/v1/audit-log?format=ndjson&event=review.approve&sort={sort}'
        answer = plain(long_log, 'GET', path)
        assert answer.headers['Transfer-Encoding'] == 'chunked'      # it was not all looked at before the head was sent
        found = [json.loads(line) for line in answer.body.splitlines()]
        assert found and found == walk(long_log, f'/v1/audit-log?event=review.approve&sort={sort}')
        assert all(entry['seq'] <= newest - ENTRIES for entry in found)
    assert plain(long_log, 'GET', '/v1/audit-log?format=ndjson&event=decision.supersede').body == b''
    answer = plain(long_log, 'GET', '/v1/audit-log?format=csv&event=decision.supersede')
    assert answer.status == 200 and answer.body.count(b'\r\n') == 1


def test_the_first_lines_are_there_long_before_the_last(long_log):
    assert_comes_early(lambda: begun(long_log, '/v1/audit-log?format=ndjson'), 40_000_000, 10)


@pytest.mark.parametrize('form', TYPES)
def test_memory_does_not_grow_with_the_log(shared, long_log, form):
    """Forty megabytes go out."""
    if is_sanitized(shared):
        pytest.skip('a sanitizer keeps what was freed')
    path = f'/v1/audit-log?format={form}'
    plain(long_log, 'GET', path)        # the cache of the database is full then
    settle(long_log.daemon)
    few = peak(long_log, f'{path}&limit=1000')
    all_of_them = peak(long_log, path)
    assert all_of_them - few < 3 * 1024, f'{few} KiB for 1,000 entries, {all_of_them} KiB for {ENTRIES}'


def test_others_are_answered_meanwhile(long_log):
    """Exports whose clients read nothing, and one that finds nothing; a third client waits for none of them."""
    under_way = [begun(long_log, f'/v1/audit-log?format={form}')[0] for form in TYPES]
    stop = threading.Event()

    def look():
        client = harness.Client(long_log.daemon, long_log.token)
        while not stop.is_set():
            plain(client, 'GET', '/v1/audit-log?format=ndjson&event=decision.supersede')

    seeker = threading.Thread(target=look)
    seeker.start()
    waits = []
    try:
        for _ in range(100):
            start = time.monotonic()
            long_log.get('/v1/people?limit=1').expect(200)
            waits.append(time.monotonic() - start)
    finally:
        stop.set()
        seeker.join()
        for connection in under_way:
            connection.close()
    assert sorted(waits)[98] < 0.25


def test_the_log_ends_where_it_ended_when_it_was_asked_for(shared, long_log):
    newest = audit_head(long_log)['seq']
    connection, answer = begun(long_log, '/v1/audit-log?format=ndjson')
    with closing(connection):
        answer.read(1000)
        for number in range(3):
            long_log.post('/v1/people', {'name': 'Later', 'email': f'later-{number}@example.org',
                                         'role': 'employee'}).expect(201)
        last = answer.read().splitlines()[-1]
    assert json.loads(last)['seq'] == newest < audit_head(long_log)['seq']


def test_a_client_that_leaves_takes_its_stream_along(long_log):
    for form in TYPES:
        connection, answer = begun(long_log, f'/v1/audit-log?format={form}')
        answer.read(10)
        connection.close()
    long_log.get('/v1/people').expect(200)


@pytest.mark.parametrize('form', TYPES)
@pytest.mark.parametrize('method, line', [('HEAD', None), ('HEAD', 'If-None-Match: *'), ('GET', 'If-None-Match: *')])
def test_nothing_follows_the_head_of_a_stream(long_log, form, method, line):
    """RFC 9110, 13.1.2: what is streamed without a tag is there all the same. Of its length nothing is said."""
    request = head(method, f'/v1/audit-log?format={form}', long_log, *([line] if line else []))
    received, closed = talk(long_log.daemon.port, request, seconds=10)
    assert closed and statuses(received) == [304 if line else 200]
    assert received.count(b'\r\n\r\n') == 1 and received.endswith(b'\r\n\r\n')
    assert b'\r\nVary: Accept, Accept-Encoding\r\n' in received
    assert b'Content-Length' not in received and b'Transfer-Encoding' not in received


def test_a_tag_is_none_of_a_stream(long_log):
    answer = plain(long_log, 'GET', '/v1/audit-log?format=ndjson&limit=300', If_None_Match='"c2d1a0a1b2c3d4e5f60718293a4b5c6d"')
    assert answer.status == 200 and answer.body.count(b'\n') == 300
    assert plain(long_log, 'GET', '/v1/action-items?format=ndjson', If_None_Match='*').status == 304
    assert plain(long_log, 'GET', '/v1/action-items?format=xlsx&limit=1', If_None_Match='*').status == 304


def test_a_history_of_large_versions_is_not_held(shared, long_log, life):
    """600 versions of 20 KB, of which each changes little; few of them make a page."""
    title = 'x' * 20000
    with closing(database(long_log.daemon.data)) as connection:
        drop_triggers(connection)
        row = connection.execute('SELECT body, version FROM version WHERE record_id = ? ORDER BY version DESC LIMIT 1',
                                 [life['people']]).fetchone()
        newest = connection.execute('SELECT max(seq) FROM audit_log').fetchone()[0]
        body = json.loads(row['body'])
        for number in range(1, 601):
            seq, version = newest + number, row['version'] + number
            later = json.dumps(body | {'version': version, 'job_title': title, 'department': f'No. {number}'},
                               sort_keys=True, separators=(',', ':'))
            connection.execute(
                'INSERT INTO audit_log SELECT ?, at, actor_id, event, resource, ?, request_id, body_sha256, '
                'previous_hash, hash, NULL FROM audit_log WHERE seq = 1', [seq, life['people']])
            connection.execute('INSERT INTO version (seq, record_id, version, body) VALUES (?, ?, ?, ?)',
                               [seq, life['people'], version, later])
        connection.commit()
    for kind, least in (('history', 40_000), ('sealed-history', 12_000_000)):
        path = f'/v1/people/{life["people"]}/{kind}?format=ndjson'
        few = max(peak(long_log, f'{path}&limit=60') for _ in range(4))
        answer = plain(long_log, 'GET', path)
        assert len(answer.body) > least and answer.headers['Transfer-Encoding'] == 'chunked'
        versions = [json.loads(line)['version'] for line in answer.body.splitlines()]
        assert versions == list(range(row['version'] + 600, 0, -1))
        assert is_sanitized(shared) or peak(long_log, path) - few < 4 * 1024


def test_a_failure_breaks_the_answer_off(long_log):
    """Last of all: the database is broken then."""
    connection, answer = begun(long_log, '/v1/audit-log?format=ndjson')
    first = answer.read(1000)
    with closing(connection), without_table(long_log.daemon, 'audit_log'), pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert first.startswith(b'{"actor_id"')


# ---- what is packed already


def test_what_is_packed_in_itself_is_not_packed_again(shared, life):
    for path in ('/v1/rules?format=csv', '/v1/audit-log?format=ndjson&limit=20', f'/v1/reviews/{life["reviews"]}/minutes?format=html'):
        assert plain(shared.isms.client, 'GET', path, Accept_Encoding='gzip').headers['Content-Encoding'] == 'gzip'
    for path in ('/v1/people?format=xlsx', f'/v1/reviews/{life["reviews"]}/minutes?format=pdf',
                 f'/v1/reviews/{life["reviews"]}/agenda?format=pdf'):
        answer = plain(shared.isms.client, 'GET', path, Accept_Encoding='gzip')
        assert answer.status == 200 and len(answer.body) > 1024 and answer.headers['Content-Encoding'] is None
        assert answer.headers['ETag'] and '-gzip' not in answer.headers['ETag']
        assert plain(shared.isms.client, 'GET', path, Accept_Encoding='gzip',
                     If_None_Match=answer.headers['ETag']).status == 304
