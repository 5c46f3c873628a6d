"""Contract section 2, attendee: /v1/reviews/{id}/attendees, /v1/attendees/{id}."""

import pytest

from harness import ABSENT
from story import cases, made, refused, taken
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def review(org):
    return org.review()


def attendees_of(review):
    return f'/v1/reviews/{review["id"]}/attendees'


def one(attendee):
    return f'/v1/attendees/{attendee["id"]}'


# ---- creating

def test_defaults(org, review):
    org.change(f'/v1/people/{org.employee2.id}', {'job_title': 'Clerk'})
    attendee = taken(org.isms.client, 'POST', attendees_of(review), org.attendee_body())
    assert attendee['attendance'] == 'invited' and attendee['withdrawn'] is False
    assert attendee['review_id'] == review['id'] and attendee['person_id'] == org.employee2.id
    assert attendee['delegate_for_id'] is None and attendee['withdrawn_reason'] is None
    assert attendee['name_at_review'] == org.employee2.name and attendee['job_title_at_review'] == 'Clerk'


@pytest.mark.alone
def test_name_and_job_title_stay_as_they_were(org, review):
    attendee = org.attendee(review)
    org.change(f'/v1/people/{org.employee2.id}', {'name': 'Emil Married', 'job_title': 'Director'})
    read = org.get(one(attendee))
    assert read['name_at_review'] == org.employee2.name and read['job_title_at_review'] is None


def test_person_and_review_by_their_other_names(org, review):
    attendee = taken(org.isms.client, 'POST', f'/v1/reviews/{review["reference"]}/attendees',
                     org.attendee_body(person_id=org.employee2.email, delegate_for_id=org.head2.email))
    assert attendee['person_id'] == org.employee2.id and attendee['delegate_for_id'] == org.head2.id


@cases('over, pointer, rule',
       ('no person', {'person_id': ABSENT}, '#/person_id', 'attendee.person_id.required'),
       ('null person', {'person_id': None}, '#/person_id', 'attendee.person_id.required'),
       ('no capacity', {'capacity': ABSENT}, '#/capacity', 'attendee.capacity.required'),
       ('capacity unknown', {'capacity': 'guest'}, '#/capacity', 'body.enum'),
       ('attendance unknown', {'attendance': 'late'}, '#/attendance', 'body.enum'),
       ('person is a number', {'person_id': 7}, '#/person_id', 'body.type'),
       ('nobody', {'person_id': 'nobody@example.org'}, '#/person_id', 'reference.not_found'),
       ('delegate for nobody', {'delegate_for_id': 'nobody@example.org'}, '#/delegate_for_id', 'reference.not_found'),
       ('the chair again', lambda org: {'person_id': org.top.id, 'capacity': 'chair'}, '#/person_id',
        'attendee.unique'),
       ('a second chair', lambda org: {'person_id': org.top2.id, 'capacity': 'chair'}, '#/capacity',
        'attendee.chair.single'),
       ('name_at_review', {'name_at_review': 'Me'}, '#/name_at_review', 'body.read_only'),
       ('job_title_at_review', {'job_title_at_review': 'Boss'}, '#/job_title_at_review', 'body.read_only'),
       ('withdrawn', {'withdrawn': True}, '#/withdrawn', 'body.read_only'),
       ('unknown member', {'mood': 'good'}, '#/mood', 'body.unknown_field'))
def test_create_refuses(org, review, over, pointer, rule):
    body = org.attendee_body(**made(over, org))
    refused(org.isms.client, 'POST', attendees_of(review), body, 422, rule, at=pointer)


def test_a_person_attends_once(org, review):
    org.attendee(review)
    refused(org.isms.client, 'POST', attendees_of(review), org.attendee_body(capacity='observer'), 422,
            'attendee.unique')
    # … but another review is another matter.
    taken(org.isms.client, 'POST', attendees_of(org.review()), org.attendee_body())


@pytest.mark.parametrize('capacity', ['secretary', 'decision_maker', 'contributor', 'observer'])
def test_capacities(org, review, capacity):
    assert org.attendee(review, capacity=capacity)['capacity'] == capacity


# ---- changing

@cases('change, pointer, rule',
       ('capacity cleared', {'capacity': None}, '#/capacity', 'attendee.capacity.required'),
       ('capacity unknown', {'capacity': 'guest'}, '#/capacity', 'body.enum'),
       ('attendance unknown', {'attendance': 'late'}, '#/attendance', 'body.enum'),
       ('made a second chair', {'capacity': 'chair'}, '#/capacity', 'attendee.chair.single'))
def test_change_refuses(org, review, change, pointer, rule):
    attendee = org.attendee(review)
    refused(org.isms.client, 'PATCH', one(attendee), change, 422, rule, at=pointer)


@cases('change, rules',
       ('nobody', {'person_id': None}, ['attendee.person_id.required']),
       ('a number', {'person_id': 7}, ['body.type']),
       ('nobody known', {'person_id': 'nobody@example.org'}, ['reference.not_found']),
       ('who has left', lambda org: {'person_id': org.person(active=False)['id']}, ['reference.person.inactive']),
       ('who attends already', {'person_id': 'head@example.org'}, ['attendee.unique']),
       ('the chair', {'person_id': 'top@example.org'}, ['attendee.unique', 'attendee.chair.single']))
def test_another_person_refused(org, review, change, rules):
    org.attendee(review, person_id=org.head.id)
    attendee = org.attendee(review)
    refused(org.isms.client, 'PATCH', one(attendee), made(change, org), 422, *rules, at='#/person_id')
    assert org.get(one(attendee)) == attendee


def test_another_person_in_its_place(org, review):
    """With the name and position of that one; what belonged to the attendee stays."""
    org.change(f'/v1/people/{org.head.id}', {'job_title': 'Head of IT'})
    attendee = org.attendee(review)
    changed = taken(org.isms.client, 'PATCH', one(attendee), {'person_id': org.head.email, 'attendance': 'attended'})
    assert (changed['person_id'], changed['name_at_review'], changed['job_title_at_review']) == (
        org.head.id, org.head.name, 'Head of IT')
    assert (changed['capacity'], changed['attendance']) == (attendee['capacity'], 'attended')
    # Named again, the same person is looked up no more; and who was there before may come again.
    org.change(f'/v1/people/{org.head.id}', {'job_title': 'Director'})
    same = taken(org.isms.client, 'PATCH', one(attendee), {'person_id': org.head.id})
    assert same == changed
    taken(org.isms.client, 'POST', attendees_of(review), org.attendee_body())


@pytest.mark.parametrize('attendance', ['attended', 'apologies', 'absent', 'invited'])
def test_attendance(org, review, attendance):
    attendee = org.attendee(review)
    assert taken(org.isms.client, 'PATCH', one(attendee), {'attendance': attendance})['attendance'] == attendance


# ---- the chair

def capacities(org, review):
    return {attendee['person_id']: attendee['capacity'] for attendee in org.attendees(review)}


def test_the_chair_is_the_first_attendee(org, review):
    first, = org.attendees(review)
    assert (first['person_id'], first['capacity'], first['attendance']) == (org.top.id, 'chair', 'invited')
    assert first['name_at_review'] == org.top.name


def test_the_chair_keeps_the_capacity(org, review):
    refused(org.isms.client, 'PATCH', one(org.chair_attendee(review)), {'capacity': 'observer'}, 422,
            'attendee.chair.single', at='#/capacity')


@cases('change',
       ('in the chair', {}),
       ('as an observer', {'capacity': 'observer'}))
def test_the_chair_is_no_other_person_by_this_way(org, review, change):
    chair = org.chair_attendee(review)
    refused(org.isms.client, 'PATCH', one(chair), {'person_id': org.top2.id} | change, 422, 'attendee.chair.single',
            at='#/person_id')
    refused(org.isms.client, 'PATCH', one(chair), {'person_id': None}, 422, 'attendee.person_id.required')


def test_another_chair_who_did_not_attend(org, review):
    org.change(f'/v1/reviews/{review["id"]}', {'chair_id': org.top2.id})
    assert capacities(org, review) == {org.top.id: 'decision_maker', org.top2.id: 'chair'}


def test_another_chair_who_attended_already(org, review):
    org.attendee(review, person_id=org.top2.id, capacity='observer', attendance='attended')
    org.change(f'/v1/reviews/{review["id"]}', {'chair_id': org.top2.id})
    assert capacities(org, review) == {org.top.id: 'decision_maker', org.top2.id: 'chair'}
    assert org.chair_attendee(review)['attendance'] == 'attended'


def test_a_dry_run_moves_no_chair(org, review):
    path = f'/v1/reviews/{review["id"]}?dry_run=true'
    assert org.isms.client.patch(path, {'chair_id': org.top2.id}).expect(200).json['chair_id'] == org.top2.id
    assert capacities(org, review) == {org.top.id: 'chair'}


# ---- taking back

def test_withdraw(org, review):
    attendee = org.attendee(review)
    gone = taken(org.isms.client, 'VERB', one(attendee) + '/withdraw', {'reason': 'Has left the company'})
    assert gone['withdrawn'] is True and gone['withdrawn_reason'] == 'Has left the company'
    assert attendee['id'] not in [each['id'] for each in org.attendees(review)]
    listed = org.get(attendees_of(review) + '?withdrawn=true')['data']
    assert attendee['id'] in [each['id'] for each in listed]
    assert org.get(one(attendee)) == gone
    refused(org.isms.client, 'VERB', one(attendee) + '/withdraw', {'reason': 'Once more'}, 409,
            'transition.not_allowed')


def test_a_withdrawn_attendee_stays_as_it_is(org, review):
    attendee = org.attendee(review)
    gone = org.do(one(attendee) + '/withdraw', {'reason': 'Has left the company'})
    refused(org.isms.client, 'PATCH', one(attendee), {'attendance': 'attended'}, 409, 'attendee.withdrawn')
    refused(org.isms.client, 'PATCH', one(attendee), {'attendance': 'late'}, 409, 'attendee.withdrawn', 'body.enum')
    # It attends no more, so that nobody attends twice by it.
    there = org.attendee(review, person_id=org.isms2.id)
    refused(org.isms.client, 'PATCH', one(attendee), {'person_id': there['person_id']}, 409, 'attendee.withdrawn')
    assert org.get(one(attendee)) == gone
    # The person may come after all, as an attendee of their own.
    taken(org.isms.client, 'POST', attendees_of(review), org.attendee_body(attendance='attended'))


@cases('body, pointer, rule',
       ('no reason', {}, '#/reason', 'attendee.reason.required'),
       ('null reason', {'reason': None}, '#/reason', 'attendee.reason.required'),
       ('blank reason', {'reason': ' '}, '#/reason', 'body.length'),
       ('unknown argument', {'reason': 'Has left', 'when': 'now'}, '#/when', 'body.unknown_field'))
def test_withdraw_refuses(org, review, body, pointer, rule):
    attendee = org.attendee(review)
    refused(org.isms.client, 'VERB', one(attendee) + '/withdraw', body, 422, rule, at=pointer)


def test_the_chair_cannot_be_withdrawn(org, review):
    refused(org.isms.client, 'VERB', one(org.chair_attendee(review)) + '/withdraw', {'reason': 'Is ill'}, 409,
            'attendee.withdraw.chair')


def test_a_withdrawn_attendee_does_not_let_a_review_start(org, review):
    attendee = org.attendee(review)
    org.do(one(attendee) + '/withdraw', {'reason': 'Has left the company'})
    refused(org.isms.client, 'VERB', f'/v1/reviews/{review["id"]}/start', {}, 422, 'review.start.attendees')
