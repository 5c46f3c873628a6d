import importlib.util
import sys
from pathlib import Path

API = Path(__file__).resolve().parent.parent / 'api'
sys.path.insert(0, str(API))

# The daemons of the API tests are ours too.
spec = importlib.util.spec_from_file_location('api_conftest', API / 'conftest.py')
api_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api_conftest)
populated, daemon = api_conftest.populated, api_conftest.daemon
alone, org = api_conftest.alone, api_conftest.org
