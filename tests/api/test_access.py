"""Section 3 of the contract: what each role may do, and what a token takes from it.

What each may see stands in test_visibility.py.
"""

from types import SimpleNamespace

import pytest

from harness import Client, day, seed, utc_now
from support import (fill, fresh_email, if_match, person_body, poll, ready_to_conclude,  # noqa: F401 (fixture)
                     shared, token_id)

ROLES = ('top', 'isms', 'head', 'employee', 'auditor')

# How the table below is written: a mark for each role, in the order of ROLES.
OUTCOMES = {'yes': (200, 201), 'no': 403}


@pytest.fixture(scope='module')
def stage(shared):
    """Reviews in every state, attended by all but the auditor; items and decisions of several owners.

    The table is played as dry runs, so that each line finds the stage as the one before it did.
    """
    org = shared
    # The one to be concluded was started first, so that nothing is carried into it.
    concludable = org.concludable(org.running_review(title='Ready to be concluded'))
    review = org.running_review(title='In progress')
    guest = org.attendee(review)      # employee2, who is of another department than head and employee
    concluded, approved = org.conclude(ready_to_conclude(org)), org.approved(org.conclude(ready_to_conclude(org)))
    planned = org.review(title='Planned')
    for person in (org.head, org.employee):
        org.attendee(planned, person_id=person.id)
    proposed, decision = org.decision(review), org.adopted(review)
    ready, other = org.adopted(review), org.adopted(review)
    org.closed(org.action_item(ready))
    by_owner = {owner: org.action_item(decision, owner_id=getattr(org, owner).id)
                for owner in ('head', 'employee', 'employee2', 'isms')}
    done = {owner: org.completed(org.action_item(decision, owner_id=getattr(org, owner).id))
            for owner in ('head', 'employee', 'isms')}
    blocked = org.action_item(decision, owner_id=org.employee.id)
    org.do(f'/v1/action-items/{blocked["id"]}/start')
    org.do(f'/v1/action-items/{blocked["id"]}/block', {'reason': 'No licence yet'})
    added = org.input(review)
    return SimpleNamespace(
        review=review, concludable=concludable, planned=planned, concluded=concluded, approved=approved,
        proposed=proposed, decision=decision, ready=ready, other=other, blocked=blocked, added=added, guest=guest,
        person=org.person(email=fresh_email()), inactive=org.person(email=fresh_email(), active=False),
        input=org.input_of(review, 'e'),
        **{f'of_{owner}': item for owner, item in by_owner.items()},
        **{f'done_{owner}': item for owner, item in done.items()})


def progress(org, me, stage):
    return org.follow_up_body(performed_by_id=me.id)


def completion(org, me, stage):
    return org.completion_body(performed_by_id=me.id)


def effectiveness(org, me, stage):
    return org.effectiveness_body(stage.done_employee, performed_by_id=me.id)


def amendment(org, me, stage):
    return org.amendment_body(deadline=org.day(50))


def handed_to(owner):
    return lambda org, me, stage: org.amendment_body(owner_id=getattr(org, owner).id)


WITH_REASON = {'reason': 'A reason that is long enough'}

# method, path, body, then who may: top isms head employee auditor
MATRIX = [
    ('GET', '/v1/people', None, 'yes yes yes yes yes'),
    ('GET', '/v1/people/{person}', None, 'yes yes yes yes yes'),
    ('GET', '/v1/people/{person}/history', None, 'yes yes yes yes yes'),
    ('POST', '/v1/people', lambda org, me, stage: person_body(), 'no yes no no no'),
    ('PATCH', '/v1/people/{person}', {'name': 'Other'}, 'no yes no no no'),
    ('POST', '/v1/people/{person}/deactivate', {}, 'no yes no no no'),
    ('POST', '/v1/people/{inactive}/activate', {}, 'no yes no no no'),
    ('POST', '/v1/people/{inactive}/erase', WITH_REASON, 'no yes no no no'),
    ('POST', '/v1/people/{person}/hold', WITH_REASON, 'no yes no no no'),
    ('GET', '/v1/people/{person}/sealed-history', None, 'yes yes no no yes'),
    ('GET', '/v1/attendees/{guest}/sealed-history', None, 'yes yes no no yes'),

    ('POST', '/v1/reviews', lambda org, me, stage: org.review_body(), 'yes yes no no no'),
    ('GET', '/v1/reviews/{approved}/evidence-pack', None, 'yes yes no no yes'),
    ('PATCH', '/v1/reviews/{review}', {'location': 'Room 1'}, 'yes yes no no no'),
    ('POST', '/v1/reviews/{planned}/start', {}, 'yes yes no no no'),
    ('POST', '/v1/reviews/{concludable}/conclude', lambda org, me, stage: org.conclude_body(), 'yes yes no no no'),
    ('POST', '/v1/reviews/{concluded}/approve', {}, 'yes no no no no'),
    ('POST', '/v1/reviews/{concluded}/reopen', WITH_REASON, 'yes no no no no'),
    ('POST', '/v1/reviews/{approved}/reopen', WITH_REASON, 'yes no no no no'),
    ('POST', '/v1/reviews/{planned}/cancel', WITH_REASON, 'no yes no no no'),

    ('POST', '/v1/reviews/{review}/attendees', lambda org, me, stage: org.attendee_body(person_id=org.isms2.id),
     'yes yes no no no'),
    ('PATCH', '/v1/attendees/{guest}', {'attendance': 'apologies'}, 'yes yes no no no'),
    ('POST', '/v1/attendees/{guest}/withdraw', WITH_REASON, 'no yes no no no'),

    ('POST', '/v1/reviews/{review}/inputs', lambda org, me, stage: org.input_body(), 'yes yes yes no no'),
    ('PATCH', '/v1/inputs/{input}', {'title': 'Other'}, 'yes yes yes no no'),
    ('POST', '/v1/inputs/{added}/withdraw', WITH_REASON, 'no yes no no no'),

    ('POST', '/v1/reviews/{review}/decisions', lambda org, me, stage: org.decision_body(stage.review),
     'yes yes no no no'),
    ('PATCH', '/v1/decisions/{proposed}', {'title': 'Other'}, 'yes yes no no no'),
    ('POST', '/v1/decisions/{proposed}/adopt', lambda org, me, stage: {'decided_on': org.day()}, 'yes yes no no no'),
    ('POST', '/v1/decisions/{proposed}/reject', WITH_REASON, 'yes yes no no no'),
    ('POST', '/v1/decisions/{proposed}/withdraw', WITH_REASON, 'no yes no no no'),
    ('POST', '/v1/decisions/{ready}/implement', {}, 'no yes no no no'),
    ('POST', '/v1/decisions/{other}/supersede', lambda org, me, stage: {'by': stage.decision['id'], **WITH_REASON},
     'no yes no no no'),
    ('POST', '/v1/decisions/{decision}/amendments', lambda org, me, stage: org.amendment_body(deadline=org.day(100)),
     'yes yes no no no'),

    ('POST', '/v1/decisions/{decision}/action-items', lambda org, me, stage: org.action_item_body(),
     'yes yes no no no'),
    # A head amends what is owned by somebody of his own department.
    ('POST', '/v1/action-items/{of_employee}/amendments', amendment, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_head}/amendments', amendment, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_employee2}/amendments', amendment, 'yes yes no no no'),
    # The present owner's department is what counts: a head may hand over what is his department's, and not take.
    ('POST', '/v1/action-items/{of_employee}/amendments', handed_to('employee2'), 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_employee2}/amendments', handed_to('employee'), 'yes yes no no no'),
    ('PATCH', '/v1/action-items/{of_employee}', {'priority': 'high'}, 'yes yes yes no no'),
    ('PATCH', '/v1/action-items/{of_employee2}', {'priority': 'high'}, 'yes yes no no no'),
    # Heads and employees carry out what they own themselves.
    ('POST', '/v1/action-items/{of_head}/start', {}, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_employee}/start', {}, 'yes yes no yes no'),
    ('POST', '/v1/action-items/{of_employee2}/start', {}, 'yes yes no no no'),
    ('POST', '/v1/action-items/{of_isms}/start', {}, 'yes yes no no no'),
    ('POST', '/v1/action-items/{of_head}/block', WITH_REASON, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_employee}/block', WITH_REASON, 'yes yes no yes no'),
    ('POST', '/v1/action-items/{blocked}/unblock', {}, 'yes yes no yes no'),
    ('POST', '/v1/action-items/{of_employee}/cancel',
     lambda org, me, stage: {'approved_by_id': org.top2.id, **WITH_REASON}, 'yes yes no no no'),
    ('POST', '/v1/action-items/{of_head}/follow-ups', progress, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_employee}/follow-ups', progress, 'yes yes no yes no'),
    ('POST', '/v1/action-items/{of_employee2}/follow-ups', progress, 'yes yes no no no'),
    ('POST', '/v1/action-items/{of_head}/follow-ups', completion, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{of_employee}/follow-ups', completion, 'yes yes no yes no'),
    # Effectiveness is for others than the owner to judge, and for no employee.
    ('POST', '/v1/action-items/{done_employee}/follow-ups', effectiveness, 'yes yes yes no no'),
    ('POST', '/v1/action-items/{done_head}/follow-ups', effectiveness, 'yes yes no no no'),
    ('POST', '/v1/action-items/{done_isms}/follow-ups', effectiveness, 'yes no yes no no'),

    ('GET', '/v1/reviews/{review}/readiness', None, 'yes yes yes yes yes'),
    ('GET', '/v1/reviews/{review}/carried-action-items', None, 'yes yes yes yes yes'),
    ('GET', '/v1/audit-log', None, 'yes yes no no yes'),
    ('GET', '/v1/audit-log/head', None, 'yes yes no no yes'),
    *(('GET', f'/v1/reports/{name}', None, 'yes yes no no yes')
      for name in ('action-items', 'metrics', 'schedule', 'clauses')),
    ('GET', '/v1/rules', None, 'yes yes yes yes yes'),
    ('GET', '/v1/rules/review.period.order', None, 'yes yes yes yes yes'),
]

# The rule that says no, where it is not access.role alone.
SAID_BY = {
    'approve': 'review.approve.role', 'reopen': 'review.reopen.role',
}


def played(org, stage, role, method, path, body):
    me = getattr(org, role)
    body = body(org, me, stage) if callable(body) else body
    query = '' if method == 'GET' else '?dry_run=true'
    return me.client.request(method, fill(path, stage) + query, body, headers=if_match(method, path))


@pytest.mark.parametrize('method, path, body, who', MATRIX, ids=[f'{line[0]} {line[1]}' for line in MATRIX])
@pytest.mark.parametrize('role', ROLES)
def test_matrix(shared, stage, role, method, path, body, who):
    answer = played(shared, stage, role, method, path, body)
    if who.split()[ROLES.index(role)] == 'yes':
        answer.ok()
        return
    answer.expect(403)
    assert answer.json['type'] == '/problems/forbidden'
    own = 'follow_up.effectiveness.separation' if body is effectiveness else None
    assert answer.rules & {'access.role', SAID_BY.get(path.rpartition('/')[2]), own}


def test_a_head_edits_the_inputs_of_reviews_attended_alone(shared, stage):
    """head2 may read the review, which is internal, but was not there."""
    for method, path, body in (('POST', '/v1/reviews/{review}/inputs', shared.input_body()),
                               ('PATCH', '/v1/inputs/{input}', {'title': 'Other'})):
        shared.head2.client.get(fill('/v1/reviews/{review}', stage)).expect(200)
        shared.head2.client.request(method, fill(path, stage), body, headers=if_match(method, path)).expect(
            403, 'access.role')


def test_nobody_writes_what_he_cannot_read(shared, stage):
    """employee2 attends just one of them: of the others not even the refusal says that they exist."""
    for path in ('/v1/reviews/{concluded}/approve', '/v1/reviews/{planned}/start', '/v1/reviews/{approved}/reopen'):
        shared.employee2.client.verb(fill(path, stage)).expect(404)
    shared.employee2.client.verb(fill('/v1/reviews/{review}/conclude', stage)).expect(403, 'access.role', also=True)


def test_who_concluded_does_not_approve(shared):
    """The separation holds within top management too."""
    review = shared.conclude(ready_to_conclude(shared), by=shared.top)
    path = f'/v1/reviews/{review["id"]}/approve'
    shared.top.client.verb(path).expect(403, 'review.approve.separation')
    shared.top2.client.verb(path).expect(200)


def test_a_refusal_by_role_says_all_the_rest_too(shared, stage):
    answer = shared.employee.client.verb(fill('/v1/reviews/{approved}/conclude', stage), {'colour': 'red'})
    assert answer.status == 403
    assert {'access.role', 'body.unknown_field'} <= answer.rules


# ---- tokens


def client_with(org, person, **options):
    return Client(org.daemon, org.daemon.token(person.email, **options))


@pytest.mark.parametrize('role', ROLES)
def test_a_token_to_read_with(shared, stage, role):
    """It sees what its person sees, and writes nothing, not even for rehearsal."""
    person = getattr(shared, role)
    reader = client_with(shared, person, read_only=True)
    for path in ('/v1/people', '/v1/reviews', fill('/v1/reviews/{review}', stage)):
        assert reader.get(path).expect(200).body == person.client.get(path).expect(200).body
    for query in ('', '?dry_run=true'):
        reader.post(f'/v1/people{query}', person_body()).expect(403, 'access.read_only_token', also=True)
        reader.patch(fill(f'/v1/inputs/{{input}}{query}', stage), {'title': 'x'}).expect(
            403, 'access.read_only_token', also=True)


def test_a_token_of_a_lesser_role(shared):
    """The person's own records remain; all that the ISMS manager sees by office does not."""
    clerk = client_with(shared, shared.isms, role='employee')
    clerk.post('/v1/people', person_body()).expect(403, 'access.role')
    hidden = shared.review(classification='restricted', chair_id=shared.top2.id)
    clerk.get(f'/v1/reviews/{hidden["id"]}').expect(404)
    clerk.get('/v1/audit-log').expect(403, 'access.role')
    auditor = client_with(shared, shared.isms, role='auditor')
    auditor.get('/v1/audit-log').expect(200)
    auditor.post('/v1/reviews', shared.review_body()).expect(403, 'access.role')
    auditor.get(f'/v1/reviews/{hidden["id"]}').expect(200)   # an auditor reads it, too


@pytest.mark.parametrize('who, role', [('employee', 'isms_manager'), ('employee', 'department_head'),
                                       ('auditor', 'isms_manager'), ('head', 'top_management')])
def test_a_token_carries_never_more(shared, who, role):
    """Refused when it is made, or of no use when it is used."""
    made = shared.daemon.cli('token', 'create', '--person', f'{who}@example.org', '--label', 'more', '--role', role,
                             check=False)
    if made.returncode == 0:
        climber = Client(shared.daemon, made.stdout.strip())
        climber.post('/v1/people', person_body()).expect(403, 'access.role')
        climber.post('/v1/reviews', shared.review_body()).expect(403, 'access.role')
    else:
        assert made.returncode in (1, 2) and made.stderr


def test_a_token_follows_its_persons_role(shared):
    """Who is made an employee is one with the next request, whatever the token was made for."""
    person = shared.person(email=fresh_email(), role='isms_manager')
    client = Client(shared.daemon, shared.daemon.token(person['email'], role='isms_manager'))
    client.post('/v1/people', person_body()).expect(201)
    shared.change(f'/v1/people/{person["id"]}', {'role': 'employee'})
    client.get('/v1/people').expect(200)
    client.post('/v1/people', person_body()).expect(403, 'access.role')
    client.get('/v1/audit-log').expect(403, 'access.role')


def test_the_token_of_an_inactive_person(shared):
    person = shared.person(email=fresh_email(), role='isms_manager')
    client = Client(shared.daemon, shared.daemon.token(person['email']))
    client.get('/v1/people').expect(200)
    shared.do(f'/v1/people/{person["id"]}/deactivate')
    client.get('/v1/people').expect(401)
    client.post('/v1/people', person_body()).expect(401)
    shared.do(f'/v1/people/{person["id"]}/activate')
    client.get('/v1/people').expect(200)


def test_a_revoked_token_is_refused_within_a_second(shared):
    """By the running daemon, which had the token in use on a connection that stays open."""
    client = client_with(shared, shared.employee, label='to be revoked')
    client.get('/v1/people').expect(200)
    shared.daemon.cli('token', 'revoke', token_id(shared.daemon, 'to be revoked'))
    poll(lambda: client.get('/v1/people').status == 401, 1, 'a revoked token is still good after a second')
    client.get('/v1/people').expect(401)
    shared.employee.client.get('/v1/people').expect(200)


def test_an_expired_token(daemon_at):
    now = utc_now()
    org = seed(daemon_at(now.strftime('%Y-%m-%dT%H:%M:%S')))
    short, long = (client_with(org, org.employee, expires=expires) for expires in ('10d', '90d'))
    for today, statuses in ((9, (200, 200)), (11, (401, 200)), (89, (401, 200)), (91, (401, 401))):
        org.daemon.set_clock(f'{day(today)}T{now:%H:%M:%S}')
        assert (short.get('/v1/people').status, long.get('/v1/people').status) == statuses
