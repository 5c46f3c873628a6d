"""What power.py found, or could not find by chance, as it happens each time."""

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

import disk
import harness
from faults import SYNCS, Faults, assert_sound, fresh_email, poll
from support import database


@pytest.fixture
def recorded(populated, shim, tmp_path):
    """An organisation whose daemon is recorded beneath the shim; .image() is what a loss of power leaves of what was not synced."""
    log, root = tmp_path / 'log', tmp_path / 'disk'
    daemon = harness.Daemon(data=root / 'data')
    shutil.copytree(populated[0], daemon.data)
    log.touch()
    disk.recorded(daemon, disk.compiled_recorder(tmp_path), root, log)
    daemon.faults = Faults(daemon, shim)
    model = disk.Disk(root)

    def image():
        for line in disk.lines(log):
            model.happen(line)
        model.write(tmp_path / 'image', 'dropped', Random(1))
        return tmp_path / 'image' / 'data'

    daemon.start()
    org = harness.seed(daemon, populated[1])
    org.image, org.log = image, log
    yield org
    try:
        daemon.stop()
    finally:
        daemon.discard()


def moved(org, begin):
    """Whether anything was written into the database file since."""
    inode = os.stat(Path(org.daemon.data, 'reviewd.db')).st_ino
    return any(line.kind == 'W' and line.inode == inode for line in disk.lines(org.log, begin))


def test_a_checkpoint_whose_sync_fails_after_one_in_part(recorded):
    """A reader lets the log be moved in part, which is not synced; then the sync of the rest fails, by which the system
    gives up what was moved before, too. It is not moved again, so that the log must not begin anew."""
    org = recorded
    early, subject = org.person(email=fresh_email()), org.person(email=fresh_email())
    reader = sqlite3.connect(Path(org.daemon.data, 'reviewd.db'), isolation_level=None)
    with closing(reader):
        reader.execute('BEGIN')
        reader.execute('SELECT count(*) FROM person').fetchone()
        begin = org.log.stat().st_size
        org.do(f'/v1/people/{subject["id"]}/erase', {'reason': 'They left long ago and asked for it'})      # cuts the log
        poll(lambda: moved(org, begin), 10, 'nothing was moved')
        org.daemon.faults.fail(SYNCS, errno.EIO, count=1, suffix='reviewd.db')
    poll(lambda: org.daemon.faults.failed, 10, 'no sync of the database came')
    poll(lambda: any(entry['event'] == 'checkpoint.stopped' for entry in org.daemon.log())
         or not os.stat(Path(org.daemon.data, 'reviewd.db-wal')).st_size, 10)
    late = org.person(email=fresh_email())
    with closing(database(org.image())) as connection:
        stored = {row[0] for row in connection.execute('SELECT id FROM person')}
        assert connection.execute('PRAGMA integrity_check').fetchone()[0] == 'ok'
    assert {early['id'], late['id']} <= stored
    assert_sound(org.daemon)
    org.daemon.restart()      # moves all of the log
    poll(lambda: not os.stat(Path(org.daemon.data, 'reviewd.db-wal')).st_size, 10, 'the log is not cut')
    assert_sound(org.daemon)
