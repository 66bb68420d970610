"""The service kit's overhead: all parts together, compared with a bare response and with well-known middlewares.

`python -m benchmarks.kit` prints a table and writes `benchmarks/results/kit.json`. The subjects run under uvicorn, one
worker, in an environment of their own with the versions below. Load goes to 127.0.0.1, bounded in count and time.
"""

import contextlib
import gc
import os
import random
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import write

ROOT = Path(__file__).parents[1]
SUBJECTS = ("bare", "everything", "usual")
PACKAGES = (
    "starlette==1.10.0", "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0",
    "asgi-correlation-id==5.0.1", "prometheus-fastapi-instrumentator==8.1.0", "python-json-logger==4.2.0",
    "secure==2.0.1", "slowapi==0.1.10",
)  # fmt: skip
END = b"x" * 64
CORES = sorted(os.sched_getaffinity(0))
CONNECTIONS, SECONDS, ROUNDS, PACED_ROUNDS = 16, 2, 12, 12
# The headers that an edge sends.
HEADERS = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
BUDGETS = {
    "cost_us": 35.0,
    "of_bare": 0.60,
    "of_usual": 2.0,
    "added_p99_ms": 0.3,
}


def bare() -> Any:
    """Return a Starlette application that responds with 1 KB."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    body = b"x" * 1024

    async def item(request: Request) -> Response:
        return Response(body, media_type="text/plain")

    return Starlette(routes=[Route("/items/{item}", item)])


def everything() -> Any:
    """Return the same application behind all parts of the kit, with a rate limit that counts but never refuses."""
    from mainstay_kit import Limit, Rate, TrustedProxies, configure_logging, protect

    configure_logging()
    return protect(
        bare(),
        proxies=TrustedProxies(networks=["127.0.0.1"]),
        origins=["https://app.example.com"],
        limits=[Limit("/", Rate(10_000_000, 60))],
    )


def usual() -> Any:
    """Return the same application behind the middlewares that are usually combined for it.

    No body limit, no problem details, no probes, no trace context and no graceful stop: for these there is no
    single well-known middleware, so this subject does less than the kit.
    """
    import logging

    from asgi_correlation_id import CorrelationIdFilter, CorrelationIdMiddleware  # type: ignore[import-not-found]  # installed by this benchmark
    from prometheus_fastapi_instrumentator import Instrumentator  # type: ignore[import-not-found]  # installed by this benchmark
    from pythonjsonlogger.json import JsonFormatter  # type: ignore[import-not-found]  # installed by this benchmark
    from secure import Secure  # type: ignore[import-not-found]  # installed by this benchmark
    from secure.middleware import SecureASGIMiddleware  # type: ignore[import-not-found]  # installed by this benchmark
    from slowapi import Limiter  # type: ignore[import-not-found]  # installed by this benchmark
    from slowapi.middleware import SlowAPIASGIMiddleware  # type: ignore[import-not-found]  # installed by this benchmark
    from slowapi.util import get_remote_address  # type: ignore[import-not-found]  # installed by this benchmark
    from starlette.middleware.cors import CORSMiddleware

    app = bare()
    app.state.limiter = Limiter(get_remote_address, default_limits=["10000000/minute"], headers_enabled=True)
    app.add_middleware(SlowAPIASGIMiddleware)
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    app.add_middleware(SecureASGIMiddleware, secure=Secure.with_default_headers())
    app.add_middleware(CorrelationIdMiddleware)
    Instrumentator().instrument(app).expose(app)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(message)s %(correlation_id)s"))
    handler.addFilter(CorrelationIdFilter())
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = [handler]
    return app


OPTIONS = {
    "bare": ("--no-access-log", "--no-proxy-headers"),
    "everything": ("--no-access-log", "--no-proxy-headers"),
    "usual": ("--access-log", "--proxy-headers"),
}


@dataclass
class Subject:
    """A running server and its measurements."""

    name: str
    port: int
    process: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/items/7"

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    python = environment()
    pin_to(0, os.getpid())  # also for the load generators that it starts: the servers have the last core
    with running("bare", python) as one, running("everything", python) as two, running("usual", python) as three:
        subjects = (one, two, three)
        for subject in subjects:
            saturate(subject, 1)
        rounds = [{subject.name: saturate(subject, SECONDS) for subject in subjects} for _ in range(ROUNDS)]
        # The machine is shared, and other work can only increase a cost or latency, so the quietest round counts.
        requests = {name: max(one_round[name][0] for one_round in rounds) for name in SUBJECTS}
        requests_median = {name: statistics.median(one_round[name][0] for one_round in rounds) for name in SUBJECTS}
        cpu = {name: min(one_round[name][1] for one_round in rounds) for name in SUBJECTS}
        cpu_median = {name: statistics.median(one_round[name][1] for one_round in rounds) for name in SUBJECTS}
        rate = requests_median["everything"] / 2
        paced_rounds = [
            {subject.name: paced(subject, rate, python) for subject in (one, two)} for _ in range(PACED_ROUNDS)
        ]
    p99 = {name: min(one_round[name] for one_round in paced_rounds) for name in ("bare", "everything")}
    measured = {
        "cost_us": cpu["everything"] - cpu["bare"],
        "of_bare": requests["everything"] / requests["bare"],
        "of_usual": requests["everything"] / requests["usual"],
        "added_p99_ms": p99["everything"] - p99["bare"],
    }
    report(requests, requests_median, cpu, cpu_median, p99, rate, measured)


def environment() -> str:
    """Return the interpreter of a virtual environment with the subjects' packages, created at the first run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    sandbox = cache / "mainstay/benchmarks/kit"
    done = sandbox / "done"
    if not done.exists() or done.read_text() != "\n".join(PACKAGES):
        uv_here = Path(sys.executable).with_name("uv")
        uv = str(uv_here) if uv_here.exists() else shutil.which("uv") or sys.exit("uv is needed: pip install uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, sandbox], check=True)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(sandbox / "bin/python")]
        subprocess.run([*install, *PACKAGES], check=True)
        done.write_text("\n".join(PACKAGES))
    return str(sandbox / "bin/python")


@contextlib.contextmanager
def running(name: str, python: str) -> Iterator[Subject]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    command = [python, "-m", "uvicorn", "--factory", f"benchmarks.kit:{name}", "--port", str(port)]
    known = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'kit/src'}"}
    known.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as log:  # a file, as under a supervisor: the access log is written for real
        process = subprocess.Popen([*command, *OPTIONS[name]], stdout=log, stderr=log, env=known, cwd=ROOT)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        pin_to(-1, process.pid)
        prioritise(process.pid)
        yield Subject(name, port, process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def saturate(subject: Subject, seconds: int) -> tuple[float, float]:
    """Send as many requests as possible; return requests per second, and CPU µs of the server per request."""
    before = subject.cpu_seconds()
    if shutil.which("wrk"):
        headers = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *headers, subject.url]
        printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        count = int(re.findall(r"(\d+) requests in", printed)[0])
        assert "Non-2xx" not in printed, printed
        per_second = float(re.findall(r"Requests/sec:\s+([\d.]+)", printed)[0])
    else:
        latencies = drive(subject.port, seconds, 0.0)
        count, per_second = len(latencies), len(latencies) / seconds
    return per_second, (subject.cpu_seconds() - before) / count * 1e6


def paced(subject: Subject, rate: float, python: str) -> float:
    """Return the 99th percentile of the latency, in ms, at *rate* requests per second."""
    command = [python, "-m", "benchmarks.kit", "drive", str(subject.port), str(SECONDS), str(rate)]
    printed = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT).stdout
    return float(printed)


def pin_to(core: int, process: int) -> None:
    """Pin *process* to one core, if permitted: two processes that share a core would wait for each other."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(process, {CORES[core]})


def prioritise(process: int) -> None:
    """Give *process* real-time priority, if permitted, so that other work is not counted. Not for one that spins."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(process, os.SCHED_FIFO, os.sched_param(1))


def drive(port: int, seconds: float, rate: float) -> list[float]:
    """Send requests at *rate* (0: as fast as responses arrive); return the seconds from when each was due to its end.

    Requests are sent at random moments, like those of many users, with microsecond precision: an event loop's timers
    would send them in bursts, and the bursts would be measured. So this function spins, on a core of its own.
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    request = f"GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
    sockets = {
        connection.fileno(): connection
        for connection in (socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS))
    }
    free, sent_at, poll = deque(sockets), dict[int, float](), select.epoll()
    for number, line in sockets.items():
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(number, select.EPOLLIN)
    rng, latencies = random.Random(SECONDS), list[float]()
    gc.disable()
    now = due = time.perf_counter()
    until = now + seconds
    while now < until or sent_at:
        if due <= now < until and free:
            number = free.popleft()
            sent_at[number] = due if rate else now
            sockets[number].send(request)
            due += rng.expovariate(rate) if rate else 0.0
        for number, _ in poll.poll(0):
            if sockets[number].recv(65536).endswith(END):
                latencies.append(time.perf_counter() - sent_at.pop(number))
                free.append(number)
        now = time.perf_counter()
    for line in sockets.values():
        line.close()
    return latencies


def drive_here(port: str, seconds: str, rate: str) -> None:
    """Run `drive` as a process of its own, so that the client disturbs the measured server as little as possible."""
    latencies = drive(int(port), float(seconds), float(rate))
    print(statistics.quantiles(latencies, n=100)[98] * 1000)


def report(
    requests: dict[str, float],
    requests_median: dict[str, float],
    cpu: dict[str, float],
    cpu_median: dict[str, float],
    p99: dict[str, float],
    rate: float,
    measured: dict[str, float],
) -> None:
    print("The quietest round of each subject; the median in brackets.\n")
    print(f"| subject | requests/s | CPU µs a request | p99 ms at {rate:.0f}/s |")
    print("|---|---:|---:|---:|")
    for name in SUBJECTS:
        rates = f"{requests[name]:.0f} ({requests_median[name]:.0f})"
        cpu_cells = f"{cpu[name]:.1f} ({cpu_median[name]:.1f})"
        print(f"| {name} | {rates} | {cpu_cells} | {f'{p99[name]:.2f}' if name in p99 else '–'} |")
    met = {
        "cost_us": measured["cost_us"] <= BUDGETS["cost_us"],
        "of_bare": measured["of_bare"] >= BUDGETS["of_bare"],
        "of_usual": measured["of_usual"] >= BUDGETS["of_usual"],
        "added_p99_ms": measured["added_p99_ms"] <= BUDGETS["added_p99_ms"],
    }
    print("\n| figure | measured | budget | met |")
    print("|---|---:|---:|---|")
    for name, value in measured.items():
        print(f"| {name} | {value:.2f} | {BUDGETS[name]:g} | {'yes' if met[name] else 'NO'} |")
    document = {
        "python": sys.version.split()[0],
        "packages": list(PACKAGES),
        "requests_per_second_quietest_round": requests,
        "requests_per_second_median": requests_median,
        "cpu_us_quietest_round": cpu,
        "cpu_us_median": cpu_median,
        "p99_ms_quietest_round": p99,
        "half_load_per_second": rate,
        "measured": measured,
        "budgets": BUDGETS,
        "met": met,
    }
    write("kit", document)


if __name__ == "__main__":
    if sys.argv[1:2] == ["drive"]:
        drive_here(*sys.argv[2:])
    else:
        main()
