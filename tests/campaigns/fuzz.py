"""Fuzzed: whatever anybody sends, each reader and writer keeps its promises (libFuzzer, tests/fuzz).

A round is every target once: in the short form with so many runs, in the long one as long as its share of the time.
What a target fails on is kept as a case with its bytes. Needs the build that tests/run makes for its part `fuzz`; its
binary is the one that REVIEWD_FUZZ names.
"""

import base64
import os
import re
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from campaigning import ROOT

sys.path.insert(0, str(ROOT / 'tests' / 'fuzz'))

import seeds  # noqa: E402

SHORT = 1
BINARY = Path(os.environ.get('REVIEWD_FUZZ', ROOT / 'tests' / '.cache' / 'fuzz' / 'tests' / 'fuzz' / 'fuzz'))
FOUND = ROOT / 'tests' / '.cache' / 'fuzz-found'       # what a long form found; the next one goes on from it
INPUT_MAX_BYTES = 2000
INPUT_MAX_S = 20
LIMIT_S = 120           # of one target, beside the time that it was given
AT_ONCE = os.cpu_count() or 1


def lacks():
    """Why this campaign cannot run here; None where it can."""
    return None if BINARY.exists() else (f'there is no {BINARY}: tests/run fuzz builds it, or meson setup '
                                         'build-fuzz --native-file tests/fuzz/clang.ini && meson compile -C build-fuzz '
                                         'fuzz-targets')


def targets():
    return subprocess.run([BINARY, '--list'], check=True, capture_output=True, text=True).stdout.split()


def fuzz(target, *arguments, seconds=LIMIT_S):
    environment = {name: value for name, value in os.environ.items() if not name.startswith('REVIEWD_')}
    environment |= {'LSAN_OPTIONS': f'suppressions={ROOT}/tests/leaks.supp:print_suppressions=0',
                    'ASAN_OPTIONS': 'detect_stack_use_after_return=1', 'UBSAN_OPTIONS': 'print_stacktrace=1'}
    return subprocess.run([BINARY, f'--target={target}', *map(str, arguments)], env=environment, timeout=seconds,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def what_is_wrong(text):
    """The line of the target's output that says it."""
    lines = text.decode(errors='replace').splitlines()
    for sign in ('does not hold', 'runtime error', 'Assertion', 'ERROR:'):
        for line in lines:
            if sign in line:
                return line.strip()[:500]
    return ' '.join(lines[-3:])[:500]


def begin_with(target, folder):
    """The seeds of the target as files of a folder, and its dictionary."""
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(seeds.seeds(target)):
        (folder / str(number)).write_bytes(one)
    words = folder.with_suffix('.dict')
    words.write_text('\n'.join(seeds.words(target)) + '\n')
    return folder, words


class Round:
    """One target once."""

    def __init__(self, campaign, folder):
        self.campaign, self.folder = campaign, Path(folder)
        self.lock = threading.Lock()

    def run(self, target, limit):
        corpus, words = begin_with(target, self.folder / target)
        corpora = [corpus]
        if self.campaign.limit is None:
            (FOUND / target).mkdir(parents=True, exist_ok=True)
            corpora.insert(0, FOUND / target)
        with self.lock:
            seed = self.campaign.random.randrange(1, 2 ** 31)
        try:
            done = fuzz(target, f'-seed={seed}', f'-dict={words}', f'-artifact_prefix={self.folder}/crash-{target}-',
                        f'-timeout={INPUT_MAX_S}', f'-max_len={INPUT_MAX_BYTES}', '-rss_limit_mb=3000',
                        '-print_final_stats=1', limit, *corpora, seconds=LIMIT_S + 60 * (self.campaign.minutes or 0))
            self.note(target, done)
        except subprocess.TimeoutExpired:
            with self.lock:
                self.campaign.failed(f'{target}: it does not end', {'target': target})

    def note(self, target, done):
        found = re.search(rb'number_of_executed_units: (\d+)', done.stderr)
        runs = int(found[1]) if found else 0
        edges = [0, *map(int, re.findall(rb'cov: (\d+)', done.stderr))][-1]
        with self.lock:
            self.campaign.count('runs', runs)
            self.campaign.count('targets')
            if self.campaign.limit is None:
                print(f'  {target:<12} {runs:>10,} runs, {edges:>6,} edges', flush=True)
            if done.returncode:
                kept = sorted(self.folder.glob(f'crash-{target}-*'))
                data = base64.b64encode(kept[-1].read_bytes()).decode() if kept else ''
                self.campaign.failed(f'{target}: {what_is_wrong(done.stderr)}', {'target': target, 'input': data})


def run(campaign):
    wrong = lacks()
    if wrong:
        campaign.failed(wrong)
        return
    names = targets()
    for _ in campaign.rounds():
        with tempfile.TemporaryDirectory(prefix='reviewd-fuzz-') as folder, ThreadPoolExecutor(AT_ONCE) as pool:
            one = Round(campaign, folder)
            share = int((campaign.minutes or 0) * 60 * AT_ONCE / len(names)) or 1
            limits = {name: f'-max_total_time={share}' if campaign.limit is None else f'-runs={seeds.RUNS[name]}'
                      for name in names}
            list(pool.map(lambda name: one.run(name, limits[name]), names))
    if campaign.limit is None:
        coverage(campaign, names)


def replay(campaign, case):
    for _ in campaign.rounds():
        with tempfile.NamedTemporaryFile() as file:
            file.write(base64.b64decode(case.get('input', '')))
            file.flush()
            done = fuzz(case['target'], file.name)
        if done.returncode:
            campaign.failed(f'{case["target"]}: {what_is_wrong(done.stderr)}')


# ---- what was reached

COVERED = re.compile(rb'^(?:UN)?COVERED_FUNC: hits: \d+ edges: (\d+)/(\d+) (\S+) (\S+):\d+$', re.M)


def coverage(campaign, names):
    """Edges of src/ that the targets reached, by floor: of each function those of the best target, so at least these.
    What is made of a floor before the first input counts for nothing."""
    best = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix='reviewd-fuzz-') as folder:
            begins, _ = begin_with(name, Path(folder) / name)
            done = fuzz(name, '-runs=0', '-print_coverage=1', FOUND / name, begins, seconds=LIMIT_S * 5)
        for reached, edges, function, path in COVERED.findall(done.stderr):
            if b'/src/' in path and b'/tests/' not in path:
                key = path.split(b'/src/')[1].decode(), function.decode()
                best[key] = max(best.get(key, (0, 0)), (int(reached), int(edges)))
    floors = {}
    for (path, _), (reached, edges) in best.items():
        floor = floors.setdefault(path.split('/')[0], [0, 0])
        floor[0] += reached
        floor[1] += edges
    for floor, (reached, edges) in sorted(floors.items()):
        print(f'  src/{floor:<10} {reached:>6,} of {edges:>6,} edges, {100 * reached / edges:.0f} %')
        campaign.count('edges reached', reached)
