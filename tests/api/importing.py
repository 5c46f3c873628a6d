"""Files to import, and registers to make them of: what the tests of imports share."""

import csv
import io
import json

import harness

KINDS = {'person': 'people', 'review': 'reviews', 'attendee': 'attendees', 'input': 'inputs', 'decision': 'decisions',
         'action_item': 'action-items', 'amendment': 'amendments', 'follow_up': 'follow-ups'}
TYPES = {'csv': 'text/csv', 'ndjson': 'application/x-ndjson'}

# What the server that takes a history in makes itself.
OWN = {'version', 'imported', 'minutes_sha256'}

PEOPLE_HEAD = 'name,email,role\r\n'


def send(client, content, query='', kind='ndjson', **headers):
    """POST /v1/imports with a text, or with objects as lines of NDJSON."""
    if not isinstance(content, (str, bytes)):
        content = lines(content)
    raw = content.encode() if isinstance(content, str) else content
    headers = {'Content-Type': TYPES[kind]} | {name.replace('_', '-'): value for name, value in headers.items()}
    return client.post(f'/v1/imports{query}', raw=raw, headers=headers)


def lines(objects):
    return ''.join(json.dumps(harness.without_absent(one), ensure_ascii=False) + '\n' for one in objects)


def table(head, *rows):
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    return text.getvalue()


def broken(answer):
    """(line, column or pointer, rule) of each violation, of a problem or of a record."""
    return [(one['line'], one.get('column_name') or one['pointer'], one['rule']) for one in answer.json['violations']]


def people(count, start=0):
    return [{'resource': 'person', 'name': f'Person {i}', 'email': f'person-{i}@example.org', 'role': 'employee'}
            for i in range(start, start + count)]


def registers(client, form='ndjson'):
    """Every register there is, as text: {kind: text}."""
    def read(path, more=''):
        return client.get(f'{path}?format={form}{more}').expect(200).body.decode()

    def listed(collection):
        page = client.get(f'/v1/{collection}?limit=200').expect(200).json
        assert page['next_cursor'] is None
        return [one['id'] for one in page['data']]

    def joined(paths, more=''):
        texts = [read(path, more) for path in paths]
        head = texts[0].split('\r\n')[0] + '\r\n' if form == 'csv' else ''
        return head + ''.join(text[len(head):] for text in texts)

    texts = {kind: read(f'/v1/{KINDS[kind]}') for kind in ('person', 'review', 'decision', 'action_item', 'follow_up')}
    texts['input'] = read('/v1/inputs', '&withdrawn=true')
    texts['attendee'] = joined([f'/v1/reviews/{one}/attendees' for one in listed('reviews')], '&withdrawn=true')
    texts['amendment'] = joined([f'/v1/{owners}/{one}/amendments' for owners in ('decisions', 'action-items')
                                 for one in listed(owners)])
    return texts


def history(client):
    """All records as the lines of one import."""
    return [{'resource': kind} | json.loads(line)
            for kind, text in registers(client).items() for line in text.splitlines()]


def comparable(objects):
    """By id, without what the server makes itself."""
    return {one['id']: {name: value for name, value in one.items() if name.partition('.')[0] not in OWN} for one in objects}


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline='')))
