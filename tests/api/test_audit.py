"""History and the audit log: contract section 4. The chain is worked out again here, from what the API shows."""

import json
import re
import shutil
from contextlib import closing
from itertools import accumulate
from types import SimpleNamespace

import pytest

from harness import Client, Daemon, seed
from support import (ABSENT_ID, audit_entries, audit_head, canonical, database, drop_triggers,  # noqa: F401
                     fresh_email, life, merge, path_of, person_body, sha256, shared, walk, whole_life, without_nulls)

ENTRY = {'seq', 'at', 'actor_id', 'event', 'resource', 'resource_id', 'request_id', 'body_sha256', 'previous_hash',
         'hash'}

# Worked out when a record is read; not stored, so in no version.
DERIVED = {'overdue', 'days_overdue', 'review_reference', 'review_title', 'decision_reference', 'decision_title'}

# Those that are hashed with commitments in the place of personal members.
SEALED = ('person', 'attendee')

RECORDS = ('person', 'planned', 'review', 'concluded', 'attendee', 'input', 'proposed', 'decision', 'item')


# Objects within a record, with all their members: a merge patch cannot say which of them are null.
ASSESSMENT = ('verdict', 'rationale')
NESTED = {
    'source': ('system', 'reference', 'url', 'period_start', 'period_end'),
    'resources': ('budget_amount', 'currency', 'effort_days', 'note'),
    'minutes_sha256': [part + form for part in ('', 'extract_') for form in ('html', 'json', 'markdown', 'pdf')],
    'suitability': ASSESSMENT, 'adequacy': ASSESSMENT, 'effectiveness': ASSESSMENT,
}


def entry_hash(entry):
    shown = canonical({name: value for name, value in entry.items() if name != 'hash'})
    return sha256(f'reviewd-audit-1\n{entry["previous_hash"]}\n{shown}')


def assert_chain_holds(entries):
    assert [entry['seq'] for entry in entries] == list(range(1, len(entries) + 1))
    for previous, entry in zip([{'hash': '0' * 64}, *entries], entries):
        assert set(entry) == ENTRY | ({'minutes_sha256'} if entry['event'] == 'review.approve' else set())
        assert entry['previous_hash'] == previous['hash'], entry
        assert entry['hash'] == entry_hash(entry), entry


def versions(client, name, record):
    """The record as it was in each of its versions, oldest first, rebuilt from the patches of its history."""
    history = walk(client, f'{path_of(name, record["id"])}/history?limit=200')
    return list(accumulate((entry['changes'] for entry in reversed(history)), merge, initial={}))[1:]


# ---- history


def test_history_newest_first(shared):
    person = shared.person(email=fresh_email(), department='IT')
    path = f'/v1/people/{person["id"]}'
    shared.change(path, {'department': 'Sales', 'job_title': 'Seller'}, by=shared.isms2)
    shared.change(path, {'job_title': None})
    shared.change(path, {'job_title': None})      # changes nothing, so is no version
    last = shared.do(f'{path}/deactivate')
    history = walk(shared.isms.client, f'{path}/history')
    assert [entry['version'] for entry in history] == [4, 3, 2, 1]
    assert [entry['by'] for entry in history] == [shared.isms.id, shared.isms.id, shared.isms2.id, shared.isms.id]
    assert [entry['event'] for entry in history][-2:] == ['person.update', 'person.create']
    assert [without_meta(entry['changes']) for entry in history[:3]] == [
        {'active': False}, {'job_title': None}, {'department': 'Sales', 'job_title': 'Seller'}]
    assert history[0]['at'] == last['updated_at'] and history[-1]['at'] == person['created_at']
    assert all(set(entry) == {'version', 'at', 'by', 'event', 'changes'} for entry in history)
    assert walk(shared.isms.client, f'{path}/history?limit=1') == history


def without_meta(changes):
    """What a version says of itself may be among its changes or stand beside them only."""
    return {name: value for name, value in changes.items() if name not in ('version', 'updated_at', 'updated_by')}


@pytest.mark.parametrize('name', RECORDS)
def test_the_patches_of_the_history_rebuild_the_record(shared, life, name):
    """From nothing to what is read today, by RFC 7396 alone."""
    record = shared.get(path_of(name, getattr(life, name)['id']))
    rebuilt = versions(shared.isms.client, name, record)
    assert len(rebuilt) == record['version']
    now = stored(record)
    about = {'id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by'}
    last = without_nulls(rebuilt[-1])
    assert {name: last.get(name) for name in now.keys() - about} == {name: now[name] for name in now.keys() - about}
    assert last.keys() <= now.keys(), 'the history has members that the record has not'


def stored(record):
    """The record without what is derived, and without nulls, which a merge patch cannot set."""
    kept = without_nulls({name: value for name, value in record.items() if name not in DERIVED})
    for one in kept.get('metrics', []):
        one.pop('on_target', None)
    return kept


def test_each_version_is_what_was_answered_then(shared):
    """Rebuilt versions against the answers that were given at the time; with nested objects and numbers."""
    review = shared.running_review()
    one = shared.input(review, clause='d2')
    path, answers = f'/v1/inputs/{one["id"]}', [one]
    for patch in (
        {'source': {'system': 'SIEM', 'reference': 'R-1'}, 'trend': 'stable'},
        {'source': {'reference': None, 'url': 'https://siem.example.org'}},
        {'metrics': [{'name': 'rate', 'value': 0.1, 'target': 1e-7, 'comparator': 'lte'},
                     {'name': 'n', 'value': 1e21}]},
        {'metrics': [{'name': 'rate', 'value': 5}], 'summary': 'Zoë says: "fine"\n\tand\u2028more'},
        {'source': None, 'trend': None},
    ):
        answers.append(shared.change(path, patch))
    rebuilt = versions(shared.isms.client, 'input', one)
    about = ('id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by')
    strip = (lambda record: {name: value for name, value in stored(record).items() if name not in about})
    assert [strip(version) for version in rebuilt] == [strip(answer) for answer in answers]


# ---- the log


def test_the_chain_can_be_worked_out_by_anybody(shared, life):
    entries = audit_entries(shared.auditor.client)
    assert_chain_holds(entries)
    head = audit_head(shared.auditor.client)
    assert {name: head[name] for name in ('seq', 'hash')} == {name: entries[-1][name] for name in ('seq', 'hash')}
    for entry in entries:
        assert re.fullmatch(r'[0-9a-f]{64}', entry['body_sha256'])
        assert re.fullmatch(r'[a-z_]+\.[a-z_]+', entry['event'])


def fingerprint(version, shown):
    """body_sha256 of a version that was rebuilt: all stored members of the record, null where they have no value."""
    form = {name: version.get(name) for name in shown if name not in DERIVED}
    for name, members in NESTED.items():
        if form.get(name) is not None:
            form[name] = {member: form[name].get(member) for member in members}
    return sha256(canonical(form))


@pytest.mark.parametrize('name', RECORDS)
def test_the_fingerprint_of_each_version_can_be_rebuilt(shared, life, name):
    """body_sha256 of the n-th entry of a record is that of its n-th version, as its history has it."""
    record = getattr(life, name)
    entries = [entry for entry in audit_entries(shared.auditor.client) if entry['resource_id'] == record['id']]
    rebuilt = versions(shared.isms.client, name, record)
    prints = [fingerprint(version, record) for version in rebuilt]
    if name in SEALED:
        prints = [sha256(canonical(sealed['body'])) for sealed in sealed_versions(shared, name, record, rebuilt)]
    assert [entry['body_sha256'] for entry in entries] == prints


def sealed_versions(org, name, record, rebuilt):
    """Oldest first; each says of its members what the history says, once its commitments are opened."""
    sealed = walk(org.auditor.client, f'{path_of(name, record["id"])}/sealed-history')[::-1]
    for one, version in zip(sealed, rebuilt, strict=True):
        opened = {member['member']: member['value'] for member in one['openings']}
        assert without_nulls(one['body'] | opened) == without_nulls(version)
        for member in one['openings']:
            assert one['body'][member['member']] == {'commitment': member['commitment']}
            assert sha256(f'reviewd-personal-1\n{member["salt"]}\n{member["value"]}') == member['commitment']
    return sealed


def test_numbers_have_one_form_in_a_fingerprint(shared, life):
    """RFC 8785 writes numbers as ECMAScript does: 1.0 is 1, and 1e21 is 1e+21."""
    one = shared.input(life.review, clause='d2', metrics=[
        {'name': str(value), 'value': value} for value in (1.0, 0.1, 1e21, 1e-7, 1e20, 123456.789, -0.5, 5e-324)])
    entry = audit_entries(shared.auditor.client)[-1]
    assert entry['resource_id'] == one['id']
    assert entry['body_sha256'] == fingerprint(versions(shared.isms.client, 'input', one)[-1], one)


def logged(org, write):
    """The entries that a write adds, oldest first, without what the chain adds."""
    before = audit_head(org.isms.client)['seq']
    answer = write()
    fresh = [entry for entry in audit_entries(org.isms.client) if entry['seq'] > before]
    return answer, fresh


def test_one_entry_for_each_record_written(shared):
    """A review comes with its agenda and its chair; the main record's entry is the first."""
    answer, fresh = logged(shared, lambda: shared.isms.client.post(
        '/v1/reviews', shared.review_body(), headers={'X-Request-Id': 'creates-twelve'}).expect(201))
    assert fresh[0]['resource_id'] == answer.json['id']
    assert [entry['event'] for entry in fresh].count('input.create') == 10
    assert [entry['event'] for entry in fresh].count('attendee.create') == 1
    assert len(fresh) == 12 and fresh[0]['event'] == 'review.create'
    assert {entry['request_id'] for entry in fresh} == {'creates-twelve'}
    assert {entry['actor_id'] for entry in fresh} == {shared.isms.id}
    assert {entry['resource'] for entry in fresh} == {'review', 'input', 'attendee'}


def test_what_the_events_are_called(org):
    review = org.running_review()
    decision = org.adopted(review)
    item = org.action_item(decision)
    path = f'/v1/action-items/{item["id"]}'
    story = [
        (lambda: org.isms.client.patch(f'/v1/reviews/{review["id"]}', {'location': 'Here'}), ['review.update']),
        (lambda: org.isms.client.verb(f'{path}/start'), ['action_item.start']),
        (lambda: org.isms.client.post(f'{path}/follow-ups', org.follow_up_body() | {'progress_percent': 40}),
         ['follow_up.create', 'action_item.follow_up']),
        (lambda: org.isms.client.post(f'{path}/amendments', org.amendment_body(deadline=org.day(50))),
         ['amendment.create', 'action_item.amend']),
        (lambda: org.isms.client.post(f'{path}/follow-ups', org.completion_body()),
         ['follow_up.create', 'action_item.follow_up']),
        (lambda: org.complete_inputs(review), ['input.update'] * 10),
        (lambda: org.isms.client.verb(f'/v1/reviews/{review["id"]}/conclude', org.conclude_body()),
         ['review.conclude']),
        (lambda: org.top2.client.verb(f'/v1/reviews/{review["id"]}/approve'), ['review.approve']),
    ]
    for write, events in story:
        _, fresh = logged(org, write)
        assert [entry['event'] for entry in fresh] == events


@pytest.mark.parametrize('write', [
    lambda org: org.isms.client.patch(f'/v1/people/{org.top.id}', {'name': org.top.name}).expect(200),
    lambda org: org.isms.client.patch(f'/v1/people/{org.top.id}', {'name': None}).expect(422),
    lambda org: org.isms.client.post('/v1/people?dry_run=true', person_body()).expect(201),
    lambda org: org.employee.client.post('/v1/people', person_body()).expect(403),
    lambda org: org.isms.client.patch(f'/v1/people/{org.top.id}', {'name': 'x'}, etag='"old"').expect(412),
    lambda org: org.isms.client.get('/v1/people').expect(200),
], ids=['nothing changed', 'refused', 'dry run', 'forbidden', 'stale', 'read'])
def test_what_changes_nothing_is_not_in_the_log(shared, write):
    assert logged(shared, lambda: write(shared))[1] == []


def test_the_command_line_is_in_the_log_too(org):
    """With nobody as the actor: there is no token behind it."""
    def write():
        org.daemon.person('Carla Cli', 'carla@example.org', 'employee')
        org.daemon.token('carla@example.org')

    _, fresh = logged(org, write)
    assert [entry['event'] for entry in fresh] == ['person.create', 'token.create']
    assert {entry['actor_id'] for entry in fresh} == {None}
    assert_chain_holds(audit_entries(org.isms.client))


def test_the_chain_goes_on_after_a_crash(org):
    org.review()
    head = audit_head(org.isms.client)
    org.daemon.kill()
    org.daemon.start()
    assert audit_head(org.isms.client) == head
    org.review()
    assert_chain_holds(audit_entries(org.isms.client))


def test_the_log_is_filtered_by_lists(shared, life):
    """As every other list: commas between values, ids or what stands for them, and nothing that no entry can have."""
    entries = audit_entries(shared.auditor.client)
    review, item, top = life.review, life.item, shared.top
    for query, wanted in (
        ('resource=review,decision', lambda one: one['resource'] in ('review', 'decision')),
        ('resource=token', lambda one: one['resource'] == 'token'),
        ('event=review.start,action_item.amend', lambda one: one['event'] in ('review.start', 'action_item.amend')),
        ('actor_id=isms@example.org,top2@example.org', lambda one: one['actor_id'] in (shared.isms.id, shared.top2.id)),
        (f'actor_id={shared.isms.id.upper()}', lambda one: one['actor_id'] == shared.isms.id),
        (f'resource_id={review["reference"]},{item["id"]},TOP@example.org',
         lambda one: one['resource_id'] in (review['id'], item['id'], top.id)),
        (f'resource=review&event=review.start,review.create&resource_id={review["id"]}',
         lambda one: one['resource_id'] == review['id'] and one['event'] in ('review.start', 'review.create')),
        ('resource_id=MR-2001-01', lambda one: False), (f'actor_id={ABSENT_ID}', lambda one: False),
        ('actor_id=nobody@example.org', lambda one: False),
    ):
        expected = [one['seq'] for one in entries if wanted(one)]
        found = walk(shared.auditor.client, f'/v1/audit-log?limit=200&{query}')
        assert [one['seq'] for one in found] == expected, query
        assert shared.auditor.client.get(f'/v1/audit-log?count=true&{query}').expect(200).json['total'] == len(expected)
        assert len(expected) < len(entries)


def test_every_event_there_is_can_be_asked_for(shared, life):
    for event in {entry['event'] for entry in audit_entries(shared.auditor.client)}:
        assert shared.auditor.client.get(f'/v1/audit-log?event={event}&limit=1').expect(200).json['data']


def test_nobody_writes_the_log(shared):
    for method in ('POST', 'PATCH', 'PUT', 'DELETE'):
        shared.isms.client.request(method, '/v1/audit-log', {}).expect(405)


# ---- audit verify


def test_verify_agrees_with_the_head(shared, life):
    """While the daemon runs; the output names the head, which one may have written down elsewhere."""
    head = audit_head(shared.isms.client)
    assert head['hash'] in shared.daemon.cli('audit', 'verify').stdout
    shown = shared.daemon.cli('audit', 'verify', '--json').stdout
    assert head['hash'] in shown and json.loads(shown)


@pytest.fixture(scope='module')
def finished(populated):
    """A data folder with a life in it and no daemon on it, to be copied and tampered with."""
    daemon = Daemon()
    shutil.copytree(populated[0], daemon.data)
    org = seed(daemon.start(), populated[1])
    records = whole_life(org)
    daemon.stop()
    yield SimpleNamespace(data=daemon.data, **records)
    daemon.discard()


@pytest.fixture
def copy(finished):
    daemon = Daemon()
    shutil.copytree(finished.data, daemon.data)
    yield daemon
    daemon.discard()


def tampered(daemon, *statements):
    """What somebody with the database file and the sqlite3 shell would do."""
    with closing(database(daemon.data)) as connection:
        connection.execute('PRAGMA foreign_keys = OFF')
        connection.execute('PRAGMA ignore_check_constraints = ON')
        drop_triggers(connection)
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, f'{statement} met no row'


# What is done, and the record that must be named.
TAMPERING = [
    ("UPDATE person SET name = 'Other' WHERE id = '{person}'", 'person'),
    ("UPDATE person SET role = 'isms_manager' WHERE id = '{person}'", 'person'),
    ("UPDATE person SET updated_at = '2020-01-01T00:00:00.000Z' WHERE id = '{person}'", 'person'),
    ("UPDATE review SET summary = 'Everything was fine' WHERE id = '{concluded}'", 'concluded'),
    ("UPDATE review SET held_on = '2026-01-01' WHERE id = '{concluded}'", 'concluded'),
    ("UPDATE attendee SET attendance = 'absent' WHERE id = '{attendee}'", 'attendee'),
    ("UPDATE attendee SET name_at_review = 'Other' WHERE id = '{attendee}'", 'attendee'),
    ("UPDATE input SET conclusion = 'All is well' WHERE id = '{input}'", 'input'),
    ("UPDATE decision SET rationale = 'Because' WHERE id = '{decision}'", 'decision'),
    ("UPDATE decision SET status = 'rejected' WHERE id = '{proposed}'", 'proposed'),
    ("UPDATE action_item SET deadline = '2029-01-01' WHERE id = '{item}'", 'item'),
    ("UPDATE action_item SET extension_count = 0, original_deadline = '2029-01-01' WHERE id = '{item}'", 'item'),
    ("UPDATE follow_up SET note = 'Well done' WHERE id = '{follow_up}'", 'follow_up'),
    ("UPDATE amendment SET reason = 'Just because of it' WHERE id = '{amendment}'", 'amendment'),
    ("DELETE FROM follow_up WHERE id = '{follow_up}'", 'follow_up'),
    ("DELETE FROM amendment WHERE id = '{amendment}'", 'amendment'),
    ("DELETE FROM person WHERE id = '{person}'", 'person'),
    # The record, but with its version untouched or touched, the log, and the end of the log.
    ("UPDATE audit_log SET at = '2020-01-01T00:00:00.000Z' WHERE resource_id = '{person}'", 'person'),
    ("UPDATE audit_log SET actor_id = NULL WHERE resource_id = '{decision}'", 'decision'),
    ("UPDATE audit_log SET event = 'person.update' WHERE resource_id = '{person}'", 'person'),
    ("UPDATE audit_log SET body_sha256 = '" + '0' * 64 + "' WHERE resource_id = '{person}'", 'person'),
    ("UPDATE audit_log SET request_id = 'x' WHERE resource_id = '{person}'", 'person'),
    ("DELETE FROM audit_log WHERE resource_id = '{person}'", 'person'),
]


@pytest.mark.parametrize('statement, named', TAMPERING, ids=[statement for statement, _ in TAMPERING])
def test_verify_finds_what_was_tampered_with(finished, copy, statement, named):
    copy.cli('audit', 'verify')
    records = {name: record['id'] for name, record in vars(finished).items() if name != 'data'}
    tampered(copy, statement.format(**records))
    record = getattr(finished, named)
    for flags in ((), ('--json',)):
        verified = copy.cli('audit', 'verify', *flags, check=False)
        assert verified.returncode == 1
        said = verified.stdout + verified.stderr
        # A gap in the chain is found before the record whose entry is gone: then its number is what is named.
        assert record['id'] in said or (record.get('reference') or '-') in said or (
            'audit_log' in statement and re.search(r'\b\d+\b', said)), said
    assert copy.cli('check', check=False).returncode == 1


@pytest.mark.parametrize('statements', [
    ['DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)'],
    ['DELETE FROM audit_log WHERE seq > (SELECT max(seq) FROM audit_log) - 5'],
    ['DELETE FROM audit_log WHERE seq = 1'],
    ['DELETE FROM audit_log WHERE seq = 10', 'UPDATE audit_log SET seq = seq - 1 WHERE seq > 10'],
    ['UPDATE audit_log SET previous_hash = hash WHERE seq = 5'],
    ["UPDATE audit_log SET hash = '" + 'f' * 64 + "' WHERE seq = (SELECT max(seq) FROM audit_log)"],
    ['DELETE FROM audit_log'],
], ids=['the last', 'the last five', 'the first', 'one, and the rest moved up', 'another link', 'the last hash', 'all'])
def test_verify_finds_what_was_done_to_the_log(copy, statements):
    tampered(copy, *statements)
    assert copy.cli('audit', 'verify', check=False).returncode == 1


def test_verify_finds_a_history_that_was_rewritten(copy):
    tampered(copy, "UPDATE version SET body = replace(body, 'Train everyone', 'Train nobody') "
                   "WHERE body LIKE '%Train everyone%'")
    assert copy.cli('audit', 'verify', check=False).returncode == 1


def test_verify_finds_a_record_that_came_in_by_the_back_door(copy):
    with closing(database(copy.data)) as connection:
        row = dict(connection.execute('SELECT * FROM person LIMIT 1').fetchone())
    del row['key']
    row |= {'id': '01890a5d-ac96-774b-bcce-b302099a8057', 'email': 'backdoor@example.org'}
    with closing(database(copy.data)) as connection:
        drop_triggers(connection)
        connection.execute(f'INSERT INTO person ({", ".join(row)}) VALUES ({", ".join("?" * len(row))})',
                           list(row.values()))
    verified = copy.cli('audit', 'verify', check=False)
    assert verified.returncode == 1 and row['id'] in verified.stdout + verified.stderr


def test_a_daemon_on_a_broken_chain_still_shows_it(finished, copy):
    """The log is evidence: it can be read, and what was done to it be seen, over HTTP as well."""
    tampered(copy, "UPDATE audit_log SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 5")
    copy.start()
    auditor = Client(copy, copy.token('auditor@example.org'))
    with pytest.raises(AssertionError):
        assert_chain_holds(audit_entries(auditor))
    copy.stop()


# ---- revisions of approved reviews, which the chain does not hash, but can make again


def approved_twice(org):
    """With all that a rebuilt revision may get wrong: escapes, numbers, who was withdrawn, what became of it later."""
    review = org.running_review(title='Zoë says: "fine"\n\u2028 \\ /')
    gone = org.attendee(review, person_id=org.employee2.id)
    org.do(f'/v1/attendees/{gone["id"]}/withdraw', {'reason': 'Came by mistake'})
    added = org.new(f'/v1/reviews/{review["id"]}/inputs', org.input_body(clause='d2', title='One too many'))
    org.do(f'/v1/inputs/{added["id"]}/withdraw', {'reason': 'The same as another'})
    measured = org.input_of(review, 'd2')
    org.change(f'/v1/inputs/{measured["id"]}', {'metrics': [
        {'name': 'rate "x"\t', 'value': 0.1, 'target': 1e-7, 'comparator': 'lte'}, {'name': 'n', 'value': 1e21}]})
    org.decision(review, title='Withdrawn', affects=[{'kind': 'policy', 'title': 'P/1'}])
    for decision in org.get(f'/v1/reviews/{review["id"]}/decisions')['data']:
        org.do(f'/v1/decisions/{decision["id"]}/withdraw', {'reason': 'Not needed after all'})
    decision = org.adopted(review)
    item = org.action_item(decision)
    org.approved(review)
    path = f'/v1/reviews/{review["id"]}'
    org.do(f'{path}/reopen', {'reason': 'A number in the minutes was wrong'}, by=org.top)
    org.change(path, {'title': 'Another title', 'summary': 'Corrected.'})
    org.change(f'/v1/people/{org.employee.id}', {'name': 'Renamed since'})
    org.change(f'/v1/attendees/{org.attendees(review)[1]["id"]}', {'attendance': 'apologies'})
    org.conclude(review)
    org.do(f'{path}/approve', by=org.top2)
    org.amendment(item, deadline=org.day(50))
    return review


@pytest.fixture(scope='module')
def revised(populated):
    daemon = Daemon()
    shutil.copytree(populated[0], daemon.data)
    org = seed(daemon.start(), populated[1])
    review = approved_twice(org)
    shown = org.get(f'/v1/reviews/{review["id"]}/revisions?count=true')
    assert [one['title'] for one in shown['data']] == [review['title'], 'Another title']
    daemon.stop()
    yield SimpleNamespace(data=daemon.data, review=review)
    daemon.discard()


@pytest.mark.parametrize('statement', [
    "UPDATE revision SET body = replace(body, 'All inputs', 'No inputs') WHERE revision = 1",
    "UPDATE revision SET body = body || ' ' WHERE revision = 2",
    "UPDATE revision SET body = (SELECT body FROM revision WHERE revision = 2) WHERE revision = 1",
    "UPDATE revision SET approved_at = '2020-01-01T00:00:00.000Z' WHERE revision = 1",
    'UPDATE revision SET revision = 3 WHERE revision = 2',
    'DELETE FROM revision WHERE revision = 1',
    'DELETE FROM revision WHERE revision = 2',
    'INSERT INTO revision SELECT review_id, 3, approved_at, body FROM revision WHERE revision = 2',
], ids=['a word', 'a blank', 'the other one', 'when', 'number', 'the first is gone', 'the last is gone', 'invented'])
def test_verify_finds_a_revision_that_nobody_approved(revised, statement):
    copy = Daemon()
    shutil.copytree(revised.data, copy.data)
    try:
        copy.cli('audit', 'verify')
        copy.cli('check')
        tampered(copy, statement)
        for command in (('audit', 'verify'), ('audit', 'verify', '--json'), ('check',)):
            verified = copy.cli(*command, check=False)
            assert verified.returncode == 1
            assert revised.review['id'] in verified.stdout + verified.stderr
    finally:
        copy.discard()


@pytest.mark.parametrize('statement', [
    'DELETE FROM decision_input', "INSERT INTO decision_input SELECT (SELECT id FROM decision LIMIT 1), id FROM input "
    'WHERE id NOT IN (SELECT input_id FROM decision_input)',
    "UPDATE reference_counter SET last = 1 WHERE prefix = 'MR'", "DELETE FROM reference_counter WHERE prefix = 'DEC'",
    "UPDATE words_indexed SET last = last + 1000 WHERE resource = 'decision'",
])
def test_verify_finds_what_does_not_fit_beside_the_records(copy, statement):
    tampered(copy, statement)
    said = copy.cli('audit', 'verify', check=False)
    assert said.returncode == 1 and re.search('decision|references', said.stderr), said


@pytest.mark.parametrize('statement, named', [
    ('DROP TRIGGER review_frozen', 'review_frozen'), ('DROP INDEX attendee_once', 'attendee_once'),
    ('DROP TABLE idempotency', 'idempotency'), ('CREATE TABLE extra (a)', 'extra'),
    ('CREATE TRIGGER extra AFTER INSERT ON person BEGIN DELETE FROM idempotency; END', 'extra'),
    ('DROP TRIGGER amendment_appended; CREATE TRIGGER amendment_appended BEFORE UPDATE ON amendment BEGIN SELECT 1; '
     'END', 'amendment_appended'),
])
def test_check_finds_another_schema(copy, statement, named):
    copy.cli('check')
    with closing(database(copy.data)) as connection:
        connection.executescript(statement)
    said = copy.cli('check', check=False)
    assert said.returncode == 1 and named in said.stderr
    assert copy.cli('check', '--json', check=False).returncode == 1
