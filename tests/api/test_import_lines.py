"""Lines that cannot become records: each is named with its line, its column or member, and the rule that it breaks."""

import json

import pytest

import harness
from files import file_part, form, limited, text_part
from importing import PEOPLE_HEAD, broken, lines, people, send, table
from support import ABSENT_ID, plain, shared  # noqa: F401

GOOD = 'Ana,ana@x.example,employee\r\n'


def count(org):
    return org.get('/v1/people?count=true&limit=1')['total']


@pytest.mark.parametrize('text, wanted', [
    # the head
    ('', None),
    (PEOPLE_HEAD, [(1, '#', 'import.empty')]),
    ('name,email,role,email\r\n' + GOOD, [(1, 'email', 'import.csv.head')]),
    ('\r\nAna\r\n', [(1, '#', 'import.csv.head')]),
    ('name;email;role\r\nAna;a@x.example;employee\r\n', [(1, 'name;email;role', 'body.unknown_field')]),
    ('name,nickname\r\nAna,A\r\n', [(1, 'nickname', 'body.unknown_field')]),
    ('name,source.system\r\nAna,A\r\n', [(1, 'source.system', 'body.unknown_field')]),
    ('Name,email,role\r\n' + GOOD, [(1, 'Name', 'body.unknown_field')]),
    ('na"me,email\r\n', [(1, '#', 'import.csv.form')]),
    ('name\xff,email\r\n'.encode('latin-1'), [(1, '#', 'import.line.encoding')]),
    # cells
    (PEOPLE_HEAD + GOOD + 'Bo,bo@x.example\r\n', [(3, '#', 'import.csv.cells')]),
    (PEOPLE_HEAD + 'Bo,bo@x.example,employee,\r\n', [(2, '#', 'import.csv.cells')]),
    (PEOPLE_HEAD + '"Bo,bo@x.example,employee\r\n' + GOOD, [(2, '#', 'import.csv.form')]),
    (PEOPLE_HEAD + '"Bo"x,bo@x.example,employee\r\n', [(2, '#', 'import.csv.form')]),
    (PEOPLE_HEAD + 'B"o,bo@x.example,employee\r\n', [(2, '#', 'import.csv.form')]),
    (PEOPLE_HEAD + '"Two\r\nlines\r\n",,employee\r\nBo,x,employee\r\n',
     [(2, 'email', 'person.email.required'), (5, 'email', 'person.email.format')]),
    # what a POST refuses
    (PEOPLE_HEAD + ',bo@x.example,employee\r\n', [(2, 'name', 'person.name.required')]),
    (PEOPLE_HEAD + '"",bo@x.example,employee\r\n', [(2, 'name', 'body.length')]),
    (PEOPLE_HEAD + 'Bo,bo@x.example,boss\r\n', [(2, 'role', 'body.enum')]),
    (PEOPLE_HEAD + 'Bo,TOP@example.org,top_management\r\n', [(2, 'name', 'import.exists')]),
    ('email,name,role,external\r\nbo@x.example,Bo,employee,maybe\r\n', [(2, 'external', 'body.type')]),
    # each other
    (PEOPLE_HEAD + GOOD + 'Bo,ANA@x.example,employee\r\n', [(3, 'email', 'import.duplicate')]),
    # bytes
    (PEOPLE_HEAD.encode() + b'B\xc3\x28,bo@x.example,employee\r\n', [(2, '#', 'import.line.encoding')]),
    (PEOPLE_HEAD.encode() + b'B\x00o,bo@x.example,employee\r\n', [(2, '#', 'import.line.encoding')]),
])
def test_a_table_of_people_that_is_wrong(shared, text, wanted):
    before = count(shared)
    answer = send(shared.isms.client, text, '?resource=people', 'csv')
    if wanted is None:
        answer.expect(422, 'import.empty')
        return
    assert sorted(broken(answer.expect(422))) == sorted(wanted), answer.report('others')
    assert count(shared) == before


@pytest.mark.parametrize('text, wanted', [
    ('\n \n', [(1, '#', 'import.empty')]),
    ('{"resource":"person"\n', [(1, '#', 'import.line.json')]),
    ('[]\n"text"\nnull\n', [(1, '#', 'import.line.json'), (2, '#', 'import.line.json'), (3, '#', 'import.line.json')]),
    ('{"a":1,"a":2}\n', [(1, '#', 'import.line.json')]),
    ('[' * 40 + ']' * 40 + '\n', [(1, '#', 'import.line.json')]),
    ('{"name":"Ana"}\n', [(1, '#/resource', 'import.resource')]),
    ('{"resource":"people"}\n', [(1, '#/resource', 'import.resource')]),
    ('{"resource":"attachment"}\n', [(1, '#/resource', 'import.resource')]),
    ('{"resource":"token"}\n', [(1, '#/resource', 'import.resource')]),
    ('{"resource":"import"}\n', [(1, '#/resource', 'import.resource')]),
    ('{"resource":7}\n', [(1, '#/resource', 'import.resource')]),
    ('\n\n{"resource":"person","name":"A","email":"a@x.example","role":"employee","tilde~/":1}\n',
     [(3, '#/tilde~0~1', 'body.unknown_field')]),
    ('{"resource":"person","name":7,"email":"a@x.example","role":"employee"}', [(1, '#/name', 'body.type')]),
    ('{"resource":"person","reference":"MR-2026-01","name":"A","email":"a@x.example","role":"employee"}',
     [(1, '#/reference', 'body.unknown_field')]),
    ('{"resource":"person","id":"one","name":"A","email":"a@x.example","role":"employee"}',
     [(1, '#/id', 'body.format')]),
    (b'{"resource":"person","name":"\xff"}\n', [(1, '#', 'import.line.encoding')]),
])
def test_lines_of_json_that_are_wrong(shared, text, wanted):
    answer = send(shared.isms.client, text)
    assert sorted(broken(answer.expect(422))) == sorted(wanted), answer.report('others')


def test_cells_have_their_kinds(shared):
    """Numbers, truths, lists and members of objects, each as the registers write them."""
    review = shared.review(title='With inputs of all kinds')
    head = ('review_id', 'clause', 'title', 'minutes_allotted', 'source.system', 'source.period_end',
            'source.period_start', 'metrics', 'severity')
    wrong = [
        (review['reference'], 'd1', 'A', 'ten', 'S', '', '', '', ''),
        (review['reference'], 'd1', 'B', '010', 'S', '', '', '', ''),
        (review['reference'], 'd1', 'C', '10', '', '2026-13-01', '', '', ''),
        (review['reference'], 'd1', 'D', '10', 'S', '', '', '[{"name":"n"}]', ''),
        (review['reference'], 'd1', 'E', '10', 'S', '', '', '[{"name":', ''),
        (review['reference'], 'd1', 'F', '10', 'S', '', '', '7', ''),
        (review['reference'], 'd1', 'G', '10', 'S', '', '', '[]],"severity":"minor","x":[[]', ''),
        (review['reference'], 'd1', 'H', '10', 'S', '', '', '{"a":1,"a":2}', ''),
        (review['reference'], 'e', 'I', '10', 'S', '2026-01-01', '2026-02-01', '', 'minor'),
        ('MR-1999-01', 'd1', 'J', '10', 'S', '', '', '', ''),
        ('', 'd1', 'K', '10', 'S', '', '', '', ''),
    ]
    answer = send(shared.isms.client, table(head, *wrong), '?resource=inputs', 'csv').expect(422)
    assert sorted(broken(answer)) == sorted([
        (2, 'minutes_allotted', 'body.type'), (3, 'minutes_allotted', 'body.type'),
        (4, 'source.system', 'source.system.required'), (4, 'source.period_end', 'body.format'),
        (5, 'metrics', 'metric.value.required'), (6, 'metrics', 'body.type'), (7, 'metrics', 'body.type'),
        (8, 'metrics', 'body.type'), (9, 'metrics', 'body.type'), (10, 'source.period_end', 'source.period.order'),
        (10, 'severity', 'input.severity.clause'), (11, 'review_id', 'reference.not_found'),
        (12, 'review_id', 'import.parent.required')]), answer.report('others')
    numbers = {one['column_name']: one['column'] for one in answer.json['violations'] if one.get('column')}
    assert numbers == {name: head.index(name) + 1 for name in numbers}
    assert {one['resource'] for one in answer.json['violations']} == {'input'}

    good = [(review['id'], 'd1', "'=1+1", '1e1', 'S', '2026-02-01', '', '[{"name":"n","value":-5.50}]', 'major'),
            (review['id'], 'e', ' "quoted"\r\n', '', '', '', '', '', '')]
    good[1] = (review['id'], 'e', ' "quoted", and more ', '', '', '', '', '', '')
    record = send(shared.isms.client, '\ufeff' + table(head, *good).replace('\r\n', '\n'), '?resource=inputs',
                  'csv').expect(201).json
    assert record['created'] == 2 and record['resource'] == 'inputs'
    added = [one for one in shared.inputs(review) if not one['agenda']]
    assert [one['title'] for one in added] == ['=1+1', ' "quoted", and more ']
    assert added[0]['minutes_allotted'] == 10 and added[0]['metrics'][0]['value'] == -5.5
    assert added[0]['source'] == {'system': 'S', 'reference': None, 'url': None, 'period_start': None,
                                  'period_end': '2026-02-01'}
    assert added[1]['source'] is None and added[1]['metrics'] == [] and added[1]['imported'] is False


def test_line_breaks_and_marks_survive(shared):
    note = 'One\r\ntwo\nthree "four", five; six\tž 漢字 \U0001F4DD'
    review = shared.review(title='For texts')
    text = table(('review_id', 'clause', 'title', 'summary'), (review['id'], 'g', 'Texts', note))
    send(shared.isms.client, text, '?resource=inputs', 'csv').expect(201)
    assert [one['summary'] for one in shared.inputs(review) if one['title'] == 'Texts'] == [note]


def test_many_violations_are_counted_and_the_first_are_listed(shared):
    text = PEOPLE_HEAD + ''.join(f'P{i},wrong-{i},employee\r\n' for i in range(250))
    answer = send(shared.isms.client, text, '?resource=people', 'csv').expect(422)
    assert [one['line'] for one in answer.json['violations']] == list(range(2, 202))
    path = answer.headers['Link'].partition('>')[0].strip('<')
    record = shared.get(path)
    assert (record['status'], record['refused'], record['violation_count']) == ('refused', 250, 250)
    assert len(record['violations']) == 200 and record['created'] == 0
    assert record['violations'][0] == {
        'resource': 'person', 'line': 2, 'column': 2, 'column_name': 'email', 'rule': 'person.email.format',
        'pointer': '#/email', 'detail': "A person's e-mail address has the form local@domain."}
    # Names and addresses are told, and not kept.
    assert answer.json['violations'][0]['detail'].startswith("'wrong-0' is no")
    assert 'wrong-' not in json.dumps(record)


@pytest.mark.parametrize('query, kind, rule', [
    ('', 'csv', 'query.invalid'), ('?resource=person', 'ndjson', 'query.invalid'),
    ('?resource=attachments', 'csv', 'query.invalid'), ('?partial=yes', 'ndjson', 'query.invalid'),
    ('?partial=true&partial=true', 'ndjson', 'query.repeated'), ('?mode=fast', 'ndjson', 'query.unknown')])
def test_a_query_that_is_wrong(shared, query, kind, rule):
    send(shared.isms.client, people(1), query, kind).expect(400, rule)


def test_types_and_sizes(populated, shared):
    for content_type in ('text/plain', 'application/json', 'text/csv; charset=latin1', None):
        answer = shared.isms.client.post('/v1/imports?resource=people', raw=b'name\r\n',
                                         headers={'Content-Type': content_type})
        assert 'text/csv' in answer.expect(415).headers['Accept-Post']
    send(shared.isms.client, people(1), Content_Encoding='gzip').expect(415)
    org = limited(populated, import_max_bytes=2048, body_max_bytes=1024)
    try:
        send(org.isms.client, people(100)).expect(413)
        long = {'resource': 'person', 'name': 'n' * 1200, 'email': 'long@x.example', 'role': 'employee'}
        answer = send(org.isms.client, [long, *people(1)])
        assert broken(answer.expect(422)) == [(1, '#', 'import.line.length')]
        org.daemon.stop()
    finally:
        org.daemon.discard()


@pytest.mark.parametrize('parts, detail', [
    ([], 'no file'),
    ([text_part('resource', 'people')], "'resource' is no file"),
    ([file_part(b'name\r\n', 'a.csv', 'persons')], "'persons' names no collection"),
    ([file_part(b'name\r\n', 'a.csv', 'file')], 'called after its collection'),
    ([file_part(b'name\r\n', 'a.txt', 'people')], 'neither text/csv'),
    ([file_part(b'name\r\n', 'a.csv', 'people'), file_part(b'{}\n', 'b.ndjson', 'people')], 'two files'),
])
def test_a_form_that_is_wrong(shared, parts, detail):
    body, content_type = form(*parts)
    answer = shared.isms.client.post('/v1/imports', raw=body, headers={'Content-Type': content_type})
    if not parts:
        assert answer.status in (400, 422)
        return
    answer.expect(422, 'import.files')
    assert detail in answer.json['violations'][0]['detail']


def test_a_record_that_is_there_is_left_as_it_is(org):
    head = org.get(f'/v1/people/{org.head.id}')
    client = org.isms.client
    same = send(client, [{'resource': 'person'} | head, {'resource': 'person', 'email': 'TOP@EXAMPLE.ORG'.lower()}])
    assert same.expect(201).json['unchanged'] == 2
    other = send(client, [{'resource': 'person'} | head | {'name': 'Another', 'department': None}]).expect(422)
    assert sorted(broken(other)) == [(1, '#/department', 'import.exists'), (1, '#/name', 'import.exists')]
    assert f'/v1/people/{org.head.id}' in other.json['violations'][0]['detail']
    # Its id and its address are those of two.
    two = send(client, [{'resource': 'person', 'id': org.head.id, 'email': 'top@example.org'}]).expect(422)
    assert 'import.exists' in two.rules
    review = org.review()
    taken = send(client, [{'resource': 'person', 'id': review['id'], 'name': 'A', 'email': 'a@x.example',
                           'role': 'employee'}])
    taken.expect(422, 'import.id.taken')


@pytest.mark.parametrize('line, rule', [
    ({'reference': 'MR-26-1'}, 'import.reference.form'),
    ({'reference': 'MR-2025-1'}, 'import.reference.form'),
    ({'reference': 'MR-2025-007'}, 'import.reference.form'),
    ({'reference': 'DEC-2025-001'}, 'import.reference.form'),
    ({'created_at': '2999-01-01T00:00:00Z'}, 'import.history.time'),
    ({'created_at': '2025-01-02', 'updated_at': '2025-01-01'}, 'import.history.time'),
    ({'started_at': '2025-01-02'}, 'import.state.unexpected'),
    ({'status': 'cancelled'}, 'import.state.incomplete'),
])
def test_what_the_server_else_sets_has_its_form(org, line, rule):
    answer = send(org.isms.client, [{'resource': 'review'} | org.review_body() | line])
    assert rule in answer.expect(422).rules, answer.report('another')
    assert org.get('/v1/reviews')['data'] == []


def test_a_line_hangs_from_what_it_names(org):
    review, other = org.running_review(), org.review(title='Another one')
    decision = org.adopted(review)
    item = {'resource': 'action_item'} | org.action_item_body()
    client = org.isms.client
    answer = send(client, [item, item | {'decision_id': ABSENT_ID}, item | {'decision_id': 7},
                           item | {'decision_id': decision['reference'], 'review_id': other['id']},
                           item | {'deadline': 'soon'}])
    assert sorted(broken(answer.expect(422))) == sorted([
        (1, '#/decision_id', 'import.parent.required'), (2, '#/decision_id', 'reference.not_found'),
        (3, '#/decision_id', 'reference.not_found'), (4, '#/review_id', 'import.parent.mismatch'),
        (5, '#/decision_id', 'import.parent.required'), (5, '#/deadline', 'body.format')])
    made = send(client, [item | {'decision_id': decision['reference'], 'review_id': review['reference']}]).expect(201)
    assert made.json['created'] == 1
    assert [one['title'] for one in org.get('/v1/action-items')['data']] == [item['title']]


def test_criteria_that_come_with_ids(org):
    decision = org.adopted(org.running_review())
    def item(*ids):
        criteria = [org.criterion(statement=f'Statement number {i}') | {'id': one} for i, one in enumerate(ids)]
        return [{'resource': 'action_item', 'decision_id': decision['id']} |
                org.action_item_body(success_criteria=criteria)]
    for ids in (('x1',), ('c0',), ('c1', 'c1'), ('c',), ('c1x',)):
        send(org.isms.client, item(*ids)).expect(422, 'success_criteria.id')
    send(org.isms.client, item('c7', None)).expect(201)
    assert [one['id'] for one in org.get('/v1/action-items')['data'][0]['success_criteria']] == ['c7', 'c8']


def test_the_number_of_lines_is_bounded(org):
    """A line takes few bytes of memory, and there may be so many and no more."""
    text = '{}\n' * 1_000_001
    answer = send(org.isms.client, text, '?resource=people').expect(422)
    assert broken(answer) == [(1_000_001, '#', 'import.lines.limit')]


def test_a_good_line_comes_as_it_is(org):
    """The same as by a POST, what follows from it too."""
    client = org.isms.client
    send(client, [{'resource': 'review'} | org.review_body()]).expect(201)
    review = org.get('/v1/reviews')['data'][0]
    assert len(org.inputs(review)) == 10 and org.chair_attendee(review)['person_id'] == org.top.id
    assert review['imported'] is False and review['created_by'] == org.isms.id
    org.running = org.running_review(title='Runs')
    item = org.action_item(org.adopted(org.running))
    follow_up = {'resource': 'follow_up', 'action_item_id': item['reference']}
    amendment = {'resource': 'amendment', 'action_item_id': item['id']} | org.amendment_body(deadline=org.day(70))
    send(client, [follow_up | org.completion_body(), amendment]).expect(201)
    changed = org.get(f'/v1/action-items/{item["id"]}')
    assert (changed['status'], changed['deadline'], changed['extension_count']) == ('completed', org.day(70), 1)
    # Where two lines depend on one another, what comes first counts.
    verified = follow_up | org.effectiveness_body(changed)
    send(client, [verified, verified]).expect(409, 'follow_up.action_item.open')
    assert org.get(f'/v1/action-items/{item["id"]}')['status'] == 'completed'


def test_lines_of_nul_are_not_blank(org):
    answer = send(org.isms.client, b'\0\0\n' + lines(people(1)).encode(), '?partial=true')
    assert broken(answer.expect(201)) == [(1, None, 'import.line.encoding')]


def test_a_broken_form_is_told_what_one_is(org):
    answer = org.isms.client.post('/v1/imports', raw=b'--x\r\nnothing', headers={
        'Content-Type': 'multipart/form-data; boundary=x'})
    assert 'a file for each collection' in answer.expect(400).json['detail']
