"""Files to send and to read: what the tests of evidence share."""

import os
import shutil
import subprocess
from urllib.parse import quote

import harness

MIB = 1024 * 1024
PIECE = 32 * 1024
CSV = b'host,critical\r\nweb01,0\r\n'
PDF = b'%PDF-1.7\n'
PARENTS = ('reviews/{review}', 'inputs/{input}', 'decisions/{proposed}', 'action-items/{item}',
           'follow-ups/{follow_up}')


def pdf(size):
    """So many bytes that are no text; none twice the same."""
    return (PDF + os.urandom(size))[:size]


def disposition(name):
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def send(client, path, content, name='evidence.pdf', query='', **headers):
    headers = {name.replace('_', '-'): value for name, value in headers.items()}
    headers = {'Content-Type': 'application/octet-stream', 'Content-Disposition': disposition(name)} | headers
    return client.post(f'{path}/attachments{query}', raw=content, headers=headers)


def content(client, record, **headers):
    return client.get(f'/v1/attachments/{record["id"]}/content', **headers)


def form(*parts, boundary='a-boundary'):
    """A form of (head lines, bytes) and its Content-Type."""
    body = b''.join(b'--%s\r\n%s\r\n\r\n%s\r\n' % (boundary.encode(), head.encode() if isinstance(head, str) else head, data)
                    for head, data in parts)
    return body + b'--%s--\r\n' % boundary.encode(), f'multipart/form-data; boundary={boundary}'


def file_part(data, name='scan.csv', field='file', more=''):
    return f'Content-Disposition: form-data; name="{field}"; filename="{name}"{more}', data


def text_part(name, text):
    return f'Content-Disposition: form-data; name="{name}"', text.encode()


def send_form(client, path, *parts, query=''):
    body, content_type = form(*parts)
    return client.post(f'{path}/attachments{query}', raw=body, headers={'Content-Type': content_type})


def curl(client, path, *args):
    """(status, body) of a real curl."""
    done = subprocess.run(['curl', '-sS', '-w', '\n%{http_code}', '-H', f'Authorization: Bearer {client.token}', *args,
                           client.daemon.url.rstrip('/') + path], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition(b'\n')
    return int(status), body


def limited(populated, **settings):
    """A daemon with the organisation and settings of its own."""
    daemon = harness.Daemon(env={f'REVIEWD_{name.upper()}': value for name, value in settings.items()})
    shutil.copytree(populated[0], daemon.data)
    return harness.seed(daemon.start(), populated[1])
