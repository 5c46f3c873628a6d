"""What tells of a record that one does not see: its marker, its id, its reference; in whatever form an answer has."""

import io
import json
import re
import subprocess
import zipfile

import access_cells as cells
import twin
from harness import Client
from support import ABSENT_ID, ABSENT_REFERENCE
from twin_shape import ARGUMENTS, MEMBERS

ID = re.compile(rb'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}')
REFERENCE = re.compile(rb'(?:MR|DEC|ACT)-\d{4}-\d+')
NAMED = 'the-name-of-a-record'
EXAMPLES = ('/openapi.json', '/docs')      # theirs are references that a record may have
NEVER_ALIKE = {'date', 'x-request-id'}


class Answer:
    def __init__(self, method, path, sent, status, headers, body):
        self.method, self.path, self.sent = method, path, sent
        self.status, self.headers, self.body = status, headers, body

    @property
    def rules(self):
        if not (self.headers['Content-Type'] or '').startswith('application/problem+json'):
            return set()
        return {one['rule'] for one in json.loads(self.body).get('violations', [])}

    def names(self):
        return {name.lower(): value for name, value in self.headers.items() if name.lower() not in NEVER_ALIKE}

    def texts(self):
        """(name, text) of the headers, and of the body as its reader has it before him."""
        yield self.path, '\n'.join(f'{name}: {value}' for name, value in self.headers.items()).encode()
        yield from unpacked(self.path, self.body)

    def __repr__(self):
        return f'{self.status} {dict(self.headers)} {ascii(self.body[:300])}'


def unpacked(name, body):
    if body[:4] == b'PK\3\4':
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for one in packed.namelist():
                yield name, one.encode()
                yield from unpacked(f'{name}/{one}', packed.read(one))
    elif body[:5] == b'%PDF-':
        yield name, b' '.join(subprocess.run(['pdftotext', '-', '-'], input=body, capture_output=True).stdout.split())
    else:
        yield name, body


class Scan:
    """Looks answers through, for whoever they were given to."""

    def __init__(self, stage):
        self.stage = stage
        self.known = {}          # id or reference -> record
        for records in (*(stage.twin.records[kind] for kind in twin.PATHS if kind != 'person'), stage.others['attachment']):
            for record in records:
                for name in filter(None, (record['id'], record.get('reference'))):
                    self.known[name.encode()] = record
        self.markers = re.compile('|'.join(stage.markers.values()).encode())
        self.sets = {marker.encode(): name for name, marker in stage.markers.items()}
        self.sights = {}

    def sees(self, caller, record):
        key = (caller.name, record['id'])
        if key not in self.sights:
            self.sights[key] = bool(caller.me) and cells.sees(self.stage, caller.me, record)
        return self.sights[key]

    def sees_set(self, caller, name):
        return self.sees(caller, self.stage.sets[name].planned)

    def is_told(self, record):
        """What is shown of what an own record hangs from: its title and reference, and by its own members its inputs."""
        busy = self.stage.sets['restricted'].busy
        if record['_kind'] == 'input':
            return record['review_id'] == busy['id'] and record['clause'] == 'g'
        return record is busy

    def look(self, campaign, caller, answer):
        named = f'{answer.path} '.encode() + (answer.sent or b'')
        for where, text in answer.texts():
            by_audit = '/audit-log' in where or '/audit/entries' in where      # who reads it sees that something was done to what
            for marker in set(self.markers.findall(text)):
                if marker not in named and not self.sees_set(caller, self.sets[marker]):
                    self._found(campaign, caller, answer, f'the marker of the {self.sets[marker]} set in {where}')
            for name in {*ID.findall(text), *REFERENCE.findall(text)}:
                record = self.known.get(name)
                if record is None or name in named or by_audit or self.is_told(record) or where in EXAMPLES:
                    continue
                if not self.sees(caller, record):
                    self._found(campaign, caller, answer, f'{name.decode()}, a {record["_kind"]} of the {record["_set"]} set, in {where}')

    def _found(self, campaign, caller, answer, what):
        campaign.count('leaks')
        if campaign.counts['leaks'] <= 20:
            campaign.failed(f'{caller.name} learns of {what} by {answer.method} {answer.path}: {answer}')


# ---- every read with every parameter


def resolved(stage_description, node):
    while '$ref' in node:
        node = stage_description['components']['parameters'][node['$ref'].rpartition('/')[2]]
    return node


def hidden_records(stage):
    """Of the restricted set, one of each kind that belongs to nobody of the callers."""
    owner = stage.org.isms2.id
    found = {}
    for kind in (*twin.PATHS, 'attachment'):
        for record in stage.records(kind):
            on = record.get('_on', record)
            if on.get('_set') != 'restricted' or record.get('_owned') or on.get('_owned') or record.get('withdrawn'):
                continue
            if kind in ('decision', 'action_item') and record['owner_id'] != owner or record is stage.sets['restricted'].busy:
                continue
            if kind == 'input' and record['clause'] == 'g':
                continue
            found.setdefault(kind, record)
    return found


KIND_OF = {'id': None, 'reference': None, 'with': 'review', 'review_id': 'review', 'decision_id': 'decision',
           'action_item_id': 'action_item', 'input_id': 'input', 'input_ids': 'input', 'follow_up_id': 'follow_up',
           'superseded_by_id': 'decision', 'predecessor_id': 'action_item', 'supersedes_id': 'follow_up',
           'resource_id': 'decision'}


def named_hidden(name, path, hidden, record_kind):
    """The (hidden, absent) values of a parameter that names a record; none where it names people."""
    kind = KIND_OF[name] or record_kind
    record = hidden.get(kind)
    if not record:
        return []
    pairs = [(record['id'], ABSENT_ID)] if name != 'reference' else []
    if record.get('reference'):
        pairs.append((record['reference'], ABSENT_REFERENCE[record['reference'].split('-')[0]]))
    return pairs


def values(name, schema, stage):
    """What a parameter is tried with, besides what names records."""
    schema = schema.get('items', schema)
    if 'enum' in schema:
        return list(schema['enum'])
    if schema.get('type') == 'boolean':
        return ['true', 'false']
    if name == 'as_of':
        return [f'{stage.daemon.day()}T23:59:59Z']
    if name.endswith(('_before', '_to')) or name == 'to':
        return ['2099-01-01']
    if name.endswith(('_after', '_from')) or name == 'from':
        return ['2001-01-01']
    if schema.get('format') == 'date':
        return [stage.daemon.day(days) for days in (0, 10, 60, 90)]
    if name == 'limit':
        return ['200']
    if name in ('q', 'name', 'department'):
        return [f'%22{stage.markers["restricted"]}%22' if name == 'q' else stage.markers['restricted']]
    if name.endswith(('_id', '_by')):
        return [stage.org.isms2.id, stage.org.top2.id, 'me'][:2]
    return []


def read_everything(campaign, stage, matrix, operations, whole):
    """By whoever does not see the restricted set."""
    description = json.loads(stage.daemon.cli('openapi').stdout)
    hidden = hidden_records(stage)
    missing = {'review', 'attendee', 'input', 'decision', 'action_item', 'follow_up', 'amendment', 'attachment'} - set(hidden)
    assert not missing, missing
    callers = [one for one in matrix.callers if not matrix.scan.sees_set(one, 'restricted')]
    for method, path, operation in operations:
        if method != 'GET' or path.startswith('/docs'):
            continue
        cell = cells.CELLS.get(f'GET {path}')
        for caller in callers:
            if not caller.me and path not in ('/metrics', '/healthz'):
                continue      # the matrix has seen that nobody is told nothing
            for query in drawn(campaign, queries(stage, description, path, operation, hidden, cell), whole):
                _read(campaign, stage, matrix, caller, path, cell, query, hidden)


def drawn(campaign, found, whole):
    found = list(found)
    return found if whole else campaign.random.sample(found, min(len(found), 3))


def queries(stage, description, path, operation, hidden, cell):
    """(query, (hidden, absent)): one parameter, or one that names what is hidden and the same for what is absent."""
    kind = next((one for one in cells.PATHS if path.endswith(f'/{cells.PATHS[one]}')), None)
    yield '', None
    for one in operation.get('parameters', []):
        one = resolved(description, one)
        name = one['name']
        if one['in'] != 'query' or name == 'cursor':
            continue
        more = 'q=review' if path == '/v1/search' and name != 'q' else f'with={{public}}' if path.endswith(
            '/compare') and name != 'with' else ''
        if name in KIND_OF:
            for pair in named_hidden(name, path, hidden, kind):
                yield f'{name}=%s{"&" + more if more else ""}', pair
            continue
        for value in values(name, one['schema'], stage):
            yield '&'.join(filter(None, (f'{name}={value}', more))), None
        if name == 'q':      # the word of what is hidden is as a word that nobody wrote
            yield 'q=%s' + ('' if path == '/v1/search' else '&count=true'), (stage.markers['restricted'], 'zq' + '0' * 12)


def _read(campaign, stage, matrix, caller, path, cell, query, hidden):
    query, pair = query
    records = [None]
    if cell and cell.kind:
        seen = stage.sets['own'].approved if cell.kind == 'review' else next(
            (one for one in stage.records(cell.kind) if matrix.scan.sees(caller, one)), None)
        records = [one for one in (seen, hidden.get(cell.kind)) if one]
    for record in records:
        target = matrix._path(path, record, query.replace('{public}', stage.sets['public'].approved['id']))
        answers = [caller.request('GET', target.replace('%s', value) if pair else target) for value in pair or ('',)]
        for answer in answers:
            campaign.count('reads')
            matrix.scan.look(campaign, caller, answer)
            if answer.status >= 500:
                campaign.failed(f'GET {answer.path} is answered {answer.status}')
        by_audit = path == '/v1/audit-log'      # which tells its readers of every record that something was done to it
        if pair and not by_audit and not same_but(answers, pair):
            campaign.failed(f'{caller.name}: GET {answers[0].path} is not answered like {answers[1].path}: '
                            f'{answers[0]} {answers[1]}')


def same_but(answers, pair):
    """The same status, body and headers, but for what was asked for and what is made of it."""
    shown = []
    for answer, value in zip(answers, pair):
        names = {name: text.replace(value, '?') for name, text in answer.names().items()}
        body = answer.body.replace(value.encode(), b'?')
        if value.encode() in answer.body:
            names.pop('etag', None)
            names.pop('content-length', None)
        shown.append((answer.status, body, names))
    return shown[0] == shown[1]


# ---- references in bodies


def bodies_that_name(stage, hidden):
    """(method, path, body, (hidden, absent)): wherever a body may name a record that is no person."""
    own = stage.sets['own'].busy
    written = {'review': own}
    for kind in ('decision', 'action_item', 'follow_up', 'input'):
        written[kind] = next(one for one in stage.twin.records[kind] if one['_set'] == 'own' and one.get(
            'status', 'open') in ('proposed', 'open') and not one.get('withdrawn'))
    for kind, members in MEMBERS.items():
        for name, member in members.items():
            if member.kind not in ('ref', 'refs') or member.target == 'person':
                continue
            ways = [('POST', f'/v1/{twin.PATHS[parent]}/{written[parent]["id"]}/{twin.PATHS[kind]}')
                    for parent in twin.PARENTS[kind]]
            if kind in cells.CHANGED:
                ways.append(('PATCH', f'/v1/{twin.PATHS[kind]}/{written[kind]["id"]}'))
            for method, path in ways:
                for pair in named_hidden('id', path, hidden, member.target):
                    yield method, path, {name: [NAMED] if member.kind == 'refs' else NAMED}, pair
    for (kind, verb), members in ARGUMENTS.items():
        for name, member in members.items():
            if member.kind == 'ref' and member.target != 'person':
                path = f'/v1/{twin.PATHS[kind]}/{written[kind]["id"]}/{verb}'
                for pair in named_hidden('id', path, hidden, member.target):
                    yield 'POST', path, {name: NAMED, 'reason': 'For a reason'}, pair


def lines_that_name(hidden):
    """The same by a line of an import."""
    for kind, parents in twin.PARENTS.items():
        for parent in parents:
            for pair in named_hidden('id', '', hidden, parent):
                yield 'POST', '/v1/imports', json.dumps({'resource': kind, f'{parent}_id': NAMED}).encode() + b'\n', pair


def name_everything(campaign, stage, matrix):
    """By whoever does not see what is named: the answer is that of a name that nothing has."""
    hidden = hidden_records(stage)
    for caller in matrix.callers:
        if not caller.me or matrix.scan.sees_set(caller, 'restricted'):
            continue
        for method, path, body, pair in [*bodies_that_name(stage, hidden), *lines_that_name(hidden)]:
            answers = []
            for value in pair:
                if isinstance(body, bytes):
                    named = body.replace(NAMED.encode(), value.encode())
                else:
                    named = json.loads(json.dumps(body).replace(NAMED, value))
                answers.append(caller.request(method, f'{path}?dry_run=true', named, **{'If-Match': '*'} if path.endswith(
                    '/supersede') or method == 'PATCH' else {}))
                campaign.count('names in bodies')
                matrix.scan.look(campaign, caller, answers[-1])
            if not same_but(answers, pair):
                campaign.failed(f'{caller.name}: {method} {path} {body} is not answered for {pair[0]} as for {pair[1]}: '
                                f'{answers[0]} {answers[1]}')


def logs_and_figures(campaign, stage):
    """No log line, and no figure, has a marker; no figure an id."""
    markers = re.compile('|'.join(stage.markers.values()))
    log = stage.daemon.stderr()
    lines = log.count('\n')
    campaign.count('log lines', lines)
    if lines < 100 or '"debug"' not in log:
        campaign.failed('the log does not tell of requests: it proves nothing')
    for line in log.splitlines():
        if markers.search(line):
            campaign.failed(f'a marker is in the log: {line[:500]}')
    figures = Client(stage.daemon, None).get('/metrics').expect(200).body
    if markers.search(figures.decode()) or ID.search(figures) or REFERENCE.search(figures):
        campaign.failed('/metrics tells of records')
