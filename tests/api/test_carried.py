"""What a later review does with what an earlier one left, and how commitments hold together."""

import pytest

from harness import Client, day


@pytest.fixture
def carried(org):
    """An item of a first review, and a second review in progress that carries it."""
    first = org.running_review()
    item = org.action_item(org.adopted(first))
    return item, org.running_review(), first


def follow_ups(item):
    return f'/v1/action-items/{item["id"]}/follow-ups'


def test_an_item_that_ended_meanwhile_can_still_be_revisited(org, carried):
    """Else the review that carries it could never be concluded."""
    item, second, _ = carried
    org.cancelled_item(item)
    org.concludable(second)
    readiness = org.get(f'/v1/reviews/{second["id"]}/readiness')
    assert [one['rule'] for one in readiness['violations']] == ['review.conclude.carried_action_items']

    org.isms.client.post(follow_ups(item), org.follow_up_body()).expect(409, 'follow_up.action_item.open')
    org.follow_up(item, review_id=second['id'], note='Cancelled in May, and rightly so', progress_percent=30)
    assert org.get(f'/v1/action-items/{item["id"]}')['status'] == 'cancelled'
    assert org.get(f'/v1/action-items/{item["id"]}')['progress_percent'] is None
    assert org.get(f'/v1/reviews/{second["id"]}/readiness')['ready'] is True


def test_what_ended_before_a_review_began_is_not_revisited_in_it(org, carried):
    """It does not carry the item, which stays as it is."""
    item, _, first = carried
    org.cancelled_item(item)
    third = org.running_review()
    answer = org.isms.client.post(follow_ups(item), org.follow_up_body(review_id=third['id']))
    answer.expect(409, 'follow_up.action_item.open')
    answer = org.isms.client.post(follow_ups(item), org.follow_up_body(review_id=first['id']))
    answer.expect(409, 'follow_up.action_item.open', 'follow_up.review.same')


def test_a_review_that_began_earlier_is_not_a_later_one(org, carried):
    _, second, first = carried
    younger = org.action_item(org.adopted(second))
    answer = org.isms.client.post(follow_ups(younger), org.follow_up_body(review_id=first['id']))
    answer.expect(422, 'follow_up.review.same')


def test_the_own_review_that_is_over_breaks_two_rules(org):
    review = org.running_review()
    item = org.action_item(org.adopted(review))
    org.concluded(review)
    answer = org.isms.client.post(follow_ups(item), org.follow_up_body(review_id=review['id']))
    answer.expect(409, 'follow_up.review.same', 'follow_up.review.open')


def test_a_decision_is_not_made_due_before_its_items(org):
    review = org.running_review()
    proposed, adopted = org.decision(review), org.adopted(review)
    for decision in (proposed, adopted):
        org.action_item(decision, deadline=day(60))
    path = f'/v1/decisions/{proposed["id"]}'
    org.isms.client.patch(path, {'deadline': day(59)}).expect(422, 'action_item.deadline.after_decision')
    org.isms.client.patch(path, {'deadline': day(60)}).expect(200)
    path = f'/v1/decisions/{adopted["id"]}/amendments'
    body = org.amendment_body(deadline=day(59))
    org.isms.client.post(path, body).expect(422, 'action_item.deadline.after_decision')


def test_a_commitment_is_not_dropped_by_declaring_that_nothing_is_to_be_done(org):
    decision = org.adopted(org.running_review())
    body = {'action_required': False, 'no_action_reason': 'We thought better of it'}
    answer = org.isms.client.patch(f'/v1/decisions/{decision["id"]}', body)
    answer.expect(422, 'commitment.amendment_required')


def test_a_decision_names_each_input_once(org):
    review = org.running_review()
    one = org.inputs(review)[0]['id']
    answer = org.isms.client.post(f'/v1/reviews/{review["id"]}/decisions',
                                  org.decision_body(review, input_ids=[one, one]))
    answer.expect(422, 'decision.inputs.duplicate')
    assert answer.pointers('decision.inputs.duplicate') == {'#/input_ids/1'}


@pytest.mark.parametrize('member, rule', [
    ('owner_id', 'action_item.owner.required'), ('deadline', 'action_item.deadline.required'),
    ('success_criteria', 'action_item.success_criteria.required')])
def test_an_amendment_takes_nothing_away(org, member, rule):
    item = org.action_item(org.adopted(org.running_review()))
    answer = org.isms.client.post(f'/v1/action-items/{item["id"]}/amendments', org.amendment_body(**{member: None}))
    answer.expect(422, rule, also=True)


def test_who_chairs_is_still_of_top_management_when_it_starts(org):
    review = org.review()
    org.attendee(review)
    org.change(f'/v1/people/{org.top.id}', {'role': 'employee'})
    org.isms.client.verb(f'/v1/reviews/{review["id"]}/start').expect(422, 'review.chair.top_management')


def test_what_is_not_effective_is_not_done_to_the_last_percent(org):
    item = org.completed(org.action_item(org.adopted(org.running_review())))
    assert item['progress_percent'] == 100
    org.new(follow_ups(item), org.effectiveness_body(item, outcome='not_effective', next_follow_up_on=day(10)))
    assert org.get(f'/v1/action-items/{item["id"]}')['progress_percent'] is None


def test_the_log_newest_first_and_by_reference(org):
    review = org.review()
    newest = org.auditor.client.get('/v1/audit-log?sort=-seq&limit=2').expect(200).json
    head = org.auditor.client.get('/v1/audit-log/head').expect(200).json
    assert newest['data'][0]['hash'] == head['hash'] and newest['data'][1]['seq'] == head['seq'] - 1
    rest = org.auditor.client.get(f'/v1/audit-log?sort=-seq&limit=2&cursor={newest["next_cursor"]}').expect(200).json
    assert [one['seq'] for one in rest['data']] == [head['seq'] - 2, head['seq'] - 3]
    for key in (review['id'], review['reference']):
        assert org.auditor.client.get(f'/v1/audit-log?resource_id={key}&count=true').json['total'] == 1
    org.auditor.client.get('/v1/audit-log?sort=hash').expect(400, 'query.invalid')


def test_a_change_has_a_body(org):
    answer = org.isms.client.request('PATCH', f'/v1/people/{org.head.id}', headers={'If-Match': '*'})
    assert (answer.status, answer.json['type']) == (400, '/problems/malformed-request')


def test_no_integer_is_rounded(org):
    one = org.inputs(org.running_review())[4]
    metrics = [{'name': 'bytes', 'value': 9007199254740993}]
    org.isms.client.patch(f'/v1/inputs/{one["id"]}', {'metrics': metrics}).expect(422, 'body.range')


def test_an_item_shows_the_titles_of_its_parents_as_they_are(org):
    """On every connection, after every change; and not as a dry run would have them."""
    review = org.running_review()
    decision = org.adopted(review)
    item = org.action_item(decision)
    for number in range(6):
        title = f'Title number {number}'
        org.change(f'/v1/reviews/{review["id"]}', {'title': title})
        org.change(f'/v1/decisions/{decision["id"]}', {'title': title})
        org.isms.client.patch(f'/v1/reviews/{review["id"]}?dry_run=true', {'title': 'A rehearsal'}).expect(200)
        for _ in range(6):
            seen = Client(org.daemon, org.isms.token).get(f'/v1/action-items/{item["id"]}').expect(200).json
            assert (seen['review_title'], seen['decision_title']) == (title, title)
    started = org.do(f'/v1/action-items/{item["id"]}/start')
    assert started['review_title'] == title
