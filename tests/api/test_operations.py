"""What an operator relies on: probes, figures, descriptions, signals, log. Contract, section 4, last point."""

import json
import os
import re
import signal
from itertools import groupby

import pytest

from harness import Client
from support import ABSENT_ID, audit_head, metric, person_body, plain, poll, shared  # noqa: F401 (fixture)

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)')
LABELS = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


@pytest.fixture
def anyone(shared):
    return Client(shared.daemon, None)


def samples(daemon):
    """[(name, {label: value}, number)] of /metrics."""
    text = Client(daemon, None).get('/metrics').expect(200).body.decode()
    found = [SAMPLE.fullmatch(line) for line in text.splitlines() if line and not line.startswith('#')]
    assert all(found), text
    return [(one[1], dict(LABELS.findall(one[2] or '')), float(one[3])) for one in found]


# ---- probes


@pytest.mark.parametrize('path', ['/healthz', '/readyz'])
def test_probes(anyone, path):
    """For a program that has no token and looks at the status."""
    answer = anyone.get(path).expect(200)
    assert answer.headers['Cache-Control'] == 'no-store' or 'ETag' not in answer.headers
    anyone.request('HEAD', path).expect(200)
    anyone.request('POST', path, {}).expect(405)


def test_ready_means_ready(daemon):
    """The line that tells the port is not written before the daemon answers."""
    Client(daemon, None).get('/readyz').expect(200)


def test_probes_take_no_parameters(anyone):
    assert anyone.get('/healthz?colour=red').status == 400


# ---- figures


def test_metrics_are_prometheus_text(shared):
    """Each family is described once, before its samples, which stand together."""
    answer = plain(Client(shared.daemon, None), 'GET', '/metrics')
    assert re.match(r'text/plain; version=0\.0\.4(;|$)', answer.headers['Content-Type'])
    text = answer.body.decode()
    assert text.endswith('\n') and '\r' not in text
    types = dict(re.findall(r'^# TYPE (\S+) (counter|gauge|histogram|summary)$', text, re.M))
    helps = re.findall(r'^# HELP (\S+) .+$', text, re.M)
    assert sorted(types) == sorted(helps) and len(helps) == len(set(helps))

    def family(name):
        return name if name in types else re.sub(r'_(bucket|sum|count)$', '', name)

    order = [name for name, _ in groupby(family(name) for name, _, _ in samples(shared.daemon))]
    assert set(order) <= types.keys() and len(order) == len(set(order))
    assert all(name.startswith(('reviewd_', 'process_')) for name in types)
    assert all(name.endswith('_total') for name, kind in types.items() if kind == 'counter')


@pytest.mark.parametrize('part', ['request', 'bucket', 'queue', 'group', 'commit', 'wal', 'suspended', 'audit'])
def test_metrics_have_what_is_watched(shared, part):
    shared.new('/v1/people', person_body())
    assert metric(shared.daemon, part) is not None


def counted(daemon, route, status):
    """How many requests were counted for a route and status, whatever the labels are called."""
    return sum(number for name, labels, number in samples(daemon)
               if name.endswith('_total') and 'request' in name and route in labels.values()
               and str(status) in labels.values())


def test_requests_are_counted_by_route_and_status(shared):
    """By the template of the path: ids in labels would make a series for each record."""
    route = next((one for one in ('/v1/people/{id}', '/v1/people/{person_id}') if any(
        one in labels.values() for _, labels, _ in samples(shared.daemon))), '/v1/people/{id}')
    before = counted(shared.daemon, route, 200), counted(shared.daemon, route, 404)
    for _ in range(3):
        shared.isms.client.get(f'/v1/people/{shared.top.id}').expect(200)
    shared.isms.client.get(f'/v1/people/{ABSENT_ID}').expect(404)
    poll(lambda: (counted(shared.daemon, route, 200), counted(shared.daemon, route, 404)) == (
        before[0] + 3, before[1] + 1), 2, 'the requests were not counted')


def test_strangers_make_no_series(shared):
    """Neither unknown paths nor odd methods grow the page."""
    before = len(samples(shared.daemon))
    for number in range(50):
        plain(shared.isms.client, 'GET', f'/v1/nothing-{number}')
        plain(shared.isms.client, 'GET', f'/v1/people/{number}')
        plain(shared.isms.client, f'BREW{number}', '/v1/people')
    assert len(samples(shared.daemon)) < before + 40
    assert 'nothing-7' not in str(samples(shared.daemon)) and 'BREW7' not in str(samples(shared.daemon))


def test_histograms_add_up(shared):
    """Buckets are cumulative, end in +Inf, and that is the count."""
    def series(one):
        return one[0], sorted((name, value) for name, value in one[1].items() if name != 'le')

    everything = samples(shared.daemon)
    counts = {str(series((name.removesuffix('_count'), labels))): number for name, labels, number in everything
              if name.endswith('_count')}
    buckets = [one for one in everything if one[0].endswith('_bucket')]
    assert buckets
    for _, group in groupby(sorted(buckets, key=series), key=series):
        ordered = sorted(group, key=lambda one: float(one[1]['le']))
        values = [number for _, _, number in ordered]
        assert values == sorted(values) and ordered[-1][1]['le'] == '+Inf'
        name, labels = ordered[0][0].removesuffix('_bucket'), dict(ordered[0][1])
        labels.pop('le')
        assert counts[str(series((name, labels)))] == values[-1]


def test_the_audit_head_is_watched(shared):
    shared.new('/v1/people', person_body())
    seq = audit_head(shared.isms.client)['seq']
    assert seq in [number for name, _, number in samples(shared.daemon) if 'audit' in name]


# ---- descriptions


def test_openapi(anyone):
    answer = anyone.get('/openapi.json').expect(200)
    assert answer.headers['Content-Type'].startswith(('application/json', 'application/vnd.oai.openapi+json'))
    described = answer.json
    assert described['openapi'].startswith('3.1')
    for path in ('/v1/people', '/v1/reviews', '/v1/inputs', '/v1/decisions', '/v1/action-items', '/v1/follow-ups',
                 '/v1/rules', '/v1/audit-log'):
        assert path in described['paths']
    again = anyone.request('GET', '/openapi.json', headers={'If-None-Match': answer.etag or '"none"'})
    assert again.status == (304 if answer.etag else 200)


def test_docs(anyone):
    """A page for people, from here alone: what it loads comes from no other site."""
    answer = plain(anyone, 'GET', '/docs', Accept='text/html')
    assert answer.status == 200 and answer.headers['Content-Type'].startswith('text/html')
    page = answer.body.decode()
    assert not re.search(r'(?i)<(script|link|img|iframe)[^>]+(src|href)\s*=\s*["\']?(https?:)?//', page)


@pytest.mark.parametrize('path', ['/docs', '/problems/not-found', '/v1/people', '/openapi.json'])
def test_nothing_is_guessed_by_browsers(shared, path):
    answer = plain(shared.isms.client, 'GET', path, Accept='*/*')
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'


@pytest.mark.parametrize('path', ['/v1/people', '/v1/audit-log/head'])
def test_what_needs_a_token_is_kept_by_no_shared_cache(shared, path):
    answer = plain(shared.isms.client, 'GET', path)
    assert any(word in (answer.headers['Cache-Control'] or '') for word in ('private', 'no-store'))


# ---- log and signals


def test_the_log_is_json_lines(shared):
    """Every line of it; with time, level and event."""
    shared.isms.client.get('/v1/people').expect(200)
    lines = [line for line in shared.daemon.stderr().splitlines() if line.strip()]
    for line in lines:
        entry = json.loads(line)
        assert {'time', 'level', 'event'} <= entry.keys()
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', entry['time'])


def test_nobody_writes_lines_into_the_log(shared):
    """What a caller sends is a value in a line, never a line."""
    plain(shared.isms.client, 'GET', '/v1/%0a%7b%22event%22%3a%22forged%22%7d')
    plain(shared.isms.client, 'GET', '/v1/people', User_Agent='"}\\n{"event":"forged"}')
    shared.isms.client.get('/v1/people').expect(200)
    assert all(entry.get('event') != 'forged' for entry in shared.daemon.log())
    for line in shared.daemon.stderr().splitlines():
        json.loads(line)


def test_sighup_disturbs_nobody(org):
    """It reloads and goes on; connections, the queue and the data stay as they are."""
    org.review()
    lines = len(org.daemon.log())
    for _ in range(5):
        os.kill(org.daemon.process.pid, signal.SIGHUP)
        org.review()
    poll(lambda: any('reload' in str(entry.get('event')) or 'hup' in str(entry.get('event')).lower()
                     for entry in org.daemon.log()[lines:]), 5, 'the log does not mention it')
    org.isms.client.get('/readyz').expect(200)


def test_a_broken_pipe_is_no_reason_to_end(org):
    os.kill(org.daemon.process.pid, signal.SIGPIPE)
    org.review()
