"""Each campaign in its fixed form."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import campaigning  # noqa: E402


@pytest.mark.parametrize('name', campaigning.names())
def test_campaign(name):
    lacks = getattr(campaigning.load(name), 'lacks', lambda: None)()
    if lacks:
        pytest.skip(lacks)
    campaign = campaigning.Campaign(name, count=campaigning.load(name).SHORT, seed=1)
    assert campaign.run() == 0, '\n'.join(campaign.failures)
    assert campaign.done, 'it did nothing'
