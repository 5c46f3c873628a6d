"""Reports: figures worked out by hand for a small organisation, and who sees what of them."""

from datetime import date, timedelta

import pytest

import harness
from organisation import CLAUSES
from reports import REPORTS, SVG, drawing, figures, report, rows, same_as_json, texts, unguarded
from support import ABSENT_ID, plain

START = date(2026, 3, 2)
HOSTILE = {
    'formula': "=cmd|' /C calc'!A0",
    'apostrophe': "'tis, \"so\" said",
    'markup': '</title><script>alert(1)</script>&<b>"\'',
    'turned': '\u202eevil\u2066 \u0645\u0631\u062d\u0628\u0627 測定 🙂',
    'at': '@SUM(1+1)*cmd',
    'minus': '-2+3',
}


# ---- a small organisation, by hand


class Told:
    """Seven action items of three departments; today is day 30."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.org = org = harness.seed(daemon)
        self.review = org.running_review(title='The first review')
        decision = org.adopted(self.review)
        change = org.adopted(self.review, kind='continual_improvement', title='Improve')
        item = org.action_item
        self.quick = item(decision, owner_id=org.employee.id, deadline=org.day(10))
        self.slipped = item(decision, owner_id=org.employee2.id, deadline=org.day(10))
        self.twice = item(decision, owner_id=org.employee.id, deadline=org.day(10))
        self.late = item(change, owner_id=org.head.id, deadline=org.day(20))
        self.blocked = item(change, owner_id=org.head2.id, deadline=org.day(25))
        self.dropped = item(change, owner_id=org.employee.id, deadline=org.day(60))
        self.done = item(change, owner_id=org.isms.id, deadline=org.day(30))
        org.do(f'/v1/action-items/{self.blocked["id"]}/block', {'reason': 'Waits for the supplier'})
        org.cancelled_item(self.dropped)
        org.amendment(self.slipped, deadline=org.day(20))
        self.turn_to(5)
        org.completed(self.quick)
        self.turn_to(10)        # on the very day of its deadline
        self.verify(self.quick)
        self.turn_to(12)
        org.completed(self.twice)
        self.turn_to(14)
        self.verify(self.twice, outcome='not_effective', next_follow_up_on=org.day(2))
        self.turn_to(15)
        org.completed(self.slipped)
        self.turn_to(16)
        org.completed(self.twice)
        self.turn_to(18)
        self.verify(self.slipped)
        self.turn_to(30)
        self.verify(self.twice)
        org.completed(self.done)

    def turn_to(self, day):
        self.daemon.set_clock(f'{START + timedelta(days=day)}T09:00:00')

    def verify(self, item, **over):
        self.org.new(f'/v1/action-items/{item["id"]}/follow-ups', self.org.effectiveness_body(item, **over))


@pytest.fixture(scope='module')
def told():
    daemon = harness.Daemon(clock=f'{START}T09:00:00').start()
    try:
        yield Told(daemon)
        daemon.stop()
    finally:
        daemon.discard()


TOTAL = {
    'count': 7, 'open': 1, 'in_progress': 0, 'blocked': 1, 'completed': 1, 'closed': 3, 'cancelled': 1,
    'overdue': 2, 'overdue_1_to_7_days': 1, 'overdue_8_to_30_days': 1, 'overdue_31_to_90_days': 0,
    'overdue_over_90_days': 0,
    'closed_by_original_deadline': 1, 'closed_by_original_deadline_rate': 1 / 3,
    'closed_by_final_deadline': 2, 'closed_by_final_deadline_rate': 2 / 3,
    'done': 4, 'done_by_original_deadline': 2, 'done_by_original_deadline_rate': 0.5,
    'done_by_final_deadline': 3, 'done_by_final_deadline_rate': 0.75,
    'days_to_close_median': 18, 'days_to_close_p90': 30,
    'extensions': 1, 'extended_items': 1, 'days_slipped': 10, 'days_slipped_median': 10,
    'verified': 3, 'effective_at_first': 2, 'effective_at_first_rate': 2 / 3,
}


def test_figures_by_hand(told):
    answer = figures(told.org.isms.client)
    assert answer == {'today': '2026-04-01', 'from': None, 'to': None, 'group_by': 'none', 'total': TOTAL, 'groups': []}


@pytest.mark.parametrize('group_by, counts', [
    ('owner', {'Emil Employee': 1, 'Emma Employee': 3, 'Hana Head': 1, 'Hugo Head': 1, 'Iris Isms': 1}),
    ('department', {'IT': 4, 'Sales': 2, 'Security': 1}),
    ('review', {'MR-2026-01': 7}),
    ('decision_kind', {'continual_improvement': 4, 'corrective_action': 3}),
    ('quarter', {'2026-Q1': 5, '2026-Q2': 2}),
])
def test_groups_by_hand(told, group_by, counts):
    answer = figures(told.org.isms.client, group_by=group_by)
    assert answer['total'] == TOTAL
    assert [(group['label'], group['count']) for group in answer['groups']] == list(counts.items())


def test_a_group_by_hand(told):
    """Two closed: the median is the mean of 10 and 30; Sales has none that is done but one."""
    groups = {group['key']: group for group in figures(told.org.isms.client, group_by='department')['groups']}
    assert groups['IT']['days_to_close_median'] == 20 and groups['IT']['days_to_close_p90'] == 30
    assert groups['IT']['effective_at_first_rate'] == 0.5 and groups['IT']['days_slipped_median'] is None
    assert groups['Security']['closed_by_final_deadline_rate'] is None
    assert groups['Security']['done_by_final_deadline_rate'] == 1
    owners = {group['key'] for group in figures(told.org.isms.client, group_by='owner')['groups']}
    assert told.org.head2.id in owners
    assert figures(told.org.isms.client, group_by='review')['groups'][0]['key'] == told.review['id']


@pytest.mark.parametrize('query, count', [
    ({'from': '2026-03-22'}, 5), ({'to': '2026-03-22'}, 4), ({'from': '2026-03-22', 'to': '2026-03-22'}, 2),
    ({'from': '2027-01-01'}, 0),
    ({'owner_id': 'employee@example.org'}, 3), ({'owner_id': ABSENT_ID}, 0), ({'owner_id': 'nobody@example.org'}, 0),
    ({'department': 'Sales'}, 2), ({'department': 'sales'}, 0), ({'department': 'IT', 'to': '2026-03-12'}, 2),
    ({'review_id': 'MR-2026-01'}, 7), ({'review_id': 'MR-2026-77'}, 0),
    ({'owner_id': 'employee@example.org', 'department': 'Sales'}, 0),
    ({'from': '2026-03-01', 'to': '2026-12-31', 'owner_id': 'employee@example.org', 'review_id': 'MR-2026-01',
      'department': 'IT', 'group_by': 'decision_kind'}, 3),
], ids=str)
def test_filters(told, query, count):
    """By the deadline as it is now, the present owner, and that owner's department."""
    answer = figures(told.org.isms.client, **query)
    assert answer['total']['count'] == count
    assert (answer['from'], answer['to']) == (query.get('from'), query.get('to'))
    if not count:
        assert {value for name, value in answer['total'].items() if 'rate' in name or 'median' in name} == {None}


def test_lines_of_action_items(told):
    client = told.org.isms.client
    (whole,) = rows(client, 'action-items')
    same_as_json(whole, TOTAL | {'key': None, 'label': None})
    for group_by in ('owner', 'department', 'quarter'):
        groups = figures(client, group_by=group_by)['groups']
        lines = rows(client, 'action-items', group_by=group_by)
        assert len(lines) == len(groups)
        for line, group in zip(lines, groups):
            assert list(line) == ['key', 'label', *TOTAL]
            same_as_json(line, group)


def test_plots_of_action_items(told):
    states = drawing(told.org.isms.client, 'action-items')
    assert 'open: 1; in progress: 0; blocked: 1; completed: 1; closed: 3; cancelled: 1' in states.find(f'{SVG}desc').text
    assert {'in progress', 'closed', '3'} <= set(texts(states))
    groups = drawing(told.org.isms.client, 'action-items', group_by='department')
    assert ('Sales: done in time 1, done late 0, under way 0, overdue 1, cancelled 0' in
            groups.find(f'{SVG}desc').text)
    assert {'IT', 'Sales', 'Security', 'done in time', 'overdue', '4'} <= set(texts(groups))


def test_a_verification_that_was_superseded_does_not_count(daemon_at):
    """A mistake in the record is not a failure of the action."""
    daemon = daemon_at(f'{START}T09:00:00')
    org = harness.seed(daemon)
    item = org.completed(org.action_item(org.adopted(org.running_review())))
    wrong = org.follow_up(item, **org.effectiveness_body(item, outcome='not_effective', next_follow_up_on=org.day(5)))
    assert figures(org.isms.client)['total']['effective_at_first_rate'] == 0
    item = org.completed(org.get(f'/v1/action-items/{item["id"]}'))
    body = org.effectiveness_body(item, supersedes_id=wrong['id'])
    org.new(f'/v1/action-items/{item["id"]}/follow-ups', body)
    total = figures(org.isms.client)['total']
    assert (total['verified'], total['effective_at_first']) == (1, 1)


# ---- the schedule


def test_schedule_by_hand(daemon_at):
    daemon = daemon_at(f'{START}T09:00:00')
    org = harness.seed(daemon)
    isms = org.isms.client

    def turn_to(day):
        daemon.set_clock(f'{START + timedelta(days=day)}T09:00:00')

    def on(day):
        return (START + timedelta(days=day)).isoformat()

    first = org.running_review(title='First')                       # planned for day 14
    turn_to(10)
    org.concluded(first)                                            # due again on day 190
    answer = report(isms, 'schedule').expect(200).json
    assert answer['today'] == answer['last_held_on'] == on(10) and answer['interval_max_months'] == 12
    assert answer['latest_next_on'] == '2027-03-12' and answer['interval_exceeded'] is False
    assert [entry['days_late'] for entry in answer['reviews']] == [-4]
    assert answer['reviews'][0]['gap_exceeded'] is None
    assert [(due['kind'], due['due_on'], due['days_overdue']) for due in answer['due']] == [('next_review', on(190), 0)]

    # One planned in time stands for the next one; one planned too late does not, nor does a cancelled one.
    planned = org.review(title='In time', planned_on=on(180))
    assert [due['kind'] for due in report(isms, 'schedule').json['due']] == ['review']
    org.do(f'/v1/reviews/{planned["id"]}/cancel', {'reason': 'Moved'})
    late = org.review(title='Too late', planned_on=on(300))
    assert [due['kind'] for due in report(isms, 'schedule').json['due']] == ['next_review', 'review']
    assert [entry['review_title'] for entry in report(isms, 'schedule').json['reviews']] == ['First', 'Too late']

    turn_to(400)
    answer = report(isms, 'schedule').expect(200).json
    assert answer['interval_exceeded'] is True
    assert [(due['kind'], due['days_overdue']) for due in answer['due']] == [('next_review', 210), ('review', 100)]

    org.change(f'/v1/attendees/{org.chair_attendee(late)["id"]}', {'attendance': 'attended'})
    org.attendee(late, person_id=org.isms.id, capacity='secretary', attendance='attended')
    org.start(late)
    assert report(isms, 'schedule').json['due'] == []
    for item in org.get(f'/v1/reviews/{late["id"]}/carried-action-items')['data']:
        org.follow_up(item, review_id=late['id'])
    org.adopt(org.no_change(late))
    org.concluded(late)
    entries = report(isms, 'schedule').json['reviews']
    assert entries[1]['days_late'] == 100 and entries[1]['days_since_previous'] == 390
    assert entries[1]['previous_reference'] == first['reference'] and entries[1]['gap_exceeded'] is True
    for line, entry in zip(rows(isms, 'schedule'), entries, strict=True):
        assert set(line) == set(entry)
        same_as_json(line, entry)
    assert 'held on 2026-03-12: -4' in drawing(isms, 'schedule').find(f'{SVG}desc').text


# ---- metrics and clauses


@pytest.fixture(scope='module')
def measured():
    """Two reviews with a metric in each, and one of hostile name."""
    daemon = harness.Daemon(clock=f'{START}T09:00:00').start()
    try:
        org = harness.seed(daemon)
        reviews = [org.running_review(title=f'Review {n}', planned_on=org.day(n)) for n in (1, 2)]
        for review, value, target in zip(reviews, (91.5, 97), (90, 98)):
            org.change(f'/v1/inputs/{org.input_of(review, "d2")["id"]}', {
                'trend': 'improving',
                'metrics': [{'name': 'Patched in time', 'value': value, 'unit': '%', 'target': target,
                             'comparator': 'gte'},
                            {'name': 'Hosts', 'value': 40 + review['version']}]})
        org.change(f'/v1/inputs/{org.input_of(reviews[0], "e")["id"]}', {
            'metrics': [{'name': name, 'value': -1e308, 'unit': name[:50]} for name in HOSTILE.values()]})
        org.reviews = reviews
        yield org
        daemon.stop()
    finally:
        daemon.discard()


def test_a_metric_over_reviews(measured):
    client = measured.isms.client
    answer = report(client, 'metrics', name='Patched in time').expect(200).json
    (series,) = answer['metrics']
    assert answer['name'] == series['name'] == 'Patched in time' and series['count'] == 2
    shown = [(value['review_reference'], value['value'], value['target'], value['comparator'], value['on_target'],
              value['trend'], value['unit'], value['clause']) for value in series['values']]
    assert shown == [('MR-2026-01', 91.5, 90, 'gte', True, 'improving', '%', 'd2'),
                     ('MR-2026-02', 97, 98, 'gte', False, 'improving', '%', 'd2')]
    assert series['newest'] == series['values'][-1]
    for line, value in zip(rows(client, 'metrics', name='Patched in time'), series['values'], strict=True):
        same_as_json(line, value | {'name': 'Patched in time'})
    plot = drawing(client, 'metrics', name='Patched in time')
    assert 'MR-2026-02: 97\xa0%, target 98\xa0%.' in plot.find(f'{SVG}desc').text
    assert {'91.5', '97', 'MR-2026-01', 'MR-2026-02'} <= set(texts(plot))


def test_the_list_of_metrics(measured):
    client = measured.isms.client
    answer = report(client, 'metrics').expect(200).json
    names = [series['name'] for series in answer['metrics']]
    assert answer['name'] is None and names == sorted(names, key=str.encode)
    assert set(names) == {'Patched in time', 'Hosts', *HOSTILE.values()}
    assert {series['name']: series['count'] for series in answer['metrics']}['Hosts'] == 2
    assert all(series['values'] is None for series in answer['metrics'])
    for line, series in zip(rows(client, 'metrics'), answer['metrics'], strict=True):
        same_as_json(line, series['newest'] | {'name': series['name'], 'count': series['count']})
    described = drawing(client, 'metrics').find(f'{SVG}desc').text
    assert f'MR-2026-01: on target 1, off target 0, without target {1 + len(HOSTILE)}' in described


@pytest.mark.parametrize('name', HOSTILE)
def test_a_metric_of_hostile_name(measured, name):
    name = HOSTILE[name]
    (series,) = report(measured.isms.client, 'metrics', name=name).expect(200).json['metrics']
    assert series['name'] == name
    (line,) = rows(measured.isms.client, 'metrics', name=name)
    assert unguarded(line['name']) == name
    assert drawing(measured.isms.client, 'metrics', name=name).find(f'{SVG}title').text == name


def test_a_metric_that_nobody_reports(measured):
    client = measured.isms.client
    assert report(client, 'metrics', name='Nothing').expect(200).json == {'name': 'Nothing', 'metrics': []}
    assert rows(client, 'metrics', name='Nothing') == []
    assert 'There is nothing to show.' in texts(drawing(client, 'metrics', name='Nothing'))
    long = 'x' * 10000
    assert report(client, 'metrics', name=long).expect(200).json['metrics'] == []
    assert drawing(client, 'metrics', name=long).find(f'{SVG}title').text == long


def test_withdrawn_and_cancelled_ones_are_not_reported(org):
    review = org.running_review()
    extra = org.input(review, metrics=[{'name': 'Of the withdrawn', 'value': 1}])
    planned = org.review(title='To be cancelled')
    org.change(f'/v1/inputs/{org.input_of(planned, "d2")["id"]}', {'metrics': [{'name': 'Of the cancelled', 'value': 1}]})
    assert len(report(org.isms.client, 'metrics').json['metrics']) == 2
    org.do(f'/v1/inputs/{extra["id"]}/withdraw', {'reason': 'Not needed'})
    org.do(f'/v1/reviews/{planned["id"]}/cancel', {'reason': 'Not needed'})
    assert report(org.isms.client, 'metrics').json['metrics'] == []
    clauses = report(org.isms.client, 'clauses').json['reviews']
    assert [one['review_id'] for one in clauses] == [review['id']]
    assert all(clause['inputs'] == 1 for clause in clauses[0]['clauses'])


def test_clauses_by_hand(org):
    review = org.running_review()
    org.input(review, clause='e', title='Another of e')
    org.complete_inputs(review)
    d1, d3 = org.input_of(review, 'd1')['id'], org.input_of(review, 'd3')['id']
    org.adopted(review, input_ids=[d1, d3])
    org.adopted(review, input_ids=[d1], title='A second one')
    org.do(f'/v1/decisions/{org.decision(review, input_ids=[d1], title="Not taken")["id"]}/reject',
           {'reason': 'Too dear'})
    org.change(f'/v1/inputs/{org.input_of(review, "b")["id"]}', {'state': 'prepared', 'conclusion': None})
    (entry,) = report(org.isms.client, 'clauses').expect(200).json['reviews']
    by_clause = {clause['clause']: clause for clause in entry['clauses']}
    assert tuple(by_clause) == CLAUSES
    shown = ('inputs', 'considered', 'nothing_to_report', 'open', 'conclusions', 'decisions', 'covered')
    assert {name: tuple(one[key] for key in shown) for name, one in by_clause.items()} == {
        **{name: (1, 1, 0, 0, 1, 0, True) for name in ('a', 'c', 'd2', 'd4', 'f')},
        'b': (1, 0, 0, 1, 0, 0, False), 'd1': (1, 1, 0, 0, 1, 2, True), 'd3': (1, 1, 0, 0, 1, 1, True),
        'e': (2, 2, 0, 0, 2, 0, True), 'g': (1, 0, 1, 0, 0, 0, True)}
    # As readiness has it.
    ready = org.get(f'/v1/reviews/{review["id"]}/readiness')['clauses']
    assert [(one['clause'], one['title'], one['inputs'], one['covered']) for one in ready] == [
        (one['clause'], one['clause_title'], one['inputs'], one['covered']) for one in entry['clauses']]
    lines = rows(org.isms.client, 'clauses')
    assert len(lines) == 10
    for line, clause in zip(lines, entry['clauses']):
        same_as_json(line, entry | clause)
    assert 'e: Feedback from interested parties: considered 2' in drawing(org.isms.client, 'clauses').find(
        f'{SVG}desc').text


# ---- who sees what


def everything(person):
    """Every report in every form, with every grouping, byte for byte."""
    paths = [f'/v1/reports/{name}?format={form}' for name in REPORTS for form in ('json', 'csv', 'svg')]
    paths += [f'/v1/reports/action-items?group_by={group}&format={form}' for form in ('json', 'csv', 'svg')
              for group in ('owner', 'department', 'review', 'decision_kind', 'quarter')]
    paths += [f'/v1/reports/metrics?name=Secret%20figure&format={form}' for form in ('json', 'csv', 'svg')]
    paths += ['/v1/reports/action-items?review_id=MR-2026-02', '/v1/reports/action-items?review_id=MR-2026-99']
    return {path: person.client.get(path).expect(200).body for path in paths}


def test_what_may_not_be_seen_leaves_no_trace(daemon_at):
    """A top manager who is not there does not see a restricted review; those who attend do."""
    org = harness.seed(daemon_at(f'{START}T09:00:00'))
    shown = org.running_review(title='For all')
    org.change(f'/v1/inputs/{org.input_of(shown, "d2")["id"]}', {'metrics': [{'name': 'Public figure', 'value': 1}]})
    org.action_item(org.adopted(shown))
    before = {person.email: everything(person) for person in (org.top, org.top2, org.isms, org.auditor)}

    hidden = org.running_review(title='For few', classification='restricted', chair_id=org.top2.id)
    org.change(f'/v1/inputs/{org.input_of(hidden, "d2")["id"]}', {'metrics': [{'name': 'Secret figure', 'value': 7}]})
    decision = org.adopted(hidden, decided_by_id=org.top2.id, kind='risk_treatment')
    item = org.action_item(decision, owner_id=org.employee2.id)

    after = everything(org.top)
    assert after == before[org.top.email]
    assert after['/v1/reports/action-items?review_id=MR-2026-02'] == after['/v1/reports/action-items?review_id=MR-2026-99']
    for person in (org.top2, org.isms, org.auditor):
        changed = {path for path, body in everything(person).items() if before[person.email][path] != body}
        # All but what it has nothing to do with: no schedule plot (none was held), nothing of an unknown review.
        assert len(changed) >= len(after) - 3, sorted(set(after) - changed)

    # What one owns is seen, with the reference of its review; not the decision's kind, which is the decision's.
    org.amendment(item, owner_id=org.top.id)
    groups = figures(org.top.client, group_by='decision_kind')['groups']
    assert [(group['key'], group['count']) for group in groups] == [('corrective_action', 1), (None, 1)]
    assert [group['label'] for group in figures(org.top.client, group_by='review')['groups']] == [
        shown['reference'], hidden['reference']]
    assert 'risk_treatment' in {group['key'] for group in figures(org.isms.client, group_by='decision_kind')['groups']}


def test_a_token_may_carry_less(told):
    """A token of less clearance, or of a role that reads no reports."""
    daemon, email = told.daemon, told.org.isms.email
    employee = harness.Client(daemon, daemon.token(email, label='as employee', role='employee'))
    reader = harness.Client(daemon, daemon.token(email, label='reads', read_only=True))
    nobody = harness.Client(daemon, None)
    for name in REPORTS:
        report(employee, name).expect(403, 'access.role')
        report(reader, name).expect(200)
        report(nobody, name).expect(401)
        for person in (told.org.head, told.org.employee):
            report(person.client, name).expect(403, 'access.role')


# ---- nothing there, and nonsense


def test_reports_of_nothing(org):
    client = org.isms.client
    empty = figures(client)
    assert empty['total']['count'] == 0 and empty['total']['days_to_close_p90'] is None and empty['groups'] == []
    assert {value for value in empty['total'].values()} == {0, None}
    for group in ('owner', 'department', 'review', 'decision_kind', 'quarter'):
        assert figures(client, group_by=group)['groups'] == []
        assert rows(client, 'action-items', group_by=group) == []
    assert report(client, 'metrics').json == {'name': None, 'metrics': []}
    assert report(client, 'clauses').json == {'reviews': []}
    schedule = report(client, 'schedule').json
    assert schedule['last_held_on'] is schedule['latest_next_on'] is None and schedule['interval_exceeded'] is False
    assert schedule['reviews'] == schedule['due'] == []
    for name in REPORTS:
        assert len(rows(client, name)) == (name == 'action-items')
        assert 'There is nothing to show.' in texts(drawing(client, name))


@pytest.mark.parametrize('query, rule', [
    ('action-items?group_by=colour', 'query.invalid'), ('action-items?group_by=', 'query.invalid'),
    ('action-items?group_by=owner,review', 'query.invalid'),
    ('action-items?from=yesterday', 'query.invalid'), ('action-items?to=2026-02-30', 'query.invalid'),
    ('action-items?from=2026-02-02&to=2026-02-01', 'query.invalid'), ('action-items?from=', 'query.invalid'),
    ('action-items?owner_id=nobody', 'query.invalid'), ('action-items?owner_id=', 'query.invalid'),
    ('action-items?review_id=7', 'query.invalid'), ('action-items?department=', 'query.invalid'),
    ('action-items?department=%ff', 'query.invalid'),
    ('action-items?status=open', 'query.unknown'), ('action-items?limit=5', 'query.unknown'),
    ('action-items?from=2026-01-01&from=2026-01-01', 'query.repeated'),
    ('action-items?format=xlsx', 'query.invalid'), ('metrics?name=', 'query.invalid'),
    ('metrics?group_by=owner', 'query.unknown'), ('schedule?from=2026-01-01', 'query.unknown'),
    ('clauses?clause=a', 'query.unknown'), ('clauses?format=html', 'query.invalid'),
])
def test_nonsense_is_refused(told, query, rule):
    told.org.isms.client.get(f'/v1/reports/{query}').expect(400, rule)


def test_all_that_is_wrong_is_said_at_once(told):
    answer = told.org.isms.client.get('/v1/reports/action-items?from=x&to=y&owner_id=z&group_by=q&department=')
    assert len(answer.expect(400, 'query.invalid').violations) == 5


@pytest.mark.parametrize('name', REPORTS)
def test_representations(told, name):
    client, path = told.org.isms.client, f'/v1/reports/{name}'
    for accept, wanted in (('text/csv', 'text/csv'), ('image/svg+xml', 'image/svg+xml'), ('*/*', 'application/json'),
                           ('text/csv;q=0.5, image/*', 'image/svg+xml')):
        assert client.get(path, Accept=accept).expect(200).headers['Content-Type'].startswith(wanted)
    client.get(path, Accept='application/pdf').expect(406)
    first = client.get(f'{path}?format=svg')
    assert first.body == client.get(path, Accept='image/svg+xml').body                   # the same, byte for byte
    assert "default-src 'none'" in first.headers['Content-Security-Policy']
    client.get(f'{path}?format=svg', If_None_Match=first.etag).expect(304)
    assert plain(client, 'HEAD', f'{path}?format=csv').status == 200
    for method in ('POST', 'PATCH', 'DELETE'):
        client.request(method, path, {}).expect(405)


def test_hostile_departments(org):
    """A department is any text: it is harmless in every form, and the same in all of them."""
    review = org.running_review()
    decision = org.adopted(review)
    for n, text in enumerate(HOSTILE.values()):
        person = org.person(email=f'h{n}@example.org', name=f'{text} {n}', department=text)
        org.action_item(decision, owner_id=person['id'])
    nobody = org.person(email='none@example.org', name='No Department')
    org.action_item(decision, owner_id=nobody['id'])
    groups = figures(org.isms.client, group_by='department')['groups']
    assert {group['key'] for group in groups} == {*HOSTILE.values(), None} and groups[-1]['key'] is None
    lines = rows(org.isms.client, 'action-items', group_by='department')
    assert [unguarded(line['label']) or None for line in lines] == [group['label'] for group in groups]
    for group_by in ('department', 'owner'):
        described = drawing(org.isms.client, 'action-items', group_by=group_by).find(f'{SVG}desc').text
        assert all(text in described for text in HOSTILE.values())
    assert figures(org.isms.client, department=HOSTILE['markup'])['total']['count'] == 1


def test_more_groups_than_a_plot_has_room_for(org):
    review = org.running_review()
    decision = org.adopted(review)
    for n in range(45):
        person = org.person(email=f'p{n:02}@example.org', name=f'Person {n:02}')
        org.action_item(decision, owner_id=person['id'])
    assert len(figures(org.isms.client, group_by='owner')['groups']) == 45
    plot = drawing(org.isms.client, 'action-items', group_by='owner')
    shown = [text for text in texts(plot) if text.startswith('Person')]
    assert shown == [f'Person {n:02}' for n in range(39)]
    assert 'and others: done in time 0, done late 0, under way 6' in plot.find(f'{SVG}desc').text
