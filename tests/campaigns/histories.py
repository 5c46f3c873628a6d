"""Steps of a random history, drawn with an eye on what is there, so that histories come far; and what reads should say.

Most requests are what a client would send, by whoever may; the rest are wrong in caller, state, condition or body.
"""

import twin
import twin_access as access
import twin_rules as rules
from twin_shape import ARGUMENTS, CLAUSES, COMPARATORS, MEMBERS, READ_ONLY, ROLES, VERBS

CALLERS = ('top', 'top2', 'isms', 'isms2', 'head', 'head2', 'employee', 'employee2', 'auditor')
WORDS = ('Phishing', 'backup', 'supplier', 'audit', 'risk', 'training', 'Änderung', 'access', 'key', 'incident')
NEXT = {'planned': 'start', 'in_progress': 'conclude', 'concluded': 'approve'}

# What is done, and how often.
ACTS = {
    'drive': 40, 'clock': 3, 'read': 8, 'list': 8, 'readiness': 5, 'again': 4,
    'create person': 2, 'change person': 4, 'leave person': 3,
    'create review': 4, 'change review': 6, 'verb review': 5,
    'create attendee': 6, 'change attendee': 5, 'verb attendee': 2,
    'create input': 5, 'change input': 10, 'verb input': 2,
    'create decision': 8, 'change decision': 6, 'verb decision': 8,
    'create action_item': 8, 'change action_item': 6, 'verb action_item': 8,
    'create amendment': 10, 'create follow_up': 18,
}


def draw(random, model, steps):
    """The next step."""
    while True:
        act, _, kind = random.choices(list(ACTS), ACTS.values())[0].partition(' ')
        step = Drawing(random, model, steps).step(act, kind)
        if step:
            return step


class Drawing:
    def __init__(self, random, model, steps):
        self.random, self.model, self.steps = random, model, steps
        self.one_of = random.choice

    def chance(self, share):
        return self.random.random() < share

    def any(self, kind, found=lambda one: True):
        """The name of a record, one of the newest rather than an old one; None where there is none."""
        numbers = [number for number, one in enumerate(self.model.records[kind]) if found(one)]
        if not numbers:
            return None
        return f'@{kind}/{self.one_of(numbers[-12:] if self.chance(0.7) else numbers)}'

    def record(self, name):
        kind, number = name[1:].split('/')
        return self.model.records[kind][int(number)]

    def name(self, kind, key):
        number = next(n for n, one in enumerate(self.model.records[kind]) if one['id'] == key)
        return f'@{kind}/{number}'

    def person(self, *roles):
        return self.any('person', lambda one: (not roles or one['role'] in roles) and (
            one['active'] or self.chance(0.05)))

    def who(self, *likely):
        return self.one_of(likely or ('isms', 'isms2', 'top', 'top2')) if self.chance(0.8) else self.one_of(CALLERS)

    def step(self, act, kind):
        return getattr(self, f'_{act}')(kind)

    # ---- writes

    def write(self, who, method, path, body, change=False, straight=False):
        step = {'do': 'write', 'who': who, 'method': method, 'path': path, 'body': body}
        if change:
            step['match'] = self.random.choices(('now', 'any', 'then', 'none'), (60, 30, 5, 5))[0]
        if straight:
            return step | ({'match': 'any'} if change else {})
        if self.chance(0.1):
            step['dry'] = True
        elif self.chance(0.15) and method == 'POST':
            step['key'] = f'key-{len(self.steps):06}'
        if self.chance(0.25):
            kind, verb = self._of(path)
            step['body'] = self.spoil(body, ARGUMENTS.get((kind, verb), {}) if verb else MEMBERS[kind], kind)
        return step

    @staticmethod
    def _of(path):
        parts = path.removeprefix('/v1/').split('/')
        if len(parts) > 2 and parts[2] not in twin.COLLECTIONS:
            return twin.COLLECTIONS[parts[0]], parts[2]
        return twin.COLLECTIONS[parts[-1 if len(parts) != 2 else 0]], ''

    def path(self, name, last=''):
        kind = name[1:].split('/')[0]
        sign = '#' if self.chance(0.1) else '@'
        return f'/v1/{twin.PATHS[kind]}/{sign}{name[1:].replace("/", "!")}' + (f'/{last}' if last else '')

    def spoil(self, body, members, kind):
        """One thing about it is wrong, or another."""
        if self.chance(0.03):
            return self.one_of([[], 'text', 7])
        body = dict(body)
        if self.chance(0.1):
            body['colour'] = 'red'
        elif self.chance(0.1):
            body[self.one_of(('id', 'version', 'created_by', *READ_ONLY[kind]))] = self.one_of([1, 'x', None])
        names = list(body if self.chance(0.6) and body else members)
        names = [name for name in names if name in members]
        if not names:
            return body
        name = self.one_of(names)
        if self.chance(0.25):
            body.pop(name, None)
        else:
            body[name] = self.one_of(self.wrong(members[name]))
        return body

    def wrong(self, member):
        few = [None, '', 'x', '   ', 7, -1, 1.5, True, [], {}, ['x'], [None], [7], {'colour': 1}, 'x' * 300]
        if member.kind == 'date':
            few += ['2026-02-30', '2026-2-3', '%-400', '%-1', '%0', '%1', '%3000']
        if member.kind == 'ref':
            few += ['nobody@example.org', 'MR-2001-77', self.any(member.target) or 'none', self.any('person') or 'none']
        if member.kind == 'refs':
            few += [[self.any(member.target)] * 2 if self.any(member.target) else []]
        if member.kind in ('objects', 'object'):
            inner = {name: self.one_of([None, 'x' * 12, 7, True]) for name in member.members if self.chance(0.5)}
            few += [inner, [inner], [inner, inner], [self.text()]]
        if member.kind == 'enum':
            few += [*member.values]
        return few

    def text(self, words=3):
        return ' '.join(self.one_of(WORDS) for _ in range(words)) + f' {self.random.randrange(1000)}'

    def maybe(self, share=0.3, **members):
        return {name: value for name, value in members.items() if self.chance(share)}

    # ---- bodies

    def criteria(self):
        made = []
        for number in range(self.one_of((1, 1, 1, 2, 3))):
            one = {'statement': f'{self.text()} holds {number}'}
            if self.chance(0.6):
                one |= {'metric': 'rate', 'comparator': self.one_of(COMPARATORS), 'target': self.one_of((5, 0, 12.5))}
            if 'metric' not in one or self.chance(0.2):
                one['verification'] = 'Read the signed report'
            made.append(one)
        return made

    def body(self, kind, parent=None):
        return getattr(self, f'_body_{kind}')(parent)

    def _body_person(self, parent):
        return {'name': self.text(1), 'email': f'p{len(self.steps)}@example.org', 'role': self.one_of(ROLES),
                **self.maybe(job_title=self.text(1), department=self.one_of(('IT', 'Sales')), external=True)}

    def _body_review(self, parent):
        sort = {'type': 'scheduled'}
        if self.chance(0.2):
            sort = {'type': 'extraordinary', 'trigger': 'audit_finding'}
        return {'title': self.text(), **sort, 'scope': 'The ISMS', 'period_start': '%-300', 'period_end': '%-1',
                'planned_on': '%10', 'chair_id': self.person('top_management'),
                'classification': self.one_of(tuple(access.READERS)),
                **self.maybe(location='Room 1', also_covers=['Quality'], summary='What was said')}

    def _body_attendee(self, parent):
        return {'person_id': self.person(),
                'capacity': self.one_of(('secretary', 'decision_maker', 'contributor', 'observer')),
                **self.maybe(attendance=self.one_of(('invited', 'attended', 'apologies', 'absent')),
                             delegate_for_id=self.person())}

    def _body_input(self, parent):
        return {'clause': self.one_of(CLAUSES), 'title': self.text(), **self._input_members()}

    def _input_members(self):
        compared = {'target': 5, 'comparator': self.one_of(COMPARATORS)}
        metrics = [{'name': 'rate', 'value': self.one_of((1, 5, 7.25)), **compared}, {'name': 'count', 'value': 3}]
        return self.maybe(0.25, presenter_id=self.person(), minutes_allotted=10, summary=self.text(), metrics=metrics,
                          conclusion=self.text(), trend=self.one_of(('improving', 'stable')),
                          position=self.one_of((3, 40)), severity=self.one_of(('minor', 'major')),
                          source={'system': 'CRM', 'period_end': '%0'},
                          state=self.one_of(('pending', 'prepared', 'considered', 'nothing_to_report')))

    def _body_decision(self, review):
        mine = [self.any('input', lambda one: one['review_id'] == review['id'] and not one['withdrawn'])
                for _ in range(self.one_of((1, 1, 2)))]
        makers = [one['person_id'] for one in self.model.attendees(review)
                  if self.model.get('person', one['person_id'])['role'] == 'top_management']
        decider = self.name('person', self.one_of(makers)) if makers else self.person()
        body = {'kind': self.one_of(MEMBERS['decision']['kind'].values), 'title': self.text(), 'statement': self.text(),
                'rationale': self.text(), 'input_ids': sorted({name for name in mine if name}),
                'decided_by_id': decider, 'owner_id': self.person()}
        if body['kind'] == 'isms_change' or self.chance(0.1):
            body['affects'] = [{'kind': 'policy', 'title': 'Access policy'}]
        if body['kind'] == 'no_change':
            return body | {'no_action_reason': 'It still fits'}
        if self.chance(0.1):
            return body | {'action_required': False, 'no_action_reason': 'It is done'}
        return body | {'deadline': f'%{self.one_of((60, 120, 200))}', 'success_criteria': self.criteria()}

    def _body_action_item(self, decision):
        limit = decision['deadline'] or self.model.today()
        return {'kind': self.one_of(MEMBERS['action_item']['kind'].values), 'title': self.text(),
                'root_cause': 'Nobody looked', 'owner_id': self.person(),
                'deadline': limit if self.chance(0.4) else f'%{self.one_of((3, 20, 40))}',
                'success_criteria': self.criteria(),
                **self.maybe(0.2, priority='high', description=self.text(), predecessor_id=self.any('action_item'),
                             resources={'budget_amount': 100, 'currency': 'EUR'})}

    def _body_amendment(self, target):
        changes = {'owner_id': self.person(), 'success_criteria': self.criteria(),
                   'deadline': self.one_of((f'%{self.one_of((5, 30, 90, 150))}', target['deadline'] or '%9'))}
        kept = [{k: v for k, v in one.items() if k != 'id'} for one in target['success_criteria'] if self.chance(0.5)]
        if kept and self.chance(0.5):
            changes['success_criteria'] = kept + self.criteria() * self.chance(0.5)
        named = [name for name in changes if self.chance(0.5)] or ['deadline']
        return {'reason': f'Because of {self.text()}', 'approved_by_id': self.person('top_management', 'isms_manager'),
                **{name: changes[name] for name in named}}

    def results(self, item, fine):
        made = []
        for one in item['success_criteria']:
            result = {'criterion_id': one['id']}
            if rules.measured(one):
                off = {'lt': -1, 'gt': 1}.get(one['comparator'], 0)
                result['measured_value'] = one['target'] + (off if fine else self.one_of((-3, 0, 3)))
            else:
                result |= {'met': fine or self.chance(0.5), 'evidence': 'Signed, page 3'}
            made.append(result)
        return made

    def _body_follow_up(self, item):
        kind = {'completed': 'effectiveness'}.get(item['status'], self.one_of(('progress', 'progress', 'completion')))
        if self.chance(0.15):
            kind = self.one_of(('progress', 'completion', 'effectiveness'))
        outcome = self.one_of(rules.OUTCOMES[kind] if self.chance(0.5) else rules.OUTCOMES[kind][:1])
        body = {'kind': kind, 'performed_by_id': self.person(), 'performed_on': '%0', 'note': self.text(),
                'outcome': outcome, **self.maybe(progress_percent=self.one_of((0, 40, 99)),
                             review_id=self.any('review', lambda one: one['status'] == 'in_progress'),
                             supersedes_id=self.any('follow_up', lambda one: one['action_item_id'] == item['id']))}
        if outcome != 'effective' or self.chance(0.1):
            body['next_follow_up_on'] = '%14'
        if kind == 'effectiveness' or self.chance(0.2):
            body['criteria_results'] = self.results(item, outcome == 'effective' and self.chance(0.9))
        return body

    # ---- acts

    def _create(self, kind):
        if kind in ('person', 'review'):
            limit = {'person': 25, 'review': 4 + len(self.steps) // 90}[kind]
            if len(self.model.records[kind]) >= limit:
                return None
            return self.write(self.who(), 'POST', f'/v1/{twin.PATHS[kind]}', self.body(kind))
        parent = self.any(self.one_of(twin.PARENTS[kind]))
        if not parent:
            return None
        record = self.record(parent)
        owner = self.caller(record.get('owner_id'))
        who = self.who(*(('isms', 'top', 'head') + ((owner,) * 3 if owner else ())))
        return self.write(who, 'POST', self.path(parent, twin.PATHS[kind]), self.body(kind, record))

    def caller(self, person_id):
        """The name of the caller who is that person."""
        person = person_id and self.model.get('person', person_id)
        name = person['email'].partition('@')[0] if person else None
        return name if name in CALLERS else None

    def _change(self, kind):
        name = self.any(kind)
        if not name:
            return None
        record = self.record(name)
        parent = record if kind == 'person' else self.model.review_of(kind, record)
        if kind == 'action_item':
            parent = self.model.get('decision', record['decision_id'])
        whole = self.body(kind, parent)
        body = {member: whole[member] for member in whole if self.chance(0.3)}
        if kind == 'person':      # people keep their addresses, by which callers are known, and mostly their roles
            body.pop('email', None)
            if self.chance(0.8):
                body.pop('role', None)
            if self.caller(record['id']) and self.chance(0.9):
                body.pop('role', None)
        if self.chance(0.1):
            body = {member: record[member] for member in whole if member in record and self.chance(0.5)}
        who = self.who(*(('isms', 'head', 'top') if kind in ('input', 'action_item') else ()))
        return self.write(who, 'PATCH', self.path(name), body, change=True)

    def _leave(self, kind):
        active = not self.chance(0.4)
        name = self.any('person', lambda one: one['active'] is active)
        if not name or active and self.caller(self.record(name)['id']) in ('isms', 'top', 'top2'):
            return None
        if active and self.caller(self.record(name)['id']) and self.chance(0.8):
            return None
        verb = 'deactivate' if active else 'activate'
        return self.write(self.who('isms', 'isms2'), 'POST', self.path(name, verb), {}, change=True)

    def arguments(self, kind, verb):
        made = {'reason': f'For a good reason {self.text()}', 'held_on': '%0', 'next_review_on': '%200',
                'decided_on': self.one_of(('%0', '%-3')), 'by': self.any('decision'), 'summary': 'What was said',
                'approved_by_id': self.person('top_management')}
        assessment = {'verdict': 'yes', 'rationale': 'As shown'}
        made |= dict.fromkeys(('suitability', 'adequacy', 'effectiveness'), assessment)
        return {name: made[name] for name in ARGUMENTS.get((kind, verb), {}) if made[name]}

    def _verb(self, kind):
        verb = self.one_of(list(VERBS[kind]))
        states = VERBS[kind][verb]
        fitting = self.chance(0.8)
        name = self.any(kind, lambda one: not fitting or not states or one['status'] in states[0])
        if not name:
            return None
        owner = self.caller(self.record(name).get('owner_id'))
        likely = {'approve': ('top', 'top2'), 'reopen': ('top', 'top2')}.get(verb, ('isms', 'isms2', owner or 'top'))
        return self.write(self.who(*likely), 'POST', self.path(name, verb), self.arguments(kind, verb), change=True)

    def _clock(self, kind):
        return {'do': 'clock', 'days': self.one_of((1, 2, 5, 20, 45, 100))}

    def _read(self, kind):
        kind = self.one_of(list(twin.PATHS))
        if not self.model.records[kind]:
            return None
        return {'do': 'read', 'who': self.one_of(CALLERS), 'kind': kind, 'history': self.chance(0.5),
                'number': self.random.randrange(len(self.model.records[kind]))}

    def _readiness(self, kind):
        name = self.any('review')
        return name and {'do': 'readiness', 'who': self.one_of(CALLERS), 'number': int(name.split('/')[1])}

    def _list(self, kind):
        kind = self.one_of(('person', 'review', 'input', 'decision', 'action_item', 'follow_up'))
        may = {
            'person': {'role': self.one_of(ROLES), 'active': 'true', 'external': 'false'},
            'review': {'status': self.one_of(('planned', 'in_progress,concluded', 'approved')),
                       'chair_id': self.any('person'), 'classification': 'internal,restricted',
                       'planned_on_after': '%0', 'held_on_before': '%0'},
            'input': {'clause': 'd1,d3', 'state': 'considered', 'review_id': self.any('review'), 'severity': 'major',
                      'withdrawn': 'true'},
            'decision': {'status': 'adopted,implemented', 'kind': 'no_change', 'owner_id': self.any('person'),
                         'deadline_before': '%60', 'action_required': 'false', 'review_id': self.any('review')},
            'action_item': {'status': 'open,in_progress', 'overdue': self.one_of(('true', 'false')),
                            'owner_id': self.any('person'), 'deadline_after': '%20', 'review_id': self.any('review'),
                            'decision_id': self.any('decision'), 'priority': 'high'},
            'follow_up': {'kind': 'progress', 'outcome': 'completed,effective', 'performed_on_before': '%-5',
                          'review_id': self.any('review')},
        }[kind]
        filters = {name: value for name, value in may.items() if value and self.chance(0.3)}
        return {'do': 'list', 'who': self.one_of(CALLERS), 'kind': kind, 'filters': filters}

    def _again(self, kind):
        """A request that had a key, once more; now and then another one with that key."""
        keyed = [one for one in self.steps[-200:] if one.get('key')]
        if not keyed:
            return None
        step = dict(self.one_of(keyed))
        if self.chance(0.25):
            step['body'] = {**step['body'], 'colour': 'blue'} if isinstance(step['body'], dict) else {}
        return step

    # ---- straight on

    def _drive(self, kind):
        """What brings a review that is under way nearer to its approval."""
        name = self.any('review', lambda one: one['status'] in NEXT)
        if not name:
            return None
        review = self.record(name)
        who = self.one_of(('isms', 'isms2', 'top'))
        if review['status'] == 'planned':
            if len(self.model.attendees(review)) < 2 or self.chance(0.5):
                return self.write(who, 'POST', self.path(name, 'attendees'), self.body('attendee'), straight=True)
            return self.write(who, 'POST', self.path(name, 'start'), {}, change=True, straight=True)
        if review['status'] == 'concluded':
            who = self.one_of(('top', 'top2'))
            return self.write(who, 'POST', self.path(name, 'approve'), {}, change=True, straight=self.chance(0.5))
        return self._nearer(name, review, who)

    def _nearer(self, name, review, who):
        model = self.model
        chair = next((one for one in model.attendees(review) if one['capacity'] == 'chair'), None)
        if chair and chair['attendance'] != 'attended':
            path = self.path(self.name('attendee', chair['id']))
            return self.write(who, 'PATCH', path, {'attendance': 'attended'}, change=True, straight=True)
        undone = [one for one in model.inputs(review) if one['state'] in ('pending', 'prepared')]
        if undone:
            one = self.one_of(undone)
            body = {'state': 'considered', 'summary': self.text(), 'conclusion': self.text(), 'trend': 'stable',
                    'source': {'system': 'CRM'}}
            if self.chance(0.2):
                body = {'state': 'nothing_to_report', 'summary': 'There was none this time'}
            return self.write(who, 'PATCH', self.path(self.name('input', one['id'])), body, change=True, straight=True)
        decisions = model.where('decision', review_id=review['id'])
        for one in decisions:
            path = self.name('decision', one['id'])
            if one['status'] == 'proposed':
                verb = self.random.choices(('adopt', 'reject'), (4, 1))[0]
                return self.write(who, 'POST', self.path(path, verb), self.arguments('decision', verb), change=True,
                                  straight=True)
            planned = model.where('action_item', decision_id=one['id'])
            if one['status'] == 'adopted' and one['action_required'] and not planned:
                body = self.body('action_item', one)
                return self.write(who, 'POST', self.path(path, 'action-items'), body, straight=True)
        broken = rules.conclude_rules(model, review)
        if broken & {'review.conclude.decision', 'review.conclude.major_nonconformity'}:
            body = self.body('decision', review)
            major = [self.name('input', one['id']) for one in model.inputs(review) if one['severity'] == 'major']
            if major:
                body |= {'kind': 'corrective_action', 'input_ids': major}
            return self.write(who, 'POST', self.path(name, 'decisions'), body, straight=True)
        for item in model.carried(review):
            if not model.followed_up(item, review):
                body = {'kind': 'progress', 'outcome': 'on_track', 'performed_by_id': self.person(),
                        'performed_on': '%0', 'note': 'Revisited', 'next_follow_up_on': '%30', 'review_id': name}
                path = self.path(self.name('action_item', item['id']), 'follow-ups')
                return self.write('isms', 'POST', path, body, straight=True)
        return self.write(who, 'POST', self.path(name, 'conclude'), self.arguments('review', 'conclude'), change=True,
                          straight=self.chance(0.5))


# ---- what reads should say


def matches(shown, filters):
    """Whether a record stands in a list with these filters."""
    if shown.get('withdrawn') and filters.get('withdrawn') != 'true':
        return False
    for name, value in filters.items():
        if name == 'withdrawn':
            continue
        base = name.removesuffix('_before').removesuffix('_after')
        has = shown[base]
        if base != name:
            if has is None or (has > value if name.endswith('_before') else has < value):
                return False
        elif isinstance(has, bool) or value in ('true', 'false'):
            if has is not (value == 'true'):
                return False
        elif has not in value.split(','):
            return False
    return True


def readiness(model, caller, review):
    """What the next verb would say, without what comes with the verb itself."""
    verb = NEXT.get(review['status'])
    write = twin.Write(caller, 'review', review, None, verb or '', {})
    broken = set()
    if verb:
        denied = access.denied(model, write)
        broken |= {denied} if denied else set()
        if verb == 'start':
            rules._review_start(model, write)
        elif verb == 'conclude':
            broken |= rules.conclude_rules(model, review)
        elif verb == 'approve':
            rules._review_approve(model, write)
        broken |= write.rules
    inputs = model.inputs(review)
    clauses = []
    for clause in CLAUSES:
        of = [one for one in inputs if one['clause'] == clause]
        done = [one for one in of if one['state'] in ('considered', 'nothing_to_report')]
        clauses.append({'clause': clause, 'inputs': len(of), 'considered': len(done),
                        'covered': bool(of) and len(of) == len(done)})
    carried = [{'id': one['id'], 'reference': one['reference'], 'overdue': model.show('action_item', one)['overdue'],
                'followed_up': model.followed_up(one, review)}
               for one in model.carried(review) if access.sees(model, caller, 'action_item', one)]
    return {'verb': verb, 'ready': bool(verb) and not broken, 'violations': sorted(broken), 'clauses': clauses,
            'carried_action_items': carried}
