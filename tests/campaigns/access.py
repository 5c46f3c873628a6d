"""Section 3 of the contract for every operation: who may, who sees, and that nobody learns of what he does not see.

The operations are those of the description, which is made from the table of routes; one without a cell fails. Each is
tried by five roles and by nobody, on records of reviews that the caller attends and that he does not, of each
classification, his own and others', in each state. Writes are tried as dry runs, and what has to be refused in earnest
too: at the end the audit log is as it was. What is not seen answers like what is not there, to the byte, in each header,
and in the median of the time. And no answer, log line or figure has a word or an id of what its reader does not see.
"""

import http.client
import json
import socket

import access_cells as cells
import access_marks as marks
import access_times as times
from access_stage import CALLERS, Stage
from support import ABSENT_ID, if_match

SHORT = 1
METHODS = ('get', 'post', 'patch', 'put', 'delete')
WORDS = {'n': '1', 'name': 'not-found'}


class Caller:
    """One of the six on a kept-alive connection."""

    def __init__(self, stage, name):
        self.stage, self.name = stage, name
        person = getattr(stage.org, name, None)
        self.me = person and stage.twin.get('person', person.id)
        self.headers = {'Authorization': f'Bearer {person.token}'} if person else {}
        self.connection = None

    def request(self, method, path, body=None, **headers):
        headers = {'Host': 'reviewd.test', **self.headers, 'X-Request-Id': 'same-for-all', **headers}
        if isinstance(body, bytes):
            headers |= {'Content-Disposition': 'attachment; filename="new.txt"',
                        'Content-Type': 'application/x-ndjson' if path.startswith('/v1/imports') else 'text/plain'}
        elif body is not None:
            body = json.dumps(body).encode()
            headers['Content-Type'] = 'application/json'
        if body is not None:
            headers['Content-Length'] = len(body)
        head = ''.join(f'{name}: {value}\r\n' for name, value in headers.items())
        return self._exchange(method, path, f'{method} {path} HTTP/1.1\r\n{head}\r\n'.encode() + (body or b''), body)

    def _exchange(self, method, path, request, body):
        """In one piece: a head and a body apart are two packets."""
        if not self.connection:
            self.connection = socket.create_connection(('127.0.0.1', self.stage.daemon.port), timeout=60)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.sendall(request)
        response = http.client.HTTPResponse(self.connection, method=method)
        response.begin()
        answer = marks.Answer(method, path, body, response.status, response.headers, response.read())
        if (response.headers['Connection'] or '').lower() == 'close':
            self.connection.close()
            self.connection = None
        return answer


def operations(stage):
    described = json.loads(stage.daemon.cli('openapi').stdout)
    return [(method.upper(), path, operation) for path, item in described['paths'].items()
            for method, operation in item.items() if method in METHODS]


def alike(record, me):
    """Of records that are alike in this, one is as good as another."""
    on = record.get('_on', record)
    return (record.get('_set'), bool(record.get('_owned')), on['_kind'], on.get('status'),
            me and me['id'] in (record.get('owner_id'), record.get('_owner'), on.get('owner_id')),
            record.get('withdrawn'), record.get('active'), record.get('capacity') == 'chair', bool(record.get('agenda')),
            bool(record.get('erased_at')), bool(record.get('legal_hold_at')), record.get('kind'))


def review_state(stage, record):
    """Of what hangs from a review, that one's state is a state of its own."""
    on = record.get('_on', record)
    if on['_kind'] in ('attendee', 'input', 'decision', 'action_item'):
        return stage.twin.get('review', on['review_id'])['status']
    return None


def chosen(campaign, stage, kind, me, whole):
    """One of each sort, or, if not the whole matrix is to be tried, one state of each of them."""
    sorts = {}
    for record in stage.records(kind):
        sorts.setdefault((alike(record, me), review_state(stage, record)), record)
    if whole:
        return list(sorts.values())
    fewer = {}
    for sort, record in sorts.items():
        fewer.setdefault((sort[0][0], sort[0][1], sort[0][4]), []).append(record)
    return [campaign.random.choice(records) for records in fewer.values()]


class Matrix:
    def __init__(self, campaign, stage, whole):
        self.campaign, self.stage, self.whole = campaign, stage, whole
        self.callers = [Caller(stage, name) for name in (*CALLERS, 'nobody')]
        self.scan = marks.Scan(stage)
        self.wrong = 0

    def play(self):
        without = []
        for method, path, _ in operations(self.stage):
            if f'{method} {path}' not in cells.CELLS:
                without.append(f'{method} {path}')
                continue
            cell = cells.CELLS[f'{method} {path}']
            if cell:
                self._operation(method, path, cell)
        if without:
            self.campaign.failed(f'routes without a cell: {", ".join(without)}')

    def _operation(self, method, path, cell):
        self.campaign.count('operations')
        for caller in self.callers:
            records = [None] if not cell.kind else chosen(self.campaign, self.stage, cell.kind, caller.me, self.whole)
            for record in records:
                for query, body in cell.tries(self.stage, caller.me, record):
                    told = cell.told(self.stage, caller.me, record, body)
                    if told:
                        self._cell(caller, method, path, record, query, body, told)

    def _path(self, path, record, query):
        words = {**WORDS, 'id': record['id'] if record else ''}
        if path.startswith('/v1/rules'):
            words['name'] = 'review.period.order'
        if '{seq}' in path:
            words['seq'] = self.stage.org.get('/v1/audit-log/checkpoints?limit=1')['data'][0]['seq']
        return path.format(**words) + (f'?{query}' if query else '')

    def _cell(self, caller, method, path, record, query, body, told):
        status, rules = told
        target = self._path(path, record, query)
        headers = {'If-Match': '*'} if target.endswith('/revoke') else if_match(method, target)
        tried = f'{target}{"&" if query else "?"}dry_run=true' if method != 'GET' else target
        for at in (tried, target) if status >= 400 and method != 'GET' and path != '/v1/imports' else (tried,):
            answer = caller.request(method, at, body, **headers)
            self.campaign.count('cells')
            if answer.status != status or rules is not None and answer.rules != rules:
                self._differs(caller, answer, record, f'{status} {sorted(rules or ())}')
            self.scan.look(self.campaign, caller, answer)
        if status == 404 and record and not cells.sees(self.stage, caller.me, record):
            self._as_absent(caller, method, target, body, headers, record, answer)

    def _differs(self, caller, answer, record, told):
        self.wrong += 1
        if self.wrong <= 40:
            shown = {name: value for name, value in (record or {}).items() if name in (
                '_kind', '_set', 'status', 'active', 'withdrawn', 'owner_id', 'erased_at', 'legal_hold_at')}
            self.campaign.failed(f'{caller.name}: {answer.method} {answer.path} {shown} is answered {answer.status} '
                                 f'{sorted(answer.rules)}, and the contract says {told}')

    def _as_absent(self, caller, method, target, body, headers, record, hidden):
        """By its id, and by its reference if it has one."""
        pairs = [(hidden, record['id'], ABSENT_ID)]
        if record.get('reference'):
            prefix = record['reference'].split('-')[0]
            by_name = caller.request(method, target.replace(record['id'], record['reference']), body, **headers)
            pairs.append((by_name, record['id'], f'{prefix}-2001-777'))
        for answer, name, absent in pairs:
            other = caller.request(method, target.replace(name, absent), body, **headers)
            self.campaign.count('unseen beside absent')
            if (answer.status, answer.body, answer.names()) != (other.status, other.body, other.names()):
                self.campaign.failed(f'{caller.name}: {method} {answer.path} is not answered like {other.path}: '
                                     f'{answer} {other}')


def run(campaign):
    for number in campaign.rounds():
        whole = campaign.limit != SHORT or number > 0
        stage = Stage(campaign)
        try:
            stage.build()
            head = stage.org.get('/v1/audit-log/head')
            matrix = Matrix(campaign, stage, whole)
            matrix.play()
            marks.read_everything(campaign, stage, matrix, operations(stage), whole)
            marks.name_everything(campaign, stage, matrix)
            if stage.org.get('/v1/audit-log/head') != head:
                campaign.failed('something was stored, and everything was refused or a dry run')
            marks.logs_and_figures(campaign, stage)
            times.told_apart(campaign, stage, whole)
            verified = stage.daemon.cli('audit', 'verify', check=False)
            if verified.returncode:
                campaign.failed(f'audit verify: {verified.stdout}{verified.stderr}')
            stage.daemon.stop()
        finally:
            stage.daemon.discard()

