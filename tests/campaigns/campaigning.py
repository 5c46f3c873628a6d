"""What campaigns have in common: how long they go on, what chance they take, what they counted, and what they keep.

A campaign is a module of this folder with

    SHORT = 3                  rounds of the fixed form that runs with all tests
    def run(campaign): …       `for number in campaign.rounds(): …`

    def lacks(): …             if it needs what is not always there: what that is, or None

whose docstring's first line says what it proves. It draws all chance from `campaign.random`, counts with
`campaign.count(what)`, and says `campaign.failed(what happened, case)` of what is wrong: a case is JSON from which
`replay(campaign, case)` of the module does the same again.
"""

import importlib
import json
import random
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CASES = ROOT / 'tests' / '.cache' / 'cases'
for folder in (ROOT / 'tests' / 'api', ROOT / 'tests' / 'faults', HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

NO_CAMPAIGNS = {'campaigning', 'conftest'}
DEFAULT_MINUTES = 10


def names():
    return sorted(path.stem for path in HERE.glob('*.py')
                  if path.stem not in NO_CAMPAIGNS and not path.stem.startswith('test_')
                  and 'def run(campaign)' in path.read_text())


def load(name):
    return importlib.import_module(name)


def pause(seconds):
    """Time that is to pass: of callers that are slow on purpose, and of silence that is measured. What is waited for is
    waited for by support.poll()."""
    time.sleep(seconds)


class Campaign:
    def __init__(self, name, count=None, minutes=None, seed=None):
        self.name = name
        self.limit = count
        self.minutes = minutes if minutes or count else DEFAULT_MINUTES
        self.seed = seed if seed is not None else random.SystemRandom().randrange(2 ** 32)
        self.random = random.Random(self.seed)
        self.done = 0
        self.counts = {}
        self.failures = []
        self.began = time.monotonic()

    def rounds(self):
        """Numbers of rounds, until the count is reached or the time is over; one at least."""
        while self.limit is None or self.done < self.limit:
            if self.done and self.minutes and time.monotonic() - self.began >= self.minutes * 60:
                return
            yield self.done
            self.done += 1

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def most(self, what, number):
        self.counts[what] = max(self.counts.get(what, 0), number)

    def failed(self, what, case=None):
        self.failures.append(what)
        print(f'{self.name}: FAILED: {what}', flush=True)
        if case is None:
            return
        folder = CASES / self.name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f'{self.seed}-{len(self.failures)}.json'
        path.write_text(json.dumps({'seed': self.seed, 'what': what, 'case': case}, indent=1, ensure_ascii=False))
        print(f'{self.name}: once more: tests/campaign {self.name} --case {path.relative_to(ROOT)}', flush=True)

    def summary(self):
        counted = ', '.join(f'{number:,} {what}' if isinstance(number, int) else f'{number:.3g} {what}'
                            for what, number in self.counts.items())
        return (f'{self.name}: {self.done} rounds, {counted or "nothing counted"}, {len(self.failures)} failures '
                f'(seed {self.seed}, {time.monotonic() - self.began:.0f} s)')

    def run(self):
        """Exit status 0, or 1 where anything failed."""
        try:
            load(self.name).run(self)
        except Exception:      # a campaign that breaks has failed, and its figures are of use all the same
            self.failed(traceback.format_exc())
        print(self.summary(), flush=True)
        return 1 if self.failures else 0


def again(name, path):
    kept = json.loads(Path(path).read_text())
    campaign = Campaign(name, count=1, seed=kept['seed'])
    load(name).replay(campaign, kept['case'])
    print(campaign.summary())
    return 1 if campaign.failures else 0
