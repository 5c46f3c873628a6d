"""What the tests of evidence packs share: taking one, reading it, and making another one of it."""

import hashlib
import io
import json
import subprocess
import warnings
import zipfile
from pathlib import Path

SUMS, SIGNATURE = 'SHA256SUMS', 'SHA256SUMS.minisig'
KINDS = ('reviews', 'attendees', 'inputs', 'decisions', 'action-items', 'amendments', 'follow-ups', 'attachments')


def path_of(review):
    return f'/v1/reviews/{review["id"]}/evidence-pack'


class Pack:
    """The files of a ZIP by their names within its folder."""

    def __init__(self, body):
        self.body = body
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            self.infos = archive.infolist()
            names = [info.filename for info in self.infos]
            assert len(set(names)) == len(names)
            self.folder = names[0].partition('/')[0]
            assert all(name.startswith(f'{self.folder}/') for name in names)
            self.files = {name.removeprefix(f'{self.folder}/'): archive.read(name) for name in names}

    def __getitem__(self, name):
        return self.files[name]

    def text(self, name):
        return self.files[name].decode()

    def json(self, name):
        return json.loads(self.files[name])

    def named(self, start):
        return sorted(name for name in self.files if name.startswith(start))

    @property
    def entries(self):
        return [json.loads(line) for line in self.text('audit/entries.ndjson').splitlines()]

    def versions(self, folder):
        """{number: (seq, bytes)}"""
        found = {}
        for name in self.named(f'{folder}/version-'):
            number, _, seq = name.rpartition('version-')[2].removesuffix('.json').partition('.entry-')
            found[int(number)] = (int(seq), self.files[name])
        return found


def take(client, review):
    answer = client.get(path_of(review)).expect(200)
    assert answer.headers['Content-Type'] == 'application/zip'
    assert answer.headers['Content-Disposition'] == f'attachment; filename="{review["reference"]}-evidence.zip"'
    return Pack(answer.body)


def folder_of(kind, record):
    return f'records/{kind}/{record.get("reference") or record["id"]}'


def zipped(pack, files=None, extra=()):
    """The files as a ZIP again; `extra` are (full name, bytes) beside them."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter('ignore')     # of names that are there twice, on purpose
        for name, content in (files or pack.files).items():
            archive.writestr(f'{pack.folder}/{name}', content)
        for name, content in extra:
            archive.writestr(name, content)
    return out.getvalue()


def listed(files):
    """With a list that fits them."""
    lines = (f'{hashlib.sha256(content).hexdigest()}  {name}\n' for name, content in files.items()
             if name not in (SUMS, SIGNATURE))
    return files | {SUMS: ''.join(lines).encode()}


def signed(files, scratch, key):
    """With a list that fits them and its signature, as whoever has the secret key can make it."""
    files = listed(files)
    (scratch / SUMS).write_bytes(files[SUMS])
    sign(scratch / SUMS, key)
    return files | {SIGNATURE: (scratch / SIGNATURE).read_bytes()}


def sign(path, key):
    subprocess.run(['minisign', '-S', '-s', key, '-m', path, '-x', f'{path}.minisig'], check=True, capture_output=True)


def other_key(scratch):
    subprocess.run(['minisign', '-G', '-f', '-W', '-p', scratch / 'their.pub', '-s', scratch / 'their.key'], check=True,
                   capture_output=True)
    return scratch / 'their.key'


def secret_key(daemon):
    return Path(daemon.data) / 'keys' / 'reviewd.key'


def verify(daemon, body, *args):
    path = daemon.scratch / 'pack.zip'
    path.write_bytes(body)
    return daemon.cli('audit', 'verify', '--pack', path, *args, check=False)
