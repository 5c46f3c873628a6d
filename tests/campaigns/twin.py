"""An in-memory twin of reviewd: its rules, its state machines and who may do what, read out of the contract.

It is told each request as the daemon is, and says what has to be answered. What only the server can know, ids and
instants, it learns from the answer (UNKNOWN until then). Where a comment says *silent*, the contract does not decide,
and the twin does what the daemon does, if that is reasonable.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date

import twin_access as access
import twin_rules as rules
from twin_shape import ARGUMENTS, CLAUSES, COMMON, MEMBERS, READ_ONLY, UNKNOWN, VERBS, Shape

COLLECTIONS = {
    'people': 'person', 'reviews': 'review', 'attendees': 'attendee', 'inputs': 'input', 'decisions': 'decision',
    'action-items': 'action_item', 'amendments': 'amendment', 'follow-ups': 'follow_up',
}
PATHS = {kind: collection for collection, kind in COLLECTIONS.items()}
PARENTS = {'attendee': ('review',), 'input': ('review',), 'decision': ('review',), 'action_item': ('decision',),
           'amendment': ('decision', 'action_item'), 'follow_up': ('action_item',)}
REFERENCES = {'review': ('MR', 2), 'decision': ('DEC', 3), 'action_item': ('ACT', 4)}
AGENDA = (
    'Status of actions from previous management reviews', 'Changes in external and internal issues',
    'Changes in needs and expectations of interested parties', 'Nonconformities and corrective actions',
    'Monitoring and measurement results', 'Audit results', 'Fulfilment of information security objectives',
    'Feedback from interested parties', 'Results of risk assessment and status of the risk treatment plan',
    'Opportunities for continual improvement',
)


@dataclass
class Expected:
    status: int
    rules: set = field(default_factory=set)
    record: dict = None        # as it is shown
    kept: dict = None          # as the twin keeps it
    kind: str = ''


@dataclass
class Write:
    """A request that writes, on its way through the twin."""
    caller: dict
    kind: str                  # of what is created or changed
    record: dict               # what is changed; None for a creation
    parent: dict
    verb: str
    body: object
    shape: Shape = None
    given: dict = None
    after: dict = None
    rules: set = field(default_factory=set)

    def known(self, *names):
        """Whether all of these members are well-formed: what is missing is not said of a member that is wrong."""
        return not self.shape.bad.intersection(names)


class Twin:
    def __init__(self, today):
        self.today = today         # a function
        self.records = {kind: [] for kind in COLLECTIONS.values()}
        self.numbers = {}
        self.clock = 0             # orders what happens

    # ---- finding

    def get(self, kind, number):
        return next((one for one in self.records[kind] if one['id'] == number), None)

    def find(self, kind, key):
        """By id or by its other name."""
        for one in self.records[kind]:
            if key in (one['id'], one.get('reference')) or (kind == 'person' and one['email'].lower() == key.lower()):
                return one
        return None

    def where(self, kind, **members):
        return [one for one in self.records[kind] if all(one[name] == value for name, value in members.items())]

    def attendees(self, review):
        return self.where('attendee', review_id=review['id'], withdrawn=False)

    def inputs(self, review):
        return self.where('input', review_id=review['id'], withdrawn=False)

    def review_of(self, kind, record):
        """The review that a record hangs from."""
        if kind == 'review':
            return record
        if kind == 'amendment':
            target = 'action_item' if record['action_item_id'] else 'decision'
            return self.review_of(target, self.get(target, record[f'{target}_id']))
        if kind == 'follow_up':
            return self.review_of('action_item', self.get('action_item', record['action_item_id']))
        return self.get('review', record['review_id'])

    # ---- what is shown

    def show(self, kind, record):
        shown = {name: value for name, value in record.items() if not name.startswith('_')}
        if kind in ('decision', 'action_item'):
            review = self.get('review', record['review_id'])
            shown |= {'review_reference': review['reference'], 'review_title': review['title']}
        if kind == 'action_item':
            decision = self.get('decision', record['decision_id'])
            shown |= {'decision_reference': decision['reference'], 'decision_title': decision['title']}
            late = (date.fromisoformat(self.today()) - date.fromisoformat(record['deadline'])).days
            overdue = record['status'] in ('open', 'in_progress', 'blocked') and late > 0
            shown |= {'overdue': overdue, 'days_overdue': late if overdue else 0}
        if kind == 'input':
            shown['metrics'] = [{**one, 'on_target': rules.holds(one['comparator'], one['value'], one['target'])}
                                for one in record['metrics']]
        return shown

    # ---- writes

    def write(self, caller_id, method, path, body, if_match=None, etag=None, dry_run=False):
        """What a POST or PATCH has to be answered; `etag` is the record's present one."""
        caller = self.get('person', caller_id)
        if not caller['active']:
            return Expected(401)
        collection, *rest = path.removeprefix('/v1/').split('/')
        kind = COLLECTIONS[collection]
        target = self.find(kind, rest[0]) if rest else None
        if rest and (not target or not access.sees(self, caller, kind, target)):
            return Expected(404)
        write = self._of(caller, kind, target, rest[1] if len(rest) > 1 else '', body)
        denied = access.denied(self, write)
        if denied and target and not access.sees_review(self, caller, kind, target):
            return Expected(403, {denied})
        if write.record and not denied:
            if if_match is None:
                return Expected(428)
            if if_match not in ('*', etag):
                return Expected(412)
        if denied:
            write.rules.add(denied)
        self._judge(write)
        if write.rules:
            return Expected(rules.status(write.rules), write.rules)
        if dry_run:
            return self._tried(write)
        return self._done(write)

    def _tried(self, write):
        """What a dry run shows, done to a copy."""
        copy = Twin(self.today)
        copy.clock = self.clock
        write.shape.find = None
        copy.records, copy.numbers, write = deepcopy((self.records, self.numbers, write))
        return copy._done(write)

    def _of(self, caller, kind, target, last, body):
        if not target:
            return Write(caller, kind, None, None, '', body)
        if last in COLLECTIONS:
            return Write(caller, COLLECTIONS[last], None, target, '', body)
        return Write(caller, kind, target, None, last, body)

    def _judge(self, write):
        def find(target, key):
            found = self.find(target, key)
            return found['id'] if found and access.sees(self, write.caller, target, found) else None

        write.shape = Shape(find)
        if write.verb:
            members = ARGUMENTS.get((write.kind, write.verb), {})
            write.given = write.shape.read(write.body, members, write.kind)
        else:
            write.given = write.shape.read(write.body, MEMBERS[write.kind], write.kind,
                                           (*COMMON, *READ_ONLY[write.kind]), write.record)
        write.rules |= write.shape.rules
        if not isinstance(write.body, dict):      # silent: of what is no object, nothing else is said
            if write.verb:
                rules.transition(write)
            return
        write.after = self._after(write)
        rules.judge(self, write)

    def _after(self, write):
        """The record as it would be. Silent: a malformed member is judged as if it were not sent, and a reference that
        names nothing as none; a verb's argument that is null is one that is not given."""
        given = write.given
        if write.verb:
            return {**write.record, **{name: value for name, value in given.items()
                                       if name in write.record and value is not None}}
        members = MEMBERS[write.kind]
        before = write.record or {name: None for name in members}
        after = {**before, **given}
        for name, member in members.items():
            if after[name] is None and member.default is not None:
                after[name] = deepcopy(member.default)
        if write.kind == 'decision' and after['action_required'] is None:
            after['action_required'] = after['kind'] != 'no_change'
        return after

    def _done(self, write):
        self.clock += 1
        if not write.record:
            kept = self._create(write)
        elif write.verb:
            kept = write.record
            self.change(write, kept, self._by_verb(write))
        else:
            kept = write.record
            before = dict(kept)
            after = {name: plain(write.after[name]) for name in MEMBERS[write.kind]}
            self.change(write, kept, self._numbered(kept, after))
            self._followed(write, before, kept)
        return Expected(200 if write.record else 201, set(), self.show(write.kind, kept), kept, write.kind)

    def change(self, write, record, changes):
        """A new version, if anything is other than before."""
        if all(record[name] == value for name, value in changes.items()):
            return
        record |= changes
        record['version'] += 1
        record |= {'updated_at': UNKNOWN, 'updated_by': write.caller['id']}

    def _numbered(self, record, values):
        """Criteria with the ids that the server gives them: a statement keeps its own, and none of a commitment
        comes to mean another."""
        ids = {one['statement']: one['id'] for one in record.get('success_criteria') or []}
        highest = max([record.get('_criteria', 0), *(int(key[1:]) for key in ids.values())])
        for one in values.get('success_criteria') or []:
            one['id'] = ids.get(one['statement'])
            if not one['id']:
                highest += 1
                one['id'] = f'c{highest}'
        return values

    def new(self, write, kind, values):
        record = {'id': UNKNOWN, 'version': 1, 'created_at': UNKNOWN, 'created_by': write.caller['id'],
                  'updated_at': UNKNOWN, 'updated_by': write.caller['id'], 'imported': False, '_kind': kind, '_made': self.clock,
                  '_day': self.today()}
        if kind in REFERENCES:
            prefix, width = REFERENCES[kind]
            year = self.today()[:4]
            self.numbers[kind, year] = self.numbers.get((kind, year), 0) + 1
            record['reference'] = f'{prefix}-{year}-{self.numbers[kind, year]:0{width}}'
        record |= values if kind == 'amendment' else self._numbered(record, values)
        self.records[kind].append(record)
        return record

    def _create(self, write):
        kind, parent = write.kind, write.parent
        values = {name: plain(write.after[name]) for name in MEMBERS[kind]}
        derived = {name: None for name in READ_ONLY[kind] if name not in ('reference', 'overdue', 'days_overdue')}
        for name in ('review_reference', 'review_title', 'decision_reference', 'decision_title'):
            derived.pop(name, None)
        values |= derived
        getattr(self, f'_new_{kind}')(write, values, parent)
        record = self.new(write, kind, values)
        getattr(self, f'_made_{kind}', lambda *_: None)(write, record)
        return record

    def _new_person(self, write, values, parent):
        pass

    def _new_review(self, write, values, parent):
        values |= {'status': 'planned', 'revision': 1, '_started': None}

    def _made_review(self, write, review):
        """The chair is its first attendee, and the ten inputs its agenda."""
        self._attend(write, review, review['chair_id'], 'chair', 'invited')
        for position, (clause, title) in enumerate(zip(CLAUSES, AGENDA), 1):
            values = {name: deepcopy(member.default) for name, member in MEMBERS['input'].items()}
            self.new(write, 'input', {**values, 'review_id': review['id'], 'clause': clause, 'title': title,
                                      'agenda': True, 'position': position, 'withdrawn': False,
                                      'withdrawn_reason': None, '_review': review})

    def _attend(self, write, review, person_id, capacity, attendance):
        person = self.get('person', person_id)
        return self.new(write, 'attendee', {
            'review_id': review['id'], 'person_id': person_id, 'capacity': capacity, 'attendance': attendance,
            'delegate_for_id': None, 'name_at_review': person['name'], 'job_title_at_review': person['job_title'],
            'withdrawn': False, 'withdrawn_reason': None, '_review': review})

    def _new_attendee(self, write, values, parent):
        person = self.get('person', values['person_id'])
        values |= {'review_id': parent['id'], 'withdrawn': False, 'name_at_review': person['name'],
                   'job_title_at_review': person['job_title']}

    def _new_input(self, write, values, parent):
        values |= {'review_id': parent['id'], 'withdrawn': False, 'agenda': False}
        if values['position'] is None:
            values['position'] = self.next_position(parent['id'])

    def next_position(self, review_id, beside=None):
        """The next one on the agenda. Silent: withdrawn inputs keep their places."""
        places = [one['position'] for one in self.where('input', review_id=review_id) if one is not beside]
        return min(max([place for place in places if place] or [0]) + 1, 1000)

    def _new_decision(self, write, values, parent):
        values |= {'review_id': parent['id'], 'status': 'proposed', '_extensions': 0}

    def _new_action_item(self, write, values, parent):
        values |= {'review_id': parent['review_id'], 'decision_id': parent['id'], 'status': 'open',
                   'extension_count': 0, 'original_deadline': values['deadline'], '_ended': None}

    def _new_amendment(self, write, values, parent):
        kind = rules.kind_of(parent)
        values[f'{kind}_id'] = parent['id']
        names = [name for name in ('owner_id', 'deadline', 'success_criteria') if values[name]]
        self._numbered(parent, values)
        values['before'] = {name: parent[name] for name in names}
        values['after'] = {name: values[name] for name in names}
        changes = {name: value for name, value in values['after'].items() if rules.differs(parent[name], value)}
        if 'deadline' in changes and parent['deadline'] and changes['deadline'] > parent['deadline']:
            if kind == 'decision':
                parent['_extensions'] += 1
            else:
                changes['extension_count'] = parent['extension_count'] + 1
        if 'success_criteria' in changes:
            used = [int(one['id'][1:]) for one in parent['success_criteria']]
            parent['_criteria'] = max([parent.get('_criteria', 0), *used])
        self.change(write, parent, changes)

    def _new_follow_up(self, write, values, parent):
        values['action_item_id'] = parent['id']
        for result in values['criteria_results']:
            criterion = rules.criterion(parent, result['criterion_id'])
            met = rules.holds(criterion['comparator'], result['measured_value'], criterion['target'])
            result['met'] = result['met'] if met is None else met
        self.change(write, parent, rules.effects(self, parent, values))
        if parent['status'] == 'closed' and not parent['_ended']:
            parent |= {'_ended': self.clock}

    def _by_verb(self, write):
        """What a verb sets."""
        kind, verb, given = write.kind, write.verb, write.given
        if kind == 'person':
            return {'active': verb == 'activate'}
        if kind in ('attendee', 'input'):
            return {'withdrawn': True, 'withdrawn_reason': given['reason']}
        sets = {name: plain(value) for name, value in given.items() if name in write.record and value is not None}
        sets['status'] = VERBS[kind][verb][1]
        if kind == 'review':
            sets |= self._review_by_verb(write)
        if kind == 'decision' and verb == 'adopt':
            sets['original_deadline'] = write.record['deadline']
        if verb == 'supersede':
            sets['superseded_by_id'] = given['by']
        if kind == 'decision' and 'reason' in given or kind == 'action_item' and verb in ('block', 'cancel'):
            sets['status_reason'] = given['reason']
        if kind == 'action_item' and verb == 'unblock':
            sets['status_reason'] = None
        if kind == 'action_item' and verb == 'cancel':
            sets |= {'cancel_approved_by_id': given['approved_by_id'], 'cancelled_on': self.today(),
                     'ended_at': UNKNOWN}
            write.record['_ended'] = self.clock
        return sets

    def _review_by_verb(self, write):
        review, verb = write.record, write.verb
        if verb == 'start':
            review['_started'] = self.clock
            return {'started_at': UNKNOWN}
        if verb == 'conclude':
            return {'concluded_at': UNKNOWN, 'concluded_by': write.caller['id']}
        if verb == 'approve':
            return {'approved_at': UNKNOWN, 'approved_by': write.caller['id'], 'minutes_sha256': UNKNOWN}
        if verb == 'cancel':
            return {'cancel_reason': write.given['reason']}
        # Silent: a review that is open again is not concluded, nor approved; what was found is kept to go on from.
        return {'reopen_reason': write.given['reason'], 'concluded_at': None, 'concluded_by': None, 'approved_at': None,
                'approved_by': None, 'minutes_sha256': None,
                'revision': review['revision'] + (review['status'] == 'approved')}

    def _followed(self, write, before, kept):
        """What a PATCH makes of other members and records."""
        if write.kind == 'review' and before['chair_id'] != kept['chair_id']:
            for one in self.attendees(kept):
                if one['capacity'] == 'chair':
                    self.change(write, one, {'capacity': 'decision_maker'})
            there = [one for one in self.attendees(kept) if one['person_id'] == kept['chair_id']]
            if there:
                self.change(write, there[0], {'capacity': 'chair'})
            else:
                self._attend(write, kept, kept['chair_id'], 'chair', 'invited')
        if write.kind == 'attendee' and before['person_id'] != kept['person_id']:
            person = self.get('person', kept['person_id'])
            kept |= {'name_at_review': person['name'], 'job_title_at_review': person['job_title']}
        if write.kind == 'input' and kept['position'] is None:
            kept['position'] = self.next_position(kept['review_id'], kept)

    # ---- what is asked of many records

    def carried(self, review):
        """The action items of reviews started before, that had not ended when this one started. Silent: as long as it
        has not, those that it would have to revisit if it did now; and none that was made afterwards."""
        started = self.clock + 1 if review['_started'] is None else review['_started']
        found = []
        for item in self.records['action_item']:
            other = self.get('review', item['review_id'])
            earlier = other is not review and other['_started'] is not None and other['_started'] < started
            if earlier and item['_made'] < started and not (item['_ended'] and item['_ended'] < started):
                found.append(item)
        return found

    def followed_up(self, item, review):
        return bool(self.where('follow_up', action_item_id=item['id'], review_id=review['id']))


def plain(value):
    """Without what the twin noted beside it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if name != '_bad'}
    return value
