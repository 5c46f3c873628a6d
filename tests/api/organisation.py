"""A small organisation with one person of each role, and the records of a management review as it makes them.

Each `…_body` is a request that breaks no rule; tests say what they change in it. ABSENT leaves a member out.
"""

from dataclasses import dataclass, field

import harness

CLAUSES = ('a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g')
PERFORMANCE_CLAUSES = ('d1', 'd2', 'd3', 'd4')

# attribute: (name, role, department)
PEOPLE = {
    'top': ('Tessa Top', 'top_management', 'Board'),
    'top2': ('Tom Top', 'top_management', 'Board'),
    'isms': ('Iris Isms', 'isms_manager', 'Security'),
    'isms2': ('Ivan Isms', 'isms_manager', 'Security'),
    'head': ('Hana Head', 'department_head', 'IT'),
    'head2': ('Hugo Head', 'department_head', 'Sales'),
    'employee': ('Emma Employee', 'employee', 'IT'),
    'employee2': ('Emil Employee', 'employee', 'Sales'),
    'auditor': ('Ada Auditor', 'auditor', 'Audit'),
}


@dataclass
class Person:
    name: str
    email: str
    token: str
    client: harness.Client = field(repr=False)
    id: str = None


def create_people(daemon):
    """Makes the organisation by the command line and answers {email: token}."""
    tokens = {}
    for attribute, (name, role, department) in PEOPLE.items():
        email = f'{attribute}@example.org'
        daemon.person(name, email, role, department=department)
        tokens[email] = daemon.token(email)
    return tokens


def seed(daemon, tokens=None):
    """The organisation in this daemon; tokens, where its data folder has the people already."""
    return Organisation(daemon, tokens or create_people(daemon))


class Organisation:
    def __init__(self, daemon, tokens):
        self.daemon = daemon
        self.people = []
        for attribute, (name, _, _) in PEOPLE.items():
            email = f'{attribute}@example.org'
            person = Person(name, email, tokens[email], harness.Client(daemon, tokens[email]))
            setattr(self, attribute, person)
            self.people.append(person)
        listed = self.isms.client.get('/v1/people?limit=200').ok().json['data']
        ids = {person['email']: person['id'] for person in listed}
        for person in self.people:
            person.id = ids[person.email]

    # ---- small things

    def day(self, offset=0):
        return self.daemon.day(offset)

    def get(self, path):
        """What the ISMS manager, who may see everything, reads there now."""
        return self.isms.client.get(path).ok().json

    def new(self, path, body, by=None):
        return (by or self.isms).client.post(path, body).expect(201).json

    def change(self, path, body, by=None):
        return (by or self.isms).client.patch(path, body).expect(200).json

    def do(self, path, body={}, by=None):
        return (by or self.isms).client.verb(path, body).expect(200).json

    def person(self, **over):
        body = {'name': 'Nora New', 'email': 'nora@example.org', 'role': 'employee'} | over
        return self.new('/v1/people', body)

    # ---- review

    def review_body(self, **over):
        return {
            'title': 'Management review', 'type': 'scheduled', 'scope': 'The whole ISMS',
            'period_start': self.day(-365), 'period_end': self.day(-1), 'planned_on': self.day(14),
            'chair_id': self.top.id,
        } | over

    def review(self, **over):
        return self.new('/v1/reviews', self.review_body(**over))

    def attendee_body(self, **over):
        return {'person_id': self.employee2.id, 'capacity': 'contributor'} | over

    def attendee(self, review, **over):
        return self.new(f'/v1/reviews/{review["id"]}/attendees', self.attendee_body(**over))

    def attendees(self, review):
        return self.get(f'/v1/reviews/{review["id"]}/attendees?limit=200')['data']

    def chair_attendee(self, review):
        return next(attendee for attendee in self.attendees(review) if attendee['capacity'] == 'chair')

    def start(self, review):
        return self.do(f'/v1/reviews/{review["id"]}/start')

    def running_review(self, **over):
        """In progress; chaired by top, attended by isms (secretary), head and employee (contributors)."""
        review = self.review(**over)
        self.change(f'/v1/attendees/{self.chair_attendee(review)["id"]}', {'attendance': 'attended'})
        for person, capacity in ((self.isms, 'secretary'), (self.head, 'contributor'),
                                 (self.employee, 'contributor')):
            self.attendee(review, person_id=person.id, capacity=capacity, attendance='attended')
        return self.start(review)

    # ---- inputs

    def inputs(self, review):
        return self.get(f'/v1/reviews/{review["id"]}/inputs?limit=200')['data']

    def input_of(self, review, clause):
        """The first input of a clause: the one of the agenda."""
        return next(one for one in self.inputs(review) if one['clause'] == clause)

    def input_body(self, **over):
        return {'clause': 'e', 'title': 'Customer survey'} | over

    def input(self, review, **over):
        return self.new(f'/v1/reviews/{review["id"]}/inputs', self.input_body(**over))

    def considered_body(self, clause, **over):
        body = {'state': 'considered', 'summary': 'What was presented', 'conclusion': 'What follows from it'}
        if clause in PERFORMANCE_CLAUSES:
            body |= {'trend': 'stable', 'source': {'system': 'Ticket system'}}
        return body | over

    def complete_inputs(self, review):
        for one in self.inputs(review):
            body = self.considered_body(one['clause'])
            if one['clause'] == 'g':
                body = {'state': 'nothing_to_report', 'summary': 'No suggestion came in this period'}
            self.change(f'/v1/inputs/{one["id"]}', body)

    # ---- decisions

    def criterion(self, **over):
        return {'statement': 'Phishing click rate is low', 'metric': 'click rate', 'comparator': 'lte', 'target': 5,
                'unit': '%'} | over

    def verified_criterion(self, **over):
        return {'statement': 'The procedure is in force', 'verification': 'Read the signed procedure'} | over

    def decision_body(self, review, **over):
        body = {
            'kind': 'corrective_action', 'title': 'Train everyone', 'statement': 'Everyone is trained again',
            'rationale': 'The click rate is too high', 'decided_by_id': self.top.id, 'owner_id': self.head.id,
            'deadline': self.day(90), 'success_criteria': [self.criterion()],
        } | over
        if 'input_ids' not in body:
            body['input_ids'] = [self.input_of(review, 'd1')['id']]
        return body

    def decision(self, review, **over):
        return self.new(f'/v1/reviews/{review["id"]}/decisions', self.decision_body(review, **over))

    def no_change_body(self, review, **over):
        """A decision that requires no action."""
        return self.decision_body(review, **{
            'kind': 'no_change', 'title': 'Keep the policy', 'statement': 'The policy stays as it is',
            'deadline': harness.ABSENT, 'success_criteria': harness.ABSENT,
            'no_action_reason': 'The policy still fits', **over})

    def no_change(self, review, **over):
        return self.new(f'/v1/reviews/{review["id"]}/decisions', self.no_change_body(review, **over))

    def adopt(self, decision, by=None):
        return self.do(f'/v1/decisions/{decision["id"]}/adopt', {'decided_on': self.day()}, by)

    def adopted(self, review, **over):
        return self.adopt(self.decision(review, **over))

    # ---- action items and what happens to them

    def action_item_body(self, **over):
        return {
            'kind': 'corrective', 'title': 'Hold the training', 'root_cause': 'Nobody was trained',
            'owner_id': self.employee.id, 'deadline': self.day(60), 'success_criteria': [self.criterion()],
        } | over

    def action_item(self, decision, **over):
        return self.new(f'/v1/decisions/{decision["id"]}/action-items', self.action_item_body(**over))

    def follow_up_body(self, **over):
        return {
            'kind': 'progress', 'performed_by_id': self.isms.id, 'performed_on': self.day(),
            'note': 'Half of it is done', 'outcome': 'on_track', 'next_follow_up_on': self.day(30),
        } | over

    def follow_up(self, item, **over):
        return self.new(f'/v1/action-items/{item["id"]}/follow-ups', self.follow_up_body(**over))

    def completion_body(self, **over):
        return self.follow_up_body(**{'kind': 'completion', 'outcome': 'completed', 'note': 'All of it is done',
                                      **over})

    def effectiveness_body(self, item, **over):
        """Meets every criterion, whichever they are."""
        results = [self.result(criterion) for criterion in item['success_criteria']]
        return self.follow_up_body(**{'kind': 'effectiveness', 'outcome': 'effective', 'note': 'It works',
                                      'criteria_results': results, 'next_follow_up_on': harness.ABSENT, **over})

    def result(self, criterion, **over):
        body = {'criterion_id': criterion['id']}
        if all(criterion.get(name) is not None for name in ('metric', 'comparator', 'target')):
            step = {'lt': -1, 'gt': 1}.get(criterion['comparator'], 0)
            body['measured_value'] = criterion['target'] + step
        else:
            body |= {'met': True, 'evidence': 'Signed procedure, page 3'}
        return body | over

    def completed(self, item):
        self.new(f'/v1/action-items/{item["id"]}/follow-ups', self.completion_body())
        return self.get(f'/v1/action-items/{item["id"]}')

    def closed(self, item):
        """Completed and found effective."""
        self.completed(item)
        self.new(f'/v1/action-items/{item["id"]}/follow-ups', self.effectiveness_body(item))
        return self.get(f'/v1/action-items/{item["id"]}')

    def cancelled_item(self, item):
        return self.do(f'/v1/action-items/{item["id"]}/cancel',
                       {'reason': 'Not needed any more', 'approved_by_id': self.top.id})

    def amendment_body(self, **over):
        return {'reason': 'The supplier is late', 'approved_by_id': self.isms2.id} | over

    def amendment(self, record, **over):
        collection = 'decisions' if record['reference'].startswith('DEC') else 'action-items'
        return self.new(f'/v1/{collection}/{record["id"]}/amendments', self.amendment_body(**over))

    # ---- evidence

    def attach(self, path, content=b'host,critical\nweb01,0\n', name='scan.csv', by=None):
        """A file on the record of that path."""
        headers = {'Content-Disposition': f'attachment; filename="{name}"', 'Content-Type': 'application/octet-stream'}
        return (by or self.isms).client.post(f'{path}/attachments', raw=content, headers=headers).expect(201).json

    def imported(self):
        """An import that found everything there already."""
        line = b'{"resource":"person","email":"top@example.org"}\n'
        headers = {'Content-Type': 'application/x-ndjson', 'Content-Disposition': 'attachment; filename="people.ndjson"'}
        return self.isms.client.post('/v1/imports', raw=line, headers=headers).expect(201).json

    # ---- the end of a review

    def conclude_body(self, **over):
        assessment = {'verdict': 'yes', 'rationale': 'As the inputs show'}
        return {
            'held_on': self.day(), 'suitability': assessment, 'adequacy': assessment, 'effectiveness': assessment,
            'next_review_on': self.day(180), 'summary': 'All inputs were considered.',
        } | over

    def concludable(self, review=None):
        """In progress with everything that conclude wants."""
        review = review or self.running_review()
        self.complete_inputs(review)
        self.action_item(self.adopted(review))
        return review

    def conclude(self, review, by=None, **over):
        return self.do(f'/v1/reviews/{review["id"]}/conclude', self.conclude_body(**over), by)

    def concluded(self, review=None):
        """Made concludable first, unless it has a decision already: then only its inputs are completed."""
        review = review or self.running_review()
        if self.get(f'/v1/reviews/{review["id"]}/decisions')['data']:
            self.complete_inputs(review)
        else:
            self.concludable(review)
        return self.conclude(review)

    def approved(self, review=None):
        review = review or self.concluded()
        if review['status'] != 'concluded':
            review = self.concluded(review)
        return self.do(f'/v1/reviews/{review["id"]}/approve', by=self.top2)
