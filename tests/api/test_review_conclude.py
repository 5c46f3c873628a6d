"""Contract section 2, review: conclude, approve, reopen; section 4: readiness, carried action items, revisions."""

import pytest

from harness import ABSENT, Client
from story import cases, made, refused, taken, years_later


def one(review):
    return f'/v1/reviews/{review["id"]}'


def cannot_conclude(org, review, *rules, status=422, **over):
    return refused(org.isms.client, 'VERB', one(review) + '/conclude', org.conclude_body(**over), status, *rules)


# ---- conclude: its arguments

def test_conclude(org):
    review = org.concludable()
    body = org.conclude_body(suitability={'verdict': 'with_reservations', 'rationale': 'Growing fast'},
                             adequacy={'verdict': 'no', 'rationale': 'Too few people'})
    done = taken(org.isms.client, 'VERB', one(review) + '/conclude', body)
    assert done['status'] == 'concluded' and done['revision'] == 1
    assert {name: done[name] for name in body} == body
    assert done['concluded_by'] == org.isms.id and done['concluded_at'] is not None
    assert done['approved_at'] is None and done['approved_by'] is None


YES = {'verdict': 'yes', 'rationale': 'As the inputs show'}


@cases('over, pointer, rule',
       ('not held', {'held_on': ABSENT}, '#/held_on', 'review.held_on.required'),
       ('held on null', {'held_on': None}, '#/held_on', 'review.held_on.required'),
       ('no suitability', {'suitability': ABSENT}, '#/suitability', 'review.suitability.required'),
       ('no adequacy', {'adequacy': ABSENT}, '#/adequacy', 'review.adequacy.required'),
       ('no effectiveness', {'effectiveness': None}, '#/effectiveness', 'review.effectiveness.required'),
       ('no next review', {'next_review_on': ABSENT}, '#/next_review_on', 'review.next_review_on.required'),
       ('no minutes', {'summary': ABSENT}, '#/summary', 'review.summary.required'),
       ('no verdict', {'suitability': {'rationale': 'So it is'}}, '#/suitability/verdict',
        'assessment.verdict.required'),
       ('no rationale', {'adequacy': {'verdict': 'yes'}}, '#/adequacy/rationale', 'assessment.rationale.required'),
       ('verdict unknown', {'effectiveness': YES | {'verdict': 'maybe'}}, '#/effectiveness/verdict', 'body.enum'),
       ('more than a verdict', {'adequacy': YES | {'grade': 1}}, '#/adequacy/grade', 'body.unknown_field'),
       ('verdict alone', {'adequacy': 'yes'}, '#/adequacy', 'body.type'),
       ('no such day', {'held_on': '2026-02-30'}, '#/held_on', 'body.format'),
       ('unknown argument', {'applause': True}, '#/applause', 'body.unknown_field'),
       ('held tomorrow', lambda org: {'held_on': org.day(1)}, '#/held_on', 'review.held_on.in_future'),
       ('next review the same day', lambda org: {'next_review_on': org.day()}, '#/next_review_on',
        'review.next_review.interval'),
       ('next review before it', lambda org: {'held_on': org.day(-1), 'next_review_on': org.day(-2)},
        '#/next_review_on', 'review.next_review.interval'),
       ('next review a day too late', lambda org: {'next_review_on': years_later(org.day(), 1, +1)},
        '#/next_review_on', 'review.next_review.interval'))
def test_conclude_refuses(org, over, pointer, rule):
    review = org.concludable()
    refused(org.isms.client, 'VERB', one(review) + '/conclude', org.conclude_body(**made(over, org)), 422, rule,
            at=pointer)
    assert org.get(one(review))['status'] == 'in_progress'


@cases('over',
       ('held yesterday', lambda org: {'held_on': org.day(-1)}),
       ('next review the day after', lambda org: {'next_review_on': org.day(1)}),
       ('next review twelve months later to the day', lambda org: {'next_review_on': years_later(org.day(), 1)}))
def test_conclude_takes(org, over):
    review = org.concludable()
    taken(org.isms.client, 'VERB', one(review) + '/conclude', org.conclude_body(**made(over, org)))


def test_minutes_may_be_written_before(org):
    review = org.concludable(org.running_review(summary='# Minutes'))
    rehearsed = org.isms.client.verb(one(review) + '/conclude?dry_run=true', org.conclude_body(summary=None)).expect(200)
    assert rehearsed.json['summary'] == '# Minutes'      # an argument that is null is none
    done = taken(org.isms.client, 'VERB', one(review) + '/conclude', org.conclude_body(summary=ABSENT))
    assert done['summary'] == '# Minutes'


# ---- conclude: the state of the review

def test_all_that_is_missing_at_once(org):
    """Rules of the request and of the record, all together."""
    review = org.running_review()
    org.change(f'/v1/attendees/{org.chair_attendee(review)["id"]}', {'attendance': 'absent'})
    org.decision(review)
    cannot_conclude(org, review, 'review.held_on.in_future', 'review.next_review.interval', 'review.conclude.inputs',
                    'review.conclude.top_management_present', 'review.conclude.decision',
                    'review.conclude.proposed_decisions', held_on=org.day(1), next_review_on=org.day(1))


@pytest.mark.parametrize('clause', ['a', 'd1', 'g'])
@pytest.mark.parametrize('state', ['pending', 'prepared'])
def test_every_clause_is_dealt_with(org, clause, state):
    review = org.concludable()
    org.change(f'/v1/inputs/{org.input_of(review, clause)["id"]}', {'state': state})
    answer = cannot_conclude(org, review, 'review.conclude.inputs')
    assert any(clause in violation['detail'] for violation in answer.violations)


def test_inputs_beyond_the_ten_are_dealt_with_too(org):
    review = org.concludable()
    extra = org.input(review)
    cannot_conclude(org, review, 'review.conclude.inputs')
    org.do(f'/v1/inputs/{extra["id"]}/withdraw', {'reason': 'Not needed after all'})
    org.conclude(review)


@pytest.mark.parametrize('attendance', ['invited', 'apologies', 'absent'])
def test_top_management_was_there(org, attendance):
    review = org.concludable()
    org.change(f'/v1/attendees/{org.chair_attendee(review)["id"]}', {'attendance': attendance})
    cannot_conclude(org, review, 'review.conclude.top_management_present')


@cases('who, capacity, attendance, enough',
       ('top management that decides', 'top2', 'decision_maker', 'attended', True),
       ('top management that excused itself', 'top2', 'decision_maker', 'apologies', False),
       ('top management that observes', 'top2', 'observer', 'attended', False),
       ('a head who decides', 'head2', 'decision_maker', 'attended', False))
def test_who_counts_as_top_management_present(org, who, capacity, attendance, enough):
    review = org.concludable()
    org.change(f'/v1/attendees/{org.chair_attendee(review)["id"]}', {'attendance': 'apologies'})
    org.attendee(review, person_id=getattr(org, who).id, capacity=capacity, attendance=attendance)
    if enough:
        org.conclude(review)
    else:
        cannot_conclude(org, review, 'review.conclude.top_management_present')


def test_at_least_one_adopted_decision(org):
    review = org.running_review()
    org.complete_inputs(review)
    cannot_conclude(org, review, 'review.conclude.decision')
    rejected = org.decision(review)
    org.do(f'/v1/decisions/{rejected["id"]}/reject', {'reason': 'Too expensive'})
    cannot_conclude(org, review, 'review.conclude.decision')
    org.adopt(org.no_change(review))
    org.conclude(review)


@cases('verb, arguments',
       ('adopted', 'adopt', lambda org: {'decided_on': org.day()}),
       ('rejected', 'reject', {'reason': 'Too expensive'}),
       ('withdrawn', 'withdraw', {'reason': 'No longer needed'}))
def test_no_decision_is_left_open(org, verb, arguments):
    review = org.concludable()
    proposed = org.no_change(review)
    answer = cannot_conclude(org, review, 'review.conclude.proposed_decisions')
    assert any(proposed['reference'] in violation['detail'] for violation in answer.violations)
    org.do(f'/v1/decisions/{proposed["id"]}/{verb}', made(arguments, org))
    org.conclude(review)


def test_every_decision_that_requires_action_has_an_action_item(org):
    review = org.concludable()
    bare = org.adopted(review)
    answer = cannot_conclude(org, review, 'review.conclude.action_items')
    assert any(bare['reference'] in violation['detail'] for violation in answer.violations)
    org.action_item(bare)
    org.conclude(review)


@cases('clause, kind, follows',
       ('a decision of another kind', 'd1', 'continual_improvement', False),
       ('a corrective action', 'd1', 'corrective_action', True),
       ('a corrective action for an audit result', 'd3', 'corrective_action', True))
def test_a_major_nonconformity_leads_to_corrective_action(org, clause, kind, follows):
    review = org.running_review()
    org.complete_inputs(review)
    org.adopt(org.no_change(review))
    major = org.change(f'/v1/inputs/{org.input_of(review, clause)["id"]}', {'severity': 'major'})
    cannot_conclude(org, review, 'review.conclude.major_nonconformity')
    org.action_item(org.adopted(review, kind=kind, input_ids=[major['id'], org.input_of(review, 'b')['id']]))
    if follows:
        org.conclude(review)
    else:
        cannot_conclude(org, review, 'review.conclude.major_nonconformity')


def test_a_minor_nonconformity_does_not_have_to(org):
    review = org.running_review()
    org.complete_inputs(review)
    org.adopt(org.no_change(review))
    org.change(f'/v1/inputs/{org.input_of(review, "d1")["id"]}', {'severity': 'minor'})
    org.conclude(review)


# ---- action items carried over from earlier reviews

@pytest.fixture
def carried(org):
    """An open action item of a concluded review; the next review is made, not started."""
    review = org.running_review()
    item = org.action_item(org.adopted(review))
    org.concluded(review)
    return item


def carried_by(org, review):
    return [item['reference'] for item in org.get(one(review) + '/carried-action-items')['data']]


def test_a_carried_action_item_is_revisited(org, carried):
    review = org.concludable()
    assert carried_by(org, review) == [carried['reference']]
    answer = cannot_conclude(org, review, 'review.conclude.carried_action_items')
    assert any(carried['reference'] in violation['detail'] for violation in answer.violations)
    org.follow_up(carried)      # in no review: does not count
    cannot_conclude(org, review, 'review.conclude.carried_action_items')
    org.follow_up(carried, review_id=review['reference'])
    assert carried_by(org, review) == [carried['reference']]
    org.conclude(review)


@cases('end',
       ('closed', lambda org, item: org.closed(item)),
       ('cancelled', lambda org, item: org.cancelled_item(item)))
def test_what_ended_before_the_start_is_not_carried(org, carried, end):
    review = org.review()
    end(org, carried)
    org.attendee(review)
    org.change(f'/v1/attendees/{org.chair_attendee(review)["id"]}', {'attendance': 'attended'})
    org.concludable(org.start(review))
    assert carried_by(org, review) == []
    org.conclude(review)


def test_what_ended_after_the_start_is_carried(org, carried):
    review = org.concludable()
    org.cancelled_item(carried)
    assert carried_by(org, review) == [carried['reference']]
    cannot_conclude(org, review, 'review.conclude.carried_action_items')


def test_completed_but_not_verified_is_carried(org, carried):
    org.completed(carried)
    review = org.concludable()
    assert carried_by(org, review) == [carried['reference']]
    org.new(f'/v1/action-items/{carried["id"]}/follow-ups', org.effectiveness_body(carried, review_id=review['id']))
    org.conclude(review)


def test_a_review_does_not_carry_its_own_nor_later_ones(org):
    earlier = org.running_review()
    later = org.running_review()
    org.concludable(later)
    org.concludable(earlier)
    assert carried_by(org, earlier) == []
    org.conclude(earlier)


# ---- approve

def test_approve(org):
    review = org.concluded()
    approved = taken(org.top.client, 'VERB', one(review) + '/approve', {})
    assert approved['status'] == 'approved' and approved['approved_by'] == org.top.id
    assert approved['approved_at'] is not None and approved['revision'] == 1


@pytest.mark.parametrize('who', ['isms2', 'head', 'employee'])
def test_approval_is_for_top_management(org, who):
    review = org.concluded()
    refused(getattr(org, who).client, 'VERB', one(review) + '/approve', {}, 403, 'review.approve.role', also=True)


def test_who_concluded_does_not_approve(org):
    review = org.concludable()
    org.conclude(review, by=org.top)
    refused(org.top.client, 'VERB', one(review) + '/approve', {}, 403, 'review.approve.separation')
    org.do(one(review) + '/approve', by=org.top2)


def test_separation_comes_with_the_role(org):
    review = org.concluded()
    refused(org.isms.client, 'VERB', one(review) + '/approve', {}, 403, 'review.approve.role',
            'review.approve.separation', also=True)


# ---- reopen

REASON = {'reason': 'x' * 20}


@cases('body, rule',
       ('no reason', {}, 'review.reason.required'),
       ('null reason', {'reason': None}, 'review.reason.required'),
       ('reason of 19 characters', {'reason': 'x' * 19}, 'body.length'),
       ('reason of blanks', {'reason': ' ' * 30}, 'body.length'))
def test_reopen_refuses(org, body, rule):
    review = org.concluded()
    refused(org.top.client, 'VERB', one(review) + '/reopen', body, 422, rule, at='#/reason')


@pytest.mark.parametrize('who', ['isms', 'employee'])
def test_reopening_is_for_top_management(org, who):
    review = org.concluded()
    refused(getattr(org, who).client, 'VERB', one(review) + '/reopen', REASON, 403, 'review.reopen.role', also=True)


def test_reopen_concluded(org):
    review = org.concluded()
    reopened = taken(org.top.client, 'VERB', one(review) + '/reopen', REASON)
    assert (reopened['status'], reopened['revision'], reopened['reopen_reason']) == ('in_progress', 1, 'x' * 20)


def test_reopen_approved_keeps_the_approved_revision(org):
    approved = org.approved()
    reopened = taken(org.top.client, 'VERB', one(approved) + '/reopen', REASON)
    assert (reopened['status'], reopened['revision']) == ('in_progress', 2)
    org.change(one(approved), {'title': 'Second revision'})
    kept = org.get(one(approved) + '/revisions/1')
    # Whether the revision's record stands at the top or in a member, its title is the approved one.
    record = kept.get('review', kept)
    assert (record['title'], record['status'], record['revision']) == (approved['title'], 'approved', 1)
    org.conclude(approved)
    again = org.do(one(approved) + '/approve', by=org.top2)
    assert (again['status'], again['revision'], again['title']) == ('approved', 2, 'Second revision')
    assert org.get(one(approved) + '/revisions/1') == kept
    org.isms.client.get(one(approved) + '/revisions/3').expect(404)


def test_revisions_listed(org):
    approved = org.approved()
    org.do(one(approved) + '/reopen', REASON, by=org.top)
    assert len(org.get(one(approved) + '/revisions')['data']) >= 1


# ---- readiness

def readiness(org, review):
    return org.get(one(review) + '/readiness')


def rules_of(ready):
    return {violation['rule'] for violation in ready['violations']}


def test_readiness_to_start(org):
    review = org.review()
    ready = readiness(org, review)
    assert (ready['verb'], ready['ready'], rules_of(ready)) == ('start', False, {'review.start.attendees'})
    org.attendee(review)
    ready = readiness(org, review)
    assert (ready['verb'], ready['ready'], ready['violations']) == ('start', True, [])


def test_readiness_to_conclude(org):
    review = org.running_review()
    ready = readiness(org, review)
    assert (ready['verb'], ready['ready']) == ('conclude', False)
    assert {'review.conclude.inputs', 'review.conclude.decision'} <= rules_of(ready)
    assert all(set(violation) >= {'rule', 'pointer', 'detail'} for violation in ready['violations'])
    org.concludable(review)
    ready = readiness(org, review)
    assert not {rule for rule in rules_of(ready) if rule.startswith('review.conclude.')}
    assert all(clause['covered'] for clause in ready['clauses'])


def test_readiness_with_the_minutes_written(org):
    review = org.concludable(org.running_review(summary='# Minutes'))
    ready = readiness(org, review)
    assert (ready['verb'], ready['ready'], ready['violations']) == ('conclude', True, [])


@cases('verb, state',
       ('start', 'start', lambda org: org.review(classification='public')),
       ('conclude', 'conclude', lambda org: org.running_review(classification='public')),
       ('approve', 'approve', lambda org: org.concluded(org.running_review(classification='public'))))
@cases('who, options',
       ('who may', 'top2', {}),
       ('who concluded', 'isms', {}),
       ('a role that may not', 'employee', {}),
       ('a token to read with', 'isms', {'read_only': True}),
       ('a token of another role', 'top2', {'role': 'isms_manager'}),
       ('a token to read with, of a role that may not', 'auditor', {'read_only': True}))
def test_readiness_is_what_the_verb_answers(org, verb, state, who, options):
    """To this caller, with this token: the same rules in the same words."""
    review, person = state(org), getattr(org, who)
    client = Client(org.daemon, org.daemon.token(person.email, **options))
    answer = client.verb(f'{one(review)}/{verb}?dry_run=true', org.conclude_body() if verb == 'conclude' else {})
    refusals = answer.violations if answer.status >= 400 else []
    ready = client.get(one(review) + '/readiness').expect(200).json
    assert (ready['verb'], ready['violations'], ready['ready']) == (verb, refusals, not refusals)


def test_readiness_to_approve(org):
    ready = readiness(org, org.concluded())
    assert ready['verb'] == 'approve'


def test_readiness_by_clause(org):
    review = org.running_review()
    org.input(review, clause='e')
    org.change(f'/v1/inputs/{org.input_of(review, "e")["id"]}', org.considered_body('e'))
    org.change(f'/v1/inputs/{org.input_of(review, "a")["id"]}', org.considered_body('a'))
    clauses = readiness(org, review)['clauses']
    assert [clause['clause'] for clause in clauses] == ['a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g']
    counted = {clause['clause']: (clause['inputs'], clause['considered'], clause['covered']) for clause in clauses}
    assert (counted['a'], counted['b'], counted['e']) == ((1, 1, True), (1, 0, False), (2, 1, False))
    assert all(clause['title'] for clause in clauses)


def test_readiness_with_carried_action_items(org, carried):
    review = org.running_review()
    expected = {'id': carried['id'], 'reference': carried['reference'], 'overdue': False, 'followed_up': False}
    assert readiness(org, review)['carried_action_items'] == [expected]
    org.follow_up(carried, review_id=review['id'])
    assert readiness(org, review)['carried_action_items'] == [expected | {'followed_up': True}]
