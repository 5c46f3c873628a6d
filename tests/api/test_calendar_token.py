"""Feed tokens: each opens the calendar of one person, and nothing else, for as long as it is good."""

import json
import re
from pathlib import Path

import pytest

import harness
from calendars import PATH, anybody, feed_token, read
from support import ABSENT_ID, merge, poll, shared  # noqa: F401 (fixture)


def test_made_once_told_once(org):
    made = org.employee.client.post('/v1/calendar-tokens', {'label': 'Telephone'}).expect(201)
    token = made.json
    assert re.fullmatch(r'rvf_[\w-]{43}', token['token']) and token['person_id'] == org.employee.id
    assert token['url'] == f'/v1/calendar.ics?token={token["token"]}' and token['status'] == 'active'
    assert made.headers['Location'] == f'/v1/calendar-tokens/{token["id"]}'
    assert 'private' in made.headers['Cache-Control']
    shown = org.employee.client.get(made.headers['Location']).expect(200)
    assert shown.json == token | {'token': None, 'url': None}
    assert shown.etag == made.etag      # the tag of the record, so that it can be changed at once
    listed = org.employee.client.get('/v1/calendar-tokens').expect(200).json['data']
    assert listed == [shown.json]
    history = org.employee.client.get(f'/v1/calendar-tokens/{token["id"]}/history').expect(200)
    for body in (shown.body, history.body, org.isms.client.get('/v1/audit-log?limit=200').body):
        assert token['token'][4:].encode() not in body
    read(anybody(org), f'?token={token["token"]}')


def test_neither_the_file_nor_the_log_has_it(daemon_at):
    daemon = daemon_at('2026-03-01T09:00:00', env={'REVIEWD_LOG_LEVEL': 'debug'})
    org = harness.seed(daemon)
    key = {'Idempotency_Key': 'one-and-the-same'}
    token = org.employee.client.post('/v1/calendar-tokens', {'label': 'Telephone'}, **key).expect(201).json['token']
    replayed = org.employee.client.post('/v1/calendar-tokens', {'label': 'Telephone'}, **key).expect(201)
    assert replayed.headers['Idempotent-Replayed'] == 'true' and replayed.json['token'] is None
    client = anybody(org)
    for path in (f'{PATH}?token={token}', f'{PATH}?token={token}&colour=red', f'/v1/reviews?token={token}',
                 f'/nowhere?token={token}'):
        answer = client.get(path)
        assert token.encode() not in answer.body and token not in str(answer.headers)
    daemon.stop()
    assert any(line.get('event') == 'request' for line in daemon.log())
    assert token[4:] not in daemon.stderr()
    for file in Path(daemon.data).rglob('*'):
        assert not file.is_file() or token[4:].encode() not in file.read_bytes(), file


def test_a_dry_run_makes_no_token(org):
    answer = org.employee.client.post('/v1/calendar-tokens?dry_run=true', {'label': 'Telephone'}).expect(201)
    assert answer.json['token'] is None and answer.headers['Dry-Run'] == 'true'
    assert org.employee.client.get('/v1/calendar-tokens').json['data'] == []


def test_good_for_the_calendar_alone(org):
    org.review()
    token = feed_token(org.isms)['token']
    bearer = harness.Client(org.daemon, token)
    for path in (PATH, '/v1/reviews', '/v1/people', '/v1/calendar-tokens', f'{PATH}?token={token}'):
        bearer.get(path).expect(401)
    bearer.post('/v1/calendar-tokens', {'label': 'Another'}).expect(401)
    for path in ('/v1/reviews', '/v1/people', '/v1/audit-log', '/v1/calendar-tokens', '/v1/rules'):
        anybody(org).get(f'{path}?token={token}').expect(401)
    # One credential at a time, and a bearer token is none for the query.
    org.isms.client.get(f'{PATH}?token={token}').expect(401)
    anybody(org).get(f'{PATH}?token={org.isms.token}').expect(401)
    anybody(org).get(f'{PATH}?token={token}&token={token}').expect(400, 'query.repeated')
    for wrong in ('', 'rvf_', token[:-1], token + 'x', token[:-1] + ('A' if token[-1] != 'A' else 'B'), '%ff',
                  "' OR 1=1 --".replace(' ', '+')):
        anybody(org).get(f'{PATH}?token={wrong}').expect(401)
    anybody(org).get(PATH).expect(401)
    harness.Client(org.daemon, org.isms.token).get(PATH).expect(200)


def test_revoked(org):
    token = feed_token(org.employee)
    path = f'/v1/calendar-tokens/{token["id"]}'
    read(anybody(org), f'?token={token["token"]}')
    org.employee.client.post(f'{path}/revoke').expect(428)
    revoked = org.employee.client.verb(f'{path}/revoke').expect(200).json
    assert revoked['status'] == 'revoked' and revoked['revoked_at'] and revoked['token'] is None
    anybody(org).get(f'{PATH}?token={token["token"]}').expect(401)
    org.employee.client.verb(f'{path}/revoke').expect(409, 'transition.not_allowed')
    org.employee.client.patch(path, {'label': 'Late'}).expect(409, 'calendar_token.revoked')


def test_expired(daemon_at):
    daemon = daemon_at('2026-03-01T09:00:00')
    org = harness.seed(daemon)
    token = feed_token(org.employee, expires_at='2026-03-02T09:00:00Z')
    read(anybody(org), f'?token={token["token"]}')
    daemon.set_clock('2026-03-02T08:59:50')
    read(anybody(org), f'?token={token["token"]}')
    daemon.set_clock('2026-03-02T09:00:00')
    anybody(org).get(f'{PATH}?token={token["token"]}').expect(401)
    org.employee.client.post('/v1/calendar-tokens', {'label': 'x', 'expires_at': '2026-03-02T09:00:00Z'}).expect(
        422, 'calendar_token.expires_at.in_past')


def test_of_a_person_who_leaves(org):
    person = org.person()
    token = org.new('/v1/calendar-tokens', {'label': 'Telephone', 'person_id': person['id']})
    read(anybody(org), f'?token={token["token"]}')
    org.do(f'/v1/people/{person["id"]}/deactivate')
    anybody(org).get(f'{PATH}?token={token["token"]}').expect(401)
    org.isms.client.post('/v1/calendar-tokens', {'label': 'Telephone', 'person_id': person['id']}).expect(
        422, 'reference.person.inactive')
    org.do(f'/v1/people/{person["id"]}/activate')
    read(anybody(org), f'?token={token["token"]}')


def test_one_makes_and_sees_ones_own(org):
    own = {role: feed_token(getattr(org, role)) for role in ('top', 'isms', 'head', 'employee', 'auditor')}
    ids = {role: token['id'] for role, token in own.items()}
    for role in own:
        client = getattr(org, role).client
        sees = {one['id'] for one in client.get('/v1/calendar-tokens').expect(200).json['data']}
        assert sees == (set(ids.values()) if role in ('isms', 'auditor') else {ids[role]})
        if role == 'isms':
            continue
        client.post('/v1/calendar-tokens', {'label': 'x', 'person_id': org.employee2.id}).expect(403, 'access.role')
        hidden = client.verb(f'/v1/calendar-tokens/{ids["isms"]}/revoke')
        assert hidden.status == (403 if role == 'auditor' else 404)
    made = org.isms.client.post('/v1/calendar-tokens', {'label': 'x', 'person_id': 'employee2@example.org'}).expect(201)
    assert made.json['person_id'] == org.employee2.id
    org.isms.client.verb(f'/v1/calendar-tokens/{ids["top"]}/revoke').expect(200)


def test_it_carries_no_more_than_the_token_that_made_it(org):
    secret = org.review(classification='restricted', chair_id=org.top2.id)
    narrow = harness.Client(org.daemon, org.daemon.token('isms@example.org', role='employee'))
    token = narrow.post('/v1/calendar-tokens', {'label': 'Narrow'}).expect(201).json
    assert token['role'] == 'employee'
    assert f'{secret["id"]}-review@reviewd' not in read(anybody(org), f'?token={token["token"]}')
    assert f'{secret["id"]}-review@reviewd' in read(anybody(org), f'?token={feed_token(org.isms)["token"]}')
    reading = harness.Client(org.daemon, org.daemon.token('isms@example.org', read_only=True))
    reading.post('/v1/calendar-tokens', {'label': 'x'}).expect(403, 'access.read_only_token')
    reading.get(PATH).expect(200)


@pytest.mark.parametrize('body, rule', [
    ({}, 'calendar_token.label.required'), ({'label': None}, 'calendar_token.label.required'),
    ({'label': ''}, 'body.length'), ({'label': 'x' * 201}, 'body.length'), ({'label': 5}, 'body.type'),
    ({'label': 'x', 'token': 'rvf_mine'}, 'body.read_only'), ({'label': 'x', 'role': 'auditor'}, 'body.read_only'),
    ({'label': 'x', 'status': 'active'}, 'body.read_only'), ({'label': 'x', 'secret': 'y'}, 'body.unknown_field'),
    ({'label': 'x', 'person_id': None}, 'body.type'), ({'label': 'x', 'person_id': 5}, 'body.type'),
    ({'label': 'x', 'person_id': ABSENT_ID}, 'reference.not_found'),
    ({'label': 'x', 'expires_at': 'tomorrow'}, 'body.format'),
])
def test_bodies(shared, body, rule):  # noqa: F811
    shared.isms.client.post('/v1/calendar-tokens', body).expect(422, rule)


def test_its_label_can_be_changed_and_nothing_else(org):
    token = feed_token(org.employee)
    path = f'/v1/calendar-tokens/{token["id"]}'
    assert org.employee.client.patch(path, {'label': 'Desk'}, token and '*').expect(200).json['label'] == 'Desk'
    for member in ('person_id', 'expires_at', 'role', 'token'):
        org.employee.client.patch(path, {member: None}).expect(422, 'body.read_only')
    versions = org.employee.client.get(f'{path}/history').expect(200).json['data']
    rebuilt = {}
    for version in reversed(versions):
        rebuilt = merge(rebuilt, version['changes'])
    assert rebuilt['label'] == 'Desk' and 'token' not in rebuilt and 'secret' not in rebuilt


def test_on_the_command_line(org):
    daemon = org.daemon
    made = daemon.cli('token', 'create', '--calendar', '--person', 'head@example.org', '--label', 'Wall').stdout
    assert re.fullmatch(r'rvf_[\w-]{43}\n', made)
    read(anybody(org), f'?token={made.strip()}')
    for wrong in (['--role', 'auditor'], ['--expires', 'soon'], ['--expires', '2001-01-01']):
        done = daemon.cli('token', 'create', '--calendar', '--person', 'head@example.org', '--label', 'x', *wrong,
                          check=False)
        assert done.returncode == 1 and done.stderr.count('\n') == 1
    nobody = daemon.cli('token', 'create', '--calendar', '--person', 'no@example.org', '--label', 'x', check=False)
    assert nobody.returncode == 1
    daemon.cli('token', 'create', '--calendar', '--person', 'head@example.org', '--label', 'Short', '--expires', '2d')
    listed = json.loads(daemon.cli('token', 'list', '--json').stdout)
    walls = [one for one in listed if one['label'] == 'Wall']
    assert [one['kind'] for one in walls] == ['calendar'] and {one['kind'] for one in listed} == {'api', 'calendar'}
    assert next(one for one in listed if one['label'] == 'Short')['expires_at']
    assert made.strip() not in daemon.cli('token', 'list').stdout
    assert 'Wall (calendar)' in daemon.cli('token', 'list').stdout
    daemon.cli('token', 'revoke', walls[0]['id'])
    daemon.cli('token', 'revoke', walls[0]['id'])      # again: it is revoked all the same
    poll(lambda: anybody(org).get(f'{PATH}?token={made.strip()}').status == 401)
    daemon.cli('audit', 'verify')
    daemon.cli('check')
