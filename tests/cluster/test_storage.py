"""Uploads outlive whatever is killed meanwhile: the web process, the store."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests

from forum.files.pieces import digest_of, pieces_of
from forum.files.store import blob_key
from tests.cluster.house import Browser, House, new_house, running, wait_until, web
from tests.files.stores import Rclone, rclone, settings_for, store_at
from tests.live import ROOT

pytestmark = pytest.mark.cluster

MEGABYTE = 1024 * 1024
SIZE = 20 * MEGABYTE


class Tus:
    """A member's browser, sending files."""

    def __init__(self, browser: Browser) -> None:
        browser.look()
        self._browser = browser

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Tus-Resumable": "1.0.0",
            "X-CSRFToken": self._browser.token,
            "X-Requested-With": "fetch",
            "Cookie": self._browser.cookie,
        }

    def begin(self, size: int) -> UUID:
        key = uuid4()
        about = {"filename": "Gutachten.pdf", "key": str(key)}
        metadata = ",".join(f"{name} {b64encode(text.encode()).decode()}" for name, text in about.items())
        answer = self.ask("POST", "/files", {"Upload-Length": str(size), "Upload-Metadata": metadata})
        assert answer.status_code == 201, answer.text
        return key

    def patch(self, key: UUID, offset: int, data: bytes) -> requests.Response:
        return self.ask("PATCH", f"/files/{key}", self._part(offset), data)

    def offset(self, key: UUID) -> int:
        return int(self.ask("HEAD", f"/files/{key}").headers["Upload-Offset"])

    def state(self, key: UUID) -> str:
        return str(self.ask("GET", f"/files/{key}").json()["state"])

    def half_a_patch(self, key: UUID, size: int, sent: bytes) -> HTTPConnection:
        """A line on which so much was sent of so much more."""
        line = HTTPConnection(self._browser.url.removeprefix("http://"), timeout=30)
        line.putrequest("PATCH", f"/files/{key}")
        for name, value in (self.headers | self._part(0) | {"Content-Length": str(size)}).items():
            line.putheader(name, value)
        line.endheaders()
        line.send(sent)
        return line

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, data: bytes | None = None
    ) -> requests.Response:
        return requests.request(
            method, self._browser.url + path, headers=self.headers | (headers or {}), data=data, timeout=60
        )

    def _part(self, offset: int) -> dict[str, str]:
        return {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}


def test_an_upload_goes_on_where_a_killed_server_left_it(house: House) -> None:
    server = web(house)
    content = os.urandom(SIZE)
    at = SIZE * 6 // 10
    with running(server):
        sender = Tus(house.browser(house.cast.petra.id, server.url))
        key = sender.begin(SIZE)
        line = sender.half_a_patch(key, SIZE, content[:at])
        wait_until(lambda: sender.offset(key) > at - MEGABYTE, what="it did not arrive")
        server.kill()
        line.close()
        server.start()
        server.wait()
        here = sender.offset(key)
        assert at - MEGABYTE < here <= at
        assert sender.patch(key, here - 1, content[here - 1 :]).status_code == 409
        assert sender.patch(key, here, content[here:]).headers["Upload-Offset"] == str(SIZE)
        assert sender.state(key) == "checking"
    assert _check(house, "--repair") == 0


def test_a_line_that_nobody_closed_holds_up_nobody(house: House) -> None:
    """A train enters a tunnel: the old line stays open at the server, and the sender comes back over a new one."""
    server = web(house)
    content = os.urandom(SIZE)
    with running(server):
        sender = Tus(house.browser(house.cast.petra.id, server.url))
        key = sender.begin(SIZE)
        line = sender.half_a_patch(key, SIZE, content[: 5 * MEGABYTE])
        wait_until(lambda: sender.offset(key) > 4 * MEGABYTE, what="it did not arrive")
        wait_until(lambda: sender.patch(key, (here := sender.offset(key)), content[here:]).status_code == 204)
        assert sender.state(key) == "checking"
        with suppress(OSError):  # nobody listens there any more
            line.send(content[5 * MEGABYTE :])
        line.close()
    expected = digest_of(pieces_of(BytesIO(content))[0])
    assert house.rows("SELECT size FROM blob WHERE digest = :digest", digest=expected) == [(SIZE,)]
    assert _check(house, "--repair") == 0


@pytest.fixture
def s3() -> Iterator[Rclone]:
    with rclone() as server:
        yield server


def test_a_store_that_goes_away_in_mid_upload_costs_the_last_byte_at_most(s3: Rclone, tmp_path: Path) -> None:
    content = os.urandom(SIZE)
    with new_house(**settings_for(s3.url, tmp_path)) as house:
        server = web(house)
        with running(server):
            sender = Tus(house.browser(house.cast.petra.id, server.url))
            key = sender.begin(SIZE)
            assert sender.patch(key, 0, content[: SIZE // 2]).status_code == 204
            s3.stop()
            refused = sender.patch(key, SIZE // 2, content[SIZE // 2 :])
            assert (refused.status_code, "nicht erreichbar" in refused.json()["error"]) == (503, True)
            assert sender.offset(key) == SIZE - 1
            assert sender.state(key) == "receiving"
            s3.start()
            assert sender.patch(key, SIZE - 1, content[-1:]).status_code == 204
            assert sender.state(key) == "checking"
        digest = house.rows("SELECT digest FROM blob")[0][0]
        with house.app.app_context():
            assert store_at(s3.url, tmp_path).get(blob_key(digest)) == content
        assert list((house.folder / "spool").iterdir()) == []
        assert _check(house, "--quick", "--repair") == 0


def _check(house: House, *options: str) -> int:
    """The exit code of `files check`."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "files", "check", *options]
    return subprocess.run(
        command, cwd=ROOT, env=house.environment(), capture_output=True, timeout=120
    ).returncode
