"""Files: uploads beside a bare handler, memory while many go up and down, a large folder, a preview, an import."""

import base64
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bench import load
from bench.data import application
from bench.server import Server
from forum.config import ROOT
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.models import Document, DocumentKind, Version
from forum.documents.service import documents, folders
from forum.files.models import File
from forum.jobs.models import Job
from forum.spaces.models import Membership
from tests.make.files import pdf

MEGABYTE = 1024 * 1024
#: What a member may send at most, and how many at once.
LARGE, AT_ONCE = 200 * MEGABYTE, 10
FEW, MANY = 100, 10_000
IMPORTED = 1_000
#: Room enough for all that is sent here.
ROOMY = {"NETWORK_MEMBER_QUOTA_MB": "1000000", "NETWORK_SPACE_QUOTA_MB": "1000000"}
_CHUNK = MEGABYTE
_ENDINGS = {
    "pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "rtf", "txt", "md", "csv", "png", "jpg", "jpeg", "webp",
    "heic", "zip", "html", "svg", "gz", "json",
}  # fmt: skip


class Sender:
    """A member who sends files as the browser does: by tus, with the form's token."""

    def __init__(self, server: Server, cookie: str) -> None:
        self.host = urllib.parse.urlsplit(server.url).netloc
        page = load.fetch(f"{server.url}/", {"Cookie": cookie})
        self._headers = {
            "Cookie": cookie,
            "Tus-Resumable": "1.0.0",
            "X-CSRFToken": load.token_of(page),
            "Referer": server.url,
        }

    def send(self, name: str, body: Callable[[], Iterator[bytes]], size: int) -> tuple[UUID, float]:
        """Send a file; its key, and the seconds from the first byte of the first request to the last answer."""
        key = uuid4()
        said = {"filename": name, "key": str(key)}
        metadata = ",".join(
            f"{word} {base64.b64encode(text.encode()).decode()}" for word, text in said.items()
        )
        begun = time.perf_counter()
        with closing(HTTPConnection(self.host, timeout=120)) as line:
            self._ask(line, "POST", "/files", 201, {"Upload-Length": str(size), "Upload-Metadata": metadata})
            about = {
                "Upload-Offset": "0",
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(size),
            }
            self._ask(line, "PATCH", f"/files/{key}", 204, about, body())
        return key, time.perf_counter() - begun

    def state(self, key: UUID) -> dict[str, Any]:
        """What the server says of the file by now."""
        with closing(HTTPConnection(self.host, timeout=30)) as line:
            found: dict[str, Any] = json.loads(self._ask(line, "GET", f"/files/{key}", 200, {}))
            return found

    def wait_until_checked(self, key: UUID, bound: float = 120) -> None:
        """Until others may have the file."""
        deadline = time.monotonic() + bound
        while (state := self.state(key)["state"]) != "ready":
            if state == "refused" or time.monotonic() > deadline:
                raise RuntimeError(f"the file is {state}")
            time.sleep(0.1)

    def fetch(self, path: str) -> int:
        """Read an address to its end; how many bytes came."""
        with closing(HTTPConnection(self.host, timeout=120)) as line:
            line.request("GET", path, headers=self._headers)
            answer = line.getresponse()
            got = 0
            while part := answer.read(_CHUNK):
                got += len(part)
            return got if answer.status == 200 else 0

    def _ask(
        self,
        line: HTTPConnection,
        method: str,
        path: str,
        status: int,
        more: dict[str, str],
        body: Any = None,
    ) -> bytes:
        line.request(method, path, body, self._headers | more)
        answer = line.getresponse()
        said = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {said[:200]!r}")
        return said


def large_pdf(size: int = LARGE) -> Callable[[], Iterator[bytes]]:
    """A PDF of one empty page and much that it never shows, different each time; small parts of it are in memory."""
    mark = os.urandom(16).hex().encode()
    head = b"%PDF-1.7\n% " + mark + b"\n"
    objects = [
        b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n",
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n",
    ]
    places, place = [], len(head)
    for one in objects:
        places.append(place)
        place += len(one)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in places)
    stuffed_end = b"\nendstream\nendobj\n"

    def stuffing(length: int) -> bytes:
        return b"4 0 obj\n<</Length %d>>\nstream\n" % length

    def tail(start: int) -> bytes:
        end = b"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
        return b"xref\n0 5\n0000000000 65535 f \n" + table + b"%010d 00000 n \n" % place + end

    fixed = place + len(stuffing(10**8)) + len(stuffed_end) + len(tail(10**8))
    length = size - fixed
    block = os.urandom(_CHUNK)

    def body() -> Iterator[bytes]:
        yield head + b"".join(objects) + stuffing(length)
        left = length
        while left:
            part = block[:left]
            yield part
            left -= len(part)
        yield stuffed_end + tail(place + len(stuffing(length)) + length + len(stuffed_end))

    return body


def upload(sink: Server, sender: Sender, rounds: int) -> tuple[dict[str, float], list[UUID]]:
    """Large files to the product and to the bare handler, in turn; and the keys of those that the product has."""
    keys, ours, bare = [], [], []
    for _ in range(rounds):
        body = large_pdf()
        size = sum(map(len, body()))
        key, seconds = sender.send("gross.pdf", body, size)
        keys.append(key)
        ours.append(size / MEGABYTE / seconds)
        sender.wait_until_checked(key)  # what is read out of it is not the upload's time
        begun = time.perf_counter()
        with closing(HTTPConnection(urllib.parse.urlsplit(sink.url).netloc, timeout=120)) as line:
            line.request("PUT", "/", body(), {"Content-Length": str(size)})
            line.getresponse().read()
        bare.append(size / MEGABYTE / (time.perf_counter() - begun))
    figures = {
        "mb_per_s": statistics.median(ours),
        "bare_mb_per_s": statistics.median(bare),
        "of_bare": statistics.median(own / other for own, other in zip(ours, bare, strict=True)),
    }
    return figures, keys


def crowd(instance: Path, product: Server, sender: Sender, keys: list[UUID]) -> dict[str, float]:
    """Large files up and as many down at once: how much more memory a process of the server takes meanwhile.

    More than after as many small ones, both ways: threads and connections that were never used take theirs then.
    """
    paths = [f"/documents/{document}/versions/1/file" for document in _put_away(instance, keys)]
    small = [send_small(sender) for _ in paths]
    _both_ways(sender, [f"/documents/{one}/versions/1/file" for one in _put_away(instance, small)], MEGABYTE)
    before = product.children_mb()
    highest = dict(before)
    with _watching(product, highest):
        begun = time.perf_counter()
        carried = _both_ways(sender, paths, LARGE)
        seconds = time.perf_counter() - begun
    grown = max(highest[process] - before[process] for process in before)
    return {"memory_growth_mb": grown, "both_ways_mb_per_s": carried / MEGABYTE / seconds}


def send_small(sender: Sender) -> UUID:
    """A file of 1 MB that others may have; its key."""
    body = large_pdf(MEGABYTE)
    key, _ = sender.send("klein.pdf", body, sum(map(len, body())))
    sender.wait_until_checked(key)
    return key


def _both_ways(sender: Sender, paths: list[str], size: int) -> int:
    """Fetch all of these while as many new files of this size are sent; how many bytes that was."""
    bodies = [large_pdf(size) for _ in paths]
    sizes = [sum(map(len, body())) for body in bodies]
    with ThreadPoolExecutor(2 * len(paths)) as pool:
        up = [
            pool.submit(sender.send, "datei.pdf", body, length)
            for body, length in zip(bodies, sizes, strict=True)
        ]
        came = [got.result() for got in [pool.submit(sender.fetch, path) for path in paths]]
        for sent in up:
            sent.result()
    if min(came) < size - 100:  # their numbers are as long as they are
        raise RuntimeError(f"a download ended early: {min(came)} bytes")
    return sum(sizes) + sum(came)


@contextmanager
def _watching(product: Server, highest: dict[int, float]) -> Iterator[None]:
    """Note the most memory that each process takes meanwhile."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            for process, memory in product.children_mb().items():
                if process in highest:
                    highest[process] = max(highest[process], memory)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def plant_library(instance: Path, key: UUID) -> tuple[str, str]:
    """A folder with a few documents and one with many; the addresses of both."""
    with application(instance).app_context():
        viewer, space_id = _me()
        with unit_of_work():
            made = [folders.create_folder(viewer, space_id, None, name).id for name in ("Wenige", "Viele")]
            file = db.session.scalars(sa.select(File).where(File.key == key)).one()
            moment = now()
            for folder_id, number in zip(made, (FEW, MANY), strict=True):
                rows = [
                    _document(folder_id, space_id, viewer, place, file.id, moment) for place in range(number)
                ]
                ids = db.session.scalars(sa.insert(Document).returning(Document.id), rows).all()
                fresh = {"number": 1, "file_id": file.id, "author_id": viewer.member_id, "created_at": moment}
                db.session.execute(sa.insert(Version), [{"document_id": one, **fresh} for one in ids])
    return f"/folders/{made[0]}", f"/folders/{made[1]}"


def first_preview(instance: Path, sender: Sender, times: int) -> dict[str, float]:
    """From the first byte of a PDF of twenty pages to its first page as a picture, in seconds."""
    taken = []
    for place in range(times):
        data = pdf(pages=20, text=f"Protokoll {uuid4().hex}")
        begun = time.perf_counter()
        key, _ = sender.send(f"protokoll-{place}.pdf", lambda data=data: iter([data]), len(data))
        address = f"/documents/{_put_away(instance, [key])[0]}/versions/1/pages/1"
        while not sender.fetch(address):
            if time.perf_counter() - begun > 60:
                raise RuntimeError("no first page within a minute")
            time.sleep(0.02)
        taken.append(time.perf_counter() - begun)
    return {"first_page_s": statistics.median(taken), "first_page_worst_s": max(taken)}


def bring_in(instance: Path, url: str) -> dict[str, float]:
    """A thousand files as they lie about on a machine, by the command that operators use.

    Seconds until it ends, processor time of the command alone (other programs hardly change it), and seconds until
    the job process, which works beside it, has made what shows them. The log says what was refused, and why.
    """
    with application(instance).app_context():
        _viewer, space_id = _me()
        sign = db.session.execute(
            sa.text("SELECT sign FROM space WHERE id = :id"), {"id": space_id}
        ).scalar_one()
        email = db.session.execute(sa.text("SELECT email FROM member WHERE id = 1")).scalar_one()
    folder = instance / "import"
    found = _collect(folder)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "documents", "import", str(folder)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NETWORK_")}
    environment |= {"NETWORK_INSTANCE": str(instance), "NETWORK_PUBLIC_URL": url, **ROOMY}
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--space", sign, "--member", email],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    *refused, last = done.stdout.strip().splitlines()
    reasons = Counter((Path(line.partition(":")[0]).parts[0], line.partition(": ")[2]) for line in refused)
    for (ending, why), times in reasons.most_common():
        print(f"    refused {times} × {ending}: {why}", file=sys.stderr)
    _wait_until_shown(instance)
    words = last.replace(",", "").split()
    return {
        "files": found,
        "seconds": seconds,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "shown_s": time.perf_counter() - begun,
        "taken": float(words[0]),
        "refused": float(words[2]),
        "there": float(words[4]),
    }


def _wait_until_shown(instance: Path, bound: float = 3600) -> None:
    """Until no file waits for what shows it; the words in scans may come later."""
    deadline = time.monotonic() + bound
    waiting = sa.select(sa.func.count()).where(
        Job.name.in_(["files.check", "files.strip", "files.prepare"]), Job.due_at.is_not(None)
    )
    with application(instance).app_context():
        while db.session.scalar(waiting):
            db.session.rollback()
            if time.monotonic() > deadline:
                raise RuntimeError("the previews are not made in time")
            time.sleep(0.5)


def _collect(folder: Path) -> int:
    """Copies of real files of many kinds that packages brought along, some that are not taken among them."""
    roots = [
        Path(sysconfig.get_path("stdlib")),
        ROOT / ".venv",
        ROOT / "frontend" / "node_modules",
        ROOT / "docs",
    ]
    by_ending: dict[str, list[Path]] = {}
    for root in roots:
        for path in sorted(root.rglob("*")):
            ending = path.suffix.lstrip(".").lower()
            if ending in _ENDINGS and path.is_file() and 0 < path.stat().st_size < 20 * MEGABYTE:
                by_ending.setdefault(ending, []).append(path)
    count = 0
    while by_ending and count < IMPORTED:
        for ending in sorted(by_ending):
            if count < IMPORTED:
                path = by_ending[ending].pop()
                target = folder / ending / f"{count:04}-{path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                count += 1
            if not by_ending[ending]:
                del by_ending[ending]
    return count


def _put_away(instance: Path, keys: list[UUID]) -> list[int]:
    """Documents of these files, one each."""
    with application(instance).app_context():
        viewer, space_id = _me()
        with unit_of_work():
            files = [db.session.scalars(sa.select(File.id).where(File.key == key)).one() for key in keys]
            return [documents.add_document(viewer, space_id, None, file).id for file in files]


def _me() -> tuple[Viewer, int]:
    held = db.session.execute(
        sa.select(Membership.space_id, Membership.role).where(Membership.member_id == 1)
    ).all()
    roles: dict[int, Role] = {row.space_id: row.role for row in held}
    return Viewer(1, roles), min(roles)


def _document(
    folder_id: int, space_id: int, viewer: Viewer, place: int, file_id: int, moment: Any
) -> dict[str, Any]:
    title = f"Betriebsvereinbarung Nummer {place:05}"
    return {
        "space_id": space_id, "folder_id": folder_id, "title": title, "title_key": title.casefold(),
        "kind": DocumentKind.AGREEMENT, "author_id": viewer.member_id, "created_at": moment, "changed_at": moment,
        "changed_by_id": viewer.member_id, "last_number": 1, "file_id": file_id,
    }  # fmt: skip
