"""Contract section 2, review: its fields, its agenda, its states and what is frozen.

Its end, from conclude on, is in test_review_conclude.py.
"""

import pytest

from harness import ABSENT
from story import cases, made, refused, taken, year
from support import org_of_the_file as org, shared  # noqa: F401

REVIEWS = '/v1/reviews'


def one(review):
    return f'{REVIEWS}/{review["id"]}'


# ---- creating

def test_defaults(org):
    review = taken(org.isms.client, 'POST', REVIEWS, org.review_body())
    assert review['status'] == 'planned' and review['classification'] == 'internal'
    assert review['revision'] == 1 and review['version'] == 1 and review['also_covers'] == []
    assert review['reference'] == f'MR-{year()}-01'
    unset = ('trigger', 'location', 'summary', 'held_on', 'suitability', 'adequacy', 'effectiveness',
             'next_review_on', 'started_at', 'concluded_at', 'concluded_by', 'approved_at', 'approved_by',
             'cancel_reason', 'reopen_reason')
    assert [name for name in unset if review.get(name, 'missing') is not None] == []


@pytest.mark.alone
def test_references_count_per_year_and_are_never_reused(org):
    assert org.review()['reference'] == f'MR-{year()}-01'
    org.isms.client.post(REVIEWS, org.review_body(title=None)).expect(422)
    org.isms.client.post(REVIEWS + '?dry_run=true', org.review_body()).expect(201)
    second = org.review()
    assert second['reference'] == f'MR-{year()}-02'
    assert org.get(f'{REVIEWS}/{second["reference"]}') == second


@cases('over, pointer, rule',
       ('no title', {'title': ABSENT}, '#/title', 'review.title.required'),
       ('null title', {'title': None}, '#/title', 'review.title.required'),
       ('no type', {'type': ABSENT}, '#/type', 'review.type.required'),
       ('no scope', {'scope': ABSENT}, '#/scope', 'review.scope.required'),
       ('no start of period', {'period_start': ABSENT}, '#/period_start', 'review.period_start.required'),
       ('no end of period', {'period_end': ABSENT}, '#/period_end', 'review.period_end.required'),
       ('not planned', {'planned_on': ABSENT}, '#/planned_on', 'review.planned_on.required'),
       ('no chair', {'chair_id': ABSENT}, '#/chair_id', 'review.chair_id.required'),
       ('null chair', {'chair_id': None}, '#/chair_id', 'review.chair_id.required'),
       ('blank title', {'title': '   '}, '#/title', 'body.length'),
       ('title is a list', {'title': ['x']}, '#/title', 'body.type'),
       ('type unknown', {'type': 'weekly'}, '#/type', 'body.enum'),
       ('classification unknown', {'classification': 'secret'}, '#/classification', 'body.enum'),
       ('no such day', {'planned_on': '2027-02-30'}, '#/planned_on', 'body.format'),
       ('day as in Germany', {'planned_on': '24.12.2026'}, '#/planned_on', 'body.format'),
       ('an instant for a day', {'planned_on': '2026-12-24T10:00:00Z'}, '#/planned_on', 'body.format'),
       ('day is a number', {'period_end': 20261231}, '#/period_end', 'body.type'),
       ('also_covers is no list', {'also_covers': 'privacy'}, '#/also_covers', 'body.type'),
       ('also_covers holds a number', {'also_covers': ['privacy', 7]}, '#/also_covers/1', 'body.type'),
       ('extraordinary without trigger', {'type': 'extraordinary'}, '#/trigger', 'review.trigger.required'),
       ('extraordinary with null trigger', {'type': 'extraordinary', 'trigger': None}, '#/trigger',
        'review.trigger.required'),
       ('scheduled with trigger', {'trigger': 'audit_finding'}, '#/trigger', 'review.trigger.unexpected'),
       ('trigger unknown', {'type': 'extraordinary', 'trigger': 'boredom'}, '#/trigger', 'body.enum'),
       ('chair is ISMS manager', lambda org: {'chair_id': org.isms.id}, '#/chair_id', 'review.chair.top_management'),
       ('chair is an employee', {'chair_id': 'employee@example.org'}, '#/chair_id', 'review.chair.top_management'),
       ('status', {'status': 'approved'}, '#/status', 'body.read_only'),
       ('held_on', {'held_on': '2026-01-01'}, '#/held_on', 'body.read_only'),
       ('suitability', {'suitability': None}, '#/suitability', 'body.read_only'),
       ('next_review_on', {'next_review_on': '2027-01-01'}, '#/next_review_on', 'body.read_only'),
       ('revision', {'revision': 2}, '#/revision', 'body.read_only'),
       ('cancel_reason', {'cancel_reason': 'x'}, '#/cancel_reason', 'body.read_only'),
       ('reference', {'reference': 'MR-2026-77'}, '#/reference', 'body.read_only'),
       ('unknown member', {'chairman_id': 'x'}, '#/chairman_id', 'body.unknown_field'))
def test_create_refuses(org, over, pointer, rule):
    refused(org.isms.client, 'POST', REVIEWS, org.review_body(**made(over, org)), 422, rule, at=pointer)


def test_period_order(org):
    backwards = org.review_body(period_start=org.day(-1), period_end=org.day(-2))
    refused(org.isms.client, 'POST', REVIEWS, backwards, 422, 'review.period.order')
    taken(org.isms.client, 'POST', REVIEWS, org.review_body(period_start=org.day(-2), period_end=org.day(-1)))


@pytest.mark.parametrize('trigger', ['business_change', 'scope_change', 'standard_update', 'audit_finding',
                                     'major_incident', 'other'])
def test_triggers(org, trigger):
    review = taken(org.isms.client, 'POST', REVIEWS, org.review_body(type='extraordinary', trigger=trigger))
    assert review['trigger'] == trigger


@cases('over',
       ('public', {'classification': 'public'}),
       ('confidential', {'classification': 'confidential'}),
       ('restricted', {'classification': 'restricted'}),
       ('chair by e-mail', {'chair_id': 'top2@example.org'}),
       ('chair by e-mail in capitals', {'chair_id': 'TOP2@EXAMPLE.ORG'}),
       ('with everything', {'location': 'Room 1', 'summary': '# Minutes', 'also_covers': ['Privacy', 'Quality']}),
       ('planned in the past', lambda org: {'planned_on': org.day(-3)}))
def test_create_takes(org, over):
    taken(org.isms.client, 'POST', REVIEWS, org.review_body(**made(over, org)))


def test_all_violations_at_once(org):
    body = org.review_body(title=ABSENT, type='extraordinary', period_end=org.day(-500), chair_id=org.isms.id,
                           classification='secret', planned_on='soon', status='approved', colour='red')
    refused(org.isms.client, 'POST', REVIEWS, body, 422, 'review.title.required', 'review.trigger.required',
            'review.period.order', 'review.chair.top_management', 'body.enum', 'body.format', 'body.read_only',
            'body.unknown_field')


def test_agenda(org):
    review = org.review()
    inputs = org.inputs(review)
    assert [one['clause'] for one in inputs] == ['a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g']
    assert {(one['state'], one['agenda'], one['review_id']) for one in inputs} == {('pending', True, review['id'])}
    assert all(one['title'] for one in inputs)


@pytest.mark.alone
def test_a_dry_run_leaves_nothing(org):
    org.isms.client.post(REVIEWS + '?dry_run=true', org.review_body()).expect(201)
    assert org.get(REVIEWS)['data'] == [] and org.get('/v1/inputs')['data'] == []


# ---- changing

@cases('change, pointer, rule',
       ('title cleared', {'title': None}, '#/title', 'review.title.required'),
       ('type cleared', {'type': None}, '#/type', 'review.type.required'),
       ('scope cleared', {'scope': None}, '#/scope', 'review.scope.required'),
       ('start of period cleared', {'period_start': None}, '#/period_start', 'review.period_start.required'),
       ('end of period cleared', {'period_end': None}, '#/period_end', 'review.period_end.required'),
       ('plan cleared', {'planned_on': None}, '#/planned_on', 'review.planned_on.required'),
       ('chair cleared', {'chair_id': None}, '#/chair_id', 'review.chair_id.required'),
       ('made extraordinary without trigger', {'type': 'extraordinary'}, '#/trigger', 'review.trigger.required'),
       ('given a trigger', {'trigger': 'other'}, '#/trigger', 'review.trigger.unexpected'),
       ('chaired by an auditor', {'chair_id': 'auditor@example.org'}, '#/chair_id', 'review.chair.top_management'),
       ('status', {'status': 'in_progress'}, '#/status', 'body.read_only'),
       ('concluded_by', {'concluded_by': None}, '#/concluded_by', 'body.read_only'),
       ('unknown member', {'mood': 'good'}, '#/mood', 'body.unknown_field'))
def test_change_refuses(org, change, pointer, rule):
    review = org.review()
    refused(org.isms.client, 'PATCH', one(review), change, 422, rule, at=pointer)
    assert org.get(one(review)) == review


def test_period_order_holds_for_each_end(org):
    review = org.review()
    for change in ({'period_start': org.day(0)}, {'period_end': org.day(-366)}):
        refused(org.isms.client, 'PATCH', one(review), change, 422, 'review.period.order')
    taken(org.isms.client, 'PATCH', one(review), {'period_start': org.day(-2000), 'period_end': org.day(-1999)})


def test_trigger_goes_with_the_type(org):
    review = org.review(type='extraordinary', trigger='other')
    refused(org.isms.client, 'PATCH', one(review), {'trigger': None}, 422, 'review.trigger.required')
    refused(org.isms.client, 'PATCH', one(review), {'type': 'scheduled'}, 422, 'review.trigger.unexpected')
    changed = taken(org.isms.client, 'PATCH', one(review), {'type': 'scheduled', 'trigger': None})
    assert changed['trigger'] is None and changed['version'] == 2


def test_a_change_that_changes_nothing(org):
    review = org.review()
    assert taken(org.isms.client, 'PATCH', one(review), {'title': review['title']}) == review


def test_an_empty_list_in_place_of_none_changes_nothing(org):
    review = org.review()
    assert taken(org.isms.client, 'PATCH', one(review), {'also_covers': []}) == review
    assert taken(org.isms.client, 'PATCH', one(review), {'also_covers': ['Quality']})['version'] == 2
    emptied = taken(org.isms.client, 'PATCH', one(review), {'also_covers': []})
    assert (emptied['version'], emptied['also_covers']) == (3, [])
    assert taken(org.isms.client, 'PATCH', one(review), {'also_covers': None}) == emptied


# ---- states

def in_planned(org):
    return org.review()


def in_progress(org):
    return org.running_review()


def in_concluded(org):
    return org.concluded()


def in_approved(org):
    return org.approved()


def in_cancelled(org):
    return org.do(one(org.review()) + '/cancel', {'reason': 'Merged with another'})


STATES = {in_planned: {'start', 'cancel'}, in_progress: {'conclude'}, in_concluded: {'approve', 'reopen'},
          in_approved: {'reopen'}, in_cancelled: set()}
ARGUMENTS = {
    'start': lambda org: {}, 'conclude': lambda org: org.conclude_body(), 'approve': lambda org: {},
    'reopen': lambda org: {'reason': 'A new finding has to be considered'},
    'cancel': lambda org: {'reason': 'Merged with another'},
}


@pytest.mark.parametrize('verb', ARGUMENTS)
@pytest.mark.parametrize('state', STATES)
@pytest.mark.alone
def test_verbs_in_wrong_states(org, state, verb):
    allowed = STATES[state]
    if verb in allowed:
        pytest.skip('allowed: tested on its own')
    review = state(org)
    # Top management may use four of the verbs, the ISMS manager alone the fifth; no 403 shall hide the 409.
    who = org.isms if verb == 'cancel' else org.top2
    answer = refused(who.client, 'VERB', f'{one(review)}/{verb}', ARGUMENTS[verb](org), 409,
                     'transition.not_allowed', also=True)
    detail = next(v['detail'] for v in answer.violations if v['rule'] == 'transition.not_allowed')
    assert all(other in detail for other in allowed), f'{detail!r} does not name {allowed}'
    assert org.get(one(review)) == review


def test_unknown_verb(org):
    org.isms.client.verb(one(org.review()) + '/celebrate').expect(404)


def test_start(org):
    review = org.review()
    refused(org.isms.client, 'VERB', one(review) + '/start', {}, 422, 'review.start.attendees')
    org.attendee(review)
    started = taken(org.isms.client, 'VERB', one(review) + '/start', {})
    assert started['status'] == 'in_progress' and started['started_at'] is not None


def test_start_takes_no_arguments(org):
    review = org.review()
    org.attendee(review)
    refused(org.isms.client, 'VERB', one(review) + '/start', {'held_on': org.day()}, 422, 'body.unknown_field')


@cases('body, pointer, rule',
       ('no reason', {}, '#/reason', 'review.reason.required'),
       ('null reason', {'reason': None}, '#/reason', 'review.reason.required'),
       ('blank reason', {'reason': ' '}, '#/reason', 'body.length'),
       ('reason is a number', {'reason': 5}, '#/reason', 'body.type'))
def test_cancel_refuses(org, body, pointer, rule):
    refused(org.isms.client, 'VERB', one(org.review()) + '/cancel', body, 422, rule, at=pointer)


def test_cancel(org):
    cancelled = taken(org.isms.client, 'VERB', one(org.review()) + '/cancel', {'reason': 'Merged with another'})
    assert cancelled['status'] == 'cancelled' and cancelled['cancel_reason'] == 'Merged with another'


# ---- frozen

FROZEN = (
    ('the review', 'PATCH', lambda o, r: one(r), lambda o, r: {'title': 'Another title'}),
    ('a new attendee', 'POST', lambda o, r: one(r) + '/attendees',
     lambda o, r: o.attendee_body(person_id=o.auditor.id)),
    ('an attendee', 'PATCH', lambda o, r: guest(o, r),
     lambda o, r: {'attendance': 'absent'}),
    ('another attendee', 'PATCH', lambda o, r: guest(o, r), lambda o, r: {'person_id': o.auditor.id}),
    ('an attendee withdrawn', 'VERB', lambda o, r: guest(o, r) + '/withdraw',
     lambda o, r: {'reason': 'Was never there'}),
    ('a new input', 'POST', lambda o, r: one(r) + '/inputs', lambda o, r: o.input_body()),
    ('an input', 'PATCH', lambda o, r: f'/v1/inputs/{o.input_of(r, "b")["id"]}', lambda o, r: {'title': 'Other'}),
    ('an input withdrawn', 'VERB', lambda o, r: added_input(o, r) + '/withdraw',
     lambda o, r: {'reason': 'Was never shown'}),
    ('a new decision', 'POST', lambda o, r: one(r) + '/decisions', lambda o, r: o.decision_body(r)),
    ('a decision', 'PATCH', lambda o, r: decision_path(o, r), lambda o, r: {'title': 'Other'}),
)


def guest(org, review):
    return next(f'/v1/attendees/{each["id"]}' for each in org.attendees(review)
                if each['person_id'] == org.employee2.id)


def added_input(org, review):
    return next(f'/v1/inputs/{each["id"]}' for each in org.inputs(review) if not each['agenda'])


def decision_path(org, review):
    return f'/v1/decisions/{org.get(one(review) + "/decisions")["data"][0]["id"]}'


def filled_review(org):
    """One with an attendee who could be withdrawn, an input beyond the ten and a decision."""
    review = org.running_review()
    org.attendee(review)
    org.input(review)
    org.action_item(org.adopted(review))
    return review


@cases('method, path, body', *FROZEN)
@pytest.mark.parametrize('end', ['concluded', 'approved'])
@pytest.mark.alone
def test_frozen(org, end, method, path, body):
    review = getattr(org, end)(filled_review(org))
    where, what = path(org, review), body(org, review)
    refused(org.isms.client, method, where, what, 409, 'review.frozen')


@cases('method, path, body', *FROZEN)
def test_cancelled_is_frozen_too(org, method, path, body):
    review = org.review()
    org.attendee(review)
    org.input(review)
    org.decision(review)
    cancelled = org.do(one(review) + '/cancel', {'reason': 'Merged with another'})
    refused(org.isms.client, method, path(org, cancelled), body(org, cancelled), 409, 'review.frozen')


@cases('method, path, body', *FROZEN)
@pytest.mark.alone
def test_reopened_is_not_frozen(org, method, path, body):
    review = org.approved(filled_review(org))
    org.do(one(review) + '/reopen', {'reason': 'A new finding has to be considered'}, by=org.top)
    taken(org.isms.client, method, path(org, review), body(org, review))


@pytest.mark.parametrize('end', ['concluded', 'approved'])
@pytest.mark.alone
def test_what_carries_decisions_out_lives_on(org, end):
    review = org.running_review()
    decision, other = org.adopted(review), org.adopted(review, title='Another')
    item = org.action_item(decision)
    org.action_item(other)
    before = getattr(org, end)(review)
    org.amendment(item, deadline=org.day(70))
    org.amendment(decision, deadline=org.day(100))
    late = org.action_item(decision, title='One more')
    org.follow_up(late)
    org.do(f'/v1/action-items/{late["id"]}/start')
    superseded = org.do(f'/v1/decisions/{other["id"]}/supersede',
                        {'by': decision['reference'], 'reason': 'Covered by the other'})
    assert superseded['superseded_by_id'] == decision['id']
    for one_of_two in (item, late):
        org.closed(one_of_two)
    assert org.do(f'/v1/decisions/{decision["id"]}/implement')['status'] == 'implemented'
    assert org.get(one(review)) == before


@pytest.mark.alone
def test_several_kinds_of_violation_in_a_frozen_review(org):
    """409 comes before 422, and both are listed."""
    review = org.concluded()
    refused(org.isms.client, 'PATCH', one(review), {'title': None}, 409, 'review.frozen', 'review.title.required')
