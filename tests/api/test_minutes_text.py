"""Whatever somebody writes into a record, agenda and minutes show it, and it does nothing else."""

import re
import shutil
import unicodedata

import pytest
from markdown_it import MarkdownIt

import harness
from documents import ELEMENTS, SVG, document, one, pages, pdf_text, shown, squeezed, story, tree  # noqa: F401
from support import shared  # noqa: F401


MEAN = {
    'script': '<script>alert(1)</script> and more',
    'tag': '</td></table></style><img src=x onerror=alert(1)>',
    'entity': '&lt;b&gt; & &#60;script&#62;',
    'comment': '<!-- nothing here --> but this',
    'link': '[press](javascript:alert(1)) here',
    'picture': '![a picture](https://evil.example/p.png) there',
    'markdown': '# Heading\n\n| a | b |\n| - | - |\n\n---\n\n```\ncode',
    'lines': 'one\r\nX-Evil: two',
    'controls': 'next\u0085line and \u009b31m and a separator\u2028there',
    'direction': 'safe \u202eesrever\u2066 and\u2069\u2069 on',
    'noncharacter': 'no \ufffe character \uffff here',
    'quotes': '"\'`"; DROP TABLE review; --',
    'scripts': 'Ελληνικά Кириллица עברית العربية हिन्दी ไทย ქართული հայերեն አማርኛ ∑ ✓',
    'long': 'x' * 10000,
}


def mean_review(org, text):
    """The text in every field that takes it."""
    line = re.sub(r'\s+', ' ', text)[:190]
    item = org.action_item(org.adopted(org.running_review()), title=line)
    review = org.running_review(title=line, scope=text[:5000], location=line, also_covers=[line])
    org.complete_inputs(review)
    org.change(f'/v1/inputs/{org.input_of(review, "d2")["id"]}', {
        'title': line, 'summary': text, 'conclusion': text, 'state': 'considered',
        'source': {'system': line, 'reference': line},
        'metrics': [{'name': line, 'value': 1, 'unit': line[:40], 'target': 2, 'comparator': 'lt'}]})
    padded = (text + ' and ten letters')[:900]
    criteria = [{'statement': padded, 'verification': padded}]
    decision = org.adopted(review, title=line, statement=text, rationale=text, success_criteria=criteria, affects=[
        {'kind': 'policy', 'title': line, 'reference': line}])
    own = org.action_item(decision, title=line, success_criteria=criteria, owner_id=org.head.id)
    assessment = {'verdict': 'yes', 'rationale': text[:5000]}
    org.follow_up(item, review_id=review['id'], note=text)
    concluded = org.conclude(review, summary=text, suitability=assessment, adequacy=assessment,
                             effectiveness=assessment)
    org.cancelled_item(item)     # the next one carries neither
    org.cancelled_item(own)
    return concluded


@pytest.fixture(scope='module')
def others(populated):
    """An organisation in which nothing else happens."""
    daemon = harness.Daemon()
    shutil.copytree(populated[0], daemon.data)
    daemon.start()
    try:
        yield harness.seed(daemon, populated[1])
        daemon.stop()
    finally:
        daemon.discard()


@pytest.fixture(scope='module', params=MEAN)
def mean(request, others):
    return MEAN[request.param], mean_review(others, MEAN[request.param])


def test_html_is_what_was_written_and_no_more(others, mean):
    text, review = mean
    answer = document(others.isms.client, review, 'html')
    page = tree(answer)     # it parses: nothing has closed what it did not open
    assert {element.tag for element in page.iter() if not element.tag.startswith(SVG)} <= ELEMENTS
    for element in page.iter():
        assert not [name for name in element.attrib if name.startswith('on') or name in ('src', 'srcset')]
        assert element.get('href', 'https:').startswith('https:')
    assert len(list(page.iter('h1'))) == 1 and len(list(page.iter('main'))) == 1
    assert re.search(r'[\x00-\x08\x0b-\x1f\x7f]', answer.body.decode()) is None
    visible = squeezed(''.join(page.itertext()))
    assert plain_letters(text) <= set(visible)
    assert 'X-Evil' not in answer.headers


def test_a_title_of_two_lines_is_one_where_there_are_no_elements(shared):  # noqa: F811
    """In the page's title and in attributes a line's end is a blank; the heading has both lines."""
    review = shared.review(title='Two\nlines & <b>')
    page = tree(document(shared.isms.client, review, 'html', 'agenda'))
    assert 'Two lines & <b>' in page.find('head/title').text
    assert [child.tag for child in page.find('.//h1')] == ['br']


def plain_letters(text):
    """The letters that a reader has to find again."""
    return {c for c in unicodedata.normalize('NFKC', text) if unicodedata.category(c)[0] in 'LN'}


@pytest.mark.parametrize('kind', ['html', 'md', 'pdf'])
def test_directions_end_with_the_text_that_sets_them(shared, kind):  # noqa: F811
    review = shared.review(title='safe \u202eesrever\u2066 and', scope='\u2069\u202c\u202dover')
    answer = document(shared.isms.client, review, kind, 'agenda')
    if kind == 'pdf':
        assert 'Period under review' in pdf_text(answer)
        return
    for line in answer.body.decode().splitlines():
        depth = 0
        for c in line:
            depth += c in '\u202a\u202b\u202d\u202e\u2066\u2067\u2068'
            depth -= c in '\u202c\u2069'
            assert depth >= 0, line
        assert depth == 0, line


def test_markdown_means_what_was_written(others, mean):
    text, review = mean
    answer = document(others.isms.client, review, 'md')
    tokens = MarkdownIt('commonmark', {'html': True}).enable('table').parse(answer.body.decode())
    everything = [inner for token in tokens for inner in [token, *(token.children or [])]]
    assert not [token for token in everything if token.type.startswith('html')]
    assert not [token for token in everything if token.type == 'image']
    for token in everything:
        if token.type == 'link_open':
            assert token.attrs['href'].startswith(('https:', 'http:', 'mailto:')), token.attrs
    top = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == 'heading_open' and token.tag == 'h2']
    assert [heading for heading in top if heading.startswith(('Inputs', 'Decisions', 'Action', 'Suit', 'Record'))] == [
        'Inputs (9.3.2)', 'Action items from earlier reviews (9.3.2 a)', 'Decisions (9.3.3)', 'Action plan',
        'Suitability, adequacy, effectiveness (9.3.1)', 'Record']
    assert 'Heading' not in top
    assert sum(token.type == 'heading_open' and token.tag == 'h1' for token in tokens) == 1
    assert plain_letters(text) <= set(unicodedata.normalize('NFKC', shown(answer, 'md')))


def test_pdf_shows_what_was_written(others, mean):
    text, review = mean
    answer = document(others.isms.client, review, 'pdf')
    seen = pdf_text(answer)
    assert plain_letters(text) <= set(unicodedata.normalize('NFKC', seen))
    if text.startswith('x'):
        assert seen.count('x') > 60000
    assert all('DRAFT' in page for page in pages(answer))


def test_narratives_are_markdown(shared, story):  # noqa: F811
    page = tree(document(shared.isms.client, story['second'], 'html'))
    told = [element for element in page.iter('div') if element.get('class') == 'told']
    assert ['in time'] == [strong.text for element in told for strong in element.iter('strong')]
    assert ['one', 'two'] == [item.text.strip() for element in told for item in element.iter('li')]


def test_a_link_leads_where_it_may(shared):  # noqa: F811
    review = shared.review(summary='[a](https://a.example/x) [b](javascript:b) [c](data:text/html,c) ![d](https://d.example)'
                                   ' <https://e.example> [f](//f.example) [g](JAVASCRIPT:g)')
    page = tree(document(shared.isms.client, review, 'html'))
    assert [link.get('href') for link in page.iter('a')] == ['https://a.example/x', 'https://d.example',
                                                             'https://e.example']
    text = shown(document(shared.isms.client, review, 'html'), 'html')
    assert 'b (javascript:b)' in text and 'c (data:text/html,c)' in text and 'f (//f.example)' in text
    assert 'a <https://a.example/x>' in shown(document(shared.isms.client, review, 'pdf'), 'pdf')
