import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
API = HERE.parent / 'api'
for folder in (API, HERE):
    sys.path.insert(0, str(folder))

# The organisation and the daemons of the API tests are ours too.
spec = importlib.util.spec_from_file_location('api_conftest', API / 'conftest.py')
api_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api_conftest)
populated, daemon = api_conftest.populated, api_conftest.daemon
alone, org = api_conftest.alone, api_conftest.org

import faults  # noqa: E402
import harness  # noqa: E402


@pytest.fixture(scope='session')
def shim(tmp_path_factory):
    return faults.compiled_shim(tmp_path_factory.mktemp('shim'))


@pytest.fixture
def bad(populated, shim):
    """A factory: bad(QUEUE_MAX=1) is an organisation in a running daemon with the shim in it; bad.faults tells it what
    to do. Settings are given without REVIEWD_."""
    made = []

    def start(**settings):
        daemon = harness.Daemon(env={f'REVIEWD_{name}': value for name, value in settings.items()})
        made.append(daemon)
        shutil.copytree(populated[0], daemon.data)
        daemon.faults = faults.Faults(daemon, shim)
        daemon.start()
        org = harness.seed(daemon, populated[1])
        org.faults = daemon.faults
        return org

    yield start
    try:
        for daemon in made:
            daemon.faults.none()
            daemon.stop()
    finally:
        for daemon in made:
            daemon.discard()
