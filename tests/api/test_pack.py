"""The evidence pack: what is in it, who is given it, and how it is sent."""

import hashlib
import http.client
import io
import itertools
import os
import re
import shutil
import socket
import subprocess
import threading
import zipfile
from contextlib import closing
from datetime import datetime, timedelta

import pytest

import harness
import packs
from documents import one, story  # noqa: F401
from files import CSV, MIB, pdf, send
from packs import KINDS, folder_of, take
from support import (ABSENT_ID, audit_entries, database, drop_triggers, head, plain, poll, shared,  # noqa: F401
                     suspended, walk)
from test_evidence import is_sanitized, left_behind, resident
from test_visibility import HIDDEN, READERS, same_as_absent, whole

ROLES = ('top', 'isms', 'head', 'employee', 'auditor')
TAKERS = ('top', 'isms', 'auditor')
UTF8 = {**os.environ, 'LC_ALL': 'C.UTF-8'}


@pytest.fixture(scope='module')
def full(shared, story):  # noqa: F811
    """A review with something of everything, some of it withdrawn, with files on each; and its pack."""
    review = shared.running_review(title='The whole of it')
    guest = shared.attendee(review, person_id=shared.isms2.id)
    extra = shared.input(review, title='Not needed')
    decision = shared.adopted(review)
    item = shared.action_item(decision)
    follow_up = shared.follow_up(item)
    for path in (one(review), f'/v1/inputs/{extra["id"]}', f'/v1/decisions/{decision["id"]}',
                 f'/v1/action-items/{item["id"]}', f'/v1/follow-ups/{follow_up["id"]}'):
        shared.attach(path, f'evidence of {path}'.encode(), 'evidence.txt')
    wrong = shared.attach(one(review), b'the wrong one', 'wrong.txt')
    reason = {'reason': 'It is not needed'}
    for path in (f'attendees/{guest["id"]}', f'inputs/{extra["id"]}', f'attachments/{wrong["id"]}'):
        shared.do(f'/v1/{path}/withdraw', reason)
    shared.amendment(item, deadline=shared.day(70))
    shared.amendment(decision, deadline=shared.day(95))
    for carried in shared.get(f'{one(review)}/carried-action-items')['data']:
        shared.follow_up(carried, review_id=review['id'])
    shared.complete_inputs(review)
    review = shared.do(f'{one(shared.conclude(review))}/approve', by=shared.top2)
    return review, take(shared.auditor.client, review)


def shown(org, review):
    """Every record of the review as the API shows it, by kind."""
    client = org.isms.client
    records = {kind: walk(client, f'{one(review)}/{kind}?withdrawn=true') for kind in ('attendees', 'inputs', 'attachments')}
    records['reviews'] = [org.get(one(review))]
    records['decisions'] = walk(client, f'{one(review)}/decisions')
    records['action-items'] = walk(client, f'/v1/action-items?review_id={review["id"]}')
    records['follow-ups'] = [each for item in records['action-items']
                             for each in walk(client, f'/v1/action-items/{item["id"]}/follow-ups')]
    records['amendments'] = [each for kind in ('decisions', 'action-items') for record in records[kind]
                             for each in walk(client, f'/v1/{kind}/{record["id"]}/amendments')]
    return records


# ---- what is in it


def test_every_record_as_the_api_shows_it(shared, full):
    review, pack = full
    expected = shown(shared, review)
    assert all(expected[kind] for kind in KINDS)
    for kind in KINDS:
        assert pack.named(f'records/{kind}/') and {name.split('/')[2] for name in pack.named(f'records/{kind}/')} == {
            record.get('reference') or record['id'] for record in expected[kind]}
        for record in expected[kind]:
            body = shared.isms.client.get(f'/v1/{kind}/{record["id"]}').expect(200).body
            assert pack[f'{folder_of(kind, record)}/record.json'] == body


def test_every_version_with_its_entry(shared, full):
    """sha256sum of the file is the body_sha256 of the entry that its name says."""
    review, pack = full
    entries = {entry['seq']: entry for entry in pack.entries}
    with closing(database(shared.daemon.data)) as connection:
        for kind, records in shown(shared, review).items():
            for record in records:
                versions = pack.versions(folder_of(kind, record))
                assert list(versions) == list(range(1, record['version'] + 1))
                for number, (seq, body) in versions.items():
                    stored, = connection.execute('SELECT body FROM version WHERE seq = ?', [seq]).fetchone()
                    assert body == stored.encode()
                    assert hashlib.sha256(body).hexdigest() == entries[seq]['body_sha256']
                    assert entries[seq]['resource_id'] == record['id']


def test_the_log_from_the_first_entry_to_the_signed_head(shared, full):
    review, pack = full
    entries = pack.entries
    log = {entry['seq']: entry for entry in audit_entries(shared.isms.client)}
    assert entries == [log[seq] for seq in range(entries[0]['seq'], entries[-1]['seq'] + 1)]
    assert (entries[0]['event'], entries[0]['resource_id']) == ('review.create', review['id'])
    checkpoint = shared.get(f'/v1/audit-log/checkpoints/{entries[-1]["seq"]}')
    assert pack.text('audit/checkpoint.txt') == checkpoint['text']
    assert pack.text('audit/checkpoint.txt.minisig') == checkpoint['signature']
    assert checkpoint['hash'] == entries[-1]['hash']
    key, = shared.get('/v1/keys')['data']
    assert key['public_key'] in pack.text(f'keys/{key["key_id"]}.pub')


def test_the_registers_are_those_of_the_api(shared, full):
    review, pack = full
    lists = {kind: f'{one(review)}/{kind}?withdrawn=true&' for kind in ('attendees', 'inputs', 'attachments')}
    lists |= {'decisions': f'{one(review)}/decisions?', 'action-items': f'/v1/action-items?review_id={review["id"]}&'}
    for kind, path in lists.items():
        assert pack[f'registers/{kind}.csv'] == shared.isms.client.get(f'{path}format=csv').expect(200).body, kind
    assert pack.named('registers/') == sorted(f'registers/{kind}.csv' for kind in KINDS if kind != 'reviews')
    for kind in ('follow-ups', 'amendments'):
        assert [line.split(',')[0] for line in pack.text(f'registers/{kind}.csv').splitlines() if line[36:37] == ','] == sorted(
            record['id'] for record in shown(shared, review)[kind])


def test_the_files_numbered_as_in_their_register(shared, full):
    review, pack = full
    attachments = sorted(shown(shared, review)['attachments'], key=lambda record: record['id'])
    names = [f'evidence/{"withdrawn/" if record["withdrawn"] else ""}{number:03}-{record["name"]}'
             for number, record in enumerate(attachments, 1)]
    assert pack.named('evidence/') == sorted(names) and len(names) == 6
    for name, record in zip(names, attachments):
        assert hashlib.sha256(pack[name]).hexdigest() == record['sha256']


def test_the_minutes_that_were_kept(shared, full):
    review, pack = full
    assert pack.named('minutes/') == [f'minutes/{review["reference"]}-r1.{form}' for form in ('html', 'pdf')]
    for form in ('html', 'pdf'):
        body = shared.auditor.client.get(f'{one(review)}/minutes?format={form}').expect(200).body
        assert pack[f'minutes/{review["reference"]}-r1.{form}'] == body


def test_times_are_those_of_the_records(shared, full):
    """And nothing else differs from one pack to the next, but the signature."""
    review, pack = full
    again = take(shared.isms.client, review)
    assert again.files | {packs.SIGNATURE: None} == pack.files | {packs.SIGNATURE: None}
    assert [info.date_time for info in again.infos] == [info.date_time for info in pack.infos]
    times = {info.filename.removeprefix(f'{pack.folder}/'): datetime(*info.date_time) for info in pack.infos}
    entries = {entry['seq']: entry['at'] for entry in pack.entries}
    for name, time in times.items():
        at = entries[int(name.split('-')[-1].split('.')[0])] if '/version-' in name else \
            review['approved_at'] if name.startswith('minutes/') else None
        if at:
            assert abs(time - datetime.fromisoformat(at.rstrip('Z'))) < timedelta(seconds=2), name


def test_names_are_utf8_and_files_are_plain(shared, full):
    _, pack = full
    for info in pack.infos:
        assert info.filename.isascii() or info.flag_bits & 0x800
        assert info.external_attr >> 16 == 0o100644 and not info.is_dir()


def test_a_draft(org):
    review = org.running_review()
    pack = take(org.isms.client, review)
    assert pack.named('minutes/') == [f'minutes/{review["reference"]}-r1-draft.{form}' for form in ('html', 'pdf')]
    assert b'DRAFT' in pack[f'minutes/{review["reference"]}-r1-draft.html']
    assert packs.verify(org.daemon, pack.body).returncode == 0


def test_two_revisions_and_a_third_that_is_open(org):
    review = org.approved()
    for revision in (2, 3):
        org.do(f'{one(review)}/reopen', {'reason': 'A finding was overlooked in it'}, by=org.top)
        if revision == 2:
            org.input(review, title='The finding', **org.considered_body('e'))
            org.do(f'{one(org.conclude(review))}/approve', by=org.top2)
    pack = take(org.auditor.client, review)
    stem = f'minutes/{review["reference"]}-r'
    assert pack.named('minutes/') == [f'{stem}{which}.{form}' for which in ('1', '2', '3-draft') for form in ('html', 'pdf')]
    assert pack[f'{stem}1.html'] != pack[f'{stem}2.html']
    for which, form in itertools.product('12', ('html', 'pdf')):
        assert pack[f'{stem}{which}.{form}'] == \
            org.auditor.client.get(f'{one(review)}/revisions/{which}/minutes?format={form}').expect(200).body
    done = packs.verify(org.daemon, pack.body)
    assert done.returncode == 0, done.stderr


def test_minutes_from_before_they_were_kept(org):
    """Such a revision has none; they are made anew, and say so in their name."""
    review = org.approved()
    with closing(database(org.daemon.data)) as connection:
        drop_triggers(connection)
        connection.execute('DELETE FROM minutes')
    pack = take(org.isms.client, review)
    assert pack.named('minutes/') == [f'minutes/{review["reference"]}-r1-made-anew.{form}' for form in ('html', 'pdf')]


def test_a_review_of_which_all_was_taken_back(org):
    review = org.review()
    guest = org.attendee(review)
    added, wrong = org.input(review), org.attach(one(review))
    for path in (f'attendees/{guest["id"]}', f'inputs/{added["id"]}', f'attachments/{wrong["id"]}'):
        org.do(f'/v1/{path}/withdraw', {'reason': 'Planned too early'})
    org.do(f'{one(review)}/cancel', {'reason': 'Planned too early'})
    pack = take(org.isms.client, review)
    assert pack.named('evidence/') == ['evidence/withdrawn/001-scan.csv']
    assert pack.json(f'records/attendees/{guest["id"]}/record.json')['withdrawn'] is True
    assert packs.verify(org.daemon, pack.body).returncode == 0


def test_many_versions_of_one_record(org):
    """More than are read at once."""
    review = org.review()
    for number in range(101):
        org.change(one(review), {'location': f'Room {number}'})
    pack = take(org.isms.client, review)
    assert len(pack.versions(folder_of('reviews', review))) == 102
    assert packs.verify(org.daemon, pack.body).returncode == 0


# ---- names of files

HOSTILE = ['../../etc/passwd.txt', '/etc/passwd.txt', 'a\\b.txt', 'con.txt', '-rf.txt', '.hidden.txt', '~.txt', 'a:b*c?"<>|.txt',
           'dots...', 'Plan.txt', 'PLAN.TXT', 'plan.txt', 'plan.txt', "it's $(id) `id`.txt", 'Bericht März.txt',
           'Отчёт №1.txt', '報告.txt', 'e\u0301.txt', '\u00e9.txt', '\u200bzero\u200dwidth\ufeff.txt', '🗂.txt',
           'SHA256SUMS', 'ä' * 125 + '.txt', 'x' * 251 + '.txt', 'n.' + 'o' * 200]


def test_names_are_safe_and_unique(org, tmp_path):
    """Whatever a file was called, it is unpacked beside the others by any tool, also where case makes no difference."""
    review = org.review()
    for number, name in enumerate(HOSTILE):
        send(org.isms.client, one(review), f'file {number}'.encode(), name).expect(201)
    pack = take(org.isms.client, review)
    names = [name.removeprefix('evidence/') for name in pack.named('evidence/')]
    assert len(names) == len(HOSTILE) == len({name.lower() for name in names})
    for name in names:
        assert re.fullmatch(r'\d{3}-[^/\\:*?"<>|\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]*', name)
        assert len(name.encode()) <= 140 and not name.endswith(('.', ' '))
    assert pack['evidence/015-Bericht März.txt'] == b'file 14' and '017-報告.txt' in names
    assert packs.verify(org.daemon, pack.body).returncode == 0
    (tmp_path / 'pack.zip').write_bytes(pack.body)
    for number, tool in enumerate((['unzip', '-q', '../pack.zip'], ['bsdtar', '-xf', '../pack.zip'],
                                   ['sh', '-c', 'cat ../pack.zip | bsdtar -xf -'])):
        into = tmp_path / str(number)
        into.mkdir()
        subprocess.run(tool, cwd=into, env=UTF8, check=True, stdin=subprocess.DEVNULL)
        assert sorted(path.name for path in into.iterdir()) == [pack.folder]
        subprocess.run(['sha256sum', '-c', '--quiet', packs.SUMS], cwd=into / pack.folder, env=UTF8, check=True)


@pytest.mark.parametrize('name', ['a\r\nb.txt', 'a\u202etxt.exe', 'a\u2066b.txt'])
def test_names_that_are_not_taken_in_the_first_place(org, name):
    send(org.isms.client, one(org.review()), CSV, name).expect(422, 'attachment.name')


# ---- who may


@pytest.mark.parametrize('role', ROLES)
@pytest.mark.parametrize('classification', READERS)
def test_who_is_given_one(shared, reviews, role, classification):
    client = getattr(shared, role).client
    path = f'/v1/reviews/{reviews[classification]["reference"]}/evidence-pack'
    if role not in TAKERS:      # whether it is there or not
        client.get(path).expect(403, 'access.role')
        client.get(f'/v1/reviews/{ABSENT_ID}/evidence-pack').expect(403, 'access.role')
    elif (role, classification) in HIDDEN:
        client.get(path).expect(404)
        same_as_absent(client, 'GET', '/v1/reviews/{review}/evidence-pack', reviews[classification])
        same_as_absent(client, 'HEAD', '/v1/reviews/{review}/evidence-pack', reviews[classification])
    else:
        pack = packs.Pack(client.get(path).expect(200).body)
        assert f'zebra{classification}'.encode() in b''.join(pack.files.values())


@pytest.fixture(scope='module')
def reviews(shared):
    return {classification: whole(shared, classification) for classification in READERS}


@pytest.mark.parametrize('role', TAKERS)
@pytest.mark.parametrize('classification', READERS)
def test_nothing_of_what_is_not_seen_is_in_any_pack(shared, reviews, role, classification):
    if (role, classification) in HIDDEN:
        return
    client = getattr(shared, role).client
    everything = b''.join(take(client, {'id': reviews[classification]['review'],
                                        'reference': reviews[classification]['reference']}).files.values())
    for other in READERS:
        if other != classification and (role, other) in HIDDEN:
            assert f'zebra{other}'.encode() not in everything.lower()


@pytest.mark.parametrize('approve', [True, False], ids=['kept', 'draft'])
def test_what_minutes_show_of_other_reviews(org, approve):
    """A review that carries an action item of one that the reader may not read: the extract, or a draft without it."""
    hidden = org.running_review(title='Zebra hidden', classification='restricted', chair_id=org.top.id)
    org.complete_inputs(hidden)
    item = org.action_item(org.adopted(hidden), title='Zebra item', description='Zebra text')
    org.conclude(hidden)
    review = org.running_review()
    org.follow_up(item, review_id=review['id'], note='Zebra note')
    org.complete_inputs(review)
    org.adopted(review, kind='no_change', deadline=harness.ABSENT, success_criteria=harness.ABSENT,
                no_action_reason='All is well')
    review = org.conclude(review)
    if approve:
        review = org.do(f'{one(review)}/approve', by=org.top)
    partial, entire = take(org.top2.client, review), take(org.auditor.client, review)
    stem = f'minutes/{review["reference"]}-r1'
    if approve:
        assert partial.named('minutes/') == [f'{stem}-extract.{form}' for form in ('html', 'pdf')]
        assert entire.named('minutes/') == [f'{stem}.{form}' for form in ('html', 'pdf')]
    assert b'Zebra item' in b''.join(entire[name] for name in entire.named('minutes/'))
    assert b'zebra' not in b''.join(partial.files.values()).lower()
    for pack in (partial, entire):
        done = packs.verify(org.daemon, pack.body)
        assert done.returncode == 0, done.stderr


def test_tokens_that_carry_less(shared, full):
    review, _ = full
    daemon, path = shared.daemon, packs.path_of(full[0])
    reader = harness.Client(daemon, daemon.token(shared.isms.email, read_only=True))
    assert take(reader, review).files
    narrowed = harness.Client(daemon, daemon.token(shared.isms.email, role='employee'))
    narrowed.get(path).expect(403, 'access.role')
    harness.Client(daemon, None).get(path).expect(401)


# ---- HTTP


def test_methods_formats_and_queries(shared, full):
    review, pack = full
    client, path = shared.isms.client, packs.path_of(full[0])
    answer = client.request('HEAD', path).expect(200)
    assert answer.headers['Content-Type'] == 'application/zip' and not answer.body and not answer.etag
    for allowed in (f'{path}?format=zip', f'/v1/reviews/{review["reference"]}/evidence-pack'):
        assert packs.Pack(client.get(allowed, Accept='application/zip, */*;q=0.1').expect(200).body).folder == pack.folder
    assert client.get(path, Accept_Encoding='gzip').expect(200).headers['Content-Encoding'] is None
    client.get(path, Accept='application/json').expect(406)
    client.get(f'{path}?format=json').expect(400)
    client.get(f'{path}?limit=1').expect(400)
    for method in ('POST', 'PATCH', 'DELETE'):
        assert plain(client, method, path, b'').status == 405
    client.get(f'/v1/reviews/{ABSENT_ID}/evidence-pack').expect(404)


def test_a_head_is_signed_only_where_none_covers_the_review(org):
    def newest():
        return org.get('/v1/audit-log/checkpoints?sort=-seq&limit=1')['data'][0]['seq']

    review = org.review()
    before = newest()
    org.isms.client.request('HEAD', packs.path_of(review)).expect(200)
    assert newest() == before
    pack = take(org.auditor.client, review)     # who may not write, too
    assert newest() == pack.entries[-1]['seq'] > before
    other = org.review(title='Another one')
    assert take(org.isms.client, review).files.keys() == pack.files.keys() and newest() == pack.entries[-1]['seq']
    covered = take(org.isms.client, other)
    assert newest() == covered.entries[-1]['seq'] == audit_entries(org.isms.client)[-1]['seq']


# ---- sending it


@pytest.fixture(scope='module')
def heavy(populated):
    """A review with 30 MiB of evidence."""
    daemon = harness.Daemon()
    shutil.copytree(populated[0], daemon.data)
    org = harness.seed(daemon.start(), populated[1])
    review = org.review()
    org.files = [pdf(15 * MIB), pdf(15 * MIB)]
    for number, content in enumerate(org.files):
        send(org.isms.client, one(review), content, f'{number}.pdf').expect(201)
    org.heavy = review
    yield org
    daemon.stop()
    daemon.discard()


def open_pack(org, review):
    """A connection on which the pack has begun, whose client reads nothing for now."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    connection.settimeout(30)
    connection.connect(('127.0.0.1', org.daemon.port))
    connection.sendall(head('GET', packs.path_of(review), org.isms.client))
    return connection


def status_of(connection):
    return int(connection.recv(100).split()[1])


def held_pack(org, review):
    """Such a connection, once the daemon has noticed that others are gone."""
    def attempt():
        connection = open_pack(org, review)
        if status_of(connection) == 200:
            return connection
        connection.close()

    return poll(attempt, 20)


def test_memory_does_not_grow_with_the_evidence(heavy):
    small = heavy.review()
    for _ in range(3):
        take(heavy.isms.client, small)
    before = resident(heavy)
    pack = take(heavy.isms.client, heavy.heavy)
    assert [pack[name] for name in pack.named('evidence/')] == heavy.files
    stored = [info for info in pack.infos if '/evidence/' in info.filename]
    assert all(info.compress_type == zipfile.ZIP_STORED for info in stored)
    assert is_sanitized(heavy) or resident(heavy) - before < 6 * MIB
    assert packs.verify(heavy.daemon, pack.body).returncode == 0


def test_what_is_written_meanwhile_is_not_in_it(heavy):
    """And nobody who writes waits for who reads slowly, nor does the log grow for it."""
    small = heavy.running_review()
    heavy.attach(one(small), heavy.files[0][:8 * MIB], 'large.pdf')
    decision = heavy.adopted(small)
    with closing(held_pack(heavy, small)) as connection:
        item = heavy.action_item(decision)
        heavy.amendment(decision, deadline=heavy.day(95))
        heavy.follow_up(item)
        heavy.attach(one(small), CSV, 'late.csv')
        heavy.complete_inputs(small)
        heavy.daemon.token(heavy.isms.email)
        received = drain(connection)
    pack = packs.Pack(dechunked(received))
    assert pack.json(f'{folder_of("decisions", decision)}/record.json') == decision
    assert not pack.named('records/action-items/') and not pack.named('records/amendments/')
    assert pack.named('evidence/') == ['evidence/001-large.pdf']
    done = packs.verify(heavy.daemon, pack.body)
    assert done.returncode == 0, done.stderr


def test_taken_while_the_review_is_written(org):
    """Its head is signed and its records are listed in one transaction, whatever is written around it."""
    review, over = org.review(), threading.Event()
    client = harness.Client(org.daemon, org.isms2.token)

    def write():
        for number in itertools.count():
            client.patch(one(review), {'location': f'Room {number}'}).expect(200)
            if over.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        taken = [take(org.auditor.client, review) for _ in range(6)]
    finally:
        over.set()
        writer.join()
    for pack in taken:
        done = packs.verify(org.daemon, pack.body)
        assert done.returncode == 0, done.stderr


def drain(connection):
    """All that comes until the last chunk, or the end of the connection."""
    received = bytearray()
    while not received.endswith(b'\r\n0\r\n\r\n'):
        part = connection.recv(1 << 16)
        if not part:
            break
        received += part
    return bytes(received)


def dechunked(received):
    body, at = bytearray(), received.index(b'\r\n\r\n') + 4 if b'\r\n\r\n' in received[:4096] else 0
    while True:
        end = received.index(b'\r\n', at)
        size = int(received[at:end], 16)
        if not size:
            return bytes(body)
        body += received[end + 2:end + 2 + size]
        at = end + 2 + size + 2


def test_clients_that_leave_in_the_middle_leave_nothing(heavy):
    for _ in range(12):     # more than there may be at once
        held_pack(heavy, heavy.heavy).close()
    poll(lambda: heavy.isms.client.get(packs.path_of(heavy.heavy)).status == 200, 20)
    assert suspended(heavy.daemon) == 0 and left_behind(heavy) == []


def test_no_more_than_so_many_at_once(heavy):
    waiting = [held_pack(heavy, heavy.heavy) for _ in range(8)]
    try:
        refused = heavy.isms.client.get(packs.path_of(heavy.heavy)).expect(503)
        assert refused.headers['Retry-After'] and 'packs' in refused.json['detail']
        heavy.get('/v1/people')     # all else goes on
    finally:
        for connection in waiting:
            connection.close()
    poll(lambda: heavy.isms.client.get(packs.path_of(heavy.heavy)).status == 200, 20)


@pytest.mark.parametrize('damage', [
    'DELETE FROM content_chunk WHERE number = 1', "UPDATE content_chunk SET data = zeroblob(32768) WHERE number = 1",
    "DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)", "UPDATE version SET body = '[' || body"])
def test_what_is_damaged_is_cut_off(org, damage):
    """No ZIP that ends early looks like a whole one, and nothing is signed that is not what it was."""
    review = org.review()
    send(org.isms.client, one(review), pdf(3 * 32768), 'a.pdf').expect(201)
    take(org.isms.client, review)
    with closing(database(org.daemon.data)) as connection:
        connection.execute('PRAGMA foreign_keys = OFF')
        drop_triggers(connection)
        connection.execute(damage)
    with pytest.raises(http.client.IncompleteRead) as cut:
        org.isms.client.get(packs.path_of(review))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(cut.value.partial))
    assert packs.verify(org.daemon, cut.value.partial).returncode == 1
    assert [line for line in org.daemon.log() if line.get('event') == 'stream.broken']
    org.get('/v1/people')
