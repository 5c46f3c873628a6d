"""Contract section 2, follow-up: what it does to its action item, in the same transaction."""

import pytest

from harness import ABSENT
from story import cases, refused, taken, unchanged
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def item(org):
    return org.action_item(org.adopted(org.running_review()))


def one(item):
    return f'/v1/action-items/{item["id"]}'


def of(item):
    return f'{one(item)}/follow-ups'


def start(org, item):
    return org.do(one(item) + '/start')


def block(org, item):
    start(org, item)
    return org.do(one(item) + '/block', {'reason': 'No room'})


def complete(org, item):
    return org.completed(item)


@cases('before', ('open', lambda org, item: None), ('in progress', start))
def test_completion(org, item, before):
    """Completed, whether or not it was begun by the verb."""
    before(org, item)
    taken(org.isms.client, 'POST', of(item), org.completion_body())
    read = org.get(one(item))
    assert (read['status'], read['completed_on'], read['closed_on']) == ('completed', org.day(), None)


def test_not_completed_leaves_it_at_work(org, item):
    start(org, item)
    taken(org.isms.client, 'POST', of(item), org.completion_body(outcome='not_completed'))
    read = org.get(one(item))
    assert (read['status'], read['completed_on']) == ('in_progress', None)


def test_effective_closes_it(org, item):
    completed = complete(org, item)
    taken(org.isms.client, 'POST', of(item), org.effectiveness_body(item))
    read = org.get(one(item))
    assert (read['status'], read['completed_on'], read['closed_on']) == ('closed', org.day(), org.day())
    assert read['version'] == completed['version'] + 1 and read['ended_at'] is not None


@pytest.mark.parametrize('outcome', ['partially_effective', 'not_effective'])
def test_otherwise_it_goes_on(org, item, outcome):
    complete(org, item)
    body = org.effectiveness_body(item, outcome=outcome, next_follow_up_on=org.day(30))
    taken(org.isms.client, 'POST', of(item), body)
    read = org.get(one(item))
    assert (read['status'], read['closed_on'], read['ended_at']) == ('in_progress', None, None)
    # … and only after another completion it is verified again.
    refused(org.isms.client, 'POST', of(item), org.effectiveness_body(item), 409, 'follow_up.effectiveness.completed')
    org.closed(item)


@cases('before',
       ('open', lambda org, item: None),
       ('in progress', start),
       ('blocked', block),
       ('not completed', lambda org, item: org.new(of(item), org.completion_body(outcome='not_completed'))))
def test_effectiveness_only_after_completion(org, item, before):
    before(org, item)
    refused(org.isms.client, 'POST', of(item), org.effectiveness_body(item), 409, 'follow_up.effectiveness.completed')


@pytest.mark.parametrize('end', ['closed', 'cancelled_item'])
@pytest.mark.parametrize('kind', ['progress', 'completion', 'effectiveness'])
def test_none_after_the_end(org, item, end, kind):
    getattr(org, end)(item)
    body = {'progress': org.follow_up_body(), 'completion': org.completion_body(),
            'effectiveness': org.effectiveness_body(item)}[kind]
    refused(org.isms.client, 'POST', of(item), body, 409, 'follow_up.action_item.open', also=True)


@pytest.mark.parametrize('kind', ['progress', 'completion', 'effectiveness'])
def test_a_dry_run_does_nothing_to_it(org, item, kind):
    if kind == 'effectiveness':
        complete(org, item)
    body = {'progress': org.follow_up_body(progress_percent=50), 'completion': org.completion_body(),
            'effectiveness': org.effectiveness_body(item)}[kind]
    unchanged(org, one(item), lambda: org.isms.client.post(of(item) + '?dry_run=true', body).expect(201))


@pytest.mark.parametrize('kind', ['progress', 'completion'])
def test_a_refused_one_does_nothing_to_it(org, item, kind):
    body = (org.follow_up_body if kind == 'progress' else org.completion_body)(
        progress_percent=50, next_follow_up_on=ABSENT)
    unchanged(org, one(item), lambda: org.isms.client.post(of(item), body).expect(422))


def test_what_is_reported_again_changes_nothing(org, item):
    """The follow-up is there; the item has no new version of it."""
    org.new(of(item), org.follow_up_body(progress_percent=40))
    unchanged(org, one(item), lambda: org.new(of(item), org.follow_up_body(progress_percent=40)))
    completed = complete(org, item)
    unchanged(org, one(item), lambda: org.new(of(item), org.completion_body()))
    assert completed['version'] == 3


def test_the_whole_way(org):
    """Open, begun, blocked, resumed, extended, completed, found wanting, completed again, effective: closed."""
    item = org.action_item(org.adopted(org.running_review()))
    start(org, item)
    org.do(one(item) + '/block', {'reason': 'No room'})
    org.do(one(item) + '/unblock')
    org.amendment(item, deadline=org.day(75))
    org.follow_up(item, progress_percent=80, outcome='at_risk')
    complete(org, item)
    wanting = [{'criterion_id': 'c1', 'measured_value': 9}]
    org.new(of(item), org.effectiveness_body(item, outcome='not_effective', criteria_results=wanting,
                                             next_follow_up_on=org.day(20)))
    closed = org.closed(item)
    assert (closed['status'], closed['extension_count'], closed['original_deadline']) == ('closed', 1, org.day(60))
    events = [entry['event'] for entry in org.get(one(item) + '/history')['data']]
    assert events[-1] == 'action_item.create' and events[0] == 'action_item.follow_up'
    assert events.count('action_item.amend') == 1 and 'action_item.block' in events
    kinds = [record['kind'] for record in org.get(of(item) + '?limit=200')['data']]
    assert sorted(kinds) == ['completion', 'completion', 'effectiveness', 'effectiveness', 'progress']
