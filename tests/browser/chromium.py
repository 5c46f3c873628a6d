"""Headless Chromium, spoken to by its DevTools protocol over a pipe: JSON, each message ended by a NUL."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Debian's. Root has no sandbox there, and a container often no /dev/shm of use.
COMMAND = ['chromium', '--headless', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run',
           '--disable-background-networking', '--hide-scrollbars', '--remote-debugging-pipe']
FONTS = Path(__file__).resolve().parent / 'fonts.conf'


class Chromium:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix='reviewd-chromium-')
        ours, theirs = self._pipes()
        environment = {**os.environ, 'HOME': self.profile, 'XDG_CACHE_HOME': self.profile, 'FONTCONFIG_FILE': str(FONTS)}
        self.process = subprocess.Popen(
            [*COMMAND, f'--user-data-dir={self.profile}', 'about:blank'], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(3, 4), env=environment,
            preexec_fn=lambda: [os.dup2(theirs[i], 3 + i) for i in range(2)])
        for end in theirs:
            os.close(end)
        self.sending, self.receiving = os.fdopen(ours[0], 'wb', 0), os.fdopen(ours[1], 'rb', 0)
        self.number = 0
        self.received = b''
        self.events = []

    @staticmethod
    def _pipes():
        """Well above 3 and 4, which are to be theirs in the child."""
        ends = [*os.pipe(), *os.pipe()]
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
        for end in ends:
            os.close(end)
        return (high[1], high[2]), (high[0], high[3])

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if session:
            message['sessionId'] = session
        self.sending.write(json.dumps(message).encode() + b'\0')
        while True:
            answer = self.next_message()
            if answer.get('id') == message['id']:
                assert 'error' not in answer, f'{method}: {answer["error"]}'
                return answer['result']
            self.events.append(answer)

    def next_message(self):
        while b'\0' not in self.received:
            piece = self.receiving.read(1 << 20)
            assert piece, 'Chromium has ended'
            self.received += piece
        message, _, self.received = self.received.partition(b'\0')
        return json.loads(message)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.sending.close()
        self.receiving.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """A tab. What the console calls an error is gathered in `errors`, and what it fetched in `fetched`."""

    def __init__(self, chromium, width=1000, height=800, scheme='light'):
        self.chromium = chromium
        self.target = chromium.call('Target.createTarget', url='about:blank')['targetId']
        self.session = chromium.call('Target.attachToTarget', targetId=self.target, flatten=True)['sessionId']
        self.errors = []
        self.fetched = []
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def call(self, method, **parameters):
        return self.chromium.call(method, self.session, **parameters)

    def open(self, url, token=None):
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        self.call('Network.setExtraHTTPHeaders', headers=headers)
        self._take_events()
        loader = self.call('Page.navigate', url=url)
        assert 'errorText' not in loader, loader
        while not self._take_events():
            self.chromium.events.append(self.chromium.next_message())
        return self

    def _take_events(self):
        """Takes down what has happened, and says whether the page is loaded."""
        events, self.chromium.events = self.chromium.events, []
        loaded = False
        for event in events:
            method, parameters = event.get('method'), event.get('params', {})
            if event.get('sessionId') != self.session:
                continue
            loaded |= method == 'Page.loadEventFired'
            if method == 'Runtime.exceptionThrown':
                self.errors.append(parameters['exceptionDetails'])
            elif method == 'Log.entryAdded' and parameters['entry']['level'] == 'error':
                self.errors.append(parameters['entry'])
            elif method == 'Runtime.consoleAPICalled' and parameters['type'] in ('error', 'assert'):
                self.errors.append(parameters['args'])
            elif method == 'Network.requestWillBeSent':
                self.fetched.append(parameters['request']['url'])
        return loaded

    def run(self, script):
        """What the expression comes to, a promise's value included. Not held back by the page's own policy."""
        done = self.call('Runtime.evaluate', expression=script, awaitPromise=True, returnByValue=True)
        assert 'exceptionDetails' not in done, done['exceptionDetails']
        self._take_events()
        return done['result'].get('value')

    def print(self):
        """The page as the PDF that it would be printed as."""
        return base64.b64decode(self.call('Page.printToPDF', preferCSSPageSize=True, printBackground=True)['data'])

    def close(self):
        self.chromium.call('Target.closeTarget', targetId=self.target)
