"""Contract section 2, person: /v1/people."""

from harness import ABSENT
from story import cases, made, refused, taken

PEOPLE = '/v1/people'


def body(**over):
    return {'name': 'Nora New', 'email': 'nora@example.org', 'role': 'employee'} | over


# ---- creating

def test_defaults(org):
    nora = taken(org.isms.client, 'POST', PEOPLE, body())
    assert nora['external'] is False and nora['active'] is True
    assert nora['job_title'] is None and nora['department'] is None
    assert nora['version'] == 1 and nora['created_by'] == nora['updated_by'] == org.isms.id
    assert 'reference' not in nora


@cases('over, pointer, rule',
       ('no name', {'name': ABSENT}, '#/name', 'person.name.required'),
       ('null name', {'name': None}, '#/name', 'person.name.required'),
       ('no e-mail', {'email': ABSENT}, '#/email', 'person.email.required'),
       ('null e-mail', {'email': None}, '#/email', 'person.email.required'),
       ('no role', {'role': ABSENT}, '#/role', 'person.role.required'),
       ('null role', {'role': None}, '#/role', 'person.role.required'),
       ('blank name', {'name': '  \t '}, '#/name', 'body.length'),
       ('empty name', {'name': ''}, '#/name', 'body.length'),
       ('name of 201 characters', {'name': 'n' * 201}, '#/name', 'body.length'),
       ('name is a number', {'name': 7}, '#/name', 'body.type'),
       ('role unknown', {'role': 'emperor'}, '#/role', 'body.enum'),
       ('role in capitals', {'role': 'EMPLOYEE'}, '#/role', 'body.enum'),
       ('external is a word', {'external': 'no'}, '#/external', 'body.type'),
       ('active is a number', {'active': 1}, '#/active', 'body.type'),
       ('empty e-mail', {'email': ''}, '#/email', 'person.email.format'),
       ('blank e-mail', {'email': '  '}, '#/email', 'person.email.format'),
       ('e-mail of one character', {'email': 'n'}, '#/email', 'person.email.format'),
       ('e-mail of 255 characters', {'email': 'n' * 64 + '@' + 'example.' * 23 + 'orgorg'}, '#/email', 'body.length'),
       ('e-mail without @', {'email': 'nora.example.org'}, '#/email', 'person.email.format'),
       ('e-mail without a name', {'email': '@example.org'}, '#/email', 'person.email.format'),
       ('e-mail without a domain', {'email': 'nora@'}, '#/email', 'person.email.format'),
       ('e-mail with a space', {'email': 'no ra@example.org'}, '#/email', 'person.email.format'),
       ('e-mail with two @', {'email': 'nora@new@example.org'}, '#/email', 'person.email.format'),
       ('e-mail with a line break', {'email': 'nora@example.org\nBcc: x@y.org'}, '#/email', 'person.email.format'),
       ('e-mail taken', {'email': 'employee@example.org'}, '#/email', 'person.email.unique'),
       ('e-mail taken in another case', {'email': 'EmPloyee@Example.ORG'}, '#/email', 'person.email.unique'),
       ('unknown member', {'surname': 'New'}, '#/surname', 'body.unknown_field'),
       ('id of its own', {'id': '0193-x'}, '#/id', 'body.read_only'),
       ('version of its own', {'version': 1}, '#/version', 'body.read_only'),
       ('created_by of its own', {'created_by': None}, '#/created_by', 'body.read_only'))
def test_create_refuses(org, over, pointer, rule):
    refused(org.isms.client, 'POST', PEOPLE, body(**over), 422, rule, at=pointer)


@cases('over',
       ('name of one character', {'name': 'N'}),
       ('name of 200 characters', {'name': 'n' * 200}),
       ('name of 200 characters outside the BMP', {'name': '🐢' * 200}),
       ('name of 200 characters, blanks at the ends among them', {'name': ' ' + 'n' * 198 + ' '}),
       ('e-mail with a tag', {'email': 'nora+isms@mail.example.org'}),
       ('each role: top management', {'role': 'top_management'}),
       ('each role: ISMS manager', {'role': 'isms_manager'}),
       ('each role: department head', {'role': 'department_head'}),
       ('each role: auditor', {'role': 'auditor'}),
       ('external, of a department', {'external': True, 'department': 'Consultants', 'job_title': 'Advisor'}),
       ('inactive from the start', {'active': False}))
def test_create_takes(org, over):
    taken(org.isms.client, 'POST', PEOPLE, body(**over))


def test_all_violations_at_once(org):
    wrong = {'name': '', 'email': 'nowhere', 'role': 'emperor', 'external': 3, 'surname': 'New', 'id': 'x'}
    refused(org.isms.client, 'POST', PEOPLE, wrong, 422, 'body.length', 'person.email.format', 'body.enum',
            'body.type', 'body.unknown_field', 'body.read_only')


# ---- changing

@cases('change, pointer, rule',
       ('name cleared', {'name': None}, '#/name', 'person.name.required'),
       ('e-mail cleared', {'email': None}, '#/email', 'person.email.required'),
       ('role cleared', {'role': None}, '#/role', 'person.role.required'),
       ('name blank', {'name': ' '}, '#/name', 'body.length'),
       ('role unknown', {'role': 'boss'}, '#/role', 'body.enum'),
       ('e-mail of two characters', {'email': 'n@'}, '#/email', 'person.email.format'),
       ('e-mail malformed', {'email': 'nora'}, '#/email', 'person.email.format'),
       ('e-mail of another', {'email': 'TOP@example.org'}, '#/email', 'person.email.unique'),
       ('updated_at', {'updated_at': '2026-01-01T00:00:00.000Z'}, '#/updated_at', 'body.read_only'),
       ('unknown member', {'boss': True}, '#/boss', 'body.unknown_field'))
def test_change_refuses(org, change, pointer, rule):
    nora = org.person()
    refused(org.isms.client, 'PATCH', f'{PEOPLE}/{nora["id"]}', change, 422, rule, at=pointer)
    assert org.get(f'{PEOPLE}/{nora["id"]}') == nora


@cases('email, other',
       ('Latin', 'müller@example.org', 'MÜLLER@example.org'),
       ('Latin, the smaller one second', 'ŽIŽEK@example.org', 'žižek@EXAMPLE.org'),
       ('Cyrillic, the domain too', 'иван@пример.рф', 'Иван@ПРИМЕР.рф'),
       ('beyond the BMP', '𐐀@example.org', '𐐨@example.org'))
def test_an_email_beyond_ascii_is_unique_in_any_case_too(org, email, other):
    first, second = org.person(email=email), org.person()
    refused(org.isms.client, 'POST', PEOPLE, body(email=other), 422, 'person.email.unique', at='#/email')
    refused(org.isms.client, 'PATCH', f'{PEOPLE}/{second["id"]}', {'email': other}, 422, 'person.email.unique')
    # One's own may be written otherwise; what differs in more than case is another address.
    assert taken(org.isms.client, 'PATCH', f'{PEOPLE}/{first["id"]}', {'email': other})['email'] == other
    for different in ('é' + email, 'ß' + email[1:]):
        taken(org.isms.client, 'POST', PEOPLE, body(email=different))


def test_change_of_ones_own_email_in_another_case(org):
    nora = org.person()
    changed = taken(org.isms.client, 'PATCH', f'{PEOPLE}/{nora["id"]}', {'email': 'Nora@Example.org'})
    assert changed['version'] == 2


def test_optional_members_can_be_cleared(org):
    nora = org.person(job_title='Clerk', department='IT')
    changed = taken(org.isms.client, 'PATCH', f'{PEOPLE}/{nora["id"]}', {'job_title': None, 'department': None})
    assert (changed['job_title'], changed['department']) == (None, None)


def test_person_by_email_in_any_case(org):
    assert org.get(f'{PEOPLE}/employee@example.org')['id'] == org.employee.id
    assert org.get(f'{PEOPLE}/EMPLOYEE@example.org')['id'] == org.employee.id


# ---- leaving

WAYS_OUT = (('by PATCH', 'PATCH', '', {'active': False}), ('by the verb', 'VERB', '/deactivate', {}))


@cases('method, verb, change', *WAYS_OUT)
def test_leaves_without_commitments(org, method, verb, change):
    gone = taken(org.isms.client, method, f'{PEOPLE}/{org.head2.id}{verb}', change)
    assert gone['active'] is False and gone['version'] == 2
    back = org.do(f'{PEOPLE}/{org.head2.id}/activate')
    assert back['active'] is True


@cases('method, verb, change', *WAYS_OUT)
def test_open_commitments_hold(org, method, verb, change):
    review = org.running_review()
    decision = org.adopted(review, owner_id=org.head.id)
    item = org.action_item(decision, owner_id=org.head.id)
    answer = refused(org.isms.client, method, f'{PEOPLE}/{org.head.id}{verb}', change, 409,
                     'person.deactivate.open_commitments')
    details = [violation['detail'] for violation in answer.violations]
    assert len(details) == 2
    assert all(any(record['reference'] in detail for detail in details) for record in (decision, item))
    assert org.get(f'{PEOPLE}/{org.head.id}')['active'] is True


@cases('state',
       ('open', lambda org, item: None),
       ('in progress', lambda org, item: org.do(f'/v1/action-items/{item["id"]}/start')),
       ('blocked', lambda org, item: (org.do(f'/v1/action-items/{item["id"]}/start'),
                                      org.do(f'/v1/action-items/{item["id"]}/block', {'reason': 'No room'}))))
def test_an_open_action_item_holds_its_owner(org, state):
    state(org, org.action_item(org.adopted(org.running_review())))
    refused(org.isms.client, 'PATCH', f'{PEOPLE}/{org.employee.id}', {'active': False}, 409,
            'person.deactivate.open_commitments')


def test_a_proposed_decision_holds_its_owner(org):
    org.decision(org.running_review())
    refused(org.isms.client, 'PATCH', f'{PEOPLE}/{org.head.id}', {'active': False}, 409,
            'person.deactivate.open_commitments')


def test_a_decision_that_requires_no_action_holds_its_owner_until_it_is_adopted(org):
    decision = org.no_change(org.running_review())
    leave = f'{PEOPLE}/{org.head.id}/deactivate'
    refused(org.isms.client, 'VERB', leave, {}, 409, 'person.deactivate.open_commitments')
    org.adopt(decision)
    taken(org.isms.client, 'VERB', leave, {})


@cases('fulfil',
       ('closed', lambda org, item: org.closed(item)),
       ('cancelled', lambda org, item: org.cancelled_item(item)),
       ('passed on', lambda org, item: org.amendment(item, owner_id=org.employee2.id)))
def test_fulfilled_action_items_let_their_owner_go(org, fulfil):
    fulfil(org, org.action_item(org.adopted(org.running_review())))
    org.change(f'{PEOPLE}/{org.employee.id}', {'active': False})


@cases('verb, arguments',
       ('rejected', 'reject', {'reason': 'Too expensive'}),
       ('withdrawn', 'withdraw', {'reason': 'No longer needed'}))
def test_ended_decisions_let_their_owner_go(org, verb, arguments):
    decision = org.decision(org.running_review())
    org.do(f'/v1/decisions/{decision["id"]}/{verb}', arguments)
    org.change(f'{PEOPLE}/{org.head.id}', {'active': False})


# ---- no new role for who has left

def leave(org, person):
    org.change(f'{PEOPLE}/{person.id}', {'active': False})
    return person


@cases('who, method, path, request_body, pointer',
       ('chair of a new review', 'top2', 'POST', lambda org, o: '/v1/reviews',
        lambda org, o: org.review_body(chair_id=org.top2.id), '#/chair_id'),
       ('chair of a review by PATCH', 'top2', 'PATCH', lambda org, o: f'/v1/reviews/{o["review"]["id"]}',
        lambda org, o: {'chair_id': org.top2.email}, '#/chair_id'),
       ('attendee', 'employee2', 'POST', lambda org, o: f'/v1/reviews/{o["review"]["id"]}/attendees',
        lambda org, o: org.attendee_body(person_id=org.employee2.id), '#/person_id'),
       ('presenter of a new input', 'employee2', 'POST', lambda org, o: f'/v1/reviews/{o["review"]["id"]}/inputs',
        lambda org, o: org.input_body(presenter_id=org.employee2.id), '#/presenter_id'),
       ('presenter by PATCH', 'employee2', 'PATCH',
        lambda org, o: f'/v1/inputs/{org.input_of(o["review"], "a")["id"]}',
        lambda org, o: {'presenter_id': org.employee2.id}, '#/presenter_id'),
       ('owner of a new decision', 'head2', 'POST', lambda org, o: f'/v1/reviews/{o["review"]["id"]}/decisions',
        lambda org, o: org.decision_body(o['review'], owner_id=org.head2.id), '#/owner_id'),
       ('owner of a proposed decision', 'head2', 'PATCH', lambda org, o: f'/v1/decisions/{o["proposed"]["id"]}',
        lambda org, o: {'owner_id': org.head2.id}, '#/owner_id'),
       ('owner of a new action item', 'head2', 'POST',
        lambda org, o: f'/v1/decisions/{o["adopted"]["id"]}/action-items',
        lambda org, o: org.action_item_body(owner_id=org.head2.id), '#/owner_id'),
       ('new owner by amendment', 'head2', 'POST', lambda org, o: f'/v1/action-items/{o["item"]["id"]}/amendments',
        lambda org, o: org.amendment_body(owner_id=org.head2.id), '#/owner_id'),
       ('approver of an amendment', 'isms2', 'POST', lambda org, o: f'/v1/decisions/{o["adopted"]["id"]}/amendments',
        lambda org, o: org.amendment_body(owner_id=org.head2.id, approved_by_id=org.isms2.id), '#/approved_by_id'),
       ('approver of a cancellation', 'top2', 'VERB', lambda org, o: f'/v1/action-items/{o["item"]["id"]}/cancel',
        lambda org, o: {'reason': 'Not needed', 'approved_by_id': org.top2.id}, '#/approved_by_id'))
def test_nothing_new_for_inactive_people(org, who, method, path, request_body, pointer):
    review = org.running_review()
    made_so_far = {'review': review, 'proposed': org.decision(review), 'adopted': org.adopted(review)}
    made_so_far['item'] = org.action_item(made_so_far['adopted'])
    leave(org, getattr(org, who))
    refused(org.isms.client, method, path(org, made_so_far), request_body(org, made_so_far), 422,
            'reference.person.inactive', at=pointer)


def test_what_somebody_did_who_has_left_since_is_still_written_down(org):
    """Who decided at the meeting, who looked at the item, whom another one stood in for: none of it is a new part."""
    review = org.running_review()
    org.attendee(review, person_id=org.top2.id, capacity='decision_maker', attendance='attended')
    item = org.action_item(org.adopted(review))
    for person in (org.top2, org.employee2):
        leave(org, person)
    assert org.decision(review, decided_by_id=org.top2.id)['decided_by_id'] == org.top2.id
    assert org.follow_up(item, performed_by_id=org.employee2.id)['performed_by_id'] == org.employee2.id
    stood_in = org.attendee(review, person_id=org.head2.id, delegate_for_id=org.employee2.id)
    assert stood_in['delegate_for_id'] == org.employee2.id


def test_what_named_someone_before_they_left_stays_as_it_is(org):
    review = org.review(chair_id=org.top2.id)
    leave(org, org.top2)
    assert org.change(f'/v1/reviews/{review["id"]}', {'title': 'Another title'})['chair_id'] == org.top2.id


@cases('over, rule',
       ('unknown id', {'chair_id': '01930000-0000-7000-8000-000000000000'}, 'reference.not_found'),
       ('unknown e-mail', {'chair_id': 'nobody@example.org'}, 'reference.not_found'),
       ('the id of something else', lambda org: {'chair_id': org.review()['id']}, 'reference.not_found'))
def test_a_person_must_exist(org, over, rule):
    refused(org.isms.client, 'POST', '/v1/reviews', org.review_body(**made(over, org)), 422, rule, at='#/chair_id')
