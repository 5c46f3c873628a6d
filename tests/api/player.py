"""Plays deploy/demo.json, the story that `reviewd demo` loads, over HTTP, step by step under a moving clock.

The clock stands at 09:00 of the step's day. In paths and bodies `{day:-30}` is that date and `{name}` what an earlier
step saved. POST to a collection creates; any other write is sent with `If-Match: *`.
"""

import json
import re
from collections import Counter
from datetime import timedelta

import harness

STORY = harness.ROOT / 'deploy' / 'demo.json'
COLLECTIONS = {'reviews', 'attendees', 'inputs', 'decisions', 'action-items', 'amendments', 'follow-ups'}
PLACEHOLDER = re.compile(r'\{(?:day:(?P<day>-?\d+)|(?P<saved>\w+))\}')


def load():
    return json.loads(STORY.read_text(encoding='utf-8'))


def creates(step):
    """The collection in which the step makes a record, or None."""
    collection = step['path'].rpartition('/')[2]
    return collection if step['method'] == 'POST' and collection in COLLECTIONS else None


def records_made(story):
    """How many records of each collection are there once the story is told, worked out from its steps alone."""
    made = Counter(people=len(story['people']))
    keys = set()
    for step in story['steps']:
        collection = creates(step)
        key = step.get('headers', {}).get('Idempotency-Key')
        if not collection or step['status'] != 201 or key in keys:
            continue
        keys |= {key} - {None}
        made[collection] += 1
        if collection == 'reviews':
            made.update(inputs=10, attendees=1)      # its agenda, its chair
    return dict(made)


def records_held(client):
    """The same figures, as a running daemon gives them."""
    def ids(collection):
        listed = client.get(f'/v1/{collection}?limit=200').expect(200).json
        assert listed['next_cursor'] is None, f'{collection} do not fit on a page'
        return [record['id'] for record in listed['data']]

    def total(path):
        separator = '&' if '?' in path else '?'
        return client.get(f'{path}{separator}count=true&limit=1').expect(200).json['total']

    held = {name: total(f'/v1/{name}') for name in ('people', 'reviews', 'decisions', 'action-items', 'follow-ups')}
    held |= {name: sum(total(f'/v1/reviews/{review}/{name}?withdrawn=true') for review in ids('reviews'))
             for name in ('inputs', 'attendees')}
    held['amendments'] = sum(total(f'/v1/{owners}/{owner}/amendments')
                             for owners in ('decisions', 'action-items') for owner in ids(owners))
    return held


class Player:
    """Tells the story to a running daemon which was made with a clock."""

    def __init__(self, story, today):
        self.story = story
        self.today = today
        self.saved = {}
        self.clients = {}
        self.told = []        # (step, answer) so far
        self.clock_day = story['steps'][0]['day']

    def date(self, offset):
        return (self.today + timedelta(days=offset)).isoformat()

    def morning(self, offset):
        return f'{self.date(offset)}T09:00:00'

    def first_morning(self):
        return self.morning(self.clock_day)

    def admit(self, daemon):
        """The people and their tokens, by the command line beside the running daemon."""
        for person in self.story['people']:
            daemon.person(person['name'], person['email'], person['role'], department=person['department'],
                          job_title=person['job_title'])
            self.clients[person['email']] = harness.Client(daemon, daemon.token(person['email']))
        self.daemon = daemon

    def play(self, until=0):
        """Goes on up to and including that day, holding each step to the status and rules that it names."""
        for step in self.story['steps'][len(self.told):]:
            if step['day'] > until:
                break
            self._turn_to(step['day'])
            answer = self._send(step)
            try:
                answer.expect(step['status'], *step.get('rules', []))
            except AssertionError as wrong:
                raise AssertionError(f'step {len(self.told)}, day {step["day"]}: {step["say"]}\n{wrong}') from None
            for name, pointer in step.get('save', {}).items():
                self.saved[name] = resolve(answer.json, pointer)
            self.told.append((step, answer))
        self._turn_to(until)

    def _turn_to(self, day):
        if day != self.clock_day:
            self.daemon.set_clock(self.morning(day))
            self.clock_day = day

    def _send(self, step):
        headers = dict(step.get('headers', {}))
        if step['method'] != 'GET' and not creates(step):
            headers['If-Match'] = '*'
        return self.clients[step['as']].request(step['method'], self.filled(step['path']),
                                                self.filled(step.get('body')), headers=headers)

    def filled(self, value):
        if isinstance(value, dict):
            return {name: self.filled(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.filled(member) for member in value]
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self.date(int(found['day'])) if found['day']
                                   else self.saved[found['saved']], value)
        return value

    def answers(self, method, path):
        """What was answered to the steps with this path as the story writes it, in their order."""
        return [answer for step, answer in self.told if (step['method'], step['path']) == (method, path)]

    def get(self, path, by=None):
        """What the ISMS manager, or another, reads there now; `{name}` is something saved."""
        if by is None:
            by = next(person['email'] for person in self.story['people'] if person['role'] == 'isms_manager')
        return self.clients[by].get(self.filled(path)).expect(200).json


def resolve(document, pointer):
    """RFC 6901, without the escapes, which the story does not need."""
    for token in pointer.split('/')[1:]:
        document = document[int(token)] if isinstance(document, list) else document[token]
    return document
