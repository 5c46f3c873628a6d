"""A history as somebody writes it by hand: taken where it could have come about by the API, else refused with the rules
that it breaks, each at its line."""

import json
import random

import pytest

import harness
from importing import broken, comparable, history, send
from support import shared  # noqa: F401

PAST = '2024-03-01'


def review(org, **over):
    assessment = {'verdict': 'yes', 'rationale': 'As the inputs show'}
    return {'resource': 'review', 'reference': 'MR-2024-01', 'created_at': '2024-02-01', 'title': 'First review',
            'type': 'scheduled', 'scope': 'All', 'period_start': '2023-01-01', 'period_end': '2023-12-31',
            'planned_on': PAST, 'chair_id': 'top@example.org', 'status': 'approved', 'held_on': PAST,
            'suitability': assessment, 'adequacy': assessment, 'effectiveness': assessment,
            'next_review_on': '2025-02-01', 'summary': 'All was considered.', 'started_at': '2024-03-01T09:00:00Z',
            'concluded_at': '2024-03-05T09:00:00Z', 'concluded_by': 'top@example.org',
            'approved_at': '2024-03-08T09:00:00Z', 'approved_by': 'top2@example.org'} | over


def attendee(person, capacity, **over):
    return {'resource': 'attendee', 'review_id': 'MR-2024-01', 'person_id': f'{person}@example.org',
            'capacity': capacity, 'attendance': 'attended', 'created_at': '2024-02-01'} | over


def agenda(org):
    ids = {clause: f'01890000-0000-7000-8000-00000000000{i}' for i, clause in enumerate(
        ('a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g'))}
    return [{'resource': 'input', 'review_id': 'MR-2024-01', 'id': ids[clause], 'clause': clause, 'agenda': True,
             'title': f'Clause {clause}', 'created_at': '2024-02-01'} | org.considered_body(clause) for clause in ids]


def decision(org, **over):
    return {'resource': 'decision', 'reference': 'DEC-2024-001', 'review_id': 'MR-2024-01', 'kind': 'corrective_action',
            'title': 'Train everyone', 'statement': 'Everyone is trained', 'rationale': 'Many clicked',
            'input_ids': ['01890000-0000-7000-8000-000000000003'], 'decided_by_id': 'top@example.org',
            'owner_id': 'head@example.org', 'deadline': '2024-09-30', 'original_deadline': '2024-09-30',
            'success_criteria': [org.criterion()], 'status': 'implemented', 'decided_on': PAST,
            'created_at': '2024-03-01', 'updated_at': '2024-10-01'} | over


def item(org, **over):
    return {'resource': 'action_item', 'reference': 'ACT-2024-0001', 'decision_id': 'DEC-2024-001', 'kind': 'corrective',
            'title': 'Hold the training', 'root_cause': 'Nobody was trained', 'owner_id': 'employee@example.org',
            'deadline': '2024-09-15', 'original_deadline': '2024-06-30', 'extension_count': 1, 'status': 'closed',
            'progress_percent': 100, 'completed_on': '2024-09-01', 'closed_on': '2024-09-20',
            'ended_at': '2024-09-20T10:00:00Z', 'success_criteria': [org.criterion()], 'created_at': '2024-03-02'} | over


def amendment(**over):
    return {'resource': 'amendment', 'action_item_id': 'ACT-2024-0001', 'reason': 'The trainer was ill',
            'approved_by_id': 'isms2@example.org', 'deadline': '2024-09-15', 'before': {'deadline': '2024-06-30'},
            'after': {'deadline': '2024-09-15'}, 'created_at': '2024-06-15'} | over


def completion(**over):
    return {'resource': 'follow_up', 'action_item_id': 'ACT-2024-0001', 'kind': 'completion', 'outcome': 'completed',
            'performed_by_id': 'employee@example.org', 'performed_on': '2024-09-01', 'note': 'Done',
            'next_follow_up_on': '2024-09-20', 'created_at': '2024-09-01'} | over


def verification(**over):
    return {'resource': 'follow_up', 'action_item_id': 'ACT-2024-0001', 'kind': 'effectiveness', 'outcome': 'effective',
            'performed_by_id': 'isms@example.org', 'performed_on': '2024-09-20', 'note': 'It works',
            'criteria_results': [{'criterion_id': 'c1', 'measured_value': 3}], 'created_at': '2024-09-20'} | over


def whole(org):
    return {'review': review(org), 'chair': attendee('top', 'chair'), 'secretary': attendee('isms', 'secretary'),
            **{one['clause']: one for one in agenda(org)}, 'decision': decision(org), 'item': item(org),
            'amendment': amendment(), 'completion': completion(), 'verification': verification()}


def test_a_history_that_could_have_been(org):
    told = whole(org)
    record = send(org.isms.client, list(told.values())).expect(201).json
    assert record['created'] == len(told)
    held = org.get('/v1/reviews/MR-2024-01')
    assert (held['status'], held['imported'], held['revision']) == ('approved', True, 1)
    assert held['approved_by'] == org.top2.id and held['created_at'] == '2024-02-01T00:00:00.000Z'
    assert org.get('/v1/reviews/MR-2024-01/revisions')['data']
    done = org.get('/v1/action-items/ACT-2024-0001')
    assert (done['status'], done['closed_on'], done['extension_count']) == ('closed', '2024-09-20', 1)
    assert org.get('/v1/action-items/ACT-2024-0001/follow-ups')['data'][1]['criteria_results'][0]['met'] is True
    # Frozen, as if it had been held here.
    answer = org.isms.client.patch(f'/v1/reviews/{held["id"]}', {'title': 'Another'})
    answer.expect(409, 'review.frozen')
    # Numbers go on: those of that year are used.
    assert org.review()['reference'] != 'MR-2024-01'
    org.daemon.cli('audit', 'verify')
    assert org.get('/v1/reviews/MR-2024-01/minutes?format=json')['review']['title'] == 'First review'


LEFT_OUT = [
    ('chair', 'decision', 'decision.decided_by.decision_maker'),
    ('secretary', 'review', 'review.start.attendees'), ('e', 'review', 'review.conclude.inputs'),
    ('item', 'decision', 'decision.implement.action_items'),
    ('completion', 'item', 'import.action_item.follow_ups'), ('completion', 'item', 'follow_up.effectiveness.completed'),
    ('verification', 'item', 'import.action_item.follow_ups'), ('amendment', 'item', 'import.action_item.amendments'),
]


@pytest.mark.parametrize('left_out, where, rule', LEFT_OUT)
def test_a_history_that_lacks_something(shared, left_out, where, rule):
    told = whole(shared)
    for name in {'item': ('item', 'amendment', 'completion', 'verification')}.get(left_out, (left_out,)):
        del told[name]
    answer = send(shared.isms.client, list(told.values()))
    assert answer.status in (409, 422), answer.report('taken')
    line = list(told).index(where) + 1
    assert (line, rule) in [(at, name) for at, _, name in broken(answer)], answer.report(f'not {rule} at line {line}')
    assert shared.get('/v1/reviews')['data'] == [] and shared.get('/v1/inputs')['data'] == []


CHANGED = [
    ('review', {'held_on': '2999-01-01', 'next_review_on': '2999-06-01'}, 'review.held_on.in_future'),
    ('review', {'next_review_on': '2026-01-01'}, 'review.next_review.interval'),
    ('review', {'summary': None}, 'review.summary.required'),
    ('review', {'concluded_by': None}, 'import.state.incomplete'),
    ('review', {'started_at': None}, 'import.state.incomplete'),
    ('review', {'approved_by': 'top@example.org'}, 'review.approve.separation'),
    ('review', {'approved_by': 'head@example.org'}, 'review.approve.role'),
    ('review', {'cancel_reason': 'None'}, 'import.state.unexpected'),
    ('review', {'trigger': 'other'}, 'review.trigger.unexpected'),
    ('review', {'period_end': '2022-01-01'}, 'review.period.order'),
    ('review', {'chair_id': 'head@example.org'}, 'review.chair.top_management'),
    ('chair', {'capacity': 'secretary'}, 'attendee.chair.single'),
    ('chair', {'attendance': 'absent'}, 'review.conclude.top_management_present'),
    ('secretary', {'person_id': 'top@example.org', 'capacity': 'chair'}, 'attendee.unique'),
    ('d2', {'state': 'pending'}, 'review.conclude.inputs'),
    ('d2', {'trend': None}, 'input.considered.trend'),
    ('d3', {'severity': 'major'}, 'review.conclude.major_nonconformity'),
    ('d3', {'withdrawn': True}, 'import.state.incomplete'),
    ('decision', {'status': 'rejected', 'decided_on': None, 'original_deadline': None, 'status_reason': 'No'},
     'review.conclude.decision'),
    ('decision', {'status': 'proposed', 'decided_on': None, 'original_deadline': None},
     'review.conclude.proposed_decisions'),
    ('decision', {'decided_on': '2999-01-01'}, 'decision.decided_on.in_future'),
    ('decision', {'decided_by_id': 'isms@example.org'}, 'decision.decided_by.decision_maker'),
    ('decision', {'status': 'superseded', 'status_reason': 'Another'}, 'import.state.incomplete'),
    ('decision', {'status': 'superseded', 'status_reason': 'Another', 'superseded_by_id': 'DEC-2024-001'},
     'decision.supersede.other'),
    ('decision', {'deadline': None}, 'decision.deadline.required'),
    ('item', {'status': 'open', 'completed_on': None, 'closed_on': None, 'ended_at': None},
     'import.action_item.follow_ups'),
    ('item', {'completed_on': '2024-09-02'}, 'import.action_item.follow_ups'),
    ('item', {'closed_on': '2024-09-21'}, 'import.action_item.follow_ups'),
    ('item', {'ended_at': None}, 'import.state.incomplete'),
    ('item', {'extension_count': 2}, 'import.action_item.amendments'),
    ('item', {'deadline': '2024-09-16'}, 'import.action_item.amendments'),
    ('item', {'original_deadline': '2024-06-29'}, 'import.action_item.amendments'),
    ('item', {'root_cause': None}, 'action_item.root_cause.required'),
    ('item', {'status': 'cancelled', 'status_reason': 'No', 'cancelled_on': '2024-09-20', 'closed_on': None,
              'cancel_approved_by_id': 'head@example.org'}, 'action_item.cancel.approver'),
    ('item', {'status': 'cancelled', 'status_reason': 'No', 'cancelled_on': '2024-09-20', 'closed_on': None,
              'owner_id': 'top@example.org', 'cancel_approved_by_id': 'top@example.org'}, 'action_item.cancel.approver'),
    *((name, {member: value}, 'body.range') for name, member in (('review', 'revision'), ('item', 'extension_count'))
      for value in (-1, 100001, 10 ** 9, 2 ** 53 + 1, 1e300)),
    ('review', {'revision': 0}, 'body.range'),
    ('secretary', {'name_at_review': ''}, 'body.length'),
    ('d2', {'withdrawn': True, 'withdrawn_reason': 'It is part of another'}, 'input.withdraw.agenda'),
    *(('d2', {'id': one}, 'import.id.form') for one in (
        'ffffffff-ffff-7fff-bfff-ffffffffffff', 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
        '01890000-0000-7000-0000-000000000003')),
    *(('review', {'reference': one}, 'import.reference.form') for one in (
        'MR-0000-01', 'MR-9999-01', 'MR-2024-9999999', 'MR-2024-1', 'MR-24-01', 'DEC-2024-001')),
    # What comes in no such order.
    ('review', {'started_at': '2024-01-01T09:00:00Z'}, 'import.history.time'),
    ('review', {'concluded_at': '2024-03-01T08:00:00Z'}, 'import.history.time'),
    ('review', {'approved_at': '2024-03-05T08:00:00Z'}, 'import.history.time'),
    ('review', {'approved_at': '9999-12-31T08:00:00Z'}, 'import.history.time'),
    ('review', {'concluded_at': '9999-12-31T08:00:00Z', 'approved_at': '9999-12-31T09:00:00Z'}, 'import.history.time'),
    ('review', {'held_on': '2024-03-06'}, 'import.history.time'),
    ('review', {'revision': 2}, 'import.state.incomplete'),
    ('review', {'concluded_by': 'employee@example.org'}, 'access.role'),
    ('chair', {'created_at': '2024-01-31'}, 'import.history.time'),
    ('decision', {'decided_on': '2024-03-06'}, 'import.history.time'),
    ('decision', {'original_deadline': '2024-08-31'}, 'import.decision.amendments'),
    ('item', {'created_at': '2024-02-28'}, 'import.history.time'),
    ('item', {'ended_at': '2024-03-01T10:00:00Z'}, 'import.history.time'),
    ('item', {'ended_at': '2999-01-01T10:00:00Z'}, 'import.history.time'),
    ('item', {'status': 'cancelled', 'status_reason': 'No', 'cancelled_on': '9999-12-31', 'closed_on': None,
              'cancel_approved_by_id': 'top@example.org'}, 'import.history.time'),
    ('amendment', {'created_at': '2024-03-01'}, 'import.history.time'),
    ('completion', {'created_at': '2024-03-01'}, 'import.history.time'),
    ('completion', {'next_follow_up_on': '2024-08-31'}, 'follow_up.next.required'),
    ('amendment', {'before': None}, 'import.amendment.sides'),
    ('amendment', {'before': {'title': 'x'}}, 'import.amendment.sides'),
    ('amendment', {'after': {'deadline': '2024-09-14'}}, 'import.amendment.sides'),
    ('amendment', {'before': {'deadline': 'never'}}, 'body.format'),
    ('amendment', {'approved_by_id': 'auditor@example.org'}, 'amendment.approver.role'),
    ('amendment', {'approved_by_id': 'isms@example.org', 'before': {'deadline': '2024-06-30',
                   'owner_id': 'isms@example.org'}, 'owner_id': 'employee@example.org',
                   'after': {'deadline': '2024-09-15', 'owner_id': 'employee@example.org'}},
     'amendment.approver.owner'),
    ('completion', {'performed_on': '2024-01-01'}, 'follow_up.performed_on.before_action'),
    ('completion', {'performed_on': '2999-01-01'}, 'follow_up.performed_on.in_future'),
    ('completion', {'next_follow_up_on': None}, 'follow_up.next.required'),
    ('completion', {'outcome': 'effective'}, 'follow_up.outcome.kind'),
    ('verification', {'performed_by_id': 'employee@example.org'}, 'follow_up.effectiveness.separation'),
    ('verification', {'criteria_results': [{'criterion_id': 'c1', 'measured_value': 30}]},
     'follow_up.effective.criteria_met'),
    ('verification', {'criteria_results': []}, 'follow_up.criteria.complete'),
    ('verification', {'review_id': 'MR-2024-01'}, 'follow_up.review.same'),
]


@pytest.mark.parametrize('name, over, rule', CHANGED)
def test_a_history_that_breaks_a_rule(shared, name, over, rule):
    told = whole(shared)
    told[name] |= over
    answer = send(shared.isms.client, list(told.values()))
    assert answer.status in (403, 409, 422), answer.report('taken')
    assert rule in answer.rules, answer.report(f'not {rule}')
    assert shared.get('/v1/reviews')['data'] == [] and shared.get('/v1/action-items')['data'] == []


def test_what_is_null_is_left_to_the_server(org):
    told = whole(org)
    told['review'] |= {'revision': None}
    told['item'] |= {'extension_count': None, 'deadline': '2024-06-30', 'progress_percent': None}
    del told['amendment']
    # Sent as null, and not left out as the others are.
    body = ''.join(json.dumps(one) + '\n' for one in told.values())
    send(org.isms.client, body).expect(201)
    assert org.get('/v1/reviews/MR-2024-01')['revision'] == 1
    assert org.get('/v1/action-items/ACT-2024-0001')['extension_count'] == 0


def test_who_was_erased_comes_as_a_pseudonym_alone(org):
    line = {'resource': 'person', 'name': 'Real Erased', 'email': 'real@x.example', 'role': 'employee', 'active': False,
            'erased_at': '2026-01-01T00:00:00Z', 'id': '01890000-0000-7000-8000-0000000000bb'}
    answer = send(org.isms.client, [line])
    assert broken(answer.expect(422)) == [(1, '#/name', 'import.person.erased'), (1, '#/email', 'import.person.erased')]
    # Nor is the name kept by the import: also where a CSV has no head, so that its first record stands for one.
    headless = send(org.isms.client, 'Real Erased,real@x.example,employee\r\n', '?resource=people', kind='csv')
    assert headless.expect(422).json['violations'][0]['column_name'] == 'Real Erased'
    kept = org.get('/v1/imports')['data']
    assert len(kept) == 2 and kept[-1]['violations'][0]['column'] == 1
    assert 'Real' not in json.dumps(kept) and 'real@' not in json.dumps(kept)


def test_the_chair_attends(org):
    told = whole(org)
    told['chair'] |= {'person_id': 'top2@example.org', 'capacity': 'decision_maker'}
    told['decision'] |= {'decided_by_id': 'top2@example.org'}
    answer = send(org.isms.client, list(told.values())).expect(422, 'attendee.chair.single')
    assert broken(answer) == [(1, '#/chair_id', 'attendee.chair.single')]


def test_carried_action_items_are_revisited(org):
    """The second review has to look at what the first left open, in the past as in the present."""
    told = whole(org)
    told['item'] |= {'status': 'in_progress', 'completed_on': None, 'closed_on': None, 'ended_at': None}
    told['decision'] |= {'status': 'adopted'}
    del told['completion'], told['verification']
    second = {name: dict(one) for name, one in whole(org).items()
              if name not in ('item', 'amendment', 'completion', 'verification', 'decision')}
    for one in second.values():
        one |= {'review_id': 'MR-2024-02'} if 'review_id' in one else {}
        if 'id' in one:
            one['id'] = one['id'].replace('8000', '8001')
    second['review'] |= {'reference': 'MR-2024-02', 'held_on': '2024-08-01', 'started_at': '2024-08-01T09:00:00Z',
                         'concluded_at': '2024-08-02T09:00:00Z', 'approved_at': '2024-08-03T09:00:00Z'}
    second['kept'] = {'resource': 'decision', 'review_id': 'MR-2024-02', 'kind': 'no_change', 'title': 'Keep it',
                      'statement': 'It stays', 'rationale': 'It fits', 'decided_by_id': 'top@example.org',
                      'owner_id': 'top@example.org', 'input_ids': ['01890000-0000-7000-8001-000000000003'],
                      'no_action_reason': 'It fits', 'status': 'adopted', 'decided_on': '2024-08-01'}
    both = list(told.values()) + list(second.values())
    answer = send(org.isms.client, both).expect(422, 'review.conclude.carried_action_items')
    assert [one['line'] for one in answer.json['violations']] == [len(told) + 1]
    revisited = {'resource': 'follow_up', 'action_item_id': 'ACT-2024-0001', 'kind': 'progress', 'outcome': 'on_track',
                 'performed_by_id': 'isms@example.org', 'performed_on': '2024-08-01', 'note': 'It goes on',
                 'next_follow_up_on': '2024-09-01', 'review_id': 'MR-2024-02', 'created_at': '2024-08-01'}
    send(org.isms.client, [*both, revisited]).expect(201)


def test_what_came_afterwards_is_no_fault(org):
    """A decision was superseded later, criteria and owner were amended, somebody has left."""
    told = whole(org)
    other = decision(org) | {'reference': 'DEC-2024-002', 'title': 'Train them better', 'status': 'adopted'}
    told['decision'] |= {'status': 'superseded', 'superseded_by_id': 'DEC-2024-002', 'status_reason': 'Better so'}
    told['other'] = other
    told['item2'] = item(org) | {
        'reference': 'ACT-2024-0002', 'decision_id': 'DEC-2024-002', 'status': 'open', 'extension_count': 0,
        'deadline': '2024-06-30', 'completed_on': None, 'closed_on': None, 'ended_at': None, 'progress_percent': None,
        'owner_id': 'head@example.org', 'success_criteria': [org.criterion(target=2)]}
    told['amended'] = amendment() | {
        'action_item_id': 'ACT-2024-0002', 'deadline': None, 'owner_id': 'head@example.org',
        'success_criteria': [org.criterion(target=2)],
        'before': {'owner_id': 'employee@example.org', 'success_criteria': [org.criterion()]},
        'after': {'owner_id': 'head@example.org', 'success_criteria': [org.criterion(target=2)]},
        'created_at': '2024-12-01'}
    # Before the amendment 3 was good enough, and the head, who owns it now, could verify it.
    told['completed'] = completion() | {'action_item_id': 'ACT-2024-0002'}
    told['verified'] = verification() | {'action_item_id': 'ACT-2024-0002', 'outcome': 'not_effective',
                                         'performed_by_id': 'head@example.org', 'next_follow_up_on': '2024-11-01',
                                         'criteria_results': [{'criterion_id': 'c1', 'measured_value': 3, 'met': True}]}
    told['gone'] = {'resource': 'person', 'name': 'Gone', 'email': 'gone@x.example', 'role': 'employee', 'active': False,
                    'created_at': '2024-01-01'}
    told['guest'] = attendee('top', 'observer') | {'person_id': 'gone@x.example'}
    told['stayed_away'] = attendee('head', 'observer') | {'withdrawn': True, 'withdrawn_reason': 'Ill'}
    send(org.isms.client, list(told.values())).expect(201)
    assert org.get('/v1/decisions/DEC-2024-001')['superseded_by_id'] == org.get('/v1/decisions/DEC-2024-002')['id']
    org.daemon.cli('audit', 'verify')


def test_who_is_gone_owns_nothing_open(org):
    told = whole(org)
    told['gone'] = {'resource': 'person', 'name': 'Gone', 'email': 'gone@x.example', 'role': 'employee', 'active': False,
                    'created_at': '2024-01-01'}
    told['item'] |= {'status': 'completed', 'closed_on': None, 'ended_at': None, 'owner_id': 'gone@x.example'}
    told['decision'] |= {'status': 'adopted'}
    del told['verification']
    answer = send(org.isms.client, list(told.values())).expect(409, 'person.deactivate.open_commitments')
    assert answer.json['violations'][0]['line'] == list(told).index('gone') + 1
    # And nobody follows up an item that is closed, but a later review.
    told = whole(org)
    told['late'] = completion(performed_on='2024-12-01', created_at='2024-12-01', next_follow_up_on='2025-01-01')
    assert 'follow_up.action_item.open' in send(org.isms.client, list(told.values())).rules
    told = whole(org)
    told['other'] = item(org) | {'reference': 'ACT-2024-0002', 'status': 'open', 'extension_count': 0,
                                 'deadline': '2024-06-30', 'completed_on': None, 'closed_on': None, 'ended_at': None}
    told['decision'] |= {'status': 'adopted'}
    told['first'] = completion() | {'action_item_id': 'ACT-2024-0002', 'id': '01890000-0000-7000-8000-0000000000aa',
                                    'outcome': 'not_completed', 'supersedes_id': None}
    told['verification'] |= {'supersedes_id': '01890000-0000-7000-8000-0000000000aa'}
    send(org.isms.client, list(told.values())).expect(422, 'follow_up.supersedes.same_item')


def test_a_review_that_is_still_to_come_is_given_what_it_lacks(org):
    planned = {'resource': 'review'} | org.review_body(title='Next') | {'reference': 'MR-2023-05'}
    send(org.isms.client, [planned]).expect(201)
    made = org.get('/v1/reviews/MR-2023-05')
    assert len(org.inputs(made)) == 10 and org.chair_attendee(made)['person_id'] == org.top.id
    assert made['imported'] is True and org.inputs(made)[0]['imported'] is False
    cancelled = {'resource': 'review'} | org.review_body() | {
        'reference': 'MR-2023-06', 'status': 'cancelled', 'cancel_reason': 'Held together with another'}
    send(org.isms.client, [cancelled]).expect(201)
    assert org.get('/v1/reviews/MR-2023-06')['status'] == 'cancelled'


def test_days_that_have_passed(org):
    """A list of old action items needs neither ids nor states: their days alone make them history."""
    running = org.adopted(org.running_review())
    old = {'resource': 'action_item', 'decision_id': running['reference']} | org.action_item_body(deadline='2024-01-31')
    new = old | {'deadline': org.day(10), 'title': 'A new one'}
    send(org.top.client, [old]).expect(422, 'action_item.deadline.in_past')
    send(org.isms.client, [old, new]).expect(201)
    assert {one['title']: one['imported'] for one in org.get('/v1/action-items')['data']} == {
        'Hold the training': True, 'A new one': False}
    follow_up = {'resource': 'follow_up', 'action_item_id': org.get('/v1/action-items?imported=true')['data'][0]['id']}
    send(org.isms.client, [follow_up | org.follow_up_body(performed_on='2024-02-01', next_follow_up_on='2024-03-01')])
    made = org.get('/v1/follow-ups')['data'][0]
    assert (made['performed_on'], made['imported']) == ('2024-02-01', True)


MANGLED = (None, '', 'x' * 300, 0, 100001, -1, True, [], {}, '2024-03-01', '2999-01-01', 'top@example.org', 'MR-2024-01',
           'ACT-2024-0001', '01890000-0000-7000-8000-000000000003', 'cancelled', 'closed', 'superseded', 'chair',
           [{'statement': 'x'}], [{'criterion_id': 'c1'}], {'deadline': '2024-06-30'})
MEMBERS = ('id', 'reference', 'created_at', 'created_by', 'withdrawn', 'withdrawn_reason', 'revision', 'predecessor_id',
           'supersedes_id', 'superseded_by_id', 'cancel_approved_by_id', 'cancelled_on', 'minutes_sha256', 'name_at_review',
           'erased_at', 'agenda', 'metrics', 'review_id', 'owner_id', 'status', 'success_criteria')


def test_what_was_mangled_is_taken_or_refused(shared):
    """Whatever stands in a history: what the rules let pass, the schema takes."""
    chance = random.Random(93)
    for _ in range(150):
        told = list(whole(shared).values())
        for _ in range(chance.choice((1, 1, 2))):
            line = chance.choice(told)
            line[chance.choice([*line, *MEMBERS])] = chance.choice(MANGLED)
        answer = send(shared.isms.client, told, f'?dry_run=true&partial={chance.choice(("true", "false"))}')
        assert answer.status in (201, 403, 409, 422), answer.report('neither')


def test_the_past_of_what_is_there_already_is_not_written(org):
    """Else evidence could be dated back: it would be stored, and its action item would stay as it is."""
    decision = org.adopted(org.running_review())
    native = org.action_item(decision, owner_id=org.employee.id)
    path = f'/v1/action-items/{native["id"]}'
    org.do(f'{path}/start')
    of = {'action_item_id': native['reference']}
    past = [amendment(**of, before={'deadline': '2020-01-01'}, after={'deadline': org.day(5)}, deadline=org.day(5)),
            completion(**of, performed_on=org.day(0)), verification(**of, performed_on=org.day(0))]
    progress = completion(**of, kind='progress', outcome='on_track', performed_on=org.day(0), next_follow_up_on=org.day(9))
    before = org.get(path)
    answer = send(org.isms.client, [*past, progress])
    assert {(at, where, rule) for at, where, rule in broken(answer.expect(422)) if rule == 'import.history.parent'} == {
        (line, '#/action_item_id', 'import.history.parent') for line in (1, 2, 3, 4)}
    for one in past:
        assert send(org.isms.client, [one], '?partial=true').json['created'] == 0
    assert org.get(path) == before and org.get(f'{path}/amendments')['data'] == []
    # As of today they are taken, and have their effect.
    now = {name: value for name, value in past[1].items() if name != 'created_at'} | {'next_follow_up_on': org.day(9)}
    send(org.isms.client, [now]).expect(201)
    assert org.get(path)['status'] == 'completed'
    # Nor is a review given an agenda beside its own.
    review = org.review()
    eleventh = agenda(org)[0] | {'review_id': review['reference']}
    assert 'import.history.parent' in send(org.isms.client, [eleventh]).expect(422).rules
    assert len(org.inputs(review)) == 10
    # Nor does anybody attend it by another name.
    other = attendee('employee', 'observer', review_id=review['reference'], created_at=None, name_at_review='Somebody')
    assert broken(send(org.isms.client, [other]).expect(422)) == [(1, '#/review_id', 'import.history.parent')]


@pytest.mark.parametrize('name', ['amendment', 'completion', 'verification'])
def test_what_changes_an_action_item_of_the_past_is_imported_as_a_whole(org, name):
    told = [item(org, status='open', deadline='2024-06-30', extension_count=0, completed_on=None, closed_on=None,
                 ended_at=None, created_at=None, decision_id=org.adopted(org.running_review())['reference'])]
    answer = send(org.isms.client, [*told, whole(org)[name]], '?partial=true').expect(201)
    assert 'import.partial.state' in [rule for at, _, rule in broken(answer) if at == 2]


def test_owners_of_the_past_approve_no_amendment(org):
    told = whole(org)
    told['item'] |= {'owner_id': 'head@example.org'}
    told['amendment'] |= {'approved_by_id': 'head@example.org'}
    answer = send(org.isms.client, list(told.values())).expect(422, 'amendment.approver.owner')
    assert broken(answer) == [(list(told).index('amendment') + 1, '#/approved_by_id', 'amendment.approver.owner')]
    # Nor who had it then, and gave it away later; who has it now did not have it then.
    given = amendment(created_at='2024-07-01', deadline=None, owner_id='employee@example.org',
                      before={'owner_id': 'head@example.org'}, after={'owner_id': 'employee@example.org'})
    told['item'] |= {'owner_id': 'employee@example.org'}
    answer = send(org.isms.client, [*told.values(), given]).expect(422, 'amendment.approver.owner')
    assert broken(answer) == [(list(told).index('amendment') + 1, '#/approved_by_id', 'amendment.approver.owner')]
    told['amendment'] |= {'approved_by_id': 'isms2@example.org'}
    told['item'] |= {'owner_id': 'top@example.org'}
    answer = send(org.isms.client, [*told.values(), given])
    assert 'import.amendment.sides' in answer.expect(422).rules


def of_decision(**over):
    return amendment(action_item_id=None, decision_id='DEC-2024-001', before={'deadline': '2024-08-31'},
                     after={'deadline': '2024-09-30'}, deadline='2024-09-30', **over)


def test_amendments_of_decisions_come_to_their_deadline(org):
    told = whole(org)
    told['decision'] |= {'original_deadline': '2024-08-31'}
    told['amended'] = of_decision(approved_by_id='head@example.org')
    send(org.isms.client, list(told.values())).expect(422, 'amendment.approver.owner')
    told['amended'] = of_decision()
    send(org.isms.client, list(told.values())).expect(201)
    assert len(org.get('/v1/decisions/DEC-2024-001/amendments')['data']) == 1


def test_the_third_extension_of_the_past_was_top_management_s(org):
    told = whole(org)
    days = ('2024-06-30', '2024-07-31', '2024-08-31', '2024-09-15')
    del told['amendment']
    for i in range(3):
        told[f'amended {i}'] = amendment(before={'deadline': days[i]}, after={'deadline': days[i + 1]},
                                         deadline=days[i + 1], created_at=f'2024-06-1{i}')
    told['item'] |= {'extension_count': 3}
    send(org.isms.client, list(told.values())).expect(422, 'amendment.deadline.escalation')
    told['amended 2'] |= {'approved_by_id': 'top@example.org'}
    send(org.isms.client, list(told.values())).expect(201)


def test_a_history_without_its_days_of_making_moves_twice(org):
    """What lacks the time of its making is given that of the import, which is no reason to refuse it the next time."""
    told = whole(org)
    for one in told.values():
        if one['resource'] in ('review', 'decision', 'attendee'):
            one['created_at'] = one['updated_at'] = None
    send(org.isms.client, list(told.values())).expect(201)
    moved = history(org.isms.client)
    second = harness.Daemon()
    try:
        second.person('Ines Import', 'ines@example.org', 'isms_manager')
        second.start()
        client = harness.Client(second, second.token('ines@example.org'))
        send(client, moved).expect(201)
        assert comparable(history(client)).items() >= comparable(moved).items()
        second.stop()
    finally:
        second.discard()


IDS = [f'01890000-0000-7000-8000-0000000000a{i}' for i in range(4)]


def test_nothing_leads_back_to_itself(org):
    def refused(told, rule):
        assert rule in send(org.isms.client, list(told.values())).expect(422).rules

    told = whole(org)
    told['completion'] |= {'id': IDS[0], 'supersedes_id': IDS[0]}
    refused(told, 'follow_up.supersedes.same_item')
    told['completion'] |= {'supersedes_id': IDS[1]}      # a later one
    told['verification'] |= {'id': IDS[1]}
    refused(told, 'follow_up.supersedes.same_item')
    told['verification'] |= {'supersedes_id': IDS[0], 'created_at': told['completion']['created_at']}      # or a ring
    refused(told, 'follow_up.supersedes.same_item')

    told = whole(org)
    ended = {'status': 'superseded', 'status_reason': 'Another took its place'}
    told['decision'] |= {'superseded_by_id': 'DEC-2024-002', **ended}
    told['other'] = decision(org, reference='DEC-2024-002', superseded_by_id='DEC-2024-001', **ended)
    refused(told, 'decision.supersede.other')

    told = whole(org)
    opened = {'status': 'open', 'extension_count': 0, 'deadline': '2024-06-30', 'completed_on': None, 'closed_on': None,
              'ended_at': None}
    told['decision'] |= {'status': 'adopted'}
    for i in range(3):
        told[f'item {i}'] = item(org, reference=f'ACT-2024-001{i}', predecessor_id=f'ACT-2024-001{(i + 1) % 3}', **opened)
    refused(told, 'action_item.predecessor.self')
    told['item 2'] |= {'predecessor_id': None}
    send(org.isms.client, list(told.values())).expect(201)
