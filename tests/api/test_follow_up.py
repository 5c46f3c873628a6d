"""Contract section 2, follow-up: what it wants of the request. What it does to the item: test_follow_up_effects.py."""

import pytest

from harness import ABSENT
from story import cases, made, refused, taken
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def item(org):
    """Open; owned by employee; one measured criterion c1 (at most 5 %)."""
    return org.action_item(org.adopted(org.running_review()))


@pytest.fixture
def two_criteria(org):
    """c1 is measured (at most 5 %), c2 is verified."""
    decision = org.adopted(org.running_review())
    return org.action_item(decision, success_criteria=[org.criterion(), org.verified_criterion()])


def of(item):
    return f'/v1/action-items/{item["id"]}/follow-ups'


BODIES = {
    'progress': lambda org, item, **over: org.follow_up_body(**over),
    'completion': lambda org, item, **over: org.completion_body(**over),
    'effectiveness': lambda org, item, **over: org.effectiveness_body(item, **over),
}


# ---- creating

def test_defaults(org, item):
    record = taken(org.isms.client, 'POST', of(item), org.follow_up_body())
    assert record['action_item_id'] == item['id'] and record['criteria_results'] == []
    unset = ('review_id', 'progress_percent', 'supersedes_id')
    assert [name for name in unset if record.get(name, 'missing') is not None] == []
    assert org.get(f'/v1/follow-ups/{record["id"]}') == record
    assert org.get(of(item))['data'] == org.get('/v1/follow-ups')['data'] == [record]


def test_append_only(org, item):
    path = f'/v1/follow-ups/{org.follow_up(item)["id"]}'
    org.isms.client.patch(path, {'note': 'Better note'}).expect(405)
    org.isms.client.request('DELETE', path).expect(405)


@cases('over, pointer, rule',
       ('no kind', {'kind': ABSENT}, '#/kind', 'follow_up.kind.required'),
       ('nobody did it', {'performed_by_id': ABSENT}, '#/performed_by_id', 'follow_up.performed_by_id.required'),
       ('no day', {'performed_on': None}, '#/performed_on', 'follow_up.performed_on.required'),
       ('no note', {'note': ABSENT}, '#/note', 'follow_up.note.required'),
       ('no outcome', {'outcome': ABSENT}, '#/outcome', 'follow_up.outcome.required'),
       ('no next one', {'next_follow_up_on': ABSENT}, '#/next_follow_up_on', 'follow_up.next.required'),
       ('null for the next one', {'next_follow_up_on': None}, '#/next_follow_up_on', 'follow_up.next.required'),
       ('next one yesterday', lambda org: {'next_follow_up_on': org.day(-1)}, '#/next_follow_up_on',
        'follow_up.next.required'),
       ('blank note', {'note': ' '}, '#/note', 'body.length'),
       ('kind unknown', {'kind': 'visit'}, '#/kind', 'body.enum'),
       ('outcome unknown', {'outcome': 'great'}, '#/outcome', 'body.enum'),
       ('performed by nobody known', {'performed_by_id': 'nobody@example.org'}, '#/performed_by_id',
        'reference.not_found'),
       ('tomorrow', lambda org: {'performed_on': org.day(1)}, '#/performed_on', 'follow_up.performed_on.in_future'),
       ('before there was an action item', lambda org: {'performed_on': org.day(-1)}, '#/performed_on',
        'follow_up.performed_on.before_action'),
       ('-1 %', {'progress_percent': -1}, '#/progress_percent', 'body.range'),
       ('101 %', {'progress_percent': 101}, '#/progress_percent', 'body.range'),
       ('101.0 %', {'progress_percent': 101.0}, '#/progress_percent', 'body.range'),
       ('percent and a half', {'progress_percent': 50.5}, '#/progress_percent', 'body.type'),
       ('percent are a fraction', {'progress_percent': 0.5}, '#/progress_percent', 'body.type'),
       ('review unknown', {'review_id': 'MR-2020-01'}, '#/review_id', 'reference.not_found'),
       ('supersedes what does not exist', {'supersedes_id': '01930000-0000-7000-8000-000000000000'},
        '#/supersedes_id', 'reference.not_found'),
       ('results are no list', {'criteria_results': {}}, '#/criteria_results', 'body.type'),
       ('result of what?', {'criteria_results': [{'measured_value': 4}]}, '#/criteria_results/0/criterion_id',
        'criterion_result.criterion_id.required'),
       ('result of a criterion unknown', {'criteria_results': [{'criterion_id': 'c9', 'measured_value': 4}]},
        '#/criteria_results/0/criterion_id', 'reference.not_found'),
       ('measured in words', {'criteria_results': [{'criterion_id': 'c1', 'measured_value': 'few'}]},
        '#/criteria_results/0/measured_value', 'body.type'),
       ('result with more', {'criteria_results': [{'criterion_id': 'c1', 'measured_value': 4, 'mood': 'good'}]},
        '#/criteria_results/0/mood', 'body.unknown_field'),
       ('action_item_id', {'action_item_id': None}, '#/action_item_id', 'body.read_only'),
       ('unknown member', {'hours': 5}, '#/hours', 'body.unknown_field'))
def test_create_refuses(org, item, over, pointer, rule):
    refused(org.isms.client, 'POST', of(item), org.follow_up_body(**made(over, org)), 422, rule, at=pointer)
    assert org.get(of(item))['data'] == []


@cases('over',
       ('at risk', {'outcome': 'at_risk'}),
       ('off track', {'outcome': 'off_track'}),
       ('next one today', lambda org: {'next_follow_up_on': org.day()}),
       ('0 %', {'progress_percent': 0}),
       ('100 %', {'progress_percent': 100}),
       ('50.0 %, an integer as well', {'progress_percent': 50.0}),
       ('-0.0 %', {'progress_percent': -0.0}),
       ('1e2 %', {'progress_percent': 1e2}),
       ('by e-mail', {'performed_by_id': 'Employee@example.org'}),
       ('measured on the way', {'criteria_results': [{'criterion_id': 'c1', 'measured_value': 12}]}))
def test_create_takes(org, item, over):
    taken(org.isms.client, 'POST', of(item), org.follow_up_body(**made(over, org)))


def test_all_violations_at_once(org, item):
    body = org.follow_up_body(note=ABSENT, outcome='effective', performed_on=org.day(1), next_follow_up_on=ABSENT,
                              progress_percent=101, hours=5, performed_by_id='nobody@example.org',
                              criteria_results=[{'criterion_id': 'c1', 'evidence': 'Everybody says so'}])
    refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.note.required', 'follow_up.outcome.kind',
            'follow_up.performed_on.in_future', 'follow_up.next.required', 'body.range', 'body.unknown_field',
            'reference.not_found', 'follow_up.criteria.measured')


# ---- outcome and kind

OUTCOMES = {'progress': ('on_track', 'at_risk', 'off_track'), 'completion': ('completed', 'not_completed'),
            'effectiveness': ('effective', 'partially_effective', 'not_effective')}


@pytest.mark.parametrize('kind, outcome', [(kind, outcome) for kind in OUTCOMES for other in OUTCOMES
                                           for outcome in OUTCOMES[other] if other != kind])
def test_outcome_of_another_kind(org, item, kind, outcome):
    if kind == 'effectiveness':
        org.completed(item)
    body = BODIES[kind](org, item, outcome=outcome, next_follow_up_on=org.day(30))
    refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.outcome.kind', at='#/outcome')


# ---- when

@cases('kind, outcome, completed_before, required',
       ('completed', 'completion', 'completed', False, True),
       ('not completed', 'completion', 'not_completed', False, True),
       ('effective, which closes it', 'effectiveness', 'effective', True, False),
       ('partially effective', 'effectiveness', 'partially_effective', True, True),
       ('not effective', 'effectiveness', 'not_effective', True, True))
def test_the_next_one_is_planned_unless_it_is_closed(org, item, kind, outcome, completed_before, required):
    if completed_before:
        org.completed(item)
    body = BODIES[kind](org, item, outcome=outcome, next_follow_up_on=ABSENT)
    if required:
        refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.next.required', at='#/next_follow_up_on')
        taken(org.isms.client, 'POST', of(item), body | {'next_follow_up_on': org.day()})
    else:
        taken(org.isms.client, 'POST', of(item), body)


def test_between_the_action_item_and_today(org_at):
    org = org_at('2026-03-01T09:00:00')
    item = org.action_item(org.adopted(org.running_review()))
    org.daemon.set_clock('2026-03-20T09:00:00')
    for day, rule in (('2026-02-28', 'before_action'), ('2026-03-21', 'in_future')):
        body = org.follow_up_body(performed_on=day)
        refused(org.isms.client, 'POST', of(item), body, 422, f'follow_up.performed_on.{rule}')
    for day in ('2026-03-01', '2026-03-10', '2026-03-20'):
        taken(org.isms.client, 'POST', of(item), org.follow_up_body(performed_on=day))


# ---- in a review

def test_in_a_later_review_in_progress(org, item):
    later = org.running_review()
    record = taken(org.isms.client, 'POST', of(item), org.follow_up_body(review_id=later['reference']))
    assert record['review_id'] == later['id']


@cases('make',
       ('planned', lambda org: org.review()),
       ('cancelled', lambda org: org.do(f'/v1/reviews/{org.review()["id"]}/cancel', {'reason': 'Merged'})))
def test_in_a_review_that_is_not_in_progress(org, item, make):
    body = org.follow_up_body(review_id=make(org)['id'])
    refused(org.isms.client, 'POST', of(item), body, 409, 'follow_up.review.open', at='#/review_id')


@pytest.mark.parametrize('end', ['concluded', 'approved'])
@pytest.mark.alone
def test_in_a_review_that_is_over(org, item, end):
    later = org.running_review()
    org.follow_up(item, review_id=later['id'])
    getattr(org, end)(later)
    body = org.follow_up_body(review_id=later['id'])
    refused(org.isms.client, 'POST', of(item), body, 409, 'follow_up.review.open', at='#/review_id')


def test_not_in_the_review_that_made_the_item(org, item):
    body = org.follow_up_body(review_id=item['review_id'])
    refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.review.same', at='#/review_id')


# ---- evidence

def result_of_c2(**over):
    return {'criterion_id': 'c2', 'met': True, 'evidence': 'x' * 10} | over


@pytest.mark.parametrize('kind', ['completion', 'effectiveness'])
@cases('over, enough',
       ('none', {'evidence': ABSENT}, False),
       ('null', {'evidence': None}, False),
       ('9 characters', {'evidence': 'x' * 9}, False),
       ('9 characters and blanks', {'evidence': 'x' * 9 + '   '}, False),
       ('10 characters', {'evidence': 'x' * 10}, True),
       ('a measured value', {'evidence': ABSENT, 'measured_value': 1}, True))
def test_evidence(org, two_criteria, kind, over, enough):
    if kind == 'effectiveness':
        org.completed(two_criteria)
    results = [org.result(two_criteria['success_criteria'][0]), result_of_c2(**over)]
    body = BODIES[kind](org, two_criteria, criteria_results=results)
    if enough:
        taken(org.isms.client, 'POST', of(two_criteria), body)
    else:
        answer = refused(org.isms.client, 'POST', of(two_criteria), body, 422, 'follow_up.evidence.required')
        assert all(pointer.startswith('#/criteria_results/1') for pointer in answer.pointers(
            'follow_up.evidence.required'))


def test_a_result_of_no_criterion_needs_evidence_too(org, two_criteria):
    """All that is wrong is said at once; of what is no result at all, nothing but that."""
    path = f'/v1/action-items/{two_criteria["id"]}/follow-ups'
    for result, rules in (({'criterion_id': 'c9'}, ['reference.not_found', 'follow_up.evidence.required']),
                          ({}, ['criterion_result.criterion_id.required', 'follow_up.evidence.required']),
                          ('c1', ['body.type'])):
        org.isms.client.post(path, org.completion_body(criteria_results=[result])).expect(422, *rules)


def test_progress_needs_no_evidence(org, two_criteria):
    body = org.follow_up_body(criteria_results=[result_of_c2(evidence=ABSENT)])
    taken(org.isms.client, 'POST', of(two_criteria), body)


# ---- results

@cases('results',
       ('none', ABSENT),
       ('an empty list', []),
       ('the first alone', lambda: [{'criterion_id': 'c1', 'measured_value': 4}]),
       ('the second alone', lambda: [result_of_c2()]))
def test_effectiveness_wants_a_result_for_every_criterion(org, two_criteria, results):
    org.completed(two_criteria)
    results = results() if callable(results) else results
    body = org.effectiveness_body(two_criteria, criteria_results=results, outcome='not_effective',
                                  next_follow_up_on=org.day(30))
    refused(org.isms.client, 'POST', of(two_criteria), body, 422, 'follow_up.criteria.complete')


@pytest.mark.parametrize('kind', ['progress', 'completion', 'effectiveness'])
def test_a_measured_criterion_is_measured(org, item, kind):
    if kind == 'effectiveness':
        org.completed(item)
    results = [{'criterion_id': 'c1', 'evidence': 'Everybody says so'}]
    body = BODIES[kind](org, item, criteria_results=results)
    refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.criteria.measured', also=kind == 'effectiveness')


@pytest.mark.parametrize('kind', ['progress', 'completion', 'effectiveness'])
def test_a_criterion_has_one_result(org, item, kind):
    if kind == 'effectiveness':
        org.completed(item)
    results = [{'criterion_id': 'c1', 'measured_value': 4}, {'criterion_id': 'c1', 'measured_value': 3}]
    body = BODIES[kind](org, item, criteria_results=results)
    refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.criteria.duplicate')


@cases('comparator, target, value, met',
       ('less', 'lt', 5, 4.999, True),
       ('not less', 'lt', 5, 5, False),
       ('less or equal', 'lte', 5, 5, True),
       ('not less or equal', 'lte', 5, 5.001, False),
       ('equal', 'eq', 5, 5.0, True),
       ('not equal', 'eq', 5, 4, False),
       ('greater or equal', 'gte', -5, -5, True),
       ('not greater or equal', 'gte', 99.9, 99.8, False),
       ('greater', 'gt', 0, 0.1, True),
       ('not greater', 'gt', 0, 0, False))
def test_the_server_works_out_what_is_met(org, comparator, target, value, met):
    criterion = org.criterion(comparator=comparator, target=target)
    item = org.action_item(org.adopted(org.running_review()), success_criteria=[criterion])
    result = {'criterion_id': 'c1', 'measured_value': value}
    lie = org.follow_up_body(criteria_results=[result | {'met': not met}])
    refused(org.isms.client, 'POST', of(item), lie, 422, 'follow_up.criteria.met_mismatch')
    record = taken(org.isms.client, 'POST', of(item), org.follow_up_body(criteria_results=[result]))
    assert record['criteria_results'][0]['met'] is met
    taken(org.isms.client, 'POST', of(item), org.follow_up_body(criteria_results=[result | {'met': met}]))


@cases('c1, c2, outcome, allowed',
       ('all met', 4, True, 'effective', True),
       ('measured above its target', 6, True, 'effective', False),
       ('verified and found wanting', 4, False, 'effective', False),
       ('verified, but not said with what result', 4, ABSENT, 'effective', False),
       ('nothing met, not effective', 6, False, 'not_effective', True),
       ('one met, partially effective', 4, False, 'partially_effective', True))
def test_effective_where_every_criterion_is_met(org, two_criteria, c1, c2, outcome, allowed):
    org.completed(two_criteria)
    results = [{'criterion_id': 'c1', 'measured_value': c1}, result_of_c2(met=c2)]
    next_one = ABSENT if outcome == 'effective' else org.day(30)
    body = org.effectiveness_body(two_criteria, criteria_results=results, outcome=outcome, next_follow_up_on=next_one)
    if allowed:
        taken(org.isms.client, 'POST', of(two_criteria), body)
    else:
        refused(org.isms.client, 'POST', of(two_criteria), body, 422, 'follow_up.effective.criteria_met')


def test_results_are_held_to_the_criteria_of_the_day(org, item):
    """An amended target counts from then on."""
    org.completed(item)
    body = org.effectiveness_body(item, criteria_results=[{'criterion_id': 'c1', 'measured_value': 4}])
    org.amendment(item, success_criteria=[org.criterion(target=3)])
    refused(org.isms.client, 'POST', of(item), body, 422, 'follow_up.effective.criteria_met')


# ---- who verifies

@pytest.mark.parametrize('outcome', ['effective', 'not_effective'])
def test_the_owner_does_not_verify(org, item, outcome):
    org.completed(item)
    body = org.effectiveness_body(item, outcome=outcome, performed_by_id=org.employee.email,
                                  next_follow_up_on=org.day(30))
    refused(org.isms.client, 'POST', of(item), body, 403, 'follow_up.effectiveness.separation', also=True)
    taken(org.isms.client, 'POST', of(item), body | {'performed_by_id': org.head.id})


def test_a_403_comes_before_what_else_is_wrong(org, item):
    """Open, by the owner, without results: 403, 409 and 422 at once."""
    body = org.effectiveness_body(item, performed_by_id=org.employee.id, criteria_results=ABSENT)
    refused(org.isms.client, 'POST', of(item), body, 403, 'follow_up.effectiveness.separation',
            'follow_up.effectiveness.completed', 'follow_up.criteria.complete', also=True)


# ---- correcting one

def test_supersedes_one_of_the_same_item(org, item):
    first = org.follow_up(item, note='Wrong number')
    second = taken(org.isms.client, 'POST', of(item), org.follow_up_body(supersedes_id=first['id']))
    assert second['supersedes_id'] == first['id']
    other = org.action_item({'id': item['decision_id']})
    body = org.follow_up_body(supersedes_id=first['id'])
    refused(org.isms.client, 'POST', of(other), body, 422, 'follow_up.supersedes.same_item', at='#/supersedes_id')
