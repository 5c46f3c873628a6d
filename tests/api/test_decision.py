"""Contract section 2, decision: /v1/reviews/{id}/decisions, /v1/decisions."""

import pytest

from harness import ABSENT
from story import cases, made, refused, taken, year, years_later
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def review(org):
    return org.running_review()


def decisions_of(review):
    return f'/v1/reviews/{review["id"]}/decisions'


def one(decision):
    return f'/v1/decisions/{decision["id"]}'


def other_review_input(org):
    return org.input_of(org.review(), 'd1')['id']


# ---- creating

def test_defaults(org, review):
    decision = taken(org.isms.client, 'POST', decisions_of(review), org.decision_body(review))
    assert decision['status'] == 'proposed' and decision['action_required'] is True
    assert decision['reference'] == f'DEC-{year()}-001' and decision['affects'] == []
    assert (decision['review_id'], decision['review_reference'], decision['review_title']) == (
        review['id'], review['reference'], review['title'])
    unset = ('decided_on', 'superseded_by_id', 'no_action_reason', 'status_reason')
    assert [name for name in unset if decision.get(name, 'missing') is not None] == []


def test_defaults_of_no_change(org, review):
    decision = taken(org.isms.client, 'POST', decisions_of(review), org.no_change_body(review))
    assert decision['action_required'] is False and decision['deadline'] is None
    assert decision['success_criteria'] == []


@cases('over, pointer, rule',
       ('no kind', {'kind': ABSENT}, '#/kind', 'decision.kind.required'),
       ('no title', {'title': ABSENT}, '#/title', 'decision.title.required'),
       ('no statement', {'statement': ABSENT}, '#/statement', 'decision.statement.required'),
       ('null rationale', {'rationale': None}, '#/rationale', 'decision.rationale.required'),
       ('no inputs', {'input_ids': ABSENT}, '#/input_ids', 'decision.input_ids.required'),
       ('null inputs', {'input_ids': None}, '#/input_ids', 'decision.input_ids.required'),
       ('nobody decided', {'decided_by_id': ABSENT}, '#/decided_by_id', 'decision.decided_by_id.required'),
       ('no owner', {'owner_id': ABSENT}, '#/owner_id', 'decision.owner.required'),
       ('null owner', {'owner_id': None}, '#/owner_id', 'decision.owner.required'),
       ('no deadline', {'deadline': ABSENT}, '#/deadline', 'decision.deadline.required'),
       ('null deadline', {'deadline': None}, '#/deadline', 'decision.deadline.required'),
       ('no success criteria', {'success_criteria': ABSENT}, '#/success_criteria',
        'decision.success_criteria.required'),
       ('null success criteria', {'success_criteria': None}, '#/success_criteria',
        'decision.success_criteria.required'),
       ('kind unknown', {'kind': 'wish'}, '#/kind', 'body.enum'),
       ('blank rationale', {'rationale': '\n'}, '#/rationale', 'body.length'),
       ('action_required is a word', {'action_required': 'yes'}, '#/action_required', 'body.type'),
       ('inputs are no list', {'input_ids': 'd1'}, '#/input_ids', 'body.type'),
       ('deadline in words', {'deadline': 'soon'}, '#/deadline', 'body.format'),
       ('deadline yesterday', lambda org: {'deadline': org.day(-1)}, '#/deadline', 'decision.deadline.in_past'),
       ('deadline a day beyond 24 months', lambda org: {'deadline': years_later(org.day(), 2, +1)}, '#/deadline',
        'decision.deadline.horizon'),
       ('input of another review', lambda org: {'input_ids': [other_review_input(org)]}, '#/input_ids/0',
        'decision.inputs.other_review'),
       ('decided by the secretary', lambda org: {'decided_by_id': org.isms.id}, '#/decided_by_id',
        'decision.decided_by.decision_maker'),
       ('decided by top management that was not there', {'decided_by_id': 'top2@example.org'}, '#/decided_by_id',
        'decision.decided_by.decision_maker'),
       ('decided by nobody known', {'decided_by_id': 'nobody@example.org'}, '#/decided_by_id',
        'reference.not_found'),
       ('no action, no reason', lambda org: no_action(no_action_reason=ABSENT), '#/no_action_reason',
        'decision.no_action_reason.required'),
       ('no action, null reason', lambda org: no_action(no_action_reason=None), '#/no_action_reason',
        'decision.no_action_reason.required'),
       ('no change, no reason', lambda org: no_action(kind='no_change', no_action_reason=ABSENT),
        '#/no_action_reason', 'decision.no_action_reason.required'),
       ('no change that requires action', {'kind': 'no_change', 'action_required': True}, None,
        'decision.no_change.action'),
       ('ISMS change of nothing', {'kind': 'isms_change'}, '#/affects', 'decision.isms_change.affects'),
       ('ISMS change of an empty list', {'kind': 'isms_change', 'affects': []}, '#/affects',
        'decision.isms_change.affects'),
       ('affects what kind?', {'affects': [{'title': 'Policy'}]}, '#/affects/0/kind', 'affected_item.kind.required'),
       ('affects an untitled one', {'affects': [{'kind': 'policy'}]}, '#/affects/0/title',
        'affected_item.title.required'),
       ('affects an unknown kind', {'affects': [{'kind': 'mood', 'title': 'Good'}]}, '#/affects/0/kind', 'body.enum'),
       ('status', {'status': 'adopted'}, '#/status', 'body.read_only'),
       ('decided_on', {'decided_on': '2026-01-01'}, '#/decided_on', 'body.read_only'),
       ('original_deadline', {'original_deadline': '2026-01-01'}, '#/original_deadline', 'body.read_only'),
       ('superseded_by_id', {'superseded_by_id': None}, '#/superseded_by_id', 'body.read_only'),
       ('review_id', {'review_id': None}, '#/review_id', 'body.read_only'),
       ('unknown member', {'budget': 5}, '#/budget', 'body.unknown_field'))
def test_create_refuses(org, review, over, pointer, rule):
    body = org.decision_body(review, **made(over, org))
    refused(org.isms.client, 'POST', decisions_of(review), body, 422, rule, at=pointer)


def no_action(**over):
    return {'action_required': False, 'deadline': ABSENT, 'success_criteria': ABSENT,
            'no_action_reason': 'Others see to it'} | over


def test_at_least_one_input(org, review):
    body = org.decision_body(review, input_ids=[])
    answer = org.isms.client.post(decisions_of(review), body).expect(422)
    assert '#/input_ids' in {violation['pointer'] for violation in answer.violations}


@cases('over',
       ('deadline today', lambda org: {'deadline': org.day()}),
       ('deadline in 24 months to the day', lambda org: {'deadline': years_later(org.day(), 2)}),
       ('owner by e-mail', {'owner_id': 'Employee@Example.org'}),
       ('no action, and why', lambda org: no_action()),
       ('no change', lambda org: no_action(kind='no_change')),
       ('no change that says so', lambda org: no_action(kind='no_change', action_required=False)),
       ('ISMS change', {'kind': 'isms_change', 'affects': [{'kind': 'policy', 'title': 'Access policy'}]}),
       ('affects all kinds', {'affects': [{'kind': kind, 'title': 'One', 'reference': 'X-1'} for kind in (
           'policy', 'procedure', 'control', 'process', 'document', 'objective', 'resource')]}),
       ('strategy', {'kind': 'strategy_change'}),
       ('resources', {'kind': 'resource_allocation'}),
       ('objectives', {'kind': 'objective_change'}),
       ('risk treatment', {'kind': 'risk_treatment'}),
       ('improvement', {'kind': 'continual_improvement'}))
def test_create_takes(org, review, over):
    taken(org.isms.client, 'POST', decisions_of(review), org.decision_body(review, **made(over, org)))


@cases('kind, rule',
       ('none', ABSENT, 'decision.kind.required'),
       ('null', None, 'decision.kind.required'),
       ('unknown', 'wish', 'body.enum'),
       ('a number', 7, 'body.type'))
def test_without_a_kind_action_is_required(org, review, kind, rule):
    """As of every kind but no_change: what that asks for is listed along with the kind."""
    body = org.decision_body(review, kind=kind, deadline=ABSENT, success_criteria=ABSENT)
    refused(org.isms.client, 'POST', decisions_of(review), body, 422, rule, 'decision.deadline.required',
            'decision.success_criteria.required')


def test_several_inputs(org, review):
    ids = [org.input_of(review, clause)['id'] for clause in ('d3', 'b')]
    decision = taken(org.isms.client, 'POST', decisions_of(review), org.decision_body(review, input_ids=ids))
    assert sorted(decision['input_ids']) == sorted(ids)
    mixed = org.decision_body(review, input_ids=[ids[0], other_review_input(org)])
    refused(org.isms.client, 'POST', decisions_of(review), mixed, 422, 'decision.inputs.other_review',
            at='#/input_ids/1')


def test_another_top_manager_who_attends_may_decide(org, review):
    org.attendee(review, person_id=org.top2.id, capacity='decision_maker')
    taken(org.isms.client, 'POST', decisions_of(review), org.decision_body(review, decided_by_id=org.top2.id))


def test_all_violations_at_once(org, review):
    body = org.decision_body(review, kind='isms_change', title=None, owner_id=None, deadline=org.day(-1),
                             success_criteria=ABSENT, decided_by_id=org.isms.id, input_ids=[other_review_input(org)],
                             status='adopted', budget=5)
    refused(org.isms.client, 'POST', decisions_of(review), body, 422, 'decision.isms_change.affects',
            'decision.title.required', 'decision.owner.required', 'decision.deadline.in_past',
            'decision.success_criteria.required', 'decision.decided_by.decision_maker',
            'decision.inputs.other_review', 'body.read_only', 'body.unknown_field')


# ---- changing a proposed one

@cases('change, pointer, rule',
       ('title cleared', {'title': None}, '#/title', 'decision.title.required'),
       ('kind cleared', {'kind': None}, '#/kind', 'decision.kind.required'),
       ('statement cleared', {'statement': None}, '#/statement', 'decision.statement.required'),
       ('rationale cleared', {'rationale': None}, '#/rationale', 'decision.rationale.required'),
       ('inputs cleared', {'input_ids': None}, '#/input_ids', 'decision.input_ids.required'),
       ('decision maker cleared', {'decided_by_id': None}, '#/decided_by_id', 'decision.decided_by_id.required'),
       ('owner cleared', {'owner_id': None}, '#/owner_id', 'decision.owner.required'),
       ('deadline cleared', {'deadline': None}, '#/deadline', 'decision.deadline.required'),
       ('criteria cleared', {'success_criteria': None}, '#/success_criteria', 'decision.success_criteria.required'),
       ('deadline in the past', lambda org: {'deadline': org.day(-1)}, '#/deadline', 'decision.deadline.in_past'),
       ('deadline beyond the horizon', lambda org: {'deadline': years_later(org.day(), 2, +1)}, '#/deadline',
        'decision.deadline.horizon'),
       ('input of another review', lambda org: {'input_ids': [other_review_input(org)]}, '#/input_ids/0',
        'decision.inputs.other_review'),
       ('decided by an employee', lambda org: {'decided_by_id': org.employee.id}, '#/decided_by_id',
        'decision.decided_by.decision_maker'),
       ('no action after all, without a reason', no_action(no_action_reason=None, deadline=None,
                                                           success_criteria=None), '#/no_action_reason',
        'decision.no_action_reason.required'),
       ('becomes an ISMS change', {'kind': 'isms_change'}, '#/affects', 'decision.isms_change.affects'),
       ('becomes no change, and requires action', {'kind': 'no_change'}, None, 'decision.no_change.action'),
       ('status', {'status': 'adopted'}, '#/status', 'body.read_only'),
       ('unknown member', {'budget': 5}, '#/budget', 'body.unknown_field'))
def test_change_refuses(org, review, change, pointer, rule):
    decision = org.decision(review)
    refused(org.isms.client, 'PATCH', one(decision), made(change, org), 422, rule, at=pointer)
    assert org.get(one(decision)) == decision


def test_action_becomes_required(org, review):
    decision = org.decision(review, **no_action())
    refused(org.isms.client, 'PATCH', one(decision), {'action_required': True, 'no_action_reason': None}, 422,
            'decision.deadline.required', 'decision.success_criteria.required')
    refused(org.isms.client, 'PATCH', one(decision), {'no_action_reason': None}, 422,
            'decision.no_action_reason.required')


def test_a_proposed_one_changes_freely(org, review):
    change = {'owner_id': org.employee.id, 'deadline': org.day(10), 'success_criteria': [org.verified_criterion()]}
    changed = taken(org.isms.client, 'PATCH', one(org.decision(review)), change)
    assert (changed['owner_id'], changed['deadline']) == (org.employee.id, org.day(10))


@cases('commitment, pointer',
       ('owner', lambda org: {'owner_id': org.employee.id}, '#/owner_id'),
       ('deadline', lambda org: {'deadline': org.day(10)}, '#/deadline'),
       ('success criteria', lambda org: {'success_criteria': [org.verified_criterion()]}, '#/success_criteria'))
def test_from_adoption_on_a_commitment_is_amended(org, review, commitment, pointer):
    decision = org.adopted(review)
    refused(org.isms.client, 'PATCH', one(decision), commitment(org), 422, 'commitment.amendment_required',
            at=pointer)
    assert taken(org.isms.client, 'PATCH', one(decision), {'title': 'Better title'})['title'] == 'Better title'


# ---- states

def in_proposed(org, review):
    return org.decision(review)


def in_adopted(org, review):
    return org.adopted(review)


def in_rejected(org, review):
    return org.do(one(org.decision(review)) + '/reject', {'reason': 'Too expensive'})


def in_withdrawn(org, review):
    return org.do(one(org.decision(review)) + '/withdraw', {'reason': 'No longer needed'})


def in_implemented(org, review):
    decision = org.adopted(review)
    org.closed(org.action_item(decision))
    return org.do(one(decision) + '/implement')


def in_superseded(org, review):
    return org.do(one(org.adopted(review)) + '/supersede',
                  {'by': org.adopted(review, title='Better one')['id'], 'reason': 'The other covers it'})


STATES = {in_proposed: {'adopt', 'reject', 'withdraw'}, in_adopted: {'implement', 'supersede'},
          in_implemented: {'supersede'}, in_rejected: set(), in_withdrawn: set(), in_superseded: set()}
ARGUMENTS = {
    'adopt': lambda org, review: {'decided_on': org.day()}, 'reject': lambda org, review: {'reason': 'Too expensive'},
    'withdraw': lambda org, review: {'reason': 'No longer needed'}, 'implement': lambda org, review: {},
    'supersede': lambda org, review: {'by': org.adopted(review)['id'], 'reason': 'The other covers it'},
}


@pytest.mark.parametrize('verb', ARGUMENTS)
@pytest.mark.parametrize('state', STATES)
def test_verbs_in_wrong_states(org, review, state, verb):
    allowed = STATES[state]
    if verb in allowed:
        pytest.skip('allowed: tested on its own')
    decision = state(org, review)
    arguments = ARGUMENTS[verb](org, review)
    answer = refused(org.isms.client, 'VERB', f'{one(decision)}/{verb}', arguments, 409, 'transition.not_allowed',
                     also=True)
    detail = next(v['detail'] for v in answer.violations if v['rule'] == 'transition.not_allowed')
    assert all(other in detail for other in allowed), f'{detail!r} does not name {allowed}'
    assert org.get(one(decision)) == decision


@pytest.mark.parametrize('state', [in_rejected, in_withdrawn, in_superseded])
def test_what_has_ended_stays_as_it_is(org, review, state):
    """Its commitment too: no amendment would change that either."""
    decision = state(org, review)
    for change in ({'title': 'Other'}, {'owner_id': org.employee2.id, 'deadline': org.day(10)}):
        refused(org.isms.client, 'PATCH', one(decision), change, 409, 'decision.ended')
    assert org.get(one(decision)) == decision


def test_an_implemented_one_is_still_put_into_words(org, review):
    assert taken(org.isms.client, 'PATCH', one(in_implemented(org, review)), {'title': 'Better title'})['title'] == (
        'Better title')


def test_adopt(org, review):
    decision = taken(org.isms.client, 'VERB', one(org.decision(review)) + '/adopt', {'decided_on': org.day()})
    assert (decision['status'], decision['decided_on']) == ('adopted', org.day())
    assert decision['original_deadline'] == decision['deadline'] == org.day(90)


@cases('body, pointer, rule',
       ('no day', {}, '#/decided_on', 'decision.decided_on.required'),
       ('null day', {'decided_on': None}, '#/decided_on', 'decision.decided_on.required'),
       ('no such day', {'decided_on': '2026-02-30'}, '#/decided_on', 'body.format'),
       ('tomorrow', lambda org: {'decided_on': org.day(1)}, '#/decided_on', 'decision.decided_on.in_future'),
       ('unknown argument', lambda org: {'decided_on': org.day(), 'by': 'me'}, '#/by', 'body.unknown_field'))
def test_adopt_refuses(org, review, body, pointer, rule):
    refused(org.isms.client, 'VERB', one(org.decision(review)) + '/adopt', made(body, org), 422, rule, at=pointer)


def test_adoption_is_for_a_review_in_progress(org):
    """In one that is not begun; from `concluded` on, where nothing is proposed any more, it is frozen anyway."""
    decision = org.decision(org.review())
    refused(org.isms.client, 'VERB', one(decision) + '/adopt', {'decided_on': org.day()}, 422,
            'decision.adopt.review_open')


@pytest.mark.parametrize('verb, status', [('reject', 'rejected'), ('withdraw', 'withdrawn')])
def test_reject_and_withdraw(org, review, verb, status):
    path = f'{one(org.decision(review))}/{verb}'
    for body in ({}, {'reason': None}):
        refused(org.isms.client, 'VERB', path, body, 422, 'decision.reason.required', at='#/reason')
    refused(org.isms.client, 'VERB', path, {'reason': '  '}, 422, 'body.length', at='#/reason')
    decision = taken(org.isms.client, 'VERB', path, {'reason': 'Too expensive'})
    assert (decision['status'], decision['status_reason']) == (status, 'Too expensive')


@pytest.mark.parametrize('verb, status', [('reject', 'rejected'), ('withdraw', 'withdrawn')])
@pytest.mark.alone
def test_what_a_cancelled_review_left_proposed_can_end(org, verb, status):
    """Else its owner could never leave: nothing else changes it any more."""
    review = org.review()
    decision = org.decision(review)
    org.do(f'/v1/reviews/{review["id"]}/cancel', {'reason': 'Merged with another'})
    refused(org.isms.client, 'VERB', one(decision) + '/adopt', {'decided_on': org.day()}, 409, 'review.frozen',
            'decision.adopt.review_open')
    leave = f'/v1/people/{org.head.id}/deactivate'
    refused(org.isms.client, 'VERB', leave, {}, 409, 'person.deactivate.open_commitments')
    ended = taken(org.isms.client, 'VERB', f'{one(decision)}/{verb}', {'reason': 'Nothing comes of it'})
    assert ended['status'] == status
    taken(org.isms.client, 'VERB', leave, {})


@cases('body, pointer, rule',
       ('by nothing', lambda other: {'reason': 'The other covers it'}, '#/by', 'decision.by.required'),
       ('without reason', lambda other: {'by': other['id']}, '#/reason', 'decision.reason.required'),
       ('by what does not exist', lambda other: {'by': 'DEC-2020-999', 'reason': 'Well'}, '#/by',
        'reference.not_found'))
def test_supersede_refuses(org, review, body, pointer, rule):
    decision, other = org.adopted(review), org.adopted(review)
    refused(org.isms.client, 'VERB', one(decision) + '/supersede', body(other), 422, rule, at=pointer)


def test_what_was_superseded_does_not_supersede_in_turn(org, review):
    decisions = [org.adopted(review) for _ in range(3)]
    for first, second in zip(decisions, decisions[1:]):
        org.do(one(first) + '/supersede', {'by': second['id'], 'reason': 'The other covers it'})
    refused(org.isms.client, 'VERB', one(decisions[2]) + '/supersede',
            {'by': decisions[0]['reference'], 'reason': 'The other covers it'}, 422, 'decision.supersede.other', at='#/by')


def test_none_supersedes_itself(org, review):
    decision = org.adopted(review)
    body = {'by': decision['id'], 'reason': 'It is even better'}
    refused(org.isms.client, 'VERB', one(decision) + '/supersede', body, 422, 'decision.supersede.other', at='#/by')


@pytest.mark.parametrize('state', [in_adopted, in_implemented])
def test_supersede(org, review, state):
    decision, other = state(org, review), org.adopted(review)
    body = {'by': other['reference'], 'reason': 'The other covers it'}
    superseded = taken(org.isms.client, 'VERB', one(decision) + '/supersede', body)
    assert (superseded['status'], superseded['superseded_by_id']) == ('superseded', other['id'])
    assert superseded['status_reason'] == 'The other covers it'


# ---- implement

@cases('ends, implemented',
       ('no action item at all', [], False),
       ('one open', ['open'], False),
       ('one closed, one open', ['closed', 'open'], False),
       ('one closed, one only completed', ['closed', 'completed'], False),
       ('one cancelled', ['cancelled_item'], False),
       ('one closed', ['closed'], True),
       ('one closed, one cancelled', ['closed', 'cancelled_item'], True))
def test_implement(org, review, ends, implemented):
    decision = org.adopted(review)
    for end in ends:
        item = org.action_item(decision)
        if end != 'open':
            getattr(org, end)(item)
    path = one(decision) + '/implement'
    if implemented:
        assert taken(org.isms.client, 'VERB', path, {})['status'] == 'implemented'
    else:
        refused(org.isms.client, 'VERB', path, {}, 409, 'decision.implement.action_items')


# ---- finding them

def test_by_reference(org, review):
    decision = org.decision(review)
    assert org.get(f'/v1/decisions/{decision["reference"]}') == decision
    assert org.get(f'/v1/reviews/{review["reference"]}/decisions')['data'] == [decision]
    assert org.get(f'/v1/decisions?review_id={review["reference"]}&status=proposed')['data'] == [decision]


@pytest.mark.alone
def test_references_count_over_all_reviews(org, review):
    first, second = org.decision(review), org.decision(org.review())
    assert (first['reference'], second['reference']) == (f'DEC-{year()}-001', f'DEC-{year()}-002')
