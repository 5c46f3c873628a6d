"""The command line: contract, section 5."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from harness import Client, Daemon
from support import (audit_head, database, drop_triggers, fresh_email, person_body, plain, poll,  # noqa: F401 (fixture)
                     shared, token_id, walk)

TOKEN = re.compile(r'rvd_[A-Za-z0-9_-]{43,64}\n')

COMMANDS = ['serve', 'person upsert', 'token create', 'token list', 'token revoke', 'migrate', 'check', 'backup',
            'restore', 'audit verify', 'due', 'openapi', 'rules', 'version', 'config']


@pytest.fixture
def folder():
    """A data folder that nobody serves, with a daemon object to run commands on it."""
    daemon = Daemon()
    yield daemon
    daemon.discard()


def upsert(daemon, *flags, check=True):
    return daemon.cli('person', 'upsert', *flags, check=check)


ANA = ('--name', 'Ana Horvat', '--email', 'ana@example.org', '--role', 'isms_manager')


def run(daemon, *args):
    """The binary with just these arguments, without --data, in a folder where it may leave something."""
    return subprocess.run([daemon.binary, *args], env=daemon.env, cwd=daemon.scratch, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def refused(done, status=1):
    """One clear line on stderr and nothing on stdout."""
    assert done.returncode == status, done
    assert done.stdout == ''
    assert len(done.stderr.strip().splitlines()) == 1 and len(done.stderr) > 10, done.stderr
    return done.stderr


# ---- usage


@pytest.mark.parametrize('args', [
    [], ['nonsense'], ['person'], ['person', 'nonsense'], ['token'], ['audit'], ['serve', '--nonsense'],
    ['serve', 'extra'], ['person', 'upsert'], ['person', 'upsert', '--name', 'A'], ['person', 'upsert', '--name'],
    ['token', 'create', '--person', 'ana@example.org'], ['token', 'revoke'], ['backup'], ['restore'],
    ['backup', 'a', 'b'], ['version', 'extra'], ['check', '--data'], ['token', 'create', '--read-only=maybe'],
], ids=' '.join)
def test_wrong_usage(folder, args):
    done = run(folder, *args)
    assert done.returncode == 2 and done.stdout == '' and done.stderr.strip()


@pytest.mark.parametrize('command', ['', *COMMANDS])
def test_each_command_has_help(folder, command):
    done = run(folder, *command.split(), '--help')
    assert done.returncode == 0 and done.stderr == ''
    assert all(word in done.stdout for word in ['reviewd', *command.split()])
    assert not command or '--data' in done.stdout


@pytest.mark.parametrize('command', ['', *COMMANDS])
def test_help_as_a_word(folder, command):
    assert run(folder, 'help', *command.split()).stdout == run(folder, *command.split(), '--help').stdout
    assert not Path(folder.data).exists()


@pytest.mark.parametrize('args', [['help', 'nonsense'], ['help', 'token'], ['help', 'version', 'x']], ids=' '.join)
def test_help_with_what_is_no_command(folder, args):
    refused(run(folder, *args), 2)


def test_version_as_a_flag(folder):
    assert run(folder, '--version').stdout == run(folder, 'version').stdout != ''
    assert json.loads(run(folder, '--version', '--json').stdout)['reviewd']


@pytest.mark.parametrize('args', [
    ['--listen', 'foo'], ['--listen', ''], ['--listen', '127.0.0.1'], ['--listen', '127.0.0.1:'],
    ['--listen', '127.0.0.1:99999'], ['--listen', '127.0.0.1:http'], ['--log-level', 'loud'],
], ids=' '.join)
@pytest.mark.parametrize('command', ['serve', 'config', 'migrate'])
def test_a_setting_that_is_none_is_refused_before_anything_is_made(folder, command, args):
    """As every other bad setting is."""
    said = refused(folder.cli(command, *args, check=False), 2)
    assert args[0][2:].replace('-', '_') in said
    assert not Path(folder.data).exists()


def test_the_data_folder_is_made_with_those_above_it(folder):
    nested = Path(folder.data) / 'a' / 'b'
    run(folder, 'migrate', '--data', f'{nested}//')
    assert [one.stat().st_mode & 0o777 for one in (nested, nested.parent)] == [0o700, 0o755]
    refused(run(folder, 'migrate', '--data', f'{nested}/reviewd.db/c'))
    assert not (nested / 'c').exists()


@pytest.mark.parametrize('args', [
    ['person', 'upsert', '--name', 'A', '--email', 'no address', '--role', 'employee'],
    ['person', 'upsert', '--name', '', '--email', 'a@example.org', '--role', 'employee'],
    ['person', 'upsert', '--name', 'x' * 201, '--email', 'a@example.org', '--role', 'employee'],
    ['token', 'create', '--person', 'nobody@example.org', '--label', 'x'],
    ['token', 'revoke', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['restore', '/nonexistent/backup.db'],
    ['backup', '/nonexistent/folder/backup.db'],
], ids=lambda args: ' '.join(args)[:40])
def test_what_cannot_be_done(folder, args):
    upsert(folder, *ANA)
    refused(folder.cli(*args, check=False))


@pytest.mark.parametrize('args', [
    ['person', 'upsert', '--name', 'A', '--email', 'a@example.org', '--role', 'king'],
    ['token', 'create', '--person', 'ana@example.org', '--label', 'x', '--expires', 'soon'],
    ['token', 'create', '--person', 'ana@example.org', '--label', 'x', '--expires', '-1d'],
    ['token', 'create', '--person', 'ana@example.org', '--label', 'x', '--expires', '2020-01-01'],
    ['token', 'create', '--person', 'ana@example.org', '--label', 'x', '--expires', '2020-01-01T00:00:00Z'],
    ['token', 'create', '--person', 'ana@example.org', '--label', 'x', '--role', 'king'],
    ['serve', '--listen', 'nonsense'], ['serve', '--listen', '127.0.0.1:99999'], ['serve', '--listen', '127.0.0.1:-1'],
    ['serve', '--listen', '192.0.2.1:8080'],
], ids=lambda args: ' '.join(args)[-40:])
def test_values_that_are_none(folder, args):
    """Wrong usage or a refusal; in any case said, and nothing done."""
    upsert(folder, *ANA)
    done = folder.cli(*args, check=False)
    assert done.returncode in (1, 2) and done.stderr.strip()
    assert 'a@example.org' not in people(folder)


def people(daemon):
    with closing(database(daemon.data)) as connection:
        return {row['email']: dict(row) for row in connection.execute('SELECT * FROM person')}


def test_a_data_folder_that_cannot_be_made(folder):
    Path(folder.scratch, 'file').write_text('x')
    folder.data = str(folder.scratch / 'file' / 'data')
    refused(upsert(folder, *ANA, check=False))


# ---- data folder


def test_the_data_folder_is_made_for_its_owner_alone(folder):
    """Whatever the umask says."""
    before = os.umask(0)
    try:
        upsert(folder, *ANA)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(folder.data).st_mode) == 0o700


def test_the_default_is_a_folder_beside(folder):
    done = run(folder, 'migrate')
    assert done.returncode == 0, done
    assert (folder.scratch / 'reviewd-data' / 'reviewd.db').exists()


# ---- people


def test_a_person_is_made_once(folder):
    """Run twice it changes nothing: no version, no entry in the log."""
    for _ in range(2):
        upsert(folder, *ANA)
    assert people(folder)['ana@example.org']['version'] == 1
    with closing(database(folder.data)) as connection:
        assert connection.execute('SELECT count(*) FROM audit_log').fetchone()[0] == 1


def test_a_person_is_updated(folder):
    """By the address, in any case; what is not said stays."""
    upsert(folder, *ANA, '--department', 'IT', '--job-title', 'CISO')
    upsert(folder, '--name', 'Ana Novak', '--email', 'ANA@example.org', '--role', 'top_management')
    (person,) = people(folder).values()
    assert (person['name'], person['role'], person['version']) == ('Ana Novak', 'top_management', 2)
    assert (person['department'], person['job_title']) == ('IT', 'CISO')


def test_the_command_line_keeps_the_rules(folder):
    """All that is broken is said on the one line."""
    said = refused(upsert(folder, '--name', ' ', '--email', 'none', '--role', 'employee', check=False))
    assert 'person.email.format' in said and 'body.length' in said


def test_a_person_made_beside_a_running_daemon_is_there(shared):
    email = fresh_email()
    shared.daemon.person('Ben Beside', email, 'employee')
    assert shared.get(f'/v1/people/{email}')['name'] == 'Ben Beside'
    token = shared.daemon.token(email)
    Client(shared.daemon, token).get('/v1/people').expect(200)


# ---- tokens


def test_a_token_is_printed_alone_and_once(folder):
    upsert(folder, *ANA)
    made = folder.cli('token', 'create', '--person', 'ana@example.org', '--label', 'laptop')
    assert TOKEN.fullmatch(made.stdout) and made.stderr == ''
    again = folder.cli('token', 'create', '--person', 'ana@example.org', '--label', 'laptop 2')
    assert again.stdout != made.stdout
    for flags in ((), ('--json',)):
        listed = folder.cli('token', 'list', *flags).stdout
        assert 'laptop' in listed and made.stdout.strip() not in listed


def test_a_token_made_for_a_program(folder):
    upsert(folder, *ANA)
    made = json.loads(folder.cli('token', 'create', '--person', 'ana@example.org', '--label', 'x', '--json').stdout)
    assert TOKEN.fullmatch(made['token'] + '\n')
    assert made['id'] == token_id(folder, 'x')


def test_the_list_shows_the_last_use(shared):
    """Written lazily, so not at once; and not before there was one."""
    email = fresh_email()
    shared.daemon.person('Ulla User', email, 'employee')
    client = Client(shared.daemon, shared.daemon.token(email, label='used and seen'))

    def last_use():
        listed = json.loads(shared.daemon.cli('token', 'list', '--json').stdout)
        listed = listed['data'] if isinstance(listed, dict) else listed
        return next(one['last_used_at'] for one in listed if one['label'] == 'used and seen')

    assert last_use() is None
    client.get('/v1/people').expect(200)
    assert poll(last_use, 120, 'the last use was never written').endswith('Z')


def test_a_revoked_token_stays_in_the_list_and_is_of_no_use(shared):
    client = Client(shared.daemon, shared.daemon.token('auditor@example.org', label='lost laptop'))
    client.get('/v1/people').expect(200)
    shared.daemon.cli('token', 'revoke', token_id(shared.daemon, 'lost laptop'))
    poll(lambda: client.get('/v1/people').status == 401, 1, 'still good after a second')
    assert 'lost laptop' in shared.daemon.cli('token', 'list').stdout


# ---- migrate, check


def test_migrate(folder):
    """Makes the database; again it has nothing to do."""
    for _ in range(2):
        folder.cli('migrate')
    folder.cli('check')
    folder.cli('audit', 'verify')


def test_a_newer_database_is_refused(folder):
    """By every command that would write, with a message that says so, and untouched."""
    folder.cli('migrate')
    with closing(database(folder.data)) as connection:
        make_newer(connection)
    before = Path(folder.data, 'reviewd.db').read_bytes()
    for args in (['migrate'], ['serve', '--listen', '127.0.0.1:0'], ['person', 'upsert', *ANA]):
        assert 'newer' in refused_last_line(folder.cli(*args, check=False))
    assert Path(folder.data, 'reviewd.db').read_bytes() == before


def make_newer(connection):
    """Records a migration that no build has yet, wherever this one records them."""
    tables = [row['name'] for row in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migration%'"
                                                        " AND type = 'table'")]
    if not tables:
        assert connection.execute('PRAGMA user_version').fetchone()[0] > 0, 'no migration is recorded'
        connection.execute('PRAGMA user_version = 9999')
        return
    row = dict(connection.execute(f'SELECT * FROM "{tables[0]}" LIMIT 1').fetchone())
    number = next(name for name, value in row.items() if isinstance(value, int))
    row[number] = 9999
    connection.execute(f'INSERT INTO "{tables[0]}" ({", ".join(row)}) VALUES ({", ".join("?" * len(row))})',
                       list(row.values()))


def refused_last_line(done):
    """`serve` logs JSON lines before it gives up; the last line is the reason."""
    assert done.returncode == 1, done
    return done.stderr.strip().splitlines()[-1].lower()


@pytest.mark.parametrize('damage', ['overwritten', 'cut', 'foreign key'])
def test_check_finds_damage(shared, folder, damage):
    shared.daemon.cli('backup', str(folder.scratch / 'backup.db'))
    Path(folder.data).mkdir(mode=0o700)
    file = Path(folder.data, 'reviewd.db')
    shutil.copy(folder.scratch / 'backup.db', file)
    folder.cli('check')
    if damage == 'overwritten':
        content = bytearray(file.read_bytes())
        content[8192:16384] = b'\x5a' * 8192
        file.write_bytes(content)
    elif damage == 'cut':
        os.truncate(file, file.stat().st_size // 2)
    else:
        with closing(database(folder.data)) as connection:
            connection.execute('PRAGMA foreign_keys = OFF')
            connection.execute("UPDATE person SET updated_by = '01890a5d-ac96-774b-bcce-b302099a8057', "
                               'version = version + 1')
    assert folder.cli('check', check=False).returncode == 1


# ---- backup and restore


def test_a_backup_while_the_daemon_writes(org, folder):
    """Hot and verified: it holds every record that was answered before it began, and a whole chain."""
    stop, written = threading.Event(), []

    def write():
        while not stop.is_set():
            written.append(plain(org.isms.client, 'POST', '/v1/people', person_body()).json['id'])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        poll(lambda: len(written) > 20)
        before, backup = list(written), folder.scratch / 'backup.db'
        org.daemon.cli('backup', str(backup))
    finally:
        stop.set()
        writer.join()
    said = folder.cli('restore', str(backup)).stdout
    assert re.search(r'\d', said), 'restore does not say what it holds'
    kept = {row['id'] for row in people(folder).values()}
    assert set(before) <= kept and len(kept) <= len(written) + len(org.people)
    folder.cli('audit', 'verify')
    folder.cli('check')


def test_a_backup_is_served_as_the_original_was(org, folder):
    review = org.approved()
    path = f'/v1/reviews/{review["id"]}'
    head, shown = audit_head(org.isms.client), org.isms.client.get(path).body
    backup = folder.scratch / 'backup.db'
    org.daemon.cli('backup', str(backup))
    assert stat.S_IMODE(backup.stat().st_mode) & 0o077 == 0, 'others can read the backup'
    folder.cli('restore', str(backup))
    folder.start()
    again = Client(folder, org.isms.token)      # tokens are restored too
    assert again.get(path).expect(200).body == shown
    assert audit_head(again) == head
    again.post('/v1/people', person_body()).expect(201)
    folder.stop()


def test_what_was_restored_is_opened_by_several_at_once(org, folder):
    """The first to open it gives it a log, and the others wait for that as for all else."""
    backup = folder.scratch / 'backup.db'
    org.daemon.cli('backup', str(backup))
    folder.cli('restore', str(backup))
    with closing(sqlite3.connect(Path(folder.data, 'reviewd.db'), isolation_level=None)) as other:
        other.execute('BEGIN IMMEDIATE')
        check = subprocess.Popen([folder.binary, 'check', '--data', folder.data], env=folder.env, stdout=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            check.wait(1)
        other.execute('COMMIT')
    assert check.wait(60) == 0


def test_restore_says_what_it_holds(org, folder):
    org.review()
    backup = folder.scratch / 'backup.db'
    org.daemon.cli('backup', str(backup))
    shown = json.loads(folder.cli('restore', str(backup), '--json').stdout)
    assert str(audit_head(org.isms.client)['seq']) in json.dumps(shown)


def test_restore_wants_an_empty_folder(org, folder):
    backup = folder.scratch / 'backup.db'
    org.daemon.cli('backup', str(backup))
    upsert(folder, *ANA)
    refused(folder.cli('restore', str(backup), check=False))
    assert list(people(folder)) == ['ana@example.org']
    # Nor is the running daemon's own folder empty.
    refused(org.daemon.cli('restore', str(backup), check=False))


@pytest.mark.parametrize('content', [b'', b'nonsense', b'SQLite format 3\x00' + b'\x00' * 4080])
def test_restore_takes_only_a_backup(folder, content):
    """And leaves the folder as empty as it was."""
    file = folder.scratch / 'backup.db'
    file.write_bytes(content)
    refused(folder.cli('restore', str(file), check=False))
    assert not Path(folder.data, 'reviewd.db').exists()


def test_restore_refuses_a_backup_that_was_tampered_with(org, folder):
    backup = folder.scratch / 'backup.db'
    org.daemon.cli('backup', str(backup))
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        drop_triggers(connection)
        connection.execute("UPDATE person SET role = 'top_management'")
    refused(folder.cli('restore', str(backup), check=False))


# ---- openapi, rules, version, config


def test_openapi_is_what_is_served(shared):
    printed = json.loads(shared.daemon.cli('openapi').stdout)
    assert printed['openapi'].startswith('3.1')
    assert printed == Client(shared.daemon, None).get('/openapi.json').expect(200).json


def test_rules_are_what_is_served(shared):
    printed = json.loads(shared.daemon.cli('rules', '--json').stdout)
    printed = printed['data'] if isinstance(printed, dict) else printed
    served = walk(shared.isms.client, '/v1/rules?limit=200')
    assert sorted(printed, key=lambda rule: rule['name']) == sorted(served, key=lambda rule: rule['name'])
    told = shared.daemon.cli('rules').stdout
    assert all(rule['name'] in told for rule in served)


def test_version_says_what_it_is_made_of(folder):
    said = run(folder, 'version').stdout.lower()
    assert all(library in said for library in ('reviewd', 'sqlite', 'microhttpd', 'jansson', 'sodium', 'zlib'))
    assert json.loads(run(folder, 'version', '--json').stdout)


def setting(done, name):
    """The line of a setting: its value and where that came from."""
    return next(line for line in done.stdout.splitlines() if re.match(rf'\s*{name}\b', line))


def test_config_says_what_is_in_force_and_why(folder):
    """Built in, then a file, then the environment, then flags."""
    assert re.search(r'127\.0\.0\.1:8080.*default|default.*127\.0\.0\.1:8080', setting(run(folder, 'config'), 'listen'))
    file = folder.scratch / 'reviewd.conf'
    file.write_text('# a comment\nlisten = 127.0.0.1:7001\n')
    with_file = run(folder, 'config', '--config', str(file))
    assert '127.0.0.1:7001' in setting(with_file, 'listen') and str(file) in setting(with_file, 'listen')
    folder.env['REVIEWD_LISTEN'] = '127.0.0.1:7002'
    with_both = run(folder, 'config', '--config', str(file))
    assert '127.0.0.1:7002' in setting(with_both, 'listen') and 'REVIEWD_LISTEN' in setting(with_both, 'listen')
    with_all = run(folder, 'config', '--config', str(file), '--listen', '127.0.0.1:7003')
    assert '127.0.0.1:7003' in setting(with_all, 'listen') and '--listen' in setting(with_all, 'listen')
    assert json.loads(run(folder, 'config', '--json').stdout)


def test_a_setting_nobody_knows(folder):
    """A slip of the pen is not passed over."""
    file = folder.scratch / 'reviewd.conf'
    for content in ('lisen = 127.0.0.1:7001\n', 'listen\n', 'listen = 127.0.0.1:7001\nlisten = 127.0.0.1:7002\n'):
        file.write_text(content)
        done = run(folder, 'config', '--config', str(file))
        assert done.returncode in (1, 2) and str(file) in done.stderr, content


def test_lines_of_a_configuration(folder):
    """Each is taken as a whole, however long it is; what nobody sees is in none."""
    file = folder.scratch / 'reviewd.conf'
    file.write_text('# ' + 'long ' * 1100 + 'workers = 3\nlisten = 127.0.0.1:7001\r\n')
    assert '127.0.0.1:7001' in setting(run(folder, 'config', '--config', str(file)), 'listen')
    for content in (b'data = /x\0y\n', b'data = /x\ry\n', b'da\x1bta = /x\n', b'\0\n'):
        file.write_bytes(b'workers = 2\n' + content)
        done = run(folder, 'config', '--config', str(file))
        assert done.returncode in (1, 2) and f'{file}, line 2: a control character' in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1 and done.stderr.strip().isprintable(), done.stderr
    assert 'control character' in run(folder, 'config', '--log-file', 'a\nb').stderr


def test_data_may_come_from_the_environment(folder):
    folder.env['REVIEWD_DATA'] = folder.data
    assert run(folder, 'migrate').returncode == 0
    assert Path(folder.data, 'reviewd.db').exists()


# ---- all of them, for programs, beside a running daemon


@pytest.mark.parametrize('args', [
    ['person', 'upsert', *ANA], ['token', 'create', '--person', 'top@example.org', '--label', 'json'],
    ['token', 'list'], ['migrate'], ['check'], ['audit', 'verify'], ['openapi'], ['rules'], ['version'], ['config'],
    ['backup', '{scratch}/json.db'],
], ids=lambda args: ' '.join(args[:2]))
def test_json_everywhere_and_beside_a_running_daemon(shared, args):
    args = [one.format(scratch=shared.daemon.scratch) for one in args]
    done = shared.daemon.cli(*args, '--json')
    assert done.stderr == ''
    json.loads(done.stdout)
    shared.isms.client.get('/v1/people').expect(200)


# ---- serve


def test_an_empty_folder_says_how_to_begin(daemon):
    """To whoever sees its log: with the commands to the letter, which then work."""
    poll(lambda: 'person upsert' in daemon.stderr() and 'token create' in daemon.stderr(), 5, 'it says nothing')
    daemon.person('Ana Horvat', 'ana@example.org', 'isms_manager')
    Client(daemon, daemon.token('ana@example.org')).get('/v1/people').expect(200)
    said = len(daemon.stderr())
    daemon.restart()
    assert 'person upsert' not in daemon.stderr()[said:]


def test_two_daemons_on_one_folder(org):
    """SO_REUSEPORT would let the second in without a word; the lock on the folder does not."""
    for port in (0, org.daemon.port):
        second = org.daemon.cli('serve', '--listen', f'127.0.0.1:{port}', check=False)
        assert second.returncode == 1 and second.stderr.strip()
    org.review()


def test_a_killed_daemon_leaves_no_lock(org):
    org.daemon.kill()
    org.daemon.start()
    org.review()


def test_nobody_but_loopback_unless_told(org):
    """The default listens on loopback: that is what the log and the settings say."""
    assert '127.0.0.1:8080' in setting(run(org.daemon, 'config'), 'listen')
    assert org.daemon.url.startswith('http://127.0.0.1:')


def test_sigterm_drains(org):
    """What was accepted is answered, what was answered is stored, and nothing is stored that was not answered."""
    answered, stop = [], threading.Event()

    def write():
        while not stop.is_set():
            body = person_body()
            try:
                answer = plain(org.isms.client, 'POST', '/v1/people', body)
            except (OSError, http.client.HTTPException):
                return      # no longer listening
            if answer.status == 201:
                answered.append(body['email'])
            else:
                assert answer.status == 503, answer
                return

    writers = [threading.Thread(target=write) for _ in range(16)]
    for writer in writers:
        writer.start()
    poll(lambda: len(answered) > 100, 30)
    org.daemon.stop()      # asserts exit status 0 within ten seconds
    stop.set()
    for writer in writers:
        writer.join()
    stored = people(org.daemon).keys() - {person.email for person in org.people}
    assert stored == set(answered)
    org.daemon.start()
    org.daemon.cli('audit', 'verify')


def test_sigterm_does_not_wait_for_the_idle(org):
    """Connections that are kept alive, or stuck in the middle of a request, do not hold it up."""
    idle = [socket.create_connection(('127.0.0.1', org.daemon.port)) for _ in range(20)]
    for connection in idle[:10]:
        connection.sendall(b'POST /v1/people HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
    began = time.monotonic()
    org.daemon.stop()
    assert time.monotonic() - began < 9
    for connection in idle:
        connection.close()


def test_sigint_ends_it_as_well(org):
    org.daemon.process.send_signal(signal.SIGINT)
    assert org.daemon.process.wait(10) == 0


def test_a_port_has_one_daemon(daemon):
    """Also where the data folders differ: the loops of one daemon share the port among themselves alone."""
    other = Daemon()
    try:
        done = other.cli('serve', '--listen', f'127.0.0.1:{daemon.port}', check=False)
        assert done.returncode == 1 and 'cannot listen' in done.stderr
    finally:
        other.discard()
