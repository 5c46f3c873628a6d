"""Reading a report as its user would: by a reader of CSV, by a parser of XML."""

import csv
import re
import io
import json
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote

REPORTS = ('action-items', 'metrics', 'schedule', 'clauses')
SVG = '{http://www.w3.org/2000/svg}'


def report(client, name, /, **query):
    parameters = '&'.join(f'{key}={quote(str(value), safe="")}' for key, value in query.items())
    return client.get(f'/v1/reports/{name}{"?" if parameters else ""}{parameters}')


def figures(client, **query):
    return report(client, 'action-items', **query).expect(200).json


def rows(client, name, /, **query):
    answer = report(client, name, format='csv', **query).expect(200)
    assert answer.headers['Content-Type'].startswith('text/csv')
    text = answer.body.decode('utf-8')
    assert text.endswith('\r\n') and '\n' not in text.replace('\r\n', '')
    return list(csv.DictReader(io.StringIO(text, newline=''), strict=True))


def unguarded(cell):
    """A spreadsheet's cell as it was before it was made harmless."""
    assert not cell or cell[0] not in '=+-@\t\r\n', f'{cell!r} is a formula'
    return cell[1:] if re.match(r"'[' ]*[=+\-@\t\r\n＝＋－＠]", cell) else cell


def drawing(client, name, /, **query):
    answer = report(client, name, format='svg', **query).expect(200)
    assert answer.headers['Content-Type'].startswith('image/svg+xml')
    assert b'<script' not in answer.body and b'href' not in answer.body and b'<!' not in answer.body
    root = ElementTree.fromstring(answer.body)
    assert root.tag == f'{SVG}svg' and root.attrib['role'] == 'img' and 'viewBox' in root.attrib
    title, description = root.find(f'{SVG}title'), root.find(f'{SVG}desc')
    assert title.text and description.text
    assert root.attrib['aria-labelledby'].split() == [title.attrib['id'], description.attrib['id']]
    assert {element.tag for element in root.iter()} <= {SVG + tag for tag in (
        'svg', 'title', 'desc', 'style', 'rect', 'text', 'path', 'circle')}
    assert not [key for element in root.iter() for key in element.attrib if key.startswith('on')]
    return root


def texts(root):
    return [''.join(element.itertext()) for element in root.iter(f'{SVG}text')]


def same_as_json(row, record):
    """A line of CSV says what the JSON says."""
    for name, cell in row.items():
        value = record[name]
        if value is None:
            assert cell == '', name
        elif isinstance(value, bool):
            assert cell == json.dumps(value), name
        elif isinstance(value, (int, float)):
            assert float(cell) == value, name
        else:
            assert unguarded(cell) == value, name
