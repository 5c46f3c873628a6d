"""Holds every answer to openapi/openapi.json: path, method, status, media type and body."""

import json
import re
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker, RefResolver

DESCRIPTION = Path(__file__).resolve().parents[2] / 'openapi' / 'openapi.json'
PROBES = {'/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'}

# What may be answered before the daemon knows which operation is meant.
BEFORE_ROUTING = {400, 408, 413, 414, 431, 503, 505}


@lru_cache(maxsize=None)
def description():
    return json.loads(DESCRIPTION.read_text()) if DESCRIPTION.exists() else None


def check(answer):
    """Fails when the answer is not one that the description allows for the request."""
    spec = description()
    if spec is None:
        return
    method, path, _, _ = answer.request
    item = path_item(path.partition('?')[0])
    if item is None:
        allowed = BEFORE_ROUTING | {404}
        assert answer.status in allowed, answer.report('OpenAPI: the path is not described')
        return
    operation = item.get(method.lower()) or (item.get('get') if method == 'HEAD' else None)
    if operation is None:
        allowed = BEFORE_ROUTING | {405} | ({204} if method == 'OPTIONS' else set())
        assert answer.status in allowed, answer.report('OpenAPI: the method is not described')
        return
    _check_response(answer, _response(operation, answer))


def path_item(path):
    """The description of a path; of several templates that fit, the one with most literal segments."""
    fitting = [template for template, pattern in _patterns() if pattern.fullmatch(path)]
    if not fitting:
        return None
    return description()['paths'][min(fitting, key=lambda template: template.count('{'))]


@lru_cache(maxsize=None)
def _patterns():
    def pattern(template):
        pieces = re.split(r'\{[^}]*\}', template)
        return re.compile('[^/]+'.join(re.escape(piece) for piece in pieces))

    return [(template, pattern(template)) for template in description()['paths']]


def _response(operation, answer):
    responses = operation['responses']
    for name in (str(answer.status), f'{answer.status // 100}XX', 'default'):
        if name in responses:
            return _resolve(responses[name])
    if answer.status in BEFORE_ROUTING:
        return None
    raise AssertionError(answer.report(f'OpenAPI: {answer.status} is not described, only {sorted(responses)}'))


def _resolve(node):
    while '$ref' in node:
        node = _resolver().resolve(node['$ref'])[1]
    return node


@lru_cache(maxsize=None)
def _resolver():
    return RefResolver.from_schema(description())


def _check_response(answer, response):
    if response is None or not answer.body:
        return       # HEAD, 204, 304 and Prefer: return=minimal have none
    content = response.get('content')
    assert content, answer.report('OpenAPI: a body where none is described')
    media_type = (answer.headers['Content-Type'] or '').partition(';')[0].strip()
    if '*/*' in content and media_type != 'application/problem+json':
        return       # a file, of whatever type it is
    assert media_type in content, answer.report(f'OpenAPI: {media_type} is not described, only {sorted(content)}')
    schema = content[media_type].get('schema')
    if schema is None or not media_type.endswith('json') or media_type.endswith('ndjson'):
        return
    errors = sorted(_validator(json.dumps(schema, sort_keys=True)).iter_errors(answer.json), key=str)
    assert not errors, answer.report('OpenAPI: ' + '; '.join(f'{e.json_path}: {e.message[:300]}' for e in errors[:5]))


@lru_cache(maxsize=None)
def _validator(schema_text):
    return Draft202012Validator(json.loads(schema_text), resolver=_resolver(), format_checker=FormatChecker())
