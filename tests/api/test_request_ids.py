"""Request ids: echoed or made, in every answer, problem and log line. Contract, section 1."""

import re

import pytest

from harness import Client
from support import fill, life, plain, poll, shared  # noqa: F401 (fixtures)

@pytest.mark.parametrize('given, kept', [
    ('abc-123', True), ('A.b_c~9', True), ('x' * 128, True), ('a', True),
    ('x' * 129, False), ('two words', False), ('quo"ted', False), ('<script>', False), ('back\\slash', False),
    ('', False), (None, False),
])
def test_request_id(shared, given, kept):
    """Echoed in the header and in a problem; what could break a log line or a page is replaced."""
    found = plain(shared.isms.client, 'GET', '/v1/people', X_Request_Id=given)
    refused = plain(shared.isms.client, 'GET', '/v1/nothing', X_Request_Id=given)
    made = [found.headers['X-Request-Id'], refused.headers['X-Request-Id']]
    assert refused.json['instance'] == made[1]
    if kept:
        assert made == [given, given]
    else:
        assert made[0] != made[1] and given not in made
        assert all(re.fullmatch(r'[A-Za-z0-9._~-]{1,128}', one) for one in made)


@pytest.mark.parametrize('method, path, headers, status', [
    ('GET', '/healthz', {}, 200), ('GET', '/metrics', {}, 200), ('GET', '/v1/people', {}, 200),
    ('GET', '/v1/people/{person}', {'If_None_Match': '*'}, 304), ('OPTIONS', '/v1/people', {}, 204),
    ('GET', '/v1/people', {'Authorization': 'Bearer x'}, 401), ('DELETE', '/v1/people', {}, 405),
    ('GET', '/v1/people', {'Accept': 'text/html'}, 406), ('HEAD', '/v1/nothing', {}, 404),
])
def test_every_answer_and_its_log_line_carry_the_request_id(shared, life, method, path, headers, status):
    request_id = f'trace-{status}-{method}-{abs(hash(path)) % 10 ** 6}'
    answer = plain(shared.isms.client, method, fill(path, life), X_Request_Id=request_id, **headers)
    assert (answer.status, answer.headers['X-Request-Id']) == (status, request_id)
    poll(lambda: any(request_id in entry.values() for entry in shared.daemon.log()), 5, 'no log line has it')


def test_no_secret_is_logged(shared):
    shared.isms.client.get('/v1/people').expect(200)
    Client(shared.daemon, shared.isms.token + 'x').get('/v1/people').expect(401)
    assert shared.isms.token not in shared.daemon.stderr()
