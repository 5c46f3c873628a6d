#!/usr/bin/python3
"""A data folder in which the people of the tests are already. Called by tests/run: prepared.py FOLDER makes one for all files."""

import json
import sys
from pathlib import Path

import harness
import organisation


def make(folder, clock=None):
    """(data folder, {email: token}), in the folder."""
    source = harness.Daemon(data=folder / 'data', clock=clock)
    folder.mkdir(parents=True, exist_ok=True)
    tokens = organisation.create_people(source)
    (folder / 'tokens.json').write_text(json.dumps(tokens))
    source.discard()
    return source.data, tokens


def read(folder):
    return str(folder / 'data'), json.loads((folder / 'tokens.json').read_text())


if __name__ == '__main__':
    make(Path(sys.argv[1]))
