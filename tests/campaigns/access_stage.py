"""What the campaign of access is played on: reviews of each classification in every state, with all that hangs from them.

The daemon and the twin of the campaign of the model are told of everything, but for what the twin does not know: files,
feed tokens, imports, and the verbs of privacy. A set is all of one classification. Nobody of the five callers attends
but in the set `own`; there, and in the restricted set, each of them owns some of what there is.
"""

from secrets import token_hex
from types import SimpleNamespace

import model
import twin
from support import path_of

CALLERS = ('top', 'isms', 'head', 'employee', 'auditor')
SETS = {'own': 'restricted', 'public': 'public', 'internal': 'internal', 'confidential': 'confidential',
        'restricted': 'restricted'}
NOBODY_OF_THEM = 'isms2'      # owns what none of the callers does
WITH_REASON = {'reason': 'For a reason that is long enough'}
VERDICT = {'verdict': 'yes', 'rationale': 'As the inputs show'}


class Twin(twin.Twin):
    """Of a dry run it is asked for the status alone: to do it all to a copy takes too long."""

    def _tried(self, write):
        return twin.Expected(200 if write.record else 201)


class Stage(model.Stage):
    def __init__(self, campaign):
        super().__init__(campaign)
        self.daemon.env['REVIEWD_LOG_LEVEL'] = 'debug'
        self.twin = Twin(self.daemon.day)
        self.others = {'attachment': [], 'calendar_token': [], 'import': []}
        self.markers = {name: f'zq{token_hex(6)}' for name in SETS}
        self.set = None

    def build(self):
        self.begin()
        self._set_up_reviews()
        for name in SETS:
            self.set = name
            self._fill(name)
        self._end_reviews()
        self._people()
        self._tokens()
        return self

    # ---- one request after the other

    def do(self, method, path, body, who='isms', kind=None):
        """The record that a request makes or changes, as the twin keeps it."""
        step = {'do': 'write', 'who': who, 'method': method, 'path': path, 'body': body}
        if method == 'PATCH' or not kind:
            step['match'] = 'any'
        self.play(step)
        if self.wrong:
            raise AssertionError(f'the stage does not come about: {self.wrong[-1]}')
        if kind:
            self.twin.records[kind][-1]['_set'] = self.set
            return self.twin.records[kind][-1]

    def new(self, kind, parent, body, who='isms'):
        base = f'/v1/{twin.PATHS[parent["_kind"]]}/{parent["id"]}' if parent else '/v1'
        return self.do('POST', f'{base}/{twin.PATHS[kind]}', body, who, kind)

    def verb(self, record, verb, body={}, who='isms'):
        self.do('POST', f'/v1/{twin.PATHS[record["_kind"]]}/{record["id"]}/{verb}', body, who)
        return record

    def change(self, record, body, who='isms'):
        self.do('PATCH', f'/v1/{twin.PATHS[record["_kind"]]}/{record["id"]}', body, who)
        return record

    def text(self, words='Some words'):
        """With the set's marker, which nobody may read who does not see the set."""
        return f'{words} {self.markers[self.set]}'

    def caller(self, name):
        return getattr(self.org, name)

    # ---- reviews

    def _review(self, title=None):
        org = self.org
        review = self.new('review', None, {
            'title': title or self.text('Review'), 'type': 'extraordinary', 'trigger': 'audit_finding',
            'scope': self.text('Scope'), 'period_start': '%-300', 'period_end': '%-1', 'planned_on': '%10',
            'chair_id': org.top2.id, 'classification': SETS[self.set], 'location': self.text('Room'),
            'also_covers': [self.text('Other review')], 'summary': self.text('Narrative')})
        for one in self.twin.where('attendee', review_id=review['id']) + self.twin.where('input', review_id=review['id']):
            one['_set'] = self.set
        there = [NOBODY_OF_THEM, *(CALLERS if self.set == 'own' else ())]
        for who in there:
            self.new('attendee', review, {'person_id': self.caller(who).id, 'capacity': 'contributor',
                                          'attendance': 'attended'})
        return review

    def _set_up_reviews(self):
        """All are there before the first action item, so that none of them carries any."""
        self.sets = {}
        for name in SETS:
            self.set = name
            # Who owns something in a review is shown its title.
            made = SimpleNamespace(busy=self._review('Owned in part' if name == 'restricted' else None))
            for state in ('planned', 'cancelled', 'concluded', 'approved'):
                setattr(made, state, self._review())
            self.sets[name] = made
        for name, made in self.sets.items():
            self.set = name
            for review in (made.busy, made.concluded, made.approved):
                chair = next(one for one in self.twin.attendees(review) if one['capacity'] == 'chair')
                self.change(chair, {'attendance': 'attended'})
                self.verb(review, 'start')

    def _fill(self, name):
        made = self.sets[name]
        owners = {'own': CALLERS, 'restricted': (NOBODY_OF_THEM, *CALLERS)}.get(name, (NOBODY_OF_THEM,))
        for owner in owners:
            self._owned(made.busy, owner, name == 'restricted' and owner != NOBODY_OF_THEM)
        first = self.twin.inputs(made.busy)[0]
        self.change(first, {'state': 'prepared', 'summary': self.text(), 'conclusion': self.text(), 'source': {
            'system': self.text(), 'reference': self.text(), 'url': f'https://example.org/{self.markers[name]}'},
            'metrics': [{'name': self.text('Metric'), 'value': 3, 'unit': '%', 'target': 5, 'comparator': 'lte'}]})
        withdrawn = self.new('input', made.busy, {'clause': 'e', 'title': self.text('Input')})
        self.verb(withdrawn, 'withdraw', {'reason': self.text('Withdrawn')})
        guest = self.new('attendee', made.busy, {'person_id': self.org.employee2.id, 'capacity': 'observer'})
        self.verb(guest, 'withdraw', {'reason': self.text('Withdrawn')})
        for review in (made.planned, made.cancelled):
            self._decision(review, NOBODY_OF_THEM)
        for review in (made.concluded, made.approved):
            decision = self.verb(self._decision(review, NOBODY_OF_THEM), 'adopt', {'decided_on': '%0'})
            self._item(decision, NOBODY_OF_THEM)

    def _end_reviews(self):
        for name, made in self.sets.items():
            self.set = name
            self.verb(made.cancelled, 'cancel', {'reason': self.text('Cancelled')})
            for review in (made.concluded, made.approved):
                for one in self.twin.inputs(review):
                    self.change(one, {'state': 'considered', 'summary': self.text(), 'conclusion': self.text(),
                                      'trend': 'stable', 'source': {'system': self.text('System')}})
                self.attach(review)
                verdict = {'verdict': 'yes', 'rationale': self.text('Verdict')}
                self.verb(review, 'conclude', {
                    'held_on': '%0', 'next_review_on': '%200', 'suitability': verdict, 'adequacy': verdict,
                    'effectiveness': verdict, 'summary': self.text('Minutes')})
            self.verb(made.approved, 'approve', who='top2')

    # ---- decisions, action items and what becomes of them

    def _criterion(self):
        return {'statement': self.text('The rate is low'), 'metric': self.text('rate'), 'comparator': 'lte', 'target': 5,
                'unit': '%'}

    def _decision(self, review, owner, plain=False):
        of = next(one for one in self.twin.inputs(review) if one['clause'] == ('g' if plain else 'e'))
        words = str if plain else self.text
        made = self.new('decision', review, {
            'kind': 'corrective_action', 'title': words('Decision'), 'statement': words('What is decided'),
            'rationale': words('Why'), 'input_ids': [of['id']], 'decided_by_id': self.org.top2.id,
            'affects': [{'kind': 'policy', 'title': words('Policy'), 'reference': words('POL')}],
            'owner_id': self.caller(owner).id, 'deadline': '%90',
            'success_criteria': [{**self._criterion(), 'statement': words('The rate is low'), 'metric': 'rate'}]})
        made['_owned'] = plain
        return made

    def _item(self, decision, owner, plain=False):
        words = str if plain else self.text
        made = self.new('action_item', decision, {
            'kind': 'corrective', 'title': words('Action item'), 'description': words('What is done'),
            'root_cause': words('Cause'), 'owner_id': self.caller(owner).id, 'deadline': '%60',
            'success_criteria': [{**self._criterion(), 'statement': words('The rate is low'), 'metric': 'rate'}],
            'resources': {'note': words('Money')}})
        made['_owned'] = plain
        return made

    def _follow(self, item, kind='progress', outcome='on_track', **more):
        words = str if item['_owned'] else self.text
        made = self.new('follow_up', item, {
            'kind': kind, 'performed_by_id': self.org.isms2.id, 'performed_on': '%0', 'note': words('Note'),
            'outcome': outcome, 'next_follow_up_on': '%30', **more})
        made['_owned'] = item['_owned']
        return made

    def _owned(self, review, owner, plain):
        """A decision and an action item of this owner in each state."""
        words = str if plain else self.text
        adopted = {}
        for state in ('proposed', 'adopted', 'rejected', 'withdrawn', 'implemented', 'superseded'):
            decision = self._decision(review, owner, plain)
            if state in ('adopted', 'implemented', 'superseded'):
                self.verb(decision, 'adopt', {'decided_on': '%0'})
                adopted[state] = decision
            elif state != 'proposed':
                self.verb(decision, state.removesuffix('ed').replace('withdrawn', 'withdraw'), {'reason': words('Reason')})
        self._items(adopted['adopted'], owner, plain)
        done = self._closed(self._item(adopted['implemented'], owner, plain))
        self.verb(adopted['implemented'], 'implement')
        self.verb(adopted['superseded'], 'supersede', {'by': adopted['adopted']['id'], 'reason': words('Reason')})
        amended = self.new('amendment', adopted['adopted'], {
            'reason': words('A later deadline'), 'approved_by_id': self.org.top2.id, 'deadline': '%95'})
        amended['_owned'] = plain
        withdrawn = self.attach(adopted['adopted'])
        self.withdraw(withdrawn)
        for record in (review, self.twin.inputs(review)[1], adopted['adopted'],
                       self.twin.where('follow_up', action_item_id=done['id'])[0]):
            self.attach(record)

    def _items(self, decision, owner, plain):
        words = str if plain else self.text
        for state in ('open', 'in_progress', 'blocked', 'completed', 'closed', 'cancelled'):
            item = self._item(decision, owner, plain)
            if state == 'in_progress':
                self.verb(item, 'start')
                self._follow(item)
                amended = self.new('amendment', item, {
                    'reason': words('A later deadline'), 'approved_by_id': self.org.top2.id, 'deadline': '%70'})
                amended['_owned'] = plain
                self.attach(item)
            elif state == 'blocked':
                self.verb(item, 'block', {'reason': words('Blocked')})
            elif state == 'completed':
                self._follow(item, 'completion', 'completed')
            elif state == 'closed':
                self._closed(item)
            elif state == 'cancelled':
                self.verb(item, 'cancel', {'reason': words('Cancelled'), 'approved_by_id': self.org.top2.id})

    def _closed(self, item):
        words = str if item['_owned'] else self.text
        self._follow(item, 'completion', 'completed')
        self._follow(item, 'effectiveness', 'effective', criteria_results=[{
            'criterion_id': item['success_criteria'][0]['id'], 'measured_value': 4, 'evidence': words('Evidence')}])
        return item

    # ---- what the twin does not know

    def attach(self, on):
        """A file on a record, whose name, description and bytes have the marker, unless a caller owns what it is on."""
        words = str if on.get('_owned') else self.text
        name = words('file').replace(' ', '-')
        answer = self.org.isms.client.request(
            'POST', f'/v1/{twin.PATHS[on["_kind"]]}/{on["id"]}/attachments?description={name}',
            raw=f'{words("bytes")} of a file {len(self.others["attachment"])}\n'.encode(),
            headers={'Content-Type': 'text/plain', 'Content-Disposition': f'attachment; filename="{name}.txt"'})
        made = answer.expect(201).json | {'_kind': 'attachment', '_on': on, '_set': self.set, '_owned': on.get('_owned')}
        self.others['attachment'].append(made)
        return made

    def withdraw(self, attachment):
        attachment |= self.org.do(f'/v1/attachments/{attachment["id"]}/withdraw', {'reason': 'The wrong file'})

    def _people(self):
        """One in each state that a person has."""
        self.set = None
        self.people = {}
        for state in ('active', 'inactive', 'held', 'erased', 'owner'):
            self.people[state] = self.new('person', None, {
                'name': f'Petra {state}', 'email': f'{state}@example.org', 'role': 'employee'})
        self.verb(self.people['inactive'], 'deactivate')
        # The twin learns nothing of privacy: what follows from it stands in access_cells.py.
        held, erased = self.people['held'], self.people['erased']
        self.org.do(f'/v1/people/{held["id"]}/hold', WITH_REASON)
        self.org.do(f'/v1/people/{erased["id"]}/erase', WITH_REASON)
        for one in (held, erased):
            shown = self.org.get(path_of('person', one['id']))
            one |= {name: shown[name] for name in shown if name in one}
        # Who owns what some of the callers do not see.
        self.set = 'restricted'
        busy = self.sets['restricted'].busy
        decision = self.new('decision', busy, {
            'kind': 'strategy_change', 'title': self.text('Decision'), 'statement': self.text('Statement'),
            'rationale': self.text('Why'), 'input_ids': [self.twin.inputs(busy)[7]['id']],
            'decided_by_id': self.org.top2.id, 'owner_id': self.people['owner']['id'], 'deadline': '%90',
            'success_criteria': [self._criterion()]})
        self.verb(decision, 'adopt', {'decided_on': '%0'})
        self._item(decision, 'isms2')
        self.set = None

    def _tokens(self):
        """Feed tokens and imports, of each caller and of somebody else."""
        for who in (*CALLERS, NOBODY_OF_THEM):
            client = self.caller(who).client
            for state in ('active', 'revoked'):
                made = client.post('/v1/calendar-tokens', {'label': f'{state} {who}'}).expect(201).json
                if state == 'revoked':
                    made = client.verb(f'/v1/calendar-tokens/{made["id"]}/revoke').expect(200).json
                self.others['calendar_token'].append(made | {'_kind': 'calendar_token', '_owner': self.caller(who).id})
            if who == 'auditor':
                continue
            line = b'{"resource":"person","email":"top@example.org"}\n'
            made = client.request('POST', '/v1/imports', raw=line, headers={
                'Content-Type': 'application/x-ndjson', 'Content-Disposition': 'attachment; filename="people.ndjson"'})
            if made.status == 201:
                self.others['import'].append(made.json | {'_kind': 'import', '_owner': self.caller(who).id})

    # ---- in one list

    def records(self, kind):
        return self.others.get(kind) or self.twin.records[kind]


__all__ = ['CALLERS', 'NOBODY_OF_THEM', 'SETS', 'Stage', 'VERDICT', 'WITH_REASON']
