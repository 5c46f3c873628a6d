"""`as_of`: any record and any list, as it was. What was answered at each moment of a story is answered again after it."""

import pytest

import harness
from support import audit_entries, plain, shared, walk  # noqa: F401 (fixture)

LISTS = ['/v1/people', '/v1/reviews', '/v1/inputs', '/v1/decisions', '/v1/action-items', '/v1/follow-ups',
         '/v1/calendar-tokens']
MORE = ['/v1/reviews?sort=-title', '/v1/reviews?status=planned,in_progress', '/v1/reviews?sort=held_on&limit=1',
        '/v1/reviews?planned_on_after={tomorrow}', '/v1/inputs?sort=-position&limit=200', '/v1/inputs?withdrawn=true',
        '/v1/inputs?withdrawn=false&clause=e', '/v1/inputs?state=considered', '/v1/decisions?status=adopted&count=true',
        '/v1/decisions?sort=deadline', '/v1/decisions?action_required=false', '/v1/action-items?overdue=true&count=true',
        '/v1/action-items?overdue=false', '/v1/action-items?sort=-deadline&limit=2', '/v1/action-items?count=true&limit=1',
        '/v1/action-items?owner_id=employee@example.org', '/v1/action-items?updated_at_after={tomorrow}',
        '/v1/people?active=true&sort=name', '/v1/people?sort=-email&limit=3', '/v1/people?role=employee&count=true']


class Moments:
    """A story with a clock of its own; at each moment everything is read."""

    def __init__(self, daemon, org):
        self.daemon, self.org, self.seen = daemon, org, []

    def paths(self):
        tomorrow = '2026-03-02'
        paths = [*LISTS, *(path.format(tomorrow=tomorrow) for path in MORE)]
        for collection in LISTS:
            for record in walk(self.org.isms.client, f'{collection}?limit=200'):
                paths.append(f'{collection}/{record["id"]}')
                if record.get('reference'):
                    paths.append(f'{collection}/{record["reference"]}')
                below = {'reviews': ('attendees', 'inputs', 'decisions'), 'decisions': ('amendments', 'action-items'),
                         'action-items': ('amendments', 'follow-ups')}.get(collection.rpartition('/')[2], ())
                paths += [f'{collection}/{record["id"]}/{one}' for one in below]
        return paths

    def look(self):
        answers = {path: self.org.isms.client.get(path).expect(200) for path in self.paths()}
        newest = max(entry['at'] for entry in audit_entries(self.org.isms.client))
        self.seen.append((newest, answers))


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
    org.action_item(decision, title='Another', owner_id=org.head.id)
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
    return org, moments, {'review': review, 'decision': decision, 'item': item, 'extra': extra}


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


@pytest.mark.parametrize('moment', [0, 1, 2, 4])
def test_everything_is_answered_as_it_was(told, moment):
    org, moments, _ = told
    instant, answers = moments.seen[moment]
    assert len(answers) > 20
    for path, before in answers.items():
        again = org.isms.client.get(then(path, instant)).expect(200)
        if 'data' in before.json:
            assert data_of(again.json) == data_of(before.json), path
            assert bool(again.json['next_cursor']) == bool(before.json['next_cursor']), path
        else:
            assert again.body == before.body and again.etag == before.etag, path


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
    assert org.get(then(f'/v1/reviews/{records["review"]["id"]}/inputs?count=true', instant))['total'] == 0
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
    for path in (f'/v1/reviews/{review["id"]}/history', f'/v1/reviews/{review["id"]}/readiness', '/v1/rules',
                 '/v1/audit-log', f'/v1/reviews/{review["id"]}/carried-action-items'):
        shared.isms.client.get(then(path, instant)).expect(400, 'query.unknown')
    shared.isms.client.post(f'/v1/reviews?as_of={instant}', {}).expect(400, 'query.unknown')
    shared.isms.client.get(f'/v1/reviews?q=zebra&as_of={instant}').expect(400, 'query.invalid')
    shared.isms.client.get(f'/v1/reviews?as_of={instant}&as_of={instant}').expect(400, 'query.repeated')
