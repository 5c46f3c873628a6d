"""Idempotency-Key: a POST that is sent again does nothing again, whatever happened in between."""

import http.client
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Client, day, seed, utc_now
from support import (ABSENT_ID, audit_head, fill, fresh_email, if_match, life, person_body,  # noqa: F401 (fixtures)
                     plain, poll, rows_stored, shared, walk)


def post(client, path, body, key, **headers):
    return plain(client, 'POST', path, body, Idempotency_Key=key, **headers)


def assert_replayed(again, first):
    """Byte for byte, with the headers that were kept; only the request id is that of the new request."""
    assert again.headers['Idempotent-Replayed'] == 'true', again
    assert 'Idempotent-Replayed' not in first.headers
    assert (again.status, again.body) == (first.status, first.body)
    assert again.names('x-request-id', 'idempotent-replayed') == first.names('x-request-id')
    assert again.headers['X-Request-Id'] != first.headers['X-Request-Id']


def count(client, email):
    return sum(person['email'] == email for person in walk(client, '/v1/people?limit=200'))


# ---- the same again


@pytest.mark.parametrize('key, again', [
    ('order-66', 'order-66'), ('"order-67"', 'order-67'), ('order-68', '"order-68"'), ('12345678', '12345678'),
    ('x' * 255, 'x' * 255), ('with space; and, more!', 'with space; and, more!'),
])
def test_the_first_answer_is_given_again(shared, key, again):
    body = person_body()
    first = post(shared.isms.client, '/v1/people', body, key)
    assert first.status == 201 and first.headers['Location'] and first.headers['ETag']
    head = audit_head(shared.isms.client)
    for _ in range(2):
        assert_replayed(post(shared.isms.client, '/v1/people', body, again), first)
    assert count(shared.isms.client, body['email']) == 1
    assert audit_head(shared.isms.client) == head


@pytest.mark.parametrize('path', ['/v1/people', '/v1/people?dry_run=true'])
@pytest.mark.parametrize('key', ['', 'seven77', 'x' * 256, '""', 'tab\tin-it-now',
                                 b'caf\xe9-caf\xe9-caf\xe9'])
def test_a_key_that_is_none(shared, path, key):
    answer = post(shared.isms.client, path, person_body(), key)
    assert (answer.status, answer.json['type']) == (400, '/problems/malformed-request')
    assert [violation['rule'] for violation in answer.json['violations']] == ['idempotency.invalid']


@pytest.mark.parametrize('path, body', [
    ('/v1/reviews/{review}/attendees', lambda org, life: org.attendee_body(person_id=org.auditor.id)),
    ('/v1/reviews/{review}/inputs', lambda org, life: org.input_body()),
    ('/v1/reviews/{review}/decisions', lambda org, life: org.decision_body(life.review)),
    ('/v1/decisions/{decision}/action-items', lambda org, life: org.action_item_body()),
    ('/v1/action-items/{item}/follow-ups', lambda org, life: org.follow_up_body()),
    ('/v1/action-items/{item}/amendments', lambda org, life: org.amendment_body(deadline=org.day(40))),
])
def test_every_collection_keeps_its_answers(shared, life, path, body):
    path = fill(path, life)
    body, before = body(shared, life), len(walk(shared.isms.client, path))
    first = post(shared.isms.client, path, body, f'key of {path}')
    assert first.status == 201, first
    assert_replayed(post(shared.isms.client, path, body, f'key of {path}'), first)
    assert len(walk(shared.isms.client, path)) == before + 1


def test_a_verb_is_not_done_twice(shared):
    """The tag of the first request is stale by the second: the answer is the kept one, not 412, not 409."""
    review = shared.review()
    shared.attendee(review)
    path = f'/v1/reviews/{review["id"]}'
    etag = shared.isms.client.get(path).etag
    first = post(shared.isms.client, f'{path}/start', {}, 'start-it-once', If_Match=etag)
    assert (first.status, first.json['status']) == (200, 'in_progress')
    assert_replayed(post(shared.isms.client, f'{path}/start', {}, 'start-it-once', If_Match=etag), first)


def test_prefer_does_not_change_what_was_kept(shared):
    body = person_body()
    first = post(shared.isms.client, '/v1/people', body, 'prefer-minimal', Prefer='return=minimal')
    again = post(shared.isms.client, '/v1/people', body, 'prefer-minimal', Prefer='return=minimal')
    assert first.body == b'' and first.headers['Preference-Applied'] == 'return=minimal'
    assert_replayed(again, first)


# ---- refused answers


def test_a_refusal_is_kept_too(org):
    """What was wrong is put right in between; the answer stays what it was."""
    body = person_body(email='top@example.org')
    first = post(org.isms.client, '/v1/people', body, 'kept-refusal')
    assert first.status == 422
    org.change(f'/v1/people/{org.top.id}', {'email': 'elsewhere@example.org'})
    assert_replayed(post(org.isms.client, '/v1/people', body, 'kept-refusal'), first)
    assert count(org.isms.client, 'top@example.org') == 0


@pytest.mark.parametrize('by, path, body, status', [
    ('isms', '/v1/people', {'name': 5, 'colour': 'red'}, 422),
    ('employee', '/v1/people', {}, 403),
    ('isms', f'/v1/reviews/{ABSENT_ID}/inputs', {}, 404),
    ('isms', '/v1/people/top@example.org/deactivate', {}, 428),
])
def test_every_kind_of_refusal_is_kept(shared, by, path, body, status):
    first = post(getattr(shared, by).client, path, body, f'kept-as-{status}')
    assert first.status == status
    assert_replayed(post(getattr(shared, by).client, path, body, f'kept-as-{status}'), first)


def test_a_conflict_is_kept_too(org):
    """409 while the review is planned; after it was started the kept answer is still 409."""
    review = org.review()
    org.attendee(review)
    path, body = f'/v1/reviews/{review["id"]}/conclude', org.conclude_body()
    first = post(org.isms.client, path, body, 'too-early-to-conclude', If_Match='*')
    assert first.status == 409
    org.start(review)
    assert_replayed(post(org.isms.client, path, body, 'too-early-to-conclude', If_Match='*'), first)


@pytest.mark.parametrize('status, headers, body, caller', [
    (400, {}, b'{', 'isms'),
    (415, {'Content_Type': 'text/plain'}, b'{}', 'isms'),
    (401, {'Authorization': 'Bearer rvd_nonsense'}, b'{}', 'isms'),
])
def test_what_did_not_get_past_parsing_is_not_kept(shared, status, headers, body, caller):
    """It said nothing about the request that was meant: that one can still be sent under the key."""
    client, key = getattr(shared, caller).client, f'spoilt-{status}-key'
    headers = {'Content_Type': 'application/json', **headers}
    assert post(client, '/v1/people', body, key, **headers).status == status
    assert post(client, '/v1/people', person_body(), key).status == 201


# ---- another request under the same key


@pytest.mark.parametrize('method, path, body', [
    ('POST', '/v1/people', {'name': 'Another Name'}),
    ('POST', '/v1/reviews', {}),
    # Of a PATCH no answer is kept under a key; but one that stands for a POST is not for another method either.
    ('PATCH', '/v1/people/top@example.org', {}),
])
def test_a_key_belongs_to_one_request(shared, method, path, body):
    first_body, key = person_body(), f'belongs-{method}-{len(path)}'
    assert post(shared.isms.client, '/v1/people', first_body, key).status == 201
    answer = plain(shared.isms.client, method, path, first_body | body, Idempotency_Key=key, **if_match(method, path))
    assert answer.status == 422, answer
    assert [one['rule'] for one in answer.json['violations']] == ['idempotency.mismatch']
    again = post(shared.isms.client, '/v1/people', first_body, key)
    assert (again.status, again.headers['Idempotent-Replayed']) == (201, 'true')


def test_a_key_is_the_callers_own(shared):
    """Another caller's answer is never given away, nor does his key stand in the way."""
    answers = [post(caller.client, '/v1/people', person_body(), 'our-common-key')
               for caller in (shared.isms, shared.isms2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json['id'] != answers[1].json['id']
    assert 'Idempotent-Replayed' not in answers[1].headers
    body = person_body()
    assert post(shared.employee.client, '/v1/people', body, 'his-refused-key').status == 403
    assert post(shared.isms.client, '/v1/people', body, 'his-refused-key').status == 201


def test_a_key_on_a_read_is_no_obstacle(shared):
    for _ in range(2):
        answer = plain(shared.isms.client, 'GET', '/v1/people', Idempotency_Key='reading-is-free')
        assert answer.status == 200 and 'Idempotent-Replayed' not in answer.headers


def test_a_key_on_a_change_is_no_obstacle(shared):
    """Not even a bad one: the contract has keys for POST."""
    path = f'/v1/people/{shared.person(email="changed@example.org")["id"]}'
    for key in ('short', 'changing-is-free', 'changing-is-free', 'x' * 300):
        for title in ('One', 'Two'):
            answer = plain(shared.isms.client, 'PATCH', path, {'job_title': title}, Idempotency_Key=key, If_Match='*')
            assert (answer.status, answer.json['job_title']) == (200, title)
            assert 'Idempotent-Replayed' not in answer.headers
    assert post(shared.isms.client, '/v1/people', person_body(), 'changing-is-free').status == 201


def test_a_dry_run_never_answers_for_the_real_thing(shared):
    """Whether or not the key is free after a dry run, the write is not taken for done."""
    body = person_body()
    rehearsed = post(shared.isms.client, '/v1/people?dry_run=true', body, 'rehearsal-key')
    assert (rehearsed.status, rehearsed.headers['Dry-Run']) == (201, 'true')
    real = post(shared.isms.client, '/v1/people', body, 'rehearsal-key')
    assert real.status in (201, 422) and 'Dry-Run' not in real.headers
    assert count(shared.isms.client, body['email']) == (real.status == 201)


# ---- at the same time, and after a crash


def test_of_many_at_once_one_is_done(shared):
    """The others wait for its answer, get it, or are told that it is under way."""
    body = person_body()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(
            lambda _: post(shared.isms.client, '/v1/people', body, 'all-at-once-key'), range(64)))
    done = {answer.body for answer in answers if answer.status == 201}
    assert len(done) == 1
    for answer in answers:
        if answer.status != 201:
            assert answer.status == 409 and int(answer.headers['Retry-After']) >= 0
            assert [one['rule'] for one in answer.json['violations']] == ['idempotency.in_flight']
    assert count(shared.isms.client, body['email']) == 1


def test_kept_through_a_crash(org):
    made, refused = person_body(), person_body(email='top@example.org')
    answers = [post(org.isms.client, '/v1/people', body, f'crash-key-{at}') for at, body in enumerate((made, refused))]
    assert [answer.status for answer in answers] == [201, 422]
    org.daemon.kill()
    org.daemon.start()
    for at, body in enumerate((made, refused)):
        assert_replayed(post(org.isms.client, '/v1/people', body, f'crash-key-{at}'), answers[at])
    assert count(org.isms.client, made['email']) == 1


@pytest.mark.parametrize('writers', [1, 16])
def test_a_crash_in_the_middle_of_it(org, writers):
    """Whoever heard nothing sends all of it again: each is then there once, and what was answered stays answered."""
    bodies = {f'middle-key-{number}': person_body() for number in range(400)}
    answered, crash = {}, threading.Event()

    def send(key):
        try:
            answered[key] = post(org.isms.client, '/v1/people', bodies[key], key)
        except (OSError, http.client.HTTPException):
            crash.set()      # the daemon is gone, and we do not know what became of it

    with ThreadPoolExecutor(writers) as pool:
        futures = [pool.submit(send, key) for key in bodies]
        poll(lambda: len(answered) >= random.randint(20, 100), 30, 'no answers')
        org.daemon.kill()
        for future in futures:
            future.result()
    assert crash.is_set(), 'the daemon was too quick for this test'
    answered = {key: answer for key, answer in answered.items() if answer.status == 201}

    org.daemon.start()
    for key, body in bodies.items():
        again = post(org.isms.client, '/v1/people', body, key)
        assert again.status == 201, again
        if key in answered:
            assert_replayed(again, answered[key])
    stored = [person['email'] for person in walk(org.isms.client, '/v1/people?limit=200')]
    assert len(stored) == len(set(stored))
    assert {body['email'] for body in bodies.values()} <= set(stored)
    org.daemon.cli('audit', 'verify')


def test_kept_for_a_day(daemon_at):
    start = utc_now().strftime('%Y-%m-%dT%H:%M:%S')
    org = seed(daemon_at(start))
    body = org.review_body()
    first = post(org.isms.client, '/v1/reviews', body, 'keep-for-a-day')
    assert first.status == 201
    org.daemon.set_clock(f'{day(1)}T{start[11:13]}:00:00')
    assert_replayed(post(org.isms.client, '/v1/reviews', body, 'keep-for-a-day'), first)
    org.daemon.set_clock(f'{day(2)}T{start[11:13]}:00:00')
    later = post(org.isms.client, '/v1/reviews', body, 'keep-for-a-day')
    assert later.status == 201 and 'Idempotent-Replayed' not in later.headers
    assert later.json['reference'] != first.json['reference']


def test_a_kept_answer_is_kept_with_its_write(org):
    """One row of `idempotency` for each write under a key, none for a write without."""
    before = rows_stored(org.daemon.data)['idempotency']
    post(org.isms.client, '/v1/people', person_body(), 'counted-key-1')
    Client(org.daemon, org.isms.token).post('/v1/people', person_body(email=fresh_email())).expect(201)
    assert rows_stored(org.daemon.data)['idempotency'] == before + 1
