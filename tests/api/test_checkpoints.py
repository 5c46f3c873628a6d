"""Signed heads of the audit log, and the keys that sign them. What is signed is checked by minisign, not by ourselves;
what is tampered with is worked out anew here, by the contract's formula."""

import json
import re
import shutil
import signal
import stat
import subprocess
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from harness import Client, Daemon
from support import audit_entries, database, person_body, poll, shared, walk  # noqa: F401 (fixture)

TEXT = re.compile(r'reviewd-checkpoint-1\ninstance [0-9a-f-]{36}\nseq (\d+)\nhash ([0-9a-f]{64})\n'
                  r'at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\nkey ([0-9A-F]{16})\n')
LIST = '/v1/audit-log/checkpoints'


@pytest.fixture
def make(populated):
    """A factory of daemons that have the people; not started."""
    made = []

    def build(settings='', **options):
        daemon = Daemon(**options)
        daemon.env['REVIEWD_CONFIG'] = str(daemon.scratch / 'reviewd.conf')
        configure(daemon, settings)
        shutil.copytree(populated[0], daemon.data)
        made.append(daemon)
        return daemon

    build.tokens = populated[1]
    yield build
    try:
        for daemon in made:
            daemon.stop()
    finally:
        for daemon in made:
            daemon.discard()


def configure(daemon, settings):
    Path(daemon.env['REVIEWD_CONFIG']).write_text(settings)
    if daemon.process:
        before = events(daemon, 'reloaded')
        daemon.process.send_signal(signal.SIGHUP)
        poll(lambda: len(events(daemon, 'reloaded')) > len(before))


def events(daemon, name):
    return [line for line in daemon.log() if line['event'] == name]


def minisign(tmp_path, text, signature, *key):
    """Whether minisign takes the signature for the text, on a machine that knows no more than these two and a key."""
    (tmp_path / 'text').write_bytes(text.encode())
    (tmp_path / 'text.minisig').write_bytes(signature.encode())
    return subprocess.run(['minisign', '-V', '-m', tmp_path / 'text', *key], capture_output=True, text=True)


def checkpoints(client, order='seq'):
    return walk(client, f'{LIST}?limit=200&sort={order}')


def write_something(client):
    client.post('/v1/people', person_body()).expect(201)


def approve(org):
    return org.approved(org.concluded())


def rows(data, table='checkpoint'):
    with closing(database(data)) as connection:
        return [dict(row) for row in connection.execute(f'SELECT * FROM {table} ORDER BY 1')]


def verify(daemon, *args):
    return daemon.cli('audit', 'verify', *args, check=False)


def file_of(daemon, name='kept.txt'):
    """All checkpoints so far, as somebody who was sent them has kept them."""
    path = daemon.scratch / name
    path.write_text(''.join(f'{row["text"]}{row["signature"]}\n' for row in rows(daemon.data)))
    return path


def keys_folder(daemon):
    return Path(daemon.data) / 'keys'


# ---- what is signed, and how


def test_minisign_confirms_it(org, tmp_path):
    approve(org)
    (key,) = walk(org.employee.client, '/v1/keys')
    public = keys_folder(org.daemon) / f'{key["key_id"]}.pub'
    made = checkpoints(org.auditor.client)
    assert made
    for one in made:
        by_line = minisign(tmp_path, one['text'], one['signature'], '-P', key['public_key'])
        by_file = minisign(tmp_path, one['text'], one['signature'], '-p', public)
        assert by_line.returncode == by_file.returncode == 0, by_line.stderr + by_file.stderr
        assert f'file:checkpoint-{one["seq"]}\t' in by_line.stdout
        for other in (one['text'].replace('seq ', 'seq 1'), one['text'] + '\n', one['text'][:-1]):
            assert minisign(tmp_path, other, one['signature'], '-P', key['public_key']).returncode != 0
        comment = one['signature'].replace('file:', 'file:x')
        assert minisign(tmp_path, one['text'], comment, '-P', key['public_key']).returncode != 0


def test_the_text_says_what_the_log_says(org):
    approve(org)
    hashes = {entry['seq']: entry['hash'] for entry in audit_entries(org.auditor.client)}
    for one in checkpoints(org.auditor.client):
        seq, digest, at, key_id = TEXT.fullmatch(one['text']).groups()
        assert (int(seq), digest, at, key_id) == (one['seq'], one['hash'], one['at'], one['key_id'])
        assert hashes[one['seq']] == one['hash']
        assert set(one) == {'seq', 'hash', 'at', 'key_id', 'text', 'signature'}
        assert org.get(f'{LIST}/{one["seq"]}') == one
    assert len({re.search('instance (.*)', one['text'])[1] for one in checkpoints(org.auditor.client)}) == 1


def test_minisign_signs_with_the_key_as_well(org, tmp_path):
    """Its file is minisign's own, without a password."""
    (tmp_path / 'f').write_text('something')
    key = keys_folder(org.daemon) / 'reviewd.key'
    subprocess.run(['minisign', '-S', '-s', key, '-m', tmp_path / 'f'], check=True, capture_output=True)
    public = org.get('/v1/keys')['data'][0]['public_key']
    subprocess.run(['minisign', '-V', '-P', public, '-m', tmp_path / 'f'], check=True, capture_output=True)


def test_two_instances_have_two_names(make):
    names = set()
    for _ in range(2):
        daemon = make()
        daemon.start()
        daemon.stop()
        names.add(rows(daemon.data, 'instance')[0]['id'])
    assert len(names) == 2


# ---- when


def test_at_each_approval(org):
    """In the approval's own transaction: whoever is told of the one finds the other."""
    review = org.concluded()
    path = f'/v1/reviews/{review["id"]}/approve'
    before = checkpoints(org.isms.client)
    org.top2.client.verb(f'{path}?dry_run=true').expect(200)
    assert checkpoints(org.isms.client) == before
    org.top2.client.verb(path).expect(200)
    last = checkpoints(org.isms.client)[-1]
    (entry,) = [entry for entry in audit_entries(org.isms.client) if entry['event'] == 'review.approve']
    assert last['seq'] >= entry['seq'] and len(checkpoints(org.isms.client)) == len(before) + 1
    assert last['at'] >= entry['at']


def test_every_hour_in_which_something_was_written(make):
    clock = datetime(2026, 3, 1, 9)
    daemon = make(clock=clock.isoformat()).start()
    client = Client(daemon, make.tokens['isms@example.org'])

    def to(minutes):
        daemon.set_clock((clock + timedelta(minutes=minutes)).isoformat())
        two_seconds()
        return len(checkpoints(client))

    first = len(checkpoints(client))
    assert first == 1                    # at the start, for what the command line has written
    write_something(client)
    assert to(58) == first               # not yet
    assert to(61) == first + 1
    assert to(200) == first + 1          # nothing has moved
    write_something(client)
    poll(lambda: len(checkpoints(client)) == first + 2)
    write_something(client)
    assert to(205) == first + 2
    write_something(client)
    assert to(30) == first + 3           # a clock that was set back is no reason to wait


def two_seconds():
    """The writer keeps house once a second, also where that comes to nothing."""
    until = time.monotonic() + 2.1
    poll(lambda: time.monotonic() > until)


def test_the_interval_is_a_setting(make):
    clock = datetime(2026, 3, 1, 9)
    daemon = make('checkpoint_interval_minutes = 5\n', clock=clock.isoformat()).start()
    client = Client(daemon, make.tokens['isms@example.org'])
    write_something(client)
    daemon.set_clock((clock + timedelta(minutes=6)).isoformat())
    poll(lambda: len(checkpoints(client)) == 2)


def test_at_start_and_stop_where_the_head_has_moved(make):
    daemon = make()
    head = len(rows(daemon.data, 'audit_log'))
    assert rows(daemon.data) == []
    daemon.start()
    assert [row['seq'] for row in rows(daemon.data)] == [head]
    daemon.restart()
    assert [row['seq'] for row in rows(daemon.data)] == [head]
    write_something(Client(daemon, make.tokens['isms@example.org']))
    daemon.stop()
    assert [row['seq'] for row in rows(daemon.data)] == [head, head + 1]


def test_an_empty_log_is_not_signed(daemon):
    daemon.stop()
    assert rows(daemon.data) == []
    assert verify(daemon).returncode == 0


# ---- reading them


@pytest.mark.parametrize('who, allowed', [
    ('top', True), ('isms', True), ('head', False), ('employee', False), ('auditor', True)])
def test_who_may_read_them(shared, who, allowed):
    client = getattr(shared, who).client
    first = shared.get(f'{LIST}?limit=1')['data'][0]['seq']
    for path in (LIST, f'{LIST}/{first}', f'{LIST}/{first + 1}'):
        answer = client.get(path)
        if allowed:
            assert answer.status == (404 if path.endswith(f'/{first + 1}') else 200)
        else:
            answer.expect(403, 'access.role')
    client.get('/v1/keys').expect(200)


def test_nobody_without_a_token(shared):
    client = Client(shared.daemon, None)
    for path in (LIST, f'{LIST}/1', '/v1/keys'):
        client.get(path).expect(401)


def test_nobody_writes_them(shared):
    for path in (LIST, f'{LIST}/1', '/v1/keys'):
        for method in ('POST', 'PATCH', 'PUT', 'DELETE'):
            shared.isms.client.request(method, path, {}).expect(405)


@pytest.mark.parametrize('seq', ['0', '-1', '+1', '01', '1x', 'head', '1.0', '99999999999999999999999', '%20', '1%00'])
def test_a_seq_that_is_none(shared, seq):
    assert shared.isms.client.get(f'{LIST}/{seq}').status in (400, 404)


def test_the_list_in_pages(make):
    daemon = make()
    for _ in range(4):
        daemon.start()
        client = Client(daemon, make.tokens['isms@example.org'])
        write_something(client)
        daemon.stop()
    daemon.start()
    every = checkpoints(client)
    seqs = [one['seq'] for one in every]
    assert len(seqs) == 5 and seqs == sorted(seqs)
    assert checkpoints(client, '-seq') == every[::-1]
    for order, expected in (('seq', every), ('-seq', every[::-1])):
        assert walk(client, f'{LIST}?limit=2&sort={order}') == expected
        page = client.get(f'{LIST}?limit=2&sort={order}&count=true').expect(200).json
        assert page['total'] == 5 and page['next_cursor']
    cursor = client.get(f'{LIST}?limit=2').json['next_cursor']
    client.get(f'{LIST}?limit=2&sort=-seq&cursor={cursor}').expect(400, 'query.invalid')


@pytest.mark.parametrize('query, rule', [
    ('sort=at', 'query.invalid'), ('limit=0', 'query.invalid'), ('limit=201', 'query.invalid'),
    ('cursor=x', 'query.invalid'), ('count=yes', 'query.invalid'), ('key_id=1', 'query.unknown'),
    ('limit=1&limit=1', 'query.repeated')])
def test_bad_queries(shared, query, rule):
    shared.isms.client.get(f'{LIST}?{query}').expect(400, rule)
    if not query.startswith('sort'):
        shared.isms.client.get(f'/v1/keys?{query}').expect(400, rule)


def test_tags(shared):
    for path in (LIST, '/v1/keys'):
        answer = shared.isms.client.get(path).expect(200)
        shared.isms.client.get(path, If_None_Match=answer.etag).expect(304)


# ---- keys


def test_the_keys_lie_outside_the_database(org):
    folder = keys_folder(org.daemon)
    (key,) = org.get('/v1/keys')['data']
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / 'reviewd.key').stat().st_mode) == 0o600
    assert sorted(one.name for one in folder.iterdir()) == [f'{key["key_id"]}.pub', 'reviewd.key']
    secret = (folder / 'reviewd.key').read_text().splitlines()[1]
    org.daemon.stop()
    for path in Path(org.daemon.data).iterdir():
        assert path.is_dir() or secret[60:100].encode() not in path.read_bytes()
    assert secret[60:100] not in org.daemon.stderr()


def test_key_show_agrees_with_the_api(org, tmp_path):
    approve(org)
    keys = org.get('/v1/keys')['data']
    assert json.loads(org.daemon.cli('key', 'show', '--json').stdout) == keys
    assert set(keys[0]) == {'key_id', 'algorithm', 'public_key', 'made_at', 'retired_at'}
    (tmp_path / 'shown.pub').write_text(org.daemon.cli('key', 'show').stdout)
    one = checkpoints(org.isms.client)[-1]
    assert minisign(tmp_path, one['text'], one['signature'], '-p', tmp_path / 'shown.pub').returncode == 0


def test_key_show_makes_the_first_one_and_says_so():
    daemon = Daemon()
    try:
        first = daemon.cli('key', 'show')
        again = daemon.cli('key', 'show')
        assert 'new key was made' in first.stderr and again.stderr == ''
        assert first.stdout == again.stdout
        daemon.start()
        assert not events(daemon, 'key.made')
        daemon.stop()
    finally:
        daemon.discard()


def test_rotation_beside_a_running_daemon(org, tmp_path):
    approve(org)
    (old,) = org.get('/v1/keys')['data']
    shown = org.daemon.cli('key', 'rotate').stdout
    new, former = poll(lambda: len(org.get('/v1/keys')['data']) == 2 and org.get('/v1/keys')['data'], 1)
    assert new['key_id'] != old['key_id'] and new['retired_at'] is None
    assert former == old | {'retired_at': former['retired_at']} and former['retired_at'] >= old['made_at']
    assert new['public_key'] in shown.splitlines()[1] and old['public_key'] in shown
    before = checkpoints(org.isms.client)
    review = org.running_review()
    org.follow_up(org.get('/v1/action-items')['data'][0], review_id=review['id'])
    org.complete_inputs(review)
    org.action_item(org.adopted(review))
    org.approved(org.conclude(review))
    after = checkpoints(org.isms.client)
    assert {one['key_id'] for one in before} == {old['key_id']} and after[-1]['key_id'] == new['key_id']
    for one in after:
        key = new if one['key_id'] == new['key_id'] else old
        assert minisign(tmp_path, one['text'], one['signature'], '-P', key['public_key']).returncode == 0
    assert walk(org.isms.client, '/v1/keys?limit=1') == org.get('/v1/keys')['data']
    assert org.get('/v1/keys?count=true')['total'] == 2
    assert verify(org.daemon, '--checkpoint', file_of(org.daemon)).returncode == 0
    org.daemon.restart()
    assert org.get('/v1/keys')['data'] == [new, former]


def spoil_secret(folder):
    path = folder / 'reviewd.key'
    lines = path.read_text().splitlines()
    lines[1] = lines[1][:100] + ('B' if lines[1][100] == 'A' else 'A') + lines[1][101:]
    path.write_text('\n'.join(lines) + '\n')


def public_of(folder):
    return next(folder.glob('*.pub'))


def other_public(folder):
    """Under the name of the present key."""
    lines = public_of(folder).read_text().splitlines()
    lines[1] = lines[1][:30] + lines[1][30:33].swapcase() + 'A' + lines[1][34:]
    public_of(folder).write_text('\n'.join(lines) + '\n')


def link(folder):
    (folder / 'reviewd.key').rename(folder.parent / 'elsewhere.key')
    (folder / 'reviewd.key').symlink_to(folder.parent / 'elsewhere.key')


@pytest.mark.parametrize('damage, said', [
    (lambda folder: (folder / 'reviewd.key').chmod(0o640), 'open to others (mode 0640)'),
    (lambda folder: folder.chmod(0o750), 'open to others (mode 0750)'),
    (spoil_secret, 'damaged'),
    (lambda folder: (folder / 'reviewd.key').write_text(''), 'damaged'),
    (lambda folder: (folder / 'reviewd.key').write_bytes(b'\0' * 5000), 'cannot read'),
    (lambda folder: (folder / 'reviewd.key').unlink(), 'missing'),
    (lambda folder: public_of(folder).write_text('untrusted comment: x\nno key\n'), 'damaged'),
    (lambda folder: public_of(folder).rename(folder / '0123456789ABCDEF.pub'), 'damaged'),
    (other_public, 'belong together'),
    (link, 'cannot read'),
], ids=['readable', 'folder readable', 'spoilt', 'empty', 'no key', 'missing', 'public spoilt', 'public renamed',
        'another public', 'a link'])
def test_key_files_that_are_not_right(make, damage, said):
    """Said in one line, by the daemon and by the command line; and nothing is made in their place."""
    daemon = make()
    daemon.cli('key', 'show')
    damage(keys_folder(daemon))
    before = {path.name: path.read_bytes() for path in keys_folder(daemon).iterdir()}
    for command in (['serve', '--listen', '127.0.0.1:0'], ['key', 'show']):
        done = daemon.cli(*command, check=False)
        last = done.stderr.strip().splitlines()[-1]
        assert done.returncode == 1 and last.startswith('reviewd: ') and said in last, done.stderr
    assert {path.name: path.read_bytes() for path in keys_folder(daemon).iterdir()} == before


def test_a_lost_secret_key_is_rotated_away(make):
    daemon = make()
    (old,) = json.loads(daemon.cli('key', 'show', '--json').stdout)
    (keys_folder(daemon) / 'reviewd.key').unlink()
    new, former = json.loads(daemon.cli('key', 'rotate', '--json').stdout)
    assert former['key_id'] == old['key_id'] and former['retired_at'] and not new['retired_at']
    daemon.start()


def test_keys_that_spoil_beside_a_running_daemon(make):
    """It goes on with what it has read, and says so."""
    daemon = make().start()
    client = Client(daemon, make.tokens['isms@example.org'])
    before = client.get('/v1/keys').expect(200).json
    spoil_secret(keys_folder(daemon))
    poll(lambda: events(daemon, 'keys.unreadable'))
    assert client.get('/v1/keys').expect(200).json == before
    assert len(events(daemon, 'keys.unreadable')) == 1


def test_a_restored_database_has_a_new_key(make):
    daemon, fresh = make(), Daemon()
    try:
        daemon.start()
        daemon.stop()
        kept = file_of(daemon)
        old = json.loads(daemon.cli('key', 'show', '--json').stdout)
        daemon.cli('backup', str(daemon.scratch / 'backup.db'))
        restored = fresh.cli('restore', str(daemon.scratch / 'backup.db'))
        assert 'new signing key was made' in restored.stderr
        new = json.loads(fresh.cli('key', 'show', '--json').stdout)
        assert len(new) == 1 and new[0]['key_id'] != old[0]['key_id']
        bare = verify(fresh)
        assert bare.returncode == 0 and 'keys that are not here' in bare.stdout
        unknown = verify(fresh, '--checkpoint', kept)
        assert unknown.returncode == 1 and old[0]['key_id'] in unknown.stderr
        (daemon.scratch / 'old.pub').write_text(daemon.cli('key', 'show').stdout)
        assert verify(fresh, '--checkpoint', kept, '--key', daemon.scratch / 'old.pub').returncode == 0
        shutil.copy(public_of(keys_folder(daemon)), keys_folder(fresh))
        assert verify(fresh, '--checkpoint', kept).returncode == 0
    finally:
        fresh.discard()


def test_keys_that_were_put_back_before(make):
    daemon, fresh = make(), Daemon()
    try:
        daemon.start()
        daemon.stop()
        daemon.cli('backup', str(daemon.scratch / 'backup.db'))
        Path(fresh.data).mkdir(mode=0o700)
        shutil.copytree(keys_folder(daemon), keys_folder(fresh))
        assert fresh.cli('restore', str(daemon.scratch / 'backup.db')).stderr == ''
        assert fresh.cli('key', 'show').stdout == daemon.cli('key', 'show').stdout
        assert verify(fresh, '--checkpoint', file_of(daemon)).returncode == 0
    finally:
        fresh.discard()
