"""The same two tables and payloads, served by what a user might pick instead: peers/ has their sources, their packages
come from the registries into the folder of the measurements. Each side has the same load in the same run, by turns."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess

from common import poll

HERE = pathlib.Path(__file__).resolve().parent / "peers"
PROCESSES = len(os.sched_getaffinity(0))
# At least so many times what the best of the peers does.
TARGETS = {"GET by id": 1.5, "page of 50": 3, "durable POST": 2, "90/10 mix": 1}
COLUMNS = ("id, reference, version, created_at, created_by, updated_at, updated_by, review_id, decision_id, kind, title, "
           "description, root_cause, owner_id, deadline, success_criteria, priority, resources, predecessor_id, status, "
           "original_deadline, extension_count, progress_percent, completed_on, closed_on, cancelled_on, ended_at, "
           "status_reason, cancel_approved_by_id")


def tables(place, path):
    """The two tables with the rows of a data set: what a peer serves."""
    database = sqlite3.connect(path)
    database.executescript(f"""
        PRAGMA journal_mode = WAL;
        ATTACH '{place}/data/reviewd.db' AS ours;
        CREATE TABLE decision (id TEXT PRIMARY KEY, reference TEXT NOT NULL, title TEXT NOT NULL, review_id TEXT NOT NULL,
            review_reference TEXT NOT NULL, review_title TEXT NOT NULL);
        INSERT INTO decision SELECT d.id, d.reference, d.title, r.id, r.reference, r.title
            FROM ours.decision AS d JOIN ours.review AS r ON r.id = d.review_id;
        CREATE TABLE action_item (id TEXT PRIMARY KEY, reference TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
            created_at TEXT NOT NULL, created_by TEXT, updated_at TEXT NOT NULL, updated_by TEXT, review_id TEXT NOT NULL,
            decision_id TEXT NOT NULL REFERENCES decision (id), kind TEXT NOT NULL, title TEXT NOT NULL, description TEXT,
            root_cause TEXT, owner_id TEXT NOT NULL, deadline TEXT NOT NULL, success_criteria TEXT NOT NULL,
            priority TEXT NOT NULL, resources TEXT, predecessor_id TEXT, status TEXT NOT NULL,
            original_deadline TEXT NOT NULL, extension_count INTEGER NOT NULL, progress_percent INTEGER,
            completed_on TEXT, closed_on TEXT, cancelled_on TEXT, ended_at TEXT, status_reason TEXT,
            cancel_approved_by_id TEXT);
        INSERT INTO action_item ({COLUMNS}) SELECT {COLUMNS} FROM ours.action_item;
        CREATE INDEX action_item_decision_id ON action_item (decision_id);
        DETACH ours;""")
    database.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """One side: how it is installed and started, and where it has what is asked for."""

    def __init__(self, name, bench):
        self.name, self.bench = name, bench
        self.folder = bench.folder / "peers" / name
        self.data = self.folder / "data"

    def sources(self, *names):
        """The sources where the packages are; True where they changed since."""
        self.folder.mkdir(parents=True, exist_ok=True)
        old = [(self.folder / name).read_bytes() if (self.folder / name).exists() else None for name in names]
        for name in names:
            shutil.copy(HERE / name, self.folder)
        return old != [(HERE / name).read_bytes() for name in names]

    def call(self, *command, seconds=900, **options):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=seconds, **options)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(map(str, command))}: {done.stderr[-2000:]}")
        return done.stdout

    def fill(self, place):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        tables(place, self.data / "peer.db")

    def paths(self, place):
        """Files of the paths of GETs, of the page, and of POSTs."""
        return place / "gets", self.bench.paths("page", "/v1/action-items?limit=50"), place / "posts"

    @contextlib.contextmanager
    def serving(self, processes=PROCESSES):
        port = free_port()
        command, environment = self.command(port, processes)
        with open(self.folder / "log", "w") as log:
            process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env=os.environ | environment,
                                       start_new_session=True)
        try:
            self.wait(process, port)
            yield Side(process, port)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def wait(self, process, port):
        def answers():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
                probe.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return probe.recv(1)
            return None
        poll(30, answers, process, self.folder / "log")


class Fastify(Peer):
    def install(self):
        if self.sources("package.json", "fastify.js") or not (self.folder / "node_modules").exists():
            prefix = self.call("node", "-p", "path.resolve(process.execPath, '..', '..')").strip()
            # better-sqlite3 is compiled where no binary of it can be had; Node's own headers do for that.
            self.call("npm", "install", "--ignore-scripts=false", f"--nodedir={prefix}", "--no-audit", "--no-fund",
                      "--no-package-lock")

    def command(self, port, processes):
        return ["node", "fastify.js", "data/peer.db", str(processes)], {"PORT": str(port), "NODE_ENV": "production"}


class Rest(Peer):
    def install(self):
        if self.sources("requirements.txt", "rest.py") or not (self.folder / "venv" / "bin" / "gunicorn").exists():
            self.call("/usr/bin/python3", "-m", "venv", "venv")
            self.call("venv/bin/pip", "install", "--quiet", "-r", "requirements.txt")

    def command(self, port, processes):
        return (["venv/bin/gunicorn", "rest:application", "--bind", f"127.0.0.1:{port}", "--workers", str(processes),
                 "--worker-class", "gthread", "--threads", "4", "--keep-alive", "75", "--log-level", "error"],
                {"PEER_DATABASE": str(self.data / "peer.db")})


class PocketBase(Peer):
    def install(self):
        if self.sources("pocketbase/main.go", "pocketbase/go.mod") or not (self.folder / "pocketbase").exists():
            self.call("go", "mod", "tidy")
            self.call("go", "build", "-o", "pocketbase", ".")

    def fill(self, place):
        super().fill(place)
        self.call("./pocketbase", "fill", "--dir", "data/own", "data/peer.db")

    def paths(self, place):
        records = "/api/collections/action_item/records"
        gets = [f"{records}/{line.rsplit('/', 1)[1]}?expand=decision" for line in (place / "gets").read_text().split()]
        posts = [f"{records}?expand=decision&in={line.split('/')[3]}" for line in (place / "posts").read_text().split()]
        page = f"{records}?perPage=50&skipTotal=1&sort=id&expand=decision"
        return (self.bench.paths("pocketbase-gets", *gets), self.bench.paths("pocketbase-page", page),
                self.bench.paths("pocketbase-posts", *posts))

    def command(self, port, processes):
        return ["./pocketbase", "serve", "--dir", "data/own", "--http", f"127.0.0.1:{port}"], {}


class Reviewd(Peer):
    def install(self):
        pass

    def fill(self, place):
        self.bench.copy(self.bench.sizes[1])

    @contextlib.contextmanager
    def serving(self, processes=PROCESSES):
        with self.bench.daemon(self.bench.folder / f"copy-{self.bench.sizes[1]}") as server:
            yield Side(server.process, server.port)


KINDS = {"reviewd": Reviewd, "Fastify with better-sqlite3": Fastify, "Django REST framework": Rest, "PocketBase": PocketBase}
PROGRAMS = {"Fastify with better-sqlite3": "npm", "PocketBase": "go"}


class Side:
    def __init__(self, process, port):
        self.process, self.port = process, port

    def pids(self):
        """Of all its processes."""
        found, queue = [], [self.process.pid]
        while queue:
            found.append(queue.pop())
            for task in pathlib.Path(f"/proc/{found[-1]}/task").glob("*/children"):
                queue += map(int, task.read_text().split())
        return found

    def resident_mib(self):
        """What its processes have between them: shared pages are divided among those that share them."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):      # one that was about to end
                rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss: +(\d+)", rollup, re.M)[1])
        return total / 1024


def one_round(peer, place, results):
    """Each line once, on the rows as they were first."""
    bench = peer.bench
    peer.fill(place)
    gets, page, posts = peer.paths(place)
    loads = {"GET by id": {"reads": gets}, "page of 50": {"reads": page, "connections": 16},
             "90/10 mix": {"reads": gets, "posts": posts, "body": place / "body", "percent": 10},
             "durable POST": {"posts": posts, "body": place / "body", "percent": 100}}
    # Where a peer can be one process or as many as there are cores, the better one counts.
    for processes in ((PROCESSES, 1) if isinstance(peer, Fastify) else (PROCESSES,)):
        with peer.serving(processes) as side:
            for line, options in loads.items():
                result = bench.load(side, place, **options)
                kept = results.setdefault(line, [])
                if processes == PROCESSES:
                    kept.append(result)
                elif result["per_s"] > kept[-1]["per_s"]:
                    kept[-1] = result
            if processes == PROCESSES:
                results.setdefault("resident", []).append({"per_s": side.resident_mib()})


def peers(bench):
    """The same two tables and payloads by Fastify, Django REST framework and PocketBase."""
    place = bench.copy(bench.sizes[1])
    sides = []
    for name, kind in KINDS.items():
        if name in PROGRAMS and not shutil.which(PROGRAMS[name]):
            bench.note(f"{name}: not here, there is no {PROGRAMS[name]}", "")
            continue
        sides.append(kind(name.split()[0].lower(), bench))
        sides[-1].title = name
        sides[-1].install()
    results = {side.title: {} for side in sides}
    for _ in range(bench.runs):
        for side in sides:
            one_round(side, place, results[side.title])
    ours, theirs = results.pop("reviewd"), results
    for line, least in TARGETS.items():
        best = max(theirs, key=lambda name: median(theirs[name][line]))
        for name in theirs:
            bench.note_ratio(f"{line}: reviewd : {name}", ours[line], theirs[name][line], least if name == best else None)
    bench.note("90/10 mix, closed loop: p99", ", ".join(
        f"{name} {median(result['90/10 mix'], 'p99_us') / 1000:.1f} ms" for name, result in {"reviewd": ours, **theirs}.items()))
    memory = {name: median(result["resident"]) for name, result in {"reviewd": ours, **theirs}.items()}
    bench.note("resident after it, all processes", ", ".join(f"{name} {mib:.0f} MiB" for name, mib in memory.items()),
               "the least", min(memory, key=memory.get) == "reviewd")
    bench.plots["peers"] = plot({line: {name: median(result[line]) for name, result in {"reviewd": ours, **theirs}.items()}
                                 for line in TARGETS})


def median(results, key="per_s"):
    return statistics.median(result[key] for result in results)


# --- the plot -------------------------------------------------------------------------------------------------------

WIDTH, LEFT, BAR, GAP, HEAD = 720, 190, 16, 22, 34
COLOURS = ("#1f6f8b", "#8a8f98", "#a9adb4", "#c5c8cd")


def plot(lines):
    """Bars of requests a second, a block for each line, each to its own greatest."""
    height = 16 + sum(HEAD + len(values) * BAR + GAP for values in lines.values())
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             'font-size="12" role="img"><title>Requests a second by reviewd and its peers</title>'
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']
    top = 16
    for line, values in lines.items():
        parts.append(f'<text x="{LEFT}" y="{top + 14}" font-weight="bold" fill="#1c2126">{line}, a second</text>')
        top += HEAD - 10
        for (name, value), colour in zip(values.items(), COLOURS):
            width = value / max(values.values()) * (WIDTH - LEFT - 90)
            parts.append(f'<text x="{LEFT - 8}" y="{top + 11}" text-anchor="end" fill="#1c2126">{name}</text>'
                         f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR - 4}" fill="{colour}"/>'
                         f'<text x="{LEFT + width + 6:.1f}" y="{top + 11}" fill="#1c2126">{value:,.0f}</text>')
            top += BAR
        top += GAP + 10
    return "\n".join([*parts, "</svg>"]) + "\n"
