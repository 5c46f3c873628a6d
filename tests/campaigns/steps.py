"""Steps that campaigns of faults take: a write or a read over HTTP, or a command, and how to see whether it had its effect.

A step makes ready what it needs, and answers (method, path, body, query): the query says how often it had its effect, or
is None, where it has none.
"""

import http.client
import json
from contextlib import closing
from pathlib import Path

import faults
from support import database

# ---- over HTTP


def a_person(org):
    email = faults.fresh_email()
    return 'POST', '/v1/people', faults.person(email), f"SELECT count(*) FROM person WHERE email = '{email}'"


def a_change(org):
    made, title = org.person(email=faults.fresh_email()), f'Title {faults.fresh_email()}'
    return ('PATCH', f'/v1/people/{made["id"]}', {'job_title': title},
            f"SELECT count(*) FROM version WHERE body LIKE '%{title}%'")


def a_review(org):
    title = f'Review {faults.fresh_email()}'
    return ('POST', '/v1/reviews', org.review_body(title=title),
            f"SELECT count(*) / 10 FROM input JOIN review ON review.id = input.review_id WHERE review.title = '{title}' "
            "HAVING count(*) % 10 = 0")


def a_file(org):
    review, mark = org.review(), faults.fresh_email()
    return ('POST', f'/v1/reviews/{review["id"]}/attachments', f'host,{mark}\n'.encode() * 20000,
            f"SELECT count(*) FROM attachment JOIN content USING (sha256) WHERE review_id = '{review['id']}'")


def an_approval(org):
    review = org.running_review()
    org.adopt(org.no_change(review))      # which leaves nothing to carry on
    org.concluded(review)
    return ('POST', f'/v1/reviews/{review["id"]}/approve', {},
            f"SELECT count(*) FROM review WHERE id = '{review['id']}' AND status = 'approved' AND 3 <= "
            "(SELECT count(*) FROM minutes WHERE review_id = review.id) "
            "AND 1 = (SELECT count(*) FROM revision WHERE review_id = review.id)")


def an_import(org):
    emails = [faults.fresh_email() for _ in range(20)]
    listed = ', '.join(f"'{email}'" for email in emails)
    lines = b''.join(json.dumps({'resource': 'person', **faults.person(email)}).encode() + b'\n' for email in emails)
    return 'POST', '/v1/imports', lines, f'SELECT count(*) / 20 FROM person WHERE email IN ({listed}) HAVING count(*) % 20 = 0'


def an_erasure(org):
    made = org.person(email=faults.fresh_email())
    return ('POST', f'/v1/people/{made["id"]}/erase', {'reason': 'They left long ago and asked for it'},
            f"SELECT count(*) FROM person WHERE id = '{made['id']}' AND erased_at IS NOT NULL")


def a_list(org):
    return 'GET', '/v1/people?limit=200', None, None


def a_register(org):
    return 'GET', '/v1/people?format=csv', None, None


def some_minutes(org):
    return 'GET', f'/v1/reviews/{org.review()["id"]}/minutes?format=pdf', None, None


def some_content(org):
    made = org.attach(f'/v1/reviews/{org.review()["id"]}', f'host,{faults.fresh_email()}\n'.encode() * 20000)
    return 'GET', f'/v1/attachments/{made["id"]}/content', None, None


def a_workbook(org):
    return 'GET', '/v1/action-items?format=xlsx', None, None


def a_rehearsal(org):
    return 'POST', '/v1/people?dry_run=true', faults.person(), None


def a_refused_import(org):
    lines = json.dumps({'resource': 'person', **faults.person()}).encode() + b'\n{"resource": "person"}\n'
    return 'POST', '/v1/imports', lines, None


def a_partial_import(org):
    email = faults.fresh_email()
    return ('POST', '/v1/imports?partial=true', json.dumps({'resource': 'person', **faults.person(email)}).encode(),
            f"SELECT count(*) FROM person WHERE email = '{email}'")


def a_pack(org):
    return 'GET', f'/v1/reviews/{org.review()["id"]}/evidence-pack', None, None


STEPS = (a_person, a_change, a_review, a_file, an_approval, an_import, an_erasure, a_list, a_register, some_minutes,
         some_content, a_workbook, a_rehearsal, a_refused_import, a_partial_import, a_pack)


def send(org, method, path, body, key):
    """(status, problem's type), or (None, None) where the connection was ended in the middle of the answer."""
    caller = faults.Caller(org.daemon, org.top2.token if path.endswith('/approve') else org.isms.token)
    headers = {'If-Match': '*'} if method == 'PATCH' or path.endswith(('/approve', '/erase')) else {}
    if method == 'POST':
        headers['Idempotency-Key'] = key
    if isinstance(body, bytes):
        kind = 'application/x-ndjson' if path.startswith('/v1/imports') else 'text/csv'
        headers |= {'Content-Type': kind, 'Content-Disposition': 'attachment; filename="scan.csv"'}
    try:
        caller.connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body,
                                  caller.headers | headers)
        response = caller.connection.getresponse()
        answer = response.read()
        kind = json.loads(answer)['type'].rpartition('/')[2] if response.status >= 400 else ''
        return response.status, kind
    except (OSError, http.client.HTTPException):
        return None, None
    finally:
        caller.close()


def effects(data, query):
    with closing(database(data)) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else 'half of it'



def settle(world, sent, key):
    """The same again: once there, and no more."""
    method, path, body, query = sent
    if not query:
        return
    status, kind = send(world.org, method, path, body, key)
    again = effects(world.daemon.data, query)
    if status == 202 and 'partial' in path:      # led to the import's record, which counts what was stored
        return
    # What has no key, and whose first answer was not heard, has been done.
    done = method == 'PATCH' or status == 409
    if not (status and status < 300 or done) or not (again == 1 or method == 'PATCH' and again in (1, 2)):
        yield f'sent again, it is answered {status} {kind}, and its effect is there {again} times'


# ---- commands


COMMANDS = 6


def commands(world):
    """(words, what is then there)."""
    email, backup = faults.fresh_email(), world.root / 'backups' / faults.fresh_email()
    data = Path(world.daemon.data)
    return [
        (('person', 'upsert', '--name', 'Nora', '--email', email, '--role', 'employee'),
         lambda root: effects(root / 'data', f"SELECT count(*) FROM person WHERE email = '{email}'") == 1),
        (('token', 'create', '--person', 'isms@example.org', '--label', email),
         lambda root: effects(root / 'data', f"SELECT count(*) FROM token WHERE label = '{email}'") >= 1),
        (('backup', backup), lambda root: (root / 'backups' / backup.name).exists()),
        (('key', 'rotate'), lambda root: (root / 'data' / 'keys' / 'reviewd.key').exists()),
        (('audit', 'verify'), lambda root: data.exists()),
        (('check',), lambda root: data.exists()),
    ]
