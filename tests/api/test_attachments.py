"""Evidence files: what goes in comes out, byte for byte, to those who may; and nothing else goes in.

Names, types and ranges in all their forms stand in the unit tests; rights, rules and limits in test_evidence.py; what a
full disk and a crash do, in tests/faults.
"""

import hashlib
import json
import socket
import subprocess
from email.message import Message
from urllib.parse import unquote

import pytest

from files import CSV, MIB, PARENTS, PDF, PIECE, content, curl, file_part, form, pdf, send, send_form, text_part
from support import ABSENT_ID, life, plain, rows_stored, shared, walk  # noqa: F401 (fixtures)


@pytest.fixture
def review(org):
    return org.running_review()


@pytest.fixture
def path(review):
    return f'/v1/reviews/{review["id"]}'


@pytest.fixture(scope='module')
def review_path(life):
    return f'/v1/reviews/{life.review["id"]}'


# ---- what goes in comes out


@pytest.mark.parametrize('size', [1, 2, PIECE - 1, PIECE, PIECE + 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1,
                                  5 * MIB])
def test_round_trip(shared, review_path, size):
    data = pdf(size) if size >= len(PDF) else b'x' * size
    client = shared.isms.client
    record = send(client, review_path, data, 'round trip.pdf').expect(201).json
    assert (record['size'], record['sha256']) == (size, hashlib.sha256(data).hexdigest())
    answer = content(client, record).expect(200)
    assert answer.body == data
    assert answer.headers['Content-Length'] == str(size)
    assert answer.headers['ETag'] == f'"{record["sha256"]}"'
    head = client.request('HEAD', f'/v1/attachments/{record["id"]}/content').expect(200)
    assert head.body == b'' and head.headers['Content-Length'] == str(size)


def test_an_empty_file_is_none(shared, review_path):
    for name, answer in (('raw', send(shared.isms.client, review_path, b'')),
                         ('form', send_form(shared.isms.client, review_path, file_part(b'')))):
        answer.expect(422, 'attachment.empty'), name


@pytest.mark.parametrize('parent', PARENTS)
def test_it_hangs_from_each_kind_of_record(shared, life, parent):
    client = shared.isms.client
    path = '/v1/' + parent.format(**{name: one['id'] for name, one in vars(life).items()})
    record = send(client, path, CSV, 'scan.csv', '?description=What%20it%20shows').expect(201).json
    collection = path.split('/')[2]
    own = {'inputs': 'input_id', 'decisions': 'decision_id', 'action-items': 'action_item_id',
           'follow-ups': 'follow_up_id'}
    for other, member in own.items():
        assert record[member] == (path.split('/')[3] if other == collection else None)
    assert record['review_id'] == life.review['id']
    assert (record['name'], record['media_type'], record['description']) == ('scan.csv', 'text/csv', 'What it shows')
    assert record in walk(client, f'{path}/attachments') and record in walk(client, '/v1/attachments')
    assert record in walk(client, f'/v1/reviews/{life.review["id"]}/attachments')      # with all that hangs from it
    if collection in own:
        assert record in walk(client, f'/v1/attachments?{own[collection]}={path.split("/")[3]}')
    assert client.get(f'/v1/attachments/{record["id"]}').expect(200).json == record
    history = client.get(f'/v1/attachments/{record["id"]}/history').expect(200).json['data']
    assert [one['event'] for one in history] == ['attachment.create']


def test_the_header_of_a_download(shared, review_path):
    record = send(shared.isms.client, review_path, CSV, 'zwölf "€".csv').expect(201).json
    answer = content(shared.isms.client, record, **{'Accept-Encoding': 'gzip', 'Accept': 'image/png'}).expect(200)
    assert answer.body == CSV and answer.headers['Content-Encoding'] is None
    assert answer.headers['Content-Type'] == 'text/csv; charset=utf-8'
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert answer.headers['Content-Security-Policy'] == "sandbox; default-src 'none'"
    assert answer.headers['Accept-Ranges'] == 'bytes'
    assert answer.headers['Content-Disposition'].startswith('attachment;')


@pytest.mark.parametrize('data, declared, name, kept', [
    (CSV, 'text/csv', 'a.csv', 'text/csv'), (CSV, 'application/pdf', 'a.pdf', 'text/plain'),
    (PDF, 'text/plain', 'a.txt', 'application/pdf'), (b'# T', 'text/markdown', 'a', 'text/markdown'),
    (b'{}', 'application/json', 'a.json', 'application/json'), ('é'.encode(), 'text/plain', 'a.txt', 'text/plain'),
    (b'<b>bold</b> and <script>', 'text/plain', 'a.txt', 'text/plain'),
    (b'<!doctype html><p>', 'text/plain', 'a.txt', None), (b' \n<ScRiPt>alert(1)</script>', 'text/plain', 'a.txt', None),
    (b'<svg onload=alert(1)>', 'image/png', 'a.png', None), (b'<!-- --><html>', 'application/pdf', 'a.pdf', None),
    (b'hello', 'text/html', 'a.txt', None), (b'alert(1)', 'application/octet-stream', 'a.js', None),
    (b'#!/bin/sh\n', 'text/plain', 'a', None), (b'MZ\x90\0', 'application/pdf', 'a.pdf', None),
    ('é'.encode('latin-1'), 'text/plain', 'a.txt', None), (b'nul\0', 'text/plain', 'a.txt', None)])
def test_the_type_is_that_of_the_content(shared, review_path, data, declared, name, kept):
    raw = send(shared.isms.client, review_path, data, name, Content_Type=declared)
    part = send_form(shared.isms.client, review_path, file_part(data, name, more=f'\r\nContent-Type: {declared}'))
    for answer in (raw, part):
        if kept is None:
            answer.expect(422, 'attachment.type')
            assert 'PDF' in answer.json['detail'] and '7z' in answer.json['detail']      # what would be taken
        else:
            assert answer.expect(201).json['media_type'] == kept


def test_text_is_looked_at_to_its_end(shared, review_path):
    """Beyond the beginning, and where a character lies across two pieces."""
    text = ('x' + '€' * 200_000).encode()
    assert send(shared.isms.client, review_path, text, 'a.txt').expect(201).json['media_type'] == 'text/plain'
    for wrong in (text[:-1], text + b'\xff', text + b'\0', text[:300_001] + b'\x80' + text[300_002:]):
        send(shared.isms.client, review_path, wrong, 'a.txt').expect(422, 'attachment.type')


# ---- curl and forms


def test_curl_sends_a_form(org, path, tmp_path):
    data = pdf(3 * MIB)
    (tmp_path / 'Prüf "bericht".pdf').write_bytes(data)
    quoted = str(tmp_path / 'Prüf "bericht".pdf').replace('"', '\\"')
    status, body = curl(org.isms.client, f'{path}/attachments', '-F', f'file=@"{quoted}"', '--form-string',
                        'description=Ärger; 100%')
    assert status == 201, body
    record = json.loads(body)
    assert (record['name'], record['description'], record['size'], record['media_type']) == (
        'Prüf "bericht".pdf', 'Ärger; 100%', len(data), 'application/pdf')
    curl(org.isms.client, f'/v1/attachments/{record["id"]}/content', '-o', str(tmp_path / 'back'), '-C', '-')
    assert (tmp_path / 'back').read_bytes() == data
    # A download that broke off goes on where it ended.
    (tmp_path / 'half').write_bytes(data[:1_000_001])
    curl(org.isms.client, f'/v1/attachments/{record["id"]}/content', '-o', str(tmp_path / 'half'), '-C', '-')
    assert (tmp_path / 'half').read_bytes() == data


def test_curl_sends_a_file_as_it_is(org, path, tmp_path):
    (tmp_path / 'a').write_bytes(data := pdf(2 * MIB))
    status, body = curl(org.isms.client, f'{path}/attachments', '--data-binary', f'@{tmp_path / "a"}', '-H',
                        'Content-Disposition: attachment; filename="a b.pdf"')
    assert status == 201 and json.loads(body)['name'] == 'a b.pdf', body
    status, body = curl(org.isms.client, f'{path}/attachments', '-T', str(tmp_path / 'a'), '-X', 'POST', '-H',
                        'Content-Disposition: attachment; filename=chunked.pdf', '-H', 'Transfer-Encoding: chunked')
    assert status == 201 and json.loads(body)['sha256'] == hashlib.sha256(data).hexdigest(), body


def test_curl_writes_the_name_that_it_is_told(org, path, tmp_path):
    record = send(org.isms.client, path, CSV, 'plain name.csv').expect(201).json
    subprocess.run(['curl', '-sS', '-OJ', '-H', f'Authorization: Bearer {org.isms.token}',
                    f'{org.daemon.url}/v1/attachments/{record["id"]}/content'], cwd=tmp_path, check=True, timeout=60)
    assert [one.name for one in tmp_path.iterdir()] == ['plain name.csv']


@pytest.mark.parametrize('data', [b'\r\n--a-boundar', b'--a-boundary', b'\r\n--', b'\r', b'\r\n\r\n', b'a\r\n--b\r\n'])
@pytest.mark.parametrize('around', [0, 5, 4090, 8190, 32760])
def test_what_looks_like_the_end_of_a_part_is_not(shared, review_path, data, around):
    data = b'x' * around + data + b'z' * around
    record = send_form(shared.isms.client, review_path, file_part(data, 'a.txt')).expect(201).json
    assert content(shared.isms.client, record).body == data


def test_a_form_byte_by_byte(shared, review_path):
    body, content_type = form(text_part('description', 'Slow'), file_part(CSV))
    head = (f'POST {review_path}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.isms.token}\r\n'
            f'Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n')
    with socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head.encode())
        for byte in body:
            connection.sendall(bytes([byte]))
        received = b''
        while piece := connection.recv(65536):
            received += piece
    record = json.loads(received.partition(b'\r\n\r\n')[2])
    assert (record['size'], record['description'], record['name']) == (len(CSV), 'Slow', 'scan.csv')


def test_one_file_to_a_request(shared, review_path):
    client = shared.isms.client
    for parts in ([file_part(CSV), file_part(CSV, 'b.csv')], [file_part(b''), file_part(CSV, 'b.csv')],
                  [file_part(CSV, field='a'), text_part('description', 'x'), file_part(CSV, field='b')],
                  [text_part('description', 'x')]):
        send_form(client, review_path, *parts).expect(422, 'attachment.single')
    for field in ('file', 'upload', ''):
        send_form(client, review_path, file_part(CSV, field=field)).expect(201)


@pytest.mark.parametrize('parts, rule', [
    ([text_part('name', 'x')], 'body.read_only'), ([text_part('withdrawn', 'true')], 'body.read_only'),
    ([text_part('colour', 'red')], 'body.unknown_field'), ([text_part('id', ABSENT_ID)], 'body.read_only'),
    ([text_part('description', 'x' * 2001)], 'body.length'), ([text_part('description', '€' * 10_000)], 'body.length')])
def test_members_of_a_form_that_are_not_taken(shared, review_path, parts, rule):
    send_form(shared.isms.client, review_path, file_part(CSV), *parts).expect(422, rule)
    send_form(shared.isms.client, review_path, *parts, file_part(CSV)).expect(422, rule)


def test_a_description_is_given_once(shared, review_path):
    client = shared.isms.client
    twice = [file_part(CSV), text_part('description', 'x'), text_part('description', 'y')]
    send_form(client, review_path, *twice).expect(400)
    send_form(client, review_path, *twice[:2], query='?description=y').expect(400)
    assert send_form(client, review_path, twice[0], query='?description=y').expect(201).json['description'] == 'y'
    answer = send(client, review_path, CSV, 'a.csv', '?description=' + 'x' * 2001).expect(422, 'body.length')
    assert answer.violations[0]['parameter'] == 'description'
    send(client, review_path, CSV, 'a.csv', '?description=%ff').expect(400, 'query.invalid')
    send(client, review_path, CSV, 'a.csv', '?name=x').expect(400, 'query.unknown')


@pytest.mark.parametrize('body, content_type', [
    (b'', 'multipart/form-data; boundary=x'), (b'nonsense', 'multipart/form-data; boundary=x'),
    (CSV, 'multipart/form-data'), (CSV, 'multipart/form-data; boundary='),
    (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nhalf', 'multipart/form-data; boundary=x'),
    (form(file_part(CSV, more='\r\nContent-Transfer-Encoding: base64'))[0], form()[1]),
    (form(file_part(CSV), *[text_part(f'a{n}', 'x') for n in range(9)])[0], form()[1]),
    (form(file_part(CSV), text_part('description', 'x' * 100_000))[0], form()[1]),
    (form(file_part(CSV, 'x' * 20_000))[0], form()[1]),
    (form(file_part(CSV), (b'Content-Disposition: form-data; name="description"', b'\xff'))[0], form()[1]),
    (form((b'Content-Disposition: form-data', CSV))[0], form()[1])])
def test_what_is_no_form(shared, review_path, body, content_type):
    before = rows_stored(shared.daemon.data)
    shared.isms.client.post(f'{review_path}/attachments', raw=body, headers={'Content-Type': content_type}).expect(400)
    assert rows_stored(shared.daemon.data) == before


@pytest.mark.parametrize('header', [{'Content-Encoding': 'gzip'}])
def test_a_file_is_sent_as_it_is(shared, review_path, header):
    send(shared.isms.client, review_path, CSV, **header).expect(415)


# ---- names


NAMES = ['report.pdf', 'zwölf.pdf', 'отчёт.pdf', '報告書.pdf', 'تقرير.pdf', 'דוח.pdf', 'รายงาน.pdf', '📎.pdf', 'a"b\'c;d=e,f.pdf',
         '100%41.pdf', '.hidden', 'no dot', "';DROP TABLE content;--", '<b>.pdf', '=1+1.pdf', 'x' * 255, '📎' * 255]


@pytest.mark.parametrize('name', NAMES, ids=[name[:20] for name in NAMES])
def test_names_come_back(shared, review_path, name):
    client = shared.isms.client
    raw = send(client, review_path, PDF, name).expect(201).json
    parts = send_form(client, review_path, file_part(PDF, name.replace('"', '%22'))).expect(201).json
    assert raw['name'] == parts['name'] == name
    header = content(client, raw).expect(200).headers['Content-Disposition']
    assert header.isascii() and header.isprintable()
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name
    message = Message()
    message['Content-Disposition'] = header.partition('; filename*')[0]
    assert message.get_filename() and len(message.get_filename()) <= len(name) and '/' not in message.get_filename()
    if name == 'report.pdf':
        assert 'filename="report.pdf"' in header


@pytest.mark.parametrize('sent, kept', [('../../etc/passwd', 'passwd'), ('C:\\x\\a.pdf', 'a.pdf'), ('/a/b/c.pdf', 'c.pdf'),
                                        ('  a.pdf  ', 'a.pdf'), ('..\\..\\a.pdf', 'a.pdf')])
def test_folders_are_left_out(shared, review_path, sent, kept):
    assert send(shared.isms.client, review_path, PDF, sent).expect(201).json['name'] == kept
    assert send_form(shared.isms.client, review_path, file_part(PDF, sent)).expect(201).json['name'] == kept


@pytest.mark.parametrize('name', ['', '.', '..', 'a/', '../..', 'a\r\nSet-Cookie: x=1.pdf', 'a\tb', 'a\x7f', 'a\x85b',
                                  'evil\u202efdp.exe', 'a\u2028b', 'x' * 256, '📎' * 256, 'x' * 1000])
def test_names_that_are_none(shared, review_path, name):
    send(shared.isms.client, review_path, PDF, name).expect(422, 'attachment.name')
    if '\t' not in name and '\x7f' not in name:
        coded = name.replace('\r', '%0D').replace('\n', '%0A')
        send_form(shared.isms.client, review_path, file_part(PDF, coded)).expect(422)


def test_no_name_at_all(shared, review_path):
    for header in (None, 'attachment', 'attachment; filename=', 'attachment; filename*=UTF-8\'\'%00'):
        send(shared.isms.client, review_path, PDF, Content_Disposition=header).expect(422, 'attachment.name')


def test_a_name_in_the_charset_of_the_past(shared, review_path):
    answer = plain(shared.isms.client, 'POST', f'{review_path}/attachments', PDF,
                   Content_Disposition='attachment; filename="r\xe9sum\xe9.pdf"')
    assert answer.json['name'] == 'résumé.pdf'


# ---- parts of a file


@pytest.fixture(scope='module')
def large(shared, review_path):
    data = pdf(3 * PIECE + 17)
    return data, send(shared.isms.client, review_path, data).expect(201).json


RANGES = [(0, 0), (0, 1), (5, 12), (PIECE - 1, PIECE), (PIECE, 2 * PIECE - 1), (1, 3 * PIECE + 16), (3 * PIECE + 16, None),
          (0, None), (PIECE + 7, None), (100, 10 ** 30), (None, 1), (None, 17), (None, PIECE), (None, 10 ** 30)]


@pytest.mark.parametrize('first, last', RANGES)
def test_ranges(shared, large, first, last):
    data, record = large
    wanted = data[-last:] if first is None else data[first:None if last is None else last + 1]
    answer = content(shared.isms.client, record, Range=f'bytes={"" if first is None else first}-{last or ""}'
                     if last != 0 else 'bytes=0-0').expect(206)
    assert answer.body == wanted
    begin = len(data) - len(wanted) if first is None else first
    assert answer.headers['Content-Range'] == f'bytes {begin}-{begin + len(wanted) - 1}/{len(data)}'
    assert answer.headers['Content-Length'] == str(len(wanted))
    assert answer.headers['ETag'] == f'"{record["sha256"]}"' and answer.headers['Content-Disposition']


@pytest.mark.parametrize('header', [f'bytes={3 * PIECE + 17}-', 'bytes=999999-9999999', 'bytes=-0'])
def test_ranges_beyond_the_end(shared, large, header):
    answer = content(shared.isms.client, large[1], Range=header).expect(416)
    assert answer.headers['Content-Range'] == f'bytes */{len(large[0])}'


@pytest.mark.parametrize('header', ['bytes=0-1,5-6', 'bytes=5-2', 'bytes=', 'bytes=a-b', 'lines=0-1', 'bytes=-', 'x'])
def test_ranges_that_are_passed_over(shared, large, header):
    assert content(shared.isms.client, large[1], Range=header).expect(200).body == large[0]


def test_conditions(shared, large):
    data, record = large
    client, tag = shared.isms.client, f'"{record["sha256"]}"'
    assert content(client, record, **{'If-None-Match': tag}).expect(304).body == b''
    content(client, record, **{'If-None-Match': f'"x", W/{tag}', 'Range': 'bytes=0-1'}).expect(304)
    content(client, record, **{'If-None-Match': tag, 'Range': 'bytes=9999999-'}).expect(304)
    assert content(client, record, **{'If-None-Match': '"x"'}).expect(200).body == data
    assert content(client, record, **{'If-Range': tag, 'Range': 'bytes=2-3'}).expect(206).body == data[2:4]
    for other in ('"x"', f'W/{tag}', 'Sat, 21 Nov 2026 18:46:00 GMT'):
        assert content(client, record, **{'If-Range': other, 'Range': 'bytes=2-3'}).expect(200).body == data
    head = client.request('HEAD', f'/v1/attachments/{record["id"]}/content', headers={'Range': 'bytes=2-3'}).expect(200)
    assert head.headers['Content-Length'] == str(len(data)) and head.headers['Content-Range'] is None
