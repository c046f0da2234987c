"""Members' pages in Node, with the product's own modules for the browser, driven from a test."""

import itertools
import json
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster.house import Browser, wait_until
from tests.live import ROOT

HERE = Path(__file__).parent
CLIENT = ROOT / "frontend" / "node_modules" / "socket.io-client" / "build" / "esm" / "index.js"
#: In place of the bundle for browsers: the same client for Node, which has no jar for the member's cookie.
_MANAGER = """
import {{ Manager as Plain }} from "{client}";
import {{ workerData }} from "node:worker_threads";
export class Manager extends Plain {{
  constructor(url, options) {{
    const {{ headers, ...others }} = workerData.options;
    super(url, {{ ...options, ...others, extraHeaders: {{ ...headers, Cookie: workerData.cookie }} }});
  }}
}}
"""


class Page:
    """One member's page."""

    def __init__(self, pages: "Pages", name: str) -> None:
        self._pages = pages
        self.name = name

    def ask(self, verb: str, seconds: float = 30, **data: Any) -> Any:
        """Have the page do something, and its answer."""
        return self._pages.ask(self.name, verb, data, seconds)

    def shows(self, text: str) -> bool:
        """Whether the words stand on it."""
        return any(text in html for html in self.ask("look")["texts"])

    def await_text(self, text: str, seconds: float = 10) -> None:
        """Wait until it does."""
        wait_until(lambda: self.shows(text), seconds, f"{self.name} does not show: {text}")

    @property
    def is_open(self) -> bool:
        """Whether it is connected."""
        return bool(self.ask("look")["state"] == "open")

    def heard(self, name: str) -> list[Any]:
        """The data of all events of that name since the first time this was asked."""
        found: list[Any] = self.ask("hear", name=name)
        return found


class Pages:
    """The Node process that the pages live in."""

    def __init__(self, modules: Path) -> None:
        self._modules = modules
        self._numbers = itertools.count(1)
        self._answers: dict[int, queue.Queue[Any]] = {}
        self.faults: list[str] = []
        self._process = subprocess.Popen(
            ["node", str(HERE / "pages.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def open(self, browser: Browser, me: int, room: int, skew: int = 0, **options: Any) -> Page:
        """A further page: the room, in this browser of the member `me`, whose clock is wrong by `skew` ms.

        `options` are for the connection's manager, `headers` for its requests.
        """
        browser.look()
        page = Page(self, f"page{next(self._numbers)}")
        seen = {"url": browser.url, "cookie": browser.cookie, "token": browser.token, "me": me, "room": room}
        page.ask("open", modules=str(self._modules), skew=skew, options=options, **seen)
        return page

    def ask(self, page: str, verb: str, data: dict[str, Any], seconds: float) -> Any:
        number = next(self._numbers)
        answer = self._answers[number] = queue.Queue()
        assert self._process.stdin is not None
        order = {"number": number, "page": page, "name": verb, "data": data}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        try:
            return answer.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"{page} did not {verb} within {seconds} s {self.faults[-3:]}") from None

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "fault" in told:
                self.faults.append(f"{told['page']}: {told['fault']}")
            else:
                self._answers.pop(told["number"]).put(told["answer"])


@contextmanager
def new_pages() -> Iterator[Pages]:
    """No pages yet; all are closed at the end, and it is a fault if one of them had a fault."""
    folder = Path(tempfile.mkdtemp(prefix="network-pages-"))
    (folder / "package.json").write_text('{"type": "module"}')
    for name in ("realtime", "chat"):
        shutil.copytree(ROOT / "static" / name, folder / name)
    bundle = folder / "vendor" / "socketio" / "socketio.js"
    bundle.parent.mkdir(parents=True)
    bundle.write_text(_MANAGER.format(client=CLIENT))
    pages = Pages(folder)
    try:
        yield pages
    finally:
        pages.close()
        shutil.rmtree(folder)
    assert pages.faults == []
