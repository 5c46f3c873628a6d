"""What schemathesis is told beyond its settings, in its own process: which of its complaints are none, and what it did.

REVIEWD_SCHEMA_LOG names the file into which goes a line of JSON for each failure, and now and then one with the counts.
"""

import atexit
import json
import os
from collections import Counter

import schemathesis
from schemathesis.core.parameters import ParameterLocation

LINE = 2000      # characters kept of anything: bodies can be enormous
log = open(os.environ['REVIEWD_SCHEMA_LOG'], 'a', encoding='utf-8')
counts = Counter()


def header(headers, name):
    """Its value, or ''. Their names come in any case."""
    return next((str(value) for key, value in (headers or {}).items() if key.lower() == name), '')


def answered(response, name):
    return next(iter(response.headers.get(name, [])), '')


def is_minimal(case, response):
    """`Prefer: return=minimal` on a write: the same status and headers, and no body. The description cannot say of a
    response that it has a body or none, whichever the request asked for."""
    return (200 <= response.status_code < 300 and case.method in ('POST', 'PATCH') and not response.content
            and 'return=minimal' in header(case.headers, 'prefer')
            and answered(response, 'preference-applied') == 'return=minimal')


def is_stale(case, response):
    """A condition that does not hold comes before the body (RFC 9110, 13.2.1): its being wrong does not matter."""
    return response.status_code == 412 and header(case.headers, 'if-match') not in ('', '*')


def is_file(case, response):
    """Any bytes are a file, whatever type they are declared to be; only a form has parts that can be wrong."""
    data = case.meta.phase.data if case.meta else None
    return (case.method == 'POST' and case.operation.path.endswith('/attachments')
            and not header(case.headers, 'content-type').startswith('multipart/')
            and getattr(data, 'parameter_location', None) == ParameterLocation.BODY)


def is_too_long(response):
    """Refused before anybody looks at what is wrong with it."""
    return response.status_code in (413, 414, 431)


def is_unconditional(case, response):
    """If-Match is required, and its being missing has a status of its own (RFC 6585, 3)."""
    return response.status_code == 428 and not header(case.headers, 'if-match')


def is_partial(case, response):
    """An import of the good lines alone is a success also where none is: the answer says what is wrong with each."""
    return (response.status_code == 201 and case.operation.path == '/v1/imports'
            and str((case.query or {}).get('partial')).lower() == 'true')


@schemathesis.serializer('application/x-ndjson')
def lines(context, value):
    """They are text to begin with; what is wrong on purpose may be anything."""
    return value if isinstance(value, bytes) else str(value).encode('utf-8', 'replace')


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind = type(failure).__name__
    if kind in ('MissingContentType', 'MalformedJson') and is_minimal(case, response):
        counts['empty on purpose'] += 1
        return False
    if kind == 'AcceptedNegativeData' and is_stale(case, response):
        counts['stale before wrong'] += 1
        return False
    if kind == 'AcceptedNegativeData' and is_file(case, response):
        counts['files'] += 1
        return False
    if kind == 'AcceptedNegativeData' and is_partial(case, response):
        counts['partial imports'] += 1
        return False
    if kind == 'AcceptedNegativeData' and is_too_long(response):
        counts['too long'] += 1
        return False
    if kind == 'MissingHeaderNotRejected' and is_unconditional(case, response):
        counts['unconditional'] += 1
        return False
    report(f'{kind}: {getattr(failure, "title", "")}: {getattr(failure, "message", failure)}', response.request,
           response.status_code, response.content.decode('utf-8', 'replace'))
    return True


@schemathesis.hook
def after_call(context, case, response):
    counts['cases'] += 1
    counts[f'answers {response.status_code // 100}xx'] += 1
    if counts['cases'] % 200 == 0:
        say_counts()


@schemathesis.hook
def after_network_error(context, case, request):
    counts['cases'] += 1
    report('no answer', request, None, '')


def report(what, request, status, answer):
    body = request.body.decode('utf-8', 'replace') if isinstance(request.body, bytes) else request.body
    headers = {name: value for name, value in request.headers.items() if name.lower() != 'authorization'}
    log.write(json.dumps({'what': what[:LINE], 'method': request.method, 'url': request.url[:LINE],
                          'headers': {str(name): str(value)[:LINE] for name, value in headers.items()},
                          'body': str(body)[:LINE], 'status': status, 'answer': answer[:LINE]}) + '\n')
    log.flush()


@atexit.register
def say_counts():
    log.write(json.dumps({'counts': counts}) + '\n')
    log.flush()
