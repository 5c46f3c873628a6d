"""reviewd due: what is due or overdue, for people and for cron."""

import json
from datetime import date, timedelta

import pytest

import harness

START = date(2026, 3, 2)


@pytest.fixture
def org(org_at):
    return org_at(f'{START}T09:00:00')


def due(org, *args, status=0):
    """What the command says of a running daemon's data, as (kind, reference, days overdue)."""
    done = org.daemon.cli('due', '--json', *args, check=False)
    assert (done.returncode, done.stderr) == (status, '')
    answer = json.loads(done.stdout)
    assert answer['today'] == org.day() and answer['overdue'] == sum(one['days_overdue'] > 0 for one in answer['due'])
    assert [one['due_on'] for one in answer['due']] == sorted(one['due_on'] for one in answer['due'])
    return [(one['kind'], one['reference'], one['days_overdue']) for one in answer['due']]


def lines(org, *args, status=0):
    done = org.daemon.cli('due', *args, check=False)
    assert (done.returncode, done.stderr) == (status, '')
    return done.stdout.splitlines()


def turn_to(org, day):
    org.daemon.set_clock(f'{START + timedelta(days=day)}T09:00:00')


def test_nothing_is_due(org):
    assert lines(org) == [] and due(org) == []


def test_what_is_due(org):
    review = org.running_review()
    decision = org.adopted(review, deadline=org.day(30))
    org.decision(review, title='Only proposed', deadline=org.day(1))
    item = org.action_item(decision, title='Hold the training', deadline=org.day(10))
    dropped = org.action_item(decision, deadline=org.day(5))
    org.cancelled_item(dropped)
    planned = org.review(title='The next one', planned_on=org.day(15))
    decided, acted = decision['reference'], item['reference']

    assert due(org) == [('action_item', acted, 0)]
    assert due(org, '--days', '0') == due(org, '--days=9') == []
    assert due(org, '--days', '15') == [('action_item', acted, 0), ('review', planned['reference'], 0)]
    assert due(org, '--days', '3650')[-1] == ('decision', decided, 0)
    assert lines(org) == [f'2026-03-12  in 10 days          action item  {acted}  Hold the training (Emma Employee)']

    turn_to(org, 10)
    assert due(org, '--days', '0') == [('action_item', acted, 0)]            # today is not overdue
    assert 'today ' in lines(org)[0]
    turn_to(org, 11)
    assert due(org, '--days', '0', status=3) == [('action_item', acted, 1)]
    assert '1 day overdue' in lines(org, status=3)[0]

    # The newest follow-up says when the next one is; what is completed is no longer overdue, but to be verified.
    org.follow_up(item, next_follow_up_on=org.day(1))
    org.new(f'/v1/action-items/{item["id"]}/follow-ups', org.completion_body(next_follow_up_on=org.day(2)))
    assert due(org, '--days', '3') == [('follow_up', acted, 0)]
    turn_to(org, 14)
    assert due(org, '--days', '0', status=3) == [('follow_up', acted, 1)]
    org.new(f'/v1/action-items/{item["id"]}/follow-ups', org.effectiveness_body(item))
    assert due(org, '--days', '0') == []

    turn_to(org, 31)
    assert due(org, status=3) == [('review', planned['reference'], 16), ('decision', decided, 1)]
    org.do(f'/v1/decisions/{decision["id"]}/implement')
    org.do(f'/v1/reviews/{planned["id"]}/cancel', {'reason': 'Moved'})
    assert due(org) == []


def test_the_next_review(org):
    review = org.concluded()
    assert 'next_review' not in {one[0] for one in due(org, '--days', '179')}
    assert ('next_review', review['reference'], 0) in due(org, '--days', '180')
    org.review(planned_on=org.day(179))
    assert 'next_review' not in {one[0] for one in due(org, '--days', '300')}


def test_it_is_the_same_whether_the_daemon_runs_or_not(org):
    org.concluded()
    with_daemon = lines(org, '--days', '400')
    assert with_daemon
    org.daemon.stop()
    assert lines(org, '--days', '400') == with_daemon
    org.daemon.start()


def test_an_empty_folder():
    daemon = harness.Daemon()
    try:
        done = daemon.cli('due')
        assert (done.stdout, done.stderr) == ('', '')
        assert json.loads(daemon.cli('due', '--json').stdout)['due'] == []
    finally:
        daemon.discard()


def test_titles_do_not_control_the_terminal(org):
    title = 'a\nb\x7f\u0085c\u202ed\u2066e 測定 مرحبا'
    org.action_item(org.adopted(org.running_review()), title=title, deadline=org.day(3))
    (line,) = lines(org)
    assert 'a?b??c?d?e 測定 مرحبا (Emma Employee)' in line
    done = org.daemon.cli('due', '--json')
    assert json.loads(done.stdout)['due'][0]['title'] == title


@pytest.mark.parametrize('args', [['--days', 'x'], ['--days', '-1'], ['--days', '3651'], ['--days', ''],
                                  ['--days', '1e3'], ['--days'], ['extra'], ['--days', '99999999999999999999']], ids=str)
def test_wrong_usage(org, args):
    done = org.daemon.cli('due', *args, check=False)
    assert done.returncode == 2 and done.stdout == '' and len(done.stderr.strip().splitlines()) == 1
