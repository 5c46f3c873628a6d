"""Minutes that are drafts, minutes that are kept, and who reads which."""

import gzip
import hashlib

import pytest

import harness
from documents import FORMS, STORED, document, one, pages, shown, squeezed, story, tree  # noqa: F401
from support import audit_entries, shared  # noqa: F401


# ---- drafts


@pytest.mark.parametrize('kind', ['agenda', 'minutes'])
def test_a_draft_says_so_on_every_page(shared, story, kind):  # noqa: F811
    texts = pages(document(shared.isms.client, story['second'], 'pdf', kind))
    assert texts and all('DRAFT' in text for text in texts)
    page = tree(document(shared.isms.client, story['second'], 'html', kind))
    assert [element.text for element in page.iter('div') if element.get('class') == 'stamp'] == ['DRAFT']
    assert '**DRAFT:**' in document(shared.isms.client, story['second'], 'md', kind).body.decode()


@pytest.mark.parametrize('kind', ['agenda', 'minutes'])
@pytest.mark.parametrize('form', FORMS)
def test_what_is_approved_is_no_draft(shared, story, kind, form):  # noqa: F811
    assert 'DRAFT' not in shown(document(shared.isms.client, story['first'], form, kind), form)


# ---- kept


def digest(answer):
    return hashlib.sha256(answer.body).hexdigest()


def test_approved_minutes_never_change_by_a_byte(org):
    review = org.approved()
    digests = org.get(one(review))['minutes_sha256']
    kept = {form: document(org.isms.client, review, form) for form in FORMS}
    for form, answer in kept.items():
        assert digests[STORED[form]] == digest(answer) and answer.etag == f'"{digest(answer)}"'
    assert [name for name, value in digests.items() if value is None] == [name for name in digests if '_' in name]

    item, = org.get(f'/v1/action-items?review_id={review["id"]}')['data']
    org.change(f'/v1/people/{org.top.id}', {'name': 'Tessa Renamed', 'job_title': 'Gone'})
    org.person(name='Another Manager', role='isms_manager')
    org.follow_up(item)
    org.completed(item)
    org.amendment(item, deadline=org.day(70))
    org.daemon.restart()
    for form, answer in kept.items():
        again = document(org.isms.client, review, form)
        assert again.body == answer.body and again.etag == answer.etag
        revision = org.isms.client.get(f'{one(review)}/revisions/1/minutes?format={form}').expect(200)
        assert revision.body == answer.body and revision.etag == answer.etag
        org.isms.client.get(f'{one(review)}/minutes?format={form}', If_None_Match=answer.etag).expect(304)
    org.daemon.cli('audit', 'verify')


def test_a_compressed_answer_holds_the_same_bytes(shared, story):  # noqa: F811
    path = f'{one(story["first"])}/minutes?format=html'
    plain = shared.isms.client.get(path).expect(200)
    packed = shared.isms.client.get(path, Accept_Encoding='gzip').expect(200)
    assert gzip.decompress(packed.body) == plain.body
    assert packed.etag == plain.etag[:-1] + '-gzip"'
    shared.isms.client.get(path, Accept_Encoding='gzip', If_None_Match=plain.etag).expect(304)


def test_the_approval_s_entry_follows_the_head_in_the_minutes(org):
    """And has their digests, too, which its own hash covers: see test_audit, which works it out."""
    review = org.approved()
    minutes = document(org.isms.client, review, 'json').json
    entry, = [entry for entry in audit_entries(org.isms.client) if entry['event'] == 'review.approve']
    assert (entry['seq'], entry['previous_hash']) == (minutes['audit_head']['seq'] + 1, minutes['audit_head']['hash'])
    assert minutes['review'] == org.get(one(review)) | {'minutes_sha256': None}
    assert entry['minutes_sha256'] == org.get(one(review))['minutes_sha256']
    assert entry['minutes_sha256']['html'] == digest(document(org.isms.client, review, 'html'))
    for form in ('html', 'md', 'pdf'):
        assert minutes['audit_head']['hash'] in squeezed(shown(document(org.isms.client, review, form), form))


def test_a_reopened_review_is_a_draft_and_its_next_revision_has_minutes_of_its_own(org):
    review = org.approved()
    first = {form: document(org.isms.client, review, form) for form in FORMS}
    org.do(one(review) + '/reopen', {'reason': 'The figures were those of another site.'}, by=org.top2)
    assert org.get(one(review))['minutes_sha256'] is None
    assert 'DRAFT' in shown(document(org.isms.client, review, 'html'), 'html')
    org.isms.client.get(f'{one(review)}/revisions/2/minutes').expect(404)

    org.change(f'/v1/inputs/{org.input_of(review, "b")["id"]}', {'summary': 'Put right in the second revision'})
    org.conclude(review)
    second = org.do(one(review) + '/approve', by=org.top2)
    for form in FORMS:
        newest = document(org.isms.client, review, form)
        assert digest(newest) == second['minutes_sha256'][STORED[form]] != digest(first[form])
        assert squeezed('Put right in the second revision') in squeezed(shown(newest, form))
        old = org.isms.client.get(f'{one(review)}/revisions/1/minutes?format={form}').expect(200)
        assert old.body == first[form].body and old.etag == first[form].etag
    assert org.get(f'{one(review)}/revisions/1')['minutes_sha256']['html'] == digest(first['html'])
    org.daemon.cli('audit', 'verify')


def test_a_dry_run_keeps_none(org):
    review = org.concluded()
    answer = org.top2.client.verb(one(review) + '/approve?dry_run=true').expect(200)
    assert answer.json['minutes_sha256']['pdf']
    assert 'DRAFT' in shown(document(org.isms.client, review, 'html'), 'html')
    org.isms.client.get(f'{one(review)}/revisions/1/minutes').expect(404)


@pytest.mark.parametrize('number', ['0', '2', '01', '-1', 'x', '1x', '99999999999999999999'])
def test_no_such_revision(shared, story, number):  # noqa: F811
    shared.isms.client.get(f'{one(story["first"])}/revisions/{number}/minutes').expect(404)


# ---- who may


ALL = ('top', 'isms', 'head', 'employee', 'auditor', 'top2', 'head2', 'employee2')


@pytest.mark.parametrize('kind', ['agenda', 'minutes', 'revisions/1/minutes'])
@pytest.mark.parametrize('classification', ['public', 'internal', 'confidential', 'restricted'])
def test_whoever_reads_the_review_reads_them(org, classification, kind):
    review = org.concluded(org.running_review(classification=classification))
    review = org.do(one(review) + '/approve', by=org.top)
    for name in ALL:
        client = getattr(org, name).client
        may = client.get(one(review)).status
        for form in ('html', 'json', 'pdf'):
            client.get(f'{one(review)}/{kind}?format={form}').expect(may)


def test_nobody_reads_them_without_a_token(shared, story):  # noqa: F811
    harness.Client(shared.daemon, None).get(f'{one(story["first"])}/minutes').expect(401)


def test_what_is_hidden_and_what_is_not_there_are_answered_alike(org):
    review = org.running_review(classification='restricted')
    hidden = org.employee2.client.get(one(review) + '/minutes', X_Request_Id='same').expect(404)
    absent = org.employee2.client.get('/v1/reviews/01890a5d-ac96-774b-bcce-b302099a8057/minutes',
                                      X_Request_Id='same').expect(404)
    assert hidden.body == absent.body


@pytest.fixture
def secret(org):
    """A restricted review with an action item, and a public one that carries it and has the same metric."""
    figure = {'name': 'the metric', 'value': 4711, 'unit': 'leaks'}
    first = org.running_review(title='Behind closed doors', classification='restricted')
    org.complete_inputs(first)
    org.change(f'/v1/inputs/{org.input_of(first, "d2")["id"]}', {'metrics': [figure]})
    item = org.action_item(org.adopted(first), title='Hush it up', owner_id=org.isms.id)
    first = org.do(one(org.conclude(first)) + '/approve', by=org.top)
    second = org.running_review(title='In the open', classification='public')
    org.complete_inputs(second)
    org.change(f'/v1/inputs/{org.input_of(second, "d2")["id"]}', {'metrics': [figure | {'value': 5}]})
    org.follow_up(item, review_id=second['id'], note='Hushed with success')
    org.action_item(org.adopted(second))
    return {'first': first, 'item': item, 'second': second}


TRACES = ('Hush', 'hush', 'closed doors', '4711')


def traces(secret, answer, form):
    text = shown(answer, form)
    return [trace for trace in (*TRACES, secret['first']['reference'], secret['first']['id'], secret['item']['id'],
                                secret['item']['reference']) if squeezed(trace) in squeezed(text)]


@pytest.mark.parametrize('form', FORMS)
def test_a_draft_shows_nothing_of_what_its_reader_may_not_read(org, secret, form):
    for kind in ('agenda', 'minutes'):
        assert traces(secret, document(org.employee2.client, secret['second'], form, kind), form) == []
    assert 'Hush' in shown(document(org.isms.client, secret['second'], form), form)


def test_who_may_not_read_all_is_given_the_extract(org, secret):
    review = org.do(one(org.conclude(secret['second'])) + '/approve', by=org.top2)
    digests = review['minutes_sha256']
    assert None not in digests.values()
    for form in FORMS:
        whole = document(org.isms.client, review, form)
        assert digest(whole) == digests[STORED[form]] and 'Hush' in shown(whole, form)
        for name in ('employee2', 'head2'):
            extract = document(getattr(org, name).client, review, form)
            assert extract.etag == f'"{digest(extract)}"' and digest(extract) == digests[f'extract_{STORED[form]}']
            assert traces(secret, extract, form) == []
            old = getattr(org, name).client.get(f'{one(review)}/revisions/1/minutes?format={form}').expect(200)
            assert old.body == extract.body
        # top attended both, and so may read it all.
        assert document(org.top.client, review, form).body == whole.body
    assert document(org.employee2.client, review, 'json').json['extract'] is True
    org.daemon.cli('audit', 'verify')


# ---- libraries that are loaded with their first use


@pytest.fixture
def without_libraries(org, tmp_path):
    """The daemon started anew where what it loads late is broken."""
    for name in ('libpangocairo-1.0.so.0', 'libxlsxwriter.so.4'):
        (tmp_path / name).write_bytes(b'')
    review = org.concluded()
    org.daemon.env['LD_LIBRARY_PATH'] = str(tmp_path)
    org.daemon.restart()
    yield review
    del org.daemon.env['LD_LIBRARY_PATH']
    org.daemon.restart()
    org.do(one(review) + '/approve', by=org.top2)


def test_without_its_libraries_all_else_is_answered(org, without_libraries):
    review = without_libraries
    for form in FORMS:
        answer = org.isms.client.get(f'{one(review)}/minutes?format={form}')
        assert answer.status == (503 if form == 'pdf' else 200)
    org.isms.client.get('/v1/action-items?format=xlsx').expect(503)
    org.isms.client.get('/v1/action-items?format=csv').expect(200)
    # An approval keeps its minutes in all forms, or it does not happen.
    org.top2.client.post(one(review) + '/approve', {}, If_Match='*').expect(500)
    assert org.get(one(review)) == review
    missing = [entry['file'] for entry in org.daemon.log() if entry['event'] == 'library.missing']
    assert set(missing) == {'libpangocairo-1.0.so.0', 'libxlsxwriter.so.4'}
    said = org.daemon.cli('version').stdout
    assert 'cairo not there' in said and 'pango not there' in said and 'libxlsxwriter not there' in said
