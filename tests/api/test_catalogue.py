"""Contract section 4, catalogue: /v1/rules says of each rule what it is and where it comes from, and nothing else."""

import re
import shutil
from pathlib import Path

import pytest

import harness
import openapi
from support import walk

HERE = Path(__file__).resolve().parent
NOT_TESTS = {'test_catalogue.py'}      # it names rules to say where they come from, and breaks none

# Rules whose source anybody can look up in ISO/IEC 27001:2022, and the clause that says so.
STANDARD = {
    'review.conclude.inputs': '9.3.2',
    'review.conclude.top_management_present': '9.3.1',
    'review.conclude.decision': '9.3.3',
    'review.conclude.carried_action_items': '9.3.2 a',
}

# Nothing in 9.3 asks for an owner, a deadline or success criteria, nor for who may approve what.
PRACTICE = (
    'decision.owner.required', 'decision.deadline.required', 'decision.success_criteria.required',
    'decision.deadline.in_past', 'decision.deadline.horizon', 'action_item.owner.required',
    'action_item.deadline.required', 'action_item.success_criteria.required', 'action_item.deadline.in_past',
    'action_item.deadline.after_decision', 'success_criteria.measurable', 'success_criteria.count',
    'success_criteria.duplicate',
)

# What has nothing to do with management reviews cannot come from a standard about them.
TECHNICAL = ('access.', 'body.', 'idempotency.', 'query.', 'reference.', 'transition.', 'person.')


@pytest.fixture
def catalogue(org):
    return every_rule(org)


def every_rule(org):
    rules, path = [], '/v1/rules?limit=200'
    while path:
        page = org.get(path)
        rules += page['data']
        path = page['next_cursor'] and f'/v1/rules?limit=200&cursor={page["next_cursor"]}'
    return {rule['name']: rule for rule in rules}


def test_every_rule_has_a_test_that_names_it(catalogue):
    sources = '\n'.join(path.read_text() for path in sorted(HERE.glob('test_*.py')) if path.name not in NOT_TESTS)
    sources += (HERE / 'support.py').read_text() if (HERE / 'support.py').exists() else ''
    named = set(re.findall(r"['\"]([a-z_]+(?:\.[a-z_]+)+)['\"]", sources))
    untested = sorted(catalogue.keys() - named)
    assert not untested, f'rules that no test in tests/api names: {untested}'


@pytest.mark.parametrize('name', [
    'person.email.format', 'person.email.unique', 'person.deactivate.open_commitments', 'reference.person.inactive',
    'review.trigger.required', 'review.trigger.unexpected', 'review.period.order', 'review.chair.top_management',
    'review.start.attendees', 'review.held_on.in_future', 'review.next_review.interval', 'review.conclude.inputs',
    'review.conclude.top_management_present', 'review.conclude.decision', 'review.conclude.proposed_decisions',
    'review.conclude.action_items', 'review.conclude.major_nonconformity', 'review.conclude.carried_action_items',
    'review.approve.role', 'review.approve.separation', 'review.frozen', 'attendee.unique', 'attendee.chair.single',
    'input.considered.summary', 'input.considered.conclusion', 'input.nothing_to_report.summary',
    'input.considered.trend', 'input.considered.source', 'input.severity.clause', 'decision.owner.required',
    'decision.deadline.required', 'decision.deadline.in_past', 'decision.deadline.horizon',
    'decision.success_criteria.required', 'decision.no_action_reason.required', 'decision.no_change.action',
    'decision.inputs.other_review', 'decision.decided_by.decision_maker', 'decision.adopt.review_open',
    'decision.isms_change.affects', 'decision.implement.action_items', 'action_item.owner.required',
    'action_item.deadline.required', 'action_item.success_criteria.required', 'action_item.deadline.in_past',
    'action_item.deadline.after_decision', 'action_item.root_cause.required', 'action_item.decision.adopted',
    'action_item.cancel.approver', 'success_criteria.measurable', 'success_criteria.count',
    'success_criteria.duplicate', 'commitment.amendment_required', 'amendment.nothing_changed',
    'amendment.approver.role', 'amendment.approver.owner', 'amendment.deadline.escalation', 'follow_up.outcome.kind',
    'follow_up.performed_on.in_future', 'follow_up.performed_on.before_action', 'follow_up.next.required',
    'follow_up.review.open', 'follow_up.review.same', 'follow_up.evidence.required', 'follow_up.criteria.complete',
    'follow_up.criteria.measured', 'follow_up.criteria.met_mismatch', 'follow_up.effective.criteria_met',
    'follow_up.effectiveness.completed', 'follow_up.effectiveness.separation', 'transition.not_allowed',
    'body.unknown_field', 'body.read_only', 'body.type', 'body.enum', 'body.format', 'body.length',
    'query.unknown', 'query.repeated', 'query.invalid', 'idempotency.mismatch', 'idempotency.in_flight'])
def test_what_the_contract_names_is_in_it(name, shared_catalogue):
    assert name in shared_catalogue


@pytest.fixture(scope='module')
def shared_catalogue(populated):
    """Read once for the many rows that only look at it."""
    daemon = harness.Daemon()
    shutil.copytree(populated[0], daemon.data)
    daemon.start()
    yield every_rule(harness.seed(daemon, populated[1]))
    daemon.stop()
    daemon.discard()


def test_members(catalogue):
    for name, rule in catalogue.items():
        assert set(rule) >= {'name', 'resource', 'statement', 'status', 'source'}, name
        assert re.fullmatch(r'[a-z_]+(\.[a-z_]+)+', name)
        assert isinstance(rule['resource'], str) and rule['resource'], name
        assert rule['source']['kind'] in ('standard', 'procedure', 'practice'), name


def test_statements_are_one_sentence(catalogue):
    for name, rule in catalogue.items():
        statement = rule['statement']
        assert statement.strip() == statement and '\n' not in statement, name
        assert statement.endswith('.') and '. ' not in statement and len(statement) > 20, f'{name}: {statement}'


def test_statuses(catalogue):
    for name, rule in catalogue.items():
        # What is wrong with a query or a header is a violation in a 400; all else is refused with one of three.
        allowed = {400} if name.startswith('query.') or name == 'idempotency.invalid' else {422, 409, 403}
        assert rule['status'] in allowed, name


@pytest.mark.parametrize('name, status', [
    ('person.deactivate.open_commitments', 409), ('review.frozen', 409), ('decision.implement.action_items', 409),
    ('action_item.decision.adopted', 409), ('follow_up.review.open', 409), ('follow_up.effectiveness.completed', 409),
    ('transition.not_allowed', 409), ('review.approve.role', 403), ('review.approve.separation', 403),
    ('follow_up.effectiveness.separation', 403), ('commitment.amendment_required', 422),
    ('action_item.deadline.in_past', 422), ('person.email.unique', 422), ('idempotency.in_flight', 409),
    ('idempotency.mismatch', 422)])
def test_statuses_that_the_contract_gives(shared_catalogue, name, status):
    assert shared_catalogue[name]['status'] == status


def test_sources_are_truthful(catalogue):
    for name, clause in STANDARD.items():
        source = catalogue[name]['source']
        assert source['kind'] == 'standard' and source['clause'].startswith(clause), f'{name}: {source}'
    for name in PRACTICE:
        assert catalogue[name]['source']['kind'] == 'practice', name
    for name, rule in catalogue.items():
        if name.startswith(TECHNICAL):
            assert rule['source']['kind'] != 'standard', name


def test_what_claims_to_be_the_standard_says_where(catalogue):
    """A clause of the standard's requirements, 4 to 10, or a control of its Annex A."""
    for name, rule in catalogue.items():
        if rule['source']['kind'] == 'standard':
            clause = rule['source'].get('clause') or ''
            assert re.match(r'((4|5|6|7|8|9|10)(\.\d+)*( [a-g]\d?\)?)?|A\.\d+\.\d+)', clause), f'{name}: {clause!r}'


def test_owners_deadlines_and_criteria_are_nowhere_the_standard(catalogue):
    about = re.compile(r'\.(owner|deadline|success_criteria)\b|^success_criteri|^commitment\.')
    for name, rule in catalogue.items():
        if about.search(name):
            assert rule['source']['kind'] != 'standard', name


def test_one_by_name(org, catalogue):
    for name in ('action_item.deadline.in_past', 'review.frozen', 'body.type'):
        assert org.get(f'/v1/rules/{name}') == catalogue[name]


@pytest.mark.parametrize('query, wanted', [
    ('resource=decision', lambda rule: rule['resource'] == 'decision'),
    ('resource=decision,query', lambda rule: rule['resource'] in ('decision', 'query')),
    ('status=403', lambda rule: rule['status'] == 403),
    ('status=403,409', lambda rule: rule['status'] in (403, 409)),
    ('resource=review,attendee&status=409', lambda rule: rule['resource'] in ('review', 'attendee') and
     rule['status'] == 409),
    ('resource=query&status=409', lambda rule: False)])
def test_filters(org, catalogue, query, wanted):
    expected = [rule for rule in catalogue.values() if wanted(rule)]
    assert org.get(f'/v1/rules?limit=200&count=true&{query}') == {
        'data': expected, 'next_cursor': None, 'total': len(expected)}
    assert walk(org.isms.client, f'/v1/rules?limit=2&{query}') == expected
    assert len(expected) < len(catalogue)


def test_a_full_page_that_is_the_last_has_no_next(org, catalogue):
    some = sum(rule['resource'] == 'attendee' for rule in catalogue.values())
    assert org.get(f'/v1/rules?resource=attendee&limit={some}')['next_cursor'] is None
    assert org.get(f'/v1/rules?resource=attendee&limit={some - 1}')['next_cursor']


def test_a_cursor_goes_with_its_filters(org):
    cursor = org.get('/v1/rules?resource=decision&limit=2')['next_cursor']
    org.get(f'/v1/rules?limit=5&resource=decision&cursor={cursor}')
    for other in ('', 'resource=review&', 'resource=decision&status=409&'):
        org.isms.client.get(f'/v1/rules?{other}cursor={cursor}').expect(400, 'query.invalid')


@pytest.mark.parametrize('query, rule', [
    ('resource=', 'query.invalid'), ('resource=decision,', 'query.invalid'), ('resource=,', 'query.invalid'),
    ('resource=task', 'query.invalid'), ('resource=Decision', 'query.invalid'), ('status=', 'query.invalid'),
    ('status=404', 'query.invalid'), ('status=409,', 'query.invalid'), ('status=0409', 'query.invalid'),
    ('status=409,decision', 'query.invalid'), ('status=409&status=409', 'query.repeated'),
    ('sort=name', 'query.unknown'), ('q=owner', 'query.unknown'), ('source=practice', 'query.unknown')])
def test_filters_refuse_what_no_rule_has(org, query, rule):
    org.isms.client.get(f'/v1/rules?{query}').expect(400, rule)


def test_the_description_names_the_values_of_the_filters(catalogue):
    parameters = {one.get('name'): one for one in openapi.description()['paths']['/v1/rules']['get']['parameters']}
    for name in ('resource', 'status'):
        assert set(parameters[name]['schema']['items']['enum']) == {rule[name] for rule in catalogue.values()}


@pytest.mark.parametrize('name', ['no.such.rule', 'review', 'review.frozen.', 'REVIEW.FROZEN'])
def test_none_by_another_name(org, name):
    org.isms.client.get(f'/v1/rules/{name}').expect(404)


@pytest.mark.parametrize('who', ['top', 'isms', 'head', 'employee', 'auditor'])
def test_everybody_may_read_it(org, who):
    getattr(org, who).client.get('/v1/rules').expect(200)


def test_nobody_writes_it(org):
    org.isms.client.post('/v1/rules', {'name': 'a.b'}).expect(405)
    org.isms.client.patch('/v1/rules/review.frozen', {'status': 422}).expect(405)
