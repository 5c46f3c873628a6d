"""/v1/calendar.ics, read by a parser that is not ours: what is in it, for whom, how it is written (RFC 5545, 7986)."""

import re
from datetime import date

import pytest
from icalendar import Calendar

import harness
from calendars import PATH, anybody, event_of, feed_token, read, text_of
from support import ABSENT_ID, shared  # noqa: F401 (fixture)

# ---- what is in it


def test_of_an_empty_organisation_it_is_empty(org):
    calendar = Calendar.from_ical(text_of(org.isms.client))
    assert calendar.walk('VEVENT') == []
    assert calendar['VERSION'] == '2.0' and calendar['PRODID'] and calendar['METHOD'] == 'PUBLISH'
    assert calendar['NAME'] == calendar['X-WR-CALNAME'] == 'Management reviews'
    assert calendar['REFRESH-INTERVAL'].to_ical() == b'PT1H' and calendar['COLOR'] == 'steelblue'
    assert calendar['REFRESH-INTERVAL'].params['VALUE'] == 'DURATION'


def test_a_planned_review(org):
    review = org.review(title='Half-year review', location='Room 4', classification='confidential')
    event = event_of(org.isms.client, review, 'review')
    assert event['DTSTART'].dt == date.fromisoformat(review['planned_on'])
    assert event['DTSTART'].params['VALUE'] == 'DATE'
    assert event['SUMMARY'] == f'{review["reference"]} Half-year review'
    assert event['DESCRIPTION'] == 'Location: Room 4\nChair: Tessa Top\nStatus: planned'
    assert event['STATUS'] == 'CONFIRMED' and event['SEQUENCE'] == 0 and event['CLASS'] == 'CONFIDENTIAL'
    assert event['CATEGORIES'].to_ical() == b'Management review'
    assert event['DTSTAMP'].to_ical().decode() == re.sub(r'[-:]|\.\d{3}', '', review['updated_at'])
    assert 'URL' not in event       # nobody said where people reach it


@pytest.mark.parametrize('classification, expected', [
    ('public', 'PUBLIC'), ('internal', 'PRIVATE'), ('confidential', 'CONFIDENTIAL'), ('restricted', 'CONFIDENTIAL')])
def test_the_class_follows_the_classification(org, classification, expected):
    review = org.running_review(classification=classification)
    item = org.action_item(org.adopted(review))
    assert event_of(org.isms.client, review, 'review')['CLASS'] == expected
    assert event_of(org.isms.client, item)['CLASS'] == expected


def test_a_review_is_on_the_day_on_which_it_was_held(org):
    review = org.running_review()
    concluded = org.conclude(org.concludable(review))
    event = event_of(org.isms.client, review, 'review')
    assert event['DTSTART'].dt == date.fromisoformat(concluded['held_on']) and event['SEQUENCE'] == 1
    assert 'Status: concluded' in event['DESCRIPTION']


def test_the_next_review_is_due_by_the_newest_one(org):
    first = org.concluded()
    assert event_of(org.isms.client, first, 'next-review')['DTSTART'].dt == date.fromisoformat(first['next_review_on'])
    later = org.running_review()
    for item in org.get(f'/v1/reviews/{later["id"]}/carried-action-items')['data']:
        org.follow_up(item, review_id=later['id'])
    later = org.conclude(org.concludable(later), next_review_on=org.day(200))
    events = read(org.isms.client)
    assert f'{first["id"]}-next-review@reviewd' not in events
    due = events[f'{later["id"]}-next-review@reviewd']
    assert due['DTSTART'].dt == date.fromisoformat(org.day(200)) and due['SEQUENCE'] == 0
    org.do(f'/v1/reviews/{later["id"]}/reopen', {'reason': 'The wrong day was written down'}, org.top)
    assert f'{later["id"]}-next-review@reviewd' not in read(org.isms.client)
    org.conclude(later, next_review_on=org.day(210))
    assert event_of(org.isms.client, later, 'next-review')['SEQUENCE'] == 1


def test_deadlines_and_follow_ups(org):
    review = org.running_review(title='The review')
    decision = org.adopted(review)
    item = org.action_item(decision, priority='critical')
    assert event_of(org.isms.client, item, 'follow-up') is None
    follow_up = org.follow_up(item, next_follow_up_on=org.day(20))
    events = read(org.isms.client)
    due = events[f'{decision["id"]}-deadline@reviewd']
    assert due['DTSTART'].dt == date.fromisoformat(decision['deadline'])
    assert due['SUMMARY'] == f'{decision["reference"]} Train everyone'
    assert due['DESCRIPTION'] == f'Review: {review["reference"]} The review\nOwner: Hana Head\nStatus: adopted'
    todo = events[f'{item["id"]}-deadline@reviewd']
    assert todo['DTSTART'].dt == date.fromisoformat(item['deadline']) and todo['PRIORITY'] == 1
    assert f'Decision: {decision["reference"]} Train everyone\n' in todo['DESCRIPTION']
    again = events[f'{item["id"]}-follow-up@reviewd']
    assert again['DTSTART'].dt == date.fromisoformat(follow_up['next_follow_up_on']) and again['SEQUENCE'] == 0
    org.follow_up(item, next_follow_up_on=org.day(40))
    moved = event_of(org.isms.client, item, 'follow-up')
    assert moved['DTSTART'].dt == date.fromisoformat(org.day(40)) and moved['SEQUENCE'] == 1
    org.closed(item)
    assert event_of(org.isms.client, item, 'follow-up') is None
    assert event_of(org.isms.client, item)['STATUS'] == 'CONFIRMED'


def test_a_decision_without_a_deadline_is_no_event(org):
    decision = org.adopt(org.no_change(org.running_review()))
    assert event_of(org.isms.client, decision) is None


def test_an_amendment_of_the_deadline_raises_the_sequence_and_no_other_does(org):
    review = org.running_review()
    decision = org.adopted(review)
    item = org.action_item(decision)
    before = {record['id']: event_of(org.isms.client, record) for record in (decision, item)}
    assert {event['SEQUENCE'] for event in before.values()} == {0}
    org.change(f'/v1/action-items/{item["id"]}', {'title': 'Another title'})
    org.amendment(item, owner_id=org.employee2.id)
    unmoved = event_of(org.isms.client, item)
    assert unmoved['SEQUENCE'] == 0 and unmoved['SUMMARY'].endswith('Another title')
    assert unmoved['DTSTAMP'].dt >= before[item['id']]['DTSTAMP'].dt
    for record, by in ((item, {}), (decision, {})):
        for days in (50, 55):
            org.amendment(record, deadline=org.day(days if record is item else days + 50), **by)
        moved = event_of(org.isms.client, record)
        assert moved['SEQUENCE'] == 2 and moved['UID'] == before[record['id']]['UID']
        assert moved['DTSTART'].dt == date.fromisoformat(org.day(55 if record is item else 105))


def test_a_proposed_decision_that_is_changed(org):
    decision = org.decision(org.running_review())
    org.change(f'/v1/decisions/{decision["id"]}', {'deadline': org.day(70)})
    assert event_of(org.isms.client, decision)['SEQUENCE'] == 1


def test_a_review_that_is_put_off(org):
    review = org.review()
    org.change(f'/v1/reviews/{review["id"]}', {'planned_on': org.day(21)})
    event = event_of(org.isms.client, review, 'review')
    assert event['SEQUENCE'] == 1 and event['DTSTART'].dt == date.fromisoformat(org.day(21))


def test_what_is_given_up_is_cancelled(org):
    """Its UID stays, and its SEQUENCE is raised, so that a program that holds the event takes notice."""
    planned = org.review()
    org.do(f'/v1/reviews/{planned["id"]}/cancel', {'reason': 'Not needed'})
    running = org.running_review()
    reason = {'reason': 'Too dear'}
    rejected, withdrawn = org.decision(running, title='One'), org.decision(running, title='Two')
    org.do(f'/v1/decisions/{rejected["id"]}/reject', reason)
    org.do(f'/v1/decisions/{withdrawn["id"]}/withdraw', reason)
    decision = org.adopted(running)
    item = org.action_item(decision)
    org.follow_up(item)
    org.cancelled_item(item)
    instead = org.adopted(running, title='Instead')
    org.do(f'/v1/decisions/{decision["id"]}/supersede', {'by': instead['id'], **reason})
    events = read(org.isms.client)
    for record, what in ((planned, 'review'), (rejected, 'deadline'), (withdrawn, 'deadline'), (decision, 'deadline'),
                         (item, 'deadline')):
        event = events[f'{record["id"]}-{what}@reviewd']
        assert event['STATUS'] == 'CANCELLED' and event['SEQUENCE'] == 1, event
    assert f'{item["id"]}-follow-up@reviewd' not in events
    assert events[f'{instead["id"]}-deadline@reviewd']['STATUS'] == 'CONFIRMED'


# ---- how it is written

TEXTS = [
    'a, b; c: d \\ e \\n f "g"',
    'line\r\nfeed\nand\rmore',
    'x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:forged',
    'Zürich, Łódź, Ñandú',
    'ελληνικά, русский, 日本語の題名, 한국어, ไทย, हिन्दी',
    'עברית וערבית العربية',
    'right-to-left \u202e marks \u2066 and \u200f more',
    '🦉👩🏽‍💻 beyond the plane',
    'z̸̡̢͇̗a̷̢̛͔l̴͚͝g̵o̶',
    '<b>&amp;</b> =cmd|\'/c calc\'!A1',
    'tab\tis kept',
    '\u2028 line separator \u0085 next line',
]


def unescaped(text):
    """How a text comes back: whatever ended a line, ends one."""
    return re.sub(r'\r\n|\r', '\n', text)


def texts_of(raw, name):
    """The values of a property to the letter of RFC 5545, 3.1 and 3.3.11 (icalendar takes "\\\\n" for a line's end)."""
    lines = raw.decode().replace('\r\n ', '').split('\r\n')
    values = [line.partition(':')[2] for line in lines if line.startswith(name + ':')]
    return [re.sub(r'\\(.)', lambda match: '\n' if match[1] in 'nN' else match[1], value) for value in values]


@pytest.mark.parametrize('text', TEXTS)
def test_texts_come_back(shared, text):  # noqa: F811
    review = shared.running_review(title=text, location=text)
    item = shared.action_item(shared.adopted(review), title=text)
    events = read(shared.isms.client)
    raw = text_of(shared.isms.client)
    assert 'forged' not in events
    assert f'{item["reference"]} {unescaped(text)}' in texts_of(raw, 'SUMMARY')
    assert any(f'Location: {unescaped(text)}\n' in one for one in texts_of(raw, 'DESCRIPTION'))
    if '\\' not in text:
        assert events[f'{item["id"]}-deadline@reviewd']['SUMMARY'] == f'{item["reference"]} {unescaped(text)}'
        assert f'Location: {unescaped(text)}\n' in events[f'{review["id"]}-review@reviewd']['DESCRIPTION']


@pytest.mark.parametrize('letter', ['x', 'é', '語', '🦉', ',', '\\'])
def test_long_texts_are_folded_between_characters(shared, letter):  # noqa: F811
    """At each offset, so that a character meets the edge of a line in every way."""
    for offset in range(4):
        title = 'y' * offset + letter * (200 - offset)
        review = shared.review(title=title)
        assert f'{review["reference"]} {title}' in texts_of(text_of(shared.isms.client), 'SUMMARY')
        assert event_of(shared.isms.client, review, 'review')['STATUS'] == 'CONFIRMED'


def test_addresses_of_records(daemon_at):
    daemon = daemon_at('2026-03-01T09:00:00', env={'REVIEWD_PUBLIC_URL': 'https://reviews.example.org/isms'})
    org = harness.seed(daemon)
    review = org.review()
    raw = text_of(org.isms.client)
    assert event_of(org.isms.client, review, 'review')['URL'] == (
        f'https://reviews.example.org/isms/v1/reviews/{review["reference"]}')
    assert Calendar.from_ical(raw)['SOURCE'] == 'https://reviews.example.org/isms/v1/calendar.ics'
    token = feed_token(org.isms)
    assert token['url'] == f'https://reviews.example.org/isms/v1/calendar.ics?token={token["token"]}'
    assert token['token'].encode() not in text_of(anybody(org), f'?token={token["token"]}')


@pytest.mark.parametrize('value', ['reviews.example.org', 'ftp://x', 'https://', 'https://x/', 'https://x y',
                                   'http://x?y'])
def test_a_public_url_that_is_none(daemon, value):
    done = daemon.cli('config', '--public-url', value, check=False)
    assert done.returncode != 0 and 'public_url' in done.stderr


# ---- it stays as it is


def test_the_same_until_something_changes(org):
    review = org.running_review()
    item = org.action_item(org.adopted(review))
    first = org.isms.client.get(PATH).expect(200)
    again = org.isms.client.get(PATH).expect(200)
    assert first.body == again.body and first.etag == again.etag
    assert org.isms.client.get(PATH, If_None_Match=first.etag).expect(304).body == b''
    head = org.isms.client.request('HEAD', PATH).expect(200)
    assert head.etag == first.etag and head.body == b''
    org.amendment(item, deadline=org.day(50))
    assert org.isms.client.get(PATH, If_None_Match=first.etag).expect(200).etag != first.etag


def test_a_new_day_changes_nothing_but_what_is_overdue(daemon_at):
    daemon = daemon_at('2026-03-01T09:00:00')
    org = harness.seed(daemon)
    review = org.running_review()
    decision = org.adopted(review)
    item = org.action_item(decision)
    org.follow_up(item, next_follow_up_on=org.day(10))
    planned = org.review(title='Planned')
    before = text_of(org.isms.client)
    assert read(org.isms.client, '?overdue=true') == {}
    assert text_of(org.isms.client, '?overdue=false') == before
    daemon.set_clock('2026-08-01T09:00:00')
    assert text_of(org.isms.client) == before
    late = read(org.isms.client, '?overdue=true')
    assert set(late) == {f'{decision["id"]}-deadline@reviewd', f'{item["id"]}-deadline@reviewd',
                         f'{item["id"]}-follow-up@reviewd', f'{planned["id"]}-review@reviewd'}
    in_time = read(org.isms.client, '?overdue=false')
    assert not set(late) & set(in_time) and set(late) | set(in_time) == set(read(org.isms.client))
    org.completed(item)
    assert f'{item["id"]}-deadline@reviewd' in read(org.isms.client, '?overdue=false')


def test_the_next_review_is_overdue(daemon_at):
    daemon = daemon_at('2026-03-01T09:00:00')
    org = harness.seed(daemon)
    review = org.concluded()
    daemon.set_clock('2027-03-01T09:00:00')
    assert f'{review["id"]}-next-review@reviewd' in read(org.isms.client, '?overdue=true&kind=review')


# ---- what is asked for


def test_narrowed(org):
    review = org.running_review()
    decision = org.adopted(review, owner_id=org.head.id)
    item = org.action_item(decision, owner_id=org.employee.id)
    other = org.action_item(decision, owner_id=org.employee2.id, title='Another')
    org.follow_up(item)
    uid = {'review': f'{review["id"]}-review@reviewd', 'decision': f'{decision["id"]}-deadline@reviewd',
           'item': f'{item["id"]}-deadline@reviewd', 'follow_up': f'{item["id"]}-follow-up@reviewd',
           'other': f'{other["id"]}-deadline@reviewd'}
    expected = {
        '': {*uid},
        '?kind=review': {'review'},
        '?kind=decision,follow_up': {'decision', 'follow_up'},
        '?kind=action_item': {'item', 'other'},
        f'?owner_id={org.employee.id}': {'item', 'follow_up'},
        '?owner_id=employee@example.org,employee2@example.org': {'item', 'follow_up', 'other'},
        f'?owner_id={org.top.id}': {'review'},
        f'?owner_id={ABSENT_ID}': set(),
        '?owner_id=nobody@example.org': set(),
        '?owner=me': set(),
        '?overdue=true': set(),
        '?format=ics&overdue=false&kind=decision&owner_id=head@example.org': {'decision'},
    }
    for query, names in expected.items():
        assert set(read(org.isms.client, query)) == {uid[name] for name in names}, query
    assert set(read(org.employee.client, '?owner=me')) == {uid['item'], uid['follow_up']}
    assert set(read(org.top.client, '?owner=me')) == {uid['review']}


@pytest.mark.parametrize('query, rule', [
    ('colour=red', 'query.unknown'), ('status=open', 'query.unknown'), ('limit=1', 'query.unknown'),
    ('kind=review&kind=decision', 'query.repeated'), ('kind=', 'query.invalid'), ('kind=review,', 'query.invalid'),
    ('kind=meeting', 'query.invalid'), ('overdue=yes', 'query.invalid'), ('overdue=', 'query.invalid'),
    ('owner=you', 'query.invalid'), ('owner=', 'query.invalid'), ('owner=me&owner_id=top@example.org', 'query.invalid'),
    ('owner_id=', 'query.invalid'), ('owner_id=Tessa', 'query.invalid'), ('format=csv', 'query.invalid'),
])
def test_what_is_no_question(shared, query, rule):  # noqa: F811
    shared.isms.client.get(f'{PATH}?{query}').expect(400, rule)


def test_it_is_a_calendar_and_nothing_else(shared):  # noqa: F811
    for accepted in ('text/calendar', 'text/*', '*/*', 'application/json;q=0.9, text/calendar;q=0.1'):
        shared.isms.client.get(PATH, Accept=accepted).expect(200)
    for refused in ('application/json', 'text/html', 'text/calendar;q=0'):
        shared.isms.client.get(PATH, Accept=refused).expect(406)
    assert shared.isms.client.post(PATH).expect(405).headers['Allow'] == 'GET, HEAD, OPTIONS'


def test_of_very_many_the_latest(org):
    decision = org.adopted(org.running_review())
    body = org.action_item_body(kind='improvement')
    for number in range(1005):
        org.new(f'/v1/decisions/{decision["id"]}/action-items', body | {'deadline': org.day(10 + number % 70)})
    events = read(org.isms.client, '?kind=action_item')
    assert len(events) == 1000
    assert min(event['DTSTART'].dt for event in events.values()) == date.fromisoformat(org.day(10))
    assert b'1\\,000' in text_of(org.isms.client)


# ---- for whom


@pytest.mark.parametrize('classification, readers', [
    ('public', {'top', 'isms', 'head', 'employee2', 'auditor'}), ('internal', {'top', 'isms', 'head', 'auditor'}),
    ('confidential', {'top', 'isms', 'auditor'}), ('restricted', {'isms', 'auditor'})])
def test_what_one_may_not_see_is_not_in_it(shared, classification, readers):  # noqa: F811
    review = shared.review(title=f'Zebra {classification}', classification=classification, chair_id=shared.top2.id)
    shared.attendee(review, person_id=shared.isms2.id)
    shared.start(review)
    decision = shared.adopted(review, decided_by_id=shared.top2.id, owner_id=shared.isms2.id)
    item = shared.action_item(decision, owner_id=shared.isms2.id)
    shared.follow_up(item)
    theirs = {f'{review["id"]}-review@reviewd', f'{decision["id"]}-deadline@reviewd',
              f'{item["id"]}-deadline@reviewd', f'{item["id"]}-follow-up@reviewd'}
    for role in ('top', 'isms', 'head', 'employee2', 'auditor', 'top2', 'isms2'):
        person = getattr(shared, role)
        token = feed_token(person)
        for client, query in ((person.client, ''), (anybody(shared), f'?token={token["token"]}')):
            sees = role in readers | {'top2', 'isms2'}
            assert set(read(client, query)) & theirs == (theirs if sees else set()), role
            for one in (review, decision, item):
                raw = text_of(client, query)
                assert (one['reference'].encode() in raw) == sees and (one['id'].encode() in raw) == sees
        assert person.client.post(f'/v1/calendar-tokens/{token["id"]}/revoke', If_Match='*').status == 200


def test_the_hidden_changes_nothing_in_it(org):
    """Neither its body nor its tag, nor which review is taken to be the newest."""
    seen = org.concluded()
    before = org.employee.client.get(PATH).expect(200)
    hidden = org.review(classification='restricted', chair_id=org.top2.id)
    org.change(f'/v1/attendees/{org.chair_attendee(hidden)["id"]}', {'attendance': 'attended'})
    org.attendee(hidden, person_id=org.isms2.id, attendance='attended')
    org.start(hidden)
    for item in org.get(f'/v1/reviews/{hidden["id"]}/carried-action-items')['data']:
        org.follow_up(item, review_id=hidden['id'], next_follow_up_on=org.day(30))
    org.complete_inputs(hidden)
    org.adopt(org.no_change(hidden, decided_by_id=org.top2.id, owner_id=org.isms2.id))
    org.conclude(hidden)
    assert f'{hidden["id"]}-next-review@reviewd' in read(org.isms.client)
    # The follow-up of the item that both may see is news to both; all else is as it was.
    after = read(org.employee.client, '?kind=review,decision')
    assert set(after) == {uid for uid in read_body(before.body) if 'follow-up' not in uid and uid in after}
    assert f'{seen["id"]}-next-review@reviewd' in after


def read_body(raw):
    return {str(event['UID']): event for event in Calendar.from_ical(raw).walk('VEVENT')}
