"""Stores to try everything on: a folder, a real S3 server, and one that answers ranges."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from moto.server import ThreadedMotoServer

from forum.config import load_settings
from forum.files.store import Store, open_store
from tests.live import free_port

ACCESS, SECRET = "forum", "only-for-tests"
BUCKET = "files"


def settings_for(url: str, folder: Path) -> dict[str, str]:
    """What an operator would set for a store at `url`; nothing for a folder."""
    if not url:
        return {}
    return {
        "storage_url": f"s3://{BUCKET}/of/forum",
        "s3_endpoint": url,
        "s3_access_key": ACCESS,
        "s3_secret_key": SECRET,
    }


def store_at(url: str, folder: Path) -> Store:
    """A new connection to the store at `url`, or to the one in `folder`."""
    settings = load_settings(
        Path("no-such-file"), instance=folder, secret_key="for tests", **settings_for(url, folder)
    )
    return open_store(settings)


@contextmanager
def rclone() -> Iterator["Rclone"]:
    """`rclone serve s3` over a folder with one bucket."""
    folder = Path(tempfile.mkdtemp(prefix="network-s3-"))
    (folder / BUCKET).mkdir()
    server = Rclone(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Rclone:
    """A server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            str(Path(sys.executable).with_name("rclone")), "serve", "s3", str(self.folder),
            "--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{ACCESS},{SECRET}",
            "--vfs-cache-mode", "off", "--config", os.devnull,
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(requests.RequestException):
                requests.get(self.url, timeout=2)
                return
            time.sleep(0.05)
        raise RuntimeError("rclone did not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextmanager
def moto() -> Iterator[str]:
    """The address of moto's server, with one bucket."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it would tell of every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    requests.put(f"{url}/{BUCKET}", timeout=10).raise_for_status()
    try:
        yield url
    finally:
        server.stop()
