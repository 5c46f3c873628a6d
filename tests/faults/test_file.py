"""Evidence files on a bad day: no room while they come in, while they are stored, and a disk that fails."""

import errno
import json
import os
import threading
import time

import pytest

import harness
from faults import READS, SYNCS, TRUNCATES, WRITES, assert_sound, daemon_on, descriptors, person, problem, small_disk
from files import content, disposition, pdf, send
from support import audit_head, plain, rows_stored, walk

MIB = 1024 * 1024


def attempt(org, path, data, **headers):
    return plain(org.isms.client, 'POST', f'{path}/attachments', data, Content_Disposition=disposition('a.pdf'),
                 Content_Type='application/pdf', **headers)


@pytest.fixture
def ready(bad):
    org = bad()
    return org, f'/v1/reviews/{org.review()["id"]}'


def test_no_room_for_a_file_on_its_way(ready):
    """Only the spool is without room: a file without a name, as the kernel shows it."""
    org, path = ready
    rows, open_before = rows_stored(org.daemon.data), descriptors(org.daemon)
    for skip in (0, 1, 40):
        org.faults.fail(WRITES, errno.ENOSPC, skip=skip, suffix=' (deleted)')
        assert problem(attempt(org, path, pdf(2 * MIB), Idempotency_Key='no-room-in-it')) == (507, 'storage-full')
        assert org.faults.failed
        org.faults.none()
        assert rows_stored(org.daemon.data) == rows
    org.faults.fail(WRITES, errno.EIO, suffix=' (deleted)')
    assert problem(attempt(org, path, pdf(2 * MIB))) == (503, 'unavailable')
    org.faults.none()
    assert descriptors(org.daemon) <= open_before + 1
    assert attempt(org, path, pdf(2 * MIB), Idempotency_Key='no-room-in-it').status == 201
    assert_sound(org.daemon)


def test_no_room_in_the_database(ready):
    """The spool has room, the log has not: all of the write is taken back, and the record with it."""
    org, path = ready
    data = pdf(12 * MIB)      # more than the connection's cache holds: it writes before COMMIT
    head, rows = audit_head(org.isms.client), rows_stored(org.daemon.data)
    for skip in (0, 1, 50):      # pages of the log go out 31 at a time
        org.faults.fail(WRITES | TRUNCATES, errno.ENOSPC, skip=skip, suffix='reviewd.db-wal')
        assert problem(attempt(org, path, data)) == (507, 'storage-full')
        org.faults.none()
        assert audit_head(org.isms.client) == head and rows_stored(org.daemon.data) == rows
    record = send(org.isms.client, path, data).expect(201).json
    assert content(org.isms.client, record).expect(200).body == data
    assert_sound(org.daemon)


def test_no_room_on_a_real_disk(populated):
    with small_disk(24) as folder:
        daemon = daemon_on(folder / 'data', populated, env={'REVIEWD_WORKERS': 1})
        try:
            org = harness.seed(daemon.start(), populated[1])
            path = f'/v1/reviews/{org.review()["id"]}'
            kept = [send(org.isms.client, path, data := pdf(3 * MIB)).expect(201).json]
            told = [attempt(org, path, pdf(9 * MIB)) for _ in range(3)]
            assert {answer.status for answer in told} <= {201, 507} and told[-1].status == 507, told
            assert content(org.isms.client, kept[0]).expect(200).body == data
            assert not [name for name in os.listdir(daemon.data) if 'spool' in name]
            assert_sound(daemon)
            daemon.stop()
        finally:
            daemon.discard()


def test_an_unknown_outcome_is_settled_by_the_key(ready):
    org, path = ready
    data = pdf(MIB)
    org.faults.fail(SYNCS, errno.EIO)
    answer = attempt(org, path, data, Idempotency_Key='unknown-outcome')
    assert problem(answer) == (503, 'outcome-unknown')
    org.faults.none()
    assert problem(attempt(org, path, data)) == (503, 'unavailable')      # until it is restarted
    org.daemon.kill()
    org.daemon.start()
    assert attempt(org, path, data, Idempotency_Key='unknown-outcome').status == 201
    assert len(walk(org.isms.client, f'{path}/attachments')) == 1
    assert_sound(org.daemon)


@pytest.mark.parametrize('size', [1000, 100000])
def test_a_token_that_cannot_be_looked_up(ready, size):
    """The body is let go, and a moment later it is known who sent it: they are told so, and not that there was no body,
    which would be kept for their key."""
    org, path = ready
    file = {'Content_Disposition': disposition('a.pdf'), 'Content_Type': 'application/pdf'}
    told = set()
    for skip in range(6):
        number = f'{skip}-{size}@example.org'
        text = json.dumps(person(f'petra-{number}')).encode() + b' ' * size
        for target, body, headers in ((f'{path}/attachments', pdf(size), file),
                                      ('/v1/people', text, {'Content_Type': 'application/json'})):
            key = f'key {skip} of {target}'
            org.person(email=f'{headers["Content_Type"].replace("/", "-")}-{number}')      # callers are looked up anew
            org.faults.fail(READS, errno.EIO, skip=skip, count=1)
            first = plain(org.isms.client, 'POST', target, body, Idempotency_Key=key, **headers)
            org.faults.none()
            told.add(first.status)
            assert first.status in (201, 503), first
            assert plain(org.isms.client, 'POST', target, body, Idempotency_Key=key, **headers).status == 201
    assert 503 in told


def test_others_are_served_meanwhile(ready):
    """While a slow sync keeps the writer with a large file, reads go on."""
    org, path = ready
    org.faults.slow(1.5)
    thread = threading.Thread(target=attempt, args=(org, path, pdf(20 * MIB)))
    thread.start()
    began, slowest = time.monotonic(), 0
    while thread.is_alive():
        before = time.monotonic()
        org.isms.client.get('/v1/reviews?limit=1').expect(200)
        slowest = max(slowest, time.monotonic() - before)
    assert time.monotonic() - began > 1 and slowest < 0.5, slowest
    org.faults.none()
    org.faults.slow(0)
