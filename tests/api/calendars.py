"""Reads /v1/calendar.ics with a parser that is not ours."""

import re
from datetime import timedelta

from icalendar import Calendar

import harness

PATH = '/v1/calendar.ics'


def text_of(client, query=''):
    answer = client.get(f'{PATH}{query}').expect(200)
    assert answer.headers['Content-Type'] == 'text/calendar; charset=utf-8'
    assert 'private' in answer.headers['Cache-Control']
    return answer.body


def read(client, query=''):
    """The events by their UIDs, after the form of the text was looked at."""
    raw = text_of(client, query)
    well_formed(raw)
    events = Calendar.from_ical(raw).walk('VEVENT')
    by_uid = {str(event['UID']): event for event in events}
    assert len(by_uid) == len(events), 'a UID stands twice'
    for event in events:
        assert event['DTEND'].dt - event['DTSTART'].dt == timedelta(days=1)
        assert {'DTSTAMP', 'SEQUENCE', 'SUMMARY', 'DESCRIPTION', 'CATEGORIES', 'CLASS', 'STATUS'} <= set(event)
        assert not event.errors
    return by_uid


def well_formed(raw):
    """Content lines end in CR LF, hold 75 octets at most and no control characters, and begin and end in pairs."""
    assert raw.endswith(b'\r\n')
    lines = raw[:-2].split(b'\r\n')
    for line in lines:
        assert len(line) <= 75, line
        assert not re.search(rb'[\x00-\x08\x0a-\x1f\x7f]', line), line
        line.decode()          # no character was cut in two
    names = [re.split(rb'[:;]', line)[0] for line in lines if not line.startswith(b' ')]
    assert names[0] == b'BEGIN' and names[-1] == b'END' and names.count(b'BEGIN') == names.count(b'END')


def event_of(client, record, what='deadline', query=''):
    return read(client, query).get(f'{record["id"]}-{what}@reviewd')


def feed_token(person, **over):
    return person.client.post('/v1/calendar-tokens', {'label': 'Telephone'} | over).expect(201).json


def anybody(org):
    """A caller without a token of any kind."""
    return harness.Client(org.daemon, None)
