"""Contract section 2, success criterion: alike on decisions, action items and in amendments of either."""

import pytest

from harness import ABSENT
from story import cases, refused, taken
from support import if_match, org_of_the_file as org, shared  # noqa: F401


def on_new_decision(org, review):
    body = org.decision_body(review)
    return 'POST', f'/v1/reviews/{review["id"]}/decisions', body


def on_proposed_decision(org, review):
    return 'PATCH', f'/v1/decisions/{org.decision(review)["id"]}', {}


def on_new_action_item(org, review):
    return 'POST', f'/v1/decisions/{org.adopted(review)["id"]}/action-items', org.action_item_body()


def amending_a_decision(org, review):
    return 'POST', f'/v1/decisions/{org.adopted(review)["id"]}/amendments', org.amendment_body()


def amending_an_action_item(org, review):
    item = org.action_item(org.adopted(review))
    return 'POST', f'/v1/action-items/{item["id"]}/amendments', org.amendment_body()


WAYS_IN = (on_new_decision, on_proposed_decision, on_new_action_item, amending_a_decision, amending_an_action_item)
AMENDMENTS = (amending_a_decision, amending_an_action_item)


@pytest.fixture(params=WAYS_IN, ids=lambda way: way.__name__)
def way_in(request, org):
    """(method, path, body without success criteria of interest, whether the criteria come back in `after`)"""
    return *request.param(org, org.running_review()), request.param in AMENDMENTS


def measured(**over):
    return {'statement': 'Few people click', 'metric': 'click rate', 'comparator': 'lt', 'target': 5} | over


def verified(**over):
    return {'statement': 'The rule is in force', 'verification': 'Read the document'} | over


def bare(**over):
    return {'statement': 'Few people click'} | over


def many(number):
    return [verified(statement=f'Criterion number {index}') for index in range(number)]


@cases('criteria, pointer, rule',
       ('no statement', [measured(statement=ABSENT)], '#/success_criteria/0/statement',
        'success_criterion.statement.required'),
       ('null statement', [measured(statement=None)], '#/success_criteria/0/statement',
        'success_criterion.statement.required'),
       ('statement of 9 characters', [measured(statement='x' * 9)], '#/success_criteria/0/statement', 'body.length'),
       ('statement of 9 characters and blanks', [measured(statement=f'{"x" * 9}    ')],
        '#/success_criteria/0/statement', 'body.length'),
       ('statement alone', [bare()], '#/success_criteria/0', 'success_criteria.measurable'),
       ('metric alone', [bare(metric='click rate')], '#/success_criteria/0', 'success_criteria.measurable'),
       ('metric without target', [measured(target=ABSENT)], '#/success_criteria/0', 'success_criteria.measurable'),
       ('metric without comparator', [measured(comparator=None)], '#/success_criteria/0',
        'success_criteria.measurable'),
       ('target without metric', [measured(metric=ABSENT)], '#/success_criteria/0', 'success_criteria.measurable'),
       ('metric, with a verification in 9 characters', [bare(metric='click rate', verification='x' * 9)],
        '#/success_criteria/0', 'success_criteria.measurable'),
       ('verification in 9 characters', [bare(verification='x' * 9)], None, 'success_criteria.measurable'),
       ('the second one', [verified(), bare()], '#/success_criteria/1', 'success_criteria.measurable'),
       ('none', [], '#/success_criteria', 'success_criteria.count'),
       ('21', many(21), '#/success_criteria', 'success_criteria.count'),
       ('the same twice', [measured(), measured(target=6)], None, 'success_criteria.duplicate'),
       ('comparator unknown', [measured(comparator='<')], '#/success_criteria/0/comparator', 'body.enum'),
       ('target is text', [measured(target='5')], '#/success_criteria/0/target', 'body.type'),
       ('a word', ['Few people click'], '#/success_criteria/0', 'body.type'),
       ('no list', measured(), '#/success_criteria', 'body.type'),
       ('id of its own', [measured(id='c1')], '#/success_criteria/0/id', 'body.read_only'),
       ('unknown member', [measured(colour='red')], '#/success_criteria/0/colour', 'body.unknown_field'))
def test_refused(org, way_in, criteria, pointer, rule):
    method, path, body, _ = way_in
    answer = refused(org.isms.client, method, path, body | {'success_criteria': criteria}, 422, rule, also=True)
    pointers = answer.pointers(rule)
    # A rule of several members may point to the criterion or to one of them.
    assert pointer is None or any(found == pointer or found.startswith(pointer + '/') for found in pointers), pointers
    assert all(violation['pointer'].startswith('#/success_criteria') for violation in answer.violations)


@cases('member, rule',
       ('verification of 1001 characters', {'verification': 'x' * 1001}, 'body.length'),
       ('verification is a number', {'verification': 7}, 'body.type'),
       ('metric of 201 characters', {'metric': 'x' * 201, 'comparator': 'lt', 'target': 5}, 'body.length'),
       ('comparator unknown', {'metric': 'click rate', 'comparator': '<', 'target': 5}, 'body.enum'),
       ('target is text', {'metric': 'click rate', 'comparator': 'lt', 'target': '5'}, 'body.type'))
def test_what_is_there_in_a_wrong_form_is_not_missing_too(org, way_in, member, rule):
    method, path, body, _ = way_in
    answer = org.isms.client.request(method, path, body | {'success_criteria': [bare(**member)]}, headers=if_match(method, path))
    assert (answer.status, answer.rules) == (422, {rule}), answer.report('more or other than that')


@cases('criteria',
       ('measured', [measured()]),
       ('verified', [verified()]),
       ('both', [measured(verification='See the report', unit='%')]),
       ('metric alone, verified', [verified(metric='click rate')]),
       ('metric and comparator, verified', [verified(metric='click rate', comparator='lt')]),
       ('comparator and target, verified', [verified(comparator='lt', target=5)]),
       ('measured, with a verification in 9 characters', [measured(verification='x' * 9)]),
       ('statement of 10 characters', [measured(statement='x' * 10)]),
       ('verification in 10 characters', [bare(verification='x' * 10)]),
       ('20', many(20)),
       ('target of zero', [measured(target=0, comparator='eq')]),
       ('target below zero', [measured(target=-1.5, comparator='gte')]))
def test_taken(org, way_in, criteria):
    method, path, body, amends = way_in
    record = taken(org.isms.client, method, path, body | {'success_criteria': criteria})
    kept = (record['after'] if amends else record)['success_criteria']
    assert [criterion['statement'] for criterion in kept] == [criterion['statement'] for criterion in criteria]
    assert len({criterion['id'] for criterion in kept}) == len(criteria)


@cases('over',
       ('metric alone', {'metric': 'click rate'}),
       ('no target', {'metric': 'click rate', 'comparator': 'lt'}),
       ('no metric', {'comparator': 'lt', 'target': 5}))
def test_what_is_measured_in_part_is_judged_by_its_verification(org, over):
    """Its result needs no measured value, and none decides whether it is met."""
    item = org.action_item(org.adopted(org.running_review()), success_criteria=[verified(**over)])
    org.completed(item)
    path = f'/v1/action-items/{item["id"]}/follow-ups?dry_run=true'
    for result in ({'met': True, 'evidence': 'Signed procedure, page 3'}, {'met': True, 'measured_value': 7}):
        body = org.effectiveness_body(item, criteria_results=[{'criterion_id': 'c1'} | result])
        assert org.new(path, body)['criteria_results'][0]['met'] is True
    body = org.effectiveness_body(item, criteria_results=[{'criterion_id': 'c1', 'measured_value': 3}])
    refused(org.isms.client, 'POST', path.removesuffix('?dry_run=true'), body, 422, 'follow_up.effective.criteria_met')


def test_ids_are_the_servers(org):
    decision = org.decision(org.running_review(), success_criteria=[measured(), verified()])
    assert [criterion['id'] for criterion in decision['success_criteria']] == ['c1', 'c2']
    first = decision['success_criteria'][0]
    assert (first['unit'], first['verification']) == (None, None)


@cases('criteria, ids',
       ('in another order', lambda: [verified(), measured()], {'c1': 'Few people click', 'c2': 'The rule is in force'}),
       ('one changed in its target', lambda: [measured(target=3), verified()],
        {'c1': 'Few people click', 'c2': 'The rule is in force'}),
       ('one replaced', lambda: [measured(), verified(statement='Another statement')],
        {'c1': 'Few people click', 'c3': 'Another statement'}),
       ('one left out', lambda: [verified()], {'c2': 'The rule is in force'}),
       ('one added', lambda: [measured(), verified(), verified(statement='Another statement')],
        {'c1': 'Few people click', 'c2': 'The rule is in force', 'c3': 'Another statement'}))
def test_amended_criteria_keep_their_ids(org, criteria, ids):
    """Results of follow-ups name them, so that an id must not come to mean another statement."""
    item = org.action_item(org.adopted(org.running_review()), success_criteria=[measured(), verified()])
    org.amendment(item, success_criteria=criteria())
    read = org.get(f'/v1/action-items/{item["id"]}')['success_criteria']
    assert {criterion['id']: criterion['statement'] for criterion in read} == ids


def test_the_id_of_a_criterion_that_is_gone_is_not_given_again(org):
    """Not by a later amendment either."""
    item = org.action_item(org.adopted(org.running_review()), success_criteria=[measured(), verified()])
    org.amendment(item, success_criteria=[measured()])
    org.amendment(item, success_criteria=[measured(), verified(statement='Another statement')])
    read = org.get(f'/v1/action-items/{item["id"]}')['success_criteria']
    assert [criterion['id'] for criterion in read] == ['c1', 'c3']
