"""/v1/reviews/{id}/compare: what changed from one review to another, for whoever may see both."""

import pytest

from support import ABSENT_ID, ABSENT_REFERENCE, plain, shared  # noqa: F401 (fixture)


def metric(name, value, **over):
    return {'name': name, 'value': value} | over


def with_inputs(org, review, *inputs):
    return [org.input(review, **one) for one in inputs]


def finding(title, severity='minor', clause='d1'):
    return {'clause': clause, 'title': title, 'severity': severity}


@pytest.fixture
def pair(org):
    """Two reviews, the earlier one concluded with an open action item."""
    first = org.running_review(title='The first', planned_on=org.day(1))
    return first, org.running_review(title='The second', planned_on=org.day(2))


def compared(org, review, other=None, by=None):
    query = f'?with={other["id"]}' if other else ''
    return (by or org.isms).client.get(f'/v1/reviews/{review["id"]}/compare{query}').expect(200).json


def test_figures_by_their_names(org, pair):
    first, second = pair
    percent = {'unit': '%', 'target': 95, 'comparator': 'gte'}
    then, _ = with_inputs(org, first, {'clause': 'd2', 'metrics': [
        metric('patched', 97, **percent), metric('incidents', 3), metric('gone', 1), metric('twice', 1),
        metric('time', 2, unit='h')]}, {'clause': 'd4', 'metrics': [metric('twice', 10), metric('fraction', 0.1)]})
    now, _ = with_inputs(org, second, {'clause': 'd2', 'metrics': [
        metric('patched', 93.5, **percent), metric('incidents', 3), metric('twice', 4), metric('new', 7)]},
        {'clause': 'd4', 'metrics': [metric('twice', 12), metric('fraction', 0.3), metric('time', 90, unit='min')]})
    answer = compared(org, second, first)
    assert answer['review']['id'] == second['id'] and answer['with']['reference'] == first['reference']
    figures = answer['metrics']
    assert [(one['name'], one['change']) for one in figures] == [
        ('patched', -3.5), ('incidents', 0), ('twice', 3), ('new', None), ('twice', 2), ('fraction', 0.2),
        ('time', None), ('gone', None)]
    shown = {'clause': 'd2', 'unit': '%', 'target': 95, 'comparator': 'gte'}
    assert figures[0]['review'] == shown | {'input_id': now['id'], 'value': 93.5, 'on_target': False}
    assert figures[0]['with'] == shown | {'input_id': then['id'], 'value': 97, 'on_target': True}
    assert figures[3]['with'] is None and figures[7]['review'] is None
    assert figures[1]['review']['on_target'] is None
    back = compared(org, first, second)['metrics']
    assert {one['name']: one['change'] for one in back}['patched'] == 3.5


def test_findings_that_came_back(org, pair):
    first, second = pair
    with_inputs(org, first, finding('No backups'), finding('Zu spät'), finding('Once only', clause='d3'),
                {'clause': 'e', 'title': 'Survey'}, {'clause': 'd1', 'title': 'No severity'})
    taken_back = with_inputs(org, first, finding('Taken back'))[0]
    org.do(f'/v1/inputs/{taken_back["id"]}/withdraw', {'reason': 'By mistake'})
    with_inputs(org, second, finding('no BACKUPS', 'major', 'd3'), finding('Zu spät'), finding('Taken back'),
                finding('Another one'), {'clause': 'e', 'title': 'Survey'}, {'clause': 'd1', 'title': 'No severity'})
    found = compared(org, second, first)['repeated_findings']
    assert [(one['review']['title'], one['review']['severity'], one['with']['title'], one['with']['severity'])
            for one in found] == [('no BACKUPS', 'major', 'No backups', 'minor'), ('Zu spät', 'minor', 'Zu spät', 'minor')]
    assert found[0]['review']['clause'] == 'd3' and found[0]['with']['clause'] == 'd1'


def test_decisions_by_kind(org, pair):
    first, second = pair
    org.adopted(first)
    org.adopt(org.no_change(first))
    org.decision(first, title='Only proposed')
    rejected = org.decision(second, title='Rejected')
    org.do(f'/v1/decisions/{rejected["id"]}/reject', {'reason': 'Too dear'})
    org.adopted(second), org.adopted(second, title='Another')
    kinds = compared(org, second, first)['decisions']
    assert len(kinds) == 8
    assert {one['kind']: (one['review'], one['with']) for one in kinds if one['review'] or one['with']} == {
        'corrective_action': (2, 1), 'no_change': (0, 1)}


def test_what_is_still_to_be_done(org):
    first = org.running_review(title='The first', planned_on=org.day(1))
    decision = org.adopted(first)
    kept, followed, done, given_up = (org.action_item(decision, title=title)
                                      for title in ('Kept', 'Followed up', 'Done', 'Given up'))
    second = org.running_review(title='The second', planned_on=org.day(2))
    org.follow_up(followed, review_id=second['id'])
    org.closed(done)
    org.cancelled_item(given_up)
    late = org.action_item(decision, title='Made after the second began')
    own = org.action_item(org.adopted(second), title='Its own')
    items = compared(org, second, first)['open_action_items']
    assert items['with']['total'] == 3 and items['review']['total'] == 1
    assert [(one['id'], one['carried'], one['followed_up']) for one in items['with']['data']] == [
        (kept['id'], True, False), (followed['id'], True, True), (late['id'], False, False)]
    assert [(one['id'], one['carried'], one['status']) for one in items['review']['data']] == [
        (own['id'], False, 'open')]


def test_the_one_before_if_none_is_named(org, pair):
    first, second = pair
    assert compared(org, second)['with']['id'] == first['id']
    nothing = compared(org, first)
    assert nothing['with'] is None and nothing['open_action_items']['with'] == {'total': 0, 'data': []}
    planned = org.review(planned_on=org.day(30))
    assert compared(org, planned)['with']['id'] == second['id']      # itself it was not held yet
    hidden = org.review(planned_on=org.day(3), classification='restricted', chair_id=org.top2.id)
    org.attendee(hidden, person_id=org.isms2.id)
    org.start(hidden)
    assert compared(org, planned)['with']['id'] == hidden['id']
    assert compared(org, planned, by=org.head)['with']['id'] == second['id']


def test_references_will_do_and_one_review_with_itself(org, pair):
    first, second = pair
    path = f'/v1/reviews/{second["reference"]}/compare?with={first["reference"]}'
    answer = org.isms.client.get(path).expect(200)
    assert answer.json == compared(org, second, first)
    org.isms.client.get(path, If_None_Match=answer.etag).expect(304)
    assert compared(org, first, first)['with']['id'] == first['id']


def test_both_have_to_be_seen(org, pair):
    """What may not be seen is as what is not there, on either side."""
    first, _ = pair
    hidden = org.review(classification='restricted', chair_id=org.top2.id, title='Zebra')
    org.attendee(hidden, person_id=org.isms2.id)
    org.start(hidden)
    org.isms.client.get(f'/v1/reviews/{first["id"]}/compare?with={hidden["id"]}').expect(200)
    for client in (org.employee.client, org.head.client, org.top.client):
        for path in ('/v1/reviews/{}/compare?with=' + first['id'], f'/v1/reviews/{first["id"]}/compare?with=' + '{}'):
            answers = [plain(client, 'GET', path.format(one), X_Request_Id='same-for-all')
                       for one in (hidden['id'], hidden['reference'], ABSENT_ID, ABSENT_REFERENCE['MR'])]
            assert {answer.status for answer in answers} == {404}
            assert len({answer.body for answer in answers}) == 1
    # The items of others that an outsider does not see are not counted either.
    secret = org.action_item(org.adopted(hidden, decided_by_id=org.top2.id, owner_id=org.isms2.id),
                             owner_id=org.isms2.id)
    body = org.head.client.get(f'/v1/reviews/{first["id"]}/compare').expect(200).body
    assert secret['id'].encode() not in body and b'Zebra' not in body


@pytest.mark.parametrize('query, status, rule', [
    ('colour=red', 400, 'query.unknown'), ('with=a&with=b', 400, 'query.repeated'), ('with=%ff', 400, 'query.invalid'),
    ('with=', 404, None), ('with=nonsense', 404, None)])
def test_what_is_no_question(shared, query, status, rule):  # noqa: F811
    review = shared.review()
    answer = shared.isms.client.get(f'/v1/reviews/{review["id"]}/compare?{query}')
    answer.expect(status, *([rule] if rule else []))


def test_texts_are_escaped(org, pair):
    first, second = pair
    odd = '"},{<script>\\ \u202e 日本語 🦉\r\n'
    for review in pair:
        with_inputs(org, review, finding(odd) | {'metrics': [metric(odd, 1, unit=odd)]})
    answer = compared(org, second, first)
    assert answer['metrics'][0]['name'] == odd and answer['metrics'][0]['change'] == 0
    assert answer['repeated_findings'][0]['with']['title'] == odd
