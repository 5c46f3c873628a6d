"""Random histories against an in-memory twin: each answer, each list, and at the end every record as each role sees it.

A history is a list of steps with names in place of ids (`@review/0`), so that it can be replayed on another daemon. The
twin (twin.py and what stands beside it) is a reading of the contract of its own.
"""

import json
from datetime import datetime, timedelta

import harness
import histories
import organisation
import twin
import twin_access as access
from histories import CALLERS
from support import merge
from twin_shape import UNKNOWN

SHORT = 1
SHORT_STEPS = 250
STEPS = 2000             # of each history after the first
DISAGREEMENTS = 12       # after which a history is given up: what follows of them is no news
CLOCK = '2026-03-02T08:00:00'


class Disagreement(Exception):
    pass


class Stage:
    """The daemon, its twin, and what both were told so far."""

    def __init__(self, campaign):
        self.campaign = campaign
        # Some callers ask seldom, and keep their connections.
        self.daemon = harness.Daemon(clock=CLOCK, env={'REVIEWD_IDLE_TIMEOUT_S': 3600})
        self.now = datetime.fromisoformat(CLOCK)
        self.org = None
        self.twin = twin.Twin(self.daemon.day)
        self.etags = {}          # id -> those it had
        self.keys = {}           # (caller, Idempotency-Key) -> (request, answer, when)
        self.steps = []
        self.wrong = []

    def begin(self):
        tokens = organisation.create_people(self.daemon)
        self.daemon.start()
        self.org = harness.seed(self.daemon, tokens)
        listed = self.org.isms.client.get('/v1/people?limit=200').ok().json['data']
        # By address: the command line made each at the same pretended second, so that their ids are in any order.
        for person in sorted(listed, key=lambda one: one['email']):
            self.twin.records['person'].append({**person, '_kind': 'person', '_made': 0, '_day': self.daemon.day()})

    # ---- names for ids

    def named(self, value):
        """`@review/0` becomes that review's id, `#review/0` its reference, `%3` the day in three days."""
        if isinstance(value, dict):
            return {name: self.named(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.named(one) for one in value]
        if isinstance(value, str) and value[:1] == '%' and value[1:].lstrip('-').isdigit():
            return self.daemon.day(int(value[1:]))
        if isinstance(value, str) and value[:1] in '@#' and '/' in value:
            kind, number = value[1:].split('/')
            record = self.twin.records[kind][int(number)]
            return record['id'] if value[0] == '@' else record.get('reference') or record.get('email') or record['id']
        return value

    def path(self, path):
        return '/'.join(self.named(part.replace('!', '/')) for part in path.split('/'))

    # ---- steps

    def play(self, step):
        self.steps.append(step)
        getattr(self, f'_{step["do"]}')(step)

    def disagree(self, step, what):
        self.wrong.append({'number': len(self.steps) - 1, 'step': step, 'what': what})
        if len(self.wrong) >= DISAGREEMENTS:
            raise Disagreement

    def client(self, who):
        return getattr(self.org, who).client

    def _clock(self, step):
        # An hour more, so that a day is over, or not, whatever time the requests take.
        self.now = self.now.replace(hour=(self.now.hour + 1) % 22) + timedelta(days=step['days'])
        self.daemon.set_clock(f'{self.now:%Y-%m-%dT%H:%M:%S}')

    def _write(self, step):
        who, path, body = step['who'], self.path(step['path']), self.named(step['body'])
        caller = getattr(self.org, who)
        etag = self._etag(who, path, step) if step.get('match') in ('now', 'then') else None
        conditions = {'now': etag or '"none"', 'then': self._stale(path), 'any': '*'}
        if_match = conditions.get(step.get('match'))
        headers = {'If-Match': if_match, 'Idempotency-Key': step.get('key')}
        headers = {name: value for name, value in headers.items() if value is not None}
        query = '?dry_run=true' if step.get('dry') else ''
        answer = caller.client.request(step['method'], path + query, body, headers=headers)
        self.campaign.count('writes')
        if step.get('key') and not step.get('dry') and self._replayed(step, caller, path, body, answer):
            return
        expected = self.twin.write(caller.id, step['method'], path, body, if_match, etag, bool(step.get('dry')))
        self._compare(step, answer, expected)
        self._learn(step, answer, expected)

    def _etag(self, who, path, step):
        """The tag that the record has now."""
        record = '/'.join(path.split('/')[:4])
        read = self.client(who).get(record)
        return read.etag if read.status == 200 else None

    def _stale(self, path):
        """A tag that the record had once, or that none ever had."""
        had = self.etags.get(path.split('/')[3] if path.count('/') > 2 else '', [])
        return had[-2] if len(had) > 1 else '"00000000"'

    def _replayed(self, step, caller, path, body, answer):
        """The same request again has the same answer; another one with its key has none."""
        request = (step['method'], path, json.dumps(body))
        known = self.keys.get((caller.id, step['key']))
        if known and self.now - known[2] < timedelta(days=1) and answer.status != 401:
            self.campaign.count('retries')
            if known[0] != request:
                if (answer.status, answer.rules) != (422, {'idempotency.mismatch'}):
                    self.disagree(step, f'another request with the key: {told(answer)}')
            elif (answer.status, answer.body, answer.headers.get('Idempotent-Replayed')) != (*known[1], 'true'):
                self.disagree(step, f'a retry is answered {told(answer)}, before {known[1]}')
            return True
        if answer.status != 401:
            self.keys[caller.id, step['key']] = (request, (answer.status, answer.body), self.now)
        return False

    def _compare(self, step, answer, expected):
        if answer.status != expected.status or answer.rules != expected.rules:
            self.disagree(step, f'{told(answer)}, and the twin says {expected.status} {sorted(expected.rules)}')
        elif expected.record:
            self._same(step, answer.json, expected.record)

    def _same(self, step, shown, record, where=''):
        """Member for member; what only the server knows has to be there."""
        if not isinstance(shown, dict):
            self.disagree(step, f'{where}: no record but {str(shown)[:200]}')
            return
        for name in sorted({*shown, *record}):
            mine = record.get(name, 'no such member')
            if mine is UNKNOWN and shown.get(name) is not None:
                continue
            if name not in shown or unlike(shown[name], mine):
                self.disagree(step, f'{where}{name} is {shown.get(name, "not there")!r}, and the twin says {mine!r}')

    def _learn(self, step, answer, expected):
        """What only the server knew."""
        if answer.status in (200, 201) and answer.etag and not step.get('dry'):
            self.etags.setdefault(answer.json['id'], []).append(answer.etag)
        if expected.status >= 300 or answer.status >= 300:
            if answer.status < 300 or expected.status < 300:
                if not step.get('dry'):
                    raise Disagreement     # from here on they have different records
            return
        if step.get('dry'):
            return
        take(expected.kept, answer.json)
        self._settle()

    def _shown(self, path):
        """To whoever sees it: roles change on the way."""
        answers = [self.client(who).get(path) for who in ('isms', 'isms2', 'top', 'top2')]
        return next((answer for answer in answers if answer.status == 200), answers[0]).ok().json

    def _settle(self):
        """Records that came along with another one, and what changed in others."""
        for kind in ('attendee', 'input'):
            made = [record for record in self.twin.records[kind] if record.get('_review')]
            for review in {id(record['_review']): record['_review'] for record in made}.values():
                path = f'/v1/reviews/{review["id"]}/{twin.PATHS[kind]}?limit=200&withdrawn=true'
                for record in made:
                    record['review_id'] = record.pop('_review')['id']
                for record, read in zip(self.twin.where(kind, review_id=review['id']), self._shown(path)['data']):
                    take(record, read)
        for kind, records in self.twin.records.items():
            for record in records:
                if any(value is UNKNOWN for value in record.values()):
                    take(record, self._shown(f'/v1/{twin.PATHS[kind]}/{record["id"]}'))

    # ---- reads

    def _read(self, step):
        """A record, or a list with a filter."""
        caller = getattr(self.org, step['who'])
        me = self.twin.get('person', caller.id)
        kind = step['kind']
        record = self.twin.records[kind][step['number']]
        path = f'/v1/{twin.PATHS[kind]}/{record["id"]}'
        self.campaign.count('reads')
        answer = caller.client.get(path)
        self._compare(step, answer, self.seen(me, kind, record))
        if answer.status == 200 and step.get('history'):
            self._history(step, caller, path, record, answer.json)

    def seen(self, me, kind, record):
        if not me['active']:
            return twin.Expected(401)
        if not access.sees(self.twin, me, kind, record):
            return twin.Expected(404)
        return twin.Expected(200, record=access.shown(self.twin, me, kind, record))

    def _history(self, step, caller, path, record, shown):
        """As many versions as there are, and their patches one after the other make the record."""
        versions = caller.client.get(f'{path}/history?limit=200').ok().json['data']
        if [one['version'] for one in versions] != list(range(record['version'], 0, -1))[:200]:
            self.disagree(step, f'history: versions {[one["version"] for one in versions]} of {record["version"]}')
            return
        made = {}
        for one in reversed(versions):
            made = merge(made, one['changes'])
        for name, value in made.items():
            if unlike(shown.get(name), value):
                self.disagree(step, f'history: {name} comes to {value!r}, and is {shown.get(name)!r}')

    def _list(self, step):
        caller = getattr(self.org, step['who'])
        me = self.twin.get('person', caller.id)
        filters = {name: self.named(value) for name, value in step['filters'].items()}
        query = '&'.join(['limit=200', *(f'{name}={value}' for name, value in filters.items())])
        answer = caller.client.get(f'/v1/{twin.PATHS[step["kind"]]}?{query}')
        self.campaign.count('lists')
        if not me['active']:
            self._compare(step, answer, twin.Expected(401))
            return
        mine = [one['id'] for one in self.twin.records[step['kind']]
                if access.sees(self.twin, me, step['kind'], one)
                and histories.matches(access.shown(self.twin, me, step['kind'], one), filters)]
        got = [one['id'] for one in answer.ok().json['data']]
        if got != sorted(mine)[:200]:
            others = sorted(set(got) ^ set(mine))
            self.disagree(step, f'?{query} lists {len(got)}, and the twin {len(mine)}: {others[:4]}')

    def _readiness(self, step):
        caller = getattr(self.org, step['who'])
        me = self.twin.get('person', caller.id)
        review = self.twin.records['review'][step['number']]
        answer = caller.client.get(f'/v1/reviews/{review["id"]}/readiness')
        self.campaign.count('readiness')
        seen = self.seen(me, 'review', review)
        if seen.status != 200:
            self._compare(step, answer, seen)
            return
        told_by_twin = histories.readiness(self.twin, me, review)
        said = answer.ok().json
        said['violations'] = sorted({one['rule'] for one in said['violations']})
        said['clauses'] = [{name: one[name] for name in ('clause', 'inputs', 'considered', 'covered')}
                           for one in said['clauses']]
        self._same(step, said, told_by_twin, 'readiness: ')
        carried = caller.client.get(f'/v1/reviews/{review["id"]}/carried-action-items?limit=200').ok().json['data']
        if [one['id'] for one in carried] != [one['id'] for one in told_by_twin['carried_action_items']]:
            self.disagree(step, 'carried-action-items are others than readiness has')

    def end(self):
        """Every record as each role sees it, and the chain."""
        for who in CALLERS:
            caller = getattr(self.org, who)
            me = self.twin.get('person', caller.id)
            for kind, records in self.twin.records.items():
                for number, record in enumerate(records):
                    step = {'do': 'read', 'who': who, 'kind': kind, 'number': number}
                    answer = caller.client.get(f'/v1/{twin.PATHS[kind]}/{record["id"]}')
                    self._compare(step, answer, self.seen(me, kind, record))
                    self.campaign.count('records compared')
        verified = self.daemon.cli('audit', 'verify', check=False)
        if verified.returncode:
            self.disagree({}, f'audit verify: {verified.stdout}{verified.stderr}')


def take(record, shown):
    for name, value in record.items():
        if value is UNKNOWN and name in shown:
            record[name] = shown[name]


def unlike(shown, mine):
    """Whether two values differ, numbers by their value."""
    if isinstance(shown, bool) is not isinstance(mine, bool):
        return True
    if isinstance(mine, dict) and isinstance(shown, dict):
        return any(mine.get(name) is not UNKNOWN and unlike(shown.get(name), mine.get(name))
                   for name in {*mine, *shown})
    if isinstance(mine, list) and isinstance(shown, list):
        return len(mine) != len(shown) or any(unlike(*pair) for pair in zip(shown, mine))
    return shown != mine


def told(answer):
    return f'{answer.status} {sorted(answer.rules)}'


def history(campaign, steps):
    """Plays steps, given or drawn as it goes, and answers the stage with what was wrong."""
    stage = Stage(campaign)
    try:
        stage.begin()
        try:
            if isinstance(steps, int):
                for _ in range(steps):
                    stage.play(histories.draw(campaign.random, stage.twin, stage.steps))
            else:
                for step in steps:
                    stage.play(step)
            stage.end()
        except Disagreement:
            pass
        except AssertionError as failure:      # of the harness, say where what there should be is not found
            stage.wrong.append({'number': len(stage.steps) - 1, 'step': stage.steps[-1], 'what': str(failure)})
        except IndexError:
            if isinstance(steps, int):
                raise      # else: a shorter history, whose steps name what is not there
        stage.daemon.stop()
    finally:
        stage.daemon.discard()
    return stage


def tell(campaign, stage):
    if not stage.wrong:
        return
    for one in stage.wrong:
        campaign.failed(f'step {one["number"]} {json.dumps(one["step"])[:900]}\n    {one["what"][:900]}')
    campaign.failed(f'a history of {len(stage.steps)} steps disagrees', {'steps': stage.steps, 'wrong': stage.wrong})


def run(campaign):
    for number in campaign.rounds():
        stage = history(campaign, STEPS if number else SHORT_STEPS)
        campaign.count('steps', len(stage.steps))
        tell(campaign, stage)


def replay(campaign, case):
    tell(campaign, history(campaign, case['steps']))
