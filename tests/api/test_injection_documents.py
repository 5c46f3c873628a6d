"""Whatever is written into a text field, agenda, minutes and packs show all of it, and as text: read by an independent
parser of Markdown, and as pdftotext reads a PDF."""

import io
import re
import unicodedata
import zipfile
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt

from documents import document, pdf_text, shown
from support import shared  # noqa: F401
from test_injection import NUMBERS, TEXTS, mean, openapi, texts_of  # noqa: F401

# The fields that each document shows: those of the review and all that is decided in it, and in the next one's minutes what
# it has followed up. A field that comes to a document, or goes, has to be written down here.
AGENDA = {'PersonCreate.name', 'PersonCreate.job_title', 'ReviewCreate.title', 'ReviewCreate.scope',
          'ReviewCreate.location', 'ReviewCreate.also_covers', 'InputCreate.title'}
SHOWN = {
    'agenda': AGENDA,
    'minutes': AGENDA | {
        'ReviewCreate.summary', 'InputCreate.summary', 'InputCreate.conclusion', 'InputCreate.metrics.name', 'InputCreate.metrics.unit', 'DecisionCreate.title',
        'DecisionCreate.statement', 'DecisionCreate.rationale', 'DecisionCreate.affects.reference',
        'DecisionCreate.affects.title', 'DecisionCreate.success_criteria.statement',
        'DecisionCreate.success_criteria.metric', 'DecisionCreate.success_criteria.unit', 'ActionItemCreate.title',
        'AmendmentCreate.success_criteria.statement', 'AmendmentCreate.success_criteria.verification'},
    'later': {'ActionItemCreate.title', 'FollowUpCreate.note'},
}
NARRATIVES = {'ReviewCreate.summary', 'InputCreate.summary', 'InputCreate.conclusion', 'DecisionCreate.statement',
              'DecisionCreate.rationale'}
# What stands below each page, and above it the head of a table that goes on.
FURNITURE = re.compile(r'\n?MR-\d{4}-\d\d, revision \d+ · (?:(?!\nMR-).)*?Page \d+ of \d+\n(?:DRAFT\n)?\f'
                       r'(?:Reference Action item [^\n]*\n)?', re.DOTALL)
SAFE = ('https://', 'http://', 'mailto:')


def told(text):
    """What is left of a text when white space, marks of direction and the like, which are not seen, are gone."""
    text = re.sub('[\ufdd0-\ufdef]', '\ufffd', text)
    text = ''.join('\ufffd' if ord(c) & 0xfffe == 0xfffe else c for c in text)      # noncharacters
    text = unicodedata.normalize('NFKC', text)
    return ''.join(c for c in text if not c.isspace() and unicodedata.category(c) != 'Cf')


def narrated(text, form):
    """What CommonMark makes of it, as text: with raw HTML as such, and links that lead nowhere safe, or on paper all of
    them, with where they lead."""
    parser = MarkdownIt('commonmark', {'html': True})
    parser.validateLink = lambda url: True
    told_so_far, links = '', []
    text = re.sub('\r\n|\r|\x85|\u2028|\u2029', '\n', text)
    for token in parser.parse(text):
        told_so_far += '' if token.children else token.content
        for child in token.children or []:
            if child.type == 'link_open':
                links.append(child.attrs['href'])
            elif child.type == 'link_close' or child.type == 'image':
                told_so_far += child.content
                url = links.pop() if child.type == 'link_close' else child.attrs['src']
                if not url.startswith(SAFE):
                    told_so_far += f'({url})'
                elif form == 'pdf' and not told_so_far.endswith(url):
                    told_so_far += f'<{url}>'
            else:
                told_so_far += child.content
    return told_so_far


def laid_out(text):
    """What goes from right to left, by words as they lie on a line that has all of them: the order of a PDF."""
    return re.sub('[\u0590-\u08ff]+(?: [\u0590-\u08ff]+)+', lambda words: ' '.join(reversed(words[0].split())), text)


def expected(path, text, form):
    """The texts of which the document has one."""
    text = narrated(text, form) if path in NARRATIVES else text
    text = re.sub('[\x80-\x84\x86-\x9f]', '\ufffd', text)      # control characters, which mean nothing on a page
    return {told(text), told(laid_out(text))} if form == 'pdf' else {told(text)}


def read(answer, form):
    """All of a document as its reader has it; of a PDF without what stands on each page."""
    if form != 'pdf':
        return told(shown(answer, form))
    return told(FURNITURE.sub('\n', pdf_text(answer, '-raw')))


def fields(sent):
    """Each text that was sent, with its path and the mark by which it is known where it is long enough to have it."""
    for name, body in sent.items():
        for path, text in texts_of(openapi.description()['components']['schemas'][name], body):
            yield f'{name}.{path}', text


def check(document_text, sent, form, shown_there):
    there = set()
    for path, text in fields(sent):
        mark = f'k{NUMBERS[path]}k'
        if mark in text and mark in document_text:
            there.add(path)
        if path in shown_there:
            wanted = expected(path, text, form)
            assert any(one in document_text for one in wanted), (path, form, wanted)
    assert there <= shown_there, f'these are shown, too: {there - shown_there}'
    assert shown_there <= {path for path, _ in fields(sent)}


@pytest.mark.parametrize('form', ['html', 'md', 'pdf'])
@pytest.mark.parametrize('kind', SHOWN)
def test_documents_show_all_of_it(shared, mean, kind, form):  # noqa: F811
    _, sent, made = mean
    review = made['later' if kind == 'later' else 'ReviewCreate']
    answer = document(shared.isms.client, review, form, 'agenda' if kind == 'agenda' else 'minutes')
    check(read(answer, form), sent, form, SHOWN[kind])


def test_a_pack_shows_all_of_it(shared, mean):  # noqa: F811
    """Its minutes on paper and as a page, and what it says about itself."""
    _, sent, made = mean
    answer = shared.isms.client.get(f'/v1/reviews/{made["ReviewCreate"]["id"]}/evidence-pack').expect(200)
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert packed.testzip() is None
        for name in packed.namelist():
            body = packed.read(name)
            form = name.rpartition('.')[2]
            if '/minutes/' in name:
                check(read(SimpleNamespace(body=body), form), sent, form, SHOWN['minutes'])
            elif '/README.' in name:     # as text it is Markdown
                page = read(SimpleNamespace(body=body), {'txt': 'md'}.get(form, form))
                title, = expected('', sent['ReviewCreate']['title'], 'md')
                assert page.count(title) >= 2      # in its head, and among what it is about
