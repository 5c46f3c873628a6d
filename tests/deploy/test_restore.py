"""The restore drill: the manual page's own commands, from a backup of a running daemon to one that goes on in its place."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import harness
import pytest
from support import audit_entries, audit_head, person_body, ready_to_conclude, walk, whole_life

PAGE = Path(__file__).resolve().parents[2] / 'deploy' / 'reviewd.8'
LISTS = ('people', 'reviews', 'inputs', 'decisions', 'action-items', 'follow-ups', 'attachments', 'calendar-tokens',
         'imports')


def procedures():
    """The lines of the two blocks of commands: to back up, and to restore."""
    section = PAGE.read_text().partition('.SH BACKUP AND RESTORE\n')[2].partition('.SH')[0].replace('\\-', '-')
    blocks = [block.splitlines() for block in re.findall(r'\.nf\n(.*?)\.fi', section, re.DOTALL)]
    assert len(blocks) == 2 and 'backup' in blocks[0][0] and blocks[1][0].startswith('systemctl stop')
    return blocks


class Machine:
    """The places that the manual names, in a folder of ours; systemctl is us."""

    def __init__(self, folder, daemon):
        self.folder, self.daemon = folder, daemon
        for name in ('bin', 'backup', 'elsewhere'):
            (folder / name).mkdir()
        (folder / 'bin' / 'reviewd').symlink_to(Path(daemon.binary).resolve())

    def run(self, line):
        """Exit status and what was printed."""
        if line == 'systemctl stop reviewd':
            self.daemon.kill()      # the disaster has done so
            return 0, ''
        if line == 'systemctl start reviewd':
            self.daemon.start()
            return 0, ''
        # Without the end of the name it names the folder beside it, too.
        line = line.replace('/var/lib/reviewd', self.daemon.data)
        for name in ('backup', 'elsewhere'):
            line = line.replace(f' /{name}', f' {self.folder / name}')
        done = subprocess.run(['bash', '-euc', line], capture_output=True, text=True, timeout=120, env={
            **self.daemon.env, 'PATH': f'{self.folder / "bin"}:{os.environ["PATH"]}'})
        return done.returncode, done.stdout + done.stderr

    def follow(self, lines):
        for line in lines:
            status, said = self.run(line)
            assert status == 0, f'{line}\n{said}'


def everything(org):
    """All that its callers read: lists, histories, files, minutes, the log, the keys."""
    read = {}
    for name in LISTS:
        for record in walk(org.isms.client, f'/v1/{name}?limit=200'):
            path = f'/v1/{name}/{record["id"]}'
            read[path] = record
            read[f'{path}/history'] = walk(org.isms.client, f'{path}/history?limit=200')
            if name == 'attachments':
                read[f'{path}/content'] = org.isms.client.get(f'{path}/content').expect(200).body
            if name == 'reviews':
                read[f'{path}/attendees'] = walk(org.isms.client, f'{path}/attendees?limit=200&withdrawn=true')
            if name == 'reviews' and record['status'] == 'approved':
                read[f'{path}/minutes'] = org.isms.client.get(f'{path}/minutes?format=pdf').expect(200).body
    read['audit-log'] = audit_entries(org.isms.client)
    read['checkpoints'] = walk(org.isms.client, '/v1/audit-log/checkpoints')
    read['keys'] = walk(org.isms.client, '/v1/keys')
    return read


@pytest.fixture
def machine(tmp_path, populated):
    daemon = harness.Daemon(env={'REVIEWD_CHECKPOINT_FILE': tmp_path / 'elsewhere' / 'checkpoints'})
    shutil.copytree(populated[0], daemon.data)
    made = Machine(tmp_path, daemon)
    daemon.start()
    made.org = harness.seed(daemon, populated[1])
    yield made
    try:
        daemon.stop()
    finally:
        daemon.discard()


def test_restore_drill(machine):
    org, (back_up, restore) = machine.org, procedures()
    whole_life(org)
    org.approved(org.conclude(ready_to_conclude(org)))
    for one in (org.isms, org.employee):
        one.client.post('/v1/calendar-tokens', {'label': 'Telephone'}).expect(201)
    keyed = person_body()
    kept = org.isms.client.post('/v1/people', keyed, Idempotency_Key='before-the-disaster').expect(201)
    org.daemon.restart()      # which signs the head
    before = everything(org)
    assert len(before) > 60
    machine.follow(back_up)

    shutil.rmtree(org.daemon.data, ignore_errors=True)      # the disk is gone, the daemon with it
    os.makedirs(org.daemon.data, mode=0o700)
    machine.follow(restore)

    after = everything(org)
    assert after.keys() == before.keys()
    different = [path for path in before if before[path] != after[path]]
    assert not different, different
    again = org.isms.client.post('/v1/people', keyed, Idempotency_Key='before-the-disaster').expect(201)
    assert again.body == kept.body and again.headers['Idempotent-Replayed'] == 'true'
    goes_on(org, before)


def goes_on(org, before):
    """New records, with numbers and ids that none had; changes with the tags of before; one chain, and a head signed anew."""
    review = org.review()
    had = [one for path, one in before.items() if re.fullmatch(r'/v1/reviews/[^/]+', path)]
    assert review['reference'] > max(one['reference'] for one in had)
    assert review['id'] > max(one['id'] for one in had)
    person = next(one for path, one in before.items() if re.fullmatch(r'/v1/people/[^/]+', path) and one['name'] == 'Petra Person')
    org.change(f'/v1/people/{person["id"]}', {'job_title': 'After the disaster'})
    org.approved(org.conclude(ready_to_conclude(org)))
    seq = audit_head(org.isms.client)['seq']
    assert seq > before['audit-log'][-1]['seq']
    assert walk(org.isms.client, '/v1/audit-log/checkpoints?sort=-seq')[0]['seq'] > before['audit-log'][-1]['seq']
    org.daemon.cli('audit', 'verify')
    org.daemon.cli('check')


def test_what_is_lost_is_said(machine):
    """A head that was signed after the backup does not fit, and says so; the restored data are sound all the same."""
    org, (back_up, restore) = machine.org, procedures()
    machine.follow(back_up)
    lost = org.new('/v1/people', person_body())
    seq = audit_head(org.isms.client)['seq']
    org.daemon.stop()      # which signs the head, and hands it out
    for line in restore:
        status, said = machine.run(line)
        if '--checkpoint' in line:
            assert status == 1 and 'cut short' in said and str(seq - 1) in said, said
        else:
            assert status == 0, f'{line}\n{said}'
    org.isms.client.get(f'/v1/people/{lost["id"]}').expect(404)
    org.new('/v1/people', person_body())
    org.daemon.cli('audit', 'verify')
