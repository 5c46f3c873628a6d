"""What a review leaves behind for people: how long its minutes take, and what memory."""
import datetime
import json
import os
import statistics
import subprocess
import time
import urllib.request

CLAUSES = ["a", "b", "c", "d1", "d2", "d3", "d4", "e", "f", "g"]
INPUTS, DECISIONS, ITEMS = 30, 15, 40
PARAGRAPH = ("The figures of the half-year were shown against their targets. **Two of them** were missed, since the move of "
             "the data centre took longer than planned:\n\n- restore tests began in May\n- patches waited for the freeze\n\n"
             "The owners explained what they do about it, and by when. ")


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=offset)).isoformat()


class Caller:
    def __init__(self, port, token):
        self.url, self.token = f"http://127.0.0.1:{port}", token

    def call(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "If-Match": "*"}
        if method is None and body is not None and path.split("/")[-1] not in ("start", "adopt"):
            del headers["If-Match"]
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def json(self, path, body=None, method=None):
        return json.loads(self.call(path, body, method))


def command(bench, place, *words):
    done = subprocess.run([bench.reviewd, *words, "--data", str(place / "data")], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def fill(caller):
    """A review in progress with all of it; its id."""
    people = caller.json("/v1/people?limit=10")["data"]
    top, owner = (next(one["id"] for one in people if one["role"] == role) for role in ("top_management", "department_head"))
    review = caller.json("/v1/reviews", {
        "title": "Half-yearly management review", "type": "scheduled", "scope": PARAGRAPH, "period_start": day(-180),
        "period_end": day(-1), "planned_on": day(0), "chair_id": top})["id"]
    caller.json(f"/v1/reviews/{review}/attendees", {"person_id": owner, "capacity": "contributor", "attendance": "attended"})
    caller.json(f"/v1/reviews/{review}/start", {})
    for number in range(INPUTS - len(CLAUSES)):
        caller.json(f"/v1/reviews/{review}/inputs", {"clause": CLAUSES[number % 10], "title": f"Further input {number}"})
    inputs = caller.json(f"/v1/reviews/{review}/inputs?limit=200")["data"]
    for one in inputs:
        metrics = [{"name": f"Figure {number} of it", "value": 90 + number, "target": 95, "comparator": "gte", "unit": "%"}
                   for number in range(4)]
        caller.json(f"/v1/inputs/{one['id']}", {
            "state": "considered", "summary": PARAGRAPH * 2, "conclusion": PARAGRAPH, "trend": "stable", "metrics": metrics,
            "source": {"system": "Ticket system", "reference": "Half-year report"}}, "PATCH")
    criteria = [{"statement": "Restore tests are held each quarter", "metric": "restore tests", "comparator": "gte",
                 "target": 4}, {"statement": "The procedure is in force", "verification": "Read the signed procedure"}]
    for number in range(DECISIONS):
        decision = caller.json(f"/v1/reviews/{review}/decisions", {
            "kind": "corrective_action", "title": f"Decision {number} of the review", "statement": PARAGRAPH,
            "rationale": PARAGRAPH, "input_ids": [inputs[number]["id"]], "decided_by_id": top, "owner_id": owner,
            "deadline": day(200), "success_criteria": criteria})["id"]
        caller.json(f"/v1/decisions/{decision}/adopt", {"decided_on": day(0)})
        for item in range(ITEMS // DECISIONS + (number < ITEMS % DECISIONS)):
            caller.json(f"/v1/decisions/{decision}/action-items", {
                "kind": "improvement", "title": f"Action item {item} of decision {number}", "owner_id": owner,
                "deadline": day(100), "success_criteria": criteria})
    return review


def minutes(bench):
    """Minutes of a review with 30 inputs, 15 decisions and 40 action items, in HTML and PDF: time and memory."""
    place = bench.folder / "papers"
    subprocess.run(["rm", "-rf", str(place)], check=True)
    command(bench, place, "person", "upsert", "--name", "Tessa Top", "--email", "top@example.org", "--role", "top_management")
    command(bench, place, "person", "upsert", "--name", "Hana Head", "--email", "head@example.org", "--role",
            "department_head")
    token = command(bench, place, "token", "create", "--person", "top@example.org", "--label", "bench")
    with bench.daemon(place) as server:
        caller = Caller(server.port, token)
        review = fill(caller)
    for form in ("html", "pdf"):
        with bench.daemon(place) as server:      # each with a memory of its own
            caller = Caller(server.port, token)
            caller.call(f"/v1/reviews/{review}")
            before = most_mib(server.process.pid)
            times, length = [], 0
            processor = cpu_ms(server.process.pid)
            for _ in range(bench.runs * 5 + 1):
                began = time.perf_counter()
                length = len(caller.call(f"/v1/reviews/{review}/minutes?format={form}"))
                times.append((time.perf_counter() - began) * 1000)
            after = most_mib(server.process.pid)
            processor = (cpu_ms(server.process.pid) - processor) / len(times)
        first, times = times[0], times[1:]
        bench.note(f"Minutes of {INPUTS} inputs, {DECISIONS} decisions and {ITEMS} action items as {form} "
                   f"({length / 1024:.0f} KiB)",
                   f"{statistics.median(times):.1f} ms ({min(times):.1f} to {max(times):.1f}; the first {first:.0f}), of the processor {processor:.1f} ms each; "
                   f"resident, the most, {after:.1f} MiB (before {before:.1f})")


def most_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def cpu_ms(pid):
    with open(f"/proc/{pid}/stat") as status:
        fields = status.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
