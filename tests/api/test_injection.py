"""Whatever is written into a text field, it comes back as it was, and is text in every form in which it is read.

The fields are those of the OpenAPI description, so that a new one is covered by itself."""

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from urllib.parse import quote
from xml.etree import ElementTree

import icalendar
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

import harness
import openapi
from documents import document, squeezed
from support import shared  # noqa: F401

# The longest of them fill the field. Each begins with a word by which it is found again.
TEXTS = {
    'html': 'mean <script>alert(1)</script><img src=x onerror=alert(1)> &lt;b&gt; &amp; "\'',
    'svg': 'mean </text></svg><svg onload="alert(1)"><![CDATA[ ]]> <!-- --> <?xml version="1.0"?>',
    'markdown': 'mean [a](javascript:alert(1)) ![b](https://evil.example/b.png) <https://evil.example> | x | `y` # z',
    'equals': '=1+1+cmd|\'/c calc\'!A0 mean',
    'plus': '+1+1 mean text', 'minus': '-1+1 mean text', 'at': '@SUM(A1) mean',
    'tab': '\t=1+1 mean text', 'return': '\r=1+1 mean text', 'apostrophe': "'=1+1 mean",
    'lines': 'mean\r\nX-Evil: yes\r\n\r\nEND:VEVENT\nBEGIN:VEVENT\r\n',
    'directions': 'mean \u202eesrever\u202c \u2066isolated \u200f\u200e\u061c\u2069\u2069 on',
    'scripts': 'mean Ελλάδα Москва שלום مرحبا नमस्ते ไทย 漢字 かな 한국어 ქართ 😀👩‍👩‍👧 é \U0001d518 ﷽',
    'unusual': 'mean \u0085\u009b31m\u2028\u2029\ufeff\ufffd\uffff\U0010ffff',
    'long': 'mean ' + 'A long text. ' * 4000,
}
REFERENCES = re.compile(r'(_id|_ids|^by)$')
SCHEMAS = {
    'PersonCreate': 'people', 'ReviewCreate': 'reviews', 'InputCreate': 'inputs', 'DecisionCreate': 'decisions',
    'ActionItemCreate': 'action-items', 'FollowUpCreate': 'follow-ups', 'AmendmentCreate': 'amendments',
    'CalendarTokenCreate': 'calendar-tokens',
}
NO_LIST = {'amendments'}     # but of a record


# ---- bodies from schemas


def resolved(schema):
    while '$ref' in schema:
        schema = openapi.description()['components']['schemas'][schema['$ref'].rpartition('/')[2]]
    return schema


def kinds(schema):
    return schema['type'] if isinstance(schema.get('type'), list) else [schema.get('type')]


def is_text(name, schema):
    return 'string' in kinds(schema) and not {'enum', 'format', 'pattern', 'const'} & schema.keys() and \
        not REFERENCES.search(name) and schema['maxLength'] >= 10


# A number for each text field, which stands in its text, so that one that is shown is known for its own.
NUMBERS = {}


def marked(path):
    return f'mean k{NUMBERS.setdefault(path, len(NUMBERS))}k'


def fitted(text, schema, path):
    return text.replace('mean', marked(path), 1)[:schema['maxLength']]


def with_texts(schema, body, text, path):
    """The body, with the text in every text field of the schema, and with those objects and lists that have one."""
    schema = resolved(schema)
    body = dict(body)
    for name, member in schema.get('properties', {}).items():
        member = resolved(member)
        here = f'{path}.{name}'
        if is_text(name, member):
            if not optional_elsewhere(name, body):
                body[name] = fitted(text, member, here)
        elif 'array' in kinds(member) and is_text(name, item := resolved(member['items'])):
            body[name] = [fitted(text, item, here)]
        elif 'array' in kinds(member) and has_text(item) and (name in body or name in FILL):
            body[name] = [with_texts(item, one, text, here) for one in body.get(name) or [FILL[name]]]
        elif 'properties' in member and has_text(member):
            body[name] = with_texts(member, body.get(name) or FILL.get(name, {}), text, here)
    return body


def has_text(schema):
    return any(is_text(name, resolved(member)) for name, member in resolved(schema).get('properties', {}).items())


def optional_elsewhere(name, body):
    """What only a decision without action has."""
    return name == 'no_action_reason' and 'deadline' in body


# What an object needs beside its texts.
FILL = {
    'metrics': {'value': 1, 'target': 2, 'comparator': 'lt'}, 'affects': {'kind': 'policy'},
    'criteria_results': {'criterion_id': 'c1', 'met': True, 'measured_value': 5}, 'success_criteria': {},
    'resources': {'budget_amount': 1, 'currency': 'EUR'},
}


def texts_of(schema, record):
    """Each text of a record with its path."""
    for name, member in resolved(schema).get('properties', {}).items():
        member, value = resolved(member), record.get(name)
        if value is None:
            continue
        if is_text(name, member):
            yield name, value
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from ((f'{name}.{path}', text) for path, text in texts_of(member['items'], one))
                elif is_text(name, resolved(member['items'])):
                    yield name, one
        elif isinstance(value, dict):
            yield from ((f'{name}.{path}', text) for path, text in texts_of(member, value))


# ---- one record of each kind with the text everywhere


def create(org, text, made):
    """Each schema with the path to which its body is sent and a body without the texts."""
    number = f'{abs(hash(text)):x}'
    yield 'PersonCreate', '/v1/people', {'email': f'mean-{number}@example.org', 'role': 'employee'}
    review = org.review_body()
    yield 'ReviewCreate', '/v1/reviews', review
    running = made['ReviewCreate']
    org.attendee(running, person_id=org.isms.id, capacity='secretary', attendance='attended')
    org.attendee(running, person_id=made['PersonCreate']['id'], capacity='observer', attendance='attended')
    org.change(f'/v1/attendees/{org.chair_attendee(running)["id"]}', {'attendance': 'attended'})
    org.start(running)
    yield 'InputCreate', f'/v1/reviews/{running["id"]}/inputs', {'clause': 'd2'}
    yield 'DecisionCreate', f'/v1/reviews/{running["id"]}/decisions', org.decision_body(running)
    decision = org.adopt(made['DecisionCreate'])
    yield 'ActionItemCreate', f'/v1/decisions/{decision["id"]}/action-items', org.action_item_body()
    item = made['ActionItemCreate']
    yield 'AmendmentCreate', f'/v1/action-items/{item["id"]}/amendments', org.amendment_body(deadline=org.day(70))
    criterion = org.get(f'/v1/action-items/{item["id"]}')['success_criteria'][0]['id']      # the amendment's
    made['later'] = org.running_review(title='The next review')
    yield 'FollowUpCreate', f'/v1/action-items/{item["id"]}/follow-ups', org.completion_body(
        review_id=made['later']['id'], criteria_results=[FILL['criteria_results'] | {'criterion_id': criterion}])
    yield 'CalendarTokenCreate', '/v1/calendar-tokens', {'person_id': org.isms.id}


@pytest.fixture(scope='module', params=TEXTS)
def mean(request, shared):  # noqa: F811
    """(the text, {schema: what was sent}, {schema: the record})"""
    text, sent, made = TEXTS[request.param], {}, {}
    for name, path, body in create(shared, text, made):
        schema = openapi.description()['components']['schemas'][name]
        sent[name] = harness.without_absent(with_texts(schema, body, text, name))
        made[name] = shared.new(path, sent[name])
    name = ''.join(c for c in text[:100] if unicodedata.category(c)[0] != 'C' and c not in '/\\\u2028\u2029')
    file = "attachment; filename*=UTF-8''" + quote(f'{name}.csv', safe='')
    made['attachment'] = shared.isms.client.post(
        f'/v1/action-items/{made["ActionItemCreate"]["id"]}/attachments', raw=b'a,b\r\n1,2\r\n',
        headers={'Content-Disposition': file, 'Content-Type': 'text/csv'})
    yield text, sent, made
    shared.cancelled_item(shared.get(f'/v1/action-items/{made["ActionItemCreate"]["id"]}'))


def test_it_comes_back_as_it_was(shared, mean):  # noqa: F811
    text, sent, made = mean
    seen = 0
    for name, body in sent.items():
        schema = openapi.description()['components']['schemas'][name]
        record = shared.get(f'/v1/{SCHEMAS[name]}/{made[name]["id"]}')
        if name == 'ActionItemCreate':      # which was amended
            body = body | {'success_criteria': sent['AmendmentCreate']['success_criteria']}
        expected, got = list(texts_of(schema, body)), dict(texts_of(schema, record))
        for path, value in expected:
            assert got[path] == value, (name, path)
        seen += len(expected)
    assert seen >= 36     # all of them: fewer means that the schemas are read wrongly


def rows(client, collection, form, record):
    """The record's row, by a foreign reader: {column: cell}."""
    body = client.get(f'/v1/{collection}?id={record["id"]}&format={form}').expect(200).body
    if form == 'ndjson':
        return json.loads(body)
    if form == 'csv':
        raw = list(csv.reader(io.StringIO(body.decode('utf-8'), newline='')))
        assert len(raw) == 2 and len(raw[0]) == len(raw[1])
        for cell in raw[1]:
            assert not cell.startswith(('=', '+', '@', '\t', '\r')) and not re.match(r'-(?!\d+(\.\d+)?$)', cell), cell
        return {name: cell[1:] if re.match(r"'['=+@\t\r-]", cell) else cell for name, cell in zip(*raw)}
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    assert sheet.max_row == 2 and not [cell for cell in sheet[2] if cell.data_type == 'f']
    return {head.value: cell.value for head, cell in zip(sheet[1], sheet[2])}


@pytest.mark.parametrize('form', ['csv', 'ndjson', 'xlsx'])
def test_registers_hold_it_as_text(shared, mean, form):  # noqa: F811
    text, sent, made = mean
    for name, body in sent.items():
        if SCHEMAS[name] in NO_LIST or (form == 'xlsx' and SCHEMAS[name] not in ('action-items', 'decisions')):
            continue
        row = rows(shared.isms.client, SCHEMAS[name], form, made[name])
        schema = openapi.description()['components']['schemas'][name]
        for member, value in texts_of(schema, body):
            if '.' in member or not isinstance(body[member], str):
                continue
            got = row[member]
            if form == 'xlsx':     # CR is _x000D_ there; a cell ends after 32,767 characters; XML has no noncharacters
                got, value = unescape(got)[:1000], re.sub('[\ufffe\uffff]', '\ufffd', value)[:1000]
            assert got == value, (name, member)


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes, self.text = set(), set(), ''
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attributes}
        assert not [value for name, value in attributes if name == 'href' and not value.startswith(('https:', 'mailto:'))]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize('kind', ['minutes', 'agenda'])
def test_documents_hold_it_as_text(shared, mean, kind):  # noqa: F811
    _, _, made = mean
    answer = document(shared.isms.client, made['ReviewCreate'], 'html', kind)
    page = Elements(answer.body.decode())
    assert not page.names & {'script', 'img', 'iframe', 'object', 'form', 'input', 'link', 'base'}
    assert not [name for name in page.attributes if name.startswith('on') or name in ('src', 'srcdoc')]
    assert 'X-Evil' not in answer.headers
    told = document(shared.isms.client, made['ReviewCreate'], 'json', kind).json
    assert told['review']['title'] == made['ReviewCreate']['title']     # what all of it says: test_injection_documents.py


def test_the_calendar_holds_it_as_text(shared, mean):  # noqa: F811
    text, sent, made = mean
    token = shared.new('/v1/calendar-tokens', {'person_id': shared.isms.id, 'label': 'feed'})['token']
    body = shared.isms.client.get(f'/v1/calendar.ics?token={token}', Authorization=None).expect(200).body
    calendar = icalendar.Calendar.from_ical(body)
    assert all(len(line) <= 75 for line in body.split(b'\r\n')) and b'\n' not in body.replace(b'\r\n', b'')
    title = sent['ActionItemCreate']['title']
    summaries = [str(event['SUMMARY']) for event in calendar.walk('VEVENT')]
    assert [one for one in summaries if re.sub(r'\W', '', title)[:40] in re.sub(r'\W', '', one)]
    assert {event.name for event in calendar.walk()} <= {'VCALENDAR', 'VEVENT'}


def test_plots_and_reports_hold_it_as_text(shared, mean):  # noqa: F811
    text, sent, made = mean
    name = sent['InputCreate']['metrics'][0]['name']
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        return     # no query can have it
    answer = shared.isms.client.get(f'/v1/reports/metrics?name={quote(name, safe="")}&format=svg').expect(200)
    plot = ElementTree.fromstring(answer.body)
    assert not [element for element in plot.iter() if element.tag.rpartition('}')[2] in ('script', 'foreignObject', 'a', 'image')]
    assert not [key for element in plot.iter() for key in element.attrib if key.startswith('on') or key.endswith('href')]
    assert squeezed(name).replace('\uffff', '\ufffd') in squeezed(plot.find('{http://www.w3.org/2000/svg}title').text)
    report = shared.isms.client.get(f'/v1/reports/metrics?name={quote(name, safe="")}').expect(200).json
    assert report['metrics'][0]['name'] == name


def test_search_finds_it_and_shows_it_as_text(shared, mean):  # noqa: F811
    _, _, made = mean
    hits = shared.isms.client.get('/v1/search?q=mean&limit=200').expect(200).json['data']
    assert hits and all(isinstance(part['text'], str) for hit in hits for part in hit['snippet'])
    assert made['attachment'].status == 201, made['attachment'].report('a file of this name')


# ---- what is no text at all


@pytest.mark.parametrize('name', SCHEMAS)
@pytest.mark.parametrize('escape, status', [('\\u0000', 422), ('\\ud800', 400), ('\\udc00x', 400), ('\\ud800\\u0041', 400)])
def test_what_is_no_text_is_refused(shared, name, escape, status):  # noqa: F811
    """NUL is no character of a text; half a pair of UTF-16 is none at all."""
    schema = openapi.description()['components']['schemas'][name]
    body = json.dumps(with_texts(schema, {}, 'mean TEXT and more', name)).replace('TEXT', escape)
    path = {'InputCreate': '/v1/reviews/{}/inputs', 'DecisionCreate': '/v1/reviews/{}/decisions',
            'ActionItemCreate': '/v1/decisions/{}/action-items', 'FollowUpCreate': '/v1/action-items/{}/follow-ups',
            'AmendmentCreate': '/v1/action-items/{}/amendments'}.get(name, f'/v1/{SCHEMAS[name]}')
    parent = no_text_parents(shared)[path.split('/')[2]] if '{}' in path else None
    answer = shared.isms.client.request('POST', path.format(parent), raw=body.encode())
    assert answer.status in (status, 400), answer.report('taken')


def no_text_parents(org, kept={}):
    if not kept:
        review = org.running_review()
        decision = org.adopted(review)
        kept.update({'reviews': review['id'], 'decisions': decision['id'],
                     'action-items': org.action_item(decision)['id']})
    return kept
