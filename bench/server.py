"""The servers that are measured: the product as `make run` starts it, and the bare page under the same gunicorn."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.data import application
from forum import cli
from forum.config import ROOT

START_SECONDS, STOP_SECONDS = 60, 15


@dataclass(frozen=True)
class Server:
    """A server under way."""

    url: str
    process: int

    def memory_mb(self) -> float:
        """MiB of its processes together, pages that they share counted once."""
        return sum(_memory_kib(process) for process in _tree(self.process)) / 1024

    def children_mb(self) -> dict[int, float]:
        """MiB of each process that the first one started, by its number; what those started counts nowhere."""
        return {process: _memory_kib(process) / 1024 for process in _children(self.process)}

    def cpu_ms(self) -> float:
        """Processor time that its processes have taken so far; other programs on the machine hardly change it."""
        return sum(_ticks(process) for process in _tree(self.process)) * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def product(instance: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The real server, by the command that `make run` ends with; `settings` are variables of the environment."""
    port = _free_port()
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    with _running([*flask, "serve", "--bind", f"127.0.0.1:{port}"], instance, port, settings) as server:
        yield server


@contextmanager
def gunicorn(
    instance: Path, module: str, workers: int, extra: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Another application, or more workers, under the very gunicorn that `serve` starts."""
    port = _free_port()
    arguments = _gunicorn_arguments(instance, f"127.0.0.1:{port}")
    arguments[arguments.index("wsgi:app")] = module
    arguments[arguments.index("--workers") + 1] = str(workers)
    with _running([sys.executable, "-m", *arguments], instance, port, extra) as server:
        yield server


def _gunicorn_arguments(instance: Path, bind: str) -> list[str]:
    """What `serve` hands to gunicorn, by the same function."""
    return ["gunicorn", *cli.server_arguments(application(instance).extensions["settings"], bind)]


@contextmanager
def _running(
    command: list[str], instance: Path, port: int, extra: Mapping[str, str] | None = None
) -> Iterator[Server]:
    url = f"http://127.0.0.1:{port}"
    # Nothing of this shell's settings or of .env: the bench writes, and only into its own copy.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("NETWORK_", "GUNICORN_"))
    }
    environment = inherited | {
        "NETWORK_INSTANCE": str(instance),
        "NETWORK_DATABASE_URL": f"sqlite:///{instance / 'network.sqlite'}",
        "NETWORK_SECRET_KEY": "",
        "NETWORK_PUBLIC_URL": url,
        "NETWORK_RATE_LIMITS": "false",
        "NETWORK_DEMO": "false",
        "NETWORK_SMTP_HOST": "",
        **(extra or {}),
    }
    log = instance / f"server-{port}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for(url, process, log)
        yield Server(url, process.pid)
    except Exception as fault:
        fault.add_note(f"the server's last words:\n{log.read_text()[-2000:]}")
        raise
    finally:
        _stop(process)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/robots.txt", timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started; it leads a process group of its own."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tree(process: int) -> list[int]:
    """The process and all below it."""
    return [process, *(below for child in _children(process) for below in _tree(child))]


def _children(process: int) -> list[int]:
    with suppress(OSError):  # it ended meanwhile
        files = Path(f"/proc/{process}/task").glob("*/children")
        return [int(child) for file in files for child in file.read_text().split()]
    return []


def _ticks(process: int) -> int:
    """User and system time, from the fields behind the name in brackets."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _memory_kib(process: int) -> int:
    """Proportional set size; where the system does not tell it, the resident set (shared pages count twice)."""
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
