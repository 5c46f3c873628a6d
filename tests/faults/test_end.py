"""The end, asked for or not: nothing that was acknowledged is lost, nothing that was accepted goes without an answer."""

import random
import signal
import time

import pytest

from faults import Caller, Load, assert_ledger, assert_sound, emails, is_sanitized, person, poll, send
from support import suspended


def is_draining(daemon):
    return any(entry.get('event') == 'draining' for entry in daemon.log())


@pytest.mark.parametrize('delay', [0, 0.02])
def test_sigterm_under_load(bad, delay):
    """Sixteen on kept-alive connections, several times. Who was told 201 is stored, who was not told is not."""
    org = bad()
    for _ in range(6):
        org.faults.slow(delay)
        load = Load(org, threads=16)
        enough = random.randint(40, 80)
        poll(lambda: len(load.told) > enough, 30)
        org.daemon.stop()      # asserts an orderly end, status 0, within ten seconds
        load.end()
        org.faults.slow(0)
        org.daemon.start()
        assert_ledger(org, load)
        stored = set(emails(org))
        assert not stored & load.unheard, f'stored without an answer: {stored & load.unheard}'
    assert_sound(org.daemon)


def test_sigterm_with_a_long_queue(bad):
    """More waits than fits into the grace of a connection: all of it is answered."""
    org = bad(GROUP_MAX=2)
    org.faults.slow(0.15)
    load = Load(org, threads=40)
    poll(lambda: suspended(org.daemon) >= 30, 10)
    org.daemon.process.send_signal(signal.SIGTERM)
    assert org.daemon.process.wait(30) == 0, org.daemon.stderr()
    org.daemon._ended()
    load.end()
    org.faults.slow(0)
    org.daemon.start()
    assert_ledger(org, load)
    assert not set(emails(org)) & load.unheard


def test_sigterm_twice(bad):
    org = bad()
    org.faults.slow(0.3)
    load = Load(org, threads=8)
    poll(lambda: len(load.sent) >= 8, 10)
    org.daemon.process.send_signal(signal.SIGTERM)
    poll(lambda: is_draining(org.daemon))
    org.daemon.stop()
    load.end()
    org.faults.slow(0)
    org.daemon.start()
    assert_ledger(org, load)


def test_draining_says_so(bad):
    """To whoever is connected: not ready, and the connection closes after its answer."""
    org = bad()
    probe = Caller(org.daemon, org.isms.token)
    assert probe.request('GET', '/readyz')[0] == 200
    org.faults.slow(1)
    load = Load(org, threads=1)
    poll(lambda: suspended(org.daemon) == 1, 10)
    org.daemon.process.send_signal(signal.SIGTERM)
    poll(lambda: is_draining(org.daemon))
    status, headers, _ = probe.request('GET', '/readyz')
    assert status == 503 and headers['Connection'].lower() == 'close'
    load.end()
    assert org.daemon.process.wait(10) == 0
    org.daemon._ended()
    assert list(load.told.values()) == [201]
    org.faults.slow(0)
    org.daemon.start()


def test_killed_ten_times_under_load(bad):
    """With a ledger on the callers' side; ready again within two seconds, and what is unknown is settled by its key."""
    org, acknowledged, unknown = bad(), set(), {}
    for turn in range(10):
        org.faults.slow(random.choice((0, 0.003, 0.02)))
        load = Load(org, threads=8)
        poll(lambda: len(load.told) > random.randint(10, 60), 30)
        org.daemon.kill()
        load.end()
        assert set(load.told.values()) <= {201}
        acknowledged |= load.acknowledged
        unknown |= {email: load.sent[email] for email in load.unheard}
        org.faults.slow(0)
        began = time.monotonic()
        org.daemon.start()
        org.isms.client.get('/readyz').expect(200)
        assert time.monotonic() - began < (20 if is_sanitized(org.daemon) else 2)
        stored = emails(org)
        assert len(stored) == len(set(stored))
        assert acknowledged <= set(stored), f'lost in turn {turn}: {acknowledged - set(stored)}'
        org.daemon.cli('audit', 'verify')
    for email, key in unknown.items():
        assert send(org, person(email), key).status == 201
    stored = emails(org)
    assert len(stored) == len(set(stored)) and acknowledged | unknown.keys() <= set(stored)
    assert_sound(org.daemon)
