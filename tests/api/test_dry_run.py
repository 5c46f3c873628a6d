"""?dry_run=true does everything but keep it: the same status, body and problems, and nothing stored."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import (ABSENT_ID, audit_entries, audit_head, fill, fresh_email, if_match, life,  # noqa: F401
                     person_body, plain, rows_stored, shared)

# What cannot be the same in a rehearsal: ids made for it, the time it took place, digests of documents that tell it.
MADE = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{64}')


class Stage:
    """Plays each write twice: as a dry run, which must leave no trace, and then in earnest."""

    def __init__(self, org):
        self.org = org

    def write(self, method, path, body, by='isms', status=200):
        client = getattr(self.org, by).client
        before = rows_stored(self.org.daemon.data), audit_head(self.org.isms.client)
        rehearsed = client.request(method, f'{path}?dry_run=true', body, headers=if_match(method, path)).expect(status)
        assert rehearsed.headers['Dry-Run'] == 'true'
        assert (rows_stored(self.org.daemon.data), audit_head(self.org.isms.client)) == before
        real = client.request(method, path, body, headers=if_match(method, path)).expect(status)
        assert 'Dry-Run' not in real.headers
        # References are part of what is compared: the rehearsal used up no number.
        assert known(rehearsed.json, real.json) == known(real.json, real.json)
        assert {name.lower() for name in rehearsed.headers} - {'dry-run'} == {name.lower() for name in real.headers}
        return real.json

    def post(self, path, body, **how):
        return self.write('POST', path, body, status=201, **how)

    def verb(self, path, body={}, **how):
        return self.write('POST', path, body, **how)

    def patch(self, path, body, **how):
        return self.write('PATCH', path, body, **how)


def known(answer, real):
    """The answer without what is made anew: its own id and times; references to others stay."""
    own = {real['id'], real['created_at'], real['updated_at']}
    times = {'concluded_at', 'approved_at', 'started_at', 'ended_at', 'html', 'json', 'markdown', 'pdf'}

    def cleaned(name, value):
        if isinstance(value, dict):
            return {inner: cleaned(inner, one) for inner, one in value.items()}
        if isinstance(value, list):
            return [cleaned(name, one) for one in value]
        if name in ('id', 'created_at', 'updated_at') or name in times and value:
            return MADE.sub('made', value) if value else value
        return 'made' if isinstance(value, str) and value in own else value

    return cleaned('', answer)


def test_the_life_of_a_review_rehearsed_step_by_step(org):
    """Every kind of write of the contract, each first as a dry run."""
    stage = Stage(org)
    person = stage.post('/v1/people', person_body())
    stage.patch(f'/v1/people/{person["id"]}', {'job_title': 'Engineer'})
    stage.verb(f'/v1/people/{person["id"]}/deactivate')

    review = stage.post('/v1/reviews', org.review_body())
    of_review = f'/v1/reviews/{review["id"]}'
    stage.patch(of_review, {'location': 'Room 1'})
    stage.patch(f'/v1/attendees/{org.chair_attendee(review)["id"]}', {'attendance': 'attended'})
    for one in (org.head, org.auditor):
        attendee = stage.post(f'{of_review}/attendees', org.attendee_body(person_id=one.id))
    stage.verb(f'/v1/attendees/{attendee["id"]}/withdraw', {'reason': 'Cannot come'})
    added = stage.post(f'{of_review}/inputs', org.input_body())
    stage.verb(f'/v1/inputs/{added["id"]}/withdraw', {'reason': 'Was said already'})
    stage.verb(f'{of_review}/start', by='top')
    for one in org.inputs(review):
        stage.patch(f'/v1/inputs/{one["id"]}', org.considered_body(one['clause']))

    decisions = [stage.post(f'{of_review}/decisions', org.decision_body(review, title=f'Decision {number}'))
                 for number in range(4)]
    paths = [f'/v1/decisions/{decision["id"]}' for decision in decisions]
    stage.patch(paths[0], {'title': 'The first decision'})
    for path in paths[:2]:
        stage.verb(f'{path}/adopt', {'decided_on': org.day()}, by='top')
    stage.verb(f'{paths[2]}/reject', {'reason': 'Too dear for us'}, by='top')
    stage.verb(f'{paths[3]}/withdraw', {'reason': 'Not needed now'})
    stage.post(f'{paths[0]}/amendments', org.amendment_body(deadline=org.day(100)))

    items = [stage.post(f'{path}/action-items', org.action_item_body()) for path in (paths[0], paths[0], paths[1])]
    item, other = (f'/v1/action-items/{one["id"]}' for one in items[:2])
    stage.patch(item, {'priority': 'high'})
    stage.verb(f'{item}/start')
    stage.verb(f'{item}/block', {'reason': 'No licence yet'})
    stage.verb(f'{item}/unblock')
    stage.post(f'{item}/amendments', org.amendment_body(owner_id=org.head.id))
    stage.post(f'{item}/follow-ups', org.follow_up_body())
    stage.post(f'{item}/follow-ups', org.completion_body())
    stage.post(f'{item}/follow-ups', org.effectiveness_body(items[0]))
    stage.verb(f'{other}/cancel', {'reason': 'Not needed any more', 'approved_by_id': org.top.id})

    stage.verb(f'{of_review}/conclude', org.conclude_body())
    stage.verb(f'{paths[1]}/supersede', {'by': decisions[0]['id'], 'reason': 'Covered by the first'})
    stage.verb(f'{paths[0]}/implement')
    stage.verb(f'{of_review}/approve', by='top2')
    stage.verb(f'{of_review}/reopen', {'reason': 'A number in the minutes was wrong'}, by='top')
    cancelled = stage.post('/v1/reviews', org.review_body())
    stage.verb(f'/v1/reviews/{cancelled["id"]}/cancel', {'reason': 'Held together with the next'})
    org.daemon.cli('audit', 'verify')


# ---- the same problems


@pytest.mark.parametrize('by, method, path, body, etag, status', [
    ('isms', 'POST', '/v1/people', {}, None, 422),
    ('isms', 'POST', '/v1/people', {'name': 'x', 'email': 'top@example.org', 'role': 'king', 'x': 1}, None, 422),
    ('employee', 'POST', '/v1/people', {'name': 5}, None, 403),
    ('isms', 'POST', f'/v1/reviews/{ABSENT_ID}/inputs', {}, None, 404),
    ('isms', 'POST', '/v1/reviews', {'type': 'extraordinary', 'chair_id': ABSENT_ID}, None, 422),
    ('isms', 'PATCH', '/v1/people/{person}', {'name': 'x'}, None, 428),
    ('isms', 'PATCH', '/v1/people/{person}', {'name': 'x'}, '"stale"', 412),
    ('isms', 'PATCH', '/v1/people/{person}', {'name': None}, '*', 422),
    ('isms', 'PATCH', '/v1/reviews/{concluded}', {'title': None}, '*', 409),
    ('isms', 'POST', '/v1/reviews/{review}/start', {}, '*', 409),
    ('isms', 'POST', '/v1/reviews/{review}/conclude', {}, '*', 422),
    ('isms', 'POST', '/v1/reviews/{concluded}/approve', {}, '*', 403),
    ('isms', 'POST', '/v1/decisions/{decision}/implement', {}, '*', 409),
    ('isms', 'PATCH', '/v1/decisions/{decision}', {'deadline': '2020-01-01'}, '*', 422),
    ('isms', 'POST', '/v1/action-items/{item}/follow-ups', {'kind': 'progress', 'outcome': 'effective'}, None, 422),
    ('isms', 'POST', '/v1/action-items/{item}/amendments', {'reason': 'short'}, None, 422),
    ('employee', 'POST', '/v1/action-items/{item}/cancel', {}, '*', 403),
])
def test_a_dry_run_is_refused_for_the_same_reasons(shared, life, by, method, path, body, etag, status):
    client, path = getattr(shared, by).client, fill(path, life)
    headers = {'If_Match': etag, 'X_Request_Id': 'the-same-for-both'}
    rehearsed = plain(client, method, f'{path}?dry_run=true', body, **headers)
    real = plain(client, method, path, body, **headers)
    assert real.status == status, real
    assert (rehearsed.status, rehearsed.body) == (real.status, real.body)


# ---- no trace


def test_no_trace_is_left(shared, life):
    """Neither in the record, its history, the lists, the words, the audit log, nor in the number of any row."""
    path = fill('/v1/reviews/{planned}', life)
    views = [path, f'{path}/history', '/v1/reviews?count=true', '/v1/audit-log/head']
    before = [shared.isms.client.get(view).body for view in views], rows_stored(shared.daemon.data)
    shared.isms.client.patch(f'{path}?dry_run=true', {'title': 'Xylophone'}).expect(200)
    shared.isms.client.post('/v1/reviews?dry_run=true', shared.review_body(title='Xylophone')).expect(201)
    assert ([shared.isms.client.get(view).body for view in views], rows_stored(shared.daemon.data)) == before
    assert shared.get('/v1/reviews?q=xylophone')['data'] == []


def test_a_rehearsed_record_cannot_be_read(shared):
    answer = shared.isms.client.post('/v1/people?dry_run=true', person_body()).expect(201)
    shared.isms.client.get(f'/v1/people/{answer.json["id"]}').expect(404)
    shared.isms.client.get(f'/v1/people/{answer.json["email"]}').expect(404)


def test_no_number_is_used_up(shared):
    """Ten rehearsals of a review, and the next one has the next number."""
    first = shared.review()['reference']
    for _ in range(10):
        shared.isms.client.post('/v1/reviews?dry_run=true', shared.review_body()).expect(201)
    assert int(shared.review()['reference'][8:]) == int(first[8:]) + 1


def test_the_tag_of_a_rehearsed_change_is_not_that_of_the_record(shared):
    person = shared.person(email=fresh_email())
    path = f'/v1/people/{person["id"]}'
    etag = shared.isms.client.get(path).etag
    rehearsed = shared.isms.client.patch(f'{path}?dry_run=true', {'name': 'Other'}, etag=etag).expect(200)
    assert (rehearsed.json['name'], rehearsed.json['version']) == ('Other', 2)
    assert shared.isms.client.get(path).etag == etag
    shared.isms.client.patch(path, {'name': 'Other'}, etag=etag).expect(200)


def test_dry_run_false_is_the_real_thing(shared):
    created = shared.isms.client.post('/v1/people?dry_run=false', person_body()).expect(201)
    assert 'Dry-Run' not in created.headers
    shared.isms.client.get(created.headers['Location']).expect(200)


def test_minimal_and_dry(shared):
    answer = shared.isms.client.post('/v1/people?dry_run=true', person_body(), headers={'Prefer': 'return=minimal'})
    answer.expect(201)
    assert (answer.body, answer.headers['Dry-Run']) == (b'', 'true')


@pytest.mark.parametrize('method, path, headers, raw, status', [
    ('POST', '/v1/people', {}, b'{', 400), ('POST', '/v1/people', {'Content-Type': 'text/plain'}, b'{}', 415),
    ('POST', '/v1/people', {'Authorization': 'Bearer rvd_nonsense'}, b'{}', 401),
    ('POST', '/v1/people', {'Accept': 'text/html'}, b'{}', 406), ('POST', '/v1/people', {}, b'{}', 422),
    ('POST', '/v1/people', {}, b'"' + b'x' * 1100000 + b'"', 413),
    ('PATCH', f'/v1/people/{ABSENT_ID}', {'If-Match': '*'}, b'{}', 404),
    ('PATCH', '/v1/people/top@example.org', {}, b'{}', 428),
    ('POST', '/v1/people', {}, b'[]', 422),
])
def test_every_answer_to_a_dry_run_says_so(shared, method, path, headers, raw, status):
    headers = {'Content-Type': 'application/json', **headers}
    for query in ('?dry_run=true', ''):
        answer = shared.isms.client.request(method, path + query, raw=raw, headers=headers).expect(status, also=True)
        assert answer.headers.get('Dry-Run') == ('true' if query else None)
    answer = shared.isms.client.request(method, f'{path}?dry_run=true&x=1', raw=raw, headers=headers)
    assert answer.status in (400, status) and answer.headers['Dry-Run'] == 'true'
    if answer.status in (401, 406):
        assert not answer.violations


def test_a_read_knows_no_dry_run(shared):
    assert 'Dry-Run' not in shared.isms.client.get('/v1/people?dry_run=true').expect(400, 'query.unknown').headers


def test_a_dry_run_does_not_look_at_keys(shared):
    """It stores nothing: neither is its answer kept, nor is it that of another request."""
    client, body, key = shared.isms.client, person_body(), {'Idempotency-Key': 'a-key-that-is-used'}
    for _ in range(2):
        dry = client.post('/v1/people?dry_run=true', body, headers=key).expect(201)
        assert dry.headers['Dry-Run'] == 'true' and 'Idempotent-Replayed' not in dry.headers
    client.post('/v1/people', body, headers=key).expect(201)
    dry = client.post('/v1/people?dry_run=true', body, headers=key).expect(422, 'person.email.unique')
    assert dry.headers['Dry-Run'] == 'true' and 'Idempotent-Replayed' not in dry.headers
    client.post('/v1/people?dry_run=true', person_body(), headers={'Idempotency-Key': 'short'}).expect(
        400, 'idempotency.invalid')     # what is none is one in a dry run no more than in the write itself


def test_dry_runs_among_real_writes_do_not_break_the_chain(shared):
    """Both are taken up by the same writer, in the same group."""
    before = audit_head(shared.isms.client)['seq']
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: plain(
            shared.isms.client, 'POST', f'/v1/people?dry_run={"true" if number % 2 else "false"}', person_body()),
            range(80)))
    assert {answer.status for answer in answers} == {201}
    real = [answer.json['id'] for answer in answers if 'Dry-Run' not in answer.headers]
    fresh = [entry['resource_id'] for entry in audit_entries(shared.isms.client) if entry['seq'] > before]
    assert len(real) == 40 and sorted(fresh) == sorted(real)
