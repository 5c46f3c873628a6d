"""Evidence files: who may add, read and withdraw them, when, and how much of them there may be.

The bytes themselves stand in test_attachments.py.
"""

import hashlib
import http.client
import json
import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import harness
from files import CSV, MIB, PARENTS, PDF, content, disposition, file_part, form, limited, pdf, send, send_form
from support import (ABSENT_ID, abandon, after, audit_entries, database, fill, life, plain, poll, rows_stored,  # noqa: F401
                     shared, walk)


@pytest.fixture
def small(populated):
    """A factory: an organisation whose limits are given."""
    made = []

    def start(**settings):
        made.append(limited(populated, **settings))
        return made[-1]

    yield start
    try:
        for org in made:
            org.daemon.stop()
    finally:
        for org in made:
            org.daemon.discard()


def contents(org):
    """(contents, pieces, records, noted bytes) in the database."""
    with closing(database(org.daemon.data)) as connection:
        return tuple(connection.execute(sql).fetchone()[0] for sql in (
            'SELECT count(*) FROM content', 'SELECT count(*) FROM content_chunk', 'SELECT count(*) FROM attachment',
            'SELECT bytes FROM content_total'))


def open_files(org):
    """What the daemon has open in its data folder beside the database: files on their way in."""
    folder = f'/proc/{org.daemon.process.pid}/fd'
    found = []
    for descriptor in os.listdir(folder):
        try:
            target = os.readlink(f'{folder}/{descriptor}')
        except FileNotFoundError:
            continue
        if target.startswith(os.path.realpath(org.daemon.data)) and '(deleted)' in target:
            found.append(target)
    return found


AT_HOME = {'reviewd.db', 'reviewd.db-wal', 'reviewd.db-shm', 'serve.lock', 'checkpoint.lock', 'keys'}


def left_behind(org):
    return sorted(set(os.listdir(org.daemon.data)) - AT_HOME) + open_files(org)


def is_sanitized(org):
    return harness.is_sanitized(org.daemon)


def resident(org):
    for line in Path(f'/proc/{org.daemon.process.pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) * 1024


# ---- who may

# What hangs where, then who may add to it and withdraw of it: top isms head employee auditor. The head attends the
# review; the action item is the employee's.
WRITERS = [
    ('reviews/{review}', 'yes yes no no no'),
    ('inputs/{input}', 'yes yes yes no no'),
    ('decisions/{proposed}', 'yes yes no no no'),
    ('action-items/{item}', 'yes yes no yes no'),
    ('follow-ups/{follow_up}', 'yes yes no yes no'),
]
ROLES = ('top', 'isms', 'head', 'employee', 'auditor')


@pytest.mark.parametrize('parent, who', WRITERS)
@pytest.mark.parametrize('role', ROLES)
def test_who_writes_the_record_writes_its_files(shared, life, parent, who, role):
    client = getattr(shared, role).client
    path = '/v1/' + fill(parent, life)
    there = shared.attach(path)
    client.get(f'/v1/attachments/{there["id"]}').expect(200)
    added = send(client, path, CSV, 'a.csv', '?dry_run=true')
    gone = client.verb(f'/v1/attachments/{there["id"]}/withdraw?dry_run=true', {'reason': 'Not it'})
    if who.split()[ROLES.index(role)] == 'yes':
        added.expect(201)
        gone.expect(200)
    else:
        added.expect(403, 'access.role')
        gone.expect(403, 'access.role')


def test_a_head_adds_to_inputs_of_reviews_attended_alone(shared, life):
    path = f'/v1/inputs/{life.input["id"]}'
    shared.head2.client.get(path).expect(200)
    send(shared.head2.client, path, CSV).expect(403, 'access.role')


def test_a_token_to_read_with(shared, life):
    record = life.attachment
    reader = harness.Client(shared.daemon, shared.daemon.token(shared.isms.email, read_only=True))
    assert content(reader, record).expect(200).body
    send(reader, f'/v1/reviews/{life.review["id"]}', CSV, 'a.csv').expect(403, 'access.read_only_token')


@pytest.mark.parametrize('parent', PARENTS)
def test_what_may_not_be_seen_is_not_there(shared, parent):
    """Not in a list, a count or a search, not by its id, nor by its bytes, which may be known from elsewhere."""
    review = shared.running_review(classification='restricted')
    decision = shared.adopted(review, owner_id=shared.isms.id)
    item = shared.action_item(decision, owner_id=shared.isms.id)
    records = {'review': review, 'input': shared.input_of(review, 'e'), 'proposed': shared.decision(review),
               'item': item, 'follow_up': shared.follow_up(item)}
    path = '/v1/' + parent.format(**{name: one['id'] for name, one in records.items()})
    word = f'zyzzyva{review["id"][-6:]}'
    record = shared.attach(path, f'{word} {parent}'.encode(), f'{word}.txt')
    stranger, attending = shared.top2.client, shared.head.client      # of the review, nobody and somebody
    for who, seen in ((attending, True), (shared.auditor.client, True), (stranger, False)):
        found = [one['id'] for one in walk(who, '/v1/attachments?limit=200')]
        assert (record['id'] in found) == seen
        listed = who.get(f'/v1/attachments?q={word}&count=true').expect(200).json
        assert listed['total'] == len(listed['data']) == seen
        listed = who.get(f'/v1/attachments?review_id={review["id"]}&count=true').expect(200).json
        assert listed['total'] == seen
        for below in ('', '/content', '/history'):
            who.get(f'/v1/attachments/{record["id"]}{below}').expect(200 if seen else 404)
        who.get(f'{path}/attachments').expect(200 if seen else 404)
    answer = content(stranger, record, **{'If-None-Match': f'"{record["sha256"]}"', 'Range': 'bytes=9999-'}).expect(404)
    assert word.encode() not in answer.body
    send(stranger, path, CSV).expect(404)
    stranger.verb(f'/v1/attachments/{record["id"]}/withdraw', {'reason': 'Not it'}).expect(404)


def test_owners_see_the_files_of_what_they_own(shared):
    """As they see it, without the review that it is of; and not the files of the rest."""
    review = shared.running_review(classification='restricted')
    decision = shared.adopted(review, owner_id=shared.head2.id)
    item = shared.action_item(decision, owner_id=shared.employee2.id)
    on_item = shared.attach(f'/v1/action-items/{item["id"]}', by=shared.employee2)
    on_follow_up = shared.attach(f'/v1/follow-ups/{shared.follow_up(item)["id"]}', by=shared.employee2)
    on_decision = shared.attach(f'/v1/decisions/{decision["id"]}')
    on_review = shared.attach(f'/v1/reviews/{review["id"]}')
    everything = {one['id'] for one in (on_item, on_follow_up, on_decision, on_review)}
    for who, seen in ((shared.employee2, [on_item, on_follow_up]), (shared.head2, [on_decision])):
        found = {one['id'] for one in walk(who.client, '/v1/attachments?limit=200')}
        assert found & everything == {one['id'] for one in seen}
        for one in seen:
            assert content(who.client, one).expect(200).body == b'host,critical\nweb01,0\n'


def test_without_a_token_nothing_is_read(shared, life):
    anyone = harness.Client(shared.daemon, None)
    path = f'/v1/reviews/{life.review["id"]}'
    send(anyone, path, CSV).expect(401)
    send(anyone, path, pdf(3 * MIB)).expect(401)
    anyone.get(f'/v1/attachments/{life.attachment["id"]}/content').expect(401)
    # Who asks first is told at once, and has sent nothing.
    with socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=10) as connection:
        connection.sendall(f'POST {path}/attachments HTTP/1.1\r\nHost: x\r\nContent-Length: {20 * MIB}\r\n'
                           'Expect: 100-continue\r\n\r\n'.encode())
        assert connection.recv(100).startswith(b'HTTP/1.1 401 ')


# ---- when


def test_frozen_reviews_keep_what_they_have(org):
    review = org.running_review()
    asked, decision = org.input_of(review, 'e'), org.adopted(review)
    item = org.action_item(decision)
    paths = [f'/v1/{one}' for one in (f'reviews/{review["id"]}', f'inputs/{asked["id"]}', f'decisions/{decision["id"]}')]
    there = [org.attach(path) for path in paths]
    org.concluded(review)
    for path, record in zip(paths, there):
        send(org.isms.client, path, CSV).expect(409, 'review.frozen')
        org.isms.client.verb(f'/v1/attachments/{record["id"]}/withdraw', {'reason': 'Not it'}).expect(409, 'review.frozen')
        assert content(org.isms.client, record).expect(200).body
    # What carries the decision out lives on.
    for path in (f'/v1/action-items/{item["id"]}', f'/v1/follow-ups/{org.follow_up(item)["id"]}'):
        record = org.attach(path)
        org.do(f'/v1/attachments/{record["id"]}/withdraw', {'reason': 'Not it'})
    org.do(f'/v1/reviews/{review["id"]}/reopen', {'reason': 'A file was overlooked in it.'}, by=org.top)
    org.attach(paths[0])


def test_what_has_ended_keeps_what_it_has(org):
    review = org.running_review()
    added, decision = org.input(review), org.decision(review)
    item, other = (org.action_item(org.adopted(review)) for _ in range(2))
    ended = [('inputs', added, 'input.withdrawn'), ('decisions', decision, 'decision.ended'),
             ('action-items', item, 'action_item.ended'), ('action-items', other, 'action_item.ended')]
    there = [org.attach(f'/v1/{collection}/{one["id"]}') for collection, one, _ in ended]
    org.do(f'/v1/inputs/{added["id"]}/withdraw', {'reason': 'Not needed'})
    org.do(f'/v1/decisions/{decision["id"]}/reject', {'reason': 'Too dear'})
    org.cancelled_item(other)
    org.closed(item)
    for (collection, one, rule), record in zip(ended, there):
        send(org.isms.client, f'/v1/{collection}/{one["id"]}', CSV).expect(409, rule)
        org.isms.client.verb(f'/v1/attachments/{record["id"]}/withdraw', {'reason': 'Not it'}).expect(409, rule)
    # The evidence of the follow-up that closed it can only come afterwards.
    last = walk(org.isms.client, f'/v1/action-items/{item["id"]}/follow-ups')[-1]
    assert last['kind'] == 'effectiveness'
    org.attach(f'/v1/follow-ups/{last["id"]}')


def test_withdrawn_with_a_reason_and_never_deleted(org):
    path = f'/v1/reviews/{org.running_review()["id"]}'
    record = org.attach(path)
    verb = f'/v1/attachments/{record["id"]}/withdraw'
    org.isms.client.verb(verb, {}).expect(422, 'attachment.reason.required')
    org.isms.client.post(verb, {'reason': 'Not it'}).expect(428)
    gone = org.do(verb, {'reason': 'Of another month'})
    assert (gone['withdrawn'], gone['withdrawn_reason'], gone['version']) == (True, 'Of another month', 2)
    assert walk(org.isms.client, f'{path}/attachments') == []
    assert walk(org.isms.client, f'{path}/attachments?withdrawn=true') == [gone]
    assert content(org.isms.client, gone).expect(200).body
    org.isms.client.verb(verb, {'reason': 'Again'}).expect(409, 'transition.not_allowed')
    for method in ('DELETE', 'PATCH', 'PUT'):
        org.isms.client.request(method, f'/v1/attachments/{record["id"]}', {}).expect(405)
    events = [one['event'] for one in walk(org.isms.client, f'/v1/attachments/{record["id"]}/history')]
    assert events == ['attachment.withdraw', 'attachment.create']


def test_files_as_they_were(org):
    """A list and a record of the past; withdrawn since, and added since."""
    path = f'/v1/reviews/{org.running_review()["id"]}'
    record = org.attach(path)
    then = org.attach(path, name='later.csv')['created_at']
    after(then)
    org.do(f'/v1/attachments/{record["id"]}/withdraw', {'reason': 'Of another month'})
    org.attach(path, name='last.csv')
    assert [one['name'] for one in walk(org.isms.client, f'{path}/attachments?as_of={then}')] == ['scan.csv', 'later.csv']
    assert org.get(f'/v1/attachments/{record["id"]}?as_of={then}') == record
    assert [one['name'] for one in walk(org.isms.client, f'{path}/attachments')] == ['later.csv', 'last.csv']


def test_the_audit_log_knows_the_digest(org):
    record = org.attach(f'/v1/reviews/{org.running_review()["id"]}')
    entry = audit_entries(org.isms.client)[-1]
    assert (entry['event'], entry['resource_id']) == ('attachment.create', record['id'])
    changes = org.get(f'/v1/attachments/{record["id"]}/history')['data'][0]['changes']
    assert changes['sha256'] == record['sha256'] and changes['size'] == record['size']


# ---- how much


@pytest.mark.parametrize('how', ['raw', 'form', 'chunked', 'declared'])
def test_a_file_that_is_too_large(small, how):
    org = small(attachment_max_bytes=100_000)
    path = f'/v1/reviews/{org.review()["id"]}'
    before = contents(org)

    def attempt(size):
        data = pdf(size)
        if how == 'form':
            return send_form(org.isms.client, path, file_part(data, 'a.pdf'))
        if how == 'chunked':
            status, body = chunked(org, path, data)
            return harness.Answer(('POST', path, {}, b''), status, {'Content-Type': 'application/problem+json'}, body)
        return send(org.isms.client, path, data, 'a.pdf')

    assert attempt(100_000).status == 201
    for size in (100_001, 300_000, 5 * MIB):
        answer = attempt(size)
        assert answer.status == 413 and answer.json['type'] == '/problems/too-large', answer.body
        assert '100000 bytes' in answer.json['detail']
    assert contents(org)[0] == before[0] + 1
    assert left_behind(org) == []
    if how == 'declared':      # who asks first sends nothing
        with socket.create_connection(('127.0.0.1', org.daemon.port), timeout=10) as connection:
            connection.sendall(f'POST {path}/attachments HTTP/1.1\r\nHost: x\r\nContent-Length: {20 * MIB}\r\n'
                               f'Authorization: Bearer {org.isms.token}\r\nExpect: 100-continue\r\n\r\n'.encode())
            assert connection.recv(100).startswith(b'HTTP/1.1 413 ')


def chunked(org, path, data):
    with closing(http.client.HTTPConnection('127.0.0.1', org.daemon.port, timeout=30)) as connection:
        pieces = (data[at:at + 7000] for at in range(0, len(data), 7000))
        connection.request('POST', f'{path}/attachments', pieces, {
            'Authorization': f'Bearer {org.isms.token}', 'Content-Disposition': disposition('a.pdf')},
            encode_chunked=True)
        response = connection.getresponse()
        return response.status, response.read()


def test_a_json_body_keeps_its_own_limit(small):
    org = small(attachment_max_bytes=1024, body_max_bytes=200_000)
    org.review(scope='x' * 5000)
    send(org.isms.client, '/v1/reviews/MR-%s-01' % org.day()[:4], pdf(1025)).expect(413)
    org.isms.client.post('/v1/reviews', {'title': 'x' * 300_000}).expect(413)


def test_all_files_together(small):
    """507 once the evidence would outgrow its limit; the same bytes count once; what is there can be read."""
    org = small(attachments_total_max_mib=1)
    path = f'/v1/reviews/{org.review()["id"]}'
    first = pdf(600_000)
    record = send(org.isms.client, path, first).expect(201).json
    for query, key in (('', {}), ('?dry_run=true', {}), ('', {'Idempotency-Key': 'full-key-1'})):
        answer = org.isms.client.post(f'{path}/attachments{query}', raw=pdf(600_000), headers={
            'Content-Disposition': disposition('b.pdf'), **key}).expect(507)
        assert answer.json['type'] == '/problems/storage-full'
    again = send(org.isms.client, path, first, 'another name.pdf').expect(201).json
    assert again['sha256'] == record['sha256'] and again['id'] != record['id']
    rest = MIB - 600_000
    send(org.isms.client, path, pdf(rest + 1)).expect(507)
    send(org.isms.client, path, pdf(rest)).expect(201)
    send(org.isms.client, path, b'x', 'x.txt').expect(507)
    assert contents(org)[3] == MIB
    assert content(org.isms.client, record).expect(200).body == first
    # A refusal for want of room is not what the key stands for.
    org.daemon.stop()
    org.daemon.env['REVIEWD_ATTACHMENTS_TOTAL_MAX_MIB'] = '2'
    org.daemon.start()
    data = pdf(600_000)
    for status in (201, 201):
        org.isms.client.post(f'{path}/attachments', raw=data, headers={
            'Content-Disposition': disposition('b.pdf'), 'Idempotency-Key': 'full-key-1'}).expect(status)
    assert contents(org)[0] == 3


def test_the_same_bytes_are_kept_once(org):
    review = org.running_review()
    path, data = f'/v1/reviews/{review["id"]}', pdf(MIB)
    before = contents(org)
    records = [send(org.isms.client, path, data, f'{n}.pdf').expect(201).json for n in range(3)]
    records.append(send(org.isms.client, f'/v1/inputs/{org.input_of(review, "e")["id"]}', data).expect(201).json)
    assert contents(org) == (before[0] + 1, before[1] + 32, before[2] + 4, before[3] + MIB)
    org.do(f'/v1/attachments/{records[0]["id"]}/withdraw', {'reason': 'Not it'})
    assert all(content(org.isms.client, one).expect(200).body == data for one in records)
    # Also where they come at the same time.
    data = pdf(MIB)

    def one(number):
        client = harness.Client(org.daemon, org.isms.token)
        return send(client, path, data, f'{number}.pdf').expect(201).json['sha256']

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {hashlib.sha256(data).hexdigest()}
    assert contents(org)[0] == before[0] + 2


# ---- once more, and only in thought


def test_a_key_stands_for_one_file(org):
    path = f'/v1/reviews/{org.running_review()["id"]}'

    def attempt(data=CSV, name='a.csv', query='', **more):
        return send(org.isms.client, path, data, name, query, Idempotency_Key='one-key-for-it', **more)

    first = attempt().expect(201)
    again = attempt().expect(201)
    assert again.json == first.json and again.headers['Idempotent-Replayed'] == 'true'
    for other in ({'data': CSV + b'x'}, {'name': 'b.csv'}, {'query': '?description=x'}, {'Content_Type': 'text/csv'}):
        attempt(**other).expect(422, 'idempotency.mismatch')
    assert len(walk(org.isms.client, f'{path}/attachments')) == 1
    # A form is the same with another boundary.
    for boundary in ('one', 'two'):
        body, content_type = form(file_part(CSV), boundary=boundary)
        answer = org.isms.client.post(f'{path}/attachments', raw=body, headers={
            'Content-Type': content_type, 'Idempotency-Key': 'a-key-for-a-form'}).expect(201)
    assert answer.headers['Idempotent-Replayed'] == 'true'


def test_a_dry_run_keeps_nothing(org):
    path = f'/v1/reviews/{org.running_review()["id"]}'
    before = rows_stored(org.daemon.data)
    answer = send(org.isms.client, path, pdf(MIB), 'a.pdf', '?dry_run=true').expect(201)
    assert answer.headers['Dry-Run'] == 'true' and answer.json['size'] == MIB
    send(org.isms.client, path, b'<html>', 'a.txt', '?dry_run=true').expect(422, 'attachment.type')
    assert rows_stored(org.daemon.data) == before
    org.isms.client.get(f'/v1/attachments/{answer.json["id"]}').expect(404)


def test_a_minimal_answer(org):
    path = f'/v1/reviews/{org.running_review()["id"]}'
    answer = send(org.isms.client, path, CSV, Prefer='return=minimal').expect(201)
    assert answer.body == b'' and answer.headers['Location'].startswith('/v1/attachments/')


# ---- cut off


def test_what_breaks_off_leaves_nothing(org):
    path = f'/v1/reviews/{org.running_review()["id"]}'
    descriptors = len(os.listdir(f'/proc/{org.daemon.process.pid}/fd'))
    before, rows = resident(org), rows_stored(org.daemon.data)
    body, content_type = form(file_part(pdf(2 * MIB), 'a.pdf'))
    for number in range(60):
        kind = (f'Content-Type: {content_type}', f'Content-Disposition: {disposition("a.pdf")}')[number % 2]
        head = (f'POST {path}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {org.isms.token}\r\n{kind}\r\n'
                f'Content-Length: {len(body)}\r\n\r\n').encode()
        abandon(org.daemon.port, head + body[:(0, 50, 100_000, MIB, len(body) - 1)[number % 5]])
    poll(lambda: not open_files(org), 10, 'a spool stays open')
    poll(lambda: len(os.listdir(f'/proc/{org.daemon.process.pid}/fd')) <= descriptors + 1, 10, 'a descriptor stays open')
    assert left_behind(org) == [] and rows_stored(org.daemon.data) == rows
    assert is_sanitized(org) or resident(org) - before < 16 * MIB
    send(org.isms.client, path, body).expect(422)      # a form is no evidence: not UTF-8, and of no known kind
    org.attach(path)


def test_a_download_that_is_left(org):
    record = send(org.isms.client, f'/v1/reviews/{org.running_review()["id"]}', pdf(8 * MIB)).expect(201).json
    request = (f'GET /v1/attachments/{record["id"]}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer '
               f'{org.isms.token}\r\n\r\n').encode()
    before = resident(org)
    for _ in range(40):
        with socket.create_connection(('127.0.0.1', org.daemon.port), timeout=10) as connection:
            connection.sendall(request)
            assert connection.recv(1000).startswith(b'HTTP/1.1 200 ')
    assert is_sanitized(org) or resident(org) - before < 16 * MIB
    # Nobody holds the log: it is moved into the database while a reader dawdles.
    with socket.create_connection(('127.0.0.1', org.daemon.port), timeout=10) as connection:
        connection.sendall(request)
        assert connection.recv(1000).startswith(b'HTTP/1.1 200 ')
        org.attach(f'/v1/reviews/{org.review()["id"]}')
        org.daemon.cli('check')


@pytest.mark.parametrize('crash', ['while it comes in', 'while it is stored'])
def test_a_crash_leaves_all_or_nothing(org, crash):
    path = f'/v1/reviews/{org.running_review()["id"]}'
    data = pdf(20 * MIB)
    head = (f'POST {path}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {org.isms.token}\r\n'
            f'Content-Disposition: {disposition("a.pdf")}\r\nContent-Length: {len(data)}\r\n\r\n').encode()
    with socket.create_connection(('127.0.0.1', org.daemon.port), timeout=30) as connection:
        connection.sendall(head + data[:10 * MIB])
        assert poll(lambda: open_files(org), 10, 'nothing is on its way')
        if crash == 'while it is stored':
            connection.sendall(data[10 * MIB:])
        org.daemon.kill()
    assert set(os.listdir(org.daemon.data)) <= AT_HOME
    org.daemon.start()
    files = walk(org.isms.client, f'{path}/attachments')
    assert all(hashlib.sha256(content(org.isms.client, one).expect(200).body).hexdigest() == one['sha256'] for one in files)
    assert len(files) <= (crash == 'while it is stored')
    org.daemon.cli('check')
    org.attach(path)


# ---- copies, and what an administrator finds


def test_a_backup_holds_record_and_evidence(org, tmp_path):
    path = f'/v1/reviews/{org.running_review()["id"]}'
    data = pdf(3 * MIB + 1)
    record = send(org.isms.client, path, data).expect(201).json
    org.daemon.cli('backup', tmp_path / 'copy.db')
    org.attach(path)      # after the backup
    other = harness.Daemon(data=tmp_path / 'restored')
    try:
        other.cli('restore', tmp_path / 'copy.db')
        other.cli('check')
        other.start()
        client = harness.Client(other, org.isms.token)
        assert content(client, record).expect(200).body == data
        assert walk(client, f'{path}/attachments') == [record]
        other.stop()
    finally:
        other.discard()


@pytest.mark.parametrize('forgery', [
    "UPDATE content_chunk SET data = zeroblob(length(data)) WHERE number = 1",
    "DELETE FROM content_chunk WHERE number = 1", "DELETE FROM content_chunk",
    "UPDATE content_chunk SET number = number + 1 WHERE number = 3", "UPDATE content SET size = size + 1",
    "UPDATE content_total SET bytes = bytes - 1",
    "UPDATE content_chunk SET data = CAST(data || x'00' AS BLOB) WHERE number = 3"])
def test_check_finds_evidence_that_was_changed(org, forgery):
    send(org.isms.client, f'/v1/reviews/{org.running_review()["id"]}', pdf(100_000)).expect(201)
    org.daemon.cli('audit', 'verify')
    org.daemon.stop()
    with closing(database(org.daemon.data)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(forgery)
    for command in (('check',), ('audit', 'verify')):
        done = org.daemon.cli(*command, check=False)
        assert done.returncode == 1 and 'content' in done.stderr, done
    org.daemon.start()


# ---- memory


def test_memory_does_not_grow_with_the_file(org):
    """Eight files of 25 MiB at once, in and out again: less in memory than one of them."""
    path = f'/v1/reviews/{org.running_review()["id"]}'
    org.attach(path)
    before, peak, stop = resident(org), [0], threading.Event()

    def watch():
        while not stop.wait(0.005):
            peak[0] = max(peak[0], resident(org))

    def round_trip(number):
        client = harness.Client(org.daemon, org.isms.token)
        data = pdf(25 * MIB)
        if number % 2:
            record = send_form(client, path, file_part(data, 'a.pdf')).expect(201).json
        else:
            record = send(client, path, data).expect(201).json
        return content(client, record).expect(200).body == data

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(round_trip, range(8)))
    finally:
        stop.set()
        watcher.join()
    assert is_sanitized(org) or peak[0] - before < 25 * MIB, f'{before} -> {peak[0]}'
    assert left_behind(org) == []
