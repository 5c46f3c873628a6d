"""deploy/ and README.md: what they say is so."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from harness import Daemon
from support import poll

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / 'deploy'
PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'


def tool(name):
    found = shutil.which(name, path=PATH)
    if not found:
        pytest.skip(f'{name} is not installed')
    return found


def run(*command, **options):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, **options)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


def listens(port):
    with socket.socket() as connection:
        return connection.connect_ex(('127.0.0.1', port)) == 0


def has_ended(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] == 'Z'
    except FileNotFoundError:
        return True


@pytest.fixture
def binary():
    daemon = Daemon()
    yield daemon.binary
    daemon.discard()


# ---- the sample configuration

def sample_settings():
    """The lines that would set something once their # is gone."""
    lines = (DEPLOY / 'reviewd.conf').read_text().splitlines()
    return dict(match.groups() for match in (re.fullmatch(r'#(\w+) =\s*(.*)', line) for line in lines) if match)


def config(binary, tmp_path, text):
    path = tmp_path / 'reviewd.conf'
    path.write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith('REVIEWD_')}
    done = run(binary, 'config', '--json', '--config', path, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_sample_configuration_has_every_setting_with_its_default(binary, tmp_path):
    defaults = {name: row['value'] for name, row in config(binary, tmp_path, '').items()}
    written = {name: json.loads(value) if not isinstance(defaults.get(name), str) else value
               for name, value in sample_settings().items()}
    assert written == defaults


def test_sample_configuration_is_read(binary, tmp_path):
    sample = (DEPLOY / 'reviewd.conf').read_text()
    as_it_is = config(binary, tmp_path, sample)
    assert {row['origin'] for row in as_it_is.values()} == {'default'}
    switched_on = config(binary, tmp_path, re.sub(r'^#(\w+ =)', r'\1', sample, flags=re.MULTILINE))
    assert all(row['origin'].startswith('file') for row in switched_on.values())
    assert {name: row['value'] for name, row in switched_on.items()} == \
        {name: row['value'] for name, row in as_it_is.items()}


def test_sample_configuration_explains_every_setting():
    lines = (DEPLOY / 'reviewd.conf').read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r'#\w+ =', line):
            assert lines[number - 1].startswith('# '), f'{line} has no explanation above it'


def test_sample_configuration_says_what_is_reloaded(binary):
    """As the manual page does, which is made from the table of settings."""
    settings = run(binary, 'manual').stdout.partition('.SH SETTINGS')[2].partition('.SH FILES')[0]
    reloaded = {re.match(r'\.B "?(\w+)', row).group(1) for row in settings.split('.TP\n')[1:] if 'SIGHUP.' in row}
    paragraphs = (DEPLOY / 'reviewd.conf').read_text().split('\n\n')
    marked = {re.search(r'^#(\w+) =', text, re.MULTILINE).group(1) for text in paragraphs if '(reload)\n' in text}
    assert marked == reloaded and reloaded


# ---- the manual page

def test_manual_page_is_what_reviewd_prints(binary):
    assert run(binary, 'manual').stdout == (DEPLOY / 'reviewd.8').read_text(), 'make it: reviewd manual >deploy/reviewd.8'


def test_manual_page_is_well_formed():
    done = run(tool('mandoc'), '-Tlint', '-Wall', DEPLOY / 'reviewd.8')
    findings = [line for line in done.stdout.splitlines() if 'missing date' not in line]      # the release has none yet
    assert not findings, '\n'.join(findings)


# ---- systemd

def test_unit_is_hardened():
    done = run(tool('systemd-analyze'), 'security', '--offline=true', DEPLOY / 'reviewd.service')
    exposure = re.search(r'Overall exposure level for reviewd.service: ([\d.]+)', done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure.group(1)) <= 1.5, done.stdout


def test_unit_has_no_mistakes(binary, tmp_path):
    unit = (DEPLOY / 'reviewd.service').read_text().replace('/usr/local/bin/reviewd', str(Path(binary).resolve()))
    (tmp_path / 'reviewd.service').write_text(unit)
    done = run(tool('systemd-analyze'), 'verify', '--man=no', tmp_path / 'reviewd.service')
    assert not done.stderr.strip() and done.returncode == 0, done.stderr


def test_systemd_is_told_what_it_waits_for(tmp_path):
    """Type=notify: READY once it answers, WATCHDOG while the writer moves, RELOADING on SIGHUP, STOPPING at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / 'notify'))
        receiver.settimeout(30)
        daemon = Daemon(env={'NOTIFY_SOCKET': tmp_path / 'notify'})
        daemon.start()
        states = [receiver.recv(1000).decode()]
        while 'WATCHDOG=1' not in states:
            states.append(receiver.recv(1000).decode())
        daemon.process.send_signal(signal.SIGHUP)
        while states.count('READY=1') < 2:
            states.append(receiver.recv(1000).decode())
        daemon.stop()
        while states[-1] != 'STOPPING=1':
            states.append(receiver.recv(1000).decode())
        daemon.discard()
    assert [state for state in states if state != 'WATCHDOG=1'] == ['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']


# ---- proxies

@pytest.fixture
def certificate(tmp_path):
    done = run(tool('openssl'), 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj',
               '/CN=reviews.example.org', '-keyout', tmp_path / 'key.pem', '-out', tmp_path / 'certificate.pem')
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def nginx(certificate):
    """A factory: nginx with deploy/nginx.conf in it, its certificate and ports being of the test."""

    def command(http=80, https=443, upstream=8080, *flags):
        site = (DEPLOY / 'nginx.conf').read_text()
        for old, new in (('/etc/ssl/certs/reviews.example.org.pem', certificate / 'certificate.pem'),
                         ('/etc/ssl/private/reviews.example.org.key', certificate / 'key.pem'),
                         ('listen 80;', f'listen 127.0.0.1:{http};'), ('listen [::]:80;', ''),
                         ('listen 443 ssl', f'listen 127.0.0.1:{https} ssl'), ('listen [::]:443 ssl http2;', ''),
                         ('127.0.0.1:8080', f'127.0.0.1:{upstream}')):
            assert old in site, f'{old} is not in deploy/nginx.conf'
            site = site.replace(old, str(new))
        (certificate / 'site.conf').write_text(site)
        places = ''.join(f'{what}_temp_path {certificate}/{what};\n'
                         for what in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        (certificate / 'nginx.conf').write_text(
            f'daemon off;\nmaster_process off;\npid {certificate}/pid;\nerror_log {certificate}/error.log;\n'
            f'events {{}}\nhttp {{\naccess_log off;\n{places}include {certificate}/site.conf;\n}}\n')
        return [tool('nginx'), '-e', certificate / 'error.log', '-p', certificate, '-c', certificate / 'nginx.conf', *flags]

    return command


def test_nginx_takes_the_example(nginx):
    done = run(*nginx(free_port(), free_port(), 8080, '-t'))
    assert done.returncode == 0 and 'warn' not in done.stderr, done.stderr


def test_reviewd_behind_nginx(nginx, daemon, tmp_path):
    """Answers come through as they are: entity tags stay strong, problems stay problems."""
    http, https = free_port(), free_port()
    proxy = subprocess.Popen([str(word) for word in nginx(http, https, daemon.port)], stdin=subprocess.DEVNULL)
    curl = (tool('curl'), '-sk', '-D', tmp_path / 'head', '-o', tmp_path / 'body')
    try:
        poll(lambda: listens(https), seconds=30)
        daemon.person('Ana', 'ana@example.org', 'isms_manager')
        token = ('-H', f'Authorization: Bearer {daemon.token("ana@example.org")}')
        run(*curl, *token, '-H', 'Accept-Encoding: gzip', f'https://127.0.0.1:{https}/v1/people/ana@example.org')
        head = (tmp_path / 'head').read_text()
        assert ' 200' in head.splitlines()[0] and re.search(r'^etag: "', head, re.MULTILINE | re.IGNORECASE), head
        assert 'strict-transport-security: ' in head.lower()
        (tmp_path / 'large').write_text('x' * 2_000_000)
        run(*curl, *token, '--data-binary', f'@{tmp_path}/large', '-H', 'Content-Type: application/json',
            f'https://127.0.0.1:{https}/v1/people')
        assert json.loads((tmp_path / 'body').read_text())['type'] == '/problems/too-large'
        run(*curl, f'http://127.0.0.1:{http}/v1/people')
        assert ' 308' in (tmp_path / 'head').read_text().splitlines()[0]
    finally:
        proxy.terminate()
        proxy.wait(timeout=30)


def test_caddy_takes_the_example():
    done = run(tool('caddy'), 'validate', '--adapter', 'caddyfile', '--config', DEPLOY / 'Caddyfile')
    assert done.returncode == 0, done.stderr


# ---- README.md

def readme_commands(first_word):
    blocks = re.findall(r'```sh\n(.*?)```', (ROOT / 'README.md').read_text(), re.DOTALL)
    return [block for block in blocks if block.startswith(first_word)]


def test_the_curls_of_the_readme(daemon):
    daemon.person('First Person', 'first.person@example.org', 'isms_manager')      # as deploy/run makes one
    environment = {**os.environ, 'TOKEN': daemon.token('first.person@example.org')}
    commands = readme_commands('curl')
    assert len(commands) == 3
    answers = []
    for command in commands:
        assert 'http://127.0.0.1:8080/' in command
        pasted = command.replace('http://127.0.0.1:8080', daemon.url).replace('curl -sS', f'{tool("curl")} -sSf')
        done = run('bash', '-c', pasted, env=environment)
        assert done.returncode == 0, f'{command}\n{done.stdout}{done.stderr}'
        answers.append(json.loads(done.stdout))
    person, review, readiness = answers
    assert person['role'] == 'top_management' and review['chair_id'] == person['id'] and review['status'] == 'planned'
    assert readiness['verb'] == 'start' and not readiness['ready'] and len(readiness['clauses']) == 10


def test_the_readme_names_only_what_there_is():
    for path in re.findall(r'`((?:deploy|openapi|tests|build)/[\w./-]+|[A-Z]+(?:\.md)?)`', (ROOT / 'README.md').read_text()):
        assert path.startswith('build/') or (ROOT / path).exists(), f'README.md names {path}'


# ---- deploy/run

@pytest.fixture
def copy_of_tree(tmp_path):
    tree = tmp_path / 'reviewd'
    for name in ('deploy', 'include', 'migrations', 'openapi', 'src', 'tests/unit'):
        shutil.copytree(ROOT / name, tree / name)
    shutil.copy(ROOT / 'meson.build', tree)
    bundle = tree / 'build' / 'docs' / 'redoc.standalone.js'       # nothing is fetched from anywhere
    bundle.parent.mkdir(parents=True)
    bundle.write_text('/* Redoc */\n')
    return tree


def deploy_run(tree, *options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith('REVIEWD_')}
    return run(tree / 'deploy' / 'run', *options, cwd='/', env=environment)


def curl_of(output):
    line, = re.findall(r'^  (curl .*)$', output, re.MULTILINE)
    done = run('bash', '-c', line)
    assert done.returncode == 0 and len(json.loads(done.stdout)['data']) == 3, f'{line}\n{done.stdout}{done.stderr}'


@pytest.mark.skipif('REVIEWD_BINARY' in os.environ and 'release' not in os.environ['REVIEWD_BINARY'],
                    reason='it makes a release build of its own')
def test_one_command_builds_and_starts_it(copy_of_tree):
    port = free_port()
    done = deploy_run(copy_of_tree, '--port', port)
    assert done.returncode == 0, done.stdout + done.stderr
    pid = int(re.search(r'To stop it: kill (\d+)', done.stdout).group(1))
    try:
        assert f'http://127.0.0.1:{port}' in done.stdout
        curl_of(done.stdout)
        assert (copy_of_tree / 'reviewd-data').stat().st_mode & 0o777 == 0o700

        again = deploy_run(copy_of_tree)
        assert again.returncode == 0 and 'runs already' in again.stdout, again.stdout + again.stderr
        assert f'http://127.0.0.1:{port}' in again.stdout
        curl_of(again.stdout)

        elsewhere = deploy_run(copy_of_tree, '--data', copy_of_tree / 'other', '--port', port)
        assert elsewhere.returncode == 1 and 'listens on port' in elsewhere.stderr
    finally:
        os.kill(pid, signal.SIGTERM)
        poll(lambda: has_ended(pid), seconds=30)


@pytest.mark.parametrize('options, complaint', [
    (('--port', 'many'), '--port'), (('--port', '65536'), '--port'), (('--data',), 'needs a value'),
    (('--colour',), 'no option')])
def test_wrong_usage_of_run(options, complaint):
    done = run(DEPLOY / 'run', *options)
    assert done.returncode == 2 and complaint in done.stderr


@pytest.mark.parametrize('script', ['deploy/run', 'deploy/common.sh', 'tests/run', '.ci/run'])
def test_scripts_are_well_formed(script):
    assert run('bash', '-n', ROOT / script).returncode == 0
    shellcheck = shutil.which('shellcheck')
    if shellcheck:
        done = run(shellcheck, '-x', '-S', 'warning', script, cwd=ROOT)
        assert done.returncode == 0, done.stdout
