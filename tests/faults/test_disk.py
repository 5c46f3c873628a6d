"""A disk without room, or with bad places: nothing is half-written, and it goes on when there is room."""

import errno
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import harness
from faults import (TRUNCATES, WRITES, assert_sound, daemon_on, emails, fresh_email, person, problem, send, small_disk)
from support import audit_head, rows_stored


def test_no_room(bad):
    """507 for every write, whoever reads is served, and with room the same requests go through."""
    org = bad()
    head, rows = audit_head(org.isms.client), rows_stored(org.daemon.data)
    requests = [(f'full-key-{number}', person()) for number in range(40)]
    org.faults.fail(WRITES | TRUNCATES, errno.ENOSPC)
    with ThreadPoolExecutor(16) as pool:
        refused = list(pool.map(lambda one: send(org, one[1], one[0]), requests))
    assert {problem(answer) for answer in refused} == {(507, 'storage-full')}
    assert problem(send(org, org.review_body(), path='/v1/reviews')) == (507, 'storage-full')
    assert org.isms.client.get('/readyz').status == 200
    assert audit_head(org.isms.client) == head
    org.faults.none()
    assert rows_stored(org.daemon.data) == rows
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda one: send(org, one[1], one[0]), requests))
    assert {answer.status for answer in taken} == {201}, taken
    assert org.review()['reference'].endswith('-01')      # no number was used up
    assert_sound(org.daemon)


def test_no_room_for_the_command_line(bad):
    org = bad()
    org.faults.fail(WRITES | TRUNCATES, errno.ENOSPC)
    email = fresh_email()
    args = ('person', 'upsert', '--name', 'Nora', '--email', email, '--role', 'employee')
    done = org.daemon.cli(*args, check=False)
    assert done.returncode == 1 and 'room' in done.stderr.lower() and done.stderr.count('\n') == 1, done
    org.faults.none()
    assert email not in emails(org)
    org.daemon.cli(*args)
    assert email in emails(org)


def test_half_a_write_of_the_command_line(bad):
    """It is told for what it is, though the system names no error for it, and nothing stays of it."""
    org = bad()
    keys = org.get('/v1/keys')
    org.faults.fail(WRITES, errno.ENOSPC, count=1, suffix='keys/new.part', halves=True)
    done = org.daemon.cli('key', 'rotate', check=False)
    assert done.returncode == 1 and 'No space left' in done.stderr, done
    assert org.faults.failed
    org.faults.none()
    assert org.get('/v1/keys') == keys
    org.daemon.cli('key', 'rotate')
    assert_sound(org.daemon)


@pytest.mark.parametrize('error, statuses', [(errno.ENOSPC, {201, 507}), (errno.EIO, {201, 503})])
def test_one_write_fails(bad, error, statuses):
    """Whichever it is: the review with its inputs and its chair is there as a whole, or not at all."""
    org, seen, kept = bad(), set(), 0
    for skip in (0, 1, 2, 3, 5, 10, 20, 40, 80, 160, 320):
        org.faults.fail(WRITES, error, skip=skip, count=1)
        answer = send(org, org.review_body(), path='/v1/reviews', key=f'write number {skip}')
        org.faults.none()
        seen.add(answer.status)
        if answer.status == 201:
            kept += 1
        elif answer.status == 503:      # unknown, or known to be nothing: a restart and the key settle it
            assert problem(answer)[1] in ('outcome-unknown', 'unavailable')
            org.daemon.restart()
            again = send(org, org.review_body(), path='/v1/reviews', key=f'write number {skip}')
            assert again.status == 201, again
            kept += 1
        reviews = rows_stored(org.daemon.data)['review'], rows_stored(org.daemon.data)['input']
        assert reviews == (kept, 10 * kept)
    assert seen == statuses
    assert_sound(org.daemon)


def test_a_small_disk_fills_up(populated):
    """A real one. It fills while sixteen write; more room is made, and nobody who was told 201 is missing."""
    with small_disk(4) as disk:
        daemon = daemon_on(disk / 'data', populated)
        try:
            daemon.start()
            org = harness.seed(daemon, populated[1])
            padding = 'x' * 190
            told = {}

            def write(_):
                email = fresh_email()
                told[email] = send(org, {**person(email), 'job_title': padding, 'name': padding}, f'key {email}')
                return told[email].status

            with ThreadPoolExecutor(16) as pool:
                for _ in range(200):
                    if 201 not in list(pool.map(write, range(64))):
                        break
            statuses = {answer.status for answer in told.values()}
            assert statuses <= {201, 507}, [answer for answer in told.values() if answer.status not in (201, 507)][:3]
            assert 507 in statuses, 'the disk did not fill up'
            assert org.isms.client.get('/v1/people').status == 200
            stored = set(emails(org))
            assert stored >= {email for email, answer in told.items() if answer.status == 201}
            assert not stored & {email for email, answer in told.items() if answer.status == 507}
            subprocess.run(['mount', '-o', 'remount,size=64m', str(disk)], check=True)
            for email in [email for email, answer in told.items() if answer.status == 507][:50]:
                again = send(org, {**person(email), 'job_title': padding, 'name': padding}, f'key {email}')
                assert again.status == 201, again
            assert_sound(daemon)
            daemon.restart()
            assert_sound(daemon)
            daemon.stop()
        finally:
            daemon.discard()


def test_no_room_to_begin_with(populated):
    """A start on a full disk says why it cannot, or serves what there is; it neither hangs nor breaks anything."""
    with small_disk(2) as disk:
        daemon = daemon_on(disk / 'data', populated)
        try:
            filler = disk / 'filler'
            with pytest.raises(OSError), filler.open('wb', buffering=0) as file:
                while True:
                    file.write(b'x' * 4096)
            done = subprocess.Popen([daemon.binary, 'serve', '--data', daemon.data, '--listen', '127.0.0.1:0'],
                                    env=daemon.env, stderr=subprocess.PIPE, text=True)
            try:
                _, said = done.communicate(timeout=3)
                assert done.returncode == 1 and said.splitlines()[-1].startswith('reviewd: '), said
            except subprocess.TimeoutExpired:
                done.terminate()
                assert done.wait(20) == 0
            filler.unlink()
            daemon.start()
            org = harness.seed(daemon, populated[1])
            assert send(org).status == 201
            assert_sound(daemon)
            daemon.stop()
        finally:
            daemon.discard()


def test_no_room_for_a_backup(bad, populated):
    """Nothing is left that could be taken for one."""
    org = bad()
    with small_disk(1) as disk:
        (disk / 'filler').write_bytes(b'x' * (1000 * 1024))
        done = org.daemon.cli('backup', str(disk / 'backup.db'), check=False)
        assert done.returncode == 1 and done.stderr.count('\n') >= 1, done
        assert [one.name for one in disk.iterdir()] == ['filler']
        (disk / 'filler').unlink()
        shutil.rmtree(disk / 'data', ignore_errors=True)
        org.daemon.cli('backup', str(disk / 'backup.db'))
