"""More than it can take, and callers who are slow, greedy, or gone."""

import errno
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults import (Caller, Load, assert_ledger, assert_sound, descriptors, emails, is_sanitized, person, poll, problem,
                    resident_kib, send)
from support import abandon, head, is_well, metric, plain, statuses, suspended

PERSON = b'{"name": "Gone Caller", "email": "gone-%d@example.org", "role": "employee"}'


def test_a_full_queue(bad):
    """503 with Retry-After before anything is stored; whoever waits as told gets through."""
    org = bad(QUEUE_MAX=1, GROUP_MAX=1)
    org.faults.slow(0.1)
    bodies = [person() for _ in range(24)]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda body: send(org, body, f'key of {body["email"]}'), bodies))
    refused = [body for body, answer in zip(bodies, answers) if answer.status == 503]
    assert {answer.status for answer in answers} == {201, 503}
    for answer in answers:
        if answer.status == 503:
            assert problem(answer) == (503, 'unavailable') and int(answer.headers['Retry-After']) >= 1
    assert not {body['email'] for body in refused} & set(emails(org))
    org.faults.slow(0)
    for body in refused:      # the refusal was not kept under the key
        assert send(org, body, f'key of {body["email"]}').status == 201
    assert is_well(org)
    assert_sound(org.daemon)


def test_a_write_waits_only_so_long(bad):
    """One is being written for longer than the others wait, unless the daemon's own work is: then once more."""
    org = bad(WRITE_TIMEOUT_MS=50, GROUP_MAX=1)
    org.faults.slow(0.2)
    seen = set()
    for _ in range(5):
        bodies = [person() for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: send(org, body, f'key of {body["email"]}'), bodies))
        seen |= {answer.status for answer in answers}
        told = {body['email'] for body, answer in zip(bodies, answers) if answer.status == 201}
        assert {body['email'] for body in bodies} & set(emails(org)) == told
        if seen == {201, 503}:
            break
    assert seen == {201, 503}
    assert is_well(org)


def rounds(org, once, count=100):
    """Does it `count` times, and again twice: descriptors and memory are what they were after the first time."""
    is_well(org)
    before = descriptors(org.daemon)
    memory = []
    for _ in range(3):
        for number in range(count):
            once(number)
        assert is_well(org)
        poll(lambda: descriptors(org.daemon) <= before, 10, 'descriptors are left behind')
        memory.append(resident_kib(org.daemon))
    if not is_sanitized(org.daemon):
        assert memory[2] - memory[1] < 512, f'resident memory grows: {memory} KiB'


def test_cut_off_in_the_middle_of_the_body(bad):
    org = bad()

    def once(number):
        request = head('POST', '/v1/people', org.isms.client, 'Content-Type: application/json',
                       f'Content-Length: {200 + number * 997}') + b'{"name": "' + b'x' * (number * 731 % 60000)
        abandon(org.daemon.port, request)

    rounds(org, once)
    assert_sound(org.daemon)


def test_cut_off_in_the_middle_of_the_head(bad):
    org = bad()
    whole = head('POST', '/v1/people?dry_run=true', org.isms.client, 'Content-Type: application/json',
                 'Content-Length: 2', 'Idempotency-Key: cut-off-key', 'If-Match: *') + b'{}'
    rounds(org, lambda number: abandon(org.daemon.port, whole[:1 + number * len(whole) // 100]))


def test_cut_off_in_the_middle_of_a_chunk(bad):
    org = bad()
    begun = head('POST', '/v1/people', org.isms.client, 'Content-Type: application/json',
                 'Transfer-Encoding: chunked') + b'10\r\n{"name": "abcdef\r\nFFFF\r\nxyz'
    rounds(org, lambda number: abandon(org.daemon.port, begun[:len(begun) - number % 30]))


def test_gone_while_the_write_is_under_way(bad):
    """The write is done all the same; its connection, its key and its memory are given back."""
    org = bad()
    org.faults.slow(0.005)
    numbers = iter(range(1000000))

    def once(_):
        body = PERSON % next(numbers)
        abandon(org.daemon.port, head('POST', '/v1/people', org.isms.client, 'Content-Type: application/json',
                                      f'Content-Length: {len(body)}', 'Idempotency-Key: one-key-for-all') + body)

    rounds(org, once)
    # Some had gone before the daemon saw them; the key is free again in any case.
    answer = send(org, {'name': 'x'}, 'one-key-for-all')
    assert answer.status == 422, answer
    assert_sound(org.daemon)


def test_more_connections_than_it_takes(bad):
    """The first get answers, those beyond are told 503, and when the first leave there is room again."""
    org = bad(CONNECTIONS_MAX=32, WORKERS=1)
    org.isms.client.close()
    for one in org.people:
        one.client.close()
    poll(lambda: metric(org.daemon, 'reviewd_connections') <= 2, 5)
    callers, seen = [], []
    try:
        for _ in range(30):
            caller = Caller(org.daemon, org.isms.token)
            callers.append(caller)
            status, headers, _ = caller.request('GET', '/v1/people?limit=1')
            seen.append(status)
            if status == 503:
                assert headers['Retry-After'] and headers['Connection'].lower() == 'close'
        assert seen[:12] == [200] * 12
        assert 503 in seen
    finally:
        for caller in callers:
            caller.close()
    poll(lambda: org.isms.client.get('/v1/people?limit=1').status == 200, 5)


LONG_ROWS, SLOW_READERS, READER_KIB = 250, 30, 1400      # a page, what the buffer grew by, and what the system's takes


@pytest.mark.parametrize('form', ['csv', 'ndjson'])
def test_slow_readers_of_long_rows_hold_a_page_each(bad, form):
    """A page ends by its bytes, too: 200 of these rows are 13 MB."""
    org = bad()
    decision = org.adopted(org.running_review())
    long = org.action_item_body(description='d' * 19000, success_criteria=[
        {'statement': f'{number} ' + 's' * 980, 'verification': 'v' * 990} for number in range(20)])
    for _ in range(LONG_ROWS):
        org.new(f'/v1/decisions/{decision["id"]}/action-items', long)
    before = resident_kib(org.daemon)
    readers = []
    try:
        for _ in range(SLOW_READERS):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(('127.0.0.1', org.daemon.port))
            reader.sendall(head('GET', f'/v1/action-items?format={form}', org.isms.client))
            assert reader.recv(100).startswith(b'HTTP/1.1 200')
            readers.append(reader)
        assert is_well(org)
        if not is_sanitized(org.daemon):
            assert resident_kib(org.daemon) - before < SLOW_READERS * READER_KIB
        whole = plain(org.isms.client, 'GET', f'/v1/action-items?format={form}')
        assert whole.body.count(b'd' * 19000) == LONG_ROWS
    finally:
        for reader in readers:
            reader.close()


def test_idle_connections_beyond_the_limit(bad):
    """They are many and say nothing: when they leave, everything is as before."""
    org = bad(CONNECTIONS_MAX=64, WORKERS=1)
    idle = [socket.create_connection(('127.0.0.1', org.daemon.port)) for _ in range(200)]
    probe = Caller(org.daemon, org.isms.token)      # waits, or is refused, and in any case is not forgotten
    for connection in idle:
        connection.close()
    assert probe.request('GET', '/healthz')[0] in (200, 503)
    probe.close()
    poll(lambda: send(org).status == 201, 10)
    assert is_well(org)


def test_the_slow_do_not_block_the_quick(bad):
    """Heads and bodies that come byte by byte, and answers that nobody takes."""
    org = bad()
    stop, slow = threading.Event(), []
    body = PERSON % 1
    request = head('POST', '/v1/people', org.isms.client, 'Content-Type: application/json',
                   f'Content-Length: {len(body)}') + body
    for _ in range(60):
        org.new('/v1/people', person())
    greedy = head('GET', '/v1/people?limit=200', org.isms.client) * 400

    def dribble(connection):
        for at in range(len(request) - 1):
            if stop.wait(0.02):
                return
            connection.send(request[at:at + 1])

    try:
        for number in range(60):
            connection = socket.create_connection(('127.0.0.1', org.daemon.port))
            slow.append(connection)
            if number < 40:
                threading.Thread(target=dribble, args=(connection,), daemon=True).start()
            else:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.settimeout(0.2)
                try:
                    connection.sendall(greedy)
                except OSError:
                    pass      # it reads no more while its answers are not taken: as it should
        took = []
        for _ in range(30):
            began = time.monotonic()
            assert send(org).status == 201
            org.isms.client.get('/v1/people?limit=5').expect(200)
            took.append(time.monotonic() - began)
        assert sorted(took)[20] < (5 if is_sanitized(org.daemon) else 1), took
    finally:
        stop.set()
        for connection in slow:
            connection.close()
    assert is_well(org)


def test_many_requests_at_once_on_one_connection(bad):
    """Pipelined, reads and writes: answered in their order, each once."""
    org = bad()
    org.faults.slow(0.002)
    requests, expected = [], []
    for number in range(40):
        body = PERSON % number
        requests.append(head('POST', '/v1/people', org.isms.client, 'Content-Type: application/json',
                             f'Content-Length: {len(body)}') + body)
        requests.append(head('GET', '/v1/nothing', org.isms.client))
        expected += [201, 404]
    requests.append(head('GET', '/healthz', org.isms.client, 'Connection: close'))
    with socket.create_connection(('127.0.0.1', org.daemon.port), timeout=30) as connection:
        connection.sendall(b''.join(requests))
        received = b''
        while chunk := connection.recv(65536):
            received += chunk
    assert statuses(received) == [*expected, 200]
    assert suspended(org.daemon) == 0


@pytest.mark.parametrize('error', [errno.ENOSPC, errno.EIO])
def test_load_with_a_disk_that_comes_and_goes(bad, error):
    org = bad()
    load = Load(org, threads=8)
    poll(lambda: len(load.told) > 50, 30)
    if error == errno.ENOSPC:
        for _ in range(5):
            org.faults.fail(1, error, suffix='-wal')
            poll(lambda: 507 in list(load.told.values())[-20:], 30)
            org.faults.none()
            poll(lambda: 201 in list(load.told.values())[-8:], 30)
        load.end()
        assert set(load.told.values()) == {201, 507}
        assert_ledger(org, load)
    else:
        org.faults.fail(1, error, suffix='-wal', count=1)
        poll(lambda: 503 in list(load.told.values()), 30)
        load.end()
        org.faults.none()
        org.daemon.restart()
        assert load.acknowledged <= set(emails(org))
    assert_sound(org.daemon)


def test_every_filter_at_once(bad):
    """None is passed over in silence, and none is one too many, in a list of a list too."""
    org = bad()
    dates = [f'{name}_{end}={date}' for name in ('created_at', 'updated_at', 'deadline', 'original_deadline',
                                                 'completed_on', 'closed_on')
             for end, date in (('after', '2001-01-01'), ('before', '2099-01-01'))]
    nobody = '01890a5d-ac96-774b-bcce-b302099a8057'
    rest = ['overdue=false', 'status=open', 'priority=medium', 'kind=corrective', 'limit=1', 'count=true', 'q=training',
            'sort=id', *(f'{name}={nobody}' for name in ('review_id', 'decision_id', 'predecessor_id', 'created_by',
                                                         'updated_by', 'owner_id'))]
    decision = org.adopted(org.running_review())
    org.action_item(decision)
    for path in ('/v1/action-items', f'/v1/decisions/{decision["id"]}/action-items'):
        answer = org.isms.client.get(f'{path}?{"&".join(dates + rest)}').expect(200)
        assert answer.json['total'] == 0 and answer.json['data'] == []
    assert is_well(org)
