"""What fuzzing begins with: for each target inputs that mean something, the words of its language, and its runs in the
short form.

Bodies are those of deploy/demo.json, with the names of the unit tests' world (tests/unit/world.h) in them. What once
failed is run with them.
"""

import json
import re
import struct
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
TODAY = date(2026, 11, 21)  # WORLD_NOW_MS

# Runs of the short form, by how long each takes.
RUNS = {
    'accept': 900,
    'attachment': 200,
    'body': 180,
    'calendar': 3600,
    'canonical': 1200,
    'condition': 6000,
    'csv': 3600,
    'cursor': 1200,
    'disposition': 3600,
    'document': 600,
    'form': 3000,
    'import': 900,
    'key': 6000,
    'markdown': 1200,
    'media_type': 2400,
    'number': 1800,
    'patch': 420,
    'path': 900,
    'pdf': 30,
    'plot': 600,
    'query': 600,
    'range': 6000,
    'register': 1200,
    'search': 300,
    'settings': 1800,
    'signature': 600,
    'spool': 1800,
    'token': 3600,
    'value': 3600,
    'xlsx': 36,
}

PEOPLE = {
    'top_management': 'mirko@x.org',
    'isms_manager': 'ana@x.org',
    'department_head': 'ivo@x.org',
    'employee': 'petra@x.org',
    'auditor': 'zoran@x.org',
}

# As the targets' own tables have them.
WRITES = [
    '/v1/people',
    '/v1/reviews',
    '/v1/reviews/{}/attendees',
    '/v1/reviews/{}/inputs',
    '/v1/reviews/{}/decisions',
    '/v1/decisions/{}/action-items',
    '/v1/decisions/{}/amendments',
    '/v1/action-items/{}/amendments',
    '/v1/action-items/{}/follow-ups',
    '/v1/calendar-tokens',
    '/v1/reviews/{}/conclude',
    '/v1/reviews/{}/approve',
    '/v1/reviews/{}/reopen',
    '/v1/reviews/{}/cancel',
    '/v1/decisions/{}/adopt',
    '/v1/decisions/{}/reject',
    '/v1/decisions/{}/supersede',
    '/v1/decisions/{}/implement',
    '/v1/action-items/{}/block',
    '/v1/action-items/{}/cancel',
    '/v1/people/{}/deactivate',
]
PATCHED = ['/v1/people', '/v1/reviews', None, '/v1/decisions', '/v1/action-items', None, '/v1/inputs']
LISTS = 19

ACCEPTS = [
    '',
    '*/*',
    'application/json',
    'text/csv;q=0.5, */*;q=0.1',
    'text/*',
    'application/json;q=0, text/html',
    'text/html, application/xhtml+xml, application/xml;q=0.9, image/avif, */*;q=0.8',
    'image/svg+xml',
    'application/x-ndjson;q=1.000',
    'text/csv;header=present',
    'a/b;q=2, */*;q=-1',
    '*/*;q=nan',
    'text/csv; Q=.5',
]
TAG = '"0123456789abcdef0123456789abcdef"'
CONDITIONS = ['*', TAG, f'W/{TAG}', f'"a", {TAG}', f'{TAG[:-1]}-gzip"', f'"x,y" ,\t{TAG},', '"open', 'bare', '']
TEXTS = [
    '',
    'plain',
    '=1+1',
    "'=x",
    ' +1',
    '"quoted"',
    'a,b;c\r\nd',
    '\t=',
    '＝1',
    'Źródło 測定 🙂',
    "''-",
    '@SUM(A1)',
    'x' * 80,
    '\u202eabc\u2066',
    'a\x01b\x7f',
    '\\;,\n',
    'é' * 40,
    '_x0041_',
    '<b>&amp;</b>',
    ']]>',
    '_x005F_x',
]
MARKDOWN = [
    '# A\n\ntext *b* **c** `d`\n\n- one\n- two\n  1. three\n\n> said\n\n```\ncode\n```\n',
    '[a](javascript:x)',
    '![p](http://x/y "t")',
    '<script>alert(1)</script>',
    '<http://x.org> <a@b.org>',
    '[a]: data:x\n\n[a]',
    '***\n\nSetext\n===\n',
    '&lt;&#60;&#x3c;\n\n<!-- c -->',
    '\\<b\\> \\*x\\*',
    '[x](<a b> "t\\"")',
    '* * *\n+ \n\n1) a\n\n\n   b',
    '`` ` ``',
    '![a](data:text/html,x)',
    '[a](JAVA&#83;CRIPT:x)',
    '    <pre>\n\tx',
]
QUERIES = [
    '',
    'limit=1',
    'limit=2&sort=-deadline',
    'count=true&limit=1',
    'overdue=true',
    'status=open,in_progress',
    'owner_id=petra@x.org',
    'deadline_before=2027-01-01&deadline_after=2026-01-01',
    'q=window',
    'sort=title&limit=1',
    'as_of=2026-11-21T12:00:00Z',
    'format=csv',
    'format=ndjson',
    'id=MR-2026-01',
    'review_id=MR-2026-02&kind=corrective',
    'with=MR-2026-01',
    'q=%C4%8D&kind=review',
    'owner=me&kind=review',
    'from=2026-01-01&to=2026-12-31&group_by=owner',
    'resource=person&event=person.create',
    'limit=0',
    'x=%zz',
]
SEARCHES = [
    'window',
    '"a b"',
    'a AND b OR NOT c',
    'title:x',
    'x*',
    '(a',
    'NEAR(a b)',
    "'; DROP TABLE x; --",
    '^a',
    'a-b',
    '{a b}: c',
    '+',
    '"',
    '測定',
    'é\u0301',
    '\\',
    '*',
    'a" OR "b',
    '%',
    '_',
]
PATHS = [
    'v1/people',
    'v1/people/ana@x.org',
    'v1/reviews/MR-2026-01/minutes',
    'healthz',
    'readyz',
    'metrics',
    'v1/action-items/ACT-2026-0001/history',
    'problems/not-found',
    'v1/rules/person.name.required',
    'v1/keys',
    'v1/reviews/MR-2026-04/start',
    'v1/people/%61na%40x.org',
    'v1/reviews/MR-2026-01/revisions/1',
    'v1//people',
    'v1/people/',
    'v1/reviews/MR-2026-01/attachments?name=x',
    'openapi.json',
    'docs',
    'v1/calendar.ics',
    'v1/audit-log/head',
    'v1/people/01890a5d-ac96-774b-bcce-b302099a8057',
]
DISPOSITIONS = [
    'attachment; filename="a.csv"',
    "attachment; filename*=UTF-8''scan%20%E2%82%AC.csv",
    "form-data; name=\"file\"; filename=\"a\\\"b.txt\"",
    "attachment; filename*=ISO-8859-1'en'%A3.txt",
    'attachment; filename=bare; x=y',
    'inline',
    'attachment; filename="open',
    'attachment;filename*=x',
]
# What it is imported as, by the target's table, and the file.
IMPORTS = [
    (0, 'name,email,role,job_title\nNina,nina@x.org,employee,\n"Zo ""Z"" Z",zo@x.org,auditor,\'=1\n'),
    (0, '\ufeffemail,name\r\nivo@x.org,Other\r\n,\r\n"a\nb","c'),
    (1, 'decision_id,kind,title,owner_id,deadline,priority,success_criteria\nDEC-2026-001,change,Tell all,ivo@x.org,'
        '2027-01-31,high,"[{""statement"":""All were told"",""verification"":""By asking""}]"\n'),
    (1, 'decision_id,success_criteria\nDEC-2026-001,[\nDEC-2026-001,"{"\n'),
    (2, 'review_id,kind,title\nMR-2026-03,no_change,x\nMR-2026-99,no_change,x\n'),
    (3, '{"resource":"person","name":7,"email":"n","x":1}\n{"resource":"input","clause":"z"}\n[]\n\n'),
    (3, '{"resource":"action_item","decision_id":"DEC-2026-001","reference":"ACT-2020-0001","kind":"change","title":"Old",'
        '"owner_id":"ivo@x.org","deadline":"2020-03-01","status":"completed","completed_on":"2020-02-20","created_at":'
        '"2020-01-01","success_criteria":[{"id":"c3","statement":"All were told","verification":"By asking"}]}\n'
        '{"resource":"follow_up","action_item_id":"ACT-2020-0001","kind":"completion","performed_by_id":"ivo@x.org",'
        '"performed_on":"2020-02-20","note":"Done","outcome":"completed","next_follow_up_on":"2020-05-01"}\n'),
    (4, '{"resource":"review","reference":"MR-2020-01","title":"Old","type":"scheduled","scope":"All","period_start":'
        '"2019-01-01","period_end":"2019-12-31","planned_on":"2020-01-31","chair_id":"vesna@x.org","status":"cancelled",'
        '"cancel_reason":"Nobody came"}\n{"resource":"attendee","review_id":"MR-2020-01","person_id":"ivo@x.org"}\n'),
    (5, '{"action_item_id":"ACT-2026-0001","kind":"progress","performed_by_id":"ana@x.org","performed_on":"2026-11-21",'
        '"note":"On it.","outcome":"at_risk","progress_percent":40}\n'),
]
SETTINGS = [
    'listen = 127.0.0.1:8080\nworkers = 2\n',
    '# a comment\n\nlog_level=debug\r\n',
    'data = /x\ndata = /y\n',
    'operations_need_token = true\n',
    'next_review_max_months = 13',
    'public_url = https://reviews.example.org\n',
    'workers = 99999999999999999999\n',
    'nothing = 1\n',
    'no equals sign\n',
    'listen=[::1]:0\n',
    '# ' + 'x' * 5000 + '\nworkers = 3\n',
]
VALUES = [
    '2026-11-21',
    '2024-02-29',
    '2026-02-29',
    '0001-01-01',
    '9999-12-31',
    '2026-11-21T12:00:00.000Z',
    '2016-12-31T23:59:60Z',
    '2026-11-21T12:00:00Z',
    '2026-11-21T12:00:00.123456789Z',
    '2026-11-21t12:00:00z',
    '01890a5d-ac96-774b-bcce-b302099a8057',
    '01890A5D-AC96-774B-BCCE-B302099A8057',
    '\ufeff',
    '\U0010ffff',
]
NUMBERS = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e21,
    1e-7,
    123456789012345680000.0,
    5e-324,
    1.7976931348623157e308,
    2.0**-44,
    9007199254740993.0,
    677711480094721.75,
    2.7226523566839745e-40,
    333333333.33333329,
    1e23,
    4.35,
    0.000001,
]
MAIL = 'From: a@b.org\r\nTo: c@d.org\r\nSubject: x\r\n\r\ny'
FILES = [
    ('a.txt', 'text/plain', b'text'),
    ('a.pdf', 'application/pdf', b'%PDF-1.5\n'),
    ('a.png', '', b'\x89PNG\r\n\x1a\n'),
    ('a.docx', '', b'PK\3\4' + b'\0' * 22 + b'\x13\0\0\0[Content_Types].xml word/document'),
    ('', '', b'<html>x'),
    ('a.eml', 'message/rfc822', MAIL.encode()),
    ('a.csv', 'text/csv', b'a,b\n1,2\n'),
    ('a.json', '', b'{}'),
    ('a.html', 'text/html', b'x'),
    ('a.odt', '', b'PK\3\4' + b'\0' * 22 + b'\x08\0\0\0mimetypeapplication/vnd.oasis.' b'opendocument.textPK'),
    ('a', '', b'<!-- x --><svg/onload=x>'),
    ('a.sh', '', b'#!/bin/sh'),
]
FORM = (
    '--x\r\nContent-Disposition: form-data; name="description"\r\n\r\nA file\r\n'
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv'
    '\r\n\r\na,b\r\n1,2\r\n'
    '--x--\r\n'
)
FORMS = [
    FORM,
    FORM.replace('\r\n', '\n'),
    FORM.replace('--x--', ''),
    'preamble\r\n' + FORM + 'epilogue',
    FORM.replace('filename="a.csv"', 'filename*=UTF-8\'\'%e2%82%ac.csv'),
    FORM.replace('Content-Type: text/csv', 'Content-Transfer-Encoding: base64'),
    FORM[:60],
    '--x--\r\n',
]
TOKENS = [
    'Bearer \x01',
    'bearer  \x01',
    'Bearer \x01 ',
    'Basic \x01',
    '\x01',
    'Bearer rvd_' + 'A' * 43,
    'Bearer',
    '',
    'rvf_' + 'A' * 43,
    'Bearer \x01\x01',
    'Bearer "\x01"',
]
KEYS = [
    '12345678',
    '"12345678"',
    '1234567',
    'x' * 255,
    'x' * 256,
    '"' + 'x' * 255 + '"',
    'with space',
    'é2345678',
    '"',
    '',
]
MINISIG = (
    'untrusted comment: x\nRUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOoco'
    'GURFSaI6jVfrPGtPZP1SUJjGzkUiIS=\ntrusted comment: timestamp:1\t\nfile:x\n' + 'A' * 86 + '==\n'
)
DOCUMENTS = [
    '\x01Title\nAuthor\nhHeading\nfName\nvalue\ntFigures\n\x02a\nb\nc\nd\ne\nf\npplain\n',
    '\0Minutes\nÅsa\nn# A\n- b\n\nplast words\n',
    '\0T\n\nnsee <b>x</b> [a](http://x)\n\np\u202eabc\n',
    '\1<t>\n"a"\ng\x03\x00\x01' + '\0' * 24 + '\0title\ntext\n%\none\ntwo\nthree\n',
]
LINES = ['Jana\nHead of IT\n=1\n', '2-\n2026-11-21\nline\n', 'x' * 40 + '\n' + 'y' * 300]

# What a target once failed on: what `tests/campaign fuzz` keeps of it (base64 there), as bytes.
FAILED = {
    'accept': [b'\0application/json;q=5, text/html', b'\0application/json;q=nan'],
    'document': [b'\1Two\rlines\nAn\rauthor\nh\n', b'\0a\x08b\n\x1b\npx\n'],
    'form': [
        b'\1\5--a b\r\nContent-Disposition: form-data; name="descri\n--a b\r\nContent-Disposition: form-data; '
        b'name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\nption"\r\n\r\nA file\r\n--a b\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n1,2\r\n--a b--\r\n'
    ],
    'markdown': [b'\0```\n```\n'],
    'media_type': [b'a.eml\nmessage/rfc822\n<svg/onload=x:\nFrom: a@x.org\nTo: b@x.org\n\n'],
    'settings': [b'log_level = debug\rx\n', b'\0', b'workers = 2\n\0\n', b'da\x1bta = x\n'],
    'xlsx': [b'\0aa_x005F\x012-\n', b'\0aa_x0041\r\n'],
    'signature': [b'\2RWQ' + b'A' * 43 + b'\xd4' + b'A' * 9],
}

WORDS = {
    'accept': 'application/json text/csv text/html image/svg+xml application/x-ndjson text/markdown '
              'text/calendar */* ;q= , ;q=0 q=1.000 text/* ;q=nan ;q=inf ;q=1e9',
    'condition': f'{TAG} W/ * , -gzip" "',
    'cursor': '| , =',
    'disposition': 'filename= filename*= UTF-8\'\' ISO-8859-1\'\' attachment; %E2%82%AC \\" name=',
    'form': '--x --x-- \r\n\r\n Content-Disposition: form-data; name="file" filename="a" Content-Type: '
            'text/csv \r\n--x Content-Transfer-Encoding: base64 boundary= name="description"',
    'import': '{"resource":" "} person review attendee input decision action_item amendment follow_up , ," "" \r\n '
              '"id":" "created_at":" "imported":true null true [] email name DEC-2026-001 ACT-2026-0001 MR-2026-03 ivo@x.org',
    'markdown': '** ``` [a]( ](http:// ](javascript: <script> <!-- --> &# <http:// \n\n > 1. - # === ![ "t" '
                'data: \\\\ &lt;',
    'media_type': '%PDF- PK\x03\x04 [Content_Types].xml word/document mimetype application/vnd.oasis.opendocument. '
                  '<svg <html <?xml <!-- --> <!doctype #! GIF89a RIFF WEBPVP8 .html .svg .csv text/csv From: '
                  'Subject: \r\n META-INF/',
    'path': '/v1/ people reviews MR-2026-01 ACT-2026-0001 %2e %25 ? & format=csv history minutes attachments '
            '/content',
    'query': 'limit= sort=- cursor= count=true q= as_of= _after= _before= status= owner_id= overdue= '
             'format=csv format=ndjson id= review_id= %2C , deadline title kind= include= group_by= from= to= '
             '%00 +',
    'range': 'bytes= - 0 1 9223372036854775807 , bytes=-1',
    'search': 'AND OR NOT NEAR( " * ^ ( ) : { } - + title',
    'settings': '= # \n listen workers data log_level true false 127.0.0.1: [::1]: public_url https:// '
                'checkpoint_file idle_timeout_s',
    'token': 'Bearer \x01 rvd_ rvf_ bearer',
    'value': '2026- -02-29 T23:59:60 Z .000 + - 01890a5d- í\xa0\x80 ô\x90\x80\x80 À\x80',
    'csv': '= + - @ " , ; \r\n \t \' ＝ ＋ －',
    'xlsx': '_x0041_ _x005F_ < & \x0b =1+1',
}


def _words_of_bodies():
    bodies = [step.get('body') for step in _story()['steps'] if isinstance(step.get('body'), dict)]
    names = {name for body in bodies for name in body}
    values = {
        value for body in bodies for value in body.values() if isinstance(value, str) and re.fullmatch('[a-z_]+', value)
    }
    texts = [f'"{one}"' for one in sorted(names | values)]
    return texts + [
        '"ana@x.org"',
        '"petra@x.org"',
        '"MR-2026-01"',
        '"ACT-2026-0001"',
        'null',
        'true',
        '1e400',
        '\\u0000',
        '\\ud800',
        '{',
        '[',
        '2027-01-01',
        '\x01',
    ]


def _story():
    return json.loads((HERE.parents[1] / 'deploy' / 'demo.json').read_text())


def _in_world(text, roles):
    """A text of the story with the world's people, records and days in it."""
    text = re.sub(r'\{day:(-?\d+)\}', lambda found: str(TODAY + timedelta(int(found[1]))), text)
    for email, role in roles.items():
        text = text.replace(email, PEOPLE[role])
    for begins, reference in (('mr', 'MR-2026-03'), ('dec', 'DEC-2026-003'), ('act', 'ACT-2026-0001'), ('in', '\x01')):
        text = re.sub(r'\{%s[a-z0-9_]*\}' % begins, reference, text)
    return text


def _bodies():
    """(method, path with {} for each id, body as JSON) of what the story writes."""
    story = _story()
    roles = {person['email']: person['role'] for person in story['people']}
    for person in story['people']:
        yield 'POST', '/v1/people', json.dumps(person, ensure_ascii=False)
    for step in story['steps']:
        if isinstance(step.get('body'), dict):
            path = re.sub(r'(\{[^}]*\}|[^/]*@[^/]*)', '{}', step['path'])
            yield step['method'], path, _in_world(json.dumps(step['body'], ensure_ascii=False), roles)


def _write_seeds(method, paths, cut=''):
    """Three at most for each row of the target's table."""
    found = {}
    for made_by, path, body in _bodies():
        path = path.removesuffix(cut)
        if made_by == method and path in paths and len(found.setdefault(path, [])) < 3:
            found[path].append(body)
    return [bytes([paths.index(path)]) + body.encode() for path, bodies in found.items() for body in bodies]


def _patch_seeds():
    made = _write_seeds('PATCH', PATCHED, '/{}')
    made += [
        bytes([row]) + body
        for row in range(len(PATCHED))
        for body in (
            b'{}',
            b'{"title":"Another","location":null}',
            b'{"name":"P","job_title":null}',
            b'{"version":1}',
            b'{"source":{"system":null}}',
            b'{"also_covers":["a","b"]}',
            b'{"resources":{"effort_days":3}}',
            b'[]',
        )
    ]
    return made


def _each(rows, texts):
    return [bytes([row]) + text.encode() for row in range(rows) for text in texts]


def _plain(texts):
    return [text.encode() for text in texts]


def seeds(target):
    """The inputs that the target begins with."""
    doubles = [struct.pack('<d', number) for number in NUMBERS]
    made = {
        'accept': lambda: _each(5, ACCEPTS),
        'attachment': lambda: [
            f'attachment; filename="{name}"\n{kind}\n'.encode() + content for name, kind, content in FILES
        ]
        + [f'{one}\ntext/plain\nx'.encode() for one in DISPOSITIONS],
        'body': lambda: _write_seeds('POST', WRITES) + [bytes([row]) + b'{}' for row in range(len(WRITES))],
        'calendar': lambda: _plain(TEXTS),
        'canonical': lambda: _each(11, LINES)
        + [b'\x0b\x01a\nb\nc\n']
        + [b'\x0c' + body.encode() for _, _, body in list(_bodies())[::12]],
        'condition': lambda: _each(2, CONDITIONS),
        'csv': lambda: _plain(TEXTS),
        'cursor': lambda: [b'\0id-1\nA value|with bars', b'\1bm9uZQ', b'\1' + b'A' * 60, b'\0\n\xc4\x8d'],
        'disposition': lambda: _each(1, DISPOSITIONS) + [b'\1' + text.encode() for text in TEXTS],
        'document': lambda: _plain(DOCUMENTS),
        'form': lambda: [bytes([0, cut]) + text.encode() for text in FORMS for cut in (0, 77)]
        + [
            b'\2\5' + FORM.replace('--x', '------WebKitFormBoundary7MA4YWxkTrZu0gW').encode(),
            b'\1\5' + FORM.replace('--x', '--a b').encode(),
        ],
        'import': lambda: [bytes([way]) + text.encode() for way, text in IMPORTS],
        'key': lambda: [b'\0' + key.encode() for key in KEYS] + [b'\7' + b'12345678'],
        'markdown': lambda: [b'\0' + text.encode() for text in MARKDOWN],
        'media_type': lambda: [f'{name}\n{kind}\n'.encode() + content for name, kind, content in FILES],
        'number': lambda: doubles,
        'patch': _patch_seeds,
        'path': lambda: [bytes([method]) + path.encode() for path in PATHS for method in (1, 3, 4)],
        'pdf': lambda: _plain(DOCUMENTS),
        'plot': lambda: [
            bytes([2, kind, 1]) + b''.join(doubles[2:4]) + b'\0title\ntext\n%\nA <b>\n"c" & d' for kind in range(3)
        ],
        'query': lambda: _each(LISTS, QUERIES),
        'range': lambda: _each(
            5, ['bytes=0-4', 'bytes=-5', 'bytes=5-', 'bytes=0-0,2-3', 'bytes=-0', 'x=1-2', 'bytes=9-1']
        ),
        'register': lambda: _each(11, LINES),
        'search': lambda: _each(4, SEARCHES),
        'settings': lambda: _plain(SETTINGS) + [b'data = /x\0y\n'],
        'signature': lambda: [
            b'\0' + MINISIG.encode(),
            b'\1untrusted comment: x\n' + b'RWQ' + b'A' * 53 + b'\n',
            b'\2RWQ' + b'A' * 53,
            b'\3a.csv\nsome bytes',
        ],
        'spool': lambda: [b'\3' + text.encode() for text in TEXTS] + [b'\0\xe2\x82', b'\1a\0b'],
        'token': lambda: _plain(TOKENS),
        'value': lambda: _plain(VALUES),
        'xlsx': lambda: _each(11, LINES) + _each(2, [f'a{text}\n' * 3 for text in TEXTS]),
    }[target]()
    return made + FAILED.get(target, [])


def words(target):
    """The lines of a dictionary of libFuzzer's."""
    own = WORDS.get(target, '').split(' ') if target not in ('body', 'patch') else _words_of_bodies()
    coded = (''.join(f'\\x{byte:02x}' for byte in word.encode()) for word in own if word)
    return [f'"{word}"' for word in coded]
