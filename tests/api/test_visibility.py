"""Section 3 of the contract: who sees what. What one may not see answers as what does not exist, to the byte.

Each way there is tried: the record, what hangs from it, lists, counts, words, filters, history, and references that
are named in a body.
"""

import pytest

from support import ABSENT_ID, ABSENT_REFERENCE, fill, if_match, plain, shared, walk  # noqa: F401 (fixture)

ROLES = ('top', 'isms', 'head', 'employee', 'auditor')

# Who reads a review without having attended it.
READERS = {
    'public': ('top', 'isms', 'head', 'employee', 'auditor'),
    'internal': ('top', 'isms', 'head', 'auditor'),
    'confidential': ('top', 'isms', 'auditor'),
    'restricted': ('isms', 'auditor'),
}
HIDDEN = [(role, classification) for classification, readers in READERS.items() for role in ROLES
          if role not in readers]
SHOWN = [(role, classification) for classification, readers in READERS.items() for role in readers]

# The review and all that hangs from it.
PATHS = [
    '/v1/reviews/{review}', '/v1/reviews/{reference}', '/v1/reviews/{review}/history',
    '/v1/reviews/{reference}/history', '/v1/reviews/{review}/readiness', '/v1/reviews/{review}/carried-action-items',
    '/v1/reviews/{review}/revisions', '/v1/reviews/{review}/attendees', '/v1/reviews/{reference}/attendees',
    '/v1/reviews/{review}/inputs', '/v1/reviews/{review}/inputs?count=true', '/v1/reviews/{review}/decisions',
    '/v1/attendees/{attendee}', '/v1/attendees/{attendee}/history',
    '/v1/inputs/{input}', '/v1/inputs/{input}/history',
    '/v1/decisions/{decision}', '/v1/decisions/{decision_reference}', '/v1/decisions/{decision}/history',
    '/v1/decisions/{decision}/amendments', '/v1/decisions/{decision}/action-items',
    '/v1/action-items/{item}', '/v1/action-items/{item_reference}', '/v1/action-items/{item}/history',
    '/v1/action-items/{item}/amendments', '/v1/action-items/{item}/follow-ups',
    '/v1/follow-ups/{follow_up}', '/v1/amendments/{amendment}', '/v1/amendments/{decision_amendment}',
    '/v1/reviews/{review}/attachments', '/v1/decisions/{decision}/attachments', '/v1/action-items/{item}/attachments',
    '/v1/attachments/{attachment}', '/v1/attachments/{attachment}/content', '/v1/attachments/{attachment}/history',
]

# Writes, by a caller whose role would often allow them.
WRITES = [
    ('PATCH', '/v1/reviews/{review}', {'title': 'x'}),
    ('PATCH', '/v1/reviews/{reference}', {'colour': 'red'}),
    ('POST', '/v1/reviews/{review}/conclude', {}),
    ('POST', '/v1/reviews/{review}/attendees', {}),
    ('POST', '/v1/reviews/{review}/inputs', {}),
    ('POST', '/v1/reviews/{review}/decisions', {'colour': 'red'}),
    ('PATCH', '/v1/attendees/{attendee}', {}),
    ('PATCH', '/v1/inputs/{input}', {'title': None}),
    ('POST', '/v1/inputs/{input}/withdraw', {}),
    ('PATCH', '/v1/decisions/{decision}', {}),
    ('POST', '/v1/decisions/{decision}/adopt', {}),
    ('POST', '/v1/decisions/{decision}/amendments', {}),
    ('POST', '/v1/decisions/{decision_reference}/action-items', {}),
    ('PATCH', '/v1/action-items/{item}', {}),
    ('POST', '/v1/action-items/{item}/start', {}),
    ('POST', '/v1/action-items/{item_reference}/follow-ups', {}),
    ('POST', '/v1/action-items/{item}/amendments', {}),
]

ABSENT = {'reference': ABSENT_REFERENCE['MR'], 'decision_reference': ABSENT_REFERENCE['DEC'],
          'item_reference': ABSENT_REFERENCE['ACT']}


def whole(org, classification, attendees=()):
    """A review of top2 and isms2, with one of each that may hang from a review, all of it theirs alone."""
    review = org.review(title=f'Zebra {classification}', classification=classification, chair_id=org.top2.id)
    for person in (org.isms2, *attendees):
        attendee = org.attendee(review, person_id=person.id)
    org.start(review)
    word = f'zebra{classification}'
    one = org.input(review, title=f'Input {word}')
    decision = org.adopted(review, decided_by_id=org.top2.id, owner_id=org.isms2.id, title=f'Decision {word}')
    item = org.action_item(decision, owner_id=org.isms2.id, title=f'Item {word}')
    by_top2 = {'approved_by_id': org.top2.id}
    return {
        'review': review['id'], 'reference': review['reference'], 'attendee': attendee['id'], 'input': one['id'],
        'decision': decision['id'], 'decision_reference': decision['reference'],
        'item': item['id'], 'item_reference': item['reference'],
        'follow_up': org.follow_up(item, note=f'Follow-up {word}')['id'],
        'amendment': org.amendment(item, deadline=org.day(50), **by_top2)['id'],
        'attachment': org.attach(f'/v1/action-items/{item["id"]}', name=f'Attachment {word}.txt')['id'],
        'decision_amendment': org.amendment(decision, deadline=org.day(95), **by_top2)['id'],
    }


@pytest.fixture(scope='module')
def reviews(shared):
    return {classification: whole(shared, classification) for classification in READERS}


@pytest.fixture(scope='module')
def attended(shared):
    """The same, but all five were there."""
    everybody = [getattr(shared, role) for role in ROLES]
    return {classification: whole(shared, classification, everybody) for classification in READERS}


def same_as_absent(client, method, path, records, body=None, **headers):
    """Two requests, for what is there and for what never was: one answer."""
    headers = {'X_Request_Id': 'same-for-both', **if_match(method, path), **headers}
    absent = {name: ABSENT.get(name, ABSENT_ID) for name in records}
    hidden = plain(client, method, fill(path, records), body, **headers)
    nothing = plain(client, method, fill(path, absent), body, **headers)
    assert nothing.status == 404, (path, nothing)
    assert (hidden.status, hidden.body) == (nothing.status, nothing.body), (path, hidden)
    assert hidden.names() == nothing.names(), path


# ---- records and what hangs from them


@pytest.mark.parametrize('role, classification', SHOWN)
def test_who_reads_a_review_reads_all_of_it(shared, reviews, role, classification):
    for path in PATHS:
        getattr(shared, role).client.get(fill(path, reviews[classification])).expect(200)


@pytest.mark.parametrize('classification', READERS)
@pytest.mark.parametrize('role', ROLES)
def test_who_attended_reads_all_of_it_whatever_its_classification(shared, attended, role, classification):
    for path in PATHS:
        getattr(shared, role).client.get(fill(path, attended[classification])).expect(200)


@pytest.mark.parametrize('role, classification', HIDDEN)
def test_the_hidden_is_as_the_absent(shared, reviews, role, classification):
    client, records = getattr(shared, role).client, reviews[classification]
    for path in PATHS:
        same_as_absent(client, 'GET', path, records)
        same_as_absent(client, 'HEAD', path, records)
        same_as_absent(client, 'GET', path, records, If_None_Match='*')
    for method, path, body in WRITES:
        same_as_absent(client, method, path, records, body)
        same_as_absent(client, method, f'{path}?dry_run=true', records, body)


def test_a_query_that_does_not_parse_tells_nothing_either(shared, reviews):
    path = '/v1/reviews/{}/inputs?colour=red'
    answers = [plain(shared.employee.client, 'GET', path.format(one), X_Request_Id='same-for-both')
               for one in (reviews['restricted']['review'], ABSENT_ID)]
    assert answers[0].status == 400 and answers[0].body == answers[1].body


# ---- lists

LISTS = {'reviews': 'review', 'inputs': 'input', 'decisions': 'decision', 'action-items': 'item',
         'follow-ups': 'follow_up'}


@pytest.mark.parametrize('collection, name', LISTS.items())
@pytest.mark.parametrize('role', ROLES)
def test_lists_and_counts_hold_what_one_may_see(shared, reviews, attended, role, collection, name):
    client = getattr(shared, role).client
    listed = [one['id'] for one in walk(client, f'/v1/{collection}?limit=7')]
    for classification, readers in READERS.items():
        assert (reviews[classification][name] in listed) == (role in readers), classification
        assert attended[classification][name] in listed
    assert client.get(f'/v1/{collection}?count=true&limit=1').expect(200).json['total'] == len(listed)


@pytest.mark.parametrize('role, classification', HIDDEN + SHOWN)
def test_words_find_what_one_may_see(shared, reviews, role, classification):
    client, expected = getattr(shared, role).client, (role, classification) in SHOWN
    for collection, name in LISTS.items():
        word = f'zebra%20{classification}' if name == 'review' else f'zebra{classification}'
        found = client.get(f'/v1/{collection}?q={word}&count=true').expect(200).json
        assert (reviews[classification][name] in [one['id'] for one in found['data']]) == expected
        assert found['total'] == len(found['data'])


@pytest.mark.parametrize('role, classification', HIDDEN)
def test_filters_by_the_hidden_are_as_filters_by_the_absent(shared, reviews, role, classification):
    client, records = getattr(shared, role).client, reviews[classification]
    for path, name in (('/v1/inputs?review_id={}', 'review'), ('/v1/decisions?review_id={}', 'review'),
                       ('/v1/decisions?count=true&review_id={}', 'reference'),
                       ('/v1/action-items?decision_id={}', 'decision'),
                       ('/v1/action-items?decision_id={}', 'decision_reference'),
                       ('/v1/action-items?review_id={}', 'reference'), ('/v1/follow-ups?action_item_id={}', 'item'),
                       ('/v1/follow-ups?action_item_id={}', 'item_reference')):
        absent = ABSENT.get(name, ABSENT_ID)
        hidden, nothing = (plain(client, 'GET', path.format(one), X_Request_Id='same-for-both')
                           for one in (records[name], absent))
        assert hidden.status == nothing.status
        assert hidden.body.replace(records[name].encode(), b'?') == nothing.body.replace(absent.encode(), b'?')


def test_what_is_carried_over_tells_no_more_than_one_may_see(shared, reviews):
    """An employee attends a later review: the items that it carries from a restricted one stay hidden."""
    later = shared.running_review()
    path, item = f'/v1/reviews/{later["id"]}', reviews['restricted']
    assert item['item'] in [one['id'] for one in walk(shared.isms.client, f'{path}/carried-action-items')]
    for view in ('carried-action-items', 'readiness'):
        body = shared.employee.client.get(f'{path}/{view}').expect(200).body.decode()
        assert item['item'] not in body and item['item_reference'] not in body


# ---- records that a violation names

UNSEEN = 'something that you may not see'


def named_in(answer, rule):
    """The details of one rule, and in them nothing of the hidden: it stands last, in one, however much it is."""
    return [violation['detail'] for violation in answer.json['violations'] if violation['rule'] == rule]


def behind_closed_doors(org, **over):
    """A running review that top, head and employee do not see, with an adopted decision."""
    review = org.review(title='Behind closed doors', classification='restricted', chair_id=org.top2.id)
    org.attendee(review, person_id=org.isms2.id)
    org.start(review)
    return org.adopted(review, **{'decided_by_id': org.top2.id, 'owner_id': org.isms2.id, **over})


def names_but(details, shown, *hidden):
    """One detail for what may be seen, and one for all the rest, which names none of it."""
    assert len(details) == 2, details
    assert shown['reference'] in details[0] and UNSEEN in details[1].lower(), details
    for record in hidden:
        assert not any(record[name] in detail for name in ('id', 'reference', 'title') for detail in details), details


@pytest.mark.parametrize('role', ['top', 'head', 'employee'])
def test_who_leaves_is_held_by_nothing_that_has_a_name(org, role):
    owner = org.person(email='leaver@example.org')
    hidden = behind_closed_doors(org, owner_id=owner['id'], title='Hidden decision')
    items = [org.action_item(hidden, owner_id=owner['id'], title=f'Hidden item {n}') for n in range(2)]
    open_review = org.running_review(classification='public')
    shown = org.action_item(org.adopted(open_review), owner_id=owner['id'])
    for method, path, body in (('POST', '/deactivate', {}), ('PATCH', '', {'active': False})):
        answer = plain(getattr(org, role).client, method, f'/v1/people/{owner["id"]}{path}', body, If_Match='*')
        assert answer.status == 403
        names_but(named_in(answer, 'person.deactivate.open_commitments'), shown, hidden, *items)
    told = plain(org.isms.client, 'POST', f'/v1/people/{owner["id"]}/deactivate', {}, If_Match='*')
    assert len(named_in(told, 'person.deactivate.open_commitments')) == 4


def test_a_sooner_deadline_names_no_hidden_items(org):
    """top owns the decision and one of its items, and sees nothing else of the review."""
    decision = behind_closed_doors(org, owner_id=org.top.id)
    shown = org.action_item(decision, owner_id=org.top.id)
    items = [org.action_item(decision, title=f'Hidden item {n}') for n in range(2)]
    body = org.amendment_body(deadline=org.day(10))
    answer = plain(org.top.client, 'POST', f'/v1/decisions/{decision["id"]}/amendments', body)
    assert answer.status == 422
    names_but(named_in(answer, 'action_item.deadline.after_decision'), shown, *items)


def test_a_review_names_no_hidden_items_that_it_carries(org):
    decision = behind_closed_doors(org)
    items = [org.action_item(decision, title=f'Hidden item {n}') for n in range(2)]
    shown = org.action_item(decision, owner_id=org.top.id)
    later = org.running_review()
    conclude = plain(org.top.client, 'POST', f'/v1/reviews/{later["id"]}/conclude', org.conclude_body(), If_Match='*')
    for answer in (conclude, plain(org.top.client, 'GET', f'/v1/reviews/{later["id"]}/readiness')):
        names_but(named_in(answer, 'review.conclude.carried_action_items'), shown, *items)


# ---- references named in a body


@pytest.mark.parametrize('path, body, member, hidden', [
    ('/v1/reviews/{review}/decisions', lambda org, records: org.decision_body(records['review_record']),
     'input_ids', 'input'),
    ('/v1/decisions/{decision}/action-items', lambda org, records: org.action_item_body(), 'predecessor_id', 'item'),
    ('/v1/decisions/{decision}/action-items', lambda org, records: org.action_item_body(), 'predecessor_id',
     'item_reference'),
    ('/v1/action-items/{item}/follow-ups', lambda org, records: org.follow_up_body(), 'review_id', 'review'),
    ('/v1/action-items/{item}/follow-ups', lambda org, records: org.follow_up_body(), 'review_id', 'reference'),
    ('/v1/action-items/{item}/follow-ups', lambda org, records: org.follow_up_body(), 'supersedes_id', 'follow_up'),
])
def test_a_reference_to_the_hidden_names_nothing(shared, reviews, path, body, member, hidden):
    """top may write here, and has not attended the restricted review that the reference leads to."""
    review = shared.running_review()
    decision = shared.adopted(review)
    item = shared.action_item(decision)
    records = {'review': review['id'], 'decision': decision['id'], 'item': item['id'], 'review_record': review}
    path = fill(f'{path}?dry_run=true', {name: records[name] for name in ('review', 'decision', 'item')})
    answers = []
    for one in (reviews['restricted'][hidden], ABSENT.get(hidden, ABSENT_ID)):
        value = [one] if member.endswith('_ids') else one
        answer = plain(shared.top.client, 'POST', path, body(shared, records) | {member: value},
                       X_Request_Id='same-for-both')
        assert answer.status == 422, answer
        assert {violation['rule'] for violation in answer.json['violations']} == {'reference.not_found'}
        answers.append(answer.body.replace(one.encode(), b'?'))
    assert answers[0] == answers[1]


# ---- one's own


@pytest.mark.parametrize('owner', ['employee2', 'head2', 'top'])
def test_an_owner_sees_the_item_and_what_it_is_called_that_it_hangs_from(shared, owner):
    """The item with its follow-ups and history; of decision and review just title and reference."""
    review = shared.review(title='Behind closed doors', classification='restricted', chair_id=shared.top2.id)
    shared.attendee(review, person_id=shared.isms2.id)
    shared.start(review)
    decision = shared.adopted(review, decided_by_id=shared.top2.id, owner_id=shared.isms2.id)
    item = shared.action_item(decision, owner_id=getattr(shared, owner).id)
    shared.follow_up(item)
    client, path = getattr(shared, owner).client, f'/v1/action-items/{item["id"]}'
    seen = client.get(path).expect(200).json
    assert (seen['review_reference'], seen['review_title']) == (review['reference'], review['title'])
    assert (seen['decision_reference'], seen['decision_title']) == (decision['reference'], decision['title'])
    for below in ('history', 'follow-ups', 'amendments'):
        client.get(f'{path}/{below}').expect(200)
    assert len(walk(client, f'{path}/follow-ups')) == 1
    assert item['id'] in [one['id'] for one in walk(client, '/v1/action-items?limit=200')]
    for other in (f'/v1/decisions/{decision["id"]}', f'/v1/reviews/{review["reference"]}',
                  f'/v1/reviews/{review["id"]}/inputs', f'/v1/decisions/{decision["reference"]}/history'):
        client.get(other).expect(404)
    # Who owns it no more sees it no more.
    shared.amendment(item, owner_id=shared.isms.id, approved_by_id=shared.top2.id)
    client.get(path).expect(404)
    assert item['id'] not in [one['id'] for one in walk(client, '/v1/action-items?limit=200')]


@pytest.mark.parametrize('owner', ['employee2', 'head2', 'top'])
def test_an_owner_sees_the_decision(shared, owner):
    review = shared.review(title='Behind closed doors', classification='restricted', chair_id=shared.top2.id)
    shared.attendee(review, person_id=shared.isms2.id)
    shared.start(review)
    decision = shared.adopted(review, decided_by_id=shared.top2.id, owner_id=getattr(shared, owner).id)
    client = getattr(shared, owner).client
    seen = client.get(f'/v1/decisions/{decision["reference"]}').expect(200).json
    assert (seen['review_reference'], seen['review_title']) == (review['reference'], review['title'])
    assert decision['id'] in [one['id'] for one in walk(client, '/v1/decisions?limit=200')]
    client.get(f'/v1/decisions/{decision["id"]}/history').expect(200)
    client.get(f'/v1/reviews/{review["id"]}').expect(404)
    client.get(f'/v1/reviews/{review["id"]}/decisions').expect(404)
    for input_id in decision['input_ids']:
        client.get(f'/v1/inputs/{input_id}').expect(404)


def test_ones_own_is_found_by_what_it_hangs_from(shared):
    """By its reference as by its id: the record shows both. What else hangs from there stays hidden."""
    decision = behind_closed_doors(shared)
    mine = shared.action_item(decision, owner_id=shared.employee2.id)
    shared.action_item(decision)
    own = behind_closed_doors(shared, owner_id=shared.employee2.id)
    for path, name, found in (('action-items?review_id', 'review_id', mine), ('action-items?decision_id', 'id', mine),
                              ('decisions?review_id', 'review_id', own)):
        record = decision if found is mine else own
        by_reference = record['review_reference'] if name == 'review_id' else record['reference']
        for value in (record[name], by_reference):
            listed = shared.employee2.client.get(f'/v1/{path}={value}&count=true').expect(200).json
            assert [one['id'] for one in listed['data']] == [found['id']] and listed['total'] == 1, (path, value)


def test_a_filter_tells_no_reference_that_the_record_does_not(shared):
    """Of the item before one's own just the id is shown: trying references must not tell which one has it."""
    decision = behind_closed_doors(shared)
    before = shared.action_item(decision)
    mine = shared.action_item(decision, owner_id=shared.employee2.id, predecessor_id=before['id'])
    path = '/v1/action-items?predecessor_id={}'
    for value, found in ((before['id'], [mine['id']]), (before['reference'], [])):
        listed = shared.employee2.client.get(path.format(value)).expect(200).json['data']
        assert [one['id'] for one in listed] == found


def owned_behind_closed_doors(org):
    """A decision and an action item of employee2, in a review that he does not see."""
    decision = behind_closed_doors(org, owner_id=org.employee2.id)
    item = org.action_item(decision, owner_id=org.employee2.id)
    return {'decision': decision['id'], 'item': item['id']}


REFUSED_WRITES = [
    ('PATCH', '/v1/decisions/{decision}', {'decided_by_id': 'top@example.org', 'kind': 'no_change', 'colour': 'red'}),
    ('POST', '/v1/decisions/{decision}/adopt', {}),
    ('POST', '/v1/decisions/{decision}/reject', {}),
    ('POST', '/v1/decisions/{decision}/implement', {}),
    ('POST', '/v1/decisions/{decision}/supersede', []),
    ('POST', '/v1/decisions/{decision}/amendments', {}),
    ('POST', '/v1/decisions/{decision}/action-items', {}),
    ('PATCH', '/v1/action-items/{item}', {'deadline': '2020-01-01'}),
    ('POST', '/v1/action-items/{item}/cancel', {}),
    ('POST', '/v1/action-items/{item}/amendments', {}),
    ('POST', '/v1/action-items/{item}/follow-ups', {'kind': 'effectiveness'}),
]


@pytest.mark.parametrize('method, path, body', REFUSED_WRITES, ids=[f'{line[0]} {line[1]}' for line in REFUSED_WRITES])
def test_a_refused_owner_learns_nothing_of_what_is_hidden(shared, method, path, body):
    """What else is wrong would tell who attends, or in what state the review is."""
    client, path = shared.employee2.client, fill(path, owned_behind_closed_doors(shared))
    for each in (path, f'{path}?dry_run=true'):
        answer = plain(client, method, each, body, **if_match(method, path))
        assert answer.status == 403, answer
        assert [violation['rule'] for violation in answer.json['violations']] == ['access.role'], answer


def test_a_refused_owner_who_sees_the_review_is_told_all(shared):
    review = shared.review(classification='public', chair_id=shared.top2.id)
    decision = shared.decision(review, decided_by_id=shared.top2.id, owner_id=shared.employee2.id)
    answer = shared.employee2.client.verb(f'/v1/decisions/{decision["id"]}/adopt', {}).expect(403, also=True)
    assert answer.rules == {'access.role', 'decision.decided_on.required', 'decision.adopt.review_open'}


def test_an_owner_who_may_is_told_all(shared):
    """employee2 may work on the item, and hears what is wrong with what is sent."""
    path = f'/v1/action-items/{owned_behind_closed_doors(shared)["item"]}/block'
    shared.employee2.client.verb(path, {}).expect(422, 'action_item.reason.required')


# ---- changes of what may be seen


def test_a_follow_up_names_no_review_that_one_does_not_see(org):
    """The action item is of a review that is seen, and was looked at in one that is not."""
    item = org.action_item(org.adopted(org.running_review()))
    later = org.running_review(title='Restricted', classification='restricted')
    org.do(f'/v1/attendees/{next(one for one in org.attendees(later) if one["person_id"] == org.head.id)["id"]}/withdraw',
           {'reason': 'Not of this circle'})
    follow_up = org.follow_up(item, review_id=later['id'])
    then, path, listed = follow_up['created_at'], f'/v1/follow-ups/{follow_up["id"]}', f'/v1/action-items/{item["id"]}/follow-ups'
    ways = (path, f'{path}/history', listed, f'{listed}?format=csv', f'{listed}?format=ndjson', f'{path}?as_of={then}',
            f'{listed}?as_of={then}', f'/v1/follow-ups?id={follow_up["id"]}')
    for who, sees in ((org.isms, True), (org.auditor, True), (org.head, False), (org.top2, False)):
        for way in ways:
            body = who.client.get(way).expect(200).body.decode()
            assert follow_up['id'] in body or way.endswith('/history')
            assert (later['id'] in body) == sees, (who.name, way)
        found = who.client.get(f'/v1/follow-ups?review_id={later["id"]}&count=true').expect(200).json
        assert (found['total'], len(found['data'])) == (sees, sees)
    assert org.head.client.get(path).json['review_id'] is None
    org.daemon.cli('audit', 'verify')



def test_another_classification_holds_at_once(shared):
    """Of the review, and of what belongs to it, where who sees the review is remembered."""
    review = shared.review(classification='public', chair_id=shared.top2.id)
    paths = one_and_its_inputs(shared, review)
    for classification, readers in READERS.items():
        shared.change(paths[0], {'classification': classification})
        for path in paths:
            for _ in range(2):
                assert tuple(role for role in ROLES if getattr(shared, role).client.get(path).status == 200) == readers


def one_and_its_inputs(shared, review):
    return [f'/v1/reviews/{review["id"]}',
            *(f'/v1/inputs/{item["id"]}' for item in shared.get(f'/v1/reviews/{review["id"]}/inputs')['data'][:2])]


def test_whoever_is_invited_sees_it_at_once(shared):
    review = shared.review(classification='restricted', chair_id=shared.top2.id)
    paths = one_and_its_inputs(shared, review)
    for path in paths:
        shared.employee.client.get(path).expect(404)
    attendee = shared.attendee(review, person_id=shared.employee.id)
    for path in paths:
        shared.employee.client.get(path).expect(200)
    shared.do(f'/v1/attendees/{attendee["id"]}/withdraw', {'reason': 'Not needed after all.'})
    for path in paths:
        shared.employee.client.get(path).expect(404)


def test_a_kept_tag_opens_no_door(shared):
    """If-None-Match with a tag from better times is no way to learn that it is still there."""
    review = shared.review(classification='public', chair_id=shared.top2.id)
    path = f'/v1/reviews/{review["id"]}'
    etag = shared.employee.client.get(path).expect(200).etag
    shared.change(path, {'location': 'Room 1'})
    etag = shared.employee.client.get(path).expect(200).etag
    shared.change(path, {'classification': 'restricted'})
    shared.employee.client.get(path, **{'If-None-Match': etag}).expect(404)
