"""Personal data: /v1/people/{id}/erase, legal holds, and that the audit log stays whole. Nothing of what is erased is
left in the files of the data folder."""

import json
import re
import shutil
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import Client, Daemon, seed
from story import cases, refused, taken
from support import (ABSENT_ID, audit_entries, canonical, database, drop_triggers, fresh_email, poll,  # noqa: F401
                     shared, sha256, walk)

PEOPLE = '/v1/people'
REASON = {'reason': 'Asked for erasure on leaving'}
NAMES = ('Zdenka Quuxberg', 'Zdenka "Ž" Flibbertigib')     # as first hired, and since
EMAIL = 'zdenka.wibblesworth@plugh.example'
# What must not be left, as bytes in any file, whatever stands around it.
TRACES = ('Quuxberg', 'Flibbertigib', 'quuxberg', 'flibbertigib', 'wibblesworth', 'Wibblesworth')


def pseudonym(person_id):
    return f'Erased person {person_id[-12:]}', f'erased-{person_id}@erased.invalid'


def erase(org, person_id, by=None):
    return org.do(f'{PEOPLE}/{person_id}/erase', REASON, by)


# ---- the verb


def test_name_and_address_go_and_the_person_is_inactive(org):
    nora = org.person(job_title='Clerk', department='IT')
    gone = taken(org.isms.client, 'VERB', f'{PEOPLE}/{nora["id"]}/erase', REASON)
    assert (gone['name'], gone['email']) == pseudonym(nora['id'])
    assert gone['erased_at'] == gone['updated_at'] and gone['active'] is False and gone['version'] == 2
    assert (gone['job_title'], gone['department'], gone['role']) == ('Clerk', 'IT', 'employee')
    assert org.get(f'{PEOPLE}/{gone["email"]}') == gone
    org.isms.client.get(f'{PEOPLE}/nora@example.org').expect(404)
    assert [one['id'] for one in org.get(f'{PEOPLE}?q=nora')['data']] == []
    assert [one['id'] for one in org.get(f'{PEOPLE}?q={nora["id"][-12:]}')['data']] == [nora['id']]
    event = audit_entries(org.isms.client)[-1]
    assert (event['event'], event['resource_id'], event['actor_id']) == ('person.erase', nora['id'], org.isms.id)
    org.daemon.cli('audit', 'verify')
    # The address is free for somebody new.
    again = org.daemon.cli('person', 'upsert', '--name', 'Nora', '--email', 'nora@example.org', '--role', 'employee')
    assert again.stdout.strip() != nora['id']


def test_who_is_inactive_is_erased_too(org):
    nora = org.person(active=False)
    assert erase(org, nora['id'])['erased_at']


@pytest.mark.parametrize('who', ['top', 'head', 'employee', 'auditor'])
@pytest.mark.parametrize('verb', ['erase', 'hold', 'release'])
def test_isms_managers_alone(shared, who, verb):  # noqa: F811
    client = getattr(shared, who).client
    for key in (shared.employee2.id, shared.employee2.email):
        client.verb(f'{PEOPLE}/{key}/{verb}', REASON).expect(403, 'access.role', also=True)
    client.verb(f'{PEOPLE}/{ABSENT_ID}/{verb}', REASON).expect(404)


@cases('verb, body, rule',
       ('no reason', 'erase', {}, 'person.reason.required'),
       ('null', 'erase', {'reason': None}, 'person.reason.required'),
       ('nine characters', 'erase', {'reason': 'n' * 9}, 'body.length'),
       ('nine and a blank', 'erase', {'reason': 'n' * 9 + ' '}, 'body.length'),
       ('2,001 characters', 'erase', {'reason': 'n' * 2001}, 'body.length'),
       ('a number', 'erase', {'reason': 1234567890}, 'body.type'),
       ('a member too many', 'erase', REASON | {'name': 'X'}, 'body.unknown_field'),
       ('its own name', 'erase', {'privacy_reason': 'x' * 10}, 'body.unknown_field'),
       ('hold: no reason', 'hold', {}, 'person.reason.required'),
       ('hold: blank', 'hold', {'reason': ' '}, 'body.length'),
       ('release: no reason', 'release', {}, 'person.reason.required'))
def test_bad_bodies(shared, verb, body, rule):  # noqa: F811
    if verb == 'release':
        shared.isms.client.verb(f'{PEOPLE}/{shared.head2.id}/hold', REASON)
    refused(shared.isms.client, 'VERB', f'{PEOPLE}/{shared.head2.id}/{verb}', body, 422, rule, also=True)


def test_only_the_version_that_was_seen(org):
    nora = org.person()
    client, path = org.isms.client, f'{PEOPLE}/{nora["id"]}/erase'
    client.verb(path, REASON, etag='"stale"').expect(412)
    client.verb(path, REASON, etag=None).expect(428)
    client.verb(path, REASON, etag=client.get(f'{PEOPLE}/{nora["id"]}').etag).expect(200)


def test_open_commitments_hold(org):
    decision = org.adopted(org.running_review(), owner_id=org.head.id)
    item = org.action_item(decision, owner_id=org.head.id)
    answer = refused(org.isms.client, 'VERB', f'{PEOPLE}/{org.head.id}/erase', REASON, 409,
                     'person.deactivate.open_commitments')
    assert item['reference'] in json.dumps(answer.json)


def test_an_address_of_the_erased_is_nobodys(shared):  # noqa: F811
    body = {'name': 'Not Erased', 'email': 'erased-1@ERASED.invalid', 'role': 'employee'}
    refused(shared.isms.client, 'POST', PEOPLE, body, 422, 'person.email.format', at='#/email')


# ---- legal hold


def test_a_legal_hold_holds(org):
    nora = org.person()
    path = f'{PEOPLE}/{nora["id"]}'
    held = taken(org.isms.client, 'VERB', f'{path}/hold', {'reason': 'A case'})
    assert held['legal_hold_at'] == held['updated_at'] and held['active'] is True
    refused(org.isms.client, 'VERB', f'{path}/erase', REASON, 409, 'person.erase.legal_hold')
    refused(org.isms.client, 'VERB', f'{path}/hold', REASON, 409, 'person.hold.held')
    org.change(path, {'name': 'Nora Newer'})        # nothing else is held
    org.do(f'{path}/deactivate')
    assert org.get(path)['legal_hold_at'] == held['legal_hold_at']
    free = taken(org.isms.client, 'VERB', f'{path}/release', {'reason': 'Settled'})
    assert free['legal_hold_at'] is None and free['active'] is False
    refused(org.isms.client, 'VERB', f'{path}/release', REASON, 409, 'person.release.not_held')
    assert erase(org, nora['id'])['erased_at']


def test_why_is_told_to_who_reads_the_audit_log(org):
    nora = org.person()
    path = f'{PEOPLE}/{nora["id"]}'
    for verb, reason in (('hold', 'Xyzzy versus us'), ('release', 'Plover settled'), ('erase', 'Wumpus has left us')):
        org.do(f'{path}/{verb}', {'reason': reason})
    for who in (org.isms, org.employee, org.auditor):
        for read in (path, f'{path}/history', f'{PEOPLE}?q=wumpus', f'{PEOPLE}?format=csv', '/v1/search?q=Plover'):
            body = who.client.get(read).body
            assert not any(word in body for word in (b'Xyzzy', b'Wumpus', b'privacy_reason')), read
    for who in (org.isms, org.auditor, org.top):
        told = who.client.get(f'{path}/sealed-history').expect(200).json['data']
        reasons = [one['value'] for version in told for one in version['openings'] if one['member'] == 'privacy_reason']
        assert reasons == ['Wumpus has left us', 'Plover settled', 'Xyzzy versus us']
    for who in (org.employee, org.head):
        who.client.get(f'{path}/sealed-history').expect(403)


def test_what_may_not_be_seen_has_no_sealed_history(org):
    """Top management reads the audit log, and of restricted reviews those attended."""
    review = org.review(classification='restricted', chair_id=org.top.id)
    path = f'/v1/attendees/{org.chair_attendee(review)["id"]}/sealed-history'
    org.top.client.get(path).expect(200)
    unseen = org.top2.client.get(path).expect(404)
    absent = org.top2.client.get(f'/v1/attendees/{ABSENT_ID}/sealed-history').expect(404)
    assert {**unseen.json, 'instance': ''} == {**absent.json, 'instance': ''}
    org.auditor.client.get(path).expect(200)


# ---- who was erased


@cases('method, verb, body',
       ('change', 'PATCH', '', {'name': 'Nora Again'}), ('wrong change', 'PATCH', '', {'email': 'nowhere'}),
       ('the same', 'PATCH', '', {}), ('activate', 'VERB', '/activate', {}), ('erase', 'VERB', '/erase', REASON),
       ('hold', 'VERB', '/hold', REASON), ('release', 'VERB', '/release', REASON))
def test_nothing_more_is_done_to_who_was_erased(shared, method, verb, body):  # noqa: F811
    nora = shared.person(email=fresh_email())
    erase(shared, nora['id'])
    refused(shared.isms.client, method, f'{PEOPLE}/{nora["id"]}{verb}', body, 409, 'person.erased')


def test_who_was_erased_is_named_in_nothing_new(shared):  # noqa: F811
    nora = shared.person(email=fresh_email())
    address = erase(shared, nora['id'])['email']
    client = shared.isms.client
    refused(client, 'POST', '/v1/reviews', shared.review_body(chair_id=nora['id']), 422, 'reference.person.inactive',
            also=True)
    refused(client, 'POST', '/v1/calendar-tokens', {'person_id': address, 'label': 'x'}, 422,
            'reference.person.inactive')
    said = shared.daemon.cli('token', 'create', '--person', address, '--label', 'x', check=False)
    assert said.returncode == 1 and 'inactive' in said.stderr
    said = shared.daemon.cli('person', 'upsert', '--name', 'X', '--email', address, '--role', 'employee', check=False)
    assert said.returncode == 1 and 'erased' in said.stderr


def test_their_tokens_are_refused_at_once(org):
    gone = org.employee2
    feed = gone.client.post('/v1/calendar-tokens', {'label': 'Telephone'}).expect(201).json
    Client(org.daemon, None).get(f'/v1/calendar.ics?token={feed["token"]}').expect(200)
    erase(org, gone.id)
    gone.client.get('/v1/people').expect(401)
    Client(org.daemon, None).get(f'/v1/calendar.ics?token={feed["token"]}').expect(401)
    events = [(entry['resource'], entry['event']) for entry in audit_entries(org.isms.client)[-3:]]
    assert events == [('person', 'person.erase'), ('token', 'token.revoke'), ('calendar_token', 'calendar_token.revoke')]
    assert all(one['revoked_at'] for one in json.loads(org.daemon.cli('token', 'list', '--json').stdout)
               if one['person_id'] == gone.id)


# ---- a whole story, and what is left of it


def attended(org, person_id, **over):
    review = org.running_review(**over)
    return review, org.attendee(review, person_id=person_id, attendance='attended')


def reopen(org, review):
    return org.do(f'/v1/reviews/{review["id"]}/reopen', {'reason': 'A number in the minutes was wrong'}, by=org.top)


def tell(org):
    created = org.isms.client.post(
        PEOPLE, {'name': NAMES[0], 'email': EMAIL, 'role': 'employee', 'job_title': 'Clerk'},
        Idempotency_Key='add-zdenka').expect(201)
    key = {'Idempotency_Key': 'add-wrong-one'}
    org.isms.client.post(PEOPLE, {'name': 'X', 'email': EMAIL.upper(), 'role': 'employee'}, **key).expect(
        422, 'person.email.unique')
    zdenka = created.json['id']
    reviews, attendees = {}, {}
    for name in ('planned', 'cancelled'):
        reviews[name] = org.review(title=name)
        attendees[name] = org.attendee(reviews[name], person_id=zdenka)
    attendees['withdrawn'] = org.attendee(reviews['planned'], person_id=org.employee2.id)
    org.change(f'/v1/attendees/{attendees["planned"]["id"]}', {'attendance': 'apologies'})
    moment = org.get(f'{PEOPLE}/{zdenka}')['updated_at']
    org.change(f'{PEOPLE}/{zdenka}', {'name': NAMES[1]})
    for name in ('approved', 'reopened', 'concluded', 'concluded_then_reopened'):
        reviews[name], attendees[name] = attended(org, zdenka, title=name)
    org.approved(reviews['approved'])
    org.approved(reviews['reopened'])
    reopen(org, reviews['reopened'])
    org.concluded(reviews['concluded'])
    org.concluded(reviews['concluded_then_reopened'])
    org.do(f'/v1/reviews/{reviews["cancelled"]["id"]}/cancel', {'reason': 'Not needed'})
    org.do(f'/v1/attendees/{attendees["planned"]["id"]}/withdraw', {'reason': 'Has no time'})
    # One who stood for her once, and stands for another since.
    moved = org.attendee(reviews['planned'], person_id=zdenka, capacity='observer')
    attendees['moved'] = org.change(f'/v1/attendees/{moved["id"]}', {'person_id': org.head2.id})
    return zdenka, reviews, attendees, moment


def frozen_reads(reviews, attendees):
    paths = [f'/v1/attendees/{attendees[name]["id"]}' for name in ('approved', 'concluded')]
    paths += [f'{path}/history' for path in paths]
    for name in ('approved', 'reopened'):
        paths += [f'/v1/reviews/{reviews[name]["id"]}/revisions/1',
                  *(f'/v1/reviews/{reviews[name]["id"]}/revisions/1/minutes?format={form}'
                    for form in ('html', 'md', 'json', 'pdf'))]
    return paths


@pytest.fixture(scope='module')
def told(populated):
    daemon = Daemon()
    shutil.copytree(populated[0], daemon.data)
    org = seed(daemon.start(), populated[1])
    zdenka, reviews, attendees, moment = tell(org)
    before = {path: org.isms.client.get(path).expect(200).body for path in frozen_reads(reviews, attendees)}
    chain = audit_entries(org.isms.client)
    sealed = walk(org.isms.client, f'{PEOPLE}/{zdenka}/sealed-history')
    instant = org.get(f'{PEOPLE}/{zdenka}')['updated_at']
    daemon.cli('audit', 'verify')
    org.isms.client.verb(f'{PEOPLE}/{zdenka}/erase?dry_run=true', REASON).expect(200)
    assert audit_entries(org.isms.client) == chain and org.get(f'{PEOPLE}/{EMAIL}')['name'] == NAMES[1]
    first = org.isms.client.verb(f'{PEOPLE}/{zdenka}/erase', REASON, Idempotency_Key='erase-zdenka').expect(200)
    yield SimpleNamespace(org=org, zdenka=zdenka, reviews=reviews, attendees=attendees, before=before, chain=chain,
                          sealed=sealed, moment=moment, instant=instant, first=first)
    daemon.stop()
    daemon.discard()


def shown(told, path):
    body = told.org.isms.client.get(path).expect(200).body.decode()
    assert not any(trace in body for trace in TRACES), body
    return json.loads(body)


def test_frozen_evidence_is_as_it_was_byte_for_byte(told):
    for path, body in told.before.items():
        assert told.org.isms.client.get(path).expect(200).body == body, path
    assert sum(b'Flibbertigib' in body for body in told.before.values()) > 8


def test_the_chain_is_whole_and_what_it_had_stays(told):
    entries = audit_entries(told.org.isms.client)
    assert entries[:len(told.chain)] == told.chain
    new = [entry['event'] for entry in entries[len(told.chain):]]
    assert new[0] == 'person.erase' and set(new[1:]) == {'attendee.update'} and len(new) == 4, new
    assert json.loads(told.org.daemon.cli('audit', 'verify', '--json').stdout)
    told.org.daemon.cli('check')


def test_what_is_not_frozen_has_the_pseudonym(told):
    name, address = pseudonym(told.zdenka)
    for one in ('planned', 'cancelled', 'reopened'):
        attendee = shown(told, f'/v1/attendees/{told.attendees[one]["id"]}')
        assert attendee['name_at_review'] == name and attendee['version'] == told.attendees[one]['version'] + (
            3 if one == 'planned' else 1), one
    assert shown(told, f'/v1/attendees/{told.attendees["moved"]["id"]}') == told.attendees['moved']
    for read in (f'{PEOPLE}?limit=200', f'{PEOPLE}/{told.zdenka}/history', '/v1/search?q=Erased',
                 f'/v1/attendees/{told.attendees["planned"]["id"]}/history',
                 f'/v1/attendees/{told.attendees["moved"]["id"]}/history',
                 f'/v1/reviews/{told.reviews["reopened"]["id"]}/minutes?format=json',
                 f'{PEOPLE}?as_of={told.instant}&sort=name', f'{PEOPLE}/{told.zdenka}?as_of={told.moment}'):
        assert name in json.dumps(shown(told, read)), read
    shown(told, f'/v1/reviews/{told.reviews["planned"]["id"]}/agenda?format=json')
    for words in ('Flibbertigib', 'Quuxberg', EMAIL):
        found = told.org.get(f'/v1/search?q={words}')['data']
        assert {hit['resource'] for hit in found} <= {'attendee'}, found        # the frozen ones


def test_as_of_shows_the_pseudonym_in_versions_of_before(told):
    name, address = pseudonym(told.zdenka)
    then = shown(told, f'{PEOPLE}/{told.zdenka}?as_of={told.moment}')
    assert (then['name'], then['email'], then['erased_at'], then['active']) == (name, address, None, True)
    found = told.org.get(f'{PEOPLE}?as_of={told.moment}&sort=email&limit=200')['data']
    assert [one['email'] for one in found] == sorted(one['email'] for one in found)
    assert address in [one['email'] for one in found]


def test_attendees_of_then_keep_what_a_revision_shows(told):
    """The version that was approved says what the kept revision says; those before and after do not."""
    history = walk(told.org.isms.client, f'/v1/attendees/{told.attendees["reopened"]["id"]}/history')
    names = [entry['changes'].get('name_at_review') for entry in history]
    assert names == [pseudonym(told.zdenka)[0], NAMES[1]]


def test_an_erasure_is_replayed_like_any_write(told):
    path = f'{PEOPLE}/{told.zdenka}/erase'
    again = told.org.isms.client.verb(path, REASON, Idempotency_Key='erase-zdenka').expect(200)
    assert again.headers['Idempotent-Replayed'] == 'true' and again.body == told.first.body


def test_kept_answers_have_the_pseudonym(told):
    name, address = pseudonym(told.zdenka)
    again = told.org.isms.client.post(
        PEOPLE, {'name': NAMES[0], 'email': EMAIL, 'role': 'employee', 'job_title': 'Clerk'},
        Idempotency_Key='add-zdenka').expect(201)
    assert again.headers['Idempotent-Replayed'] == 'true'
    assert (again.json['id'], again.json['name'], again.json['email']) == (told.zdenka, name, address)


def test_commitments_outlive_what_they_stood_for(told):
    """Each body still has the SHA-256 that the log says; what was committed to cannot be shown any more."""
    entries = {entry['seq']: entry for entry in audit_entries(told.org.auditor.client)}
    versions = walk(told.org.auditor.client, f'{PEOPLE}/{told.zdenka}/sealed-history')
    assert [version['version'] for version in versions] == [3, 2, 1]
    for version in versions:
        assert sha256(canonical(version['body'])) == version['body_sha256'] == entries[version['seq']]['body_sha256']
        for one in version['openings']:
            assert version['body'][one['member']]['commitment'] == one['commitment']
            if version['version'] == 3:
                assert sha256(f'reviewd-personal-1\n{one["salt"]}\n{one["value"]}') == one['commitment']
            else:
                assert one['salt'] is None and one['value'] in pseudonym(told.zdenka)
    old = {one['member']: one for one in told.sealed[0]['openings']}
    assert sha256(f'reviewd-personal-1\n{old["name"]["salt"]}\n{NAMES[1]}') == old['name']['commitment']
    # An unchanged value keeps its commitment; so the history shows no change of it.
    assert told.sealed[0]['body']['email'] == told.sealed[1]['body']['email']
    assert told.sealed[0]['body']['name'] != told.sealed[1]['body']['name']
    assert [version['body'] for version in versions[1:]] == [version['body'] for version in told.sealed]


def test_each_commitment_has_a_salt_of_its_own(shared):  # noqa: F811
    """128 random bits each: what is known of one, or of the record, tells nothing of another."""
    openings = {}
    for person in (shared.employee, shared.head, shared.auditor):
        for version in walk(shared.isms.client, f'{PEOPLE}/{person.id}/sealed-history'):
            for one in version['openings']:
                assert re.fullmatch('[0-9a-f]{32}', one['salt']), one
                openings[one['commitment']] = one['salt']
    assert len(openings) >= 6 and len(set(openings.values())) == len(openings)


def test_sealed_history_by_pages(told):
    client, path = told.org.auditor.client, f'{PEOPLE}/{told.zdenka}/sealed-history'
    first = client.get(f'{path}?limit=2&count=true').expect(200).json
    assert first['total'] == 3 and len(first['data']) == 2
    rest = client.get(f'{path}?limit=2&count=true&cursor={first["next_cursor"]}').expect(200).json
    assert [one['version'] for one in first['data'] + rest['data']] == [3, 2, 1] and rest['next_cursor'] is None
    client.get(f'{PEOPLE}/{ABSENT_ID}/sealed-history').expect(404)
    client.get(f'{path}?limit=0').expect(400, 'query.invalid')


def test_what_is_reopened_later_is_not_frozen_any_more(told):
    """The name went from it when the review was frozen no more."""
    path = f'/v1/attendees/{told.attendees["concluded_then_reopened"]["id"]}'
    assert told.org.get(path)['name_at_review'] == NAMES[1]
    reopen(told.org, told.reviews['concluded_then_reopened'])
    assert shown(told, path)['name_at_review'] == pseudonym(told.zdenka)[0]
    shown(told, f'{path}/history')
    told.org.daemon.cli('audit', 'verify')


# ---- the files


def traces(data, traces=TRACES):
    found = []
    for file in Path(data).rglob('*'):
        content = file.read_bytes() if file.is_file() else b''
        found += [(file.name, trace) for trace in traces if trace.encode() in content]
    return found


def test_no_byte_is_left(org):
    """In no file of the data folder: rows, indexes, free pages, the index of words, the log."""
    key = {'Idempotency_Key': 'add-zdenka-2'}
    zdenka = org.isms.client.post(PEOPLE, {'name': NAMES[0], 'email': EMAIL, 'role': 'employee'}, **key).json['id']
    review = org.review()
    for _ in range(3):
        attendee = org.attendee(review, person_id=zdenka)
        org.do(f'/v1/attendees/{attendee["id"]}/withdraw', {'reason': 'Has no time'})
    for number in range(40):      # pages are split and merged, and the index of words has several segments
        org.person(email=fresh_email(), job_title='x' * (number * 4))
        if number % 5 == 0:
            org.change(f'{PEOPLE}/{zdenka}', {'job_title': 'y' * (number * 4), 'name': NAMES[number % 2]})
            org.get('/v1/search?q=zdenka')
    assert {trace for _, trace in traces(org.daemon.data)} >= {'Quuxberg', 'Flibbertigib', 'wibblesworth'}
    org.get(f'{PEOPLE}/{EMAIL}')       # whose path is in no log line
    erase(org, zdenka)
    poll(lambda: not traces(org.daemon.data), 10, 'something is left')
    org.daemon.cli('audit', 'verify')
    org.daemon.cli('check')
    assert not any(trace in org.daemon.stderr() for trace in TRACES)


def test_a_crash_before_the_log_was_cut(org):
    zdenka = org.person(name=NAMES[0], email=EMAIL)['id']
    after = Daemon()
    with closing(database(org.daemon.data)) as reader:      # who reads keeps the log from being cut
        reader.execute('BEGIN')
        reader.execute('SELECT count(*) FROM person').fetchone()
        erase(org, zdenka)
        org.daemon.kill()
        shutil.copytree(org.daemon.data, after.data)
    assert traces(after.data)
    after.start()
    poll(lambda: not traces(after.data), 10, 'something is left')
    after.stop()
    after.discard()


# ---- tampering


@pytest.fixture(scope='module')
def erased(populated):
    """A data folder without a daemon, with one who was erased and one who was renamed."""
    daemon = Daemon()
    shutil.copytree(populated[0], daemon.data)
    org = seed(daemon.start(), populated[1])
    gone = org.person(name=NAMES[0], email=EMAIL)
    org.change(f'{PEOPLE}/{org.head2.id}', {'name': 'Hugo Renamed'})
    erase(org, gone['id'])
    daemon.stop()
    yield SimpleNamespace(data=daemon.data, gone=gone['id'], renamed=org.head2.id)
    daemon.discard()


@cases('statement, named',
       ('a kept value', "UPDATE personal SET value = 'Hugo Other' WHERE value = 'Hugo Head'", 'renamed'),
       ('a salt', "UPDATE personal SET salt = printf('%032d', 0) WHERE value = 'Hugo Head'", 'renamed'),
       ('a value of an older version is gone', "DELETE FROM personal WHERE value = 'Hugo Head'", 'renamed'),
       ('a salt taken away', "UPDATE personal SET salt = NULL WHERE value = 'Hugo Head'", 'renamed'),
       ('as if erased', "UPDATE personal SET salt = NULL, value = 'Erased person ' || substr(record_id, 25) "
        "WHERE value = 'Hugo Head'", 'renamed'),
       ('another pseudonym', "UPDATE personal SET value = 'Erased person 0' WHERE salt IS NULL AND member = 'name'",
        'gone'),
       ('a name in the place of the pseudonym', "UPDATE personal SET value = 'Zora' WHERE salt IS NULL", 'gone'),
       ('not erased after all', "UPDATE person SET erased_at = NULL WHERE erased_at IS NOT NULL", 'gone'),
       ('a new name', "UPDATE person SET name = 'Zora' WHERE erased_at IS NOT NULL", 'gone'),
       ('the reason', "UPDATE person SET privacy_reason = 'None at all' WHERE erased_at IS NOT NULL", 'gone'))
def test_verify_finds_what_was_done_to_kept_values(erased, statement, named):
    copy = Daemon()
    shutil.copytree(erased.data, copy.data)
    try:
        copy.cli('audit', 'verify')
        with closing(database(copy.data)) as connection:
            drop_triggers(connection)
            assert connection.execute(statement).rowcount > 0
        for command in (('audit', 'verify'), ('check',)):
            said = copy.cli(*command, check=False)
            assert said.returncode == 1 and getattr(erased, named) in said.stdout + said.stderr, said
    finally:
        copy.discard()


@pytest.mark.parametrize('statement', [
    "UPDATE personal SET value = 'x' WHERE member = 'name' AND salt IS NOT NULL",
    "UPDATE personal SET salt = NULL WHERE value = 'Hugo Head'",
    "UPDATE personal SET value = 'x' WHERE salt IS NULL", 'DELETE FROM personal',
    'INSERT OR REPLACE INTO personal SELECT * FROM personal LIMIT 1',
    "UPDATE person SET name = 'x', version = version + 1 WHERE erased_at IS NOT NULL",
])
def test_the_schema_holds_it(erased, statement):
    copy = Daemon()
    shutil.copytree(erased.data, copy.data)
    try:
        with closing(database(copy.data)) as connection, pytest.raises(Exception, match='personal|erased'):
            connection.execute(statement)
    finally:
        copy.discard()


def plain(body, values):
    """The body as a reviewd without commitments hashed it."""
    for value, commitment in values:
        body = body.replace(json.dumps({'commitment': commitment}, separators=(',', ':')), json.dumps(value))
    return body


def test_who_was_hashed_in_plain_is_not_erased(erased):
    """Of before there were commitments: their history still verifies and reads, and cannot be erased."""
    copy = Daemon()
    shutil.copytree(erased.data, copy.data)
    try:
        with closing(database(copy.data)) as connection:
            drop_triggers(connection)
            values = connection.execute("SELECT value, commitment FROM personal WHERE record_id = ?",
                                        (erased.renamed,)).fetchall()
            for seq, body in connection.execute('SELECT seq, body FROM version WHERE record_id = ?',
                                                (erased.renamed,)).fetchall():
                connection.execute('UPDATE version SET body = ? WHERE seq = ?', (plain(body, values), seq))
            connection.execute('DELETE FROM personal WHERE record_id = ?', (erased.renamed,))
            previous = '0' * 64         # the chain, worked out anew
            for entry in connection.execute('SELECT a.*, v.body FROM audit_log AS a JOIN version AS v USING (seq) '
                                            'ORDER BY seq').fetchall():
                shown = {name: entry[name] for name in entry.keys() if name not in ('hash', 'body')}
                shown |= {'previous_hash': previous, 'body_sha256': sha256(entry['body'])}
                digests = shown.pop('minutes_sha256')
                if digests:
                    shown['minutes_sha256'] = json.loads(digests)
                previous = sha256(f'reviewd-audit-1\n{shown["previous_hash"]}\n{canonical(shown)}')
                connection.execute('UPDATE audit_log SET body_sha256 = ?, previous_hash = ?, hash = ? WHERE seq = ?', (
                    shown['body_sha256'], shown['previous_hash'], previous, entry['seq']))
            connection.execute('DELETE FROM checkpoint')
        copy.cli('audit', 'verify')
        copy.start()
        isms = Client(copy, copy.token('isms@example.org'))
        path = f'{PEOPLE}/{erased.renamed}'
        assert [one['changes'].get('name') for one in walk(isms, f'{path}/history')] == ['Hugo Renamed', 'Hugo Head']
        assert [one['openings'] for one in walk(isms, f'{path}/sealed-history')] == [[], []]
        listed = isms.get(f'{PEOPLE}?as_of={isms.get(path).json["updated_at"]}&sort=name&limit=200').expect(200).json
        assert 'Hugo Renamed' in [one['name'] for one in listed['data']]
        refused(isms, 'VERB', f'{path}/erase', REASON, 409, 'person.erase.plain_history')
        isms.patch(path, {'name': 'Hugo Sealed'}).expect(200)
        assert walk(isms, f'{path}/sealed-history')[0]['openings'][0]['value'] == 'Hugo Sealed'
        copy.cli('audit', 'verify')
        copy.stop()
    finally:
        copy.discard()
