"""Requests that two parsers could read in two ways, and connections that end in the middle.

libmicrohttpd 0.9.75 lets through what a proxy before it may see otherwise; our own first call refuses it. What the
library refuses by itself is answered as a problem, too. Each refusal closes the connection, since nobody can say where the next request begins: a canary sent behind the refused
request, on the same connection, is never answered.
"""

import json
import random
import re
import socket
import time
from contextlib import closing

import pytest

from harness import Client
from support import abandon, head, is_well, person_body, plain, shared, statuses, talk, walk  # noqa: F401 (fixtures)

# What a smuggler wants to have done in somebody else's name.
SMUGGLED = b'{"name": "Mallory", "email": "mallory@example.org", "role": "isms_manager"}'

JSON = 'Content-Type: application/json'


def body_of(org):
    return json.dumps(person_body()).encode()


def chunk(body):
    return b'%x\r\n%s\r\n0\r\n\r\n' % (len(body), body)


def canary(org):
    """A whole, harmless request; and one that would leave a mark."""
    return (b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
            + head('POST', '/v1/people', org.isms.client, JSON, f'Content-Length: {len(SMUGGLED)}') + SMUGGLED)


def the_problem(received, status=None, of_head=False):
    """The one answer in this stream, held to be a whole and well-formed problem; its body."""
    assert len(statuses(received)) == 1, received
    answer_head, _, body = received.partition(b'\r\n\r\n')
    first, *lines = answer_head.decode('ascii').split('\r\n')
    headers = {name.lower(): value for name, value in (line.split(': ', 1) for line in lines)}
    assert len(headers) == len(lines), received
    answered = int(re.fullmatch(r'HTTP/1\.1 (\d{3}) [A-Z][\w -]+', first).group(1))
    assert headers['connection'] == 'close' and headers['content-type'] == 'application/problem+json', received
    assert re.fullmatch(r'[\w.:-]{1,128}', headers['x-request-id']), received
    assert headers['x-content-type-options'] == 'nosniff' and 'date' in headers and 'cache-control' in headers, received
    assert answered == status if status else 400 <= answered < 500, received
    if of_head:
        assert not body, received
        return None
    assert int(headers['content-length']) == len(body), received
    problem = json.loads(body)
    assert set(problem) == {'type', 'title', 'status', 'detail', 'instance'} and all(problem.values()), problem
    assert (problem['status'], problem['instance']) == (answered, headers['x-request-id'])
    assert problem['type'].startswith('/problems/')
    return problem


def refuse(org, request):
    """A problem of 4xx, an announced close, a closed connection, and no second answer."""
    before = len(walk(org.isms.client, '/v1/people?limit=200'))
    received, closed = talk(org.daemon.port, request + canary(org))
    assert closed, 'the connection stays open'
    the_problem(received, of_head=request.startswith(b'HEAD '))
    assert len(walk(org.isms.client, '/v1/people?limit=200')) == before, 'something was written'


# ---- two lengths


@pytest.mark.parametrize('lines', [
    ['Content-Length: {n}', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: {n}'],
    ['content-length: {n}', 'TRANSFER-ENCODING: chunked'],
    ['Content-Length: 0', 'Transfer-Encoding: chunked'],
    ['Content-Length: {n}', 'Transfer-Encoding: identity'],
    ['Content-Length: {n}', 'Content-Length: {n}'],
    ['Content-Length: {n}', 'Content-Length: 0'],
    ['Content-Length: 0', 'Content-Length: {n}'],
    ['Content-Length: {n}', 'content-length: {n}'],
    ['Content-Length: {n}, {n}'],
    ['Content-Length: {n},'],
    ['Content-Length: +{n}'],
    ['Content-Length: -{n}'],
    ['Content-Length: -1'],
    ['Content-Length: 0x{n}'],
    ['Content-Length: {n}.0'],
    ['Content-Length: {n}e0'],
    ['Content-Length: {n} {n}'],
    ['Content-Length: {n}a'],
    ['Content-Length: a'],
    ['Content-Length:'],
    ['Content-Length: "{n}"'],
    ['Content-Length: 18446744073709551616'],
    ['Content-Length: 99999999999999999999999999'],
    ['Transfer-Encoding: gzip'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked, gzip'],
    ['Transfer-Encoding: chunked, chunked'],
    ['Transfer-Encoding: identity'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunkedx'],
    ['Transfer-Encoding: "chunked"'],
    ['Transfer-Encoding: chunked;q=1'],
    ['Transfer-Encoding: \x0bchunked'],
    ['Transfer-Encoding:'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'],
], ids=' | '.join)
def test_a_body_whose_end_is_in_doubt(shared, lines):
    body = body_of(shared)
    lines = [line.format(n=len(body)) for line in lines]
    for coded in (body, chunk(body)):
        refuse(shared, head('POST', '/v1/people', shared.isms.client, JSON, *lines) + coded)


@pytest.mark.parametrize('path', ['/v1/people', '/healthz', '/v1/nothing'])
def test_no_path_and_no_method_is_beyond_the_guard(shared, path):
    """Not a read that has no use for a body, not what would be 404 or 401 anyway."""
    lines = ['Content-Length: 5', 'Transfer-Encoding: chunked']
    for method in ('GET', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'):
        refuse(shared, head(method, path, shared.isms.client, *lines) + b'0\r\n\r\n')
        refuse(shared, head(method, path, Client(shared.daemon, None), *lines) + b'0\r\n\r\n')


def test_the_request_that_was_smuggled_is_not_done(shared):
    """The classic: by length the rest is body, by chunks it is the next request."""
    hidden = head('POST', '/v1/people', shared.isms.client, JSON, f'Content-Length: {len(SMUGGLED)}') + SMUGGLED
    rest = b'0\r\n\r\n' + hidden
    received, closed = talk(shared.daemon.port, head(
        'POST', '/v1/people', shared.isms.client, JSON, f'Content-Length: {len(rest)}', 'Transfer-Encoding: chunked')
        + rest)
    assert closed and len(statuses(received)) == 1
    shared.isms.client.get('/v1/people/mallory@example.org').expect(404)


@pytest.mark.parametrize('body', [
    b'zz\r\n{}\r\n0\r\n\r\n', b'-2\r\n{}\r\n0\r\n\r\n', b'2\r\n{}XX\r\n0\r\n\r\n', b'0x2\r\n{}\r\n0\r\n\r\n',
    b'ffffffffffffffffff\r\n{}\r\n0\r\n\r\n', b'\r\n{}\r\n0\r\n\r\n',
])
def test_chunks_that_do_not_add_up(shared, body):
    request = head('POST', '/v1/people', shared.isms.client, JSON, 'Transfer-Encoding: chunked')
    received, closed = talk(shared.daemon.port, request + body + canary(shared))
    assert closed
    the_problem(received)


def test_trailers_are_the_end_of_a_connection(shared):
    """A trailer without a name ends the trailers for the library: what follows must not be read as a request."""
    for trailers in (b'a: b\r\n', b': b\r\n', b'a: b\r\n: c\r\n', b': b\r\n: c\r\n'):
        request = head('GET', '/healthz', shared.isms.client, 'Transfer-Encoding: chunked') + b'0\r\n' + trailers
        received, closed = talk(shared.daemon.port, request + canary(shared))
        assert closed and len(statuses(received)) == 1, received


# ---- names, values, targets


@pytest.mark.parametrize('line', [
    b'Content-Length : 0', b'Content Length: 0', b'X Y: 1', b'X\tY: 1', b'X@Y: 1', b'X(Y): 1', b'"X": 1', b'X/Y: 1',
    b'X[]: 1', b'X=Y: 1', b'X;Y: 1', b'X\\Y: 1', b': empty', b':', b':\tempty\r\nX: Y', b': GET http://x/readyz HTTP/1.1', b'X\x01Y: 1', b'X\x7fY: 1', b'X\xc3\xa9: 1',
    b'{X}: 1', b'<X>: 1', b'X?: 1', b'X,Y: 1',
], ids=repr)
def test_header_names_that_are_no_token(shared, line):
    refuse(shared, head('GET', '/v1/people', shared.isms.client, line))


@pytest.mark.parametrize('value', [
    b'a\x00b', b'a\x00', b'\x00', b'\x00\x00', b'a\x00\r\nX: b', b'a\x01b', b'a\x08b', b'a\x0bb', b'a\x0cb', b'a\x1bb', b'a\x7fb', b'a\rb', b'\x1f',
], ids=repr)
def test_control_bytes_in_header_values(shared, value):
    for name in (b'X-Anything', b'X-Request-Id', b'Accept', b'Idempotency-Key'):
        refuse(shared, head('GET', '/v1/people', shared.isms.client, name + b': ' + value))


@pytest.mark.parametrize('target', [
    '/v1/people/%00', '/v1/people%00', '/v1/people/a%00b', '/v1/people?q=%00',
    '/v1%2fpeople', '/v1%2Fpeople', '/v1/people/%2f', '/v1/people%2F..',
    '/v1%5cpeople', '/v1%5Cpeople', '/v1/people/%5c..',
    '/v1/../healthz', '/../../etc/passwd', '/v1/people/..', '/v1/people/.', '/./healthz', '/v1/./people', '/..', '/.',
    '/v1/%2e%2e/healthz', '/v1/%2E./healthz', '/v1/.%2e/healthz', '/v1/%2e/people', '/problems/../healthz',
    '/docs/%2e%2e%2fhealthz',
])
def test_targets_that_mean_another_path(shared, target):
    for method in ('GET', 'POST'):
        refuse(shared, head(method, target, shared.isms.client, 'Content-Length: 0'))


@pytest.mark.parametrize('line', [
    b'GET /healthz\x00 HTTP/1.1', b'GET /healthz\x00/.. HTTP/1.1', b'GET /healthz?\x00 HTTP/1.1',
    b'GET\x00 /healthz HTTP/1.1', b'GET\x00X /healthz HTTP/1.1', b'GET  /healthz HTTP/1.1', b'GET /healthz  HTTP/1.1',
    b'GET /healthz HTTP/1.1 ', b'GET /healthz HTTP/1.1\x00', b'GET /healthz x HTTP/1.1', b'GET /healthz',
    b'GET /healthz HTTP/1.', b'GET /healthz HTTP/1.10', b'GET /healthz http/1.1', b'GET /healthz HTTX/1.1', b'GET  ',
], ids=repr)
def test_first_lines_that_have_not_their_form(shared, line):
    refuse(shared, line + b'\r\nHost: x\r\n\r\n')


@pytest.mark.parametrize('method', ['get', 'Get', 'G"T', 'GET,', '!', 'G.T', '{}GET', '1', 'G\u00c9T'])
def test_methods_that_are_no_word(shared, method):
    """A body whose length somebody took for a shorter one goes on as a method like these."""
    for target in ('/healthz', '/v1/people', '/v1/nothing'):
        refuse(shared, f'{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n'.encode('latin-1'))


@pytest.mark.parametrize('host', ['x y', 'x, y', 'a@x', 'x/y', 'http://x', '..', 'x..y', 'x\\y', 'x?y', 'x#y', '<x>', '"x"'])
def test_hosts_that_are_none(shared, host):
    refuse(shared, f'GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode())


@pytest.mark.parametrize('target', [
    'http://', 'http:///healthz', 'http://?a', 'http://a@x/healthz', 'http://a:b@x/healthz', 'http://x\\y/healthz',
    'http://x,y/healthz', 'ftp://x/healthz', 'x:80', '*', '/healthz%', '/healthz%2', '/healthz%zz', '/%%32', '/healthz%2?a',
])
def test_targets_that_are_no_path(shared, target):
    refuse(shared, head('GET', target, shared.isms.client))


def test_a_percent_in_a_query_is_no_matter_of_framing(shared):
    assert shared.isms.client.get('/v1/people?q=%zz').expect(400).json['violations']


@pytest.mark.parametrize('trailer', [b'a b: c', b'a : b', b'a: b\rc', b'a: b\x01', b'"a": b'], ids=repr)
def test_trailers_that_are_no_headers(shared, trailer):
    body = body_of(shared)
    refuse(shared, head('POST', '/v1/people', shared.isms.client, JSON, 'Transfer-Encoding: chunked')
           + chunk(body)[:-2] + trailer + b'\r\n\r\n')


def test_a_folded_line(shared):
    for folded in (b'X: a\r\n b', b'X: a\r\n\tContent-Length: 5', b'X:\r\n b\r\n c'):
        refuse(shared, head('GET', '/healthz', shared.isms.client, folded))


def test_dots_that_are_no_segment_are_no_matter(shared):
    shared.isms.client.get('/v1/people/..a').expect(404)
    shared.isms.client.get('/v1/people/a..b@example.org').expect(404)
    shared.isms.client.get('/v1/people/...').expect(404)
    shared.isms.client.get('/v1/people?q=../x').expect(200)


def test_the_refusal_is_a_problem(shared):
    received, _ = talk(shared.daemon.port, head('GET', '/v1/people/%00', shared.isms.client, 'X-Request-Id: guard-1'))
    answer_head, _, body = received.partition(b'\r\n\r\n')
    assert b'application/problem+json' in answer_head and b'guard-1' in answer_head
    problem = json.loads(body)
    assert (problem['type'], problem['status']) == ('/problems/malformed-request', 400)
    assert problem['instance'] == 'guard-1'


# ---- what the library refuses by itself


@pytest.mark.parametrize('request_head, status, name', [
    (b'GET /' + b'x' * 100_000 + b' HTTP/1.1\r\nHost: x\r\n\r\n', 414, 'target-too-long'),
    (b'x' * 100_000, 414, 'target-too-long'),
    (b'GET /healthz HTTP/1.1\r\nHost: x\r\nX: ' + b'x' * 100_000 + b'\r\n\r\n', 431, 'headers-too-large'),
    (b'GET /healthz HTTP/1.1\r\nHost: x\r\n' + b'X: y\r\n' * 20_000 + b'\r\n', 431, 'headers-too-large'),
    (b'GET /healthz HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n', 400, 'malformed-request'),
    (b'GET /healthz HTTP/1.1\r\nno header\r\nHost: x\r\n\r\n', 400, 'malformed-request'),
    (b'GET /healthz?' + b'a&' * 3000 + b' HTTP/1.1\r\nno header\r\n\r\n', 400, 'malformed-request'),
    (b'GET /healthz\r\n\r\n', 400, 'malformed-request'),
    (b'GET /healthz HTTP/0.9\r\nHost: x\r\n\r\n', 505, 'version-not-supported'),
    (b'GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n', 505, 'version-not-supported'),
    (b'GET /healthz HTTP/3.7\r\nHost: x\r\n\r\n', 505, 'version-not-supported'),
    (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'version-not-supported'),
    *[(b'POST /v1/people HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n{}' % length, status, name)
      for length, status, name in [(b'abc', 400, 'malformed-request'), (b'-1', 400, 'malformed-request'),
                                   (b'+5', 400, 'malformed-request'), (b'', 400, 'malformed-request'),
                                   (b'9' * 19, 413, 'too-large'), (b'9' * 40, 413, 'too-large'),
                                   (b'0' * 30 + b'2', 413, 'too-large')]],
    *[(b'POST /v1/people HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n' + chunks, status, name)
      for chunks, status, name in [(b'zz\r\n{}\r\n0\r\n\r\n', 400, 'malformed-request'),
                                   (b'2\r\n{}XX', 400, 'malformed-request'),
                                   (b'f' * 18 + b'\r\n', 413, 'too-large'),
                                   (b'0\r\nno trailer\r\n\r\n', 400, 'malformed-request'),
                                   (b'0\r\nX: ' + b'y' * 100_000, 431, 'headers-too-large')]],
], ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else None)
def test_the_librarys_own_refusals_are_problems(shared, request_head, status, name):
    counted = refusals(shared, status)
    received, closed = talk(shared.daemon.port, request_head)
    assert closed
    problem = the_problem(received, status)
    assert problem['type'] == f'/problems/{name}'
    assert shared.isms.client.get(problem['type']).expect(200)
    assert refusals(shared, status) == counted + 1
    assert is_well(shared)


# About as much as the library has memory for. Of a head that filled it, it would close without a word for want of an
# answer's head, after the request was carried out.
LONG_HEADS = {
    'a target': lambda get, post, long: get('/v1/people?q=' + 'a' * long),
    'a header': lambda get, post, long: get('/v1/people', 'X: ' + 'a' * long),
    'many headers': lambda get, post, long: get('/v1/people', *['a:'] * (long // 60)),
    'a body': lambda get, post, long: post('X: ' + 'a' * long, 'Content-Length: 100000') + b'x' * 100_000,
    'a stream': lambda get, post, long: get('/v1/reviews/{review}/evidence-pack', 'X: ' + 'a' * long),
    'trailers': lambda get, post, long: post('Transfer-Encoding: chunked') + b'2\r\n{}\r\n0\r\nX: %s\r\n\r\n' % (b'a' * long),
}


@pytest.mark.parametrize('long', LONG_HEADS)
def test_a_head_of_any_length_has_an_answer(shared, long):
    def get(target, *lines):
        return head('GET', target.replace('{review}', review), shared.isms.client, 'Connection: close', *lines)

    def post(*lines):
        return head('POST', '/v1/people?dry_run=true', shared.isms.client, 'Connection: close', JSON, *lines)

    review = shared.review()['id']
    seen = set()
    for size in range(10_000, 17_500, 61):
        received, _ = talk(shared.daemon.port, LONG_HEADS[long](get, post, size))
        assert len(statuses(received)) == 1, f'no answer to {size} bytes'
        seen.add(statuses(received)[0])
        if statuses(received)[0] in (414, 431):
            the_problem(received)
    assert seen & {200, 400, 422} and seen & {414, 431}, seen
    assert (414 in seen) == (long == 'a target')
    assert is_well(shared)


def refusals(org, status):
    """How many answers of this status belonged to no route."""
    text = Client(org.daemon, None).get('/metrics').expect(200).body.decode()
    found = re.search(rf'^reviewd_requests_total{{method="any",route="none",status="{status}"}} (\d+)$', text, re.M)
    return int(found.group(1)) if found else 0


@pytest.mark.parametrize('line', [b'nonsense', b'GET', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'])
def test_first_lines_without_a_space(shared, line):
    """There the library hangs up without a word, as a TLS client on the plain port sees."""
    assert talk(shared.daemon.port, line + b'\r\n\r\n') == (b'', True)
    assert is_well(shared)


def test_a_refusal_has_the_id_that_came_before_what_is_wrong(shared):
    lines = [b'Host: x', b'X-Request-Id: before', b'X: y']
    start = b'POST /v1/people HTTP/1.1\r\n' + b'\r\n'.join(lines) + b'\r\n'
    for rest in (b'no header\r\n\r\n', b'X: ' + b'y' * 100_000, b'Content-Length: a\r\n\r\n', b'X: a\x00b\r\n\r\n',
                 b'Transfer-Encoding: chunked\r\n\r\nzz\r\n'):
        received, closed = talk(shared.daemon.port, start + rest)
        assert closed and statuses(received)[0] in (400, 431) and json.loads(received.partition(b'\r\n\r\n')[2])[
            'instance'] == 'before', received


def test_a_refusal_behind_an_answer(shared):
    """The second request of a connection is refused with one answer of its own, and HEAD without a body."""
    good = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
    for bad, of_head in ((b'GET /healthz HTTP/1.1\r\nno header\r\n\r\n', False), (b'nothing at all\r\n\r\n', False),
                         (b'HEAD /healthz HTTP/1.1\r\nno header\r\n\r\n', True),
                         (b'HEAD /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n', True)):
        received, closed = talk(shared.daemon.port, good + bad)
        assert closed and received.startswith(b'HTTP/1.1 200 ')
        the_problem(received[received.index(b'HTTP/1.1 400'):], 400, of_head)


# ---- what is in order


@pytest.mark.parametrize('request_head', [
    b'GET /healthz HTTP/1.0\r\n\r\n', b'GET /healthz HTTP/1.0\n\n', b'GET /healthz HTTP/1.1\nHost: x\nX: y\n\n',
    b'\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', b'GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n',
    b'GET /healthz HTTP/1.1\r\nHost: x\r\nX:\r\nY: \r\nZ:\t \t\r\n\r\n',
    b'GET /healthz HTTP/1.1\r\nHost: x\r\nX:y\r\nY: \t y\r\nZ: y \t \r\n\r\n',
    b'GET /healthz HTTP/1.1\r\nX: y\nY: z\r\nHost: \r\n\r\n', b'GET /healthz HTTP/1.1\r\nHost: x\r\nX: :\r\n\r\n',
    b'GET /healthz HTTP/1.1\r\nHost: x\r\nX: ' + b'y' * 14_000 + b'\r\n\r\n',
    b'GET /healthz HTTP/1.1\r\nHost: x\r\n' + b'X: y\r\n' * 150 + b'\r\n',
    b'GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: ' + b'y;' * 4000 + b'\r\n\r\n',
    b'GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: a=b; c="d\r\nCookie: =\r\n\r\n',
], ids=lambda value: repr(value[:60]))
def test_heads_in_order(shared, request_head):
    """Twice on one connection: the second one lies where the library has moved it."""
    received, _ = talk(shared.daemon.port, request_head * 2, seconds=0.3)
    assert set(statuses(received)) == {200}, received
    assert len(statuses(received)) == 1 + (b'HTTP/1.1' in request_head)


def test_many_parameters_are_no_matter_of_framing(shared):
    received, _ = talk(shared.daemon.port, head('GET', '/v1/people?' + 'a&' * 3000, shared.isms.client,
                                                'Connection: close'))
    assert statuses(received) == [400]
    assert json.loads(received.partition(b'\r\n\r\n')[2])['violations']


def test_chunks_in_order(shared):
    body = body_of(shared)
    lines = ['Transfer-Encoding: Chunked', 'Connection: close']
    for coded in (chunk(body), b'%x;ext=1\r\n%s\r\n' % (5, body[:5]) + chunk(body[5:]),
                  b''.join(b'1\r\n%c\r\n' % byte for byte in body) + b'0\r\nTrailer: x\r\n\r\n'):
        received, _ = talk(shared.daemon.port, head('POST', '/v1/people?dry_run=true', shared.isms.client, JSON, *lines)
                           + coded)
        assert statuses(received) == [201], received


def test_pipelined_requests_are_answered_in_their_order(shared):
    """Writes among them: the connection waits for its write before it reads on."""
    bodies = [body_of(shared) for _ in range(5)]
    requests = b''.join(
        head('POST', '/v1/people', shared.isms.client, JSON, f'Content-Length: {len(body)}',
             f'X-Request-Id: write-{number}') + body
        + head('GET', '/v1/people/nobody@example.org', shared.isms.client, f'X-Request-Id: read-{number}')
        for number, body in enumerate(bodies))
    received, _ = talk(shared.daemon.port, requests + head('GET', '/healthz', shared.isms.client, 'Connection: close'))
    assert statuses(received) == [201, 404] * 5 + [200]
    order = [f'{kind}-{number}'.encode() for number in range(5) for kind in ('write', 'read')]
    assert [received.index(b'X-Request-Id: ' + one) for one in order] == sorted(
        received.index(b'X-Request-Id: ' + one) for one in order)


def test_a_request_in_single_bytes(shared):
    body = body_of(shared)
    request = head('POST', '/v1/people', shared.isms.client, JSON, f'Content-Length: {len(body)}', 'Connection: close')
    with socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request + body:
            connection.sendall(bytes([byte]))
        received = b''
        while piece := connection.recv(65536):
            received += piece
    assert statuses(received) == [201]


def test_expect_100_continue(shared):
    body = body_of(shared)
    with socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=10) as connection:
        connection.sendall(head('POST', '/v1/people', shared.isms.client, JSON, f'Content-Length: {len(body)}',
                                'Expect: 100-continue', 'Connection: close'))
        assert connection.recv(1000).startswith(b'HTTP/1.1 100 ')
        connection.sendall(body)
        received = b''
        while piece := connection.recv(65536):
            received += piece
    assert statuses(received) == [201]


def test_http_1_0_is_closed_after_the_answer(shared):
    received, closed = talk(shared.daemon.port, b'GET /healthz HTTP/1.0\r\n\r\n')
    assert received[9:12] == b'200' and closed


def test_a_head_and_body_sent_apart_are_not_held_up(shared):
    """Without TCP_QUICKACK at the first call a client with Nagle waits 40 ms for each write."""
    took = []
    for _ in range(20):
        body = body_of(shared)
        with socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=10) as connection:
            began = time.monotonic()
            connection.send(head('POST', '/v1/people?dry_run=true', shared.isms.client, JSON,
                                 f'Content-Length: {len(body)}'))
            connection.send(body)
            assert connection.recv(65536).startswith(b'HTTP/1.1 201')
            took.append(time.monotonic() - began)
    assert sorted(took)[len(took) // 2] < 0.035


# ---- connections that end in the middle


def cut(org, number):
    """The first part of a write, cut in its line, its head, its body, or its chunks; or the whole of it."""
    body = body_of(org)
    whole = head('POST', '/v1/people', org.isms.client, JSON, f'Content-Length: {len(body)}') + body
    in_chunks = head('POST', '/v1/people', org.isms.client, JSON, 'Transfer-Encoding: chunked') + chunk(body)
    return (whole[:10], whole[:60], whole[:-len(body)], whole[:-5], in_chunks[:-len(body)], in_chunks[:-3], whole)[
        number % 7]


def test_a_hundred_requests_that_are_cut_leave_nothing(shared):
    for number in range(100):
        abandon(shared.daemon.port, cut(shared, number))
    assert is_well(shared)


def test_connections_that_stop_in_the_middle_hold_up_nobody(shared):
    """A hundred of them at once, open and silent, then closed in an orderly way."""
    silent = [socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=5) for _ in range(100)]
    try:
        for number, connection in enumerate(silent):
            connection.sendall(cut(shared, number % 6))
        for _ in range(10):
            assert plain(shared.isms.client, 'POST', '/v1/people', person_body()).status == 201
    finally:
        for connection in silent:
            connection.close()
    assert is_well(shared)


def test_clients_that_do_not_wait_for_the_answer(shared):
    """The write is suspended while its client goes away: it is done or not, and the daemon goes on."""
    before = len(walk(shared.isms.client, '/v1/people?limit=200'))
    for _ in range(100):
        body = body_of(shared)
        abandon(shared.daemon.port, head('POST', '/v1/people', shared.isms.client, JSON,
                                         f'Content-Length: {len(body)}') + body)
    assert is_well(shared)
    assert before < len(walk(shared.isms.client, '/v1/people?limit=200')) <= before + 101
    shared.daemon.cli('audit', 'verify')


def test_a_client_that_does_not_read_holds_up_nobody(shared):
    """Pipelines reads and never takes an answer: its buffers fill, the other connections are served."""
    with closing(socket.create_connection(('127.0.0.1', shared.daemon.port), timeout=1)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = head('GET', '/v1/people?limit=200', shared.isms.client)
        try:
            for _ in range(2000):
                deaf.sendall(request)
        except TimeoutError:
            pass
        for _ in range(10):
            assert plain(shared.isms.client, 'POST', '/v1/people', person_body()).status == 201
    assert is_well(shared)


def test_noise(shared):
    """Real requests with random bytes changed, cut out or put in: any answer will do but 5xx, and life after it."""
    dice = random.Random(20261121)
    body = body_of(shared)
    good = head('POST', '/v1/people?dry_run=true', shared.isms.client, JSON, f'Content-Length: {len(body)}',
                'Connection: close') + body
    for _ in range(150):
        noisy = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(noisy))
            noisy[at:at + dice.randint(0, 2)] = dice.randbytes(dice.randint(0, 2))
        received, _ = talk(shared.daemon.port, bytes(noisy), seconds=0.1)
        assert all(status < 500 or status in (501, 505) for status in statuses(received)), (bytes(noisy), received)
    assert is_well(shared)
