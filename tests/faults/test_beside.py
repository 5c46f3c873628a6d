"""Others at the same data: the command line's writes and backups beside a loaded daemon, and folders that do not fit."""

import json
import shutil
import stat
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

import harness
from faults import Load, assert_ledger, assert_sound, daemon_on, emails, poll, send, small_disk
from support import audit_entries, database


def test_a_second_writer(bad):
    """`person upsert` in a loop beside eight callers: all succeed, and it is one chain."""
    org = bad()
    load = Load(org, threads=8)
    made = []
    until = time.monotonic() + 5
    while time.monotonic() < until or len(made) < 10:
        email = f'by-hand-{len(made)}@example.org'
        org.daemon.person('By Hand', email, 'employee')
        made.append(email)
    load.end()
    assert set(load.told.values()) == {201}, load.told
    assert_ledger(org, load)
    assert set(made) <= set(emails(org))
    entries = audit_entries(org.isms.client)
    assert [entry['seq'] for entry in entries] == list(range(1, len(entries) + 1))
    assert_sound(org.daemon)
    org.daemon.restart()
    assert_sound(org.daemon)


def test_two_second_writers(bad):
    """Processes against each other as well."""
    org = bad()
    load, failures = Load(org, threads=4), []

    def upsert(who):
        for number in range(8):
            done = org.daemon.cli('person', 'upsert', '--name', 'By Hand', '--email',
                                  f'hand-{who}-{number}@example.org', '--role', 'employee', check=False)
            if done.returncode:
                failures.append(done.stderr)

    writers = [threading.Thread(target=upsert, args=(who,)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    load.end()
    assert not failures, failures
    assert set(load.told.values()) == {201}
    assert sum(email.startswith('hand-') for email in emails(org)) == 24
    assert_sound(org.daemon)


def test_backups_in_a_loop(bad):
    """Each holds what had been acknowledged when it began, and can be restored."""
    org = bad()
    load = Load(org, threads=8)
    poll(lambda: len(load.told) > 50, 30)
    for number in range(8):
        before = load.acknowledged
        backup = org.daemon.scratch / f'backup-{number}.db'
        org.daemon.cli('backup', str(backup))
        assert stat.S_IMODE(backup.stat().st_mode) & 0o077 == 0
        folder = harness.Daemon(binary=org.daemon.binary)
        try:
            json.loads(folder.cli('restore', str(backup), '--json').stdout)
            with closing(database(folder.data)) as connection:
                kept = {row['email'] for row in connection.execute('SELECT email FROM person')}
            assert before <= kept
            folder.cli('audit', 'verify')
        finally:
            folder.discard()
        assert sorted(one.name for one in org.daemon.scratch.glob('backup-*')) == sorted(
            f'backup-{at}.db' for at in range(number + 1))
    load.end()
    assert set(load.told.values()) == {201}
    assert_ledger(org, load)


def test_checks_in_a_loop(bad):
    """Verifying beside a loaded daemon finds nothing, for there is nothing."""
    org = bad()
    load = Load(org, threads=8)
    for _ in range(6):
        assert_sound(org.daemon)
    load.end()
    assert set(load.told.values()) == {201}


def serve_fails(daemon):
    """Its last line, which says why."""
    done = subprocess.run([daemon.binary, 'serve', '--data', daemon.data, '--listen', '127.0.0.1:0'], env=daemon.env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1, done
    return done.stderr.strip().splitlines()[-1]


def test_a_newer_database_is_left_alone(bad):
    org = bad()
    org.daemon.stop()
    with closing(database(org.daemon.data)) as connection:
        connection.execute("INSERT INTO migration VALUES (9999, 'of the future', '2030-01-01T00:00:00.000Z')")
    said = serve_fails(org.daemon)
    assert 'newer' in said and '9999' in said and org.daemon.data in said
    with closing(database(org.daemon.data)) as connection:
        connection.execute('DELETE FROM migration WHERE number = 9999')
    org.daemon.start()
    assert send(org).status == 201


def test_a_data_folder_that_cannot_be_written(populated):
    """One clear line that names the folder, from the daemon and from each command that writes."""
    with small_disk(8) as disk:
        daemon = daemon_on(disk / 'data', populated)
        try:
            subprocess.run(['mount', '-o', 'remount,ro', str(disk)], check=True)
            said = serve_fails(daemon)
            assert said.startswith('reviewd: ') and daemon.data in said and 'read-only' in said.lower(), said
            for args in (['person', 'upsert', '--name', 'N', '--email', 'n@example.org', '--role', 'employee'],
                         ['token', 'create', '--person', 'isms@example.org', '--label', 'x'], ['migrate']):
                done = daemon.cli(*args, check=False)
                if args != ['migrate']:
                    assert done.returncode == 1, done
                if done.returncode:
                    assert done.stderr.startswith('reviewd: ') and done.stderr.count('\n') == 1, done
            subprocess.run(['mount', '-o', 'remount,rw', str(disk)], check=True)
            daemon.start()
            daemon.stop()
        finally:
            daemon.discard()


@pytest.mark.parametrize('folder', ['a-file', 'a-file/data'])
def test_a_data_folder_that_can_be_none(tmp_path, folder):
    (tmp_path / 'a-file').write_text('not a folder')
    daemon = harness.Daemon(data=tmp_path / folder)
    try:
        said = serve_fails(daemon)
        assert said.startswith('reviewd: ') and str(tmp_path / folder) in said
    finally:
        daemon.discard()


def test_the_database_is_taken_away(bad):
    """Its files are removed while it runs: it answers from what it has open, and does not crash."""
    org = bad()
    kept = Path(org.daemon.scratch, 'kept')
    shutil.copytree(org.daemon.data, kept)
    for one in Path(org.daemon.data).iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    assert send(org).status in (201, 500, 503, 507)
    assert org.isms.client.get('/healthz').status == 200
    org.daemon.kill()
    shutil.rmtree(org.daemon.data)
    shutil.copytree(kept, org.daemon.data)
    org.daemon.start()
    assert_sound(org.daemon)
