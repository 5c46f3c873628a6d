"""The description: the file is what the binary makes, and what it says by example is what the daemon does.

Examples are written as of EXAMPLE_TODAY and with ids of their own. Before one is sent, its dates are moved by the days
since then, the year in its references becomes this one, and its ids become those of the records prepared for it.
The answer must then be the documented one: status, and body up to ids and instants.
"""

import copy
import re
import shutil
import subprocess
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator, FormatChecker, RefResolver

import harness
import openapi

EXAMPLE_TODAY = date(2026, 11, 21)
EXAMPLE_ID = re.compile(r'019aa87c-5e3c-7d0a-9a51-0f6f2c3b7a([0-9a-f]{2})')
UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')
RESOURCES = ('person', 'review', 'attendee', 'input', 'decision', 'action_item', 'amendment', 'follow_up', 'attachment',
             'calendar_token', 'token', 'import')
COLLECTIONS = ('people', 'reviews', 'attendees', 'inputs', 'decisions', 'action-items', 'amendments', 'follow-ups',
               'attachments', 'calendar-tokens', None, 'imports')
MADE_OF_JSON = set(RESOURCES) - {'token', 'attachment', 'import'}

# What some answers are there as beside JSON.
FILES = ('x-ndjson', 'csv', 'sheet')

SPEC = openapi.description() or {'paths': {}, 'components': {'schemas': {}}}
OPERATIONS = {operation['operationId']: (method, path, operation)
              for path, item in SPEC['paths'].items() for method, operation in item.items() if method != 'parameters'}
READS = [name for name, (method, _, _) in OPERATIONS.items() if method == 'get']
WRITES = [name for name, (method, _, _) in OPERATIONS.items() if method != 'get']


# ---- the text


def test_file_is_what_the_binary_prints(daemon):
    printed = subprocess.run([daemon.binary, 'openapi'], capture_output=True, check=True).stdout
    assert printed == openapi.DESCRIPTION.read_bytes(), 'run: build/reviewd openapi > openapi/openapi.json'


def test_served_is_what_the_binary_prints(daemon):
    assert harness.Client(daemon, None).get('/openapi.json').expect(200).body == openapi.DESCRIPTION.read_bytes()


def test_every_problem_type_has_its_page(daemon):
    for path in SPEC['components']['schemas']['Problem']['properties']['type']['enum']:
        harness.Client(daemon, None).get(path).expect(200)


# ---- schemas


def strict(spec):
    """The description with objects closed: nothing is shown that is not described."""
    spec = copy.deepcopy(spec)
    schemas = spec['components']['schemas']
    if 'Revision' in schemas:
        review, more = copy.deepcopy(schemas['Review']), schemas['Revision']['allOf'][1]
        schemas['Revision'] = {'type': 'object', 'required': review['required'] + more['required'],
                               'properties': review['properties'] | more['properties']}
    for name, schema in schemas.items():
        if 'properties' in schema and name != 'Description':
            schema['additionalProperties'] = False
    return spec


RESOLVER = RefResolver.from_schema(strict(SPEC))


def resolve(node):
    while '$ref' in node:
        node = RESOLVER.resolve(node['$ref'])[1]
    return node


def complaints(schema, value):
    validator = Draft202012Validator(schema, resolver=RESOLVER, format_checker=FormatChecker())
    return [f'{error.json_path}: {error.message[:200]}' for error in validator.iter_errors(value)]


def examples(media):
    if 'example' in media:
        return [media['example']]
    return [resolve(example)['value'] for example in media.get('examples', {}).values()]


def contents(operation):
    """Every media type of an operation, with where it is."""
    places = {'request': operation.get('requestBody', {})} | operation['responses']
    for place, node in places.items():
        for media_type, media in resolve(node).get('content', {}).items():
            yield f'{place} {media_type}', media


@pytest.mark.parametrize('name', OPERATIONS)
def test_examples_conform_to_their_schemas(name):
    for place, media in contents(OPERATIONS[name][2]):
        if place.endswith(FILES):
            continue
        assert examples(media) or media['schema'] == {'type': 'string'}, f'{place} has no example'
        for example in examples(media):
            assert not complaints(media['schema'], example), place


def success(operation):
    """(status, media type, its description) of the answer that an operation is for."""
    status = next(status for status in operation['responses'] if status.startswith('2'))
    media_type, media = next(iter(operation['responses'][status]['content'].items()))      # what is answered to */*
    return int(status), media_type, media


# ---- replay


def moved(value, records):
    """An example as it can be sent today."""
    if isinstance(value, dict):
        return {name: moved(one, records) for name, one in value.items()}
    if isinstance(value, list):
        return [moved(one, records) for one in value]
    if not isinstance(value, str):
        return value
    if re.fullmatch(r'\d{4}-\d\d-\d\d', value):
        today = harness.utc_now().date()
        return (date.fromisoformat(value) + timedelta(days=(today - EXAMPLE_TODAY).days)).isoformat()
    if EXAMPLE_ID.fullmatch(value):
        resource = RESOURCES[max(int(value[-2:], 16) - 1, 0)]
        return records[resource]['id'] if resource in records else value
    return re.sub(r'^(MR|DEC|ACT)-\d{4}-', rf'\g<1>-{harness.utc_now().year}-', value)


def comparable(value):
    """A body without what differs from one run to the next."""
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str) and UUID.fullmatch(value):
        return 'an id'
    if isinstance(value, str) and re.fullmatch(r'\d{4}-\d\d-\d\dT[\d:.]+Z', value):
        return 'an instant'
    if isinstance(value, str) and re.fullmatch(r'[0-9a-f]{64}', value):
        return 'a digest'
    if isinstance(value, str):
        value = re.sub(r'(Erased person |erased-)[0-9a-f-]+', r'\1its', value)
        return re.sub(r'rvf_[\w-]{43}', 'a feed token', value)
    return value


def snake(name):
    """'ActionItem' -> 'action_item'"""
    return re.sub(r'(?<=[a-z])([A-Z])', r'_\1', name).lower()


class Stage:
    """The people whom the examples name, and the records made so far by replaying examples."""

    def __init__(self, org):
        self.org = org
        self.records = {}
        self.org.person(name='Mirko Kovač', email='mirko.kovac@example.org', role='top_management')
        self.mirko = self.caller('mirko.kovac@example.org')
        self.replay('createPerson', by=org.isms.client)
        self.ana = self.caller('ana.horvat@example.org')

    def caller(self, email):
        return harness.Client(self.org.daemon, self.org.daemon.token(email))

    def replay(self, name, by=None):
        """Sends an operation's example; the answer is the documented one, and is kept under its resource's name."""
        method, path, operation = OPERATIONS[name]
        body, raw, headers = None, None, {'If-Match': '*'}
        media = operation.get('requestBody', {}).get('content', {})
        if 'application/json' in media:
            body = moved(media['application/json']['example'], self.records)
        path = self.fill(path)
        if 'application/x-ndjson' in media:       # an import
            raw = media['application/x-ndjson']['example'].encode()
            headers |= {'Content-Type': 'application/x-ndjson'}
        if '*/*' in media:       # a file as it is
            told = {one['name']: one.get('example') for one in map(resolve, operation['parameters'])}
            raw = media['*/*']['example'].encode()
            headers |= {'Content-Type': 'text/csv', 'Content-Disposition': told['Content-Disposition']}
            path += f'?description={quote(told["description"])}'
        client = by or (self.mirko if name in ('approveReview', 'reopenReview') else self.ana)
        answer = client.request(method.upper(), path, body, headers=headers, raw=raw)
        status, media_type, media = success(operation)
        answer.expect(status)
        assert not complaints(media['schema'], answer.json)
        assert comparable(answer.json) == comparable(moved(media['example'], {})), answer.report('not the example')
        self.records[snake(media['schema']['$ref'].rpartition('/')[2])] = answer.json
        return answer.json

    def fill(self, path):
        if '{id}' in path:
            resource = RESOURCES[COLLECTIONS.index(path.split('/')[2])]
            path = path.replace('{id}', self.records[resource]['id'])
        if '{seq}' in path:
            checkpoint = self.org.get('/v1/audit-log/checkpoints?limit=1')['data'][0]
            path = path.replace('{seq}', str(checkpoint['seq']))
        return path.replace('{n}', '1').replace('/problems/{name}', '/problems/stale').replace(
            '{name}', 'review.conclude.decision')

    # what has to be there before

    def attended(self):
        self.replay('createReview')
        chair = self.org.chair_attendee(self.records['review'])
        self.org.change(f'/v1/attendees/{chair["id"]}', {'attendance': 'attended'})
        self.replay('createReviewAttendee')

    def started(self):
        self.attended()
        self.replay('startReview')
        self.replay('createReviewInput')

    def proposed(self):
        self.started()
        self.replay('createReviewDecision')

    def adopted(self):
        self.proposed()
        self.replay('adoptDecision')

    def acting(self):
        self.adopted()
        self.replay('createDecisionActionItem')

    def blocked(self):
        self.acting()
        self.replay('blockActionItem')

    def closed(self):
        self.acting()
        self.org.closed(self.records['action_item'])

    def replaced(self):
        self.adopted()
        # The example names its reference: DEC-…-002.
        self.org.decision(self.records['review'], decided_by_id='mirko.kovac@example.org')

    def concludable(self):
        self.acting()
        self.org.complete_inputs(self.records['review'])

    def concluded(self):
        self.concludable()
        self.replay('concludeReview')

    def approved(self):
        self.concluded()
        self.replay('approveReview')

    def inactive(self):
        self.replay('deactivatePerson', by=self.org.isms.client)

    def followed(self):
        self.acting()
        self.replay('createActionItemFollowUp')

    def attached(self):
        self.acting()
        self.replay('createActionItemAttachment')

    def everything(self):
        self.attached()
        self.replay('createActionItemAmendment')
        self.replay('createActionItemFollowUp')
        self.replay('createCalendarToken')
        self.replay('createImport')
        self.org.complete_inputs(self.records['review'])
        self.replay('concludeReview')
        self.replay('approveReview')


BEFORE = {
    'activatePerson': Stage.inactive,
    'releasePerson': lambda stage: stage.replay('holdPerson', by=stage.org.isms.client),
    'updateReview': lambda stage: stage.replay('createReview'),
    'cancelReview': lambda stage: stage.replay('createReview'),
    'createReviewAttendee': lambda stage: stage.replay('createReview'),
    'startReview': Stage.attended,
    'updateAttendee': Stage.attended,
    'withdrawAttendee': Stage.attended,
    'concludeReview': Stage.concludable,
    'approveReview': Stage.concluded,
    'reopenReview': Stage.concluded,
    'createReviewInput': Stage.attended,
    'updateInput': Stage.started,
    'withdrawInput': Stage.started,
    'createReviewDecision': Stage.started,
    'updateDecision': Stage.proposed,
    'adoptDecision': Stage.proposed,
    'rejectDecision': Stage.proposed,
    'withdrawDecision': Stage.proposed,
    'implementDecision': Stage.closed,
    'supersedeDecision': Stage.replaced,
    'createDecisionAmendment': Stage.adopted,
    'createDecisionActionItem': Stage.adopted,
    'updateActionItem': Stage.acting,
    'startActionItem': Stage.acting,
    'blockActionItem': Stage.acting,
    'unblockActionItem': Stage.blocked,
    'cancelActionItem': Stage.acting,
    'createActionItemAmendment': Stage.acting,
    'createActionItemFollowUp': Stage.acting,
    'updateCalendarToken': lambda stage: stage.replay('createCalendarToken'),
    'revokeCalendarToken': lambda stage: stage.replay('createCalendarToken'),
    'createReviewAttachment': lambda stage: stage.replay('createReview'),
    'createInputAttachment': Stage.started,
    'createDecisionAttachment': Stage.proposed,
    'createActionItemAttachment': Stage.acting,
    'createFollowUpAttachment': Stage.followed,
    'withdrawAttachment': Stage.attached,
}


@pytest.mark.parametrize('name', WRITES)
def test_example_of_a_write_is_taken(org, name):
    stage = Stage(org)
    if name == 'createPerson':
        return      # replayed by the stage
    BEFORE.get(name, lambda _: None)(stage)
    people = OPERATIONS[name][1].startswith('/v1/people')
    stage.replay(name, by=org.isms.client if people else None)


@pytest.mark.parametrize('name', [name for name in WRITES if OPERATIONS[name][0] == 'patch'])
def test_both_media_types_of_a_patch_have_the_same_example(name):
    content = OPERATIONS[name][2]['requestBody']['content']
    assert set(content) == {'application/merge-patch+json', 'application/json'}
    assert content['application/merge-patch+json'] == content['application/json']


@pytest.fixture(scope='module')
def everything(populated):
    """A stage on which every resource has a record, for tests that only read."""
    daemon = harness.Daemon()
    shutil.copytree(populated[0], daemon.data)
    try:
        stage = Stage(harness.seed(daemon.start(), populated[1]))
        stage.everything()
        yield stage
        daemon.stop()
    finally:
        daemon.discard()


@pytest.mark.parametrize('name', READS)
def test_answer_of_a_read_is_described(everything, name):
    _, path, operation = OPERATIONS[name]
    answer = everything.org.isms.client.get(everything.fill(path) + required_query(operation))
    status, media_type, media = success(operation)
    if name == 'getDocsRedocJs' and answer.status == 404:
        return      # the page's script is fetched when it is installed
    answer.expect(status)
    assert answer.headers['Content-Type'].partition(';')[0] == media_type or media_type == '*/*'
    if media_type == 'application/json':
        assert not complaints(media['schema'], answer.json)
        assert not operation['operationId'].startswith('list') or 'data' in answer.json


@pytest.mark.parametrize('name', OPERATIONS)
def test_headers_of_an_answer_are_described(everything, name):
    """Every header that the success of an operation names is described in full; a read shows those it must."""
    method, path, operation = OPERATIONS[name]
    for response in operation['responses'].values():
        for header, node in resolve(response).get('headers', {}).items():
            assert resolve(node)['description'] and resolve(node)['schema'], header
    if method == 'get' and name != 'getDocsRedocJs':
        status, _, _ = success(operation)
        described = operation['responses'][str(status)]['headers']
        sent = everything.org.isms.client.get(everything.fill(path) + required_query(operation)).headers
        for header, node in described.items():
            schema = resolve(resolve(node)['schema'])
            if header in sent and schema['type'] == 'string':
                assert not complaints(schema, sent[header]), header
        known = {'content-type', 'content-length', 'date', 'connection', 'x-content-type-options',
                 'content-security-policy', 'content-encoding', 'keep-alive', 'transfer-encoding'} | {one.lower() for one in described}
        assert {one.lower() for one in sent.keys()} <= known


@pytest.mark.parametrize('name', READS)
def test_every_documented_parameter_is_known(everything, name):
    """None is described that the path refuses, and no value of an enum."""
    _, path, operation = OPERATIONS[name]
    for parameter in map(resolve, operation['parameters']):
        schema = parameter['schema']
        if parameter['in'] != 'query' or parameter['name'] == 'cursor':
            continue
        for value in sample_values(schema):
            query = required_query(operation, but=parameter['name'])
            answer = everything.org.isms.client.get(
                f'{everything.fill(path)}{query}{"&" if query else "?"}{parameter["name"]}={value}')
            assert answer.status in (200, 404), answer.report(parameter['name'])


def required_query(operation, but=None):
    """The query without which the operation is refused."""
    needed = [parameter['name'] for parameter in map(resolve, operation['parameters'])
              if parameter['in'] == 'query' and parameter.get('required') and parameter['name'] != but]
    return '?' + '&'.join(f'{name}=training' for name in needed) if needed else ''


def sample_values(schema):
    """Values that a schema allows, as a query writes them."""
    if 'anyOf' in schema:
        return [value for one in schema['anyOf'] for value in sample_values(one)]
    if schema['type'] == 'array':
        values = sample_values(schema['items'])
        return [','.join(map(str, values))]
    if 'enum' in schema:
        return schema['enum']
    by_format = {'date': '2026-11-21', 'date-time': '2026-11-21T18:46:00.123Z',
                 'uuid': '01890a5d-ac96-774b-bcce-b302099a8057'}
    return {'boolean': ['true', 'false'], 'integer': [schema[end] for end in ('minimum', 'maximum') if end in schema],
            'string': [by_format.get(schema.get('format'), '01890a5d-ac96-774b-bcce-b302099a8057')]}[schema['type']]


def test_every_resource_has_its_schemas():
    schemas = SPEC['components']['schemas']
    assert MADE_OF_JSON == {snake(name) for name in schemas if f'{name}Create' in schemas}
