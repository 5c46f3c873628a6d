"""`audit verify --checkpoint`: a log that was cut short or worked out anew, of which the bare chain knows nothing; and
where signed heads go: to a file and to a command."""

import json
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from harness import Client
from support import audit_head, canonical, database, drop_triggers, plain, poll, sha256
from test_audit import entry_hash
from test_checkpoints import checkpoints, configure, events, file_of, make, rows, verify, write_something  # noqa: F401

COLUMNS = ('actor_id', 'at', 'body_sha256', 'event', 'previous_hash', 'request_id', 'resource', 'resource_id', 'seq')


@pytest.fixture
def kept(make):
    """A data folder that nobody serves, with signed heads in it and in a file elsewhere."""
    daemon = make()
    for _ in range(3):
        daemon.start()
        write_something(Client(daemon, make.tokens['isms@example.org']))
        daemon.stop()
    daemon.kept = file_of(daemon)
    assert verify(daemon, '--checkpoint', daemon.kept).returncode == 0
    return daemon


def tamper(daemon, change):
    with closing(database(daemon.data)) as connection:
        connection.execute('PRAGMA foreign_keys = OFF')
        triggers = connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        drop_triggers(connection)
        change(connection)
        for trigger in triggers:        # whoever knows what he does leaves no trace of it
            connection.execute(trigger['sql'])


def cut(connection, count):
    """Takes the last entries away with everything that came of them, as if nobody had ever written them."""
    last = connection.execute('SELECT max(seq) FROM audit_log').fetchone()[0]
    for entry in connection.execute('SELECT * FROM audit_log WHERE seq > ?', [last - count]).fetchall():
        assert entry['event'] == 'person.create'
        connection.execute('DELETE FROM person WHERE id = ?', [entry['resource_id']])
        connection.execute('DELETE FROM personal WHERE record_id = ?', [entry['resource_id']])
    connection.execute("UPDATE words_indexed SET last = min(last, (SELECT max(key) FROM person)) WHERE resource = 'person'")
    for table in ('version', 'audit_log', 'checkpoint'):
        connection.execute(f'DELETE FROM {table} WHERE seq > ?', [last - count])


def recompute(connection):
    """Gives the first person another name from the beginning on, and works every hash out anew."""
    first = connection.execute('SELECT * FROM version ORDER BY seq LIMIT 1').fetchone()
    connection.execute("UPDATE person SET name = 'Somebody Else' WHERE id = ?", [first['record_id']])
    name = json.loads(first['body'])['name']['commitment']
    salt = connection.execute('SELECT salt FROM personal WHERE commitment = ?', [name]).fetchone()['salt']
    other = sha256(f'reviewd-personal-1\n{salt}\nSomebody Else')
    connection.execute("UPDATE personal SET value = 'Somebody Else', commitment = ? WHERE commitment = ?", [other, name])
    previous = '0' * 64
    for version in connection.execute('SELECT * FROM version ORDER BY seq').fetchall():
        body = json.loads(version['body'])
        if version['record_id'] == first['record_id']:
            body['name'] = {'commitment': other}
        text = canonical(body)
        entry = dict(connection.execute('SELECT * FROM audit_log WHERE seq = ?', [version['seq']]).fetchone())
        entry |= {'body_sha256': sha256(text), 'previous_hash': previous}
        shown = {name: entry[name] for name in COLUMNS}
        if entry['minutes_sha256']:
            shown['minutes_sha256'] = json.loads(entry['minutes_sha256'])
        previous = entry_hash(shown)
        connection.execute('UPDATE version SET body = ? WHERE seq = ?', [text, version['seq']])
        connection.execute('UPDATE audit_log SET body_sha256 = ?, previous_hash = ?, hash = ? WHERE seq = ?',
                           [entry['body_sha256'], entry['previous_hash'], previous, version['seq']])
    connection.execute('DELETE FROM checkpoint')


@pytest.mark.parametrize('change, said', [
    (lambda connection: cut(connection, 1), 'cut short'),
    (lambda connection: cut(connection, 3), 'cut short'),
    (recompute, 'rewritten'),
], ids=['the last', 'the last three', 'recomputed'])
def test_what_the_bare_chain_does_not_find(kept, change, said):
    tamper(kept, change)
    bare = verify(kept)
    assert bare.returncode == 0, bare.stderr
    assert kept.cli('check', check=False).returncode == 0
    found = verify(kept, '--checkpoint', kept.kept)
    assert found.returncode == 1 and said in found.stderr
    shown = json.loads(verify(kept, '--checkpoint', kept.kept, '--json').stdout)
    assert shown['valid'] is False and said in shown['finding']


def test_a_log_that_was_cut_and_grew_again(kept, make):
    """As long as before, and whole in itself, with signed heads of its own by the very key."""
    tamper(kept, lambda connection: cut(connection, 2))
    kept.start()
    for _ in range(4):
        write_something(Client(kept, make.tokens['isms@example.org']))
    kept.stop()
    assert verify(kept).returncode == 0
    found = verify(kept, '--checkpoint', kept.kept)
    assert found.returncode == 1 and 'rewritten' in found.stderr


def test_one_that_was_kept_is_enough(kept):
    """The newest that was sent away covers all before it."""
    last = rows(kept.data)[-1]
    one = kept.scratch / 'one.txt'
    one.write_text(last['text'] + last['signature'])
    assert verify(kept, '--checkpoint', one).returncode == 0
    tamper(kept, recompute)
    assert verify(kept, '--checkpoint', one).returncode == 1


def test_as_the_api_answers_them(kept, make):
    kept.start()
    client = Client(kept, make.tokens['auditor@example.org'])
    seq = checkpoints(client)[0]['seq']
    files = {'page.json': '', 'one.json': f'/{seq}', 'all.ndjson': '?format=ndjson'}
    for name, path in files.items():
        (kept.scratch / name).write_bytes(client.get(f'/v1/audit-log/checkpoints{path}').body)
        done = verify(kept, '--checkpoint', kept.scratch / name)
        assert done.returncode == 0 and 'signed heads that hold' in done.stdout, done.stderr
    (kept.scratch / 'all.csv').write_bytes(plain(client, 'GET', '/v1/audit-log/checkpoints?format=csv').body)
    done = verify(kept, '--checkpoint', kept.scratch / 'all.csv')
    assert done.returncode == 1 and 'is CSV: take the signed heads as JSON or NDJSON' in done.stderr
    one = json.loads((kept.scratch / 'one.json').read_text())
    for member, other in (('hash', '0' * 64), ('seq', seq + 1), ('at', '2020-01-01T00:00:00.000Z'), ('key_id', '0' * 16)):
        (kept.scratch / 'other.json').write_text(json.dumps(one | {member: other}))
        done = verify(kept, '--checkpoint', kept.scratch / 'other.json')
        assert done.returncode == 1 and 'what stands beside the text of checkpoint 1' in done.stdout + done.stderr
    (kept.scratch / 'part.json').write_bytes(client.get('/v1/audit-log/checkpoints?limit=1').body)
    done = verify(kept, '--checkpoint', kept.scratch / 'part.json')
    assert done.returncode == 0 and 'there are more signed heads behind its next_cursor' in done.stderr
    (kept.scratch / 'mark.json').write_bytes(b'\xef\xbb\xbf' + (kept.scratch / 'one.json').read_bytes())
    done = verify(kept, '--checkpoint', kept.scratch / 'mark.json')
    assert done.returncode == 1 and 'byte order mark' in done.stderr
    kept.stop()
    tamper(kept, recompute)
    for name in files:
        assert verify(kept, '--checkpoint', kept.scratch / name).returncode == 1


def edited(old, new):
    return lambda text: text.replace(old, new, 1)


def by_another_key(text, folder):
    """Signed anew, by somebody who has minisign."""
    subprocess.run(['minisign', '-G', '-W', '-p', folder / 'their.pub', '-s', folder / 'their.key'], check=True,
                   capture_output=True)
    (folder / 'c').write_text(''.join(text.splitlines(True)[:6]))
    subprocess.run(['minisign', '-S', '-s', folder / 'their.key', '-m', folder / 'c'], check=True, capture_output=True)
    return (folder / 'c').read_text() + (folder / 'c.minisig').read_text()


@pytest.mark.parametrize('edit', [
    edited('seq ', 'seq 1'), edited('hash ', 'hash 0'), edited('hash ', 'Hash '), edited('file:', 'file:x'),
    edited('instance 0', 'instance 1'), edited('key ', 'key 0'), edited('reviewd-checkpoint-1', 'reviewd-checkpoint-2'),
    lambda text: text[:-60], lambda text: text[3:], lambda text: '', lambda text: '\n\n', lambda text: 'nothing\n' * 20,
    lambda text: text.replace('\n', '\r\n'), lambda text: '{', lambda text: '{}', lambda text: '{"data": []}',
    lambda text: '{"data": [{"text": 1, "signature": "x"}]}', lambda text: '{"data": []}\n{', lambda text: text + text[:40], lambda text: '\0' * 100,
    lambda text: text.replace('seq ', 'seq 99999999999999999999')])
def test_files_that_are_no_checkpoints(kept, edit):
    bad = kept.scratch / 'bad.txt'
    bad.write_bytes(edit(kept.kept.read_text()).encode())
    done = verify(kept, '--checkpoint', bad)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done
    assert 'hold' not in done.stdout.replace('the chain holds', '')


def test_signed_by_somebody_else(kept):
    theirs = kept.scratch / 'theirs.txt'
    theirs.write_text(by_another_key(kept.kept.read_text(), kept.scratch))
    assert verify(kept, '--checkpoint', theirs).returncode == 1
    # It says in its text that ours signed it.
    assert verify(kept, '--checkpoint', theirs, '--key', kept.scratch / 'their.pub').returncode == 1


def test_the_key_of_an_auditor(kept):
    """Kept elsewhere as well: whoever has the data folder may have put another key into it."""
    ours = kept.scratch / 'ours.pub'
    ours.write_text(kept.cli('key', 'show').stdout)
    kept.cli('key', 'rotate')
    both = kept.scratch / 'both.pub'
    both.write_text(kept.cli('key', 'show').stdout)
    by_another_key(kept.kept.read_text(), kept.scratch)
    assert verify(kept, '--checkpoint', kept.kept, '--key', ours).returncode == 0
    assert verify(kept, '--checkpoint', kept.kept, '--key', both).returncode == 0
    assert verify(kept, '--checkpoint', kept.kept, '--key', kept.scratch / 'their.pub').returncode == 1
    shutil.rmtree(Path(kept.data) / 'keys')
    assert verify(kept, '--checkpoint', kept.kept).returncode == 1
    assert verify(kept, '--checkpoint', kept.kept, '--key', ours).returncode == 0
    assert not (Path(kept.data) / 'keys').exists()


@pytest.mark.parametrize('args', [
    ['--checkpoint', '/nonexistent'], ['--checkpoint', '/tmp'], ['--key', '/nonexistent']])
def test_files_that_cannot_be_read(kept, args):
    done = verify(kept, *args)
    assert done.returncode == 1 and done.stderr.startswith('reviewd: '), done


def test_another_organisation_has_another_log(kept, make):
    other = make().start()
    other.stop()
    shutil.rmtree(Path(other.data) / 'keys')
    shutil.copytree(Path(kept.data) / 'keys', Path(other.data) / 'keys')
    done = verify(other, '--checkpoint', kept.kept)
    assert done.returncode == 1 and 'it is of the log' in done.stderr


# ---- the database's own


@pytest.mark.parametrize('statement', [
    "UPDATE checkpoint SET hash = '" + '0' * 64 + "' WHERE seq = (SELECT min(seq) FROM checkpoint)",
    "UPDATE checkpoint SET text = replace(text, 'seq ', 'seq 1')",
    'UPDATE checkpoint SET seq = seq + 1 WHERE seq = (SELECT max(seq) FROM checkpoint)',
    "UPDATE checkpoint SET at = '2020-01-01T00:00:00.000Z'",
    "UPDATE checkpoint SET signature = replace(signature, 'file:', 'file:x')",
    "UPDATE checkpoint SET key_id = '0123456789ABCDEF'",
    "UPDATE instance SET id = '01890a5d-ac96-774b-bcce-b302099a8057'",
    'DELETE FROM instance',
])
def test_verify_looks_at_those_of_the_database(kept, statement):
    assert verify(kept).returncode == 0
    tamper(kept, lambda connection: connection.execute(statement))
    for command in (['audit', 'verify'], ['audit', 'verify', '--json'], ['check']):
        done = kept.cli(*command, check=False)
        assert done.returncode == 1 and 'checkpoint' in done.stderr, done


def test_a_cut_that_left_them_is_found_without_a_file(kept):
    def change(connection):
        kept_rows = connection.execute('SELECT * FROM checkpoint').fetchall()
        cut(connection, 1)
        connection.execute('DELETE FROM checkpoint')
        for row in kept_rows:
            connection.execute('INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?, ?)', tuple(row))

    tamper(kept, change)
    done = verify(kept)
    assert done.returncode == 1 and 'cut short' in done.stderr


@pytest.mark.parametrize('statement', [
    'DELETE FROM checkpoint', 'UPDATE checkpoint SET hash = hash', 'DELETE FROM instance',
    "UPDATE instance SET id = '01890a5d-ac96-774b-bcce-b302099a8057'",
    "INSERT INTO instance VALUES (1, '01890a5d-ac96-774b-bcce-b302099a8057')",
    "REPLACE INTO instance VALUES (1, '01890a5d-ac96-774b-bcce-b302099a8057')",
    'INSERT INTO checkpoint SELECT * FROM checkpoint LIMIT 1', 'REPLACE INTO checkpoint SELECT * FROM checkpoint LIMIT 1',
    'INSERT INTO checkpoint SELECT 1, hash, at, key_id, text, signature FROM checkpoint LIMIT 1',
    'INSERT INTO checkpoint SELECT seq + 1000, hash, at, key_id, text, signature FROM checkpoint LIMIT 1',
    "INSERT INTO checkpoint SELECT seq + 1, '', at, key_id, text, signature FROM checkpoint ORDER BY seq DESC LIMIT 1",
])
def test_they_are_append_only(kept, statement):
    with closing(database(kept.data)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert verify(kept).returncode == 0


# ---- where they go


def delivered(daemon, output):
    return [line['seq'] for line in events(daemon, 'checkpoint.delivered') if line['output'] == output]


def undelivered(daemon, output):
    return [line for line in events(daemon, 'checkpoint.undelivered') if line['output'] == output]


def running(words):
    """Whether a process of just these words is there."""
    wanted = b'\0'.join(words) + b'\0'
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        try:
            if path.read_bytes() == wanted:
                return True
        except OSError:
            pass     # it has ended meanwhile
    return False


def test_to_a_file(make):
    daemon = make()
    kept = daemon.scratch / 'elsewhere.txt'
    configure(daemon, f'checkpoint_file = {kept}\n')
    for _ in range(3):
        daemon.start()
        write_something(Client(daemon, make.tokens['isms@example.org']))
        daemon.stop()        # waits until it is handed out
    text = ''.join(f'{row["text"]}{row["signature"]}\n' for row in rows(daemon.data))
    assert kept.read_text() == text and text.count('reviewd-checkpoint-1') == 4
    done = verify(daemon, '--checkpoint', kept)
    assert done.returncode == 0 and 'signed heads that hold: 4,' in done.stdout


def test_to_a_command_without_a_shell(make):
    """Its words are what the spaces part; the shell's own signs are letters like others."""
    daemon = make()
    script = daemon.scratch / 'keep'
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >>"$0.args"\ncat >>"$0.txt"\necho done; echo also >&2\n')
    script.chmod(0o755)
    configure(daemon, f'checkpoint_command = {script}  --to $HOME;x `id` *\n')
    daemon.start()
    poll(lambda: delivered(daemon, 'command'))
    write_something(Client(daemon, make.tokens['isms@example.org']))
    daemon.stop()
    assert (daemon.scratch / 'keep.args').read_text().split('\n')[:4] == ['--to', '$HOME;x', '`id`', '*']
    assert verify(daemon, '--checkpoint', daemon.scratch / 'keep.txt').returncode == 0
    assert (daemon.scratch / 'keep.txt').read_text().count('reviewd-checkpoint-1') == 2


def test_it_begins_with_the_newest_and_goes_on(make):
    """What was made before anybody asked is covered by the newest; after that nothing is left out, or sent twice."""
    daemon = make()
    for _ in range(2):
        daemon.start()
        write_something(Client(daemon, make.tokens['isms@example.org']))
        daemon.stop()
    kept = daemon.scratch / 'elsewhere.txt'
    configure(daemon, f'checkpoint_file = {kept}\n')
    daemon.start()
    daemon.restart()
    daemon.stop()
    assert kept.read_text().count('reviewd-checkpoint-1') == 1
    assert f'seq {rows(daemon.data)[-1]["seq"]}\n' in kept.read_text()


@pytest.mark.parametrize('output, setting, detail', [
    ('file', 'checkpoint_file = /nonexistent/folder/file', 'No such file'),
    ('file', 'checkpoint_file = /dev/full', 'No space left'),
    ('command', 'checkpoint_command = /nonexistent/command', 'No such file'),
    ('command', 'checkpoint_command = false', 'status 1'),
    ('command', 'checkpoint_command = ls /nonexistent-file', 'nonexistent-file'),
])
def test_what_fails_is_said_once_and_tried_with_the_next(make, output, setting, detail):
    daemon = make(setting + '\n')
    daemon.start()
    failed = poll(lambda: undelivered(daemon, output))
    assert failed[0]['level'] == 'warning' and detail in failed[0]['detail']
    client = Client(daemon, make.tokens['isms@example.org'])
    for _ in range(3):
        write_something(client)
    daemon.stop()                                       # with the next one
    assert len(undelivered(daemon, output)) == 2 and not delivered(daemon, output)
    # Once it works, all that waited is there.
    kept = daemon.scratch / 'kept.txt'
    configure(daemon, f'checkpoint_file = {kept}\ncheckpoint_command = tee {kept}.tee\n')
    daemon.start()
    poll(lambda: delivered(daemon, 'file') and delivered(daemon, 'command'))
    late = kept if output == 'file' else Path(f'{kept}.tee')
    assert verify(daemon, '--checkpoint', late).returncode == 0
    assert late.read_text().count('reviewd-checkpoint-1') == len(rows(daemon.data)) == 2


def test_sighup_takes_another_place(make):
    daemon = make('checkpoint_file = /nonexistent/folder/file\n').start()
    poll(lambda: undelivered(daemon, 'file'))
    kept = daemon.scratch / 'kept.txt'
    configure(daemon, f'checkpoint_file = {kept}\n')
    poll(lambda: kept.exists() and kept.read_text())
    assert verify(daemon, '--checkpoint', kept).returncode == 0


def test_a_command_that_hangs_holds_nobody_up(make):
    words = [b'sleep', f'6{os.getpid()}'.encode()]
    daemon = make(f'checkpoint_command = {b" ".join(words).decode()}\n').start()
    poll(lambda: running(words))
    client = Client(daemon, make.tokens['isms@example.org'])
    begun = time.monotonic()
    for _ in range(20):
        write_something(client)
    assert time.monotonic() - begun < 5
    before = audit_head(client)
    begun = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begun < 8
    assert rows(daemon.data)[-1]['seq'] == before['seq']
    assert 'too long' in undelivered(daemon, 'command')[0]['detail']
    assert not running(words)


def test_a_command_that_takes_nothing_and_says_much(make):
    daemon = make()
    script = daemon.scratch / 'loud'
    script.write_text('#!/bin/sh\nexec <&-\nyes "\x07\xff" | head -c 1000000\nexit 3\n', encoding='latin-1')
    script.chmod(0o755)
    configure(daemon, f'checkpoint_command = {script}\n')
    daemon.start()
    (said,) = poll(lambda: undelivered(daemon, 'command'), 15)
    assert 'status 3' in said['detail'] and len(said['detail']) < 400
