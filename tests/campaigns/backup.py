"""Backups under load: each restores to a prefix of what was acknowledged, verifies, and holds no writer up.

That no write waits for it is tried the hard way: it is stopped at a moment of chance, and the others have to go on all the
time that it stands still. A backup may hold what was written while it was made, but nothing is missing that was acknowledged before it began, and
what it holds is the log up to one entry: its head is the live log's hash at that number.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import faults
import harness
import organisation
from campaigning import pause
from support import database, poll

SHORT = 3
WAIT_MAX_S = 1.0      # of one write beside a backup, or twice what one without a backup, or a sync of the witness, has waited
QUIET_S = 0.4         # without one, in each round
STOPPED_S = 1.2       # that a backup stands still: longer than any write may wait
OF_ONE = 10           # backups of one database: it grows by thousands of people with each, and so does the time to verify it
WITHIN_S = 0.06       # that a backup takes, or so


class Timed(faults.Load):
    """A load that knows how long its longest answer took, and since when each of its callers waits."""

    def __init__(self, org, **options):
        self.longest, self.since = 0, {}
        super().__init__(org, **options)

    def _run(self):
        caller = faults.Caller(self.org.daemon, self.org.isms.token)
        try:
            while not self.stop.is_set():
                email = faults.fresh_email()
                self.sent[email] = email
                began = self.since[id(caller)] = time.monotonic()
                status, _, _ = caller.request('POST', '/v1/people', faults.person(email))
                del self.since[id(caller)]
                self.longest = max(self.longest, time.monotonic() - began)
                self.told[email] = status
        finally:
            caller.close()


class Witness:
    """How busy the machine is: the longest that a small write and its sync take, of somebody who has no daemon."""

    EVERY_S = 0.02

    def __init__(self, folder):
        self.longest = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(folder / 'witness',), daemon=True)
        self.thread.start()

    def _run(self, path):
        with path.open('wb', buffering=0) as file:
            while True:
                due = time.monotonic() + self.EVERY_S
                if self.stop.wait(self.EVERY_S):
                    return
                os.pwrite(file.fileno(), bytes(4096), 0)
                os.fdatasync(file.fileno())
                self.longest = max(self.longest, time.monotonic() - due)

    def end(self):
        self.stop.set()
        self.thread.join()
        return self.longest


def head(connection):
    return connection.execute('SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1').fetchone()


def command_on(org, data, *words):
    """The command line on another data folder than the daemon's."""
    return subprocess.run([org.daemon.binary, *words, '--data', str(data)], capture_output=True, text=True,
                          env=org.daemon.env, timeout=300)


def check_restored(campaign, org, data, before, after):
    with ThreadPoolExecutor() as both:
        for done in both.map(lambda words: command_on(org, data, *words), (('check',), ('audit', 'verify'))):
            if done.returncode:
                campaign.failed(f'{done.args[1:-2]} of a restored backup: {done.stdout}{done.stderr}')
    with closing(database(data)) as copy, closing(database(org.daemon.data)) as live:
        seq, digest = head(copy)
        same = live.execute('SELECT hash FROM audit_log WHERE seq = ?', (seq,)).fetchone()[0] == digest
        emails = {row[0] for row in copy.execute('SELECT email FROM person')}
    if not same:
        campaign.failed(f'the restored log is no prefix: entry {seq} has another hash')
    if not before <= emails:
        campaign.failed(f'{len(before - emails)} people, acknowledged before the backup began, are not in it')
    if not {email for email in emails if email.startswith('bad-day-')} <= after:
        campaign.failed('the backup holds people that nobody had sent')


def backed_up(campaign, org, load, file):
    """Makes a backup, and stops it for a while at some moment."""
    process = subprocess.Popen([org.daemon.binary, 'backup', str(file), '--data', org.daemon.data], env=org.daemon.env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        pause(campaign.random.random() * WITHIN_S)
        if process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            before, stopped = len(load.told), time.monotonic()
            pause(STOPPED_S)
            told, held = len(load.told) - before, [since for since in list(load.since.values()) if since < stopped]
            process.send_signal(signal.SIGCONT)
            campaign.count('stopped in the middle')
            campaign.count('writes meanwhile', told)
            if held or not told:
                campaign.failed(f'{len(held)} writes were held as long as a backup stood still, and {told} answered')
        _, said = process.communicate(timeout=120)
        return process.returncode, said
    finally:
        process.kill()      # if this was interrupted while it stood still


def one_backup(campaign, org, folder, ledger):
    """`ledger`: the addresses sent and acknowledged so far, by this and earlier rounds, and the longest wait of a write
    without a backup, or of a witness."""
    file, data = folder / 'backup', folder / 'restored'
    load = Timed(org, threads=4)
    try:
        poll(lambda: len(load.told) > 20, 60)
        pause(QUIET_S)
        ledger['longest'] = max(ledger['longest'], load.longest)
        before = ledger['acknowledged'] | load.acknowledged
        load.longest = 0
        began, witness = time.monotonic(), Witness(folder)
        try:
            returncode, said = backed_up(campaign, org, load, file)
        finally:
            ledger['longest'] = max(ledger['longest'], witness.end())
        took = time.monotonic() - began
        longest = load.longest
    finally:
        load.end()
    ledger['sent'] |= load.sent.keys()
    ledger['acknowledged'] |= load.acknowledged
    if returncode:
        campaign.failed(f'backup: {said}')
        return
    campaign.most('s for a backup at the most', round(took, 3))
    campaign.most('s for a write beside it at the most', round(longest, 3))
    campaign.most('s for one without, or a sync alone', round(ledger['longest'], 3))
    if longest > max(WAIT_MAX_S, 2 * ledger['longest']) and not faults.is_sanitized(org.daemon):
        campaign.failed(f'a write waited {longest:.2f} s beside a backup')
    done = command_on(org, data, 'restore', str(file), '--json')
    if done.returncode:
        campaign.failed(f'restore: {done.stderr}')
        return
    json.loads(done.stdout)
    check_restored(campaign, org, data, before, ledger['sent'])
    shutil.rmtree(data)
    file.unlink()


def some_backups(campaign, numbers, folder):
    """Of one daemon, whose database grows by what is written beside them."""
    daemon = harness.Daemon()
    tokens = organisation.create_people(daemon)
    daemon.start()
    ledger = {'sent': set(), 'acknowledged': set(), 'longest': 0}
    try:
        org = harness.seed(daemon, tokens)
        for _ in numbers:
            one_backup(campaign, org, folder, ledger)
        campaign.count('acknowledged writes', len(ledger['acknowledged']))
        daemon.stop()
    finally:
        daemon.discard()


def run(campaign):
    with tempfile.TemporaryDirectory(prefix='reviewd-backup-') as folder:
        rounds = campaign.rounds()
        for first in rounds:
            some_backups(campaign, itertools.chain((first,), itertools.islice(rounds, OF_ONE - 1)), Path(folder))
