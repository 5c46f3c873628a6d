"""`reviewd demo` puts the story of deploy/demo.json into an empty data folder, so that a newcomer finds something."""

from collections import Counter

import pytest

import harness
from player import load, records_held, records_made

JANA = 'jana.stastna@brueckner.example'


@pytest.fixture
def empty():
    """A daemon that was never started, and whose data folder does not exist yet."""
    daemon = harness.Daemon()
    yield daemon
    try:
        daemon.stop()
    finally:
        daemon.discard()


def test_demo_loads_the_story_and_the_daemon_serves_it(empty):
    empty.cli('demo')
    empty.cli('check')
    empty.cli('audit', 'verify')

    empty.start()
    jana = harness.Client(empty, empty.token(JANA))
    assert records_held(jana) == records_made(load())
    reviews = jana.get('/v1/reviews?sort=planned_on').expect(200).json['data']
    assert [review['status'] for review in reviews] == ['approved', 'approved', 'planned']
    assert Counter(item['status'] for item in jana.get('/v1/action-items').expect(200).json['data']) == {
        'closed': 12, 'in_progress': 5, 'completed': 2, 'blocked': 1, 'open': 1, 'cancelled': 1}
    assert jana.get('/v1/action-items?overdue=true&count=true').expect(200).json['total'] == 3

    # It goes on from there like any other: the planned review can be started.
    jana.verb(f'/v1/reviews/{reviews[-1]["id"]}/start').expect(200)


def test_demo_tells_its_story_in_the_past(empty):
    """Its records carry the days of the story, counted from today, and not the day of loading."""
    first_day = load()['steps'][0]['day']
    around_midnight = {harness.day(first_day)}
    empty.cli('demo')
    around_midnight.add(harness.day(first_day))

    empty.start()
    jana = harness.Client(empty, empty.token(JANA))
    first = jana.get('/v1/reviews?sort=planned_on').expect(200).json['data'][0]
    assert first['created_at'][:10] in around_midnight
    assert first['reference'].startswith(f'MR-{first["created_at"][:4]}-')


def test_demo_makes_the_same_story_wherever_the_clock_stands():
    """At the turn of a year and on a leap day, too: all dates are counted from the day of loading."""
    for clock in ('2027-01-01T00:30:00', '2028-02-29T12:00:00'):
        daemon = harness.Daemon(clock=clock)
        try:
            daemon.cli('demo')
            daemon.start()
            jana = harness.Client(daemon, daemon.token(JANA))
            assert records_held(jana) == records_made(load())
            assert jana.get('/v1/action-items?overdue=true&count=true').expect(200).json['total'] == 3
            daemon.stop()
        finally:
            daemon.discard()


@pytest.mark.parametrize('before', [
    pytest.param(lambda daemon: daemon.cli('demo'), id='the demo itself'),
    pytest.param(lambda daemon: daemon.person('Petra Person', JANA, 'employee'), id='a single person'),
])
def test_demo_refuses_a_folder_that_holds_something(empty, before):
    before(empty)
    empty.start()
    client = harness.Client(empty, empty.token(JANA))
    people = client.get('/v1/people?count=true').expect(200).json['total']

    refused = empty.cli('demo', check=False)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert client.get('/v1/people?count=true').expect(200).json['total'] == people
    empty.cli('audit', 'verify')
