"""Contract section 2, amendment: /v1/decisions/{id}/amendments, /v1/action-items/{id}/amendments."""

import pytest

from harness import ABSENT
from story import cases, made, refused, taken, unchanged, years_later
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def decision(org):
    """Adopted; owned by head, due in 90 days."""
    return org.adopted(org.running_review())


@pytest.fixture
def item(org, decision):
    """Owned by employee, due in 60 days."""
    return org.action_item(decision)


def of_decision(record):
    return f'/v1/decisions/{record["id"]}/amendments'


def of_item(record):
    return f'/v1/action-items/{record["id"]}/amendments'


# ---- what it does

def test_owner_deadline_and_criteria_of_an_item(org, item):
    change = {'owner_id': org.employee2.id, 'deadline': org.day(70), 'success_criteria': [org.verified_criterion()]}
    amendment = taken(org.isms.client, 'POST', of_item(item), org.amendment_body(**change))
    assert amendment['action_item_id'] == item['id'] and amendment['decision_id'] is None
    assert (amendment['before']['owner_id'], amendment['after']['owner_id']) == (org.employee.id, org.employee2.id)
    assert (amendment['before']['deadline'], amendment['after']['deadline']) == (org.day(60), org.day(70))
    assert amendment['before']['success_criteria'] == item['success_criteria']
    now = org.get(f'/v1/action-items/{item["id"]}')
    assert now['success_criteria'] == amendment['after']['success_criteria']
    assert (now['owner_id'], now['deadline']) == (org.employee2.id, org.day(70))
    assert (now['original_deadline'], now['extension_count']) == (org.day(60), 1)
    assert now['version'] == item['version'] + 1


def test_of_a_decision(org, decision):
    amendment = taken(org.isms.client, 'POST', of_decision(decision), org.amendment_body(deadline=org.day(120)))
    assert amendment['decision_id'] == decision['id'] and amendment['action_item_id'] is None
    now = org.get(f'/v1/decisions/{decision["id"]}')
    assert (now['deadline'], now['original_deadline']) == (org.day(120), org.day(90))
    assert now['owner_id'] == decision['owner_id']


def test_people_and_records_by_their_other_names(org, item):
    body = org.amendment_body(owner_id='EMPLOYEE2@example.org', approved_by_id='isms2@example.org')
    amendment = taken(org.isms.client, 'POST', f'/v1/action-items/{item["reference"]}/amendments', body)
    assert (amendment['after']['owner_id'], amendment['approved_by_id']) == (org.employee2.id, org.isms2.id)


def test_append_only(org, item):
    amendment = org.amendment(item, deadline=org.day(70))
    path = f'/v1/amendments/{amendment["id"]}'
    assert org.get(path) == amendment and org.get(of_item(item))['data'] == [amendment]
    org.isms.client.patch(path, {'reason': 'Another reason'}).expect(405)
    org.isms.client.request('DELETE', path).expect(405)


def test_a_dry_run_amends_nothing(org, item):
    path = f'/v1/action-items/{item["id"]}'
    body = org.amendment_body(deadline=org.day(70))
    unchanged(org, path, lambda: org.isms.client.post(of_item(item) + '?dry_run=true', body).expect(201))
    assert org.get(of_item(item))['data'] == []


# ---- what it refuses

@cases('over, pointer, rule',
       ('no reason', {'reason': ABSENT}, '#/reason', 'amendment.reason.required'),
       ('null reason', {'reason': None}, '#/reason', 'amendment.reason.required'),
       ('reason of 9 characters', {'reason': 'x' * 9}, '#/reason', 'body.length'),
       ('reason of 9 characters and blanks', {'reason': ' ' * 5 + 'x' * 9}, '#/reason', 'body.length'),
       ('no approver', {'approved_by_id': ABSENT}, '#/approved_by_id', 'amendment.approved_by_id.required'),
       ('null approver', {'approved_by_id': None}, '#/approved_by_id', 'amendment.approved_by_id.required'),
       ('approver unknown', {'approved_by_id': 'nobody@example.org'}, '#/approved_by_id', 'reference.not_found'),
       ('approved by an employee', {'approved_by_id': 'employee2@example.org'}, '#/approved_by_id',
        'amendment.approver.role'),
       ('approved by an auditor', {'approved_by_id': 'auditor@example.org'}, '#/approved_by_id',
        'amendment.approver.role'),
       ('owner unknown', {'owner_id': 'nobody@example.org'}, '#/owner_id', 'reference.not_found'),
       ('deadline in words', {'deadline': 'later'}, '#/deadline', 'body.format'),
       ('deadline in the past', lambda org: {'deadline': org.day(-1)}, '#/deadline', 'action_item.deadline.in_past'),
       ("deadline after the decision's", lambda org: {'deadline': org.day(91)}, '#/deadline',
        'action_item.deadline.after_decision'),
       ('before', {'before': {}}, '#/before', 'body.read_only'),
       ('after', {'after': {}}, '#/after', 'body.read_only'),
       ('unknown member', {'title': 'Other'}, '#/title', 'body.unknown_field'))
def test_refused_for_an_item(org, item, over, pointer, rule):
    body = org.amendment_body(**{'deadline': org.day(70), **made(over, org)})
    refused(org.isms.client, 'POST', of_item(item), body, 422, rule, at=pointer)
    assert org.get(of_item(item))['data'] == []


@cases('over, pointer, rule',
       ('deadline in the past', lambda org: {'deadline': org.day(-1)}, '#/deadline', 'decision.deadline.in_past'),
       ('deadline beyond 24 months', lambda org: {'deadline': years_later(org.day(), 2, +1)}, '#/deadline',
        'decision.deadline.horizon'),
       ('approved by an employee', {'approved_by_id': 'employee@example.org'}, '#/approved_by_id',
        'amendment.approver.role'),
       ('approved by its owner', {'approved_by_id': 'head@example.org'}, '#/approved_by_id',
        'amendment.approver.owner'))
def test_refused_for_a_decision(org, decision, over, pointer, rule):
    body = org.amendment_body(**{'deadline': org.day(80), **made(over, org)})
    refused(org.isms.client, 'POST', of_decision(decision), body, 422, rule, at=pointer)


@pytest.mark.parametrize('member', ['owner_id', 'deadline', 'success_criteria'])
def test_a_null_clears_nothing(org, decision, item, member):
    """It may be refused, or mean the same as a member left out; the commitment stays."""
    for record, path in ((item, of_item(item)), (decision, of_decision(decision))):
        other = {'deadline': org.day(50)} if member != 'deadline' else {'owner_id': org.employee2.id}
        answer = org.isms.client.post(path, org.amendment_body(**other, **{member: None}))
        assert answer.status in (201, 422), answer.report('neither taken nor refused')
        assert org.get(path.removesuffix('/amendments'))[member] == record[member]


@cases('over',
       ('nothing named', {}),
       ('the same owner', {'owner_id': 'employee@example.org'}),
       ('the same deadline', lambda org: {'deadline': org.day(60)}),
       ('the same criteria', lambda org: {'success_criteria': [org.criterion()]}),
       ('the same of everything', lambda org: {'owner_id': org.employee.id, 'deadline': org.day(60),
                                               'success_criteria': [org.criterion()]}))
def test_nothing_changed(org, item, over):
    refused(org.isms.client, 'POST', of_item(item), org.amendment_body(**made(over, org)), 422,
            'amendment.nothing_changed')


@cases('owner, new_owner, approver, allowed',
       ('the old owner', 'head', 'employee', 'head', False),
       ('the new owner', 'employee', 'head', 'head', False),
       ('another head', 'employee', 'head', 'head2', True),
       ('the ISMS manager', 'employee', 'head', 'isms', True),
       ('top management', 'employee', 'head', 'top', True),
       ('top management that owns it', 'top2', 'head', 'top2', False),
       ('top management that shall own it', 'head', 'top2', 'top2', False))
def test_who_approves(org, decision, owner, new_owner, approver, allowed):
    item = org.action_item(decision, owner_id=getattr(org, owner).id)
    body = org.amendment_body(owner_id=getattr(org, new_owner).id, approved_by_id=getattr(org, approver).id)
    if allowed:
        taken(org.isms.client, 'POST', of_item(item), body)
    else:
        refused(org.isms.client, 'POST', of_item(item), body, 422, 'amendment.approver.owner',
                at='#/approved_by_id')


def test_an_owner_without_the_role_breaks_both_rules(org, item):
    body = org.amendment_body(deadline=org.day(70), approved_by_id=org.employee.id)
    refused(org.isms.client, 'POST', of_item(item), body, 422, 'amendment.approver.owner', 'amendment.approver.role')


def test_all_violations_at_once(org, item):
    body = {'approved_by_id': org.auditor.id, 'deadline': org.day(91), 'owner_id': 'nobody@example.org',
            'success_criteria': [{'statement': 'Not measurable'}], 'title': 'x'}
    refused(org.isms.client, 'POST', of_item(item), body, 422, 'amendment.reason.required',
            'amendment.approver.role', 'action_item.deadline.after_decision', 'reference.not_found',
            'success_criteria.measurable', 'body.unknown_field')


# ---- the third extension

def extend(org, record, path, days, approver='isms2'):
    body = org.amendment_body(deadline=org.day(days), approved_by_id=getattr(org, approver).id)
    return org.isms.client.post(path(record), body)


@cases('approver, allowed',
       ('ISMS manager', 'isms2', False),
       ('head', 'head2', False),
       ('top management', 'top', True))
def test_the_third_extension_goes_up(org, item, approver, allowed):
    for days in (61, 62):
        extend(org, item, of_item, days).expect(201)
    body = org.amendment_body(deadline=org.day(63), approved_by_id=getattr(org, approver).id)
    if allowed:
        taken(org.isms.client, 'POST', of_item(item), body)
    else:
        refused(org.isms.client, 'POST', of_item(item), body, 422, 'amendment.deadline.escalation')
    assert org.get(f'/v1/action-items/{item["id"]}')['extension_count'] == (3 if allowed else 2)


def test_so_do_the_fourth_and_a_decisions_third(org, decision, item):
    for days in (61, 62):
        extend(org, item, of_item, days).expect(201)
    extend(org, item, of_item, 63, 'top').expect(201)
    extend(org, item, of_item, 64).expect(422, 'amendment.deadline.escalation')
    for days in (91, 92):
        extend(org, decision, of_decision, days).expect(201)
    extend(org, decision, of_decision, 93).expect(422, 'amendment.deadline.escalation')
    extend(org, decision, of_decision, 93, 'top2').expect(201)


def test_what_does_not_extend_does_not_count(org, item):
    for days in (59, 58, 57):
        extend(org, item, of_item, days).expect(201)
    for owner in (org.employee2, org.employee, org.employee2):
        org.amendment(item, owner_id=owner.id)
    assert org.get(f'/v1/action-items/{item["id"]}')['extension_count'] == 0
    for days in (58, 59):
        extend(org, item, of_item, days).expect(201)
    extend(org, item, of_item, 60).expect(422, 'amendment.deadline.escalation')
    # Shortening is no extension, also after two of them.
    extend(org, item, of_item, 50).expect(201)


# ---- only what is open and a commitment

def ended(verb, arguments, from_adopted=True):
    def make(org, review):
        decision = org.adopted(review) if from_adopted else org.decision(review)
        return org.do(f'/v1/decisions/{decision["id"]}/{verb}', made(arguments, (org, review)))
    return make


def implemented(org, review):
    decision = org.adopted(review)
    org.closed(org.action_item(decision))
    return org.do(f'/v1/decisions/{decision["id"]}/implement')


@cases('state',
       ('proposed: a PATCH does', lambda org, review: org.decision(review)),
       ('rejected', ended('reject', {'reason': 'Too expensive'}, from_adopted=False)),
       ('withdrawn', ended('withdraw', {'reason': 'No longer needed'}, from_adopted=False)),
       ('implemented', implemented),
       ('superseded', ended('supersede', lambda both: {'by': both[0].adopted(both[1])['id'], 'reason': 'Covered'})))
def test_decisions_that_are_not_open(org, state):
    decision = state(org, org.running_review())
    body = org.amendment_body(deadline=org.day(80))
    refused(org.isms.client, 'POST', of_decision(decision), body, 409, 'amendment.not_open')


@pytest.mark.parametrize('end', ['closed', 'cancelled_item'])
def test_items_that_are_not_open(org, item, end):
    getattr(org, end)(item)
    refused(org.isms.client, 'POST', of_item(item), org.amendment_body(deadline=org.day(70)), 409,
            'amendment.not_open')


@cases('act',
       ('in progress', lambda org, path: org.do(path + '/start')),
       ('blocked', lambda org, path: (org.do(path + '/start'), org.do(path + '/block', {'reason': 'No room'}))))
def test_items_at_work_can_be_amended(org, item, act):
    act(org, f'/v1/action-items/{item["id"]}')
    taken(org.isms.client, 'POST', of_item(item), org.amendment_body(deadline=org.day(70)))


def test_an_item_follows_its_decisions_amended_deadline(org, decision, item):
    org.amendment(decision, deadline=org.day(120))
    taken(org.isms.client, 'POST', of_item(item), org.amendment_body(deadline=org.day(120)))
    refused(org.isms.client, 'POST', of_item(item), org.amendment_body(deadline=org.day(121)), 422,
            'action_item.deadline.after_decision')
