"""What the tests of agenda and minutes share: reading them as their readers do."""

import re
import subprocess
import unicodedata
import xml.etree.ElementTree as ElementTree

import pytest
from markdown_it import MarkdownIt

from support import shared  # noqa: F401

FORMS = {'html': 'text/html', 'md': 'text/markdown', 'pdf': 'application/pdf', 'json': 'application/json'}
STORED = {'html': 'html', 'md': 'markdown', 'pdf': 'pdf', 'json': 'json'}

# What a document is made of, and nothing else.
ELEMENTS = {'html', 'head', 'meta', 'title', 'style', 'body', 'main', 'footer', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p',
            'div', 'dl', 'dt', 'dd', 'table', 'caption', 'thead', 'tbody', 'tr', 'th', 'td', 'figure', 'br', 'hr', 'ul',
            'ol', 'li', 'em', 'strong', 'code', 'pre', 'blockquote', 'a'}
SVG = '{http://www.w3.org/2000/svg}'


def one(review):
    return f'/v1/reviews/{review["id"]}'


def document(client, review, form, kind='minutes', status=200):
    return client.get(f'{one(review)}/{kind}?format={form}').expect(status)


def tool(answer, *command):
    return subprocess.run(command, input=answer.body, capture_output=True, check=True).stdout.decode()


def pdf_text(answer, *options):
    return tool(answer, 'pdftotext', *options, '-', '-')


def pages(answer):
    """The text of each page."""
    return pdf_text(answer, '-layout').split('\f')[:-1]


def tree(answer):
    return ElementTree.fromstring(answer.body.decode())


def tables(answer):
    """The rows of each table of the HTML by its caption."""
    return {table.find('caption').text: [[''.join(cell.itertext()) for cell in row] for row in table.iter('tr')]
            for table in tree(answer).iter('table')}


def facts(answer):
    """What stands beside each name; the first of that name."""
    found = {}
    for one_list in tree(answer).iter('dl'):
        for name, value in zip(one_list.iter('dt'), one_list.iter('dd')):
            found.setdefault(name.text, ''.join(value.itertext()))
    return found


def rendered(answer):
    """The HTML of the Markdown; raw HTML in it would show as such."""
    return MarkdownIt('commonmark', {'html': True}).enable('table').render(answer.body.decode())


def shown(answer, form):
    """What a reader sees, with one space wherever there is white space, and without the soft hyphens of lines."""
    if form == 'pdf':
        text = pdf_text(answer)
    elif form == 'html':
        text = ''.join(tree(answer).itertext())
    elif form == 'md':
        text = ''.join(ElementTree.fromstring(f'<html>{rendered(answer)}</html>').itertext())
    else:
        text = answer.body.decode()
    return re.sub(r'\s+', ' ', text)


def squeezed(text):
    """Letters alone: a PDF breaks lines, and sets what is written from right to left in another order."""
    return re.sub(r'\s', '', unicodedata.normalize('NFKC', text))


# ---- a review with something of everything


@pytest.fixture(scope='module')
def story(shared):  # noqa: F811
    """An approved review, and one that carries an action item of it, concluded."""
    first = shared.running_review(title='The first review')
    figure = {'name': 'patched in time', 'value': 91, 'target': 95, 'comparator': 'gte', 'unit': '%'}
    shared.complete_inputs(first)
    shared.change(f'/v1/inputs/{shared.input_of(first, "d2")["id"]}', {'metrics': [figure]})
    item = shared.action_item(shared.adopted(first), title='Hold the training for all')
    first = shared.do(one(shared.conclude(first)) + '/approve', by=shared.top2)

    second = shared.running_review(title='The second review', also_covers=['Quality review'], location='Room 4')
    shared.complete_inputs(second)
    shared.change(f'/v1/inputs/{shared.input_of(second, "d2")["id"]}', {
        'metrics': [figure | {'value': 96.5}, {'name': 'bare count', 'value': 7}], 'presenter_id': shared.head.id,
        'summary': 'Patching is **in time** again.\n\n- one\n- two', 'trend': 'improving',
        'source': {'system': 'Scanner', 'reference': 'Q4 report', 'url': 'https://scanner.example/q4'}})
    follow_up = shared.follow_up(item, review_id=second['id'], note='The room is booked', progress_percent=40)
    decision = shared.adopted(second, title='Train everyone again', kind='isms_change', affects=[
        {'kind': 'procedure', 'reference': 'PR-07', 'title': 'Patch management'}])
    own = shared.action_item(decision, title='Rewrite the procedure', priority='high',
                             success_criteria=[shared.verified_criterion()])
    second = shared.conclude(second, summary='All of it was *considered*.',
                             adequacy={'verdict': 'with_reservations', 'rationale': 'Few hands'})
    return {'first': first, 'item': item, 'second': second, 'follow_up': follow_up, 'decision': decision, 'own': own}


def expected(org, story):
    """What the minutes of the second review have to say, in words."""
    second, item = story['second'], story['item']
    return [
        second['reference'], 'The second review', 'Internal', 'The whole ISMS', second['period_start'],
        second['period_end'], second['held_on'], 'Quality review', 'Room 4', second['next_review_on'],
        'Tessa Top', 'Iris Isms, Ivan Isms', 'All of it was considered', 'Hana Head', 'Secretary', 'Attended',
        'Status of actions from previous management reviews', 'Opportunities for continual improvement',
        'Nothing to report', 'Scanner, Q4 report, https://scanner.example/q4', 'Improving', 'Patching is in time again',
        'patched in time', '96.5 %', '≥ 95 %', f'{story["first"]["reference"]}: 91', 'bare count', 'What follows from it',
        item['reference'], 'Hold the training for all', 'On track, 40 %', 'The room is booked',
        story['decision']['reference'], 'Train everyone again', 'The click rate is too high', 'Isms change',
        'Procedure PR-07 Patch management', 'Everyone is trained again', 'Phishing click rate is low (click rate ≤ 5 %)',
        story['own']['reference'], 'Rewrite the procedure', 'High', 'Emma Employee', story['own']['deadline'],
        'The procedure is in force (Read the signed procedure)', 'Suitability', 'With reservations', 'Few hands',
    ]
