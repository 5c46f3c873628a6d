"""The members and verbs of each resource, for the twin, with types and limits as a client is told them.

read() takes a body apart into well-formed values and the rules that its shape breaks.
"""

import re
from dataclasses import dataclass, field
from datetime import date

ROLES = ('top_management', 'isms_manager', 'department_head', 'employee', 'auditor')
CLAUSES = ('a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g')
COMPARATORS = ('lt', 'lte', 'eq', 'gte', 'gt')
COMMON = ('id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'imported')
LARGEST = 2 ** 53 - 1      # no integer is rounded


@dataclass
class Member:
    kind: str
    required: bool = False
    default: object = None
    least: int = 0
    most: int = 0
    values: tuple = ()
    target: str = ''               # of a reference: a kind of record
    members: dict = field(default_factory=dict)      # of an object, or of each object in a list
    name: str = ''                 # how rules call such an object
    rule: str = ''                 # in place of <resource>.<member>.required
    counted: str = ''              # in place of body.length, of a list
    guarded: bool = False          # named there, a person has to be active


def text(most, least=0, **more):
    return Member('text', most=most, least=least, **more)


def enum(*values, **more):
    return Member('enum', values=values, **more)


def ref(target, **more):
    return Member('ref', target=target, **more)


def number(**more):
    return Member('number', **more)


def integer(least, most, **more):
    return Member('integer', least=least, most=most, **more)


def objects(name, members, most, **more):
    return Member('objects', name=name, members=members, most=most, **more)


def day(**more):
    return Member('date', **more)


def truth(**more):
    return Member('bool', **more)


REASON = {'reason': text(2000, 1, required=True)}
ASSESSMENT = {'verdict': enum('yes', 'with_reservations', 'no', required=True),
              'rationale': text(5000, 1, required=True)}
CRITERION = {
    'statement': text(1000, 10, required=True), 'metric': text(200, 1), 'comparator': enum(*COMPARATORS),
    'target': number(), 'unit': text(50), 'verification': text(1000),
}
METRIC = {'name': text(200, 1, required=True), 'value': number(required=True), 'unit': text(50), 'target': number(),
          'comparator': enum(*COMPARATORS)}
SOURCE = {'system': text(200, 1, required=True), 'reference': text(200), 'url': Member('url', most=2000),
          'period_start': day(), 'period_end': day()}
AFFECTED = {'kind': enum('policy', 'procedure', 'control', 'process', 'document', 'objective', 'resource',
                         required=True),
            'reference': text(200), 'title': text(200, 1, required=True)}
RESOURCES = {'budget_amount': number(), 'currency': text(3, 3), 'effort_days': number(), 'note': text(2000)}
RESULT = {'criterion_id': text(20, 1, required=True), 'measured_value': number(), 'met': truth(),
          'evidence': text(5000)}


def criteria(**more):
    return objects('success_criterion', CRITERION, 20, counted='success_criteria.count', default=[], **more)


MEMBERS = {
    'person': {
        'name': text(200, 1, required=True), 'email': Member('email', most=254, required=True),
        'role': enum(*ROLES, required=True), 'job_title': text(200), 'department': text(200),
        'external': truth(default=False), 'active': truth(default=True),
    },
    'review': {
        'title': text(200, 1, required=True), 'type': enum('scheduled', 'extraordinary', required=True),
        'trigger': enum('business_change', 'scope_change', 'standard_update', 'audit_finding', 'major_incident',
                        'other'),
        'scope': text(5000, 1, required=True), 'period_start': day(required=True), 'period_end': day(required=True),
        'planned_on': day(required=True), 'chair_id': ref('person', required=True, guarded=True), 'location': text(200),
        'classification': enum('public', 'internal', 'confidential', 'restricted', default='internal'),
        'also_covers': Member('texts', most=20, least=200, default=[]), 'summary': text(50000),
    },
    'attendee': {
        'person_id': ref('person', required=True, guarded=True),
        'capacity': enum('chair', 'secretary', 'decision_maker', 'contributor', 'observer', required=True),
        'attendance': enum('invited', 'attended', 'apologies', 'absent', default='invited'),
        'delegate_for_id': ref('person'),
    },
    'input': {
        'clause': enum(*CLAUSES, required=True), 'title': text(200, 1, required=True),
        'presenter_id': ref('person', guarded=True), 'position': integer(1, 1000), 'minutes_allotted': integer(0, 1440),
        'summary': text(20000), 'conclusion': text(20000),
        'trend': enum('improving', 'stable', 'degrading', 'insufficient_data'), 'severity': enum('minor', 'major'),
        'source': Member('object', members=SOURCE, name='source'),
        'metrics': objects('metric', METRIC, 50, default=[]),
        'state': enum('pending', 'prepared', 'considered', 'nothing_to_report', default='pending'),
    },
    'decision': {
        'kind': enum('continual_improvement', 'isms_change', 'strategy_change', 'resource_allocation',
                     'objective_change', 'risk_treatment', 'corrective_action', 'no_change', required=True),
        'title': text(200, 1, required=True), 'statement': text(20000, 1, required=True),
        'rationale': text(20000, 1, required=True),
        'input_ids': Member('refs', target='input', most=50, required=True),
        'affects': objects('affected_item', AFFECTED, 50, default=[]),
        'decided_by_id': ref('person', required=True),
        'owner_id': ref('person', required=True, guarded=True, rule='decision.owner.required'),
        'action_required': truth(), 'deadline': day(), 'success_criteria': criteria(),
        'no_action_reason': text(5000, 1),
    },
    'action_item': {
        'kind': enum('correction', 'corrective', 'preventive', 'improvement', 'change', required=True),
        'title': text(200, 1, required=True), 'description': text(20000), 'root_cause': text(5000, 1),
        'owner_id': ref('person', required=True, guarded=True, rule='action_item.owner.required'),
        'deadline': day(required=True), 'success_criteria': criteria(required=True),
        'priority': enum('low', 'medium', 'high', 'critical', default='medium'),
        'resources': Member('object', members=RESOURCES, name='resources'), 'predecessor_id': ref('action_item'),
    },
    'amendment': {
        'reason': text(5000, 10, required=True), 'approved_by_id': ref('person', required=True, guarded=True),
        'owner_id': ref('person', guarded=True), 'deadline': day(), 'success_criteria': criteria(),
    },
    'follow_up': {
        'kind': enum('progress', 'completion', 'effectiveness', required=True),
        'performed_by_id': ref('person', required=True), 'performed_on': day(required=True),
        'note': text(20000, 1, required=True),
        'outcome': enum('on_track', 'at_risk', 'off_track', 'completed', 'not_completed', 'effective',
                        'partially_effective', 'not_effective', required=True),
        'review_id': ref('review'), 'progress_percent': integer(0, 100),
        'criteria_results': objects('criterion_result', RESULT, 20, default=[]), 'next_follow_up_on': day(),
        'supersedes_id': ref('follow_up'),
    },
}

READ_ONLY = {
    'person': ('erased_at', 'legal_hold_at'),
    'review': ('reference', 'status', 'held_on', 'suitability', 'adequacy', 'effectiveness', 'next_review_on',
               'started_at', 'concluded_at', 'concluded_by', 'approved_at', 'approved_by', 'minutes_sha256', 'revision',
               'cancel_reason', 'reopen_reason'),
    'attendee': ('review_id', 'name_at_review', 'job_title_at_review', 'withdrawn', 'withdrawn_reason'),
    'input': ('review_id', 'agenda', 'withdrawn', 'withdrawn_reason'),
    'decision': ('reference', 'review_id', 'review_reference', 'review_title', 'status', 'decided_on',
                 'original_deadline', 'superseded_by_id', 'status_reason'),
    'action_item': ('reference', 'review_id', 'review_reference', 'review_title', 'decision_id', 'decision_reference',
                    'decision_title', 'status', 'original_deadline', 'extension_count', 'progress_percent',
                    'completed_on', 'closed_on', 'cancelled_on', 'ended_at', 'status_reason',
                    'cancel_approved_by_id', 'overdue', 'days_overdue'),
    'amendment': ('decision_id', 'action_item_id', 'before', 'after'),
    'follow_up': ('action_item_id',),
}

ARGUMENTS = {
    ('review', 'conclude'): {
        'held_on': day(required=True), 'next_review_on': day(required=True), 'summary': text(50000),
        **{name: Member('object', members=ASSESSMENT, name='assessment', required=True)
           for name in ('suitability', 'adequacy', 'effectiveness')}},
    ('review', 'cancel'): REASON, ('review', 'reopen'): {'reason': text(2000, 20, required=True)},
    ('attendee', 'withdraw'): REASON, ('input', 'withdraw'): REASON,
    ('decision', 'adopt'): {'decided_on': day(required=True)},
    ('decision', 'reject'): REASON, ('decision', 'withdraw'): REASON,
    ('decision', 'supersede'): {'by': ref('decision', required=True), **REASON},
    ('action_item', 'block'): REASON,
    ('action_item', 'cancel'): {**REASON, 'approved_by_id': ref('person', required=True, guarded=True)},
}

# verb: the states from which it leads, and to which.
VERBS = {
    'review': {'start': (('planned',), 'in_progress'), 'conclude': (('in_progress',), 'concluded'),
               'approve': (('concluded',), 'approved'), 'cancel': (('planned',), 'cancelled'),
               'reopen': (('concluded', 'approved'), 'in_progress')},
    'decision': {'adopt': (('proposed',), 'adopted'), 'reject': (('proposed',), 'rejected'),
                 'withdraw': (('proposed',), 'withdrawn'), 'implement': (('adopted',), 'implemented'),
                 'supersede': (('adopted', 'implemented'), 'superseded')},
    'action_item': {'start': (('open',), 'in_progress'), 'block': (('open', 'in_progress'), 'blocked'),
                    'unblock': (('blocked',), 'in_progress'),
                    'cancel': (('open', 'in_progress', 'blocked', 'completed'), 'cancelled')},
    'person': {'activate': None, 'deactivate': None},
    'attendee': {'withdraw': None},
    'input': {'withdraw': None},
}


class Unknown:
    """What only the server knows, until it has told."""

    def __repr__(self):
        return 'UNKNOWN'

    def __deepcopy__(self, memo):
        return self


UNKNOWN = Unknown()


class Shape:
    """What a body says, and what is wrong with how it says it. `find(target, key)` answers the id of the record of that
    kind that the caller may see, or None."""

    def __init__(self, find):
        self.find = find
        self.rules = set()
        self.bad = set()           # members, by name, of which nothing is known but that they are wrong

    def read(self, body, members, resource, read_only=(), before=None):
        """The values of the members that are there and well-formed; null where one is cleared."""
        if not isinstance(body, dict):
            self.rules.add('body.type')
            self.bad.add('')
            return {}
        values = {}
        for name, value in body.items():
            if name not in members:
                self.rules.add('body.read_only' if name in read_only else 'body.unknown_field')
                continue
            was = (before or {}).get(name)
            wrong = set()
            value = self.value(members[name], value, was, wrong)
            if wrong:
                self.rules |= wrong
                self.bad.add(name)
            if not wrong or members[name].kind in ('objects', 'object', 'refs') and value is not None:
                values[name] = value
            elif members[name].kind == 'ref':
                values[name] = None
        for name, member in members.items():
            missing = values.get(name) is None if name in values else before is None or before.get(name) is None
            if member.required and missing and name not in self.bad:
                self.rules.add(member.rule or f'{resource}.{name}.required')
                self.bad.add(name)
        return values

    def value(self, member, value, was, wrong):
        if value is None:
            return None
        return getattr(self, f'_{member.kind}')(member, value, was, wrong)

    def _text(self, member, value, was, wrong):
        if not isinstance(value, str):
            wrong.add('body.type')
        elif not member.least <= len(value.strip()) or len(value.strip()) > member.most:
            wrong.add('body.length')
        return value

    def _email(self, member, value, was, wrong):
        self._text(member, value, was, wrong)
        if not wrong and not re.fullmatch(r'[^@\s]+@[^@\s]+', value):
            wrong.add('person.email.format')
        return value

    def _url(self, member, value, was, wrong):
        self._text(member, value, was, wrong)
        if not wrong and not re.fullmatch(r'[a-z][a-z0-9+.-]*:\S+', value):
            wrong.add('body.format')
        return value

    def _enum(self, member, value, was, wrong):
        if not isinstance(value, str):
            wrong.add('body.type')
        elif value not in member.values:
            wrong.add('body.enum')
        return value

    def _date(self, member, value, was, wrong):
        if not isinstance(value, str):
            wrong.add('body.type')
            return value
        try:
            date.fromisoformat(value if re.fullmatch(r'\d{4}-\d\d-\d\d', value) else '')
        except ValueError:
            wrong.add('body.format')
        return value

    def _bool(self, member, value, was, wrong):
        if not isinstance(value, bool):
            wrong.add('body.type')
        return value

    def _number(self, member, value, was, wrong):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            wrong.add('body.type')
        elif isinstance(value, int) and abs(value) > LARGEST:
            wrong.add('body.range')
        return value

    def _integer(self, member, value, was, wrong):
        if isinstance(value, bool) or not isinstance(value, int):
            wrong.add('body.type')
        elif not member.least <= value <= member.most:
            wrong.add('body.range')
        return value

    def _ref(self, member, value, was, wrong):
        if not isinstance(value, str):
            wrong.add('body.type')
        else:      # silent: an empty text, or one too long, names nothing
            found = self.find(member.target, value)
            if not found:
                wrong.add('reference.not_found')
            return found
        return value

    def _refs(self, member, value, was, wrong):
        if not isinstance(value, list):
            wrong.add('body.type')
            return None
        if not 1 <= len(value) <= member.most:
            wrong.add('body.length')
        return [self._ref(member, one, None, wrong) for one in value]

    def _texts(self, member, value, was, wrong):
        if not isinstance(value, list):
            wrong.add('body.type')
            return value
        if len(value) > member.most:
            wrong.add('body.length')
        for one in value:
            self._text(text(member.least, 1), one, None, wrong)
        return value

    def _object(self, member, value, was, wrong):
        """Merged into what was there, as RFC 7396 has it."""
        inner = Shape(self.find)
        given = inner.read(value, member.members, member.name, before=was if isinstance(was, dict) else None)
        wrong |= inner.rules
        return {name: given[name] if name in given else (was or {}).get(name) for name in member.members}

    def _objects(self, member, value, was, wrong):
        """A list of them; of each, what is well-formed."""
        if not isinstance(value, list):
            wrong.add('body.type')
            return None
        if len(value) > member.most or (member.counted and not value):
            wrong.add(member.counted or 'body.length')
        result = []
        for one in value:
            inner = Shape(self.find)
            read_only = {'metric': ('on_target',), 'success_criterion': ('id',)}.get(member.name, ())
            given = inner.read(one, member.members, member.name, read_only)
            wrong |= inner.rules
            result.append({name: given.get(name) for name in member.members} | {'_bad': inner.bad})
        return result
