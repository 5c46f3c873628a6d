"""Agenda and minutes, read as their readers do: HTML by a parser of XML, Markdown by markdown-it, PDF by pdftotext."""

import re
import subprocess

import pytest

from documents import (ELEMENTS, FORMS, SVG, document, expected, facts, one, pages, pdf_text, shown, squeezed,  # noqa: F401
                       story, tables, tool, tree)
from support import shared  # noqa: F401


# ---- forms


@pytest.mark.parametrize('kind', ['agenda', 'minutes'])
@pytest.mark.parametrize('form', FORMS)
def test_forms(shared, story, kind, form):  # noqa: F811
    client, path = shared.isms.client, f'{one(story["second"])}/{kind}'
    named = client.get(f'{path}?format={form}').expect(200)
    accepted = client.get(path, Accept=FORMS[form]).expect(200)
    assert named.headers['Content-Type'].partition(';')[0] == FORMS[form]
    assert named.body == accepted.body and named.etag == accepted.etag
    assert 'Accept' in named.headers['Vary']
    client.get(path, Accept=FORMS[form], If_None_Match=named.etag).expect(304)
    assert client.request('HEAD', f'{path}?format={form}').headers['Content-Length'] == str(len(named.body))


def test_json_is_for_whoever_takes_anything(shared, story):  # noqa: F811
    answer = shared.isms.client.get(f'{one(story["second"])}/minutes').expect(200)
    assert answer.headers['Content-Type'] == 'application/json'


def test_a_browser_is_given_the_page(shared, story):  # noqa: F811
    accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    answer = shared.isms.client.get(f'{one(story["second"])}/minutes', Accept=accept).expect(200)
    assert answer.headers['Content-Type'].startswith('text/html')


@pytest.mark.parametrize('kind', ['agenda', 'minutes', 'revisions/1/minutes'])
def test_other_forms_are_refused(shared, story, kind):  # noqa: F811
    path = f'{one(story["first"])}/{kind}'
    shared.isms.client.get(f'{path}?format=docx').expect(400, 'query.invalid')
    shared.isms.client.get(path, Accept='image/png').expect(406)
    shared.isms.client.get(f'{path}?draft=false').expect(400, 'query.unknown')


# ---- what is in them


@pytest.mark.parametrize('form', ['html', 'md', 'pdf'])
def test_minutes_say_all_that_was_reviewed_and_decided(shared, story, form):  # noqa: F811
    text = squeezed(shown(document(shared.isms.client, story['second'], form), form))
    assert [words for words in expected(shared, story) if squeezed(words) not in text] == []


def test_inputs_come_in_the_order_of_the_clauses(shared, story):  # noqa: F811
    headings = [''.join(h.itertext()) for h in tree(document(shared.isms.client, story['second'], 'html')).iter('h3')]
    clauses = [heading.partition(' · ')[0] for heading in headings if ' · ' in heading][:10]
    assert clauses == ['a', 'b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g']


def test_minutes_as_json(shared, story):  # noqa: F811
    minutes = document(shared.isms.client, story['second'], 'json').json
    assert minutes['draft'] is True and minutes['extract'] is False
    assert minutes['review'] == shared.get(one(story['second']))
    assert [owner['name'] for owner in minutes['owners']] == ['Iris Isms', 'Ivan Isms']
    assert minutes['attendees'] == shared.attendees(story['second'])
    assert {record['id'] for record in minutes['inputs']} == {record['id'] for record in shared.inputs(story['second'])}
    assert minutes['decisions'] == [shared.get(f'/v1/decisions/{story["decision"]["id"]}')]
    assert minutes['action_items'] == [shared.get(f'/v1/action-items/{story["own"]["id"]}')]
    carried, = minutes['carried_action_items']
    assert carried['action_item']['id'] == story['item']['id']
    assert [follow_up['id'] for follow_up in carried['follow_ups']] == [story['follow_up']['id']]
    history, = minutes['previous_metrics']
    assert (history['name'], history['unit']) == ('patched in time', '%')
    assert [(value['review_reference'], value['value'], value['target']) for value in history['values']] == [
        (story['first']['reference'], 91, 95)]
    head = shared.isms.client.get('/v1/audit-log/head').json
    assert minutes['audit_head'] == {'seq': head['seq'], 'hash': head['hash']}


def test_plots_show_a_metric_over_reviews_and_action_items_by_state(shared, story):  # noqa: F811
    answer = document(shared.isms.client, story['second'], 'html')
    plots = list(tree(answer).iter(f'{SVG}svg'))
    titles = [plot.find(f'{SVG}title').text for plot in plots]
    assert titles == ['patched in time', 'Action items by state']
    for plot in plots:
        assert plot.get('role') == 'img' and plot.find(f'{SVG}desc').text
    described = plots[0].find(f'{SVG}desc').text
    assert '91' in described and '96.5' in described
    text = pdf_text(document(shared.isms.client, story['second'], 'pdf'))
    assert 'Action items by state' in text and 'In time' in text


def test_agenda(shared):  # noqa: F811
    review = shared.review(title='What is to come')
    shared.attendee(review, person_id=shared.head.id, capacity='secretary')
    last = shared.input_of(review, 'g')
    shared.change(f'/v1/inputs/{last["id"]}', {'minutes_allotted': 20, 'presenter_id': shared.isms.id})
    shared.change(f'/v1/inputs/{shared.input_of(review, "a")["id"]}', {'position': 100, 'minutes_allotted': 15})
    answer = document(shared.isms.client, review, 'html', 'agenda')
    rows = tables(answer)['In the order of the meeting']
    assert rows[0] == ['No.', 'Clause', 'Input', 'Presented by', 'Minutes']
    assert [row[1] for row in rows[1:]] == ['b', 'c', 'd1', 'd2', 'd3', 'd4', 'e', 'f', 'g', 'a']
    assert rows[9] == ['9', 'g', last['title'], 'Iris Isms', '20']
    assert facts(answer)['Minutes in all'] == '35' and facts(answer)['Planned on'] == review['planned_on']
    assert [row[0] for row in tables(answer)['Who is to take part'][1:]] == ['Tessa Top', 'Hana Head']
    agenda = document(shared.isms.client, review, 'json', 'agenda').json
    assert len(agenda['inputs']) == 10 and len(agenda['attendees']) == 2 and agenda['draft'] is True


@pytest.mark.parametrize('kind', ['agenda', 'minutes'])
@pytest.mark.parametrize('form', FORMS)
def test_a_review_with_nothing_in_it(shared, kind, form):  # noqa: F811
    review = shared.review(title='Nothing yet')
    text = shown(document(shared.isms.client, review, form, kind), form)
    assert 'Nothing yet' in text


def test_a_cancelled_review_says_so(shared):  # noqa: F811
    review = shared.do(one(shared.review()) + '/cancel', {'reason': 'Held together with the next'})
    said = facts(document(shared.isms.client, review, 'html'))
    assert said['Status'] == 'Cancelled' and said['Cancelled because'] == 'Held together with the next'


def test_what_was_withdrawn_is_left_out(shared):  # noqa: F811
    review = shared.review()
    gone = shared.input(review, title='Taken back again')
    shared.do(f'/v1/inputs/{gone["id"]}/withdraw', {'reason': 'Not needed'})
    assert 'Taken back' not in shown(document(shared.isms.client, review, 'html'), 'html')


# ---- how they are made


def test_the_page_has_no_script_and_fetches_nothing(shared, story):  # noqa: F811
    answer = document(shared.isms.client, story['second'], 'html')
    policy = answer.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy and 'script-src' not in policy and "'unsafe-inline'" in policy
    page = tree(answer)
    assert page.get('lang') == 'en' and page.find('head/title').text.startswith(story['second']['reference'])
    elements = [element for element in page.iter() if not element.tag.startswith(SVG)]
    assert {element.tag for element in elements} <= ELEMENTS
    for element in page.iter():
        assert not [name for name in element.attrib if name.startswith('on') or name in ('src', 'srcset')]
        assert element.get('href', 'https:').startswith(('https:', 'mailto:'))
    assert len(list(page.iter('h1'))) == 1
    for table in page.iter('table'):
        assert {head.get('scope') for head in table.find('thead').iter('th')} == {'col'}
        assert {row.find('th').get('scope') for row in table.find('tbody')} == {'row'}


def test_the_pdf_is_tagged_and_named(shared, story):  # noqa: F811
    answer = document(shared.isms.client, story['first'], 'pdf')
    info = dict(re.findall(r'^(.+?):\s+(.*)$', tool(answer, 'pdfinfo', '-'), re.MULTILINE))
    assert info['Tagged'] == 'yes' and info['Page size'].endswith('(A4)') and info['Author'] == 'Tessa Top'
    assert 'Minutes: The first review' in info['Title'] and story['first']['reference'] in info['Title']
    assert info['CreationDate'].endswith('UTC')
    structure = tool(answer, 'pdfinfo', '-struct', '-')
    for tag in ('Document', 'H1', 'H2', 'P', 'Table', 'TR', 'TH', 'TD'):
        assert re.search(rf'^\s*{tag}\b', structure, re.MULTILINE), tag
    texts = pages(answer)
    assert len(texts) > 2
    for number, text in enumerate(texts, 1):
        assert f'Page {number} of {len(texts)}' in text and 'The first review' in text and 'Internal' in text


def test_heads_of_tables_come_again_on_each_page(shared):  # noqa: F811
    review = shared.running_review(title='Many of them')
    decision = shared.adopted(review)
    for number in range(40):
        shared.action_item(decision, title=f'Item number {number} of many')
    texts = pages(document(shared.isms.client, review, 'pdf'))
    assert sum('Item number' in text for text in texts) > 1
    for text in texts:
        if 'Item number' in text:
            assert 'Success criteria' in text and text.index('Success criteria') < text.index('Item number')
    joined = ' '.join(texts)
    assert not [number for number in range(40) if f'number {number}' not in re.sub(r'\s+', ' ', joined)]


def test_a_text_that_fills_pages_is_there_to_its_end(shared):  # noqa: F811
    """In a cell of a table, too."""
    words = ' '.join(f'w{number}w' for number in range(2500))
    item = shared.action_item(shared.adopted(shared.running_review()))
    later = shared.running_review()
    shared.follow_up(item, review_id=later['id'], note=words)
    shared.change(f'/v1/inputs/{shared.input_of(later, "b")["id"]}', {'summary': words})
    text = pdf_text(document(shared.isms.client, later, 'pdf'))
    for number in range(2500):
        assert text.count(f'w{number}w') == 2, number


def pictures(answer, *options):
    """Each page as rows of pixels, (red, green, blue) each, a pixel a point."""
    stream = subprocess.run(['pdftoppm', '-r', '72', *options, '-'], input=answer.body, capture_output=True, check=True).stdout
    while stream:
        head = re.match(rb'P6\s(\d+) (\d+)\s255\s', stream)
        width, height = int(head[1]), int(head[2])
        size = 3 * width * height
        pixels = stream[head.end():head.end() + size]
        stream = stream[head.end() + size:]
        yield width, height, pixels


def test_draft_lies_across_each_page_from_edge_to_edge(shared):  # noqa: F811
    review = shared.running_review(scope='It goes on.\n' * 60)
    pale = bytes((242, 235, 235))     # the watermark's own colour
    count = 0
    for width, height, pixels in pictures(document(shared.isms.client, review, 'pdf')):
        found = [at // 3 for at in range(0, len(pixels), 3) if pixels[at:at + 3] == pale]
        columns, rows = [at % width for at in found], [at // width for at in found]
        assert abs(min(columns) + max(columns) - width) < 40 and abs(min(rows) + max(rows) - height) < 40
        assert max(columns) - min(columns) > width / 2 and max(rows) - min(rows) > height / 3
        count += 1
    assert count > 2


def test_no_heading_is_left_at_the_foot_of_a_page(shared):  # noqa: F811
    """Whatever the length of what stands before it."""
    review = shared.running_review()
    decision = shared.adopted(review)
    for number in range(3):
        shared.action_item(decision, title=f'Item {number}')
    headings = {'Inputs (9.3.2)', 'Decisions (9.3.3)', 'Action plan', 'Decision', 'Rationale', 'Attendance', 'Record',
                'Action items of this review', 'Who took part', 'Suitability, adequacy, effectiveness (9.3.1)'}
    for lines in range(0, 44, 4):
        review = shared.change(one(review), {'summary': '\n\n'.join(['A line.'] * lines)})
        for text in pages(document(shared.isms.client, review, 'pdf')):
            body = [line.strip() for line in text.splitlines() if line.strip()][1:-1]
            assert body[-1] not in headings and not body[-1].startswith('Reference  '), (lines, body[-1])
