"""Asking and writing over HTTP: pages with wrk, replies one after another on a kept connection."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

_SCRIPT = Path(__file__).with_name("report.lua")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Pressed:
    """What came of asking for one page again and again."""

    requests: int
    rps: float
    p50_ms: float
    p99_ms: float


def ensure_wrk() -> None:
    """Install wrk where we may; else exit with one line that says what to do."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "wrk"]):
            subprocess.run(
                ["apt-get", "-qq", *words], env=environment, stdout=subprocess.DEVNULL, check=False
            )
    if shutil.which("wrk") is None:
        sys.exit("The bench needs wrk: install it (Debian: apt-get install wrk) and run again.")


def press(address: str, connections: int, seconds: int, headers: dict[str, str]) -> Pressed:
    """Ask for `address` on so many connections, each again as soon as it was answered."""
    command = ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s"]
    command += ["--latency", "--timeout", "10s", "-s", str(_SCRIPT)]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*command, address], capture_output=True, text=True, check=True, timeout=seconds + 30
    )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if found["errors"] or not found["requests"]:
        raise RuntimeError(f"{address}: {found['errors']} of {found['requests']} requests failed")
    return Pressed(found["requests"], found["requests"] / found["seconds"], found["p50_ms"], found["p99_ms"])


def fetch(address: str, headers: dict[str, str]) -> str:
    """The page, which must be itself and not the way to the sign-in."""
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        if answer.status != 200 or answer.url != address:
            raise RuntimeError(f"{address} answered {answer.status} at {answer.url}")
        return str(answer.read().decode())


def sign_in(url: str, email: str, password: str) -> str:
    """Through the door that people use; the cookie that a browser would then send."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    door = browser.open(f"{url}/sign-in", timeout=10).read().decode()
    form = {"csrf_token": token_of(door), "email": email, "password": password, "stay": "y"}
    browser.open(f"{url}/sign-in", urllib.parse.urlencode(form).encode(), timeout=10).close()
    browser.open(f"{url}/", timeout=10).close()  # the first page with a form gives the session its token
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def reply(url: str, topic_id: int, cookie: str, texts: list[str], bound: float = 60) -> list[float]:
    """Post the texts one after another; the milliseconds of each from sending to the whole answer."""
    taken: list[float] = []
    deadline = time.monotonic() + bound
    for sent, answered in replying(url, topic_id, cookie, texts):
        taken.append((answered - sent) * 1000)
        if time.monotonic() > deadline:
            break
    return taken


def replying(url: str, topic_id: int, cookie: str, texts: Iterable[str]) -> Iterator[tuple[float, float]]:
    """Post a text each time one is asked for: when it was sent, and when the whole answer was there."""
    host = urllib.parse.urlsplit(url).netloc
    with closing(HTTPConnection(host, timeout=10)) as connection:
        connection.request("GET", f"/topics/{topic_id}", headers={"Cookie": cookie})
        token = token_of(connection.getresponse().read().decode())
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Referer": url}
        for text in texts:
            body = urllib.parse.urlencode({"csrf_token": token, "client_key": str(uuid4()), "text": text})
            before = time.perf_counter()
            connection.request("POST", f"/topics/{topic_id}/posts", body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            after = time.perf_counter()
            if answer.status != 303 or f"/topics/{topic_id}" not in answer.headers["Location"]:
                raise RuntimeError(f"a reply was answered {answer.status}")
            yield before, after


def percentile(values: list[float], part: int) -> float:
    """The value below which `part` of 100 lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


def token_of(page: str) -> str:
    """What the page's forms carry against forgery."""
    found = _TOKEN.search(page)
    if found is None:
        raise RuntimeError("the page has no form with a token")
    return found[1]
