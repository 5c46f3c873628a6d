"""Lists: paging, sorting, counting, filters and words. Contract section 1, `lists` and `filters`."""

import re

import pytest

from harness import day, seed, utc_now
from support import ABSENT_ID, life, pages, person_body, ready_to_conclude, shared, walk  # noqa: F401 (fixtures)

MANY = 230
ROLES = ('employee', 'department_head', 'auditor')


@pytest.fixture(scope='module')
def crowd(shared):
    """230 people, who share seven names."""
    return [shared.new('/v1/people', person_body(
        name=f'Crowd {number % 7}', role=ROLES[number % 3], external=number % 2 == 0)) for number in range(MANY)]


@pytest.fixture(scope='module')
def everything(shared, life, crowd):
    """Enough of each kind that every filter finds some and leaves some."""
    extraordinary = shared.running_review(
        type='extraordinary', trigger='major_incident', classification='restricted', planned_on=shared.day(40),
        title='After the ransomware', also_covers=['Quality'], chair_id=shared.top.id)
    shared.change(f'/v1/inputs/{shared.input_of(extraordinary, "d1")["id"]}', shared.considered_body(
        'd1', severity='major', trend='degrading', presenter_id=shared.head.id))
    shared.attendee(extraordinary)
    attendee = shared.attendee(extraordinary, person_id=shared.auditor.id, capacity='observer')
    shared.do(f'/v1/attendees/{attendee["id"]}/withdraw', {'reason': 'Came by mistake'})
    inputs = [shared.input_of(extraordinary, clause)['id'] for clause in ('d1', 'b')]
    shared.no_change(extraordinary, input_ids=inputs)
    shared.no_change(extraordinary, input_ids=inputs[1:])
    decision = shared.adopted(extraordinary, kind='risk_treatment', owner_id=shared.head2.id, deadline=shared.day(20))
    item = shared.action_item(decision, kind='improvement', priority='critical', owner_id=shared.employee2.id,
                              deadline=shared.day(20), title='Buy a firewall')
    shared.do(f'/v1/action-items/{item["id"]}/start')
    shared.follow_up(item, performed_by_id=shared.head.id, outcome='at_risk', next_follow_up_on=shared.day(3))
    shared.completed(shared.action_item(decision, deadline=shared.day(15)))
    return {'review': extraordinary, 'decision': decision, 'item': item, 'input': {'id': inputs[0]},
            'second': {'id': inputs[1]}}


def names(page):
    return [one['id'] for one in page]


# ---- paging


@pytest.mark.parametrize('limit', [1, 17, 50, 115, 200])
@pytest.mark.parametrize('sort', ['name', '-name', 'email', '-email', 'created_at', '-created_at', None])
def test_a_walk_visits_each_record_once(shared, crowd, limit, sort):
    """With seven names among 230 people most pages end in the middle of a tie."""
    if limit == 1 and sort not in ('name', '-name'):
        pytest.skip('a page for each record is walked twice, not seven times')
    walked = walk(shared.isms.client, f'/v1/people?limit={limit}' + (f'&sort={sort}' if sort else ''))
    assert len(walked) == len(set(names(walked)))
    assert set(names(crowd)) <= set(names(walked))
    if sort:
        assert_sorted(walked, sort)


def assert_sorted(walked, sort):
    values = [one[sort.lstrip('-')] for one in walked if one[sort.lstrip('-')] is not None]
    assert values == sorted(values, reverse=sort.startswith('-'))


@pytest.mark.parametrize('collection, sort', [
    ('reviews', 'planned_on'), ('reviews', 'held_on'), ('reviews', 'next_review_on'), ('reviews', 'reference'),
    ('inputs', 'title'), ('decisions', 'deadline'), ('decisions', 'decided_on'), ('action-items', 'deadline'),
    ('action-items', 'completed_on'), ('follow-ups', 'performed_on'), ('follow-ups', 'next_follow_up_on'),
])
@pytest.mark.parametrize('direction', ['', '-'])
def test_what_has_no_value_is_not_lost_when_sorting(shared, everything, collection, sort, direction):
    """NULL compares with nothing: a careless keyset stops or starts again where the values end."""
    whole = walk(shared.isms.client, f'/v1/{collection}?limit=200')
    walked = walk(shared.isms.client, f'/v1/{collection}?limit=1&sort={direction}{sort}')
    assert len(walked) == len(whole) and set(names(walked)) == set(names(whole))
    assert_sorted(walked, direction + sort)


def test_ties_are_broken_by_the_id(shared, crowd):
    for sort in ('name', '-name'):
        walked = walk(shared.isms.client, f'/v1/people?limit=200&sort={sort}')
        of_one_name = [one['id'] for one in walked if one['name'] == 'Crowd 3']
        assert of_one_name in (sorted(of_one_name), sorted(of_one_name, reverse=True))


def test_every_page_but_the_last_is_full_and_links_to_the_next(shared, crowd):
    answers = list(pages(shared.isms.client, '/v1/people?limit=50&sort=-name&role=employee,auditor'))
    assert {len(answer.json['data']) for answer in answers[:-1]} == {50}
    for answer, following in zip(answers, answers[1:]):
        target = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers['Link']).group(1)
        assert shared.isms.client.get(target).expect(200).body == following.body
    assert 'Link' not in answers[-1].headers
    assert set(answers[0].json) == {'data', 'next_cursor'}


@pytest.mark.parametrize('several', [10, 100])
def test_a_link_that_has_no_room_beside_its_request_is_left_out(shared, crowd, several):
    """The query stands in both. The body has the cursor all the same."""
    ids = ','.join(one['id'] for one in crowd[:several])
    makers = ','.join([crowd[0]['created_by']] * several)
    path = f'/v1/people?limit=1&id={ids}&created_by={makers}&updated_by={makers}'
    answers = list(pages(shared.isms.client, path))
    assert len(answers) == several
    assert ('Link' in answers[0].headers) == (several == 10)


@pytest.mark.parametrize('over', [0, 1, -1])
def test_a_full_page_that_is_the_last_has_no_next(shared, crowd, over):
    """At the very end of the list nobody is sent to an empty page."""
    some = 'role=auditor&external=true'
    every = len(walk(shared.isms.client, f'/v1/people?{some}&limit=200'))
    answer = shared.isms.client.get(f'/v1/people?{some}&limit={every + over}').expect(200)
    assert (answer.json['next_cursor'] is None) == (over >= 0)


def test_an_empty_list(shared):
    review = shared.review()
    answer = shared.isms.client.get(f'/v1/reviews/{review["id"]}/decisions?count=true').expect(200)
    assert answer.json == {'data': [], 'next_cursor': None, 'total': 0}
    assert 'Link' not in answer.headers


def test_fifty_if_nothing_is_said(shared, crowd):
    assert len(shared.get('/v1/people')['data']) == 50


@pytest.mark.parametrize('limit', ['0', '201', '-1', '1.5', 'abc', '', '1e2', '0x10', '%2B5', '%205',
                                   '99999999999999999999'])
def test_limit_has_bounds(shared, limit):
    answer = shared.isms.client.get(f'/v1/people?limit={limit}').expect(400, 'query.invalid')
    assert answer.violations[0]['parameter'] == 'limit'


def test_what_is_added_during_a_walk_disturbs_nothing(shared, crowd):
    """Keyset, not offset: a record in front of the page just read moves no other."""
    seen = []
    for answer in pages(shared.isms.client, '/v1/people?limit=40&sort=name'):
        seen += names(answer.json['data'])
        shared.new('/v1/people', person_body(name='Aaron the First', external=True))
    assert len(seen) == len(set(seen)) and set(names(crowd)) <= set(seen)


def test_the_agenda_comes_in_its_order(shared):
    review = shared.review()
    path = f'/v1/reviews/{review["id"]}/inputs'
    assert [one['clause'] for one in walk(shared.isms.client, f'{path}?limit=3')] == [
        'a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g']


# ---- cursors


@pytest.mark.parametrize('then, status', [
    ('/v1/people?sort=name&role=employee&limit=10', 200),
    # The size of the page, and whether it is counted, may change on the way.
    ('/v1/people?sort=name&role=employee&limit=20', 200),
    ('/v1/people?sort=name&role=employee&limit=10&count=true', 200),
    # The order in which parameters are written means nothing.
    ('/v1/people?role=employee&limit=10&sort=name', 200),
    ('/v1/people?sort=-name&role=employee&limit=10', 400),
    ('/v1/people?sort=email&role=employee&limit=10', 400),
    ('/v1/people?role=employee&limit=10', 400),
    ('/v1/people?sort=name&limit=10', 400),
    ('/v1/people?sort=name&role=auditor&limit=10', 400),
    ('/v1/people?sort=name&role=employee&external=true&limit=10', 400),
    ('/v1/people?sort=name&role=employee&q=crowd&limit=10', 400),
    ('/v1/action-items?limit=10', 400),
])
def test_a_cursor_goes_with_its_filters_and_sort(shared, crowd, then, status):
    cursor = shared.get('/v1/people?sort=name&role=employee&limit=10')['next_cursor']
    answer = shared.isms.client.get(f'{then}&cursor={cursor}').expect(status)
    if status == 400:
        assert {one['parameter'] for one in answer.violations} == {'cursor'}


@pytest.mark.parametrize('spoil', [
    lambda cursor: 'nonsense', lambda cursor: '', lambda cursor: cursor[:-1], lambda cursor: cursor + 'A',
    lambda cursor: cursor[:5] + ('B' if cursor[5] == 'A' else 'A') + cursor[6:], lambda cursor: ABSENT_ID,
    lambda cursor: 'A' * 5000, lambda cursor: '%00',
], ids=['nonsense', 'empty', 'shorter', 'longer', 'another letter', 'an id', 'huge', 'a NUL'])
def test_cursors_come_from_the_server_alone(shared, crowd, spoil):
    cursor = shared.get('/v1/people?sort=name&limit=10')['next_cursor']
    try:
        shared.isms.client.get(f'/v1/people?sort=name&limit=10&cursor={spoil(cursor)}').expect(400)
    finally:
        shared.isms.client.close()     # the guard closes a connection on which it saw %00


# ---- counting


@pytest.mark.parametrize('query', ['', 'role=employee', 'role=employee,auditor&external=true', 'q=crowd',
                                   'active=false'])
def test_total_counts_what_the_filters_let_through(shared, crowd, query):
    every = walk(shared.isms.client, f'/v1/people?limit=200&{query}'.rstrip('&'))
    for limit in (1, 7, 200):
        totals = {answer.json['total'] for answer in
                  list(pages(shared.isms.client, f'/v1/people?limit={limit}&count=true&{query}'.rstrip('&')))[:3]}
        assert totals == {len(every)}
    assert 'total' not in shared.get(f'/v1/people?{query}&count=false'.replace('?&', '?'))


# ---- filters

# collection, query, and which records of the whole list it is to find
FILTERS = [
    ('people', 'role=employee', lambda one: one['role'] == 'employee'),
    ('people', 'role=employee,auditor', lambda one: one['role'] in ('employee', 'auditor')),
    ('people', 'external=true', lambda one: one['external']),
    ('people', 'external=false', lambda one: not one['external']),
    ('people', 'role=auditor&external=true', lambda one: one['role'] == 'auditor' and one['external']),
    ('reviews', 'status=planned', lambda one: one['status'] == 'planned'),
    ('reviews', 'status=planned,in_progress', lambda one: one['status'] in ('planned', 'in_progress')),
    ('reviews', 'type=extraordinary', lambda one: one['type'] == 'extraordinary'),
    ('reviews', 'trigger=major_incident', lambda one: one['trigger'] == 'major_incident'),
    ('reviews', 'classification=restricted', lambda one: one['classification'] == 'restricted'),
    ('reviews', 'planned_on_after={far}', lambda one: one['planned_on'] >= one['far']),
    ('reviews', 'planned_on_before={near}', lambda one: one['planned_on'] <= one['near']),
    ('reviews', 'planned_on_after={near}&planned_on_before={near}', lambda one: one['planned_on'] == one['near']),
    ('reviews', 'concluded_by={isms}', lambda one: one['concluded_by'] == one['isms']),
    ('reviews', 'id={review}', lambda one: one['id'] == one['review']),
    ('reviews', 'id={reference},MR-2001-01', lambda one: one['id'] == one['review']),
    ('people', 'id=HEAD@example.org,{isms}', lambda one: one['id'] in (one['head'], one['isms'])),
    ('decisions', 'id={upper}', lambda one: one['id'] == one['decision']),
    ('decisions', 'review_id={reference}&&id={upper}&', lambda one: one['id'] == one['decision']),
    ('inputs', 'clause=d1', lambda one: one['clause'] == 'd1'),
    ('inputs', 'clause=a,g', lambda one: one['clause'] in ('a', 'g')),
    ('inputs', 'state=pending', lambda one: one['state'] == 'pending'),
    ('inputs', 'trend=degrading', lambda one: one['trend'] == 'degrading'),
    ('inputs', 'severity=major', lambda one: one['severity'] == 'major'),
    ('inputs', 'presenter_id=head@example.org', lambda one: one['presenter_id'] == one['head']),
    ('inputs', 'review_id={review}', lambda one: one['review_id'] == one['review']),
    ('decisions', 'kind=no_change', lambda one: one['kind'] == 'no_change'),
    ('decisions', 'status=adopted', lambda one: one['status'] == 'adopted'),
    ('decisions', 'action_required=false', lambda one: not one['action_required']),
    ('decisions', 'owner_id={head2}', lambda one: one['owner_id'] == one['head2']),
    ('decisions', 'owner_id=HEAD2@example.org', lambda one: one['owner_id'] == one['head2']),
    ('decisions', 'owner_id={head}&status=proposed',
     lambda one: one['owner_id'] == one['head'] and one['status'] == 'proposed'),
    ('decisions', 'review_id={reference}', lambda one: one['review_id'] == one['review']),
    ('decisions', 'input_ids={input}', lambda one: one['input'] in one['input_ids']),
    ('decisions', 'input_ids={input},{second}',
     lambda one: one['input'] in one['input_ids'] or one['second'] in one['input_ids']),
    ('decisions', 'input_ids={second}&status=proposed',
     lambda one: one['second'] in one['input_ids'] and one['status'] == 'proposed'),
    ('decisions', 'deadline_before={soon}', lambda one: (one['deadline'] or '9999') <= one['soon']),
    ('action-items', 'status=in_progress', lambda one: one['status'] == 'in_progress'),
    ('action-items', 'status=open,completed', lambda one: one['status'] in ('open', 'completed')),
    ('action-items', 'kind=improvement', lambda one: one['kind'] == 'improvement'),
    ('action-items', 'priority=critical', lambda one: one['priority'] == 'critical'),
    ('action-items', 'owner_id=employee2@example.org', lambda one: one['owner_id'] == one['employee2']),
    ('action-items', 'decision_id={decision}', lambda one: one['decision_id'] == one['decision']),
    ('action-items', 'review_id={review}', lambda one: one['review_id'] == one['review']),
    ('action-items', 'deadline_before={soon}', lambda one: one['deadline'] <= one['soon']),
    ('action-items', 'deadline_after={soon}', lambda one: one['deadline'] >= one['soon']),
    ('action-items', 'completed_on_before={today}', lambda one: (one['completed_on'] or '9999') <= one['today']),
    ('follow-ups', 'kind=completion', lambda one: one['kind'] == 'completion'),
    ('follow-ups', 'outcome=at_risk', lambda one: one['outcome'] == 'at_risk'),
    ('follow-ups', 'performed_by_id={head}', lambda one: one['performed_by_id'] == one['head']),
    ('follow-ups', 'action_item_id={item}', lambda one: one['action_item_id'] == one['item']),
    ('follow-ups', 'next_follow_up_on_before={next}', lambda one: (one['next_follow_up_on'] or '9999') <= one['next']),
]


@pytest.mark.parametrize('collection, query, wanted', FILTERS, ids=[f'{path}?{query}' for path, query, _ in FILTERS])
def test_filters(shared, everything, collection, query, wanted):
    """What it finds is just what the whole list holds of the kind; some, and not all."""
    known = {
        'near': shared.day(14), 'far': shared.day(40), 'soon': shared.day(20), 'today': shared.day(),
        'next': shared.day(3), 'review': everything['review']['id'], 'reference': everything['review']['reference'],
        **{name: everything[name]['id'] for name in ('decision', 'item', 'input', 'second')},
        'upper': everything['decision']['id'].upper(),
        **{name: getattr(shared, name).id for name in ('isms', 'head', 'head2', 'employee2')},
    }
    whole = walk(shared.isms.client, f'/v1/{collection}?limit=200')
    # The predicate sees the record's members and the values of the query.
    expected = {one['id'] for one in whole if wanted({**known, **one})}
    found = walk(shared.isms.client, f'/v1/{collection}?limit=200&{query.format(**known)}')
    assert set(names(found)) == expected
    assert 0 < len(expected) < len(whole), 'the test proves nothing'


# Every kind of filter, with what is none of its values: empty, in part empty, several where one is taken.
MISTAKEN = [
    ('people', 'active', ['', 'true,false', 'true,true', 'true,', ',', 'TRUE', '1', 'true%20']),
    ('people', 'external', ['false,true', ',false']),
    ('people', 'q', ['']), ('action-items', 'q', ['']),
    ('people', 'role', ['', ',', 'employee,', ',employee', 'employee,,auditor', 'Employee']),
    ('people', 'created_at_before', ['', '2026-11-21,2026-11-22', '2026-11-21T10:00:00Z,', '2026-11-21T10:00:00']),
    ('reviews', 'reference', ['', 'MR-2026-01,', ',MR-2026-01']),
    ('reviews', 'id', ['', 'MR', 'MRX', 'DEC-2026-001', 'top@example.org', 'MR-2026-01,']),
    ('people', 'id', ['', 'top', 'MR-2026-01']), ('inputs', 'id', ['', 'MR-2026-01', 'top@example.org']),
    ('reviews', 'status', ['', 'planned,']),
    ('reviews', 'held_on', ['', '2026-11-21,', '2026-11-21,soon', '2026-02-30']),
    ('reviews', 'held_on_before', ['', '2026-11-21,2026-11-22', '2026-11-21,', '2026-11-21T10:00:00Z']),
    ('reviews', 'held_on_after', ['', ',2026-11-21']),
    ('reviews', 'chair_id', ['', 'top@example.org,', ',', 'top']),
    ('inputs', 'withdrawn', ['', 'true,false', 'yes']),
    ('inputs', 'agenda', ['', 'true,false']),
    ('decisions', 'input_ids', ['', ',', 'd1', '01890a5d-ac96-774b-bcce-b302099a8057,']),
    ('decisions', 'action_required', ['', 'true,false', 'null']),
    ('action-items', 'overdue', ['', 'true,false', 'false,true', 'true,', '0']),
    ('action-items', 'decision_id', ['', 'DEC-2026-001,', 'ACT-2026-0001']),
    ('follow-ups', 'action_item_id', ['', ',ACT-2026-0001']),
    ('audit-log', 'resource', ['', ',', 'review,', 'reviews', 'Review', 'task', 'review,task']),
    ('audit-log', 'resource_id', ['', ',', 'x', 'top@example.org,', 'MR', '0', 'review']),
    ('audit-log', 'actor_id', ['', 'isms@example.org,', 'Ana', '0', 'null']),
    ('audit-log', 'event', ['', 'review', 'review.', '.create', 'create', 'review.create,', 'review.delete',
                            'review.deactivate', 'follow_up.update', 'token.update', 'person.create.x',
                            'review.amend']),
    ('audit-log', 'at_before', ['', '2026-11-21,2026-11-22']),
    ('audit-log', 'at_after', ['', '2026-11-21,']),
]


@pytest.mark.parametrize('collection, name, value', [(path, name, value) for path, name, values in MISTAKEN
                                                     for value in values])
def test_filters_refuse_what_is_no_value(shared, collection, name, value):
    answer = shared.isms.client.get(f'/v1/{collection}?{name}={value}').expect(400, 'query.invalid')
    assert {one['parameter'] for one in answer.violations} == {name}


@pytest.mark.parametrize('path, query', [
    ('/v1/reviews/{review}/attendees', 'capacity=secretary'), ('/v1/reviews/{review}/attendees', 'attendance=invited'),
    ('/v1/reviews/{review}/inputs', 'clause=d1'), ('/v1/reviews/{review}/decisions', 'status=adopted'),
    ('/v1/decisions/{decision}/action-items', 'status=completed'),
])
def test_filters_of_sub_collections(shared, everything, path, query):
    path = path.format(**{name: record['id'] for name, record in everything.items()})
    (name, value), whole = query.split('='), walk(shared.isms.client, path)
    found = walk(shared.isms.client, f'{path}?{query}')
    assert names(found) == [one['id'] for one in whole if one[name] == value]
    assert 0 < len(found) < len(whole)


def test_the_withdrawn_are_listed_where_asked_for(shared, everything):
    path = f'/v1/reviews/{everything["review"]["id"]}/attendees'
    gone = [one for one in walk(shared.isms.client, f'{path}?withdrawn=true') if one['withdrawn']]
    assert [one['person_id'] for one in gone] == [shared.auditor.id]
    assert gone[0]['id'] not in names(walk(shared.isms.client, path))
    assert gone[0]['id'] not in names(walk(shared.isms.client, f'{path}?withdrawn=false'))


def test_overdue_is_filtered_as_it_is_worked_out(daemon_at):
    """Open, in progress or blocked, and its deadline is before today; not what is completed."""
    org = seed(daemon_at(utc_now().strftime('%Y-%m-%dT%H:%M:%S')))
    decision = org.adopted(org.running_review())
    late, later, done, blocked = (org.action_item(decision, deadline=org.day(days)) for days in (5, 40, 5, 5))
    org.completed(done)
    org.do(f'/v1/action-items/{blocked["id"]}/start')
    org.do(f'/v1/action-items/{blocked["id"]}/block', {'reason': 'Waiting for the supplier'})

    def found(query):
        return set(names(walk(org.isms.client, f'/v1/action-items?{query}')))

    every = {one['id'] for one in (late, later, done, blocked)}
    for today, overdue in ((0, set()), (5, set()), (6, {late['id'], blocked['id']})):
        if today:
            org.daemon.set_clock(f'{day(today)}T12:00:00')
        assert found('overdue=true') == overdue
        assert found('overdue=false') == every - overdue
        assert org.get('/v1/action-items?overdue=true&count=true')['total'] == len(overdue)
    assert org.get(f'/v1/action-items/{late["id"]}')['days_overdue'] == 1


# ---- words


@pytest.mark.parametrize('query, finds', [
    ('q=ransomware', True), ('q=RANSOMWARE', True), ('q=after%20ransomware', True), ('q=ransomware+after', True),
    ('q=ransomware&type=extraordinary', True), ('q=ransomware&type=scheduled', False),
    ('q=ransomware%20unheardof', False), ('q=unheardof', False), ('q=somware', False),
])
def test_words(shared, everything, query, finds):
    """Every word must be there, in whatever order and case."""
    found = shared.get(f'/v1/reviews?{query}&count=true')
    assert (names(found['data']), found['total']) == (([everything['review']['id']], 1) if finds else ([], 0))


@pytest.mark.parametrize('collection, word', [('people', 'Tessa'), ('action-items', 'firewall'),
                                              ('decisions', 'Keep'), ('inputs', 'presented'), ('follow-ups', 'Half')])
def test_every_collection_has_its_words(shared, everything, collection, word):
    found = walk(shared.isms.client, f'/v1/{collection}?q={word}&limit=200')
    whole = walk(shared.isms.client, f'/v1/{collection}?limit=200')
    assert {one['id'] for one in whole if word in str(list(one.values()))} == set(names(found)) != set()


def searched(shared, collection, record, word):
    return record['id'] in names(walk(shared.isms.client, f'/v1/{collection}?q={word}&limit=200'))


def test_reasons_have_words_too(shared):
    """All text fields are looked into, also those that verbs set."""
    isms, why = shared.isms.client, {'reason': 'Because of the axolotl in the server room'}
    cancelled = shared.review()
    shared.do(f'/v1/reviews/{cancelled["id"]}/cancel', why)
    running = shared.running_review()
    guest = shared.person(email='guest@example.org', job_title='Axolotl keeper')
    attendee = shared.attendee(running, person_id=guest['id'])
    gone = shared.attendee(running, person_id=shared.employee2.id)
    shared.do(f'/v1/attendees/{gone["id"]}/withdraw', why)
    extra = shared.input(running)
    shared.do(f'/v1/inputs/{extra["id"]}/withdraw', why)
    rejected = shared.decision(running)
    shared.do(f'/v1/decisions/{rejected["id"]}/reject', why)
    nothing = shared.decision(running, kind='no_change', action_required=False, deadline=None, success_criteria=None,
                              no_action_reason='The axolotl is well')
    decision = shared.adopted(running)
    item = shared.action_item(decision)
    amendment = shared.amendment(item, deadline=shared.day(50), **why)
    shared.do(f'/v1/action-items/{item["id"]}/block', why)
    for collection, record in (
        ('reviews', cancelled), (f'reviews/{running["id"]}/attendees', attendee), ('decisions', rejected),
        ('decisions', nothing), ('action-items', item), (f'action-items/{item["id"]}/amendments', amendment),
    ):
        assert searched(shared, collection, record, 'axolotl'), collection
        assert not searched(shared, collection, record, 'capybara'), collection
    for collection, record in ((f'reviews/{running["id"]}/attendees', gone), ('inputs', extra)):
        found = isms.get(f'/v1/{collection}?q=axolotl&withdrawn=true').expect(200).json['data']
        assert record['id'] in names(found)
    reopened = shared.do(f'/v1/reviews/{shared.conclude(ready_to_conclude(shared))["id"]}/reopen',
                         {'reason': 'Axolotl! Axolotl! Axolotl!'}, by=shared.top)
    assert searched(shared, 'reviews', reopened, 'axolotl')


@pytest.mark.parametrize('words', ['...', '-', '%20', '%3F%21', '%22', '*'])
def test_punctuation_alone_finds_nothing(shared, everything, words):
    for collection in ('people', 'reviews', 'decisions'):
        assert shared.get(f'/v1/{collection}?q={words}')['data'] == []


def test_words_follow_a_change(shared):
    review = shared.review(title='Quokka')
    path = '/v1/reviews?q={}'
    assert names(shared.get(path.format('quokka'))['data']) == [review['id']]
    shared.change(f'/v1/reviews/{review["id"]}', {'title': 'Wombat'})
    assert shared.get(path.format('quokka'))['data'] == []
    assert names(shared.get(path.format('wombat'))['data']) == [review['id']]


@pytest.mark.parametrize('words', ['%22', '%22unbalanced', 'NEAR(', 'a%20OR', 'AND', 'NOT', 'title:x', '*', '-', '(',
                                   '^x', '%27', 'a%22b', '%25', '_', '{x}', '%F0%9F%98%80', '...', 'x' * 200])
def test_words_are_words_and_no_query_language(shared, words):
    """Whatever is asked: found or not, but never a syntax error of the index."""
    shared.isms.client.get(f'/v1/people?q={words}').expect(200)


def test_words_do_not_join_with_or(shared):
    """OR is a word like any other: were it an operator, this would find everybody called Tessa or Tom."""
    assert shared.get('/v1/people?q=Tessa%20OR%20Tom')['data'] == []


def test_paging_through_words(shared, crowd):
    walked = walk(shared.isms.client, '/v1/people?q=crowd&limit=20&sort=-name')
    assert sorted(names(walked)) == sorted(names(crowd))
