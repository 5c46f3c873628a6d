"""Section 1 of the contract as a client meets it: methods, types, tags, queries, refusals.

What is particular to bodies stands in test_bodies.py.
"""

import gzip
import re
import socket

import pytest

from harness import Client, day, seed
from support import (ABSENT_ID, fill, fresh_email, if_match, life, person_body, plain,  # noqa: F401 (fixtures)
                     shared)

UUID7 = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}')
INSTANT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z')
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]+"')

READ, CREATE, CHANGE = 'GET HEAD', 'GET HEAD POST', 'GET HEAD PATCH'
VERB = 'POST'

# Every path, and what one may do there.
PATHS = [
    ('/v1/people', CREATE),
    ('/v1/people/{person}', CHANGE),
    ('/v1/people/{person}/history', READ),
    ('/v1/people/{person}/deactivate', VERB),
    ('/v1/people/{person}/activate', VERB),
    ('/v1/reviews', CREATE),
    ('/v1/reviews/{review}', CHANGE),
    *((f'/v1/reviews/{{review}}/{verb}', VERB) for verb in ('start', 'conclude', 'approve', 'reopen', 'cancel')),
    ('/v1/reviews/{review}/readiness', READ),
    ('/v1/reviews/{review}/carried-action-items', READ),
    ('/v1/reviews/{review}/history', READ),
    ('/v1/reviews/{review}/revisions', READ),
    ('/v1/reviews/{review}/attendees', CREATE),
    ('/v1/attendees/{attendee}', CHANGE),
    ('/v1/attendees/{attendee}/withdraw', VERB),
    ('/v1/attendees/{attendee}/history', READ),
    ('/v1/reviews/{review}/inputs', CREATE),
    ('/v1/inputs', READ),
    ('/v1/inputs/{input}', CHANGE),
    ('/v1/inputs/{input}/withdraw', VERB),
    ('/v1/inputs/{input}/history', READ),
    ('/v1/reviews/{review}/decisions', CREATE),
    ('/v1/decisions', READ),
    ('/v1/decisions/{decision}', CHANGE),
    *((f'/v1/decisions/{{decision}}/{verb}', VERB)
      for verb in ('adopt', 'reject', 'withdraw', 'implement', 'supersede')),
    ('/v1/decisions/{decision}/history', READ),
    ('/v1/decisions/{decision}/amendments', CREATE),
    ('/v1/decisions/{decision}/action-items', CREATE),
    ('/v1/action-items', READ),
    ('/v1/action-items/{item}', CHANGE),
    *((f'/v1/action-items/{{item}}/{verb}', VERB) for verb in ('start', 'block', 'unblock', 'cancel')),
    ('/v1/action-items/{item}/history', READ),
    ('/v1/action-items/{item}/amendments', CREATE),
    ('/v1/amendments/{amendment}', READ),
    ('/v1/action-items/{item}/follow-ups', CREATE),
    ('/v1/follow-ups', READ),
    ('/v1/follow-ups/{follow_up}', READ),
    ('/v1/follow-ups/{follow_up}/history', READ),
    ('/v1/reviews/{review}/attachments', CREATE),
    ('/v1/inputs/{input}/attachments', CREATE),
    ('/v1/decisions/{decision}/attachments', CREATE),
    ('/v1/action-items/{item}/attachments', CREATE),
    ('/v1/follow-ups/{follow_up}/attachments', CREATE),
    ('/v1/attachments', READ),
    ('/v1/attachments/{attachment}', READ),
    ('/v1/attachments/{attachment}/content', READ),
    ('/v1/attachments/{attachment}/withdraw', VERB),
    ('/v1/attachments/{attachment}/history', READ),
    ('/v1/imports', CREATE),
    ('/v1/imports/{import}', READ),
    ('/v1/imports/{import}/history', READ),
    ('/v1/rules', READ),
    ('/v1/rules/review.period.order', READ),
    ('/v1/audit-log', READ),
    ('/v1/audit-log/head', READ),
    *((f'/v1/reports/{name}', READ) for name in ('action-items', 'metrics', 'schedule', 'clauses')),
    ('/healthz', READ),
    ('/readyz', READ),
    ('/metrics', READ),
    ('/openapi.json', READ),
    ('/docs', READ),
]


def words(text):
    return set(text.replace(',', ' ').split())


# ---- methods


@pytest.mark.parametrize('path, methods', PATHS)
def test_each_path_says_what_one_may_do_there(shared, life, path, methods):
    """Without a token: what a path knows is no secret, and DELETE is known by none."""
    anyone, path = Client(shared.daemon, None), fill(path, life)
    options = anyone.request('OPTIONS', path).expect(204)
    assert options.body == b''
    for answer in (options, anyone.request('DELETE', path).expect(405), anyone.request('PUT', path).expect(405)):
        assert words(answer.headers['Allow']) - {'OPTIONS'} == words(methods)


READABLE = [path for path, methods in PATHS if 'GET' in methods]


@pytest.mark.parametrize('path', READABLE)
def test_head_answers_the_headers_of_get_and_no_body(shared, life, path):
    path = fill(path, life)
    got = plain(shared.isms.client, 'GET', path, X_Request_Id='one-and-the-same')
    headers = plain(shared.isms.client, 'HEAD', path, X_Request_Id='one-and-the-same')
    assert (got.status, headers.status, headers.body) == (200, 200, b'')
    # The figures of /metrics grow with each request.
    moving = ['content-length'] if path == '/metrics' else []
    assert headers.names(*moving) == got.names(*moving)


def test_head_of_what_is_absent(shared):
    answer = shared.isms.client.request('HEAD', f'/v1/people/{ABSENT_ID}').expect(404)
    assert answer.body == b''


def test_a_method_nobody_knows(shared):
    answer = plain(shared.isms.client, 'BREW', '/v1/people')
    assert answer.status in (405, 501)


@pytest.mark.parametrize('path', ['/', '/v1', '/v1/', '/v2/people', '/v1/persons', '/v1/people/', '/v1//people',
                                  '/V1/people', '/v1/people/{person}/nothing', '/v1/reviews/{review}/inputs/{input}',
                                  '/problems/', '/problems/no-such-problem', '/healthz/x'])
def test_no_such_path(shared, life, path):
    """404 before 401: a caller learns no more about a path that is not there."""
    for client in (shared.isms.client, Client(shared.daemon, None)):
        client.get(fill(path, life)).expect(404)


# ---- who is asking


@pytest.mark.parametrize('credential', [
    None, '', 'Bearer', 'Bearer ', 'Bearer nonsense', 'Bearer rvd_' + 'A' * 43, 'Basic aXNtczppc21z', 'rvd_' + 'A' * 43,
    'Bearer {token}x', 'Bearer {token} {token}', 'Digest {token}', '{token}',
])
def test_without_a_valid_credential(shared, credential):
    if credential is not None:
        credential = credential.format(token=shared.isms.token)
    answer = Client(shared.daemon, None).request('GET', '/v1/people', headers={'Authorization': credential})
    answer.expect(401)
    assert answer.json['type'] == '/problems/unauthenticated'
    assert answer.headers['WWW-Authenticate'].startswith('Bearer')


def test_the_scheme_of_a_credential_has_no_case(shared):
    answer = Client(shared.daemon, None).request('GET', '/v1/people',
                                                 headers={'Authorization': f'bearer {shared.isms.token}'})
    answer.expect(200)


# ---- types


@pytest.mark.parametrize('accept, status', [
    (None, 200), ('*/*', 200), ('application/*', 200), ('application/json', 200), ('Application/JSON', 200),
    ('application/json; charset=utf-8', 200), ('text/html, application/json;q=0.5', 200), ('text/html, */*;q=0.1', 200),
    ('text/html', 406), ('application/xml, text/*', 406), ('application/json;q=0', 406),
    ('application/json;q=0, */*', 406),
])
def test_accept(shared, accept, status):
    answer = shared.isms.client.request('GET', '/v1/audit-log/head', headers={'Accept': accept})     # there as JSON alone
    answer.expect(status)
    assert answer.json.get('type') == (None if status == 200 else '/problems/not-acceptable')


@pytest.mark.parametrize('method, path, content_type, status', [
    ('POST', '/v1/people', 'application/json', 201),
    ('POST', '/v1/people', 'Application/JSON', 201),
    ('POST', '/v1/people', 'application/json;charset=UTF-8', 201),
    ('POST', '/v1/people', 'application/json; charset="utf-8"', 201),
    ('POST', '/v1/people', 'application/json; charset=iso-8859-1', 415),
    ('POST', '/v1/people', 'application/merge-patch+json', 415),
    ('POST', '/v1/people', 'application/x-www-form-urlencoded', 415),
    ('POST', '/v1/people', 'text/plain', 415),
    ('POST', '/v1/people', 'application/jsonp', 415),
    ('POST', '/v1/people', 'nonsense', 415),
    ('POST', '/v1/people', None, 415),
    ('PATCH', '/v1/people/{person}', 'application/merge-patch+json', 200),
    ('PATCH', '/v1/people/{person}', 'application/json', 200),
    ('PATCH', '/v1/people/{person}', 'application/json-patch+json', 415),
    ('PATCH', '/v1/people/{person}', 'text/plain', 415),
    ('PATCH', '/v1/people/{person}', None, 415),
])
def test_content_type(shared, life, method, path, content_type, status):
    answer = shared.isms.client.request(method, fill(path, life), person_body(),
                                        headers={'Content-Type': content_type, **if_match(method, path)})
    answer.expect(status)
    if status == 415:
        assert answer.json['type'] == '/problems/unsupported-media-type'
        taken = words(answer.headers['Accept-Patch' if method == 'PATCH' else 'Accept-Post'])
        assert taken == {'application/json'} | ({'application/merge-patch+json'} if method == 'PATCH' else set())


def test_a_coded_body_is_refused(shared):
    answer = shared.isms.client.request('POST', '/v1/people', raw=gzip.compress(b'{}'),
                                        headers={'Content-Encoding': 'gzip'})
    answer.expect(415)
    shared.isms.client.request('POST', '/v1/people?dry_run=true', person_body(),
                               headers={'Content-Encoding': 'Identity'}).expect(201)


def test_a_verb_that_wants_nothing_needs_no_body(shared):
    review = shared.review()
    shared.attendee(review)
    answer = plain(shared.isms.client, 'POST', f'/v1/reviews/{review["id"]}/start', If_Match='*', Content_Length='0')
    assert answer.status == 200 and answer.json['status'] == 'in_progress'


# ---- create and read


def test_create_answers_the_whole_record(shared):
    body = person_body(job_title='Engineer')
    created = shared.isms.client.post('/v1/people', body).expect(201)
    person = created.json
    assert {name: person[name] for name in body} == body
    assert (person['external'], person['active'], person['department']) == (False, True, None)
    assert UUID7.fullmatch(person['id'])
    assert person['version'] == 1
    assert INSTANT.fullmatch(person['created_at']) and person['updated_at'] == person['created_at']
    assert person['created_by'] == person['updated_by'] == shared.isms.id
    assert created.headers['Content-Type'] == 'application/json'
    assert STRONG_ETAG.fullmatch(created.etag)
    got = shared.isms.client.get(created.headers['Location']).expect(200)
    assert (got.body, got.etag) == (created.body, created.etag)
    assert created.headers['Location'].endswith(f'/v1/people/{person["id"]}')


def test_references_are_numbered_by_year(shared):
    year, reviews = day()[:4], [shared.review() for _ in range(2)]
    numbers = [re.fullmatch(rf'MR-{year}-(\d\d+)', review['reference']).group(1) for review in reviews]
    assert int(numbers[1]) == int(numbers[0]) + 1


@pytest.mark.parametrize('path', ['/v1/reviews/{reference}', '/v1/reviews/{reference}/inputs',
                                  '/v1/reviews/{reference}/readiness', '/v1/reviews/{reference}/history'])
def test_a_path_takes_the_reference_as_well(shared, life, path):
    by_reference = shared.isms.client.get(path.format(reference=life.review['reference'])).expect(200)
    assert by_reference.body == shared.isms.client.get(path.format(reference=life.review['id'])).expect(200).body


@pytest.mark.parametrize('email', ['top@example.org', 'TOP@Example.ORG', 'top%40example.org'])
def test_a_person_goes_by_the_address(shared, email):
    assert shared.isms.client.get(f'/v1/people/{email}').expect(200).json['id'] == shared.top.id


def test_a_reference_field_takes_reference_and_address(shared, life):
    review = shared.review(chair_id='TOP2@example.org')
    assert review['chair_id'] == shared.top2.id
    found = shared.get(f'/v1/decisions?review_id={life.review["reference"]}&owner_id=head@example.org')['data']
    assert {one['review_id'] for one in found} == {life.review['id']}


def test_an_id_is_taken_in_any_case_and_shown_in_lower_case(shared, life):
    """RFC 9562, 4: output is in lower case, input in any."""
    decision = life.decision
    for path in ('/v1/decisions/{}', '/v1/decisions/{}/history', '/v1/decisions/{}/action-items'):
        known = shared.isms.client.get(path.format(decision['id'])).expect(200)
        assert shared.isms.client.get(path.format(decision['id'].upper())).expect(200).json == known.json
    item = shared.new(f'/v1/decisions/{decision["id"].upper()}/action-items',
                      shared.action_item_body(owner_id=shared.head.id.upper()))
    assert (item['decision_id'], item['owner_id']) == (decision['id'], shared.head.id)
    assert shared.change(f'/v1/action-items/{item["id"].upper()}', {'title': 'Other'})['id'] == item['id']


@pytest.mark.parametrize('record_id', [ABSENT_ID, ABSENT_ID.upper(), 'MR-2001-77', 'nobody@example.org', '0', '-', 'é',
                                       "'; DROP TABLE person; --", 'x' * 300])
def test_no_such_record(shared, record_id):
    for collection in ('people', 'reviews', 'decisions', 'action-items', 'follow-ups', 'rules'):
        quoted = ''.join(f'%{byte:02X}' for byte in record_id.encode())
        # The guard refuses an encoded slash; there is none in these.
        answer = shared.isms.client.get(f'/v1/{collection}/{quoted}').expect(404)
        assert answer.json['type'] == '/problems/not-found'


# ---- tags


@pytest.mark.parametrize('tags, status', [
    ('{etag}', 304), ('*', 304), ('"nothing", {etag}', 304), ('W/{etag}', 304), ('"a,b" , {etag}', 304),
    ('"nothing"', 200), ('{bare}', 200), ('', 200),
])
def test_if_none_match(shared, life, tags, status):
    path = fill('/v1/people/{person}', life)
    got = shared.isms.client.get(path).expect(200)
    tags = tags.format(etag=got.etag, bare=got.etag.strip('"'))
    for method in ('GET', 'HEAD'):
        answer = shared.isms.client.request(method, path, headers={'If-None-Match': tags}).expect(status)
        assert answer.etag == got.etag
        assert answer.body == (got.body if (method, status) == ('GET', 200) else b'')


@pytest.mark.parametrize('path', ['/v1/people/{person}', '/v1/people', '/v1/rules', '/openapi.json'])
@pytest.mark.parametrize('coding', ['identity', 'gzip'])
def test_a_304_has_the_length_of_the_200(shared, life, path, coding):
    """RFC 9110, 8.6: that length or none; and nothing follows the head, so that the connection goes on."""
    path, asks = fill(path, life), {'Accept_Encoding': coding}
    for method in ('GET', 'HEAD'):
        whole = plain(shared.isms.client, method, path, **asks)
        cached = plain(shared.isms.client, method, path, If_None_Match=whole.headers['ETag'], **asks)
        assert (whole.status, cached.status, cached.body) == (200, 304, b'')
        assert cached.headers['Content-Length'] == whole.headers['Content-Length'] != '0'
        assert cached.headers['ETag'] == whole.headers['ETag']
        status, rest = talk_304(shared.isms.client, method, path, coding, whole.headers['ETag'])
        assert (status, rest) == ([b'304', b'304'], b'')


def talk_304(client, method, path, coding, etag):
    """Twice over one connection, by hand: the statuses, and what came beside the heads."""
    head = (f'{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n'
            f'Accept-Encoding: {coding}\r\nIf-None-Match: {etag}\r\n')
    with socket.create_connection(('127.0.0.1', client.daemon.port), 10) as connection:
        connection.sendall(f'{head}\r\n{head}Connection: close\r\n\r\n'.encode())
        said = b''
        while block := connection.recv(65536):
            said += block
    *heads, rest = said.split(b'\r\n\r\n')
    return [one.split()[1] for one in heads], rest


@pytest.mark.parametrize('tags, status', [
    ('{etag}', 200), ('*', 200), ('"nothing", {etag}', 200),
    (None, 428),
    ('"nothing"', 412), ('{old}', 412),
    # Weak tags never match where something is changed (RFC 9110, 13.1.1).
    ('W/{etag}', 412),
    # What is no list of tags matches nothing.
    ('abc', 412), ('"open', 412), ('*, {etag}', 412), ('{etag} x', 412), ('{etag}{etag}', 412), ('{etag}, x', 412),
])
def test_if_match(shared, tags, status):
    person = shared.person(email=fresh_email())
    path = f'/v1/people/{person["id"]}'
    old = shared.isms.client.get(path).etag
    etag = shared.isms.client.patch(path, {'job_title': 'First'}).expect(200).etag
    if tags is not None:
        tags = tags.format(etag=etag, old=old)
    for method, target, body in (('PATCH', path, {'job_title': 'Second'}), ('POST', f'{path}/deactivate', {})):
        answer = shared.isms.client.request(method, f'{target}?dry_run=true', body, headers={'If-Match': tags})
        answer.expect(status)
        if status >= 400:
            assert answer.json['type'] == f'/problems/{"stale" if status == 412 else "precondition-required"}'


def test_the_tag_changes_with_each_change_and_only_then(shared):
    path = f'/v1/people/{shared.person(email=fresh_email())["id"]}'
    tags = [shared.isms.client.get(path).etag]
    for title in ('A', 'A', 'B', 'A'):
        answer = shared.isms.client.patch(path, {'job_title': title}, etag=tags[-1]).expect(200)
        assert answer.etag == shared.isms.client.get(path).etag
        tags.append(answer.etag)
    assert tags[1] == tags[2], 'a change that changes nothing'
    assert len(set(tags)) == 4, 'the same content again is another version'


def test_the_tag_changes_with_what_comes_from_elsewhere(shared):
    """A decision shows the title of its review: another title is another representation."""
    review = shared.running_review()
    path = f'/v1/decisions/{shared.decision(review)["id"]}'
    before = shared.isms.client.get(path)
    shared.change(f'/v1/reviews/{review["id"]}', {'title': 'Another title'})
    after = shared.isms.client.get(path, **{'If-None-Match': before.etag}).expect(200)
    assert after.json['review_title'] == 'Another title'
    assert after.etag != before.etag


def test_the_tag_changes_when_an_item_becomes_overdue(daemon_at):
    """`overdue` is worked out when it is read: at midnight the representation changes though nobody wrote."""
    org = seed(daemon_at(f'{day()}T09:00:00'))
    item = org.action_item(org.adopted(org.running_review()), deadline=day(5))
    path = f'/v1/action-items/{item["id"]}'
    before = org.isms.client.get(path).expect(200)
    assert (before.json['overdue'], before.json['days_overdue']) == (False, 0)
    org.daemon.set_clock(f'{day(8)}T00:00:01')
    after = org.isms.client.get(path, **{'If-None-Match': before.etag}).expect(200)
    assert (after.json['overdue'], after.json['days_overdue']) == (True, 3)
    assert after.json['version'] == before.json['version']
    assert after.etag != before.etag


# ---- gzip


def test_long_answers_are_packed_where_asked_for(shared, life):
    path = fill('/v1/reviews/{review}/inputs', life)
    as_is = plain(shared.isms.client, 'GET', path, Accept_Encoding='identity')
    assert len(as_is.body) > 1024 and 'Content-Encoding' not in as_is.headers
    for accepted in ('gzip', 'br;q=1.0, gzip;q=0.5', 'GZIP', 'identity;q=0.5, gzip'):
        packed = plain(shared.isms.client, 'GET', path, Accept_Encoding=accepted)
        assert packed.headers['Content-Encoding'] == 'gzip', accepted
        assert gzip.decompress(packed.body) == as_is.body
        assert len(packed.body) == int(packed.headers['Content-Length']) < len(as_is.body)
        assert 'accept-encoding' in packed.headers['Vary'].lower()
    assert 'accept-encoding' in as_is.headers['Vary'].lower()


@pytest.mark.parametrize('accepted', [None, '', 'identity', 'gzip;q=0', 'br', '*;q=0, identity', 'gzip;q=0, *'])
def test_nothing_is_packed_where_it_is_not_asked_for(shared, life, accepted):
    answer = plain(shared.isms.client, 'GET', fill('/v1/reviews/{review}/inputs', life), Accept_Encoding=accepted)
    assert answer.status == 200 and 'Content-Encoding' not in answer.headers


def test_short_answers_are_not_packed(shared):
    answer = plain(shared.isms.client, 'GET', '/v1/audit-log/head', Accept_Encoding='gzip')
    assert answer.status == 200 and 'Content-Encoding' not in answer.headers


def test_each_coding_has_a_tag_of_its_own(shared):
    """A cache must not answer one coding's 304 for the other's body; a writer may name either."""
    review = shared.review(summary='A long story. ' * 200)
    path = f'/v1/reviews/{review["id"]}'
    as_is = plain(shared.isms.client, 'GET', path)
    packed = plain(shared.isms.client, 'GET', path, Accept_Encoding='gzip')
    assert packed.headers['Content-Encoding'] == 'gzip'
    assert STRONG_ETAG.fullmatch(packed.headers['ETag'])
    assert packed.headers['ETag'] != as_is.headers['ETag']
    again = plain(shared.isms.client, 'GET', path, Accept_Encoding='gzip', If_None_Match=packed.headers['ETag'])
    assert (again.status, again.headers['ETag']) == (304, packed.headers['ETag'])
    head = plain(shared.isms.client, 'HEAD', path, Accept_Encoding='gzip', X_Request_Id='same-same')
    assert head.names('x-request-id') == packed.names('x-request-id')
    shared.isms.client.patch(path, {'location': 'Room 1'}, etag=packed.headers['ETag']).expect(200)
    shared.isms.client.patch(path, {'location': 'Room 2'}, etag=packed.headers['ETag']).expect(412)


# ---- queries


@pytest.mark.parametrize('path, rule, parameter', [
    ('/v1/people?colour=red', 'query.unknown', 'colour'),
    ('/v1/people/{person}?colour=red', 'query.unknown', 'colour'),
    ('/v1/people/{person}?limit=5', 'query.unknown', 'limit'),
    ('/v1/people?dry_run=true', 'query.unknown', 'dry_run'),
    ('/v1/people?Limit=5', 'query.unknown', 'Limit'),
    ('/v1/people?clause=a', 'query.unknown', 'clause'),
    ('/v1/people?limit=5&limit=5', 'query.repeated', 'limit'),
    ('/v1/people?role=auditor&role=employee', 'query.repeated', 'role'),
    ('/v1/people?limit=x', 'query.invalid', 'limit'),
    ('/v1/people?limit=', 'query.invalid', 'limit'),
    ('/v1/people?limit', 'query.invalid', 'limit'),
    ('/v1/people?role=king', 'query.invalid', 'role'),
    ('/v1/people?role=auditor,king', 'query.invalid', 'role'),
    ('/v1/people?role=', 'query.invalid', 'role'),
    ('/v1/people?active=perhaps', 'query.invalid', 'active'),
    ('/v1/people?count=perhaps', 'query.invalid', 'count'),
    ('/v1/people?sort=colour', 'query.invalid', 'sort'),
    ('/v1/people?sort=', 'query.invalid', 'sort'),
    ('/v1/people?sort=--name', 'query.invalid', 'sort'),
    ('/v1/action-items?deadline_before=tomorrow', 'query.invalid', 'deadline_before'),
    ('/v1/action-items?deadline_before=2026-02-30', 'query.invalid', 'deadline_before'),
])
def test_a_query_that_does_not_parse(shared, life, path, rule, parameter):
    answer = shared.isms.client.get(fill(path, life)).expect(400, rule)
    assert answer.json['type'] == '/problems/malformed-request'
    assert [violation['parameter'] for violation in answer.violations] == [parameter]
    assert answer.violations[0]['pointer'] == '#'


def test_all_that_is_wrong_with_a_query_is_said_at_once(shared):
    answer = shared.isms.client.get('/v1/people?limit=0&colour=red&active=true&active=true')
    answer.expect(400, 'query.invalid', 'query.unknown', 'query.repeated')


@pytest.mark.parametrize('query', ['q=%zz', 'q=%', 'q=%ff', 'q=%c3%28', 'q=%ed%a0%80'])
def test_a_query_that_cannot_be_decoded(shared, query):
    answer = shared.isms.client.get(f'/v1/people?{query}').expect(400)
    assert answer.json['type'] == '/problems/malformed-request'


@pytest.mark.parametrize('method, path', [('POST', '/v1/people'), ('PATCH', '/v1/people/{person}'),
                                          ('POST', '/v1/people/{person}/deactivate')])
def test_writes_know_no_other_parameter_than_dry_run(shared, life, method, path):
    for query, rule in (('x=1', 'query.unknown'), ('dry_run=perhaps', 'query.invalid'),
                        ('dry_run=true&dry_run=true', 'query.repeated')):
        answer = shared.isms.client.request(method, f'{fill(path, life)}?{query}', {}, headers=if_match(method, path))
        answer.expect(400, rule)


# ---- Prefer


def test_prefer_minimal(shared):
    wanted = {'Prefer': 'return=minimal'}
    whole = shared.isms.client.post('/v1/people', person_body()).expect(201)
    created = shared.isms.client.post('/v1/people', person_body(), headers=wanted).expect(201)
    path = created.headers['Location']
    changed = shared.isms.client.patch(path, {'job_title': 'X'}, etag=created.etag, headers=wanted).expect(200)
    done = shared.isms.client.verb(f'{path}/deactivate', {}, etag=changed.etag, headers=wanted).expect(200)
    for answer in (created, changed, done):
        assert answer.body == b''
        assert answer.headers['Preference-Applied'] == 'return=minimal'
    assert done.etag == shared.isms.client.get(path).etag
    own = {'date', 'content-length', 'content-type', 'preference-applied', 'vary'}
    assert {name.lower() for name in created.headers} - own == {name.lower() for name in whole.headers} - own


@pytest.mark.parametrize('prefer', ['return="minimal"', 'Return = minimal', 'respond-async, return=minimal; x=1',
                                    'wait="1, return=representation", return=minimal',
                                    'return=minimal, return=representation'])
def test_minimal_in_other_words(shared, prefer):
    """RFC 7240, 2: token or quoted string; of a preference that is given twice the first counts."""
    answer = shared.isms.client.post('/v1/people', person_body(), headers={'Prefer': prefer}).expect(201)
    assert (answer.body, answer.headers['Preference-Applied']) == (b'', 'return=minimal')


@pytest.mark.parametrize('prefer', [
    'return=representation', 'respond-async', 'return=nonsense', ';;;', 'return="minimal', 'return', '=minimal', '"',
    'wait="1, return=minimal"', 'x; return=minimal', 'return=representation, return=minimal'])
def test_other_preferences_are_no_obstacle(shared, prefer):
    answer = shared.isms.client.post('/v1/people', person_body(), headers={'Prefer': prefer}).expect(201)
    assert answer.json['version'] == 1


def test_a_refusal_has_its_body_whatever_is_preferred(shared):
    answer = shared.isms.client.post('/v1/people', {}, headers={'Prefer': 'return=minimal'})
    answer.expect(422, 'person.name.required', 'person.email.required', 'person.role.required')


# ---- refusals


def test_all_violations_at_once_and_the_first_status_of_403_409_422(shared, life):
    """422 alone, then 409 on top of it, then 403 on top of both."""
    broken = {'title': None, 'colour': 'red'}
    kinds = ('review.title.required', 'body.unknown_field')
    shared.isms.client.patch(fill('/v1/reviews/{planned}', life), broken).expect(422, *kinds)
    frozen = fill('/v1/reviews/{concluded}', life)
    shared.isms.client.patch(frozen, broken).expect(409, 'review.frozen', *kinds)
    shared.head.client.patch(frozen, broken).expect(403, 'access.role', 'review.frozen', *kinds)


@pytest.mark.parametrize('client, method, path, headers, raw, status', [
    # Each has all that comes after it in the order: path, credential, type, body, record, role, If-Match, rules.
    ('nobody', 'POST', '/v1/nothing', {'Content-Type': 'text/plain'}, b'{', 404),
    ('nobody', 'DELETE', '/v1/people', {'Content-Type': 'text/plain'}, b'{', 405),
    ('nobody', 'PATCH', '/v1/people/{absent}', {'Content-Type': 'text/plain'}, b'{', 401),
    ('employee', 'PATCH', '/v1/people/{absent}', {'Content-Type': 'text/plain'}, b'{', 415),
    ('employee', 'PATCH', '/v1/people/{absent}', {'Accept': 'text/html'}, b'{', 406),
    ('employee', 'PATCH', '/v1/people/{absent}', {}, b'{', 400),
    ('employee', 'PATCH', '/v1/people/{absent}?x=1', {}, b'{}', 400),
    ('employee', 'PATCH', '/v1/people/{absent}', {}, b'{"name": null}', 404),
    ('employee', 'PATCH', '/v1/people/{person}', {}, b'{"name": null}', 403),
    ('isms', 'PATCH', '/v1/people/{person}', {}, b'{"name": null}', 428),
    ('isms', 'PATCH', '/v1/people/{person}', {'If-Match': '"old"'}, b'{"name": null}', 412),
    ('isms', 'PATCH', '/v1/people/{person}', {'If-Match': '*'}, b'{"name": null}', 422),
])
def test_what_is_refused_first(shared, life, client, method, path, headers, raw, status):
    caller = Client(shared.daemon, None) if client == 'nobody' else getattr(shared, client).client
    path = fill(path, {**vars(life), 'absent': ABSENT_ID})
    caller.request(method, path, raw=raw, headers={'Content-Type': 'application/json', **headers}).expect(status)


@pytest.mark.parametrize('name, status', [
    ('malformed-request', 400), ('unauthenticated', 401), ('forbidden', 403), ('not-found', 404),
    ('method-not-allowed', 405), ('not-acceptable', 406), ('state-conflict', 409), ('stale', 412), ('too-large', 413),
    ('unsupported-media-type', 415), ('rule-violation', 422), ('precondition-required', 428),
    ('too-many-requests', 429), ('internal', 500), ('unavailable', 503), ('outcome-unknown', 503),
    ('storage-full', 507), ('target-too-long', 414), ('headers-too-large', 431), ('version-not-supported', 505),
])
def test_each_problem_has_a_page(shared, name, status):
    """It is what a person opens who finds the type in an answer: in a browser, without a token."""
    answer = plain(Client(shared.daemon, None), 'GET', f'/problems/{name}', Accept='text/html,*/*;q=0.8')
    assert answer.status == 200
    assert answer.headers['Content-Type'].startswith('text/')
    assert str(status) in answer.body.decode() and len(answer.body) > 100
