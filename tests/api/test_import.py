"""A history moves from one server to another: what the registers give, an import takes, and nothing is lost."""

import hashlib
import json
import random
import subprocess
from collections import Counter

import pytest

import harness
import packs
from files import file_part, form
from importing import KINDS, comparable, history, lines, registers, rows_of, send

JANA = 'jana.stastna@brueckner.example'


@pytest.fixture(scope='module')
def source():
    """The organisation of the demo: two reviews held and one planned, with all that came of them."""
    daemon = harness.Daemon()
    daemon.cli('demo')
    daemon.start()
    yield harness.Client(daemon, daemon.token(JANA))
    daemon.stop()
    daemon.discard()


@pytest.fixture(scope='module')
def told(source):
    return history(source)


@pytest.fixture
def target(daemon):
    """An empty server, but for who imports."""
    daemon.person('Ines Import', 'ines@example.org', 'isms_manager')
    return harness.Client(daemon, daemon.token('ines@example.org'))


def expect_whole(target, told):
    moved = [one for one in history(target) if one.get('email') != 'ines@example.org']
    assert comparable(moved) == comparable(told)
    assert all(one['imported'] for one in moved)
    target.daemon.cli('audit', 'verify')
    target.daemon.cli('check')


def test_a_history_moves_by_ndjson(source, told, target):
    answer = send(target, told).expect(201)
    record = answer.json
    assert record | {'status': 'done', 'lines': len(told), 'created': len(told), 'unchanged': 0, 'refused': 0,
                     'resource': None, 'violations': [], 'violation_count': 0} == record
    assert answer.headers['Location'] == f'/v1/imports/{record["id"]}'
    assert target.get(f'/v1/imports/{record["id"]}').expect(200).json == record
    assert target.get(f'/v1/imports/{record["id"]}').etag == answer.etag
    expect_whole(target, told)

    # The same once more changes nothing, though versions begin anew.
    again = send(target, told).expect(201).json
    assert (again['created'], again['unchanged']) == (0, len(told))

    # Revisions are kept, references go on where they were.
    approved = next(one for one in told if one['resource'] == 'review' and one['status'] == 'approved')
    revision = target.get(f'/v1/reviews/{approved["reference"]}/revisions/1').expect(200).json
    assert len(revision['inputs']) >= 10 and revision['summary'] == approved['summary']
    assert target.get(f'/v1/reviews/{approved["id"]}/history').expect(200).json['data'][0]['event'] == 'review.import'


def minutes_of(client, review, form, revision=''):
    return client.get(f'/v1/reviews/{review["id"]}{revision}/minutes?format={form}').expect(200)


def test_minutes_of_what_was_approved_elsewhere_are_kept(told, target):
    """They are made once, by the import, say so, and never change by a byte."""
    send(target, told).expect(201)
    approved = sorted((one for one in told if one['resource'] == 'review' and one['status'] == 'approved'),
                      key=lambda one: one['held_on'])
    first = {form: minutes_of(target, approved[0], form) for form in ('html', 'md', 'json', 'pdf')}
    digests = target.get(f'/v1/reviews/{approved[0]["id"]}').json['minutes_sha256']
    assert digests != approved[0]['minutes_sha256']
    for form, answer in first.items():
        sha256 = hashlib.sha256(answer.body).hexdigest()
        assert (answer.etag, digests['markdown' if form == 'md' else form]) == (f'"{sha256}"', sha256)
    assert 'were made anew at the import' in first['html'].body.decode()
    # What changes afterwards does not show in them.
    chair = approved[0]['chair_id']
    target.patch(f'/v1/people/{chair}', {'name': 'Another Name', 'job_title': 'Another'}).expect(200)
    for form, answer in first.items():
        assert minutes_of(target, approved[0], form).body == answer.body
        assert minutes_of(target, approved[0], form, '/revisions/1').body == answer.body
    # The second shows the figures of the first, whichever comes first in the file.
    if len(approved) > 1:
        assert approved[0]['reference'] in str(minutes_of(target, approved[1], 'json').json['previous_metrics'])
    target.daemon.cli('audit', 'verify')


def test_the_pack_of_what_was_approved_elsewhere_verifies(told, target):
    approved = next(one for one in told if one['resource'] == 'review' and one['status'] == 'approved')
    send(target, told[::-1]).expect(201)
    stem = f'minutes/{approved["reference"]}-r'
    pack = packs.take(target, approved)
    assert pack.named('minutes/') == [f'{stem}1.html', f'{stem}1.pdf']
    done = packs.verify(target.daemon, pack.body)
    assert done.returncode == 0, done.stderr
    # Also once it was reopened here, and has a revision of this server.
    bosses = [one['email'] for one in told if one['resource'] == 'person' and one['role'] == 'top_management']
    boss = harness.Client(target.daemon, target.daemon.token(bosses[0]))
    path = f'/v1/reviews/{approved["id"]}'
    boss.verb(f'{path}/reopen', {'reason': 'The figures of the audit were others.'}).expect(200)
    body = {name: approved[name] for name in ('held_on', 'suitability', 'adequacy', 'effectiveness', 'next_review_on')}
    target.verb(f'{path}/conclude', body).expect(200)
    boss.verb(f'{path}/approve', {}).expect(200)
    pack = packs.take(target, approved)
    assert pack.named('minutes/') == [f'{stem}{which}.{form}' for which in '12' for form in ('html', 'pdf')]
    assert b'made anew' in pack[f'{stem}1.html'] and b'made anew' not in pack[f'{stem}2.html']
    done = packs.verify(target.daemon, pack.body)
    assert done.returncode == 0, done.stderr
    target.daemon.cli('audit', 'verify')


def test_audit_entries_are_one_for_each_record_written(told, target):
    send(target, told).expect(201)
    events = Counter()
    path = '/v1/audit-log?limit=200'
    while path:
        page = target.get(path).expect(200).json
        events.update(one['event'] for one in page['data'] if one['actor_id'])
        path = page['next_cursor'] and f'/v1/audit-log?limit=200&cursor={page["next_cursor"]}'
    lines = Counter(one['resource'] for one in told)
    # What is frozen is stored open, and frozen at the end: one entry more for each such.
    frozen = sum(one['resource'] == 'review' and one['status'] in ('concluded', 'approved', 'cancelled') for one in told)
    ended = sum(one['resource'] == 'decision' and one['status'] in ('rejected', 'withdrawn', 'superseded') for one in told)
    for kind, count in lines.items():
        more = {'review': frozen, 'decision': ended}.get(kind, 0)
        assert events.pop(f'{kind}.import') == count + more
    assert events == {'import.create': 1, 'import.finish': 1}


def test_lines_name_one_another_in_any_order_by_id_reference_or_address(told, target):
    names = {one['id']: one.get('reference') or one.get('email') for one in told}
    mixed = []
    for one in told:
        line = dict(one)
        for name, value in one.items():
            if name.endswith('_id') or name in ('created_by', 'updated_by', 'approved_by', 'concluded_by'):
                line[name] = names.get(value) or value
        mixed.append(line)
    random.Random(27001).shuffle(mixed)
    send(target, mixed).expect(201)
    expect_whole(target, told)


def test_a_history_moves_by_registers_in_csv(source, told, target):
    texts = registers(source, 'csv')
    parts = [file_part(text.encode(), f'{kind}.csv', KINDS[kind], '\r\nContent-Type: text/csv')
             for kind, text in texts.items()]
    body, content_type = form(*parts)
    record = target.post('/v1/imports', raw=body, headers={'Content-Type': content_type}).expect(201).json
    assert record['created'] == len(told) and record['resource'] is None
    expect_whole(target, told)
    for kind, text in registers(target, 'csv').items():
        moved = [one for one in rows_of(text) if one.get('email') != 'ines@example.org']
        assert comparable(moved) == comparable(rows_of(texts[kind])), kind


def test_a_folder_of_registers_moves_by_the_command_line(source, told, daemon, tmp_path):
    for kind, text in registers(source, 'csv').items():
        (tmp_path / f'{KINDS[kind]}.csv').write_bytes(text.encode())
    done = daemon.cli('import', str(tmp_path))
    assert done.stdout == f'{len(told)} lines: {len(told)} created, 0 unchanged, 0 refused\n'
    jana = harness.Client(daemon, daemon.token(JANA))
    assert comparable(history(jana)) == comparable(told)
    assert jana.get('/v1/imports').expect(200).json['data'][0]['created_by'] is None


def test_the_first_and_the_second_move_give_the_same(told, target):
    """What was moved can be moved on."""
    send(target, told).expect(201)
    second = harness.Daemon()
    try:
        second.person('Ines Import', 'ida@example.org', 'isms_manager')
        second.start()
        client = harness.Client(second, second.token('ida@example.org'))
        send(client, history(target)).expect(201)
        moved = [one for one in history(client) if not one.get('email', '').startswith('i')]
        assert comparable(moved).items() >= comparable(
            [one for one in told if not one.get('email', '').startswith('i')]).items()
        second.stop()
    finally:
        second.discard()


def test_who_was_erased_stays_erased(org, tmp_path):
    """A pseudonym is moved as one, and nothing else that the old server knows of the person."""
    nora = org.person()
    review = org.review()
    org.attendee(review, person_id=nora['id'])
    withdrawn = org.attendees(review)[1]
    org.do(f'/v1/attendees/{withdrawn["id"]}/withdraw', {'reason': 'She left'})
    org.do(f'/v1/people/{nora["id"]}/erase', {'reason': 'She asked for it, in writing'})
    told = history(org.isms.client)
    assert 'Nora' not in json.dumps(told) and org.get(f'/v1/people/{nora["id"]}')['erased_at']
    second = harness.Daemon()
    try:
        second.cli('import', '-', check=False)       # an empty file makes the folder and is refused
        (tmp_path / 'told.ndjson').write_text(lines(told))
        second.cli('import', str(tmp_path / 'told.ndjson'))
        second.start()
        client = harness.Client(second, second.token('isms@example.org'))
        assert comparable(history(client)) == comparable(told)
        second.cli('audit', 'verify')
        second.stop()
        # Nobody is given such an address otherwise.
        taken = {'resource': 'person', 'name': 'X', 'email': 'erased-0123456789ab@erased.invalid', 'role': 'employee'}
        send(org.isms.client, [taken]).expect(422, 'person.email.format')
        send(org.isms.client, [taken | {'erased_at': '2025-01-01', 'active': False}]).expect(422, 'person.email.format',
                                                                                            'import.person.erased')
        send(org.isms.client, [taken | {'erased_at': '2025-01-01'}]).expect(
            422, 'person.email.format', 'import.person.erased', 'import.state.unexpected')
    finally:
        second.discard()


def test_it_goes_on_from_there(told, target):
    """Reviews that are open are held by the API, and numbers are used once."""
    send(target, told).expect(201)
    daemon = target.daemon
    jana = harness.Client(daemon, daemon.token(JANA))
    planned = next(one for one in told if one['resource'] == 'review' and one['status'] == 'planned')
    jana.verb(f'/v1/reviews/{planned["id"]}/start').expect(200)
    carried = jana.get(f'/v1/reviews/{planned["id"]}/carried-action-items').expect(200).json['data']
    assert carried
    adopted = max((one for one in told if one['resource'] == 'decision' and one['status'] == 'adopted'),
                  key=lambda one: one['deadline'] or '')
    made = jana.post(f'/v1/decisions/{adopted["id"]}/action-items', {
        'kind': 'change', 'title': 'One more', 'owner_id': JANA, 'deadline': adopted['deadline'],
        'success_criteria': [{'statement': 'It is there, as was said', 'verification': 'Somebody looks at it'}]})
    known = {one['reference'] for one in told if one['resource'] == 'action_item'}
    assert made.expect(201).json['reference'] not in known
    assert made.json['imported'] is False
    assert target.get('/v1/action-items?imported=false').expect(200).json['data'] == [made.json]
    assert len(target.get('/v1/action-items?imported=true&limit=200').expect(200).json['data']) == len(known)


def test_a_single_register_comes_by_curl(org, tmp_path):
    path = tmp_path / 'people.csv'
    path.write_bytes('name,email,role,job_title\r\n"Ana ""A"" Anić",ana@x.example,employee,\'=1+1\r\n'.encode())
    client = org.isms.client
    for arguments in (['-F', f'people=@{path}'], ['-H', 'Content-Type: text/csv', '--data-binary', f'@{path}']):
        query = '?resource=people' if '-H' in arguments else ''
        done = subprocess.run(['curl', '-sS', '-H', f'Authorization: Bearer {client.token}', *arguments,
                               client.daemon.url.rstrip('/') + '/v1/imports' + query], capture_output=True, check=True)
        record = json.loads(done.stdout)
        assert record['status'] == 'done' and record['created'] + record['unchanged'] == 1, record
    person = org.get('/v1/people/ana@x.example')
    assert (person['name'], person['job_title'], person['imported']) == ('Ana "A" Anić', '=1+1', False)
