"""What a disk may hold after the power failed, worked out from what record.c wrote down of a run.

The disk keeps what was synced. Of the rest, each file and folder for itself may have kept everything, nothing, all up to
some call that is torn at a sector, or any sectors in any order; a name that its folder was not synced with may be gone,
and one that was taken away may be back.
"""

import itertools
import os
import re
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

RECORDER = Path(__file__).with_name('record.c')
LINE = struct.Struct('=IIQqQ')
SECTOR = 512
MODES = ('kept', 'dropped', 'torn', 'any')
ANSWER = re.compile(rb'HTTP/1\.1 (\d{3}) .*?\r\nX-Request-Id: ([^\r]+)\r\n', re.DOTALL | re.IGNORECASE)


def compiled_recorder(folder):
    library = Path(folder) / 'record.so'
    subprocess.run([os.environ.get('CC', 'cc'), '-D_GNU_SOURCE', '-shared', '-fPIC', '-O1', '-Wall', '-Wextra',
                    '-o', str(library), str(RECORDER), '-ldl'], check=True)
    return library


def memory():
    """A folder whose files take no time to write; None where there is none."""
    return '/dev/shm' if Path('/dev/shm').is_dir() else None


def recorded(daemon, library, root, log):
    """Has this daemon, and its command line, written down from now on: what happens below `root`."""
    daemon.env |= {'LD_PRELOAD': str(library), 'RECORD_FOLDER': os.path.realpath(root), 'RECORD_LOG': str(log),
                   'ASAN_OPTIONS': daemon.env.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}


@dataclass
class Line:
    kind: str
    name: str
    inode: int
    offset: int
    data: bytes
    end: int      # where the next one begins

    def answer(self):
        """(status, request id), where it is one."""
        found = ANSWER.match(self.data) if self.kind == 'N' else None
        return (int(found[1]), found[2].decode()) if found else None


def lines(path, begin=0):
    """Those that were written from this place in the log on."""
    with open(path, 'rb') as file:
        file.seek(begin)
        raw, at, read = file.read(), 0, []
    while at < len(raw):
        kind, name_length, inode, offset, length = LINE.unpack_from(raw, at)
        start = at + LINE.size
        if start + name_length + length > len(raw):      # it is being written
            break
        at = start + name_length + length
        name = os.fsdecode(raw[start:start + name_length])
        read.append(Line(chr(kind), name, inode, offset, raw[start + name_length:at], begin + at))
    return read


@dataclass(eq=False)
class File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list = field(default_factory=list)      # (offset, bytes), or (size, None)

    def sync(self):
        for one in self.pending:
            put(self.durable, *one)
        self.pending.clear()

    def content(self, mode, random):
        made = bytearray(self.durable)
        for one in {'kept': self.kept, 'dropped': lambda _: (), 'torn': self.torn, 'any': self.any}[mode](random):
            put(made, *one)
        return made

    def kept(self, _):
        return self.pending

    def torn(self, random):
        whole = random.randrange(len(self.pending) + 1)
        yield from self.pending[:whole]
        for offset, data in self.pending[whole:whole + 1]:
            sectors = list(split(offset, data)) if data else []
            yield from sectors[:random.randrange(len(sectors) + 1)]

    def any(self, random):
        share = random.choice((0.1, 0.5, 0.9))
        if random.random() < 0.5:      # the length came to the disk, and what belongs there did not
            end = max((offset + len(data) for offset, data in self.pending if data), default=0)
            if end > len(self.durable):
                yield end, None
        for cut, group in itertools.groupby(self.pending, lambda one: one[1] is None):
            chosen = [one for write in group for one in ([write] if cut else split(*write)) if random.random() < share]
            if not cut and random.random() < 0.5:
                random.shuffle(chosen)
            yield from chosen


def put(content, offset, data):
    if data is None:
        del content[offset:]
    end = offset + len(data or b'')
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if data:
        content[offset:end] = data


def split(offset, data):
    """A write, sector by sector."""
    at = 0
    while at < len(data):
        length = min(SECTOR - (offset + at) % SECTOR, len(data) - at)
        yield offset + at, data[at:at + length]
        at += length


@dataclass(eq=False)
class Folder:
    names: dict = field(default_factory=dict)        # as the running system sees it
    durable: dict = field(default_factory=dict)
    pending: list = field(default_factory=list)      # (name, what is there now or None, (folder, name) it came from)

    def sync(self):
        for one in self.pending:
            move(self.durable, lambda folder: folder.durable, *one)
        self.pending.clear()

    def chosen(self, mode, random):
        if mode == 'torn':
            return self.pending[:random.randrange(len(self.pending) + 1)]
        return [one for one in self.pending if mode == 'kept' or mode == 'any' and random.random() < 0.5]


def move(names, names_of, name, node, source):
    if node:
        names[name] = node
    else:
        names.pop(name, None)
    if source:      # a name that moved is in one place
        others = names_of(source[0])
        if others.get(source[1]) is node:
            del others[source[1]]


class Disk:
    """`root` as it lies there now is synced; then line by line what happened."""

    def __init__(self, root):
        self.inodes = {}
        self.root = self._found(Path(root))

    def _found(self, path):
        node = self.inodes.get(path.lstat().st_ino)
        if node:      # another name of it
            return node
        if path.is_dir():
            node = Folder()
            for one in sorted(path.iterdir()):
                if not one.name.endswith('-shm'):
                    node.names[one.name] = node.durable[one.name] = self._found(one)
        else:
            node = File(bytearray(path.read_bytes()))
        self.inodes[path.lstat().st_ino] = node
        return node

    def _place(self, path):
        *above, name = path.split('/')
        folder = self.root
        for one in above:
            folder = folder.names[one]
        return folder, name

    def _name(self, path, node, source=None):
        folder, name = self._place(path)
        move(folder.names, lambda other: other.names, name, node, source)
        folder.pending.append((name, node, source))

    def happen(self, line):
        if line.kind in 'CM':
            node = File() if line.kind == 'C' else Folder()
            self.inodes[line.inode] = node
            if line.name:
                self._name(line.name, node)
        elif line.kind == 'L':
            self._name(line.name, self.inodes[line.inode])
        elif line.kind == 'U':
            self._name(line.name, None)
        elif line.kind == 'R':
            old, new = line.name.split('\0')
            folder, name = self._place(old)
            self._name(new, folder.names[name], (folder, name))
        elif line.kind == 'W':
            self.inodes[line.inode].pending.append((line.offset, line.data))
        elif line.kind == 'T':
            self.inodes[line.inode].pending.append((line.offset, None))
        elif line.kind == 'S':
            self.inodes[line.inode].sync()
        elif line.kind == 'F':      # the system takes what it could not write for written: it may never be
            self.inodes[line.inode].pending.clear()

    def write(self, folder, mode, random):
        """An image of it into this folder. Mode 'mixed': each file and folder in a mode of its own."""
        def one_mode():
            return random.choice(MODES) if mode == 'mixed' else mode

        names, contents, todo, seen = {}, {}, [self.root], set()

        def names_of(node):
            return names.setdefault(node, dict(node.durable))

        folders = {node for node in self.inodes.values() if isinstance(node, Folder)} | {self.root}
        for node in sorted(folders, key=list(self.inodes.values()).index):
            for one in node.chosen(one_mode(), random):
                move(names_of(node), names_of, *one)
        places = {self.root: Path(folder)}
        while todo:
            node = todo.pop()
            places[node].mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, child in sorted(names_of(node).items()):
                path = places[node] / name
                if isinstance(child, Folder):
                    if child not in seen:
                        seen.add(child)
                        places[child] = path
                        todo.append(child)
                else:
                    if child not in contents:
                        contents[child] = child.content(one_mode(), random)
                    path.write_bytes(contents[child])
                    path.chmod(0o600)
