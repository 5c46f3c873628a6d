"""The matrix of access: for each operation of the description what it is tried with, and what has to be answered.

What has to be answered is section 3 of the contract, as the twin and twin_access.py read it; here stands what those do
not know: reads that take more than sight of the record, files, feed tokens, imports and the verbs of privacy. A cell
answers [(query, body)] to try and says the status (and, of a refusal, the rules) that must come.
"""

import twin
import twin_access as access
from access_stage import VERDICT, WITH_REASON
from support import fresh_email
from twin_rules import FROZEN
from twin_shape import VERBS

KINDS = tuple(twin.PATHS)
PATHS = {**twin.PATHS, 'attachment': 'attachments', 'calendar_token': 'calendar-tokens', 'import': 'imports'}
ANY = None                    # of rules: not looked at
ALL = access.READERS['public']
AUDIT = ('top_management', 'isms_manager', 'auditor')      # who reads the audit log and reports


# ---- who sees what


def sees(stage, me, record):
    kind = record['_kind']
    if kind in ('calendar_token', 'import'):
        return record['_owner'] == me['id'] or me['role'] in access.READERS['restricted']
    if kind == 'attachment':
        return sees(stage, me, record['_on'])
    return access.sees(stage.twin, me, kind, record)


def sees_review(stage, me, record):
    record = record.get('_on', record)
    return access.sees_review(stage.twin, me, record['_kind'], record)


# ---- reads


class Read:
    """Whoever may do this sort of thing at all, of what he sees, where there is such a thing."""

    method = 'GET'

    def __init__(self, kind=None, roles=ALL, there=lambda stage, record: True, query='', open=False):
        self.kind, self.roles, self.there, self.query, self.open = kind, roles, there, query, open

    def tries(self, stage, me, record):
        return [(self.query.format(public=stage.sets['public'].approved['id']), None)]

    def told(self, stage, me, record, body):
        if self.open:
            return 200, ANY
        if not me:
            return 401, ANY
        if me['role'] not in self.roles:
            return 403, {'access.role'}
        if record and not sees(stage, me, record):
            return 404, ANY
        return (200 if self.there(stage, record) else 404), ANY


def approved(stage, review):
    return review['status'] == 'approved'


READS = {
    **{f'/v1/{PATHS[kind]}': Read() for kind in ('person', 'review', 'input', 'decision', 'action_item', 'follow_up',
                                                 'attachment', 'calendar_token', 'import')},
    **{f'/v1/{PATHS[kind]}/{{id}}': Read(kind) for kind in PATHS},
    **{f'/v1/{PATHS[kind]}/{{id}}/history': Read(kind) for kind in PATHS},
    **{f'/v1/{PATHS[parent]}/{{id}}/{PATHS[kind]}': Read(parent)
       for kind, parents in twin.PARENTS.items() for parent in parents},
    **{f'/v1/{PATHS[kind]}/{{id}}/attachments': Read(kind)
       for kind in ('review', 'input', 'decision', 'action_item', 'follow_up')},
    **{f'/v1/{PATHS[kind]}/{{id}}/sealed-history': Read(kind, AUDIT) for kind in ('person', 'attendee')},
    **{f'/v1/reviews/{{id}}/{view}': Read('review') for view in ('readiness', 'carried-action-items', 'revisions',
                                                                'agenda', 'minutes')},
    '/v1/reviews/{id}/compare': Read('review', query='with={public}'),
    '/v1/reviews/{id}/revisions/{n}': Read('review', there=approved),
    '/v1/reviews/{id}/revisions/{n}/minutes': Read('review', there=approved),
    '/v1/reviews/{id}/evidence-pack': Read('review', AUDIT),
    '/v1/attachments/{id}/content': Read('attachment'),
    '/v1/calendar.ics': Read(),
    '/v1/search': Read(query='q=review'),
    '/v1/rules': Read(), '/v1/rules/{name}': Read(),
    '/v1/keys': Read(),
    '/v1/audit-log': Read(roles=AUDIT), '/v1/audit-log/head': Read(roles=AUDIT),
    '/v1/audit-log/checkpoints': Read(roles=AUDIT), '/v1/audit-log/checkpoints/{seq}': Read(roles=AUDIT),
    **{f'/v1/reports/{name}': Read(roles=AUDIT) for name in ('action-items', 'metrics', 'schedule', 'clauses')},
    **{path: Read(open=True) for path in ('/problems/{name}', '/healthz', '/readyz', '/metrics', '/openapi.json',
                                          '/docs')},
    '/docs/redoc.js': None,      # there or not, as it was built; nobody is kept from it
}


# ---- what the twin knows to write

CREATED = {
    'person': [{'name': 'Nora New', 'role': 'employee'}],
    'review': [{'title': 'New', 'type': 'scheduled', 'scope': 'All', 'period_start': '%-300', 'period_end': '%-1',
                'planned_on': '%10', 'chair_id': 'top2@example.org'}],
    'attendee': [{'person_id': 'employee2@example.org', 'capacity': 'observer'}],
    'input': [{'clause': 'e', 'title': 'New'}],
    'decision': [{'kind': 'corrective_action', 'title': 'New', 'statement': 'New', 'rationale': 'New',
                  'decided_by_id': 'top2@example.org', 'owner_id': 'isms2@example.org', 'deadline': '%50',
                  'success_criteria': [{'statement': 'It is in force', 'verification': 'Read the document'}]}],
    'action_item': [{'kind': 'correction', 'title': 'New', 'owner_id': 'isms2@example.org', 'deadline': '%40',
                     'success_criteria': [{'statement': 'It is in force', 'verification': 'Read the document'}]}],
    'amendment': [{'reason': 'For this reason', 'approved_by_id': 'top2@example.org', 'deadline': '%80'},
                  {'reason': 'For this reason', 'approved_by_id': 'top2@example.org', 'owner_id': 'employee2@example.org'}],
    'follow_up': [{'kind': 'progress', 'outcome': 'at_risk', 'performed_on': '%0', 'note': 'New',
                   'next_follow_up_on': '%9'},
                  {'kind': 'completion', 'outcome': 'completed', 'performed_on': '%0', 'note': 'New',
                   'next_follow_up_on': '%9'},
                  {'kind': 'effectiveness', 'outcome': 'effective', 'performed_on': '%0', 'note': 'New'}],
}
CHANGED = {
    'person': {'job_title': 'Other'}, 'review': {'location': 'Other'}, 'attendee': {'attendance': 'apologies'},
    'input': {'title': 'Other'}, 'decision': {'title': 'Other'}, 'action_item': {'priority': 'critical'},
}
ARGUMENTS = {
    ('review', 'conclude'): {'held_on': '%0', 'next_review_on': '%100', 'summary': 'Said', 'suitability': VERDICT,
                             'adequacy': VERDICT, 'effectiveness': VERDICT},
    ('decision', 'adopt'): {'decided_on': '%0'},
    ('action_item', 'cancel'): {'approved_by_id': 'top2@example.org', **WITH_REASON},
    **{(kind, verb): WITH_REASON for kind, verb in (
        ('review', 'cancel'), ('review', 'reopen'), ('attendee', 'withdraw'), ('input', 'withdraw'),
        ('decision', 'reject'), ('decision', 'withdraw'), ('action_item', 'block'))},
}


class Write:
    """What the twin says."""

    def __init__(self, method, kind, last='', bodies=()):
        self.method, self.kind, self.last, self.bodies = method, kind, last, bodies

    def tries(self, stage, me, record):
        return [('', stage.named(self._fitting(stage, me, record, body))) for body in self.bodies]

    def _fitting(self, stage, me, record, body):
        """With what depends on where it goes."""
        kind = twin.COLLECTIONS.get(self.last)
        if self.method == 'POST' and not self.kind and 'email' not in body and 'role' in body:
            return body | {'email': fresh_email()}
        if kind == 'decision':
            return body | {'input_ids': [stage.twin.inputs(record)[0]['id']]}
        if kind == 'follow_up':
            results = [{'criterion_id': one['id'], 'measured_value': 4, 'evidence': 'Signed, page 3'}
                       for one in record['success_criteria']]
            return body | {'performed_by_id': (me or stage.twin.records['person'][0])['id']} | (
                {'criteria_results': results} if body['kind'] == 'effectiveness' else {})
        if self.last == 'supersede':
            return {'by': next(one for one in stage.twin.records['decision'] if one['_set'] == 'public'
                               and one['status'] == 'adopted')['id'], **WITH_REASON}
        return body

    def told(self, stage, me, record, body):
        if not me:
            return 401, ANY
        if record and record.get('erased_at'):      # the twin knows nothing of it
            return _erased(stage, me, self, body)
        path = '/v1/' + '/'.join(filter(None, (self.kind and f'{PATHS[self.kind]}/{record["id"]}', self.last)))
        said = stage.twin.write(me['id'], self.method, path, body, '*', None, True)
        return said.status, said.rules if said.status in (403, 409, 422) else ANY


def _erased(stage, me, cell, body):
    if me['role'] not in access.ISMS:
        return 403, ANY
    return 409, ANY


def denied(stage, me, kind, verb, record=None, parent=None):
    return access.denied(stage.twin, twin.Write(me, kind, record, parent, verb, {}))


class Privacy:
    """Erase, hold and release: people are written by ISMS managers."""

    method, kind = 'POST', 'person'
    BROKEN = {('erase', 'held'): 'person.erase.legal_hold', ('hold', 'held'): 'person.hold.held',
              ('release', 'active'): 'person.release.not_held', ('release', 'inactive'): 'person.release.not_held'}

    def __init__(self, verb):
        self.verb = verb

    def tries(self, stage, me, record):
        return [('', WITH_REASON)]

    def told(self, stage, me, record, body):
        if not me:
            return 401, ANY
        state = 'erased' if record['erased_at'] else 'held' if record['legal_hold_at'] else (
            'active' if record['active'] else 'inactive')
        refused = denied(stage, me, 'person', self.verb, record)
        if refused:
            return 403, ANY
        if state == 'erased' or (self.verb, state) in self.BROKEN:
            return 409, ANY if state == 'erased' else {self.BROKEN[self.verb, state]}
        if self.verb == 'erase':
            return None      # whoever owns what is open is not: others' tests know
        return 200, ANY


class File:
    """Files: whoever may write what they hang from adds and withdraws them; work on an action item is its writing."""

    method = 'POST'

    def __init__(self, kind=None):
        self.kind = kind or 'attachment'

    def tries(self, stage, me, record):
        return [('', WITH_REASON if self.kind == 'attachment' else b'a file of text\n')]

    def told(self, stage, me, record, body):
        if not me:
            return 401, ANY
        if not sees(stage, me, record):
            return 404, ANY
        on = record.get('_on', record)
        refused = self._refused(stage, me, on)
        if refused and not sees_review(stage, me, on):
            return 403, {refused}
        rules = {refused} if refused else set()
        if self.kind == 'attachment' and record['withdrawn']:
            rules.add('transition.not_allowed')      # and nothing of where it is
        else:
            rules |= self._placed(stage, on)
        if rules:
            return (403 if refused else 409), rules
        return (200 if self.kind == 'attachment' else 201), ANY

    def _refused(self, stage, me, on):
        kind, verb = on['_kind'], ''
        if kind == 'follow_up':
            on, kind = stage.twin.get('action_item', on['action_item_id']), 'action_item'
        if kind == 'action_item':
            verb = 'start'
        return denied(stage, me, kind, verb, on)

    def _placed(self, stage, on):
        kind, rules = on['_kind'], set()
        if kind in ('review', 'input', 'decision'):
            if stage.twin.review_of(kind, on)['status'] in FROZEN:
                rules.add('review.frozen')
        if kind == 'input' and on['withdrawn']:
            rules.add('input.withdrawn')
        if kind == 'decision' and on['status'] in ('rejected', 'withdrawn', 'superseded'):
            rules.add('decision.ended')
        if kind == 'action_item' and on['status'] in ('closed', 'cancelled'):
            rules.add('action_item.ended')
        return rules


class FeedToken:
    """Everybody has their own; ISMS managers make and revoke them for anybody."""

    def __init__(self, method, kind, last=''):
        self.method, self.kind, self.last = method, kind, last

    def tries(self, stage, me, record):
        if self.kind:
            return [('', {'label': 'Other'} if self.method == 'PATCH' else {})]
        return [('', {'label': 'New'}), ('', {'label': 'New', 'person_id': stage.org.isms2.id})]

    def told(self, stage, me, record, body):
        if not me:
            return 401, ANY
        if record and not sees(stage, me, record):
            return 404, ANY
        owner = record['_owner'] if record else body.get('person_id', me['id'])
        if owner != me['id'] and me['role'] not in access.ISMS:
            return 403, ANY
        if record and record['status'] == 'revoked':
            return 409, {'transition.not_allowed'} if self.last else {'calendar_token.revoked'}
        return (200 if record else 201), ANY


class Import:
    """Whoever may write anything may import; each line is judged as the record that it makes."""

    method, kind = 'POST', None

    def tries(self, stage, me, record):
        line = f'{{"resource":"person","name":"New","email":"{fresh_email()}","role":"employee"}}\n'
        return [('', line.encode())]

    def told(self, stage, me, record, body):
        if not me:
            return 401, ANY
        return (201, ANY) if me['role'] in access.ISMS else (403, {'access.role'})


WRITES = {
    **{f'POST /v1/{PATHS[kind]}': Write('POST', None, PATHS[kind], CREATED[kind]) for kind in ('person', 'review')},
    **{f'POST /v1/{PATHS[parent]}/{{id}}/{PATHS[kind]}': Write('POST', parent, PATHS[kind], CREATED[kind])
       for kind, parents in twin.PARENTS.items() for parent in parents},
    **{f'PATCH /v1/{PATHS[kind]}/{{id}}': Write('PATCH', kind, '', [CHANGED[kind]]) for kind in CHANGED},
    **{f'POST /v1/{PATHS[kind]}/{{id}}/{verb}': Write('POST', kind, verb, [ARGUMENTS.get((kind, verb), {})])
       for kind, verbs in VERBS.items() for verb in verbs},
    **{f'POST /v1/people/{{id}}/{verb}': Privacy(verb) for verb in ('erase', 'hold', 'release')},
    **{f'POST /v1/{PATHS[kind]}/{{id}}/attachments': File(kind)
       for kind in ('review', 'input', 'decision', 'action_item', 'follow_up')},
    'POST /v1/attachments/{id}/withdraw': File(),
    'POST /v1/calendar-tokens': FeedToken('POST', None),
    'PATCH /v1/calendar-tokens/{id}': FeedToken('PATCH', 'calendar_token'),
    'POST /v1/calendar-tokens/{id}/revoke': FeedToken('POST', 'calendar_token', 'revoke'),
    'POST /v1/imports': Import(),
}

CELLS = {**{f'GET {path}': cell for path, cell in READS.items()}, **WRITES}

__all__ = ['ANY', 'AUDIT', 'CELLS', 'KINDS', 'PATHS', 'harness', 'sees', 'sees_review']
