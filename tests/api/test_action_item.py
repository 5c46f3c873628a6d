"""Contract section 2, action item: /v1/decisions/{id}/action-items, /v1/action-items."""

import pytest

from harness import ABSENT
from story import cases, made, refused, taken, unchanged, year
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def decision(org):
    return org.adopted(org.running_review())


def items_of(decision):
    return f'/v1/decisions/{decision["id"]}/action-items'


def one(item):
    return f'/v1/action-items/{item["id"]}'


# ---- creating

def test_defaults(org, decision):
    item = taken(org.isms.client, 'POST', items_of(decision), org.action_item_body())
    assert item['status'] == 'open' and item['priority'] == 'medium'
    assert item['reference'] == f'ACT-{year()}-0001'
    assert item['original_deadline'] == item['deadline'] and item['extension_count'] == 0
    assert item['overdue'] is False and item['days_overdue'] in (0, None)
    assert (item['decision_id'], item['decision_reference'], item['decision_title']) == (
        decision['id'], decision['reference'], decision['title'])
    assert (item['review_id'], item['review_reference'], item['review_title']) == (
        decision['review_id'], decision['review_reference'], decision['review_title'])
    unset = ('description', 'resources', 'predecessor_id', 'completed_on', 'closed_on', 'cancelled_on', 'ended_at',
             'status_reason', 'cancel_approved_by_id')
    assert [name for name in unset if item.get(name, 'missing') is not None] == []


@cases('over, pointer, rule',
       ('no kind', {'kind': ABSENT}, '#/kind', 'action_item.kind.required'),
       ('no title', {'title': ABSENT}, '#/title', 'action_item.title.required'),
       ('no owner', {'owner_id': ABSENT}, '#/owner_id', 'action_item.owner.required'),
       ('null owner', {'owner_id': None}, '#/owner_id', 'action_item.owner.required'),
       ('no deadline', {'deadline': ABSENT}, '#/deadline', 'action_item.deadline.required'),
       ('null deadline', {'deadline': None}, '#/deadline', 'action_item.deadline.required'),
       ('no success criteria', {'success_criteria': ABSENT}, '#/success_criteria',
        'action_item.success_criteria.required'),
       ('null success criteria', {'success_criteria': None}, '#/success_criteria',
        'action_item.success_criteria.required'),
       ('corrective without root cause', {'root_cause': ABSENT}, '#/root_cause', 'action_item.root_cause.required'),
       ('corrective with null root cause', {'root_cause': None}, '#/root_cause', 'action_item.root_cause.required'),
       ('deadline yesterday', lambda org: {'deadline': org.day(-1)}, '#/deadline', 'action_item.deadline.in_past'),
       ("deadline a day after the decision's", lambda org: {'deadline': org.day(91)}, '#/deadline',
        'action_item.deadline.after_decision'),
       ('blank title', {'title': ' '}, '#/title', 'body.length'),
       ('kind unknown', {'kind': 'task'}, '#/kind', 'body.enum'),
       ('priority unknown', {'priority': 'urgent'}, '#/priority', 'body.enum'),
       ('priority is a number', {'priority': 1}, '#/priority', 'body.type'),
       ('no such day', {'deadline': '2027-02-29'}, '#/deadline', 'body.format'),
       ('owned by nobody known', {'owner_id': 'nobody@example.org'}, '#/owner_id', 'reference.not_found'),
       ('predecessor unknown', {'predecessor_id': 'ACT-2020-0001'}, '#/predecessor_id', 'reference.not_found'),
       ('resources are a number', {'resources': 5}, '#/resources', 'body.type'),
       ('budget below zero', {'resources': {'budget_amount': -1, 'currency': 'EUR'}}, '#/resources/budget_amount',
        'body.range'),
       ('effort below zero', {'resources': {'effort_days': -0.5}}, '#/resources/effort_days', 'body.range'),
       ('resources with more', {'resources': {'people': 5}}, '#/resources/people', 'body.unknown_field'),
       ('status', {'status': 'closed'}, '#/status', 'body.read_only'),
       ('original_deadline', {'original_deadline': '2026-01-01'}, '#/original_deadline', 'body.read_only'),
       ('extension_count', {'extension_count': 0}, '#/extension_count', 'body.read_only'),
       ('progress_percent', {'progress_percent': 100}, '#/progress_percent', 'body.read_only'),
       ('overdue', {'overdue': False}, '#/overdue', 'body.read_only'),
       ('days_overdue', {'days_overdue': 0}, '#/days_overdue', 'body.read_only'),
       ('decision_id', {'decision_id': None}, '#/decision_id', 'body.read_only'),
       ('review_id', {'review_id': None}, '#/review_id', 'body.read_only'),
       ('unknown member', {'assignee': 'me'}, '#/assignee', 'body.unknown_field'))
def test_create_refuses(org, decision, over, pointer, rule):
    body = org.action_item_body(**made(over, org))
    refused(org.isms.client, 'POST', items_of(decision), body, 422, rule, at=pointer)


@cases('over',
       ('deadline today', lambda org: {'deadline': org.day()}),
       ("deadline on the decision's", lambda org: {'deadline': org.day(90)}),
       ('owner by e-mail', {'owner_id': 'EMPLOYEE2@example.org'}),
       ('correction', {'kind': 'correction', 'root_cause': ABSENT}),
       ('preventive', {'kind': 'preventive', 'root_cause': ABSENT}),
       ('improvement', {'kind': 'improvement', 'root_cause': ABSENT}),
       ('change', {'kind': 'change', 'root_cause': None}),
       ('change with a root cause', {'kind': 'change'}),
       ('critical', {'priority': 'critical', 'description': 'At once'}),
       ('resources', {'resources': {'budget_amount': 1000.5, 'currency': 'EUR', 'effort_days': 0.5, 'note': 'Q1'}}))
def test_create_takes(org, decision, over):
    taken(org.isms.client, 'POST', items_of(decision), org.action_item_body(**made(over, org)))


def test_all_violations_at_once(org, decision):
    body = org.action_item_body(title=ABSENT, owner_id=None, deadline=org.day(-1), success_criteria=ABSENT,
                                root_cause=ABSENT, priority='urgent', status='closed', assignee='me')
    refused(org.isms.client, 'POST', items_of(decision), body, 422, 'action_item.title.required',
            'action_item.owner.required', 'action_item.deadline.in_past', 'action_item.success_criteria.required',
            'action_item.root_cause.required', 'body.enum', 'body.read_only', 'body.unknown_field')


def test_predecessor_by_reference(org, decision):
    first = org.action_item(decision)
    second = taken(org.isms.client, 'POST', f'/v1/decisions/{decision["reference"]}/action-items',
                   org.action_item_body(predecessor_id=first['reference']))
    assert second['predecessor_id'] == first['id']
    assert org.get(f'/v1/action-items/{second["reference"]}') == second


@cases('verb, arguments, status, rules',
       ('rejected', 'reject', {'reason': 'Too expensive'}, 409, ['action_item.decision.adopted']),
       ('withdrawn', 'withdraw', {'reason': 'No longer needed'}, 409, ['action_item.decision.adopted']),
       ('rejected, and the request is wrong too', 'reject', {'reason': 'Too expensive'}, 409,
        ['action_item.decision.adopted', 'action_item.owner.required']))
def test_no_action_items_for_ended_decisions(org, verb, arguments, status, rules):
    decision = org.decision(org.running_review())
    org.do(f'/v1/decisions/{decision["id"]}/{verb}', arguments)
    over = {'owner_id': None} if 'action_item.owner.required' in rules else {}
    refused(org.isms.client, 'POST', items_of(decision), org.action_item_body(**over), status, *rules)


def test_predecessors_form_no_ring(org, decision):
    items = [org.action_item(decision)]
    for _ in range(2):
        items.append(org.action_item(decision, predecessor_id=items[-1]['id']))
    refused(org.isms.client, 'PATCH', one(items[0]), {'predecessor_id': items[2]['id']}, 422,
            'action_item.predecessor.self', at='#/predecessor_id')
    taken(org.isms.client, 'PATCH', one(items[2]), {'predecessor_id': items[0]['id']})


def test_no_action_items_for_superseded_decisions(org, decision):
    other = org.adopted({'id': decision['review_id']})
    org.do(f'/v1/decisions/{decision["id"]}/supersede', {'by': other['id'], 'reason': 'The other covers it'})
    refused(org.isms.client, 'POST', items_of(decision), org.action_item_body(), 409, 'action_item.decision.adopted')


def test_action_items_may_be_prepared_before_adoption(org):
    taken(org.isms.client, 'POST', items_of(org.decision(org.running_review())), org.action_item_body())


# ---- changing

@cases('change, pointer, rule',
       ('title cleared', {'title': None}, '#/title', 'action_item.title.required'),
       ('kind cleared', {'kind': None}, '#/kind', 'action_item.kind.required'),
       ('root cause cleared', {'root_cause': None}, '#/root_cause', 'action_item.root_cause.required'),
       ('priority unknown', {'priority': 'urgent'}, '#/priority', 'body.enum'),
       ('another owner', lambda org: {'owner_id': org.head.id}, '#/owner_id', 'commitment.amendment_required'),
       ('another deadline', lambda org: {'deadline': org.day(61)}, '#/deadline', 'commitment.amendment_required'),
       ('other criteria', lambda org: {'success_criteria': [org.verified_criterion()]}, '#/success_criteria',
        'commitment.amendment_required'),
       ('status', {'status': 'closed'}, '#/status', 'body.read_only'),
       ('completed_on', {'completed_on': '2026-01-01'}, '#/completed_on', 'body.read_only'),
       ('unknown member', {'assignee': 'me'}, '#/assignee', 'body.unknown_field'))
def test_change_refuses(org, decision, change, pointer, rule):
    item = org.action_item(decision)
    refused(org.isms.client, 'PATCH', one(item), made(change, org), 422, rule, at=pointer)
    assert org.get(one(item)) == item


def test_none_follows_itself(org, decision):
    item = org.action_item(decision)
    for name in ('id', 'reference'):
        refused(org.isms.client, 'PATCH', one(item), {'predecessor_id': item[name]}, 422,
                'action_item.predecessor.self', at='#/predecessor_id')
    taken(org.isms.client, 'PATCH', one(item), {'predecessor_id': org.action_item(decision)['reference']})


@cases('change, rules',
       ('owner cleared', {'owner_id': None}, ['action_item.owner.required']),
       ('owner is a number', {'owner_id': 3}, ['body.type']),
       ('owner unknown', {'owner_id': 'nobody@example.org'}, ['reference.not_found']),
       ('owner has left', lambda org: {'owner_id': left(org)}, ['reference.person.inactive']),
       ('deadline cleared', {'deadline': None}, ['action_item.deadline.required']),
       ('deadline in the past', lambda org: {'deadline': org.day(-1)}, ['action_item.deadline.in_past']),
       ("deadline after the decision's", lambda org: {'deadline': org.day(91)},
        ['action_item.deadline.after_decision']),
       ('criteria cleared', {'success_criteria': None}, ['action_item.success_criteria.required']),
       ('no criteria', {'success_criteria': []}, ['success_criteria.count']),
       ('criteria that say nothing', {'success_criteria': [{'statement': 'It will be better'}]},
        ['success_criteria.measurable']))
def test_a_commitment_that_is_wrong_besides(org, decision, change, rules):
    """All at once: that it takes an amendment, and what would be wrong with it in one."""
    change = made(change, org)
    member = next(iter(change))
    answer = refused(org.isms.client, 'PATCH', one(org.action_item(decision)), change, 422,
                     'commitment.amendment_required', *rules, at=f'#/{member}')
    assert len(answer.violations) == 1 + len(rules), answer.violations


def left(org):
    return org.person(email='gone@example.org', active=False)['id']


def test_becoming_corrective_wants_a_root_cause(org, decision):
    item = org.action_item(decision, kind='change', root_cause=ABSENT)
    refused(org.isms.client, 'PATCH', one(item), {'kind': 'corrective'}, 422, 'action_item.root_cause.required')
    taken(org.isms.client, 'PATCH', one(item), {'kind': 'corrective', 'root_cause': 'Nobody knew'})


def test_change_takes(org, decision):
    item = org.action_item(decision)
    change = {'title': 'Better title', 'description': 'More', 'priority': 'low', 'resources': {'effort_days': 2}}
    changed = taken(org.isms.client, 'PATCH', one(item), change)
    assert (changed['title'], changed['priority'], changed['resources']['effort_days']) == ('Better title', 'low', 2)


# ---- states

def in_open(org, decision):
    return org.action_item(decision)


def in_progress(org, decision):
    return org.do(one(org.action_item(decision)) + '/start')


def in_blocked(org, decision):
    return org.do(one(in_progress(org, decision)) + '/block', {'reason': 'No room'})


def in_completed(org, decision):
    return org.completed(org.action_item(decision))


def in_closed(org, decision):
    return org.closed(org.action_item(decision))


def in_cancelled(org, decision):
    return org.cancelled_item(org.action_item(decision))


# The contract names the verbs without their states; these are the refusals that any reading of them shares.
WRONG = {in_open: ('unblock',), in_progress: ('start', 'unblock'), in_blocked: ('start', 'block'),
         in_completed: ('start', 'block', 'unblock'), in_closed: ('start', 'block', 'unblock', 'cancel'),
         in_cancelled: ('start', 'block', 'unblock', 'cancel')}
ARGUMENTS = {
    'start': lambda org: {}, 'block': lambda org: {'reason': 'No room'}, 'unblock': lambda org: {},
    'cancel': lambda org: {'reason': 'Not needed', 'approved_by_id': org.top.id},
}


@pytest.mark.parametrize('state, verb', [(state, verb) for state, verbs in WRONG.items() for verb in verbs])
def test_verbs_in_wrong_states(org, decision, state, verb):
    item = state(org, decision)
    refused(org.isms.client, 'VERB', f'{one(item)}/{verb}', ARGUMENTS[verb](org), 409, 'transition.not_allowed',
            also=True)
    assert org.get(one(item)) == item


@cases('state, verb, status',
       ('start', in_open, 'start', 'in_progress'),
       ('block', in_progress, 'block', 'blocked'),
       ('unblock', in_blocked, 'unblock', 'in_progress'),
       ('cancel an open one', in_open, 'cancel', 'cancelled'),
       ('cancel a running one', in_progress, 'cancel', 'cancelled'),
       ('cancel a blocked one', in_blocked, 'cancel', 'cancelled'))
def test_verbs(org, decision, state, verb, status):
    item = state(org, decision)
    changed = taken(org.isms.client, 'VERB', f'{one(item)}/{verb}', ARGUMENTS[verb](org))
    assert changed['status'] == status and changed['version'] == item['version'] + 1
    if 'reason' in ARGUMENTS[verb](org):
        assert changed['status_reason'] == ARGUMENTS[verb](org)['reason']


@pytest.mark.parametrize('verb', ['complete', 'close'])
def test_completion_and_closure_are_no_verbs(org, decision, verb):
    org.isms.client.verb(f'{one(org.action_item(decision))}/{verb}').expect(404)


@cases('body, rule',
       ('no reason', {}, 'action_item.reason.required'),
       ('null reason', {'reason': None}, 'action_item.reason.required'),
       ('blank reason', {'reason': ' '}, 'body.length'))
def test_block_refuses(org, decision, body, rule):
    refused(org.isms.client, 'VERB', one(in_progress(org, decision)) + '/block', body, 422, rule, at='#/reason')


@cases('over, pointer, rule',
       ('no reason', {'reason': ABSENT}, '#/reason', 'action_item.reason.required'),
       ('no approver', {'approved_by_id': ABSENT}, '#/approved_by_id', 'action_item.approved_by_id.required'),
       ('null approver', {'approved_by_id': None}, '#/approved_by_id', 'action_item.approved_by_id.required'),
       ('approver unknown', {'approved_by_id': 'nobody@example.org'}, '#/approved_by_id', 'reference.not_found'),
       ('approved by the ISMS manager', {'approved_by_id': 'isms@example.org'}, '#/approved_by_id',
        'action_item.cancel.approver'),
       ('approved by a head', {'approved_by_id': 'head@example.org'}, '#/approved_by_id',
        'action_item.cancel.approver'),
       ('approved by its owner', {'approved_by_id': 'top2@example.org'}, '#/approved_by_id',
        'action_item.cancel.approver'))
def test_cancel_refuses(org, decision, over, pointer, rule):
    item = org.action_item(decision, owner_id=org.top2.id)
    refused(org.isms.client, 'VERB', one(item) + '/cancel', ARGUMENTS['cancel'](org) | over, 422, rule, at=pointer)


def test_cancel(org, decision):
    cancelled = org.cancelled_item(org.action_item(decision, owner_id=org.top2.id))
    assert (cancelled['cancel_approved_by_id'], cancelled['cancelled_on']) == (org.top.id, org.day())
    assert cancelled['ended_at'] is not None and cancelled['overdue'] is False


@pytest.mark.parametrize('state', [in_closed, in_cancelled])
def test_what_has_ended_stays_as_it_is(org, decision, state):
    refused(org.isms.client, 'PATCH', one(state(org, decision)), {'title': 'Other'}, 409, 'action_item.ended')


# ---- derived when read, never stored

@pytest.fixture
def march(org_at):
    """An organisation on the 1st of March 2026."""
    return org_at('2026-03-01T09:00:00')


def test_overdue_is_worked_out_when_read(march):
    item = march.action_item(march.adopted(march.running_review()), deadline='2026-03-10')
    assert (item['reference'], item['overdue']) == ('ACT-2026-0001', False)
    for today, overdue, days in (('2026-03-10', False, (0, None)), ('2026-03-11', True, (1,)),
                                 ('2026-04-10', True, (31,))):
        march.daemon.set_clock(f'{today}T00:00:00')
        read = march.get(one(item))
        assert read['overdue'] is overdue and read['days_overdue'] in days, today
        assert read['version'] == item['version']
        listed = march.get(f'/v1/action-items?overdue={str(overdue).lower()}')['data']
        assert [each['id'] for each in listed] == [item['id']]


def test_the_etag_changes_with_the_representation(march):
    """Nothing was written, but what a client would see is another thing: its copy is stale."""
    item = march.action_item(march.adopted(march.running_review()), deadline='2026-03-10')
    fresh = march.isms.client.get(one(item)).ok().etag
    march.daemon.set_clock('2026-03-12T09:00:00')
    march.isms.client.get(one(item), If_None_Match=fresh).expect(200)
    march.isms.client.patch(one(item), {'title': 'Late'}, etag=fresh).expect(412)


@cases('act, overdue',
       ('open', lambda org, item: None, True),
       ('in progress', lambda org, item: org.do(one(item) + '/start'), True),
       ('blocked', lambda org, item: (org.do(one(item) + '/start'),
                                      org.do(one(item) + '/block', {'reason': 'No room'})), True),
       ('completed', lambda org, item: org.completed(item), False),
       ('closed', lambda org, item: org.closed(item), False),
       ('cancelled', lambda org, item: org.cancelled_item(item), False))
def test_only_unfinished_action_items_are_overdue(march, act, overdue):
    item = march.action_item(march.adopted(march.running_review()), deadline='2026-03-10')
    act(march, item)
    march.daemon.set_clock('2026-03-15T09:00:00')
    read = march.get(one(item))
    assert read['overdue'] is overdue and read['days_overdue'] in ((5,) if overdue else (0, None))


def test_deadline_rules_go_by_the_day_of_the_request(march):
    """What was in time when it was promised does not become invalid: only what is new is tested."""
    decision = march.adopted(march.running_review(), deadline='2026-03-20')
    item = march.action_item(decision, deadline='2026-03-10')
    march.daemon.set_clock('2026-03-15T09:00:00')
    march.change(one(item), {'title': 'Late, and renamed'})
    late = march.action_item_body(deadline='2026-03-14')
    refused(march.isms.client, 'POST', items_of(decision), late, 422, 'action_item.deadline.in_past')
    taken(march.isms.client, 'POST', items_of(decision), march.action_item_body(deadline='2026-03-15'))


def test_references_start_again_each_year(march):
    review = march.running_review()
    decision = march.adopted(review)
    march.action_item(decision)
    march.daemon.set_clock('2027-01-01T00:00:00')
    decision = march.adopted(review)
    item = march.action_item(decision)
    assert (decision['reference'], item['reference']) == ('DEC-2027-001', 'ACT-2027-0001')
    assert march.review()['reference'] == 'MR-2027-01'


def test_a_follow_up_of_progress_shows_on_the_item(org, decision):
    item = org.action_item(decision)
    org.follow_up(item, progress_percent=40)
    assert org.get(one(item))['progress_percent'] == 40


def test_a_dry_run_leaves_the_item_alone(org, decision):
    item = org.action_item(decision)
    unchanged(org, one(item), lambda: org.isms.client.verb(one(item) + '/start?dry_run=true').expect(200))
