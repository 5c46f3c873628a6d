"""Whether a pack is checked by standard tools, and by `audit verify --pack`, on a machine that has nothing of ours."""

import hashlib
import io
import json
import re
import subprocess
import zipfile
from xml.etree import ElementTree

import pytest

import packs
from documents import one
from packs import SIGNATURE, SUMS, listed, other_key, secret_key, signed, take, verify, zipped
from support import canonical, shared  # noqa: F401
from test_audit import entry_hash

ENTRIES, CHECKPOINT = 'audit/entries.ndjson', 'audit/checkpoint.txt'


@pytest.fixture(scope='module')
def case(shared):
    """An approved review with two files, and entries of other records between its own; its pack."""
    review = shared.running_review()
    shared.attach(one(review), b'the first file', 'first.txt')
    shared.complete_inputs(review)
    shared.person(email='between@example.org')
    decision = shared.adopted(review)
    item = shared.action_item(decision)
    shared.attach(f'/v1/action-items/{item["id"]}', b'the second file', 'second.txt')
    shared.review(title='Another review')
    shared.conclude(review)
    review = shared.do(f'{one(review)}/approve', by=shared.top2)
    return review, decision, take(shared.isms.client, review)


def refused(daemon, body, *args):
    """What the first thing is that does not fit."""
    done = verify(daemon, body, '--json', *args)
    told = json.loads(done.stdout)
    assert done.returncode == 1 and told['valid'] is False and told['seq'] is None, done
    assert f'reviewd: {told["finding"]}\n' == done.stderr
    return told['finding']


# ---- by standard tools


@pytest.fixture(scope='module')
def unpacked(shared, case, tmp_path_factory):
    """The pack's folder on another machine, to which the public key came by another way."""
    folder = tmp_path_factory.mktemp('unpacked')
    (folder / 'pack.zip').write_bytes(case[2].body)
    subprocess.run(['unzip', '-q', 'pack.zip'], cwd=folder, check=True)
    (folder / 'organisation.pub').write_text(shared.daemon.cli('key', 'show').stdout)
    return folder / case[2].folder


def page_commands(folder):
    return re.findall(r'^```+ *sh\n(.*?)^```', (folder / 'README.txt').read_text(), re.DOTALL | re.MULTILINE)


def run(folder, commands):
    return subprocess.run(['bash', '-eo', 'pipefail', '-c', commands.replace('THE-KEY.pub', '../organisation.pub')],
                          cwd=folder, capture_output=True, text=True)


def test_the_commands_of_the_page(case, unpacked):
    sums, signature, versions, chain, verifying = page_commands(unpacked)
    done = run(unpacked, sums)
    assert done.returncode == 0 and len(set(done.stdout.split())) == 1, done
    assert 'Signature and comment signature verified' in run(unpacked, signature).stdout
    done = run(unpacked, versions)
    first = done.stdout.splitlines()[0].split()[0]
    assert f'"body_sha256":"{first}"' in done.stdout
    done = run(unpacked, chain)
    assert f'the chain holds up to entry {case[2].entries[-1]["seq"]}\n' in done.stdout, done.stderr
    assert verifying.startswith('reviewd audit verify --pack')


@pytest.mark.parametrize('name, step', [
    ('README.html', 0), ('audit/entries.ndjson', 0), (SUMS, 1), (ENTRIES, 3), (CHECKPOINT, 3)])
def test_they_find_a_changed_byte(unpacked, name, step):
    path = unpacked / name
    before = path.read_bytes()
    path.write_bytes(before.replace(b'a', b'b', 1))
    try:
        assert run(unpacked, page_commands(unpacked)[step]).returncode != 0
    finally:
        path.write_bytes(before)


def test_the_page_says_the_same_in_both_forms(case, unpacked):
    def words(text):
        return re.sub(r'[\W_]+', ' ', text)

    page = ElementTree.fromstring((unpacked / 'README.html').read_text())
    text = words(''.join(page.find('body').itertext()))
    for command in page_commands(unpacked):
        assert words(command).strip() in text
    review, _, pack = case
    for fact in (review['reference'], review['title'], str(pack.entries[-1]['seq']), pack.entries[-1]['hash']):
        assert words(fact) in text and fact in (unpacked / 'README.txt').read_text()


@pytest.mark.parametrize('title', ['<script>alert(1)</script>', '**bold** [link](https://x.example)', '```\nsh\n```',
                                   '\u202eevil\u202c', 'x' * 200, 'مراجعة الإدارة'])
def test_titles_on_the_page_are_texts(shared, title):
    review = shared.review(title=title)
    pack = take(shared.isms.client, review)
    page = ElementTree.fromstring(pack.text('README.html'))
    assert not list(page.iter('script')) and not list(page.iter('a')) and not list(page.iter('strong'))
    squeezed = re.sub(r'\s', '', ''.join(page.itertext()))
    assert re.sub(r'[\s\u202c\u202e]', '', title) in re.sub(r'[\u202c\u202e]', '', squeezed)
    assert len(re.findall(r'^```+ *sh$', pack.text('README.txt'), re.MULTILINE)) == 5


# ---- by the command


def test_a_good_one(shared, case, tmp_path):
    pack = case[2]
    done = verify(shared.daemon, pack.body)
    assert done.returncode == 0 and 'the pack holds' in done.stdout and done.stderr == ''
    told = json.loads(verify(shared.daemon, pack.body, '--json').stdout)
    key, = shared.get('/v1/keys')['data']
    assert told == {'valid': True, 'files': len(pack.files), 'records': len(
        [name for name in pack.named('records/') if name.endswith('/record.json')]), 'versions': len(
        [name for name in pack.named('records/') if '/version-' in name]), 'entries': len(pack.entries),
        'seq': pack.entries[-1]['seq'], 'hash': pack.entries[-1]['hash'], 'key_id': key['key_id'], 'finding': None}


def test_on_another_machine(shared, case, tmp_path):
    """No data folder is made there, and a pack's own keys are not believed."""
    pack, nowhere = case[2], tmp_path / 'nowhere'
    (tmp_path / 'pack.zip').write_bytes(pack.body)
    (tmp_path / 'key.pub').write_text(shared.daemon.cli('key', 'show').stdout)

    def ask(*args):
        return subprocess.run([shared.daemon.binary, 'audit', 'verify', '--pack', tmp_path / 'pack.zip', '--data',
                               nowhere, *args], capture_output=True, text=True)

    assert ask('--key', tmp_path / 'key.pub').returncode == 0
    done = ask()
    assert done.returncode == 1 and 'name its file with --key' in done.stderr
    other_key(tmp_path)
    assert ask('--key', tmp_path / 'their.pub').returncode == 1
    assert not nowhere.exists()


def test_what_else_cannot_be_asked(shared, case):
    daemon = shared.daemon
    assert daemon.cli('audit', 'verify', '--pack', '/nonexistent', check=False).returncode == 1
    assert verify(daemon, case[2].body, '--key', '/nonexistent').returncode == 1
    assert verify(daemon, case[2].body, '--checkpoint', '/dev/null').returncode == 2


def test_after_the_key_was_rotated(org):
    """The head is signed by the one, the list by the other."""
    review = org.review()
    take(org.isms.client, review)
    org.daemon.cli('key', 'rotate')
    pack = take(org.isms.client, review)
    signers = {re.search('key ([0-9A-F]{16})', pack.text(name)).group(1) for name in (SIGNATURE, CHECKPOINT)}
    assert len(signers) == 2 and len(pack.named('keys/')) == 2
    assert verify(org.daemon, pack.body).returncode == 0


# A change of the files, as somebody makes it who has no key …

CHANGES = {
    'a byte of evidence': lambda files: files | {'evidence/001-first.txt': b'the First file'},
    'a byte of a record': lambda files: edit(files, 'record.json', b'"version":', b'"version": '),
    'a byte of the list': lambda files: edit(files, SUMS, b'README.html', b'README.HTML'),
    'a byte of the signature': lambda files: edit(files, SIGNATURE, b'timestamp:', b'timestamp:1'),
    'a file taken away': lambda files: without(files, 'registers/inputs.csv'),
    'a file added': lambda files: files | {'minutes/more.pdf': b'%PDF'},
    'the list taken away': lambda files: without(files, SUMS),
    'the signature taken away': lambda files: without(files, SIGNATURE),
    'a file and the list': lambda files: listed(files | {'evidence/001-first.txt': b'another file'}),
    'a list without an end': lambda files: files | {SUMS: files[SUMS][:-1]},
    'a list with CR LF': lambda files: files | {SUMS: files[SUMS].replace(b'\n', b'\r\n')},
    'a list of nothing': lambda files: files | {SUMS: b''},
    'a list of a path elsewhere': lambda files: files | {SUMS: files[SUMS] + b'0' * 64 + b'  ../x\n'},
    'all signed by nobody': lambda files: files | {SIGNATURE: b'nobody'},
}


def edit(files, end, old, new):
    """The first file that ends so, changed once."""
    name = next(name for name in files if name.endswith(end) and old in files[name])
    return files | {name: files[name].replace(old, new, 1)}


def without(files, *ends):
    return {name: content for name, content in files.items() if not name.endswith(ends)}


@pytest.mark.parametrize('change', CHANGES)
def test_what_is_changed_without_a_key(shared, case, change):
    pack = case[2]
    assert refused(shared.daemon, zipped(pack, CHANGES[change](dict(pack.files))))


def test_without_json_the_finding_is_all_that_is_said(shared, case):
    done = verify(shared.daemon, zipped(case[2], without(dict(case[2].files), 'inputs.csv')))
    assert (done.returncode, done.stdout) == (1, '') and len(done.stderr.splitlines()) == 1


def test_signed_by_another_key(shared, case, tmp_path):
    pack = case[2]
    key = other_key(tmp_path)
    body = zipped(pack, signed(dict(pack.files), tmp_path, key))
    assert 'there is no public key' in refused(shared.daemon, body)
    # By their key all is well but for the head, which is ours.
    assert 'checkpoint' in refused(shared.daemon, body, '--key', tmp_path / 'their.pub')


# … and as somebody makes it who has the secret key: the list and its signature fit, the records do not fit each other.


def entries_changed(change):
    """Each entry as a JSON object; the hashes from there on are worked out anew."""
    def apply(files):
        entries = [json.loads(line) for line in files[ENTRIES].splitlines()]
        change(entries)
        for before, entry in zip([None, *entries], entries):
            if before:
                entry['previous_hash'] = before['hash']
            entry['hash'] = entry_hash({name: value for name, value in entry.items() if name != 'hash'})
        return files | {ENTRIES: ''.join(f'{canonical(entry)}\n' for entry in entries).encode()}
    return apply


def lines_changed(change):
    def apply(files):
        lines = files[ENTRIES].splitlines(True)
        change(lines)
        return files | {ENTRIES: b''.join(lines)}
    return apply


def swap(files, a, b):
    return files | {a: files[b], b: files[a]}


def forged(files):
    """A version that says something else, with a record and an entry to match, and all hashes after it."""
    name = sorted(name for name in files if name.startswith('records/decisions/') and '/version-' in name)[-1]
    record = f'{name.rpartition("/")[0]}/record.json'
    seq = int(name.split('-')[-1].split('.')[0])
    files = edit(edit(files, name, b'Train everyone', b'Train nobody'), record, b'Train everyone', b'Train nobody')

    def change(entries):
        entry = next(entry for entry in entries if entry['seq'] == seq)
        entry['body_sha256'] = hashlib.sha256(files[name]).hexdigest()
    return entries_changed(change)(files)


def first_folder(files, kind):
    return next(name for name in files if name.startswith(f'records/{kind}/')).rpartition('/')[0] + '/'


def last_version(files, kind='decisions'):
    return sorted(name for name in files if name.startswith(first_folder(files, kind)) and '/version-' in name)[-1]


def renamed(files, old, new):
    return {new if name == old else name: content for name, content in files.items()}


DEEP = {
    'a record that is not its last version': (
        lambda files: edit(files, 'record.json', b'"Train everyone"', b'"Train nobody"'), 'not that of its last version'),
    'a record with a member more': (
        lambda files: edit(files, 'record.json', b'{"id"', b'{"colour":"red","id"'), "its 'colour' is none"),
    'a record with a member less': (
        lambda files: edit(files, 'record.json', b'"title":', b'"titles":'), "its 'title'"),
    'a record that is no JSON': (lambda files: edit(files, 'record.json', b'{"id"', b'{"id'), 'no JSON object'),
    'a version changed': (
        lambda files: edit(files, last_version(files), b'"title":', b'"title": '), 'not the version of which'),
    'a version taken away': (lambda files: without(files, last_version(files)), 'last version'),
    'a version and its record taken back': (
        lambda files: without(files, last_version(files)) | {
            first_folder(files, 'decisions') + 'record.json': files[sorted(
                name for name in files if name.startswith(first_folder(files, 'decisions') + 'version-'))[-2]]},
        'its version is missing'),
    'a record taken away': (lambda files: without(files, first_folder(files, 'inputs') + 'record.json'), 'are missing'),
    'a version of another entry': (
        lambda files: renamed(files, last_version(files), last_version(files).replace('.entry-', '.entry-9')),
        'its version is missing'),
    'a version of a number that it has not': (
        lambda files: renamed(files, last_version(files), last_version(files).replace('version-2', 'version-3')),
        'it is not version'),
    'versions that changed places': (
        lambda files: swap(files, *sorted(name for name in files if name.startswith(
            first_folder(files, 'decisions') + 'version-'))[:2]), 'it is not version'),
    'a folder of another name': (
        lambda files: {name.replace('/DEC-', '/DEC-9'): content for name, content in files.items()}, 'not the folder'),
    'a file beside the versions': (lambda files: files | {first_folder(files, 'inputs') + 'x.json': b'{}'}, 'no such file'),
    'a kind of record that there is not': (lambda files: files | {'records/people/x/record.json': b'{}'}, 'no such file'),
    'a name that was not committed to': (
        lambda files: edit(files, 'openings.json', b'"value":"', b'"value":"x'), 'does not open'),
    'a name without its opening': (
        lambda files: without(files, 'openings.json'), "its 'name_at_review' is not that"),
    'another name than the opened one': (
        lambda files: edit(files, 'record.json', b'"name_at_review":"', b'"name_at_review":"x'),
        "its 'name_at_review' is not that"),
    'no review': (lambda files: {name: content for name, content in files.items() if 'records/reviews/' not in name},
                  '0 reviews'),
    'an entry changed': (
        lambda files: lines_changed(lambda lines: lines.__setitem__(3, lines[3].replace(b'Z"', b'Y"', 1)))(files), 'its hash'),
    'an entry with a space': (
        lambda files: lines_changed(lambda lines: lines.__setitem__(3, lines[3].replace(b',"', b', "', 1)))(files),
        'comes what is none'),
    'an entry taken away': (lines_changed(lambda lines: lines.pop(3)), 'before it is missing'),
    'an entry twice': (lines_changed(lambda lines: lines.insert(3, lines[3])), 'before it is missing'),
    'the last entry taken away': (lines_changed(lambda lines: lines.pop()), 'signed head'),
    'the first entry taken away': (lines_changed(lambda lines: lines.pop(0)), 'no audit entry speaks of it'),
    'all entries taken away': (lines_changed(lambda lines: lines.clear()), 'the entries end with 0'),
    'an entry without an end': (
        lines_changed(lambda lines: lines.__setitem__(-1, lines[-1][:-1])), 'does not end'),
    'an entry recomputed': (
        entries_changed(lambda entries: entries[4].__setitem__('actor_id', None)), 'worked out anew'),
    'an entry of another kind of record': (
        entries_changed(lambda entries: entries[0].__setitem__('resource', 'person')), 'another kind'),
    'a version forged with its entry': (forged, 'worked out anew'),
    'the log taken away': (lambda files: without(files, ENTRIES), 'it is not there'),
    'the head taken away': (lambda files: without(files, CHECKPOINT), 'it is not there'),
    'a head that says more': (lambda files: edit(files, CHECKPOINT, b'seq ', b'seq 1'), 'did not sign this'),
    'evidence that changed places': (
        lambda files: swap(files, 'evidence/001-first.txt', 'evidence/002-second.txt'), 'not the file of which'),
    'evidence taken away': (lambda files: without(files, 'evidence/002-second.txt'), 'there is no file'),
    'evidence added': (lambda files: files | {'evidence/003-third.txt': b'x'}, 'no record speaks'),
    'minutes changed': (lambda files: edit(files, '-r1.html', b'<p', b'<p '), 'not the minutes of which'),
    'minutes taken away': (lambda files: without(files, '-r1.pdf'), 'not there once'),
    'minutes added': (lambda files: files | {'minutes/MR-2000-01-r2.pdf': b'%PDF'}, 'no approval speaks'),
}


@pytest.mark.parametrize('change', DEEP)
def test_what_does_not_fit_although_it_is_signed(shared, case, tmp_path, change):
    pack = case[2]
    apply, said = DEEP[change]
    files = signed(apply(dict(pack.files)), tmp_path, secret_key(shared.daemon))
    finding = refused(shared.daemon, zipped(pack, files))
    assert said in finding, finding


def test_the_same_files_signed_again_are_well(shared, case, tmp_path):
    """So that what the changes above are found by is the change."""
    pack = case[2]
    body = zipped(pack, signed(dict(pack.files), tmp_path, secret_key(shared.daemon)))
    done = verify(shared.daemon, body)
    assert done.returncode == 0, done.stderr


def test_a_pack_from_before_a_member_was_added(shared, case, tmp_path):
    """Neither its versions nor its records know it. The chain is another one then: that is all that is found."""
    pack = case[2]
    files, digests = dict(pack.files), {}
    for name in pack.named('records/decisions/'):
        body = json.loads(files[name])
        assert body.pop('superseded_by_id') is None
        files[name] = canonical(body).encode()
        if '/version-' in name:
            digests[int(name.split('-')[-1].split('.')[0])] = hashlib.sha256(files[name]).hexdigest()

    def change(entries):
        for entry in entries:
            entry['body_sha256'] = digests.get(entry['seq'], entry['body_sha256'])
    files = signed(entries_changed(change)(files), tmp_path, secret_key(shared.daemon))
    assert 'worked out anew' in refused(shared.daemon, zipped(pack, files))


def test_a_name_that_was_erased(org):
    """It is nowhere in the pack of a review that is not concluded, and the pack fits."""
    review = org.review()
    gone = org.person(name='Wilhelmina Vanished', email='wilhelmina.vanished@example.org')
    org.attendee(review, person_id=gone['id'])
    assert b'Vanished' in b''.join(take(org.isms.client, review).files.values())
    org.do(f'/v1/people/{gone["id"]}/erase', {'reason': 'She asked for it in writing.'})
    pack = take(org.isms.client, review)
    for name, content in pack.files.items():
        assert b'vanished' not in content.lower() or name.endswith('.pdf'), name
    done = verify(org.daemon, pack.body)
    assert done.returncode == 0, done.stderr


def test_a_follow_up_made_where_the_caller_may_not_look(org):
    """Its hashed versions name that review, so that the pack leaves it out; who sees the review has it."""
    review = org.running_review()
    item = org.action_item(org.adopted(review))
    later = org.running_review(classification='restricted')
    follow_up = org.follow_up(item, review_id=later['id'])
    for who, sees in ((org.isms, True), (org.top2, False)):
        pack = take(who.client, review)
        assert bool([name for name in pack.files if follow_up['id'] in name]) == sees
        assert bool([name for name, content in pack.files.items() if name.startswith(('records/', 'registers/')) and
                     later['id'].encode() in content]) == sees
        done = verify(org.daemon, pack.body)
        assert done.returncode == 0, (who.name, done.stderr)


# ---- what is no pack

NO_ZIPS = {
    'nothing': lambda pack: b'',
    'a text': lambda pack: b'hello' * 1000,
    'an empty ZIP': lambda pack: b'PK\5\6' + bytes(18),
    'cut in the middle': lambda pack: pack.body[:len(pack.body) // 2],
    'cut at the end': lambda pack: pack.body[:-30],
    'a byte of packed data': lambda pack: flipped(pack.body, pack.body.index(b'README.html') + 200),
    'a path that leads out': lambda pack: zipped(pack, extra=[(f'{pack.folder}/../x', b'')]),
    'an absolute path': lambda pack: zipped(pack, extra=[('/etc/passwd', b'')]),
    'another folder': lambda pack: zipped(pack, extra=[('other/README.html', b'')]),
    'no folder': lambda pack: zipped(pack, extra=[('README.html', b'')]),
    'a backslash': lambda pack: zipped(pack, extra=[(f'{pack.folder}/a\\b', b'')]),
    'a folder elsewhere': lambda pack: zipped(pack, extra=[('other/keys/', b'')]),
    'a folder that leads out': lambda pack: zipped(pack, extra=[(f'{pack.folder}/../x/', b'')]),
    'two of a name': lambda pack: zipped(pack, extra=[(f'{pack.folder}/{SUMS}', pack[SUMS])]),
    'control characters': lambda pack: zipped(pack, extra=[(f'{pack.folder}/\x1b[31m\n', b'')]),
}


def test_a_pack_that_was_packed_again_has_folders(shared, case):
    """As `zip -r` and file managers make them: before the files and behind them."""
    pack = case[2]
    folders = [(f'{pack.folder}/{name}', b'') for name in ('', 'keys/', 'records/', 'records/reviews/', 'evidence/none/')]
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in folders[:3]:
            archive.writestr(name, content)
        for name, content in pack.files.items():
            archive.writestr(f'{pack.folder}/{name}', content)
        for name, content in folders[3:]:
            archive.writestr(name, content)
    done = verify(shared.daemon, out.getvalue())
    assert done.returncode == 0, done.stderr


def flipped(body, at):
    return body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1:]


@pytest.mark.parametrize('which', NO_ZIPS)
def test_what_is_no_pack(shared, case, which):
    finding = refused(shared.daemon, NO_ZIPS[which](case[2]))
    assert finding.isprintable()


def test_a_file_that_unpacks_to_more_than_memory_holds(shared, case):
    """A record of 65 MiB of zeros in 65 KiB."""
    files = dict(case[2].files) | {'records/inputs/x/record.json': bytes(65 << 20)}
    done = verify(shared.daemon, zipped(case[2], files))
    assert done.returncode == 1 and 'larger than such a file is' in done.stderr
