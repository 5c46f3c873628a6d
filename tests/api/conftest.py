import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness  # noqa: E402
import prepared  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line('markers', 'alone: has an organisation of its own, where the others of the file share one')


@pytest.fixture(scope='session')
def populated():
    """A data folder in which the people are already, and their tokens: made once, copied for each test. tests/run makes
    one for all files (prepared.py)."""
    made = os.environ.get('REVIEWD_TEST_SEED')
    if made:
        yield prepared.read(Path(made))
        return
    with tempfile.TemporaryDirectory(prefix='reviewd-seed-') as folder:
        yield prepared.make(Path(folder))


@pytest.fixture(scope='session')
def populated_at():
    """The same as of a time: populated_at('2026-03-01T09:00:00')."""
    made = {}
    with tempfile.TemporaryDirectory(prefix='reviewd-seed-') as folder:

        def at(clock):
            if clock not in made:
                made[clock] = prepared.make(Path(folder) / str(len(made)), clock)
            return made[clock]

        yield at


@pytest.fixture
def daemon(request):
    """Running, with a data folder of its own: empty, or (with `org`) with just the people in it."""
    fresh = harness.Daemon()
    if 'org' in request.fixturenames:
        shutil.copytree(request.getfixturevalue('populated')[0], fresh.data)
    fresh.start()
    yield fresh
    try:
        fresh.stop()
    finally:
        fresh.discard()


@pytest.fixture
def alone(daemon, populated):
    return harness.seed(daemon, populated[1])


@pytest.fixture
def org(alone):
    """An organisation for each test; files whose tests do not meet have one for all (support.org_of_the_file)."""
    return alone


@pytest.fixture
def daemon_at():
    """A factory: daemon_at('2026-03-01T09:00:00') is a daemon whose clock starts there."""
    made = []

    def start(clock, copy_of=None, **options):
        made.append(harness.Daemon(clock=clock, **options))
        if copy_of:
            shutil.copytree(copy_of, made[-1].data)
        return made[-1].start()

    yield start
    try:
        for daemon in made:
            daemon.stop()
    finally:
        for daemon in made:
            daemon.discard()


@pytest.fixture
def org_at(daemon_at, populated_at):
    """A factory: org_at('2026-03-01T09:00:00') is an organisation in such a daemon."""

    def start(clock, **options):
        data, tokens = populated_at(clock)
        return harness.seed(daemon_at(clock, copy_of=data, **options), tokens)

    return start
