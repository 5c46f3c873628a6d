"""Section 1 of the contract for what is sent: JSON and its limits, members one may send, RFC 7396, sizes."""

import json

import pytest

from support import (fill, fresh_email, if_match, life, person_body, plain, shared,  # noqa: F401 (fixtures)
                     statuses, talk, without_nulls)

MIB = 1024 * 1024


def nested(depth):
    """A person whose name is an array in an array …; the object itself is the first level."""
    return b'{"name": ' + b'[' * (depth - 1) + b']' * (depth - 1) + b'}'


# ---- what is JSON


@pytest.mark.parametrize('raw', [
    b'{', b'{"name": }', b'{"name": "x",}', b"{'name': 'x'}", b'{name: "x"}', b'{} {}', b'{}x', b'nonsense', b'   ',
    b'nul', b'12 34', b'"x', b'"\xff"', b'01', b'-', b'1e999', b'NaN', b'null,',
    # NUL, which jansson overlooks behind a number and a word.
    b'12\0', b'null\0', b'{"name": 12\0}', b'{"name": true\0}', b'{"name": "\0"}', b'{}\0',
    b'{"name": "tab\there"}', b'{"name": "x" /* why */}', b'{"a": 01}', b'{"a": +1}', b'{"a": .5}', b'{"a": NaN}',
    b'{"a": Infinity}', b'{"a": 1e999}', b'{"a": TRUE}', b'{"a": "\\x41"}', b'{"a": "open',
    # Not UTF-8: a lone byte, overlong forms, a surrogate, beyond U+10FFFF, cut off; and UTF-16.
    b'{"name": "\xff"}', b'{"name": "\xc0\xaf"}', b'{"name": "\xe0\x80\xaf"}', b'{"name": "\xed\xa0\x80"}',
    b'{"name": "\xf4\x90\x80\x80"}', b'{"name": "\xe2\x82"}', '{"name": "x"}'.encode('utf-16'),
    # Escapes that stand for no character, or for one that no text may hold.
    b'{"name": "\\ud800"}', b'{"name": "\\udc00\\ud800"}', b'{"name": "\\u00"}', b'{"name": "a\\u0000b"}',
    # A member given twice, at any depth, and however it is spelt.
    b'{"name": "x", "name": "y"}', b'{"name": "x", "name": "x"}', b'{"n\\u0061me": "x", "name": "y"}',
    b'{"source": {"system": "x", "system": "y"}}', b'{"a": [{"b": 1, "b": 1}]}', b'{"unknown": 1, "unknown": 1}',
    nested(33), b'[' * 100_000, b'{"a":' * 100_000,
], ids=lambda raw: repr(raw[:32]))
@pytest.mark.parametrize('method, path', [('POST', '/v1/people'), ('PATCH', '/v1/inputs/{input}')])
def test_malformed_bodies(shared, life, method, path, raw):
    answer = shared.isms.client.request(method, fill(path, life), raw=raw, headers=if_match(method, path))
    answer.expect(400)
    assert answer.json['type'] == '/problems/malformed-request'


def test_as_deep_as_may_be(shared):
    """32 levels are read, and then refused for what they are: no text."""
    shared.isms.client.request('POST', '/v1/people', raw=nested(32)).expect(
        422, 'body.type', 'person.email.required', 'person.role.required')


@pytest.mark.parametrize('raw', [b'[]', b'[{"name": "x"}]', b'null', b'true', b' false\n', b'12', b'-0.5e1', b'"x"',
                                 '"\u017e"'.encode()])
@pytest.mark.parametrize('method, path', [
    ('POST', '/v1/people'), ('PATCH', '/v1/inputs/{input}'), ('POST', '/v1/people/{person}/deactivate'),
    ('POST', '/v1/action-items/{item}/follow-ups'), ('POST', '/v1/action-items/{item}/amendments')])
def test_what_is_no_object_has_the_wrong_type(shared, life, method, path, raw):
    answer = shared.isms.client.request(method, fill(path, life), raw=raw, headers=if_match(method, path))
    answer.expect(422, 'body.type')
    assert answer.pointers('body.type') == {'#'}


@pytest.mark.parametrize('text', ['Zoë Žižek', '王小明', '👩‍💻 of the 𝔾roup',
                                  'a "quoted" \\ back/slash', 'line\nbreak\tand tab', '\u2028 and \u2029',
                                  '<b>&amp;</b>', 'x\x7fy'])
def test_text_comes_back_as_it_was_sent(shared, text):
    for ascii_only in (True, False):
        raw = json.dumps(person_body(job_title=text), ensure_ascii=ascii_only).encode()
        created = shared.isms.client.request('POST', '/v1/people', raw=raw).expect(201)
        assert created.json['job_title'] == text
        assert shared.get(created.headers['Location'])['job_title'] == text


@pytest.mark.parametrize('number', [0, -1, 1, 0.1, 1.5, 1e21, 1e-7, 123456789.125, 4503599627370497.5, 2 ** 53, 1e300])
def test_numbers_come_back_as_they_were_sent(shared, life, number):
    path = fill('/v1/inputs/{input}', life)
    changed = shared.change(path, {'metrics': [{'name': 'count', 'value': number}]})
    assert changed['metrics'][0]['value'] == number
    assert shared.get(path)['metrics'][0]['value'] == number


# ---- members one may send


@pytest.mark.parametrize('path, body, violations', [
    ('/v1/people/{person}', {'colour': 1}, {'#/colour': 'body.unknown_field'}),
    ('/v1/people/{person}', {'Name': 'x'}, {'#/Name': 'body.unknown_field'}),
    ('/v1/people/{person}', {'': 'x'}, {'#/': 'body.unknown_field'}),
    # RFC 6901: ~ and / are escaped; in a fragment what a URI cannot hold is per cent encoded.
    ('/v1/people/{person}', {'a/b~c': 1}, {'#/a~1b~0c': 'body.unknown_field'}),
    ('/v1/people/{person}', {'colour': None}, {'#/colour': 'body.unknown_field'}),
    ('/v1/people/{person}', {'id': 'x', 'version': 7, 'created_at': 'x', 'created_by': 'x', 'updated_at': 'x',
                             'updated_by': 'x'},
     {f'#/{name}': 'body.read_only' for name in
      ('id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by')}),
    ('/v1/reviews/{planned}', {'status': 'approved', 'reference': 'MR-2026-99', 'revision': 2, 'approved_by': 'x'},
     {f'#/{name}': 'body.read_only' for name in ('status', 'reference', 'revision', 'approved_by')}),
    ('/v1/decisions/{proposed}', {'review_id': 'x', 'status': 'adopted', 'original_deadline': '2027-01-01'},
     {f'#/{name}': 'body.read_only' for name in ('review_id', 'status', 'original_deadline')}),
    ('/v1/action-items/{item}', {'overdue': False, 'extension_count': 0, 'progress_percent': 100},
     {f'#/{name}': 'body.read_only' for name in ('overdue', 'extension_count', 'progress_percent')}),
    ('/v1/attendees/{attendee}', {'name_at_review': 'x', 'review_id': 'x'},
     {'#/name_at_review': 'body.read_only', '#/review_id': 'body.read_only'}),
    ('/v1/inputs/{input}', {'source': {'colour': 1, 'system': 5}, 'metrics': [
        {'name': 'm', 'value': 1, 'on_target': True}, {'name': 'n', 'value': 'many', 'x': 1}]},
     {'#/source/colour': 'body.unknown_field', '#/source/system': 'body.type',
      '#/metrics/0/on_target': 'body.read_only', '#/metrics/1/value': 'body.type',
      '#/metrics/1/x': 'body.unknown_field'}),
    ('/v1/decisions/{proposed}', {'success_criteria': [
        {'id': 'c1', 'statement': 'Long enough a statement', 'verification': 'Somebody has a look'}]},
     {'#/success_criteria/0/id': 'body.read_only'}),
    ('/v1/people/{person}', {'name': 5, 'external': 'yes', 'active': 1, 'job_title': ['x'], 'role': 'king'},
     {'#/name': 'body.type', '#/external': 'body.type', '#/active': 'body.type', '#/job_title': 'body.type',
      '#/role': 'body.enum'}),
    ('/v1/people/{person}', {'name': 'x' * 201}, {'#/name': 'body.length'}),
    ('/v1/people/{person}', {'name': ''}, {'#/name': 'body.length'}),
    ('/v1/people/{person}', {'name': ' \t\n'}, {'#/name': 'body.length'}),
    ('/v1/people/{person}', {'name': None, 'email': None, 'role': None},
     {'#/name': 'person.name.required', '#/email': 'person.email.required', '#/role': 'person.role.required'}),
    # What is required is never cleared.
    *((f'/v1/{path}', dict.fromkeys(members.split()),
       {f'#/{name}': f'{noun}.{name}.required' for name in members.split()}) for path, noun, members in (
        ('reviews/{planned}', 'review', 'title type scope period_start period_end planned_on chair_id'),
        ('attendees/{attendee}', 'attendee', 'person_id capacity'),
        ('inputs/{input}', 'input', 'clause title'),
        ('decisions/{proposed}', 'decision',
         'kind title statement rationale input_ids decided_by_id deadline success_criteria'),
        ('action-items/{item}', 'action_item', 'kind title'))),
    ('/v1/decisions/{proposed}', {'owner_id': None}, {'#/owner_id': 'decision.owner.required'}),
    ('/v1/reviews/{planned}', {'planned_on': '2026-02-30', 'period_end': '26-01-01', 'classification': 'secret'},
     {'#/planned_on': 'body.format', '#/period_end': 'body.format', '#/classification': 'body.enum'}),
    ('/v1/reviews/{planned}', {'planned_on': '2026-11-21T00:00:00Z'}, {'#/planned_on': 'body.format'}),
    ('/v1/reviews/{planned}', {'also_covers': ['fine', 5]}, {'#/also_covers/1': 'body.type'}),
    ('/v1/reviews/{planned}', {'also_covers': 'text'}, {'#/also_covers': 'body.type'}),
], ids=lambda value: None if isinstance(value, dict) else value)
def test_members_one_may_not_send(shared, life, path, body, violations):
    """All of them are named, each where it stands; and nothing of the request is kept."""
    path = fill(path, life)
    before = shared.isms.client.get(path)
    answer = shared.isms.client.patch(path, body).expect(422)
    assert {one['pointer']: one['rule'] for one in answer.violations} == violations
    assert len(answer.violations) == len(violations)
    assert shared.isms.client.get(path).body == before.body


@pytest.mark.parametrize('length, status', [(1, 201), (200, 201), (201, 422)])
@pytest.mark.parametrize('letter', ['x', 'é', '😀'])
def test_lengths_are_counted_in_code_points(shared, letter, length, status):
    shared.isms.client.post('/v1/people', person_body(name=letter * length)).expect(status)


def test_verbs_take_no_unknown_argument_either(shared, life):
    shared.isms.client.verb(fill('/v1/people/{person}/deactivate', life), {'why': 'x'}).expect(
        422, 'body.unknown_field')


# ---- RFC 7396

# (before, patch, after) of members of an input, without those that are null.
SOURCE = {'system': 'SIEM', 'reference': 'R-1', 'url': 'https://siem.example.org/r/1'}
METRICS = [{'name': 'incidents', 'value': 3, 'unit': 'per month'}, {'name': 'false alarms', 'value': 20}]


@pytest.mark.parametrize('before, patch, after', [
    ({'summary': 'old'}, {'summary': 'new'}, {'summary': 'new'}),
    ({'summary': 'old'}, {'summary': None}, {}),
    ({'summary': 'old'}, {}, {'summary': 'old'}),
    ({}, {'summary': None}, {}),
    ({'summary': 'old', 'conclusion': 'so'}, {'summary': None, 'trend': 'stable'},
     {'conclusion': 'so', 'trend': 'stable'}),
    # An object is merged member by member, at its own depth too.
    ({'source': SOURCE}, {'source': {'reference': 'R-2'}}, {'source': {**SOURCE, 'reference': 'R-2'}}),
    ({'source': SOURCE}, {'source': {'reference': None, 'url': None}}, {'source': {'system': 'SIEM'}}),
    ({'source': SOURCE}, {'source': {}}, {'source': SOURCE}),
    ({'source': SOURCE}, {'source': None}, {}),
    ({}, {'source': {'system': 'SIEM', 'url': None}}, {'source': {'system': 'SIEM'}}),
    ({'source': SOURCE, 'summary': 'old'}, {'source': {'system': 'CMDB'}, 'summary': 'new'},
     {'source': {**SOURCE, 'system': 'CMDB'}, 'summary': 'new'}),
    # An array is replaced whole.
    ({'metrics': METRICS}, {'metrics': METRICS[1:]}, {'metrics': METRICS[1:]}),
    ({'metrics': METRICS}, {'metrics': METRICS[::-1]}, {'metrics': METRICS[::-1]}),
    ({'metrics': METRICS}, {'metrics': [{'name': 'incidents', 'value': 4}]},
     {'metrics': [{'name': 'incidents', 'value': 4}]}),
    ({'metrics': METRICS}, {'metrics': []}, {'metrics': []}),
    ({'metrics': METRICS}, {'metrics': None}, {'metrics': []}),
], ids=str)
def test_merge_patch(shared, life, before, patch, after):
    names = ('summary', 'conclusion', 'trend', 'source', 'metrics')
    created = shared.input(life.review, clause='d2', **before)
    changed = shared.change(f'/v1/inputs/{created["id"]}', patch)
    shown = without_nulls({name: changed[name] for name in names})
    for one in shown['metrics']:
        one.pop('on_target', None)
    assert shown == {'metrics': [], **after}
    assert shared.get(f'/v1/inputs/{created["id"]}') == changed
    assert all(name in changed for name in names), 'members without a value are null, not left out'


@pytest.mark.parametrize('source, patch, rule, pointer', [
    (SOURCE, {'system': None}, 'source.system.required', '#/source/system'),
    (None, {'reference': 'R-1'}, 'source.system.required', '#/source/system'),
    (SOURCE, {'url': 5}, 'body.type', '#/source/url'),
    (SOURCE, 'SIEM', 'body.type', '#/source'),
    (SOURCE, ['SIEM'], 'body.type', '#/source'),
])
def test_what_a_merge_patch_leaves_must_be_right(shared, life, source, patch, rule, pointer):
    created = shared.input(life.review, clause='d2', source=source)
    answer = shared.isms.client.patch(f'/v1/inputs/{created["id"]}', {'source': patch}).expect(422, rule)
    assert answer.pointers(rule) == {pointer}


def test_resources_of_an_action_item_are_merged_too(shared, life):
    item = shared.action_item(life.decision, resources={'budget_amount': 1000, 'currency': 'EUR', 'note': 'approved'})
    path = f'/v1/action-items/{item["id"]}'
    changed = shared.change(path, {'resources': {'effort_days': 2.5, 'note': None}})
    assert without_nulls(changed['resources']) == {'budget_amount': 1000, 'currency': 'EUR', 'effort_days': 2.5}
    assert shared.change(path, {'resources': None})['resources'] is None


def test_both_patch_types_mean_the_same(shared):
    person = shared.person(email=fresh_email(), job_title='old', department='IT')
    for content_type, title in (('application/json', None), ('application/merge-patch+json', 'new')):
        answer = shared.isms.client.patch(f'/v1/people/{person["id"]}', {'job_title': title},
                                          **{'Content-Type': content_type}).expect(200)
        assert (answer.json['job_title'], answer.json['department']) == (title, 'IT')


def test_a_patch_that_changes_nothing(shared, life):
    path = fill('/v1/reviews/{planned}', life)
    before = shared.isms.client.get(path)
    same = {name: before.json[name] for name in ('title', 'scope', 'planned_on', 'location', 'classification')}
    for patch in ({}, same):
        answer = shared.isms.client.patch(path, patch).expect(200)
        assert (answer.body, answer.etag) == (before.body, before.etag)


# ---- sizes


def padded(size):
    """A valid person of so many bytes: white space is JSON too."""
    body = json.dumps(person_body()).encode()
    return body + b' ' * (size - len(body))


@pytest.mark.parametrize('size, status', [(MIB, 201), (MIB + 1, 413), (3 * MIB, 413)])
def test_the_size_of_a_body(shared, size, status):
    answer = plain(shared.isms.client, 'POST', '/v1/people', padded(size), Content_Type='application/json')
    assert answer.status == status
    if status == 413:
        assert answer.json['type'] == '/problems/too-large'


def chunked(body, size=50_000):
    pieces = (body[at:at + size] for at in range(0, len(body), size))
    return b''.join(b'%x\r\n%s\r\n' % (len(piece), piece) for piece in pieces) + b'0\r\n\r\n'


@pytest.mark.parametrize('size, status', [(1000, 201), (MIB, 201), (MIB + 1, 413), (20 * MIB, 413)])
def test_the_size_of_a_body_that_is_not_announced(shared, size, status):
    request = (f'POST /v1/people HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.isms.token}\r\n'
               'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n')
    received, _ = talk(shared.daemon.port, request.encode() + chunked(padded(size)))
    assert statuses(received) == [status]


def test_a_client_that_asks_first_need_not_send(shared):
    """Expect: 100-continue with a length that is too much: the refusal comes before the body."""
    request = (f'POST /v1/people HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.isms.token}\r\n'
               f'Content-Type: application/json\r\nContent-Length: {50 * MIB}\r\nExpect: 100-continue\r\n\r\n')
    received, closed = talk(shared.daemon.port, request.encode())
    assert (statuses(received), closed) == ([413], True)


def test_a_refused_body_leaves_the_daemon_well(shared):
    for _ in range(20):
        assert plain(shared.isms.client, 'POST', '/v1/people', padded(2 * MIB)).status == 413
    shared.new('/v1/people', person_body())


def test_more_violations_than_are_listed_come_to_the_same_status(shared, life):
    """200 are listed; what makes the status is among them, also where it is found last."""
    many = {f'unknown_{number}': 1 for number in range(300)}
    answer = shared.isms.client.patch(f'/v1/reviews/{life.concluded["id"]}', many)
    answer.expect(409, 'review.frozen', 'body.unknown_field')
    assert len(answer.violations) == 200
    assert answer.json['detail'] == '200 rules are broken, or more; the violations name so many.'
