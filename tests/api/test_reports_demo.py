"""Reports of the demo's organisation, worked out anew from its lists by other means than the server's."""

import math
import statistics
from collections import Counter, defaultdict
from datetime import date

import pytest

import harness
from reports import drawing, figures, report
from support import walk


@pytest.fixture(scope='module')
def demo():
    daemon = harness.Daemon()
    try:
        daemon.cli('demo')
        daemon.start()
        yield harness.Client(daemon, daemon.token('jana.stastna@brueckner.example'))
        daemon.stop()
    finally:
        daemon.discard()


def days(first, last):
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def rate(part, whole):
    return part / whole if whole else None


def expected(client, items):
    """All figures out of the lists, by other means than the server's."""
    closed = [item for item in items if item['status'] == 'closed']
    done = [item for item in items if item['status'] in ('completed', 'closed')]
    extended = [item for item in items if item['extension_count']]
    overdue = [item['days_overdue'] for item in items if item['overdue']]
    took = sorted(days(item['created_at'][:10], item['closed_on']) for item in closed)
    slipped = [days(item['original_deadline'], item['deadline']) for item in extended]
    first = []
    for item in items:
        follow_ups = walk(client, f'/v1/action-items/{item["id"]}/follow-ups')
        superseded = {one['supersedes_id'] for one in follow_ups}
        verified = [one for one in follow_ups if one['kind'] == 'effectiveness' and one['id'] not in superseded]
        first += [min(verified, key=lambda one: (one['performed_on'], one['id']))['outcome']] if verified else []
    states = Counter(item['status'] for item in items)
    result = {'count': len(items), **{state: states[state] for state in (
        'open', 'in_progress', 'blocked', 'completed', 'closed', 'cancelled')}, 'overdue': len(overdue)}
    for name, low, high in (('1_to_7', 1, 7), ('8_to_30', 8, 30), ('31_to_90', 31, 90), ('over_90', 91, 10 ** 6)):
        name = f'overdue_{name}_days'
        result[name] = sum(low <= late <= high for late in overdue)
    for name, ones, day in (('closed', closed, 'closed_on'), ('done', done, 'completed_on')):
        for which, deadline in (('original', 'original_deadline'), ('final', 'deadline')):
            kept = sum(one[day] <= one[deadline] for one in ones)
            result[f'{name}_by_{which}_deadline'] = kept
            result[f'{name}_by_{which}_deadline_rate'] = rate(kept, len(ones))
    return result | {
        'done': len(done),
        'days_to_close_median': statistics.median(took) if took else None,
        'days_to_close_p90': took[math.ceil(0.9 * len(took)) - 1] if took else None,
        'extensions': sum(item['extension_count'] for item in items), 'extended_items': len(extended),
        'days_slipped': sum(slipped), 'days_slipped_median': statistics.median(slipped) if slipped else None,
        'verified': len(first), 'effective_at_first': first.count('effective'),
        'effective_at_first_rate': rate(first.count('effective'), len(first)),
    }


def grouped(client, group_by, items):
    people = {person['id']: person for person in walk(client, '/v1/people?limit=200')}
    kinds = {decision['id']: decision['kind'] for decision in walk(client, '/v1/decisions?limit=200')}
    key = {'owner': lambda item: item['owner_id'], 'department': lambda item: people[item['owner_id']]['department'],
           'review': lambda item: item['review_id'], 'decision_kind': lambda item: kinds[item['decision_id']],
           'quarter': lambda item: f'{item["deadline"][:4]}-Q{(int(item["deadline"][5:7]) + 2) // 3}'}[group_by]
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def test_the_demo_in_all(demo):
    items = walk(demo, '/v1/action-items?limit=200')
    assert figures(demo)['total'] == pytest.approx(expected(demo, items), abs=0)


@pytest.mark.parametrize('group_by', ['owner', 'department', 'review', 'decision_kind', 'quarter'])
def test_the_demo_by_group(demo, group_by):
    groups = grouped(demo, group_by, walk(demo, '/v1/action-items?limit=200'))
    answered = figures(demo, group_by=group_by)['groups']
    assert {group['key'] for group in answered} == groups.keys()
    labels = [group['label'] for group in answered]
    assert labels == sorted(labels, key=str.encode)
    for group in answered:
        shown = {name: value for name, value in group.items() if name not in ('key', 'label')}
        assert shown == pytest.approx(expected(demo, groups[group['key']]), abs=0)


def test_the_demo_s_metrics_schedule_and_clauses(demo):
    reviews = {review['id']: review for review in walk(demo, '/v1/reviews?limit=200')}
    inputs = walk(demo, '/v1/inputs?limit=200')
    decisions = walk(demo, '/v1/decisions?limit=200')

    names = Counter(metric['name'] for one in inputs for metric in one['metrics'] or [])
    answered = report(demo, 'metrics').json['metrics']
    assert {series['name']: series['count'] for series in answered} == names
    for name in names:
        (series,) = report(demo, 'metrics', name=name).json['metrics']
        wanted = sorted((reviews[one['review_id']]['held_on'] or reviews[one['review_id']]['planned_on'],
                         metric['value'], metric['on_target'], one['trend'] or '')
                        for one in inputs for metric in one['metrics'] or [] if metric['name'] == name)
        assert [(value['held_on'] or value['planned_on'], value['value'], value['on_target'], value['trend'] or '')
                for value in series['values']] == wanted
        drawing(demo, 'metrics', name=name)

    for entry in report(demo, 'schedule').json['reviews']:
        review = reviews[entry['review_id']]
        assert entry['days_late'] == (days(review['planned_on'], review['held_on']) if review['held_on'] else None)

    for entry in report(demo, 'clauses').json['reviews']:
        for clause in entry['clauses']:
            ones = [one for one in inputs
                    if one['review_id'] == entry['review_id'] and one['clause'] == clause['clause']]
            of_them = [decision for decision in decisions if decision['status'] in ('adopted', 'implemented',
                                                                                    'superseded')
                       and {one['id'] for one in ones} & set(decision['input_ids'])]
            assert clause['inputs'] == len(ones) and clause['decisions'] == len(of_them)
            assert clause['considered'] == sum(one['state'] == 'considered' for one in ones)
            assert clause['conclusions'] == sum(bool((one['conclusion'] or '').strip()) for one in ones)
