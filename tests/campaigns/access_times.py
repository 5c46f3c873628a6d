"""Whether what is not seen and what is not there are told apart by how long their answers take.

The two are asked for by turns, in an order of chance, in a daemon without a clock of the tests' own, and their medians
compared. A difference counts that is larger than a small share of the time, and is there again when it is measured anew.
"""

import random
import socket
import statistics
import time
from contextlib import closing

import access_marks as marks
import harness
from support import ABSENT_ID

READS = ['/v1/reviews/{review}', '/v1/inputs/{input}', '/v1/decisions/{decision}', '/v1/action-items/{action_item}',
         '/v1/follow-ups/{follow_up}', '/v1/amendments/{amendment}', '/v1/attachments/{attachment}',
         '/v1/attachments/{attachment}/content', '/v1/action-items/{action_item}/history',
         '/v1/reviews/{review}/inputs', '/v1/reviews/{review}/minutes', '/v1/decisions/{decision}/action-items']
WRITES = [('PATCH', '/v1/reviews/{review}'), ('POST', '/v1/reviews/{review}/inputs'),
          ('POST', '/v1/action-items/{action_item}/start')]
ROUNDS = 5             # of a measurement, each with medians of its own
AGAIN = 3              # times that a difference has to be seen


def answered(connection, request):
    connection.sendall(request)
    received = b''
    while b'\r\n\r\n' not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b'\r\n\r\n')
    left = int(head.lower().partition(b'content-length: ')[2].partition(b'\r\n')[0]) - len(body)
    while left > 0:
        left -= len(connection.recv(65536))
    return head[9:12]


def requests(token, method, path, hidden, absent):
    body = '' if method == 'GET' else 'If-Match: *\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
    head = '{} {} HTTP/1.1\r\nHost: reviewd.test\r\nAuthorization: Bearer {}\r\nX-Request-Id: same\r\n{}'
    return [head.format(method, path.format(**names), token, body or '\r\n').encode() for names in (hidden, absent)]


def difference(port, pair, tries):
    """The difference of the medians in microseconds, and the median."""
    took = ([], [])
    order = [0, 1] * tries
    random.shuffle(order)
    with closing(socket.create_connection(('127.0.0.1', port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for which in order:
            began = time.perf_counter_ns()
            status = answered(connection, pair[which])
            took[which].append((time.perf_counter_ns() - began) / 1000)
            assert status == b'404', status
    medians = [statistics.median(one) for one in took]
    return medians[0] - medians[1], medians[1]


def measured(port, pair, tries):
    """The middle one of several differences, as a share of the median."""
    found = sorted(difference(port, pair, tries // ROUNDS) for _ in range(ROUNDS))
    return found[ROUNDS // 2][0], found[ROUNDS // 2][0] / found[ROUNDS // 2][1]


def told_apart(campaign, stage, whole):
    # So much of the median may be noise: beside other tests a few hundred tries say little.
    tries, share = (6000, 0.03) if whole else (200, 0.5)
    daemon = harness.Daemon()
    try:
        stage.daemon.cli('backup', daemon.scratch / 'backup')
        daemon.cli('restore', daemon.scratch / 'backup')
        daemon.start()
        records = {kind: record['id'] for kind, record in marks.hidden_records(stage).items()}
        absent = dict.fromkeys(records, ABSENT_ID)
        token = stage.org.employee.token
        for method, path in [*(('GET', path) for path in READS), *WRITES]:
            pair = requests(token, method, path, records, absent)
            for attempt in range(AGAIN):
                micros, part = measured(daemon.port, pair, tries)
                if abs(part) <= share:
                    break
            campaign.count('answers timed', 2 * tries * (attempt + 1))
            campaign.most('us between unseen and absent at the most', round(abs(micros), 2))
            if whole:
                print(f'access: {method} {path}: {micros:+.2f} us, {part:+.2%} of the median', flush=True)
            if abs(part) > share:
                campaign.failed(f'{method} {path}: the unseen takes {micros:+.1f} us more than the absent, {part:+.1%}')
        daemon.stop()
    finally:
        daemon.discard()
