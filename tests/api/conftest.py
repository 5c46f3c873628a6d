import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness  # noqa: E402
import organisation  # noqa: E402


@pytest.fixture(scope='session')
def populated():
    """A data folder in which the people are already, and their tokens: made once, copied for each test."""
    with tempfile.TemporaryDirectory(prefix='reviewd-seed-') as folder:
        source = harness.Daemon(data=Path(folder) / 'data')
        tokens = organisation.create_people(source)
        yield source.data, tokens
        source.discard()


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
def org(daemon, populated):
    return harness.seed(daemon, populated[1])


@pytest.fixture
def daemon_at():
    """A factory: daemon_at('2026-03-01T09:00:00') is a daemon whose clock starts there."""
    made = []

    def start(clock, **options):
        made.append(harness.Daemon(clock=clock, **options))
        return made[-1].start()

    yield start
    try:
        for daemon in made:
            daemon.stop()
    finally:
        for daemon in made:
            daemon.discard()
