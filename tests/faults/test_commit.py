"""A sync that fails: what is stored is not known, so nothing more is written until a restart, and the key settles it."""

import errno
from concurrent.futures import ThreadPoolExecutor

from faults import SYNCS, Load, assert_sound, emails, person, poll, problem, send, settled
from support import metric


def go_unknown(org, body=None, key=None):
    settled(org)
    org.faults.fail(SYNCS, errno.EIO, count=1, suffix='-wal')
    answer = send(org, body, key)
    org.faults.none()
    assert problem(answer) == (503, 'outcome-unknown')
    return answer


def test_an_unknown_outcome_is_settled_by_its_key(bad):
    org, body = bad(), person()
    go_unknown(org, body, 'key of the unknown')
    again = send(org, body, 'key of the unknown')
    assert problem(again) == (503, 'unavailable') and again.headers['Retry-After']
    org.daemon.restart()
    settles = send(org, body, 'key of the unknown')
    assert settles.status == 201, settles
    assert emails(org).count(body['email']) == 1
    assert send(org, body, 'key of the unknown').headers['Idempotent-Replayed'] == 'true'
    assert_sound(org.daemon)


def test_nothing_is_written_until_restarted(bad):
    """Whatever is asked; probes and figures say so, and whoever reads is served."""
    org = bad()
    review = org.review()
    go_unknown(org)
    assert problem(send(org)) == (503, 'unavailable')
    path = f'/v1/reviews/{review["id"]}'
    for answer in (org.isms.client.patch(path, {'title': 'Other'}), org.isms.client.verb(f'{path}/start'),
                   org.isms.client.post('/v1/people?dry_run=true', person())):
        answer.expect(503)
        assert answer.json['type'] == '/problems/unavailable'
    assert org.isms.client.get('/readyz').status == 503
    assert org.isms.client.get('/healthz').status == 200
    assert metric(org.daemon, 'read_only') == 1
    assert org.get(path) == review
    assert any(entry['event'] == 'commit.outcome_unknown' and entry['level'] == 'error' for entry in org.daemon.log())
    org.daemon.restart()
    assert org.isms.client.get('/readyz').status == 200
    assert metric(org.daemon, 'read_only') == 0
    org.change(path, {'title': 'Other'})
    assert_sound(org.daemon)


def test_a_group_with_an_unknown_outcome(bad):
    """Sixteen at once: each is told 201, unknown, or that nothing was stored; keys settle all of them, once each."""
    org = bad()
    org.faults.slow(0.05)
    load = Load(org, threads=16)
    poll(lambda: len(load.told) > 60, 30)
    org.faults.fail(SYNCS, errno.EIO, skip=2, count=1, suffix='-wal')
    poll(lambda: 503 in list(load.told.values()), 30)
    load.end()
    assert set(load.told.values()) <= {201, 503}
    org.faults.slow(0)
    org.daemon.restart()
    assert load.acknowledged <= set(emails(org))

    def settle(one):
        email, key = one
        return email, send(org, person(email), key).status

    with ThreadPoolExecutor(8) as pool:
        settled_now = dict(pool.map(settle, load.sent.items()))
    assert set(settled_now.values()) == {201}
    stored = emails(org)
    assert len(stored) == len(set(stored)) and set(load.sent) <= set(stored)
    assert_sound(org.daemon)


def test_the_housekeepings_own_commit(bad):
    """The last use of tokens is written by the way; when its sync fails, that is no less a failed sync."""
    org = bad()
    settled(org)
    token = org.daemon.token('auditor@example.org', label='fresh')
    settled(org)
    org.faults.fail(SYNCS, errno.EIO, suffix='-wal')
    org.isms.client.request('GET', '/v1/people', headers={'Authorization': f'Bearer {token}'}).expect(200)
    poll(lambda: org.faults.failed, 5, 'the last use of a token was not written')
    poll(lambda: org.isms.client.get('/readyz').status == 503, 5, 'it goes on after a failed sync')
    org.faults.none()
    assert problem(send(org)) == (503, 'unavailable')
    org.daemon.restart()
    assert send(org).status == 201
    assert_sound(org.daemon)


def test_the_command_lines_own_commit(bad):
    """It says that it does not know, and run again it settles it."""
    org = bad()
    settled(org)
    args = ('person', 'upsert', '--name', 'Nora', '--email', 'nora@example.org', '--role', 'employee')
    org.faults.fail(SYNCS, errno.EIO, suffix='-wal')
    done = org.daemon.cli(*args, check=False)
    assert done.returncode == 1 and 'not known' in done.stderr, done
    org.faults.none()
    org.daemon.cli(*args)
    assert emails(org).count('nora@example.org') == 1
    assert_sound(org.daemon)


def test_a_checkpoint_that_fails(bad):
    """What was committed stays in the log, which is not moved any more before a restart; nobody is told otherwise."""
    org = bad()
    org.faults.fail(SYNCS, errno.EIO, suffix='reviewd.db')
    load = Load(org, threads=8)
    poll(lambda: org.faults.failed, 60, 'no checkpoint came')
    org.faults.none()
    count = len(load.told)
    poll(lambda: len(load.told) > count + 50, 30)
    load.end()
    assert set(load.told.values()) == {201}
    poll(lambda: any(entry['event'] == 'checkpoint.stopped' for entry in org.daemon.log()), 10)
    org.daemon.kill()
    org.daemon.start()
    assert load.acknowledged <= set(emails(org))
    assert_sound(org.daemon)
