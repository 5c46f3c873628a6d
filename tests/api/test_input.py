"""Contract section 2, input: /v1/reviews/{id}/inputs, /v1/inputs."""

import pytest

from harness import ABSENT
from story import cases, refused, taken
from support import org_of_the_file as org, shared  # noqa: F401


@pytest.fixture
def review(org):
    return org.review()


def inputs_of(review):
    return f'/v1/reviews/{review["id"]}/inputs'


def one(record):
    return f'/v1/inputs/{record["id"]}'


SOURCE = {'system': 'SIEM'}
CONSIDERED = {'state': 'considered', 'summary': 'What was presented', 'conclusion': 'What follows'}
PERFORMANCE = CONSIDERED | {'trend': 'stable', 'source': SOURCE}


# ---- creating

def test_defaults(org, review):
    record = taken(org.isms.client, 'POST', inputs_of(review), org.input_body())
    assert record['state'] == 'pending' and record['agenda'] is False and record['withdrawn'] is False
    assert record['metrics'] == [] and record['review_id'] == review['id']
    unset = ('presenter_id', 'minutes_allotted', 'summary', 'conclusion', 'trend', 'severity', 'source',
             'withdrawn_reason')
    assert [name for name in unset if record.get(name, 'missing') is not None] == []


@cases('over, pointer, rule',
       ('no clause', {'clause': ABSENT}, '#/clause', 'input.clause.required'),
       ('null clause', {'clause': None}, '#/clause', 'input.clause.required'),
       ('no title', {'title': ABSENT}, '#/title', 'input.title.required'),
       ('blank title', {'title': ' '}, '#/title', 'body.length'),
       ('clause d alone', {'clause': 'd'}, '#/clause', 'body.enum'),
       ('clause in capitals', {'clause': 'A'}, '#/clause', 'body.enum'),
       ('clause h', {'clause': 'h'}, '#/clause', 'body.enum'),
       ('state unknown', {'state': 'done'}, '#/state', 'body.enum'),
       ('trend unknown', {'trend': 'sideways'}, '#/trend', 'body.enum'),
       ('severity unknown', {'clause': 'd1', 'severity': 'huge'}, '#/severity', 'body.enum'),
       ('minutes are a word', {'minutes_allotted': 'ten'}, '#/minutes_allotted', 'body.type'),
       ('minutes are a fraction', {'minutes_allotted': 1.5}, '#/minutes_allotted', 'body.type'),
       ('minutes are nearly whole', {'minutes_allotted': 14.999999}, '#/minutes_allotted', 'body.type'),
       ('minutes are whole and too many', {'minutes_allotted': 1441.0}, '#/minutes_allotted', 'body.range'),
       ('minutes without end', {'minutes_allotted': 1e300}, '#/minutes_allotted', 'body.range'),
       ('minutes far below zero', {'minutes_allotted': -1e300}, '#/minutes_allotted', 'body.range'),
       ('minutes are negative', {'minutes_allotted': -1}, '#/minutes_allotted', 'body.range'),
       ('presenter unknown', {'presenter_id': 'nobody@example.org'}, '#/presenter_id', 'reference.not_found'),
       ('source is a word', {'source': 'SIEM'}, '#/source', 'body.type'),
       ('source without system', {'source': {'url': 'https://siem.example.org/1'}}, '#/source/system',
        'source.system.required'),
       ('source with no such day', {'source': SOURCE | {'period_end': '2026-13-01'}}, '#/source/period_end',
        'body.format'),
       ('source of a period that ends before it starts',
        {'source': SOURCE | {'period_start': '2026-03-02', 'period_end': '2026-03-01'}}, '#/source/period_end',
        'source.period.order'),
       ('source with more', {'source': SOURCE | {'colour': 'red'}}, '#/source/colour', 'body.unknown_field'),
       ('metrics are no list', {'metrics': {}}, '#/metrics', 'body.type'),
       ('metric without name', {'metrics': [{'value': 1}]}, '#/metrics/0/name', 'metric.name.required'),
       ('second metric without value', {'metrics': [{'name': 'x', 'value': 1}, {'name': 'y'}]}, '#/metrics/1/value',
        'metric.value.required'),
       ('metric with a word for a value', {'metrics': [{'name': 'x', 'value': '1'}]}, '#/metrics/0/value',
        'body.type'),
       ('metric with an unknown comparator', {'metrics': [{'name': 'x', 'value': 1, 'comparator': '<'}]},
        '#/metrics/0/comparator', 'body.enum'),
       ('metric that judges itself', {'metrics': [{'name': 'x', 'value': 1, 'on_target': True}]},
        '#/metrics/0/on_target', 'body.read_only'),
       ('agenda', {'agenda': True}, '#/agenda', 'body.read_only'),
       ('withdrawn', {'withdrawn': True}, '#/withdrawn', 'body.read_only'),
       ('unknown member', {'speaker': 'x'}, '#/speaker', 'body.unknown_field'))
def test_create_refuses(org, review, over, pointer, rule):
    refused(org.isms.client, 'POST', inputs_of(review), org.input_body(**over), 422, rule, at=pointer)


@pytest.mark.parametrize('clause', ['a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g'])
def test_clauses(org, review, clause):
    assert org.input(review, clause=clause)['clause'] == clause


def test_with_everything(org, review):
    body = {'clause': 'd2', 'title': 'Availability', 'presenter_id': org.employee.id, 'minutes_allotted': 10,
            'summary': 'All well', 'conclusion': 'Go on', 'trend': 'improving', 'state': 'prepared',
            'source': {'system': 'Monitoring', 'reference': 'R-1', 'url': 'https://mon.example.org/r/1',
                       'period_start': '2026-01-01', 'period_end': '2026-06-30'}}
    record = taken(org.isms.client, 'POST', f'/v1/reviews/{review["reference"]}/inputs', body)
    assert {name: record[name] for name in body} == body


# ---- what a state wants

STATE_RULES = (
    ('considered without summary', 'e', CONSIDERED | {'summary': None}, ['input.considered.summary']),
    ('considered without conclusion', 'e', CONSIDERED | {'conclusion': None}, ['input.considered.conclusion']),
    ('considered and nothing said', 'e', {'state': 'considered'},
     ['input.considered.summary', 'input.considered.conclusion']),
    ('nonconformities without trend', 'd1', PERFORMANCE | {'trend': None}, ['input.considered.trend']),
    ('measurements without source', 'd2', PERFORMANCE | {'source': None}, ['input.considered.source']),
    ('audits without trend and source', 'd3', CONSIDERED, ['input.considered.trend', 'input.considered.source']),
    ('objectives, all at once', 'd4', {'state': 'considered'},
     ['input.considered.summary', 'input.considered.conclusion', 'input.considered.trend',
      'input.considered.source']),
    ('nothing to report without a word', 'g', {'state': 'nothing_to_report'}, ['input.nothing_to_report.summary']),
    ('nothing to report in 9 characters', 'd1', {'state': 'nothing_to_report', 'summary': 'x' * 9},
     ['input.nothing_to_report.summary']),
    ('nothing to report in blanks', 'g', {'state': 'nothing_to_report', 'summary': 'nothing' + ' ' * 20},
     ['input.nothing_to_report.summary']),
    ('severity of feedback', 'e', {'severity': 'minor'}, ['input.severity.clause']),
    ('severity of measurements', 'd2', {'severity': 'major'}, ['input.severity.clause']),
    ('severity of objectives', 'd4', {'severity': 'major'}, ['input.severity.clause']),
)

STATE_ALLOWED = (
    ('considered', 'e', CONSIDERED),
    ('performance considered', 'd1', PERFORMANCE),
    ('performance considered, data insufficient', 'd4', PERFORMANCE | {'trend': 'insufficient_data'}),
    ('nothing to report in 10 characters', 'd3', {'state': 'nothing_to_report', 'summary': 'x' * 10}),
    ('prepared without a word', 'd1', {'state': 'prepared'}),
    ('severity of a nonconformity', 'd1', {'severity': 'major'}),
    ('severity of an audit result', 'd3', {'severity': 'minor'}),
)


@cases('clause, change, rules', *STATE_RULES)
def test_states_on_post(org, review, clause, change, rules):
    refused(org.isms.client, 'POST', inputs_of(review), org.input_body(clause=clause, **change), 422, *rules)


@cases('clause, change, rules', *STATE_RULES)
def test_states_on_patch(org, review, clause, change, rules):
    refused(org.isms.client, 'PATCH', one(org.input_of(review, clause)), change, 422, *rules)


@cases('clause, change', *STATE_ALLOWED)
def test_states_allowed_on_post(org, review, clause, change):
    taken(org.isms.client, 'POST', inputs_of(review), org.input_body(clause=clause, **change))


@cases('clause, change', *STATE_ALLOWED)
def test_states_allowed_on_patch(org, review, clause, change):
    taken(org.isms.client, 'PATCH', one(org.input_of(review, clause)), change)


@cases('clause, before, change, rule',
       ('summary cleared', 'e', CONSIDERED, {'summary': None}, 'input.considered.summary'),
       ('conclusion cleared', 'e', CONSIDERED, {'conclusion': None}, 'input.considered.conclusion'),
       ('trend cleared', 'd1', PERFORMANCE, {'trend': None}, 'input.considered.trend'),
       ('source cleared', 'd1', PERFORMANCE, {'source': None}, 'input.considered.source'),
       ('system cleared in its source', 'd1', PERFORMANCE, {'source': {'system': None}}, 'source.system.required'),
       ('shortened', 'e', {'state': 'nothing_to_report', 'summary': 'No feedback'}, {'summary': 'None'},
        'input.nothing_to_report.summary'),
       ('severity, then another clause', 'd1', {'severity': 'major'}, {'clause': 'd2'}, 'input.severity.clause'),
       ('title cleared', 'e', {}, {'title': None}, 'input.title.required'),
       ('clause cleared', 'e', {}, {'clause': None}, 'input.clause.required'))
def test_what_holds_once_holds_on(org, review, clause, before, change, rule):
    record = org.input(review, clause=clause, **before)
    refused(org.isms.client, 'PATCH', one(record), change, 422, rule)
    assert org.get(one(record)) == record


def test_another_clause_wants_more(org, review):
    record = org.input(review, clause='e', **CONSIDERED)
    refused(org.isms.client, 'PATCH', one(record), {'clause': 'd2'}, 422, 'input.considered.trend',
            'input.considered.source')
    taken(org.isms.client, 'PATCH', one(record), {'clause': 'd2', 'trend': 'degrading', 'source': SOURCE})


def test_the_period_of_a_source_keeps_its_order_when_merged(org, review):
    record = org.input(review, source=SOURCE | {'period_start': '2026-03-01', 'period_end': '2026-03-01'})
    refused(org.isms.client, 'PATCH', one(record), {'source': {'period_start': '2026-03-02'}}, 422,
            'source.period.order', at='#/source/period_end')
    for change in ({'period_start': '2026-02-28'}, {'period_end': None}, {'period_start': '2027-01-01'}):
        taken(org.isms.client, 'PATCH', one(record), {'source': change})


def test_source_is_merged_and_metrics_are_replaced(org, review):
    """RFC 7396: objects member by member, arrays whole."""
    record = org.input(review, source=SOURCE | {'reference': 'R-1'}, metrics=[{'name': 'x', 'value': 1}])
    change = {'source': {'url': 'https://siem.example.org', 'reference': None},
              'metrics': [{'name': 'y', 'value': 2}]}
    record = taken(org.isms.client, 'PATCH', one(record), change)
    assert (record['source']['system'], record['source']['reference']) == ('SIEM', None)
    assert record['source']['url'] == 'https://siem.example.org'
    assert [metric['name'] for metric in record['metrics']] == ['y']


# ---- metrics

@cases('comparator, value, target, on_target',
       ('less', 'lt', 4.9, 5, True),
       ('not less', 'lt', 5, 5, False),
       ('less or equal', 'lte', 5, 5, True),
       ('not less or equal', 'lte', 5.1, 5, False),
       ('equal', 'eq', 0, 0, True),
       ('equal as integer and as fraction', 'eq', 5.0, 5, True),
       ('not equal', 'eq', 1, 0, False),
       ('greater or equal', 'gte', 99.5, 99.5, True),
       ('not greater or equal', 'gte', 99.4, 99.5, False),
       ('greater', 'gt', -1, -2, True),
       ('not greater', 'gt', -2, -2, False),
       ('no target', 'gt', 1, ABSENT, None),
       ('no comparator', ABSENT, 1, 1, None))
def test_on_target(org, review, comparator, value, target, on_target):
    metric = {'name': 'Availability', 'value': value, 'unit': '%', 'target': target, 'comparator': comparator}
    record = taken(org.isms.client, 'POST', inputs_of(review), org.input_body(metrics=[metric]))
    assert record['metrics'][0]['on_target'] is on_target
    assert org.get(one(record))['metrics'] == record['metrics']


# ---- taking back

@pytest.mark.alone
def test_withdraw(org, review):
    record = org.input(review)
    gone = taken(org.isms.client, 'VERB', one(record) + '/withdraw', {'reason': 'Not needed'})
    assert gone['withdrawn'] is True and gone['withdrawn_reason'] == 'Not needed'
    for listed in (inputs_of(review), '/v1/inputs'):
        assert record['id'] not in [each['id'] for each in org.get(f'{listed}?limit=200')['data']]
        assert record['id'] in [each['id'] for each in org.get(f'{listed}?limit=200&withdrawn=true')['data']]
    assert org.get(one(record)) == gone
    refused(org.isms.client, 'VERB', one(record) + '/withdraw', {'reason': 'Again'}, 409, 'transition.not_allowed')


def test_a_withdrawn_input_stays_as_it_is(org, review):
    gone = org.do(one(org.input(review)) + '/withdraw', {'reason': 'Not needed'})
    refused(org.isms.client, 'PATCH', one(gone), {'title': 'Other'}, 409, 'input.withdrawn')
    refused(org.isms.client, 'PATCH', one(gone), {'title': None}, 409, 'input.withdrawn', 'input.title.required')
    assert org.get(one(gone)) == gone


@cases('body, rule',
       ('no reason', {}, 'input.reason.required'),
       ('null reason', {'reason': None}, 'input.reason.required'),
       ('blank reason', {'reason': ' '}, 'body.length'))
def test_withdraw_refuses(org, review, body, rule):
    refused(org.isms.client, 'VERB', one(org.input(review)) + '/withdraw', body, 422, rule, at='#/reason')


@pytest.mark.parametrize('clause', ['a', 'g'])
def test_the_agenda_cannot_be_withdrawn(org, review, clause):
    refused(org.isms.client, 'VERB', one(org.input_of(review, clause)) + '/withdraw', {'reason': 'Boring'}, 409,
            'input.withdraw.agenda')


@pytest.mark.alone
def test_across_reviews(org, review):
    other = org.review()
    listed = org.get('/v1/inputs?clause=d1,d3&limit=200')['data']
    assert sorted(each['clause'] for each in listed) == ['d1', 'd1', 'd3', 'd3']
    mine = org.get(f'/v1/inputs?review_id={other["reference"]}&limit=200')['data']
    assert {each['review_id'] for each in mine} == {other['id']} and len(mine) == 10


def test_state_is_a_field_here_alone(org, review):
    record = org.input_of(review, 'b')
    for state in ('prepared', 'pending'):
        assert taken(org.isms.client, 'PATCH', one(record), {'state': state})['state'] == state
    org.isms.client.verb(one(record) + '/prepare').expect(404)
