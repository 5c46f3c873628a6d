"""How an import goes: all or nothing or the good lines, rehearsed, not waited for, tried again, broken off; and by whom."""

import itertools
import json
import os
import signal
import subprocess
import threading

import pytest

import harness
from importing import PEOPLE_HEAD, broken, lines, people, send, table
from support import poll

SIZE = 8000      # lines that take long enough to look at an import while it runs
BAD = {'resource': 'person', 'name': 'Bad', 'email': 'bad', 'role': 'employee'}


def count(client, collection='people'):
    return client.get(f'/v1/{collection}?count=true&limit=1').expect(200).json['total']


def finished(client, record_id):
    path = f'/v1/imports/{record_id}'
    return poll(lambda: (record := client.get(path).expect(200).json)['status'] != 'running' and record, 30)


# ---- all or nothing, partial, dry run


def test_one_bad_line_keeps_the_others_out(org):
    client = org.isms.client
    before = count(client)
    answer = send(client, [*people(3), BAD, *people(2, 3)]).expect(422, 'person.email.format')
    assert broken(answer) == [(4, '#/email', 'person.email.format')]
    assert count(client) == before
    record = client.get(answer.headers['Link'].partition('>')[0].strip('<')).expect(200).json
    assert [record[name] for name in ('status', 'lines', 'created', 'refused')] == ['refused', 6, 0, 1]
    history = client.get(f'/v1/imports/{record["id"]}/history').expect(200).json['data']
    assert [one['event'] for one in history] == ['import.finish', 'import.create']
    org.daemon.cli('audit', 'verify')


def test_partial_takes_the_good_lines(org):
    client = org.isms.client
    before = count(client)
    many = people(450)
    answer = send(client, [*many[:210], BAD, *many[210:], {'resource': 'person'}, many[0]], '?partial=true').expect(201)
    record = answer.json
    assert [record[name] for name in ('status', 'partial', 'lines', 'created', 'unchanged', 'refused')] == [
        'done', True, 453, 450, 0, 3]
    assert {(at, rule) for at, _, rule in broken(answer)} == {
        (211, 'person.email.format'), (452, 'person.name.required'), (452, 'person.email.required'),
        (452, 'person.role.required'), (453, 'import.duplicate')}
    assert count(client) == before + 450
    events = [one['event'] for one in client.get(f'/v1/imports/{record["id"]}/history').expect(200).json['data']]
    assert events[0] == 'import.finish' and events[1:-1] == ['import.progress'] * 3 and events[-1] == 'import.create'
    org.daemon.cli('audit', 'verify')


def test_partial_of_several_kinds(org):
    """Parents go first, whatever their lines' order; what hangs from a line that was refused is refused with it."""
    review = org.running_review()
    fine = {'resource': 'decision', 'review_id': review['id']} | org.decision_body(review)
    told = [{'resource': 'action_item', 'decision_id': 'DEC-2024-900'} | org.action_item_body(deadline=org.day(20)),
            {'resource': 'action_item', 'decision_id': 'DEC-2024-901'} | org.action_item_body(),
            fine | {'reference': 'DEC-2024-900'}, fine | {'reference': 'DEC-2024-901', 'title': ''}]
    answer = send(org.isms.client, told, '?partial=true').expect(201)
    assert answer.json['created'] == 2
    assert sorted(broken(answer)) == [(2, '#/decision_id', 'reference.not_found'), (4, '#/title', 'body.length')]
    assert 'refused' in answer.json['violations'][0]['detail']
    # A line further down is no parent yet.
    first = {'resource': 'action_item', 'decision_id': 'DEC-2024-900'} | org.action_item_body(deadline=org.day(20))
    later = send(org.isms.client, [first | {'reference': 'ACT-2024-0900', 'predecessor_id': 'ACT-2024-0901'},
                                   first | {'reference': 'ACT-2024-0901'}], '?partial=true').expect(201)
    assert broken(later) == [(1, '#/predecessor_id', 'reference.not_found')]
    whole = send(org.isms.client, [first | {'reference': 'ACT-2024-0902', 'predecessor_id': 'ACT-2024-0903'},
                                   first | {'reference': 'ACT-2024-0903'}]).expect(201)
    assert whole.json['created'] == 2


def test_partial_takes_no_state_that_others_have_to_bear_out(org):
    item = {'resource': 'action_item', 'decision_id': org.adopted(org.running_review())['id']} | org.action_item_body()
    closed = item | {'status': 'closed', 'completed_on': '2024-01-01', 'closed_on': '2024-01-01', 'ended_at': '2024-01-01'}
    for told in ([{'resource': 'review'} | org.review_body() | {'reference': 'MR-2024-01'}], [closed]):
        answer = send(org.isms.client, told, '?partial=true').expect(201)
        assert [rule for _, _, rule in broken(answer)] == ['import.partial.state']
        assert answer.json['created'] == 0


def test_a_file_that_cannot_be_read_is_refused_though_partial(org):
    send(org.isms.client, 'name;email\r\nA;B\r\n', '?resource=people&partial=true', 'csv').expect(
        422, 'body.unknown_field')


@pytest.mark.parametrize('query', ['', '&partial=true'])
def test_a_dry_run_stores_nothing(org, query):
    client = org.isms.client
    head = org.get('/v1/audit-log/head')
    good = send(client, people(5), f'?dry_run=true{query}')
    assert good.expect(201).json['created'] == 5 and good.headers['Dry-Run'] == 'true'
    client.get(good.headers['Location']).expect(404)
    bad = send(client, [*people(2), BAD], f'?dry_run=true{query}')
    assert bad.status == (201 if query else 422)
    assert [rule for _, _, rule in broken(bad)] == ['person.email.format']
    assert 'Link' not in bad.headers
    review = {'resource': 'review'} | org.review_body()
    assert send(client, [review], f'?dry_run=true{query}').expect(201).json['created'] == 1
    assert org.get('/v1/audit-log/head') == head
    assert org.review()['reference'].endswith('-01')
    done = send(client, people(5), query and '?partial=true').expect(201).json
    same = {name: value for name, value in done.items() if value != good.json[name]}
    assert set(same) <= {'id', 'created_at', 'updated_at', 'finished_at', 'version', 'sha256'}


def test_prefer_minimal(org):
    answer = send(org.isms.client, people(1), Prefer='return=minimal').expect(201)
    assert answer.body == b'' and answer.headers['Preference-Applied'] == 'return=minimal'


# ---- not waited for


def test_an_import_that_nobody_waits_for(org):
    client = org.isms.client
    answer = send(client, people(3000), Prefer='respond-async').expect(202)
    assert answer.headers['Preference-Applied'] == 'respond-async'
    begun = answer.json
    assert answer.headers['Location'] == f'/v1/imports/{begun["id"]}' and begun['status'] == 'running'
    assert begun['finished_at'] is None
    record = finished(client, begun['id'])
    assert [record[name] for name in ('status', 'lines', 'created')] == ['done', 3000, 3000]
    refused = send(client, [BAD], Prefer='respond-async').expect(202).json
    assert finished(client, refused['id'])['violations'][0]['rule'] == 'person.email.format'
    # A dry run leaves nothing to look at: it is waited for.
    assert send(client, people(1, 5000), '?dry_run=true', Prefer='respond-async').expect(201)
    listed = client.get('/v1/imports?status=done,refused&sort=-created_at').expect(200).json['data']
    assert [one['id'] for one in listed] == [refused['id'], begun['id']]


def test_progress_is_seen_while_it_runs_and_others_go_on(org):
    """From outside of the transaction that stores it; who writes meanwhile waits, and is not refused for it."""
    client = org.isms.client
    size = SIZE
    begun = send(client, people(size), Prefer='respond-async').expect(202).json
    seen, waited = [], []

    def write():
        with_own = harness.Client(org.daemon, org.isms2.token)
        waited.append(with_own.post('/v1/people', {'name': 'W', 'email': 'w@x.example', 'role': 'employee'}).status)

    writer = threading.Thread(target=write)
    poll(lambda: client.get(f'/v1/imports/{begun["id"]}').json['created'] > 0, 20)
    writer.start()
    while (record := client.get(f'/v1/imports/{begun["id"]}').expect(200).json)['status'] == 'running':
        seen.append(record['created'])
    writer.join()
    assert seen == sorted(seen) and len(set(seen)) > 2 and all(0 < one <= size for one in seen)
    assert (record['status'], record['created']) == ('done', size)
    assert waited == [201]
    assert not [one.name for one in os.scandir(org.daemon.data) if one.name.endswith('.progress')]


def test_a_write_waits_beyond_its_time_while_an_import_holds_the_writer(populated):
    from files import limited
    org = limited(populated, write_timeout_ms=50)
    try:
        begun = send(org.isms.client, people(SIZE), Prefer='respond-async').expect(202).json
        poll(lambda: org.isms.client.get(f'/v1/imports/{begun["id"]}').json['created'] > 0, 20)
        org.new('/v1/people', {'name': 'W', 'email': 'w@x.example', 'role': 'employee'}, org.isms2)
        finished(org.isms.client, begun['id'])
        org.daemon.stop()
    finally:
        org.daemon.discard()


def test_only_so_many_run_at_once(org):
    """The second waits for the first; the third is told to come again."""
    clients = [harness.Client(org.daemon, org.isms.token) for _ in range(3)]
    begun, bodies = [], [lines(people(SIZE, 10000 * i)) for i in range(3)]
    for one in clients:
        one.get('/v1/imports').expect(200)      # is connected
    at_once = [threading.Thread(target=lambda i=i: begun.append(send(clients[i], bodies[i]))) for i in range(3)]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    assert sorted(one.status for one in begun) == [201, 201, 503]
    assert next(one for one in begun if one.status == 503).headers['Retry-After']
    send(clients[0], people(1, 90000)).expect(201)


# ---- tried again


def test_a_retry_has_one_effect(org):
    client = org.isms.client
    first = send(client, people(3), Idempotency_Key='import-once-1').expect(201)
    again = send(client, people(3), Idempotency_Key='import-once-1').expect(201)
    assert again.body == first.body and again.headers['Idempotent-Replayed'] == 'true'
    assert again.headers['Location'] == first.headers['Location']
    send(client, people(4), Idempotency_Key='import-once-1').expect(422, 'idempotency.mismatch')
    send(client, people(3), '?partial=true', Idempotency_Key='import-once-1').expect(422, 'idempotency.mismatch')
    refused = send(client, [BAD], Idempotency_Key='import-once-2', X_Request_Id='same').expect(422)
    again = send(client, [BAD], Idempotency_Key='import-once-2', X_Request_Id='same').expect(422)
    assert again.body == refused.body and again.headers['Link'] == refused.headers['Link']
    begun = send(client, people(3, 10), Idempotency_Key='import-once-3', Prefer='respond-async').expect(202)
    finished(client, begun.json['id'])
    again = send(client, people(3, 10), Idempotency_Key='import-once-3', Prefer='respond-async').expect(202)
    assert again.body == begun.body
    partial = send(client, [*people(2, 20), BAD], '?partial=true', Idempotency_Key='import-once-4').expect(201)
    again = send(client, [*people(2, 20), BAD], '?partial=true', Idempotency_Key='import-once-4')
    assert again.expect(201).body == partial.body
    assert len(client.get('/v1/imports').expect(200).json['data']) == 4


def test_a_key_is_in_flight_as_long_as_the_import_runs(org):
    client, other = org.isms.client, harness.Client(org.daemon, org.isms.token)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(
        send(other, people(SIZE), Idempotency_Key='import-in-flight')))
    slow.start()
    poll(lambda: client.get('/v1/imports?status=running').json['data'], 20)
    send(client, people(SIZE), Idempotency_Key='import-in-flight').expect(409, 'idempotency.in_flight')
    slow.join()
    assert answers[0].expect(201).json['created'] == SIZE


# ---- broken off


def kill_in_the_middle(org, query):
    client = org.isms.client
    begun = send(client, people(SIZE), query, Prefer='respond-async', Idempotency_Key='import-killed').expect(202).json
    poll(lambda: client.get(f'/v1/imports/{begun["id"]}').json['created'] > 300, 20)
    org.daemon.kill()
    org.daemon.start()
    return begun


def test_a_crash_leaves_nothing_half_applied(org):
    client = org.isms.client
    before = count(client)
    begun = kill_in_the_middle(org, '')
    record = client.get(f'/v1/imports/{begun["id"]}').expect(200).json
    assert (record['status'], record['created']) == ('failed', 0)
    assert 'nothing was stored' in record['reason'] and record['finished_at'] and record['updated_by'] is None
    assert count(client) == before
    # The same key tells of this import; another begins anew.
    assert send(client, people(SIZE), Prefer='respond-async', Idempotency_Key='import-killed').expect(202).json == begun
    send(client, people(100)).expect(201)
    org.daemon.cli('audit', 'verify')
    org.daemon.cli('check')


def test_a_crash_of_a_partial_import_leaves_what_its_record_counts(org):
    client = org.isms.client
    before = count(client)
    begun = kill_in_the_middle(org, '?partial=true')
    record = client.get(f'/v1/imports/{begun["id"]}').expect(200).json
    assert record['status'] == 'failed' and 0 < record['created'] < SIZE and record['created'] % 200 == 0
    assert count(client) == before + record['created']
    rest = send(client, people(SIZE), '?partial=true').expect(201).json
    assert (rest['unchanged'], rest['created']) == (record['created'], SIZE - record['created'])
    org.daemon.cli('audit', 'verify')


# ---- by whom


def test_who_may_import(org):
    told = (lambda: people(1, next(numbers)), lambda: [{'resource': 'review'} | org.review_body()])
    numbers = itertools.count(70)
    wanted = {'top': ('403', '201'), 'isms': ('201', '201'), 'head': ('403', '403'), 'employee': ('403', '403'),
              'auditor': ('403', '403')}
    for who, statuses in wanted.items():
        client = getattr(org, who).client
        assert tuple(str(send(client, make()).status) for make in told) == statuses, who
    reader = harness.Client(org.daemon, org.daemon.token('isms@example.org', read_only=True))
    send(reader, people(1, 80)).expect(403, 'access.read_only_token')
    narrow = harness.Client(org.daemon, org.daemon.token('isms@example.org', role='employee'))
    assert send(narrow, people(1, 81)).expect(403).rules == {'access.role'}
    send(org.auditor.client, people(1, 82)).expect(403, 'access.role')
    send(harness.Client(org.daemon, None), people(1, 83)).expect(401)
    send(harness.Client(org.daemon, 'rvd_wrong'), people(1, 83)).expect(401)


def test_each_line_is_judged_as_a_post_of_its_own(org):
    """A head adds inputs to reviews attended, an employee follows up what is theirs."""
    attended, other = org.running_review(), org.review(title='Unattended', classification='restricted')
    item = org.action_item(org.adopted(attended), owner_id=org.employee.id)
    foreign = org.action_item(org.adopted(attended), owner_id=org.employee2.id)
    line = {'resource': 'input', 'review_id': attended['id']} | org.input_body()
    assert send(org.head.client, [line]).expect(201).json['created'] == 1
    answer = send(org.head.client, [line, line | {'review_id': other['id']}, line | {'review_id': other['reference']}])
    assert broken(answer.expect(422)) == [(2, '#/review_id', 'reference.not_found'), (3, '#/review_id', 'reference.not_found')]
    assert other['reference'] not in answer.body.decode() and other['title'] not in answer.body.decode()
    follow_up = {'resource': 'follow_up', 'action_item_id': item['id']} | org.follow_up_body(performed_by_id=org.employee.id)
    assert send(org.employee.client, [follow_up]).expect(201).json['created'] == 1
    answer = send(org.employee.client, [follow_up, follow_up | {'action_item_id': foreign['id']}]).expect(403)
    assert broken(answer) == [(2, '#', 'access.role')]
    partial = send(org.employee.client, [follow_up, follow_up | {'action_item_id': foreign['id']}], '?partial=true')
    assert (partial.expect(201).json['created'], partial.json['refused']) == (1, 1)


@pytest.mark.parametrize('member, value', [
    ('id', '01890000-0000-7000-8000-0000000000aa'), ('reference', 'MR-2024-01'), ('created_at', '2024-01-01'),
    ('created_by', 'isms@example.org'), ('status', 'in_progress'), ('started_at', '2024-01-01'), ('revision', 2)])
def test_histories_are_moved_in_by_isms_managers_alone(org, member, value):
    line = {'resource': 'review'} | org.review_body() | {member: value}
    answer = send(org.top.client, [line])
    assert 'import.history.role' in answer.expect(403).rules, answer.report('another')
    plain = {'status': 'planned', 'revision': 1, 'imported': False, 'version': 7, 'approved_at': None,
             'minutes_sha256': None, 'also_covers': []}
    send(org.top.client, [{'resource': 'review'} | org.review_body() | plain]).expect(201)


def test_imports_are_seen_by_whom_they_concern(org):
    own = send(org.top.client, [{'resource': 'review'} | org.review_body()]).expect(201).json
    managed = send(org.isms.client, people(1, 70)).expect(201).json
    for who, seen in (('isms', {own['id'], managed['id']}), ('isms2', {own['id'], managed['id']}),
                      ('auditor', {own['id'], managed['id']}), ('top', {own['id']}), ('top2', set()), ('head', set()),
                      ('employee', set())):
        client = getattr(org, who).client
        assert {one['id'] for one in client.get('/v1/imports').expect(200).json['data']} == seen, who
        for record in (own, managed):
            client.get(f'/v1/imports/{record["id"]}').expect(200 if record['id'] in seen else 404)
            client.get(f'/v1/imports/{record["id"]}/history').expect(200 if record['id'] in seen else 404)
    narrow = harness.Client(org.daemon, org.daemon.token('isms@example.org', role='employee'))
    assert [one['id'] for one in narrow.get('/v1/imports').expect(200).json['data']] == [managed['id']]
    org.isms.client.patch(f'/v1/imports/{own["id"]}', {}).expect(405)


# ---- the command line


def cli(org, *args, check=True):
    return org.daemon.cli('import', *args, check=check)


def test_the_command_line(org, tmp_path):
    file = tmp_path / 'people.csv'
    file.write_text(PEOPLE_HEAD + 'Ana,ana@x.example,employee\r\n')
    assert cli(org, str(file), '--dry-run').stdout == (
        'dry run, nothing is stored: 1 lines: 1 created, 0 unchanged, 0 refused\n')
    assert cli(org, str(file)).stdout == '1 lines: 1 created, 0 unchanged, 0 refused\n'
    record = json.loads(cli(org, str(file), '--json').stdout)
    assert (record['unchanged'], record['name'], record['resource']) == (1, 'people.csv', 'people')
    assert org.get(f'/v1/imports/{record["id"]}') == record

    file.write_text(PEOPLE_HEAD + 'Bo,bo,employee\r\nCy,cy@x.example,employee\r\n')
    refused = cli(org, str(file), check=False)
    assert (refused.returncode, refused.stdout) == (1, '')
    assert refused.stderr.splitlines() == [
        f"{file}:2: person: email (column 2): 'bo' is no e-mail address of the form local@domain. (person.email.format)",
        'reviewd: nothing was stored']
    partial = cli(org, str(file), '--partial', check=False)
    assert (partial.returncode, partial.stdout) == (1, '2 lines: 1 created, 0 unchanged, 1 refused\n')
    assert len(partial.stderr.splitlines()) == 1

    other = tmp_path / 'export.txt'
    other.write_text(lines(people(2)))
    assert '2 created' in cli(org, str(other)).stdout
    other.write_text(table(('name', 'email', 'role'), ('Di', 'di@x.example', 'employee')))
    assert '1 created' in cli(org, str(other), '--resource', 'people').stdout
    for args, status, says in (((str(tmp_path / 'none.csv'),), 1, 'cannot open'), ((str(other),), 1, "'resource'"),
                               ((str(other), '--resource', 'persons'), 2, 'no collection'), ((), 2, 'FILE')):
        failed = cli(org, *args, check=False)
        assert failed.returncode == status and says in failed.stderr, (args, failed)
    empty = tmp_path / 'empty'
    empty.mkdir()
    assert 'called after a collection' in cli(org, str(empty), check=False).stderr


def test_the_command_reads_standard_input_and_shows_no_bar_to_a_pipe(org):
    done = subprocess.run([org.daemon.binary, 'import', '-', '--data', org.daemon.data], input=lines(people(500)),
                          capture_output=True, text=True, env=org.daemon.env, check=True)
    assert (done.stdout, done.stderr) == ('500 lines: 500 created, 0 unchanged, 0 refused\n', '')


def test_a_terminal_is_shown_a_bar(org, tmp_path):
    file = tmp_path / 'people.ndjson'
    file.write_text(lines([{name: value for name, value in one.items() if name != 'resource'} for one in people(500)]))
    shown = subprocess.run(['script', '-qec', f'{org.daemon.binary} import {file} --data {org.daemon.data}', '/dev/null'],
                           capture_output=True, env=org.daemon.env, check=True).stdout.decode()
    assert '\r[########################################] 100 %  500 of 500 lines' in shown
    assert shown.rstrip().endswith('500 lines: 500 created, 0 unchanged, 0 refused')


def test_a_command_that_is_killed_is_said_to_have_failed_by_the_daemon(org, tmp_path):
    file = tmp_path / 'people.ndjson'
    file.write_text(lines(people(40000)))
    before = count(org.isms.client)
    process = subprocess.Popen([org.daemon.binary, 'import', str(file), '--data', org.daemon.data], env=org.daemon.env)
    running = poll(lambda: org.get('/v1/imports?status=running')['data'], 30)[0]
    poll(lambda: org.get(f'/v1/imports/{running["id"]}')['lines'] > 0, 30)      # seen from the daemon's process
    process.send_signal(signal.SIGKILL)
    process.wait()
    record = finished(org.isms.client, running['id'])
    assert (record['status'], record['created']) == ('failed', 0)
    assert count(org.isms.client) == before
