"""`as_of`: any record and any list, as it was. What was answered at each moment of a story is answered again after it."""

import http.client
import io
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace

import openpyxl
import pytest

import harness
from openapi import description
from support import audit_entries, person_body, plain, poll, shared, walk, walked  # noqa: F401 (fixture)

LISTS = ['/v1/people', '/v1/reviews', '/v1/inputs', '/v1/decisions', '/v1/action-items', '/v1/follow-ups',
         '/v1/calendar-tokens']
MORE = ['/v1/reviews?sort=-title', '/v1/reviews?status=planned,in_progress', '/v1/reviews?sort=held_on&limit=1',
        '/v1/reviews?planned_on_after={tomorrow}', '/v1/inputs?sort=-position&limit=200', '/v1/inputs?withdrawn=true',
        '/v1/inputs?withdrawn=false&clause=e', '/v1/inputs?state=considered', '/v1/decisions?status=adopted&count=true',
        '/v1/decisions?sort=deadline', '/v1/decisions?action_required=false', '/v1/action-items?overdue=true&count=true',
        '/v1/action-items?overdue=false', '/v1/action-items?sort=-deadline&limit=2', '/v1/action-items?count=true&limit=1',
        '/v1/action-items?owner_id=employee@example.org', '/v1/action-items?updated_at_after={tomorrow}',
        '/v1/people?active=true&sort=name', '/v1/people?sort=-email&limit=3', '/v1/people?role=employee&count=true']


# What does not take it, and why.
EXCEPTIONS = {
    '/v1/reviews/{id}/evidence-pack': 'has every version in it, and is signed as it is sent',
    '/v1/calendar.ics': 'what calendar programs put in the place of what they had',
    '/v1/search': 'the index of words is of what is there now',
    '/v1/rules': 'constants of the program', '/v1/rules/{name}': 'constants of the program',
    '/v1/reports/action-items': 'a sum over all records of a kind, of which each would have a version to look up',
    '/v1/reports/metrics': 'likewise', '/v1/reports/schedule': 'likewise', '/v1/reports/clauses': 'likewise',
    '/problems/{name}': 'a page', '/docs': 'a page', '/docs/redoc.js': 'a page', '/openapi.json': 'a page',
    '/healthz': 'of the process', '/readyz': 'of the process', '/metrics': 'of the process',
}


def parameters(path):
    """What the description of a path's GET says that it takes."""
    shared = description()['components']['parameters']
    given = [one if '$ref' not in one else shared[one['$ref'].rpartition('/')[2]]
             for one in description()['paths'][path]['get']['parameters']]
    return {one['name'] for one in given if one['in'] == 'query'}


def routes():
    """Every path that answers as it was."""
    return [path for path, item in description()['paths'].items() if 'get' in item and path not in EXCEPTIONS]


def test_every_path_takes_it_or_says_why_not():
    gets = {path for path, item in description()['paths'].items() if 'get' in item}
    assert {path for path in gets if 'as_of' not in parameters(path)} == set(EXCEPTIONS)


class Moments:
    """A story with a clock of its own; at each moment everything is read."""

    def __init__(self, daemon, org):
        self.daemon, self.org, self.seen = daemon, org, []

    def listed(self, path):
        return walk(self.org.isms.client, f'{path}{"&" if "?" in path else "?"}limit=200')

    def records(self):
        """Of each collection, the ids of the first record and of the last."""
        records = {path: self.listed(path) for path in (*LISTS, '/v1/attachments', '/v1/imports')}
        reviews, decisions, items = (records[f'/v1/{name}'] for name in ('reviews', 'decisions', 'action-items'))
        records['/v1/attendees'] = [one for review in reviews
                                    for one in self.listed(f'/v1/reviews/{review["id"]}/attendees?withdrawn=true')]
        records['/v1/amendments'] = [one for name, all_of in (('decisions', decisions), ('action-items', items))
                                     for record in all_of for one in self.listed(f'/v1/{name}/{record["id"]}/amendments')]
        return {path: sorted({one['id'] for one in (*all_of[:1], *all_of[-1:])}) for path, all_of in records.items()}

    def paths(self):
        paths = [*(path.format(tomorrow='2026-03-02') for path in MORE), '/v1/audit-log?sort=-seq&limit=7&count=true',
                 '/v1/audit-log?resource=review,decision&count=true', '/v1/audit-log/checkpoints?sort=-seq&count=true',
                 '/v1/keys?count=true', '/v1/audit-log?format=ndjson', '/v1/audit-log?format=csv&sort=-seq&limit=30',
                 '/v1/audit-log/checkpoints?format=csv', '/v1/keys?format=ndjson']
        records = self.records()
        for path in routes():
            if '{id}' not in path:
                paths += [path] if '{' not in path else [path.replace('{seq}', str(one['seq']))
                                                         for one in self.listed('/v1/audit-log/checkpoints')]
                continue
            for key in records[path.partition('/{id}')[0]]:
                one = path.replace('{id}', key)
                paths += [one.replace('{n}', n) for n in '12'] if '{n}' in one else [one]
                if path.endswith('/history'):
                    paths += [f'{one}?count=true&limit=1', f'{one}?format=ndjson']
                if path.endswith('/revisions'):
                    paths += [f'{one}?count=true&limit=1', f'{one}?format=ndjson']
                if path.endswith('/minutes') and '{n}' not in path:
                    paths.append(f'{one}?format=html')
                if path.endswith('/carried-action-items'):
                    paths += [f'{one}?format=csv', f'{one}?limit=1&count=true']
        paths += [f'/v1/{name}/{one["reference"]}' for name in ('reviews', 'decisions', 'action-items')
                  for one in self.listed(f'/v1/{name}')]
        return paths

    def is_signed(self):
        """Whether the head is, or was since the clock was moved: then nothing is signed in the next hour."""
        newest = self.org.get('/v1/audit-log/checkpoints?sort=-seq&limit=1')['data']
        return newest and (newest[0]['at'] > self.daemon.clock or newest[0]['seq'] == self.org.get('/v1/audit-log/head')['seq'])

    def look(self):
        """Whatever was written before this moment, and nothing that comes after it."""
        client = self.org.isms.client
        poll(self.is_signed, seconds=20, why='no head was signed')
        answers = {path: client.get(path) for path in self.paths()}
        assert not [answer.report('neither there nor absent') for answer in answers.values() if answer.status not in (200, 404)]
        signed = [one['at'] for one in self.listed('/v1/audit-log/checkpoints')]
        signed += [one['made_at'] for one in self.listed('/v1/keys')]
        newest = max(entry['at'] for entry in audit_entries(client))
        self.seen.append((max(newest, f'{self.daemon.clock}.000Z', *signed), answers))


def story(daemon):
    """A review from its plan to its end, and what follows, over some months."""
    org = harness.seed(daemon)
    moments = Moments(daemon, org)
    moments.look()
    daemon.set_clock('2026-03-02T09:00:00')
    review = org.running_review(title='As it was called at first')
    extra = org.input(review, title='An input that is withdrawn', metrics=[{'name': 'm', 'value': 1.5, 'unit': '"%'}])
    decision = org.adopted(review, affects=[{'kind': 'policy', 'title': 'Ünïcode 語 🦉'}])
    item = org.action_item(decision, resources={'budget_amount': 1e21, 'currency': 'EUR'})
    other = org.action_item(decision, title='Another', owner_id=org.head.id)
    moments.look()
    daemon.set_clock('2026-03-05T09:00:00')
    org.change(f'/v1/reviews/{review["id"]}', {'title': 'As it is called now', 'classification': 'confidential'})
    org.do(f'/v1/inputs/{extra["id"]}/withdraw', {'reason': 'By mistake'})
    org.change(f'/v1/people/{org.employee2.id}', {'name': 'Zoe Renamed', 'role': 'auditor'})
    org.follow_up(item, progress_percent=50)
    org.amendment(item, deadline=org.day(50), owner_id=org.employee2.id)
    org.isms.client.post('/v1/calendar-tokens', {'label': 'Telephone'}).expect(201)
    moments.look()
    daemon.set_clock('2026-07-01T09:00:00')
    moments.look()      # nothing was done, and an item is overdue
    org.conclude(org.concludable(review))
    org.closed(item)
    moments.look()
    second = sequel(org, moments, review, decision, other)
    return org, moments, {'review': review, 'decision': decision, 'item': item, 'extra': extra, 'other': other,
                          'second': second}


def sequel(org, moments, review, decision, other):
    """The next review has to revisit what the first has left open."""
    daemon = moments.daemon
    daemon.set_clock('2026-08-03T09:00:00')
    org.do(f'/v1/reviews/{review["id"]}/approve', by=org.top2)
    second = org.running_review(title='The one that follows')
    org.complete_inputs(second)
    org.attach(f'/v1/reviews/{second["id"]}')
    org.imported()
    moments.look()
    daemon.set_clock('2026-08-04T09:00:00')
    org.follow_up(other, review_id=second['id'])
    adopted = org.adopted(second, input_ids=[org.input_of(second, 'd1')['id']], kind='corrective_action')
    org.change(f'/v1/inputs/{org.input_of(second, "d1")["id"]}', {'severity': 'major'})
    org.change(f'/v1/people/{second["chair_id"]}', {'name': 'Renamed Since', 'role': 'isms_manager'})
    daemon.cli('key', 'rotate')
    moments.look()
    daemon.set_clock('2026-08-05T09:00:00')
    org.do(f'/v1/reviews/{review["id"]}/reopen', {'reason': 'The figures were those of another site.'}, org.top2)
    org.do(f'/v1/decisions/{adopted["id"]}/supersede', {'by': decision['id'], 'reason': 'One of before does it'})
    org.do(f'/v1/action-items/{other["id"]}/cancel', {'reason': 'Not needed', 'approved_by_id': org.top2.id})
    org.do(f'/v1/attachments/{org.get("/v1/attachments")["data"][0]["id"]}/withdraw', {'reason': 'By mistake'})
    moments.look()
    return second


@pytest.fixture(scope='module')
def told():
    daemon = harness.Daemon(clock='2026-03-01T09:00:00')
    yield story(daemon.start())
    daemon.stop()
    daemon.discard()


def then(path, instant):
    return f'{path}{"&" if "?" in path else "?"}as_of={instant}'


def data_of(body):
    """A list's cursor is bound to its parameters; all else is as it was."""
    return {name: value for name, value in body.items() if name != 'next_cursor'}


@pytest.mark.parametrize('moment', range(8))
def test_everything_is_answered_as_it_was(told, moment):
    org, moments, _ = told
    instant, answers = moments.seen[moment]
    assert len(answers) > 20
    for path, before in answers.items():
        again = org.isms.client.get(then(path, instant))
        assert again.status == before.status, path
        if again.status == 404:
            assert {**again.json, 'instance': 0} == {**before.json, 'instance': 0}, path
        elif b'"next_cursor"' in before.body:
            assert data_of(again.json) == data_of(before.json), path
            assert bool(again.json['next_cursor']) == bool(before.json['next_cursor']), path
        else:
            assert again.body == before.body and again.etag == before.etag, path
        assert again.headers.get('Cache-Control') == before.headers.get('Cache-Control'), path


def test_the_story_has_told_of_everything(told):
    """Each path was there at some moment; and what has changed since was not told the same way twice."""
    _, moments, records = told
    for path in routes():
        pattern = re.compile(re.sub(r'\{[^}]*\}', '[^/?]+', path))
        assert any(pattern.fullmatch(one) and answer.status == 200 for _, answers in moments.seen
                   for one, answer in answers.items()), path
    second = f'/v1/reviews/{records["second"]["id"]}'
    for what in ('readiness', 'carried-action-items', 'compare', 'minutes', 'agenda'):
        told_then = {answers[f'{second}/{what}'].body for _, answers in moments.seen[5:]}
        assert len(told_then) > 1, what


def test_what_is_overdue_is_so_by_the_day_of_then(told):
    """At the fourth moment nothing was written: the instant alone makes the difference."""
    org, moments, records = told
    path = f'/v1/action-items/{records["item"]["id"]}'
    before = moments.seen[3][1]
    for instant, late in (('2026-04-20T00:00:00Z', False), ('2026-07-01T09:00:00Z', True)):
        item = org.get(then(path, instant))
        assert item['overdue'] is late and (item['days_overdue'] > 0) is late
        listed = org.get(then('/v1/action-items?overdue=true', instant))['data']
        assert (item['id'] in [one['id'] for one in listed]) is late
    assert org.get(then(path, '2026-07-01T09:00:00Z')) == before[path].json


def test_parents_are_called_as_they_were(told):
    org, moments, records = told
    path = f'/v1/action-items/{records["item"]["id"]}'
    assert org.get(path)['review_title'] == 'As it is called now'
    assert org.get(then(path, moments.seen[1][0]))['review_title'] == 'As it was called at first'


def test_before_it_was_there(told):
    org, moments, records = told
    instant = moments.seen[0][0]
    for path in (f'/v1/reviews/{records["review"]["id"]}', f'/v1/reviews/{records["review"]["reference"]}',
                 f'/v1/action-items/{records["item"]["id"]}'):
        gone = plain(org.isms.client, 'GET', then(path, instant), X_Request_Id='same')
        assert gone.status == 404
        assert gone.body == plain(org.isms.client, 'GET', '/v1/nowhere', X_Request_Id='same').body
    for path in routes():       # nor is there anything below it
        if path.startswith('/v1/reviews/{id}/') and '{n}' not in path:
            below = path.replace('{id}', records['review']['id']) + (f'?with={records["review"]["id"]}' if 'compare' in path else '')
            assert plain(org.isms.client, 'GET', then(below, instant)).status == 404, path
    assert org.get(then('/v1/people', '2001-01-01T00:00:00Z'))['data'] == []


def test_pages_of_then(told):
    org, moments, _ = told
    instant = moments.seen[2][0]
    for path in ('/v1/inputs', '/v1/inputs?sort=-position', '/v1/people?sort=-name', '/v1/people?sort=email'):
        whole = org.get(then(f'{path}{"&" if "?" in path else "?"}limit=200', instant))['data']
        in_pages = walk(org.isms.client, then(f'{path}{"&" if "?" in path else "?"}limit=2', instant))
        assert in_pages == whole and len(whole) > 4, path
    page = org.get(then('/v1/inputs?limit=2', instant))
    for other in ('/v1/inputs?limit=2', then('/v1/inputs?limit=2', moments.seen[4][0])):
        org.isms.client.get(f'{other}&cursor={page["next_cursor"]}').expect(400, 'query.invalid')


def test_one_sees_what_one_may_see_now(told):
    """When it was internal the department's head could read it; now nobody shows it to whoever did not attend."""
    org, moments, records = told
    path = f'/v1/reviews/{records["review"]["id"]}'
    instant = moments.seen[1][0]
    assert org.get(then(path, instant))['classification'] == 'internal'
    org.head.client.get(then(path, instant)).expect(200)      # attended
    hidden = plain(org.head2.client, 'GET', then(path, instant), X_Request_Id='same')
    assert hidden.status == 404
    assert hidden.body == plain(org.head2.client, 'GET', '/v1/nowhere', X_Request_Id='same').body
    for collection, name in (('reviews', 'review'), ('decisions', 'decision'), ('action-items', 'item')):
        listed = org.head2.client.get(then(f'/v1/{collection}?count=true', instant)).expect(200)
        assert listed.json == {'data': [], 'next_cursor': None, 'total': 0}
        assert records[name]['id'].encode() not in listed.body
    # Whom the item was given to later reads it as it was before, too.
    org.employee2.client.get(then(f'/v1/action-items/{records["item"]["id"]}', instant)).expect(200)


@pytest.mark.parametrize('path', ['/v1/reviews', '/v1/reviews/{review}', '/v1/reviews/{review}/inputs'])
@pytest.mark.parametrize('value', ['', 'yesterday', '2026-03-01', '2026-13-01T00:00:00Z', '2026-03-01T00:00:00+01:00',
                                   '9999-12-31T23:59:59Z', "2026-03-01T00:00:00Z' OR 1=1"])
def test_what_is_no_instant(shared, path, value):  # noqa: F811
    review = shared.review()
    value = value.replace('+', '%2B').replace(' ', '+')
    shared.isms.client.get(then(path.format(review=review['id']), value)).expect(400, 'query.invalid')


def test_where_it_is_not_known(shared):  # noqa: F811
    review = shared.review()
    instant = '2026-03-01T00:00:00Z'
    for path in ('/v1/rules', '/v1/search?q=zebra', '/v1/reports/schedule', f'/v1/reviews/{review["id"]}/evidence-pack'):
        shared.isms.client.get(then(path, instant)).expect(400, 'query.unknown')
    shared.isms.client.post(f'/v1/reviews?as_of={instant}', {}).expect(400, 'query.unknown')
    shared.isms.client.get(f'/v1/reviews?q=zebra&as_of={instant}').expect(400, 'query.invalid')
    shared.isms.client.get(f'/v1/reviews?as_of={instant}&as_of={instant}').expect(400, 'query.repeated')


def test_before_anything_was_there(told):
    org, _, records = told
    instant = '2001-01-01T00:00:00Z'
    second = f'/v1/reviews/{records["second"]["id"]}'
    for what in ('', '/readiness', '/carried-action-items', '/compare', '/minutes', '/agenda', '/history', '/revisions',
                 '/revisions/1'):
        org.isms.client.get(then(f'{second}{what}', instant)).expect(404)
    assert org.get(then('/v1/audit-log/head', instant)) == {'seq': 0, 'hash': 64 * '0'}
    for path in ('/v1/audit-log?count=true', '/v1/audit-log?count=true&sort=-seq', '/v1/audit-log/checkpoints?count=true',
                 '/v1/keys?count=true'):
        assert org.get(then(path, instant)) == {'data': [], 'next_cursor': None, 'total': 0}, path


def test_every_head_that_there_was(told):
    """The head of each instant at which an entry was made is the last of that instant."""
    org, _, _ = told
    # The day before has been written by several processes, each with a clock of its own.
    made = [entry for entry in audit_entries(org.isms.client) if entry['at'] > '2026-03-02']
    last = {entry['at']: {'seq': entry['seq'], 'hash': entry['hash']} for entry in made}
    assert len(last) > 20
    for instant, entry in last.items():
        assert org.get(then('/v1/audit-log/head', instant)) == entry, instant
    assert org.get('/v1/audit-log/head') == list(last.values())[-1]


def test_what_is_worked_out_shows_no_more_than_one_may_see_now(told):
    """The first review was internal at first, and is confidential now: the other department's head attends only the
    second one, and of what that has to revisit sees nothing, now or then."""
    org, moments, records = told
    second, first = (f'/v1/reviews/{records[name]["id"]}' for name in ('second', 'review'))
    org.attendee(records['second'], person_id=org.head2.id)
    hidden = [records['other']['id'].encode(), records['other']['reference'].encode(), records['review']['id'].encode()]
    for instant, _ in moments.seen[5:]:
        for what in ('readiness', 'carried-action-items', 'compare', 'minutes?format=json', 'agenda?format=json'):
            shown = org.head2.client.get(then(f'{second}/{what}', instant)).expect(200)
            assert not any(one in shown.body for one in hidden), what
        org.head2.client.get(then(f'{second}/compare?with={records["review"]["id"]}', instant)).expect(404)
        for what in ('readiness', 'carried-action-items', 'compare', 'minutes', 'history', 'revisions'):
            gone = plain(org.head2.client, 'GET', then(f'{first}/{what}', instant), X_Request_Id='same')
            assert gone.status == 404
            assert gone.body == plain(org.head2.client, 'GET', '/v1/nowhere', X_Request_Id='same').body


# ---- many, last of all


@pytest.fixture(scope='module')
def many(shared):  # noqa: F811
    """4,500 action items more, two or three of each title."""
    org = shared
    decision = org.adopted(org.running_review(title='Of many items'))
    lines = [json.dumps({'decision_id': decision['id'], 'kind': 'improvement', 'title': f'Item {number * 7919 % 4500 // 3:04}',
                         'owner_id': org.employee.id, 'deadline': org.day(1 + number % 20),
                         'success_criteria': [{'statement': 'It is done as agreed', 'verification': 'Looked at by an auditor'}]})
             for number in range(4500)]
    org.isms.client.post('/v1/imports?resource=action-items', raw='\n'.join(lines).encode(),
                         headers={'Content-Type': 'application/x-ndjson'}).expect(201)
    instant = org.get('/v1/audit-log?sort=-seq&limit=1')['data'][0]['at']
    return SimpleNamespace(org=org, instant=instant, decision=decision)


@pytest.mark.parametrize('form', ['csv', 'ndjson', 'xlsx'])
@pytest.mark.parametrize('number, title', [(3000, 'zzzz'), (4000, 'zzzz'), (4300, '!first'), (2, '!first'), (10, 'zzzz')])
def test_what_is_changed_while_a_register_is_sent_loses_no_other_row(many, form, number, title):
    """It was picked for what it was: all others are there once, in their order, and so is the row itself."""
    org = many.org
    path = f'/v1/decisions/{many.decision["id"]}/action-items?sort=title'
    expected = [record['reference'] for record in walked(org.isms.client, f'{path}&limit=200')]
    reader = http.client.HTTPConnection('127.0.0.1', org.daemon.port, timeout=60)
    with closing(reader):
        reader.sock = socket.socket()
        reader.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        reader.sock.connect(('127.0.0.1', org.daemon.port))
        reader.request('GET', f'{path}&format={form}', headers={'Authorization': f'Bearer {org.isms.token}'})
        answer = reader.getresponse()
        first = answer.read(1000)
        changed = org.get(f'/v1/action-items/{expected[number]}')
        org.change(f'/v1/action-items/{changed["id"]}', {'title': title})
        body = first + answer.read()
    try:
        assert [one for one in references(form, body)] == expected
    finally:
        org.change(f'/v1/action-items/{changed["id"]}', {'title': changed['title']})


def references(form, body):
    if form == 'xlsx':
        sheet = openpyxl.load_workbook(io.BytesIO(body), read_only=True).active
        rows = sheet.iter_rows(values_only=True)
        place = next(rows).index('reference')
        return [row[place] for row in rows]
    return [reference.decode() for reference in re.findall(rb'\bACT-\d{4}-\d+' if form == 'csv' else rb'"reference":"(ACT-\d{4}-\d+)"', body)]


def test_a_moment_that_has_just_come_is_answered_for_good(many):
    """What was being written then is waited for: an entry has its time before others see it."""
    org = many.org
    item = {'decision_id': many.decision['id'], 'kind': 'improvement', 'title': 'Written meanwhile', 'owner_id': org.employee.id,
            'deadline': org.day(9), 'success_criteria': [{'statement': 'It is done as agreed', 'verification': 'By looking at it'}]}
    several = '\n'.join([json.dumps(item)] * 3000).encode()

    def write():
        client = harness.Client(org.daemon, org.isms.token)
        for _ in range(2):
            client.post('/v1/imports?resource=action-items', raw=several, headers={'Content-Type': 'application/x-ndjson'}).expect(201)
            for _ in range(60):
                client.post('/v1/people', person_body()).expect(201)

    seen = {}
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            now = harness.utc_now().isoformat(timespec='milliseconds').replace('+00:00', 'Z')
            for path in ('/v1/audit-log/head', '/v1/people?limit=1&sort=-created_at'):
                seen[then(path, now)] = plain(org.isms.client, 'GET', then(path, now)).body
        writing.result()
    assert len(seen) > 20
    assert all(plain(org.isms.client, 'GET', path).body == body for path, body in seen.items())


@pytest.mark.parametrize('nested', [False, True])
@pytest.mark.parametrize('query', ['sort=title', 'sort=-title', 'sort=deadline', 'sort=-created_at', 'sort=title&priority=critical',
                                   'sort=-deadline&limit=2345'])
def test_an_order_of_then_is_found_by_turns(many, query, nested):
    """Where no index has it: the rows of a register come in the order of the pages of JSON, while others are answered."""
    org = many.org
    above = f'/v1/decisions/{many.decision["id"]}' if nested else '/v1'
    path = then(f'{above}/action-items?{query}', many.instant)
    answer = plain(org.isms.client, 'GET', f'{path}&format=ndjson')
    assert answer.headers['Transfer-Encoding'] == 'chunked'
    got = [json.loads(line) for line in answer.body.splitlines()]
    expected = walked(org.isms.client, f'{path.replace("&limit=2345", "")}&limit=200')
    assert got == expected[:2345 if 'limit' in query else None]
