"""How a table of (what is asked, what is answered) becomes tests.

A row's first member is its name. A body, or a part of one, may be a function of the organisation where it needs an
id or a date of it: `lambda org: {'deadline': org.day(-1)}`.
"""

import pytest

from harness import utc_now

# What a dry run cannot know beforehand of the record that would be stored.
UNFORESEEABLE = {'id', 'minutes_sha256'}


def cases(names, *rows):
    return pytest.mark.parametrize(names, [pytest.param(*row[1:], id=row[0]) for row in rows])


def made(part, org):
    return part(org) if callable(part) else part


def send(client, method, path, body, *, dry=False):
    """POST creates; VERB is a POST with If-Match, as PATCH has it."""
    headers = {} if method == 'POST' else {'If-Match': '*'}
    if dry:
        path += ('&' if '?' in path else '?') + 'dry_run=true'
    return client.request('POST' if method == 'VERB' else method, path, body, headers=headers)


def refused(client, method, path, body, status, *rules, at=None, also=False):
    """Refused by a dry run and for real, with the same violations; `at` is the pointer of the first rule."""
    dry = send(client, method, path, body, dry=True).expect(status, *rules, also=also)
    assert dry.headers['Dry-Run'] == 'true', dry.report('a dry run that does not say so')
    real = send(client, method, path, body).expect(status, *rules, also=also)
    assert dry.violations == real.violations, real.report(f'the dry run had {dry.violations}')
    if at is not None:
        assert at in real.pointers(rules[0]), real.report(f'{rules[0]} does not point to {at}')
    return real


def taken(client, method, path, body):
    """A dry run answers what the write then answers; the record is answered."""
    status = 201 if method == 'POST' else 200
    dry = send(client, method, path, body, dry=True).expect(status)
    assert dry.headers['Dry-Run'] == 'true', dry.report('a dry run that does not say so')
    real = send(client, method, path, body).expect(status)
    assert foreseeable(dry.json) == foreseeable(real.json), real.report(f'the dry run had {dry.json}')
    return real.json


def foreseeable(record):
    return {name: value for name, value in record.items()
            if name not in UNFORESEEABLE and not name.endswith('_at')}


def years_later(date, years, days=0):
    """The same day of a later year, plus days; the 29th of February becomes the 28th."""
    from datetime import date as calendar, timedelta
    day = calendar.fromisoformat(date)
    try:
        day = day.replace(year=day.year + years)
    except ValueError:
        day = day.replace(year=day.year + years, day=28)
    return (day + timedelta(days=days)).isoformat()


def year():
    return utc_now().year


def unchanged(org, path, action):
    """The record reads the same after what action does, to the byte and to the ETag."""
    before = org.isms.client.get(path).ok()
    action()
    after = org.isms.client.get(path).ok()
    assert (after.body, after.etag) == (before.body, before.etag), after.report('it was changed')
