"""A crowd, in a process of its own: callers that are idle, slow in each way, or gone in the middle of a write.

usage: crowd_callers.py PORT TOKEN FILE IDLE SLOW LEAVING

FILE is the path of a large one, for slow readers. Prints a line when all are there, and figures when its input ends.
"""

import itertools
import json
import os
import resource
import select
import socket
import struct
import sys
import time

STEP_S = 1.0             # in which each slow one sends a byte, or takes a few
LEAVING_S = 4.0          # over which those who leave come and go
RESET = struct.pack('ii', 1, 0)
PERSON = '{"name": "Gone Caller", "email": "crowd-%d-%d@example.org", "role": "employee"}'


class Crowd:
    def __init__(self, port, token, file, idle, slow, leaving):
        self.port, self.file, self.leaving, self.left, self.said = port, file, leaving, 0, 0
        self.head = f'Host: reviewd.test\r\nAuthorization: Bearer {token}\r\n'
        self.closed = 0
        self.numbers = itertools.count(1)
        self.poll = select.epoll()
        self.idle, self.talking, self.reading = [], [], []
        for number in range(idle):
            self.idle.append(self._connect())
            if number % 2:      # half of them have asked something, and keep the connection
                self.idle[-1].sendall(f'GET /healthz HTTP/1.1\r\n{self.head}\r\n'.encode())
        for number in range(slow):
            [self._slow_head, self._slow_body, self._slow_read][number % 3]()
        self.turn = itertools.cycle(range(max(1, len(self.talking))))

    def _connect(self):
        made = socket.create_connection(('127.0.0.1', self.port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _post(self, body):
        return (f'POST /v1/people HTTP/1.1\r\n{self.head}Content-Type: application/json\r\n'
                f'Content-Length: {len(body)}\r\n\r\n')

    def _body(self):
        return PERSON % (os.getpid(), next(self.numbers))

    def _slow_head(self):
        self.talking.append((self._connect(), itertools.chain(
            b'GET /v1/people HTTP/1.1\r\n', itertools.cycle(b'X-Padding: a\r\n'))))

    def _slow_body(self):
        made = self._connect()
        body = ' ' * 20000 + self._body()
        made.sendall(self._post(body).encode())
        self.talking.append((made, iter(body.encode())))

    def _slow_read(self):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        made.connect(('127.0.0.1', self.port))
        made.sendall(f'GET {self.file} HTTP/1.1\r\n{self.head}\r\n'.encode())
        self.reading.append(made)

    def go_on(self):
        """Until nobody wants them any more; a slow one's turn comes once in STEP_S."""
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
        began = time.monotonic()
        while not self.poll.poll(0.01):
            passed = time.monotonic() - began
            due = int(passed / LEAVING_S * self.leaving)
            while self.left < min(due, self.leaving):
                self._leave()
            if self.talking:
                self._talk(int(passed / STEP_S * len(self.talking)))

    def _talk(self, due):
        """As many bytes as are due by now: one of each in STEP_S."""
        while self.said < due:
            self.said += 1
            at = next(self.turn)
            made, more = self.talking[at]
            byte = next(more, None)
            if made and byte is not None:
                try:
                    made.send(bytes((byte,)))
                except OSError:
                    self.closed += 1
                    self.talking[at] = (None, iter(()))
            if self.reading and at % 4 == 0:
                try:
                    self.reading[at % len(self.reading)].recv(512, socket.MSG_DONTWAIT)
                except OSError:
                    pass

    def _leave(self):
        """Gone with the whole write sent, or in the middle of its body, by turns."""
        self.left += 1
        made, body = self._connect(), self._body()
        request = (self._post(body) + body).encode()
        made.sendall(request if self.left % 2 else request[:-20])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        made.close()

    def end(self):
        for made in [*self.idle, *self.reading, *(one for one, _ in self.talking if one)]:
            made.close()
        print(json.dumps({'left': self.left, 'closed': self.closed}), flush=True)


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, token, file, *numbers = sys.argv[1:]
    crowd = Crowd(int(port), token, file, *map(int, numbers))
    print('there', flush=True)
    crowd.go_on()
    crowd.end()


if __name__ == '__main__':
    main()
