"""Registers, imports and evidence packs: what streams."""
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.request

import data
from common import get, memory_mib, middle, spread


def fetch(port, path, token):
    """Reads an answer to its end: seconds to its first byte and to its last, and its length."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as answer:
        length = len(answer.read(1))
        first = time.perf_counter() - began
        while part := answer.read(1 << 20):
            length += len(part)
    return {"first": first, "seconds": time.perf_counter() - began, "bytes": length}


def shell_export(database):
    """The same rows by the sqlite3 shell's own CSV mode."""
    query = "SELECT a.*, r.reference, r.title, d.reference, d.title FROM action_item a JOIN review r ON r.id = a.review_id " \
            "JOIN decision d ON d.id = a.decision_id ORDER BY a.id"
    began = time.perf_counter()
    subprocess.run(["sqlite3", "-readonly", "-csv", str(database), query], check=True, stdout=subprocess.DEVNULL, timeout=600)
    return {"seconds": time.perf_counter() - began}


def export(bench):
    """All action items in CSV, NDJSON and XLSX against the sqlite3 shell, and what others notice of it."""
    items = bench.sizes[1]
    place = bench.set(items)
    token = (place / "token").read_text()
    for form in ("csv", "ndjson", "xlsx"):
        with bench.daemon(place) as ours:
            path = f"/v1/action-items?format={form}"
            get(ours.port, "/v1/action-items?limit=1", token)
            results, theirs = bench.alternate(lambda: fetch(ours.port, path, token),
                                              lambda: shell_export(place / "data" / "reviewd.db"))
            resident = memory_mib(ours.process.pid, "VmHWM")
            others = during(lambda: fetch(ours.port, path, token),
                            lambda: bench.load(ours, place, connections=2, rate=200, reads=place / "gets"))
            alone = bench.load(ours, place, connections=2, rate=200, reads=place / "gets")
        ratios = [a["seconds"] / b["seconds"] for a, b in zip(results, theirs)]
        bench.note(f"{items:,} action items as {form} : sqlite3 -csv ({results[0]['bytes'] / 2**20:.0f} MiB)",
                   f"{spread(ratios, '.2f')}; {middle(results, 'seconds'):.2f} s : {middle(theirs, 'seconds'):.2f} s")
        first = middle(results, "first") * 1000
        bench.note(f"{items:,} action items as {form}: first byte", f"{first:.1f} ms", "≤ 50 ms", first <= 50)
        bench.note(f"{items:,} action items as {form}: resident, the most", f"{resident:.1f} MiB", "≤ 64 MiB", resident <= 64)
        bench.note(f"{items:,} action items as {form}: p99 of GETs meanwhile, 200/s",
                   f"{others['p99_us'] / 1000:.2f} ms; without it {alone['p99_us'] / 1000:.2f} ms")


def send_import(port, token, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/imports?resource=action-items&dry_run=true", body,
                                     {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as answer:
        assert json.load(answer)["refused"] == 0
    return {"seconds": time.perf_counter() - began}


def imports(bench):
    """An import of action items in CSV that is rehearsed, which is all of it but the COMMIT, and what others notice."""
    lines = 100_000 // (10 if bench.quick else 1)
    place = bench.set(bench.sizes[0])
    token = (place / "token").read_text()
    with bench.daemon(place) as ours:
        item = json.loads(get(ours.port, "/v1/action-items?limit=1&sort=-deadline", token)[2])["data"][0]
        head = "decision_id,kind,title,description,owner_id,deadline,success_criteria\r\n"
        criteria = '"[{""statement"":""It is done, as was said"",""verification"":""Somebody else looks""}]"'
        rows = (f"{item['decision_id']},change,Item {i} of the file,What is to be done,{item['owner_id']},{item['deadline']},{criteria}\r\n"
                for i in range(lines))
        body = (head + "".join(rows)).encode()
        results = [send_import(ours.port, token, body) for _ in range(bench.runs)]
        resident = memory_mib(ours.process.pid, "VmHWM")
        others = during(lambda: send_import(ours.port, token, body),
                        lambda: bench.load(ours, place, connections=2, rate=200, reads=place / "gets"))
    bench.note(f"import of {lines:,} action items as CSV ({len(body) / 2**20:.0f} MiB), rehearsed",
               f"{middle(results, 'seconds'):.2f} s, {lines / middle(results, 'seconds'):,.0f} lines/s")
    bench.note(f"import of {lines:,} action items: resident, the most", f"{resident:.1f} MiB", "≤ 64 MiB", resident <= 64)
    bench.note(f"import of {lines:,} action items: p99 of GETs meanwhile, 200/s", f"{others['p99_us'] / 1000:.2f} ms")


def during(export_once, load_once):
    """The load's result while exports follow each other."""
    over = threading.Event()

    def repeat():
        while not over.is_set():
            export_once()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        return load_once()
    finally:
        over.set()
        thread.join()


def pack(bench):
    """The evidence pack of a review with 200 MiB of evidence, against the same files read one by one."""
    place = bench.folder / "pack"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()

    def command(*words):
        return subprocess.run([bench.reviewd, *words, "--data", place / "data"], check=True, capture_output=True,
                              text=True).stdout.strip()

    command("person", "upsert", "--name", "Vera", "--email", "vera@example.org", "--role", "top_management")
    token = command("token", "create", "--person", "vera@example.org", "--label", "bench")
    (place / "token").write_text(token)
    with bench.daemon(place) as ours:
        def send(path, content, **headers):
            request = urllib.request.Request(f"http://127.0.0.1:{ours.port}{path}", content, {
                "Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers})
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)

        review = send("/v1/reviews", json.dumps({
            "title": "Evidence", "type": "scheduled", "scope": "All", "period_start": data.day(-200),
            "period_end": data.day(-1), "planned_on": data.day(1), "chair_id": "vera@example.org"}).encode())
        path = f"/v1/reviews/{review['id']}"
        (place / "gets").write_text(f"{path}\n")
        files = [send(f"{path}/attachments", b"%PDF-1.7\n" + os.urandom(25 * 2**20 - 9), **{
            "Content-Disposition": f'attachment; filename="{number}.pdf"'})["id"] for number in range(8)]

        def whole():
            return fetch(ours.port, f"{path}/evidence-pack", token)

        def one_by_one():
            return {"seconds": sum(fetch(ours.port, f"/v1/attachments/{one}/content", token)["seconds"] for one in files)}

        whole()      # the first one loads the fonts of its draft
        before = memory_mib(ours.process.pid)
        results, theirs = bench.alternate(whole, one_by_one)
        grown = memory_mib(ours.process.pid, "VmHWM") - before
        others = during(whole, lambda: bench.load(ours, place, connections=2, rate=200, reads=place / "gets"))
        alone = bench.load(ours, place, connections=2, rate=200, reads=place / "gets")
    ratios = [a["seconds"] / b["seconds"] for a, b in zip(results, theirs)]
    bench.note(f"evidence pack of {results[0]['bytes'] / 2**20:.0f} MiB : its files one by one",
               f"{spread(ratios, '.2f')}; {middle(results, 'seconds'):.2f} s : {middle(theirs, 'seconds'):.2f} s")
    bench.note("evidence pack: first byte", f"{middle(results, 'first') * 1000:.1f} ms")
    bench.note("evidence pack: resident, more than before", f"{grown:.1f} MiB")
    bench.note("evidence pack: p99 of GETs meanwhile, 200/s",
               f"{others['p99_us'] / 1000:.2f} ms; without it {alone['p99_us'] / 1000:.2f} ms")
