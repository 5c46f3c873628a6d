"""GET /v1/search: what is found, in which order, how it is shown, and by whom."""

import json
from urllib.parse import urlencode

import pytest

import harness
from support import shared, whole_life  # noqa: F401

KINDS = ['person', 'review', 'attendee', 'input', 'decision', 'action_item', 'amendment', 'follow_up', 'attachment']


@pytest.fixture(scope='module')
def life(shared):
    return whole_life(shared)


def search(client, words, **query):
    """The hits for the words."""
    return client.get('/v1/search?' + urlencode({'q': words, **query})).expect(200).json['data']


def text_of(hit):
    return ''.join(part['text'] for part in hit['snippet'])


def matches(hit):
    return [part['text'] for part in hit['snippet'] if part['match']]


# ---- what is found


def test_each_kind_of_record_is_found(shared, life):
    review = shared.running_review(title='Zirconium review', scope='All of it')
    shared.person(name='Zirconium Zoe', email='zoe@example.org')
    zoe = shared.attendee(review, person_id='zoe@example.org')
    one = shared.input(review, title='About zirconium')
    decision = shared.adopted(review, title='Buy zirconium')
    item = shared.action_item(decision, title='Order', description='Ask for zirconium')
    amendment = shared.amendment(item, reason='No zirconium to be had', deadline=shared.day(50))
    follow_up = shared.follow_up(item, note='The zirconium is late')
    file = shared.attach(f'/v1/inputs/{one["id"]}', name='zirconium prices 2026.csv')
    hits = search(shared.isms.client, 'zirconium')
    found = {hit['resource']: hit for hit in hits}
    assert set(found) == set(KINDS)
    for kind, record in (('review', review), ('attendee', zoe), ('input', one), ('decision', decision),
                         ('action_item', item), ('amendment', amendment), ('follow_up', follow_up),
                         ('attachment', file)):
        assert found[kind]['id'] == record['id']
        assert found[kind]['reference'] == record.get('reference')
        assert found[kind]['title'] == (record.get('title') or record.get('name_at_review') or record.get('name'))
    assert found['person']['title'] == 'Zirconium Zoe'
    for hit in hits:
        record = shared.get(hit['url'])
        assert record['id'] == hit['id']
        assert [text.lower() for text in matches(hit)] == ['zirconium'] * len(matches(hit)) and matches(hit)


@pytest.mark.parametrize('words, found', [
    ('training everyone', False), ('everyone train', True), ('EVERYONE', True), ('everyonex', False),
    ('"train everyone"', True), ('train OR nothing', False), ('NEAR(train everyone)', False), ('title:train', False),
    ('-train', True), ('train*', True), ("it's", False), ("'; DROP TABLE person", False), ('^train', True),
    ('{train}', True), ('(train', True)])
def test_words_are_words(shared, life, words, found):
    """Each as the beginning of one, all of them; the index's own language is not spoken."""
    hits = search(shared.isms.client, words, kind='decision')
    assert (life['decision']['id'] in [hit['id'] for hit in hits]) == found


@pytest.mark.parametrize('text, words', [
    ('Überprüfung der Maßnahmen', 'uberprufung'), ('Überprüfung der Maßnahmen', 'maßnahme'),
    ('Ревизија мера', 'РЕВИЗИЈА'), ('Επανεξέταση', 'επανεξ'), ('مراجعة الإدارة', 'مراجعة'), ('レビュー 記録', '記録'),
    ('प्रबंधन समीक्षा', 'समीक्षा')])
def test_every_script(shared, life, text, words):
    one = shared.input(life['review'], title=text)
    assert one['id'] in [hit['id'] for hit in search(shared.isms.client, words, kind='input')]


def test_a_reference_is_found(shared, life):
    hits = search(shared.isms.client, life['item']['reference'])
    assert hits[0]['id'] == life['item']['id'] and hits[0]['reference'] == life['item']['reference']


def test_a_change_is_found_at_once_and_the_old_words_are_not(shared, life):
    one = shared.input(life['review'], title='Molybdenum')
    assert search(shared.isms.client, 'molybdenum')
    shared.change(f'/v1/inputs/{one["id"]}', {'title': 'Vanadium'})
    assert not search(shared.isms.client, 'molybdenum')
    assert [hit['id'] for hit in search(shared.isms.client, 'vanadium')] == [one['id']]


def test_withdrawn_ones_are_not_found(shared, life):
    one = shared.input(life['review'], title='Palladium')
    shared.do(f'/v1/inputs/{one["id"]}/withdraw', {'reason': 'Entered twice'})
    assert not search(shared.isms.client, 'palladium')


def test_nothing_is_an_empty_list(shared, life):
    for words in ('qqqqqq', '+++', '""', '*', ' ', '\u200b'):
        assert search(shared.isms.client, words) == []


# ---- order


def test_the_name_weighs_more_than_the_text_and_often_more_than_once(shared, life):
    review = life['review']
    once = shared.input(review, title='One', summary='gadolinium')
    often = shared.input(review, title='Two', summary='gadolinium and gadolinium and gadolinium')
    named = shared.input(review, title='Gadolinium', summary='Three')
    both = shared.input(review, title='Gadolinium', summary='gadolinium gadolinium')
    hits = search(shared.isms.client, 'gadolinium')
    assert [hit['id'] for hit in hits] == [one['id'] for one in (both, named, often, once)]
    ranks = [hit['rank'] for hit in hits]
    assert ranks == sorted(ranks, reverse=True) and min(ranks) > 0


def test_of_the_same_weight_the_newest_comes_first(shared, life):
    made = [shared.input(life['review'], title='Terbium')['id'] for _ in range(5)]
    assert [hit['id'] for hit in search(shared.isms.client, 'terbium')] == made[::-1]


def test_the_limit_takes_the_heaviest_of_all_kinds(shared, life):
    review = shared.running_review(title='Holmium holmium')
    shared.input(review, title='Something', summary='holmium')
    shared.input(review, title='Holmium', summary='holmium holmium')
    hits = search(shared.isms.client, 'holmium')
    assert len(hits) == 3
    assert search(shared.isms.client, 'holmium', limit=2) == hits[:2]
    assert search(shared.isms.client, 'holmium', kind='review') == [hit for hit in hits if hit['resource'] == 'review']
    assert search(shared.isms.client, 'holmium', kind='review,input') == hits


# ---- how it is shown


def test_a_snippet_is_plain_text_in_parts(shared, life):
    text = 'Before it <script>alert(1)</script> «erbium» & "erbium" \u202eafter\r\n' + 'and so on ' * 100
    shared.input(life['review'], title='Marks', summary=text)
    hit, = search(shared.isms.client, 'erbium')
    assert matches(hit) == ['erbium', 'erbium']
    assert '<script>alert(1)</script> «erbium» & "erbium" \u202eafter\r\n' in text_of(hit)
    assert text_of(hit).endswith('…') and len(text_of(hit)) < 300


def test_words_without_an_end_are_cut(shared, life):
    shared.input(life['review'], title='Long', summary='ytterbium' + 'ü' * 10000)
    hit, = search(shared.isms.client, 'ytterbium')
    assert len(text_of(hit).encode()) <= 610 and text_of(hit).startswith('ytterbiumü') and text_of(hit).endswith('…')


# ---- who sees what


@pytest.mark.parametrize('who, level, sees', [
    ('isms', 'restricted', True), ('auditor', 'restricted', True), ('top2', 'restricted', False),
    ('top2', 'confidential', True), ('head2', 'confidential', False), ('head2', 'internal', True),
    ('employee2', 'internal', False), ('employee2', 'public', True), ('employee', 'restricted', True)])
def test_who_may_not_see_finds_nothing(shared, life, who, level, sees):
    word = f'lutetium{level}{who}'
    review = shared.running_review(title=f'{word} review', classification=level)
    shared.input(review, title='Input', summary=f'About {word}')
    decision = shared.adopted(review, title=f'{word} decision')
    item = shared.action_item(decision, title=f'{word} item', owner_id=shared.isms.id)
    shared.follow_up(item, note=f'{word} note')
    shared.amendment(item, reason=f'{word} is the reason', deadline=shared.day(40))
    shared.attach(f'/v1/decisions/{decision["id"]}', name=f'{word}.csv')
    hits = search(getattr(shared, who).client, word)
    assert {hit['resource'] for hit in hits} == \
        ({'review', 'input', 'decision', 'action_item', 'follow_up', 'amendment', 'attachment'} if sees else set())


def test_an_owner_finds_the_item_and_nothing_beside_it(shared, life):
    review = shared.running_review(title='Hafnium review', classification='restricted')
    decision = shared.adopted(review, title='Hafnium decision')
    item = shared.action_item(decision, title='Hafnium item', owner_id=shared.employee2.id)
    assert [hit['id'] for hit in search(shared.employee2.client, 'hafnium')] == [item['id']]


def test_what_is_not_seen_does_not_move_what_is(shared, life):
    """Neither rank nor order tells how rare a word is among records that the caller does not see."""
    public = shared.running_review(title='Open', classification='public')
    shared.input(public, title='Rhodium', summary='rhodium osmium')
    shared.input(public, title='Osmium', summary='osmium rhodium')
    before = search(shared.employee2.client, 'rhodium osmium')
    assert len(before) == 2
    secret = shared.running_review(title='Closed', classification='restricted')
    for _ in range(20):
        shared.input(secret, title='Rhodium rhodium', summary='osmium and rhodium ' * 5)
        shared.input(secret, title='Rhodium')
    assert search(shared.employee2.client, 'rhodium osmium') == before
    assert len(search(shared.isms.client, 'rhodium osmium')) == 22


def test_many_that_are_not_seen_do_not_push_out_what_is(shared, life):
    public = shared.running_review(title='Open', classification='public')
    one = shared.input(public, title='Tantalum')
    secret = shared.running_review(title='Closed', classification='restricted')
    for _ in range(30):
        shared.input(secret, title='Tantalum tantalum')
    assert [hit['id'] for hit in search(shared.employee2.client, 'tantalum', limit=1)] == [one['id']]


def test_without_a_token_there_is_nothing(shared):
    harness.Client(shared.daemon, None).get('/v1/search?q=x').expect(401)


# ---- what is refused


@pytest.mark.parametrize('query, parameter', [
    ('', 'q'), ('q=', 'q'), ('q=x&kind=', 'kind'), ('q=x&kind=token', 'kind'), ('q=x&kind=review,', 'kind'),
    ('q=x&kind=reviews', 'kind'), ('q=x&limit=0', 'limit'), ('q=x&limit=201', 'limit'), ('q=x&cursor=a', 'cursor'),
    ('q=x&sort=id', 'sort'), ('q=x&format=xlsx', 'format'), ('q=%E4', 'q'), ('q=x&q=y', 'q')])
def test_bad_parameters_are_named(shared, query, parameter):
    answer = shared.isms.client.get(f'/v1/search?{query}').expect(400)
    assert {violation['parameter'] for violation in answer.violations} == {parameter}, answer.report('parameter')


def test_a_question_without_an_end(shared):
    """More words than are looked for: nothing is found, and nothing breaks."""
    assert search(shared.isms.client, ' '.join(['word'] * 300)) == []
    assert search(shared.isms.client, 'x' * 3000) == []


def test_the_description_knows_the_kinds(shared):
    path = shared.isms.client.get('/openapi.json').json['paths']['/v1/search']['get']
    kind = next(one for one in path['parameters'] if one.get('name') == 'kind')
    assert kind['schema']['items']['enum'] == KINDS
    assert json.dumps(path)
