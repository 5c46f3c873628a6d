"""What the measurements share: processes, their time and memory, medians."""
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time
import urllib.request


def say(text):
    print(text, file=sys.stderr, flush=True)


class Server:
    def __init__(self, process, port):
        self.process = process
        self.port = port


def pinned(command, cores):
    return ["taskset", "-c", ",".join(map(str, cores)), *command] if cores else command


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def poll(seconds, ask, process, log):
    """What ask() answers as soon as that is something, while the process lives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        found = ask()
        if found:
            return found
        time.sleep(0.01)
    raise RuntimeError(f"{' '.join(map(str, process.args))} does not start: {log.read_text()[-2000:]}")


def wait_for_port(log, process):
    def listening():
        for line in log.read_text().splitlines():
            if '"event":"listening"' in line:
                return int(json.loads(line)["address"].rsplit(":", 1)[1])
        return None
    return poll(30, listening, process, log)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid, name="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def middle(results, key):
    return statistics.median(result[key] for result in results)


def spread(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def get(port, path, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.headers, answer.read()
