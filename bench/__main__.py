"""`python -m bench [--only topic,reply] [--seconds 8]`: measure, print the table, write `bench/results.json`."""

import argparse
import signal
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench import announcements, bare, data, files, load, report, server, sockets, statements, texts, weight
from bench.data import Places
from bench.server import Server

LIVE = ("chat200", "chat1000", "sockets1000", "livetopic200", "sockets")
FILES = ("upload", "library", "preview", "import")
TOLD = announcements.PARTS
PARTS = (*report.PAGES, "reply", "memory", "workers", *LIVE, *FILES, *TOLD)
WARM_SECONDS = 2
REPLIES = 300
CHAT_SECONDS, SOCKET_LIMIT = 20, 100


class Bench:
    """One run: what was measured so far, and what could not be."""

    def __init__(self, parts: list[str], seconds: int) -> None:
        self.parts = parts
        self.seconds = seconds
        self.figures: dict[str, float] = {}
        self.faults: list[str] = []
        self.headers: dict[str, str] = {}

    def run(self, instance: Path, places: Places) -> None:
        """All parts, one after another; a part that fails is named and the others go on."""
        pages = {
            "start": "/",
            "board": f"/boards/{places.board}",
            "topic": f"/topics/{places.topic}",
            "topic_last": f"/topics/{places.topic}?page={places.last_page}",
        }
        chosen = {name: path for name, path in pages.items() if name in self.parts}
        self.figures |= {"data.post_characters": places.mean_characters, "data.mb": places.bytes / 1024**2}
        if set(self.parts) - set(LIVE) - set(FILES) - set(TOLD):
            self._pages(instance, places, chosen, pages)
        if set(self.parts) & set(LIVE):
            self._live(instance, places, sockets.sign_in_members(instance))
        if set(self.parts) & set(FILES):
            self._files(instance)
        for part in [part for part in TOLD if part in self.parts]:
            _say(f"{part}, with {announcements.MEMBERS} members")
            self._try(part, partial(self._told, part))

    def _told(self, part: str) -> None:
        self._note(part, announcements.measure(part))

    def _pages(self, instance: Path, places: Places, chosen: dict[str, str], pages: dict[str, str]) -> None:
        with server.product(instance) as product:
            self.figures["memory.idle_mb"] = product.memory_mb()
            cookie = load.sign_in(product.url, data.EMAIL, data.PASSWORD)
            self.headers = {"Cookie": cookie}
            if chosen:
                self._try("pages", lambda: self._pages_and_bare(instance, places, product, chosen))
                self._try("queries", lambda: self._queries(instance, cookie, chosen))
            elif "memory" in self.parts:
                self._press("topic", product, pages["topic"], 16)
            if "reply" in self.parts:
                self._try("reply", lambda: self._reply(product, places, cookie))
            self.figures["memory.loaded_mb"] = product.memory_mb()
            if "workers" in self.parts:
                self._try("workers", lambda: self._workers(instance, product, pages["topic"]))
            if chosen:
                self._try("weight", lambda: self._weight(product, cookie, chosen, pages))

    def _live(self, instance: Path, places: Places, cookies: dict[int, str]) -> None:
        """Sockets, on servers of their own: what one takes is seen where nothing else was done before."""
        self.headers = {"Cookie": cookies[1]}
        everybody, path = list(cookies.values()), f"/topics/{places.topic}"
        room = sockets.common_room(instance)
        if {"chat1000", "sockets1000"} & set(self.parts):
            with server.product(instance) as product:
                self._try("1,000 sockets", lambda: self._thousand(product, everybody, room, path))
        if {"chat200", "livetopic200"} & set(self.parts):
            with server.product(instance) as product:
                if "chat200" in self.parts:
                    self._try("chat200", lambda: self._chat200(product, everybody, room))
                if "livetopic200" in self.parts:
                    listeners = [cookies[member] for member in sockets.readers(instance, places.topic)]
                    self._try("livetopic200", lambda: self._live_topic(product, listeners, places))
        if "sockets" in self.parts:
            with server.product(instance, {"NETWORK_SOCKET_LIMIT": str(SOCKET_LIMIT)}) as product:
                self._try("sockets", lambda: self._beyond(product, everybody, path))

    def _thousand(self, product: Server, cookies: list[str], room: int, path: str) -> None:
        """What a socket takes; chat among 1,000; a page without them, beside them, and beside their chat."""
        _say("1,000 sockets")
        self.figures["socket.kb"] = sockets.memory_kb(product, cookies, 1000)
        idle, _ = self._press("topic without sockets", product, path, 1)
        with sockets.gathered(product, "/chat", cookies, 1000) as crowd:
            sockets.open_room(crowd, room)
            # The chat comes first: by then it is time for the clients to be asked whether they are still there.
            self._note("chat1000", sockets.chat(product, crowd, room, self._chat_seconds))
            press = partial(self._press, "topic beside 1,000 sockets", product, path, 1)
            beside, _ = sockets.meanwhile(crowd, press)
            with ThreadPoolExecutor(1) as pool:
                pressing = pool.submit(press)
                busy = sockets.chat(product, crowd, room, self.seconds // 2)
            self._note(
                "sockets1000",
                {
                    "page_idle_p99_ms": idle.p99_ms,
                    "page_p99_ms": beside.p99_ms,
                    "page_p99_ratio": beside.p99_ms / idle.p99_ms,
                    "page_beside_chat_p99_ms": pressing.result()[0].p99_ms,
                    "chat_beside_page_p99_ms": busy["p99_ms"],
                },
            )

    def _chat200(self, product: Server, cookies: list[str], room: int) -> None:
        _say("chat with 200 sockets")
        with sockets.gathered(product, "/chat", cookies, 200) as crowd:
            sockets.open_room(crowd, room)
            self._note("chat200", sockets.chat(product, crowd, room, self._chat_seconds))

    def _live_topic(self, product: Server, listeners: list[str], places: Places) -> None:
        _say("posts in a topic open on 200 sockets")
        cookie = load.sign_in(product.url, data.EMAIL, data.PASSWORD)
        with sockets.gathered(product, "/boards", listeners, 200) as crowd:
            heard = sockets.live_topic(product, crowd, places.topic, places.last_page, cookie)
            self._note("livetopic200", heard)

    def _beyond(self, product: Server, cookies: list[str], path: str) -> None:
        _say("more sockets than may be")
        address = product.url + path
        polite = sockets.refusals(product, cookies, SOCKET_LIMIT, lambda: load.fetch(address, self.headers))
        self.figures["sockets.refused_politely"] = polite

    def _files(self, instance: Path) -> None:
        """Files, on a server of their own with room for all of them."""
        with server.product(instance, files.ROOMY) as product:
            cookie = load.sign_in(product.url, data.EMAIL, data.PASSWORD)
            self.headers = {"Cookie": cookie}
            sender = files.Sender(product, cookie)
            if "preview" in self.parts:
                _say("first page of a PDF")
                self._try("preview", lambda: self._note("preview", files.first_preview(instance, sender, 7)))
            if "upload" in self.parts:
                self._try("upload", lambda: self._upload(instance, product, sender))
            if "library" in self.parts:
                self._try("library", lambda: self._library(instance, product, sender))
            if "import" in self.parts:
                _say("an import")
                self._try("import", lambda: self._note("import", files.bring_in(instance, product.url)))

    def _upload(self, instance: Path, product: Server, sender: files.Sender) -> None:
        _say("large files")
        with server.gunicorn(instance, "bench.sink:app", 1, {"BENCH_SINK": str(instance)}) as sink:
            figures, keys = files.upload(sink, sender, files.AT_ONCE)
        self._note("upload", figures)
        _say("large files both ways at once")
        self._note("upload", files.crowd(instance, product, sender, keys))

    def _library(self, instance: Path, product: Server, sender: files.Sender) -> None:
        few, many = files.plant_library(instance, files.send_small(sender))
        small, _ = self._press("folder with 100", product, few, 1)
        large, _ = self._press("folder with 10,000", product, many, 1)
        self._note(
            "library",
            {
                "few_p50_ms": small.p50_ms,
                "many_p50_ms": large.p50_ms,
                "many_of_few": large.p50_ms / small.p50_ms,
            },
        )

    def _note(self, part: str, figures: dict[str, float]) -> None:
        self.figures |= {f"{part}.{name}": value for name, value in figures.items()}

    @property
    def _chat_seconds(self) -> int:
        return min(CHAT_SECONDS, self.seconds * 3)

    def _pages_and_bare(self, instance: Path, places: Places, product: Server, pages: dict[str, str]) -> None:
        """The pages, between two measurements of the bare page on the same machine at the same time."""
        sample = load.fetch(f"{product.url}/topics/{places.topic}", self.headers)
        posts = data.first_posts(instance, places.topic)
        recipe = bare.write_recipe(instance / "bare.json", posts, len(sample.encode()))
        with server.gunicorn(instance, "bench.bare:app", 1, recipe) as plain:
            before = self._speed("bare", plain, "/")
            for name, path in pages.items():
                self._try(name, partial(self._page, name, product, path))
            after = self._speed("bare", plain, "/")
            self.figures |= {name: statistics.mean([value, after[name]]) for name, value in before.items()}
            self.figures["bare.drift"] = after["bare.c16.rps"] / before["bare.c16.rps"]
            least = self._press("bare.static", plain, "/static", 1)
            self.figures |= {"bare.static.c1.p50_ms": least[0].p50_ms, "bare.static.cpu_ms": least[1]}
        for name in pages:
            if f"{name}.c16.rps" in self.figures:
                self.figures |= self._ratios(name)

    def _ratios(self, name: str) -> dict[str, float]:
        """How fast the page is as a share of the bare page; processor time is the steadiest of the three."""
        own = self.figures
        return {
            f"{name}.c1.of_bare": own["bare.c1.p50_ms"] / own[f"{name}.c1.p50_ms"],
            f"{name}.c16.of_bare": own[f"{name}.c16.rps"] / own["bare.c16.rps"],
            f"{name}.cpu.of_bare": own["bare.cpu_ms"] / own[f"{name}.cpu_ms"],
        }

    def _page(self, name: str, product: Server, path: str) -> None:
        found = self._speed(name, product, path)
        # The figures of the peers were taken without compression; browsers ask for it.
        zipped = {"Accept-Encoding": "gzip, deflate, br"}
        one, cpu_ms = self._press(f"{name} compressed", product, path, 1, zipped, self.seconds // 2)
        self.figures |= found | {
            f"{name}.compressed.c1.p50_ms": one.p50_ms,
            f"{name}.compressed.cpu_ms": cpu_ms,
        }

    def _speed(self, name: str, of: Server, path: str) -> dict[str, float]:
        size = len(load.fetch(of.url + path, self.headers).encode())
        one, cpu_ms = self._press(name, of, path, 1)
        many, _ = self._press(name, of, path, 16)
        return {
            f"{name}.html_kb": size / 1000,
            f"{name}.c1.p50_ms": one.p50_ms,
            f"{name}.cpu_ms": cpu_ms,
            f"{name}.c16.rps": many.rps,
            f"{name}.c16.p50_ms": many.p50_ms,
            f"{name}.c16.p99_ms": many.p99_ms,
        }

    def _press(
        self,
        name: str,
        of: Server,
        path: str,
        connections: int,
        headers: dict[str, str] | None = None,
        seconds: int | None = None,
    ) -> tuple[load.Pressed, float]:
        """Warm up, then press; what came of it, and the processor time of the server for each request."""
        _say(f"{name}, {connections} connection{'s' * (connections > 1)}")
        headers = self.headers | (headers or {})
        for _ in range(10):
            load.fetch(of.url + path, self.headers)
        load.press(of.url + path, connections, WARM_SECONDS, headers)
        before = of.cpu_ms()
        pressed = load.press(of.url + path, connections, max(1, seconds or self.seconds), headers)
        return pressed, (of.cpu_ms() - before) / pressed.requests

    def _queries(self, instance: Path, cookie: str, pages: dict[str, str]) -> None:
        found = statements.count_statements(instance, cookie, pages.values())
        self.figures |= {f"{name}.queries": found[path] for name, path in pages.items()}

    def _reply(self, product: Server, places: Places, cookie: str) -> None:
        _say(f"{REPLIES} replies")
        written = texts.make_posts(REPLIES + 20, seed=REPLIES)
        load.reply(product.url, places.topic, cookie, written[:20])
        before = product.cpu_ms()
        taken = load.reply(product.url, places.topic, cookie, written[20:])
        self.figures |= {
            "reply.p50_ms": load.percentile(taken, 50),
            "reply.p99_ms": load.percentile(taken, 99),
            "reply.cpu_ms": (product.cpu_ms() - before) / len(taken),
            "reply.count": len(taken),
        }

    def _workers(self, instance: Path, product: Server, path: str) -> None:
        one, _ = self._press("topic with one process", product, path, 16)
        with server.gunicorn(instance, "wsgi:app", 2) as pair:
            two, _ = self._press("topic with two processes", pair, path, 16)
        self.figures["topic.two_workers_ratio"] = two.rps / one.rps

    def _weight(self, product: Server, cookie: str, chosen: dict[str, str], pages: dict[str, str]) -> None:
        _say("weight in a browser")
        second = f"{pages['topic']}?page=2"
        later = {"start": pages["board"], "board": pages["start"], "topic": second, "topic_last": second}
        visits = {name: (path, later[name]) for name, path in chosen.items()}
        for name, (first, next_page) in weight.weigh(product.url, cookie, visits).items():
            self.figures |= {
                f"{name}.first_visit_kb": first.total / 1000,
                **{f"{name}.{kind}_kb": size / 1000 for kind, size in first.kinds.items()},
                f"{name}.requests": first.requests,
                f"{name}.failed_requests": first.failed,
                f"{name}.later_kb": next_page.total / 1000,
            }

    def _try(self, name: str, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception as fault:  # the other figures are worth having
            lines = str(fault).splitlines() or [type(fault).__name__]
            self.faults.append(f"{name}: {lines[0]}")
            print(
                "  not measured:",
                self.faults[-1],
                *getattr(fault, "__notes__", []),
                file=sys.stderr,
                flush=True,
            )


def main() -> None:
    """Measure what was asked for; ends with 1 if a part could not be measured, never for a short figure."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every server is stopped on the way out
    load.ensure_wrk()
    bench = Bench(options.only, options.seconds)
    with data.copy_of_data() as (instance, places):
        bench.run(instance, places)
    figures = dict(sorted(bench.figures.items(), key=_order))
    report.print_table(figures, bench.faults)
    report.write_results(figures, bench.faults)
    sys.exit(bool(bench.faults))


def _say(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the product on this machine."
    )
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=f"some of: {','.join(PARTS)}")
    parser.add_argument("--seconds", type=int, default=8, help="for each measurement (default: 8)")
    return parser.parse_args()


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(
            f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}"
        )
    return parts


def _order(item: tuple[str, float]) -> int:
    """The bare page first, then the pages in their order, then the rest."""
    place = item[0].partition(".")[0]
    order = ("data", "bare", *report.PAGES, "reply", "memory", "topic", *LIVE, "socket", *FILES, *TOLD)
    return order.index(place) if place in order else len(order)


if __name__ == "__main__":
    main()
