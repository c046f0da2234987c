"""Two web processes behind nginx, with Redis and PostgreSQL: what is said and done at one holds at the other."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa

from forum.boards.service import topics
from forum.chat.models import Message
from forum.chat.service import rooms
from forum.core.db import db
from forum.jobs.models import Job
from tests.cast import Person
from tests.cluster.house import Browser, House, WebServer, new_house, running, wait_until, web, work
from tests.cluster.line import Line
from tests.cluster.machines import Nginx, Redis
from tests.cluster.pages import Page, Pages
from tests.live import free_port

pytestmark = pytest.mark.cluster

#: What is "at once" on a busy machine, in seconds.
AT_ONCE = 2.0
#: How long nobody minds a page or a message to take while Redis does not answer.
PATIENCE = 4.0


@dataclass
class Site:
    """Everything that runs, and the ways in."""

    house: House
    redis: Redis
    one: WebServer
    two: WebServer
    nginx: Nginx

    def browser(self, person: Person, server: Any) -> Browser:
        return self.house.browser(person.id, server.url)

    def line(self, person: Person, server: Any, namespace: str = "/chat") -> Line:
        line = Line(server.url, self.house.cookie(person.id), namespace)
        assert line.is_in
        return line

    def is_counted(self, browser: Browser) -> bool:
        """Whether what the browser writes counts for all processes."""
        before = self._counts("update_draft")
        browser.fill_in("/drafts", place=f"board:{self.house.cast.board}", text="Entwurf")
        return self._counts("update_draft") > before

    def forget(self, endpoint: str) -> None:
        """Begin to count anew."""
        client = self.redis.client()
        for key in client.scan_iter(f"*{endpoint}*"):
            client.delete(key)

    def _counts(self, endpoint: str) -> int:
        client = self.redis.client()
        return sum(int(client.get(key) or 0) for key in client.scan_iter(f"*{endpoint}*"))

    def send(self, line: Line, text: str, room: int = 0) -> dict[str, Any]:
        """The answer to a message."""
        said = {"room": room or self.house.cast.room, "text": text, "key": str(uuid4())}
        return line.ask("send", said)


@pytest.fixture(scope="module")
def site(postgresql_url: str) -> Iterator[Site]:
    redis = Redis()
    redis.start()
    port = free_port()
    common = {"public_url": f"http://127.0.0.1:{port}", "trusted_proxies": "1", "rate_limits": "true"}
    try:
        with new_house(database_url=postgresql_url, redis_url=redis.url, **common) as house:
            one, two = web(house), web(house)
            nginx = Nginx(house, port, [one, two])
            with running(one, two, work(house), nginx):
                nginx.wait()
                yield Site(house, redis, one, two, nginx)
    finally:
        redis.close()


@pytest.fixture
def open_page(site: Site, pages: Pages) -> Callable[..., Page]:
    """A page with the room of the region: `open_page(petra, site.one)`."""

    def open_page(person: Person, server: Any, **options: Any) -> Page:
        browser = site.browser(person, server)
        page = pages.open(browser, person.id, site.house.cast.room, **options)
        wait_until(lambda: page.is_open)
        return page

    return open_page


def test_a_message_said_at_one_process_arrives_at_the_other_by_websocket_and_by_long_polling(
    site: Site, open_page: Callable[..., Page]
) -> None:
    cast = site.house.cast
    polling = {"transports": ["polling"], "upgrade": False}
    readers = [
        open_page(cast.petra, site.one),
        open_page(cast.manfred, site.two),
        open_page(cast.sabine, site.nginx),
        open_page(cast.petra, site.nginx, **polling),
        open_page(cast.manfred, site.nginx, **polling),
    ]
    for number, writer in enumerate(readers):
        writer.ask("say", text=f"Rundruf {number}")
    for reader in readers:
        for number in range(len(readers)):
            reader.await_text(f"Rundruf {number}")
    assert [page.ask("look")["count"]["gaps"] for page in readers] == [0] * len(readers)


def test_nginx_shares_out_senders_and_leads_each_back_to_its_process(site: Site) -> None:
    both = {f"127.0.0.1:{server.port}" for server in (site.one, site.two)}
    lines = [site.line(site.house.cast.petra, site.nginx) for _ in range(16)]
    for line in lines:
        line.close()
    # Where an earlier test killed one, nginx noted both for a request that it passed on to the other.
    wait_until(lambda: site.nginx.passed("transport=websocket") >= both)
    address = f"{site.nginx.url}/live/?EIO=4&transport=polling"
    opened = []
    for number in range(20):
        headers = {"User-Agent": f"Firefox/{number}"}
        sid = json.loads(requests.get(address, headers=headers, timeout=10).text[1:])["sid"]
        opened.append((sid, headers))
    for sid, headers in opened:
        answer = requests.post(f"{address}&sid={sid}", data="40/chat,", headers=headers, timeout=10)
        assert (answer.status_code, answer.text) == (200, "OK")
    wait_until(lambda: site.nginx.passed("transport=polling") >= both)


def test_who_is_here_is_seen_from_the_other_process(site: Site) -> None:
    room = site.house.cast.room
    first, second = site.house.council(2)
    here = Line(site.one.url, site.house.cookie(first))
    assert second not in here.ask("open", {"room": room})["present"]
    there = Line(site.two.url, site.house.cookie(second))
    come = {"room": room, "member": second, "is_here": True}
    wait_until(lambda: here.await_event("presence") == come)
    assert second in here.ask("open", {"room": room})["present"]
    assert first in there.ask("open", {"room": room})["present"]
    assert there.ask("typing", {"room": room})["ok"]
    assert here.await_event("typing")["member"] == second
    there.close()
    gone = come | {"is_here": False}
    wait_until(lambda: here.await_event("presence", 15) == gone)  # others, of earlier tests, leave too
    assert second not in here.ask("open", {"room": room})["present"]
    here.close()


def test_limits_count_for_both_processes_together(site: Site) -> None:
    cast = site.house.cast
    lines = [site.line(cast.manfred, server) for server in (site.one, site.two)]
    began = time.monotonic()
    for _ in range(100):
        for line in lines:
            line.say("rooms")
    answers = [answer for line in lines for answer in answered(line, 100)]
    taken = sum(answer["ok"] for answer in answers)
    assert {answer.get("error") for answer in answers} == {None, "too_fast"}
    assert 55 <= taken <= 65 + 12 * (time.monotonic() - began)
    with site.house.at_work():
        topic = topics.start_topic(cast.manfred.viewer, cast.board, "Zählen", "Wie oft?", uuid4()).id
    browsers = [site.browser(cast.manfred, server) for server in (site.one, site.two)]
    for (
        browser
    ) in browsers:  # where Redis was away in an earlier test, they look for it again only now and then
        wait_until(lambda browser=browser: site.is_counted(browser), 60)
    site.forget("create_post")
    statuses = []
    for number in range(21):
        fields = {"text": f"Antwort {number}", "client_key": str(uuid4())}
        statuses.append(browsers[number % 2].fill_in(f"/topics/{topic}/posts", **fields).status_code)
    assert statuses == [303] * 20 + [429]


def test_what_takes_something_away_cuts_the_sockets_at_the_other_process_at_once(site: Site) -> None:
    cast = site.house.cast
    sabine, manfred = site.browser(cast.sabine, site.one), site.browser(cast.manfred, site.one)
    cookie = sabine.cookie
    lines = [Line(site.two.url, cookie), Line(site.two.url, cookie, "/boards")]
    other_device = site.line(cast.sabine, site.two)
    assert sabine.fill_in("/sign-out").status_code == 303
    for line in lines:
        line.await_end(AT_ONCE)
    assert site.send(other_device, "Am anderen Gerät noch da")["ok"]

    with site.house.at_work():
        group = rooms.start_group(
            cast.petra.viewer, [cast.sabine.id, cast.manfred.id], "Schichtplan", uuid4()
        ).id
    removed, stays = site.line(cast.manfred, site.two), site.line(cast.sabine, site.two)
    petra = site.browser(cast.petra, site.one)
    assert petra.fill_in(f"/chat/rooms/{group}/people/{cast.manfred.id}/delete").status_code == 303
    removed.await_end(AT_ONCE)
    back = site.line(cast.manfred, site.two)
    assert site.send(back, "Noch schnell", group)["error"] == "not_found"
    assert site.send(site.line(cast.petra, site.one), "Unter uns", group)["ok"]
    assert "Unter uns" in stays.await_event("changed")["message"]["html"]
    assert back.heard("changed") == []

    karla = site.browser(cast.karla, site.one)
    assert karla.fill_in(f"/administration/members/{cast.manfred.id}/suspension").status_code == 303
    back.await_end(AT_ONCE)
    assert not Line(site.two.url, manfred.cookie).is_in
    assert karla.fill_in(f"/administration/members/{cast.manfred.id}/suspension/delete").status_code == 303


def test_a_post_by_form_at_one_process_is_a_hint_at_the_other(site: Site) -> None:
    cast = site.house.cast
    with site.house.at_work():
        topic = topics.start_topic(cast.petra.viewer, cast.board, "Schicht", "Wer hat Erfahrung?", uuid4()).id
    reader, chatting = site.line(cast.sabine, site.two, "/boards"), site.line(cast.sabine, site.two)
    assert reader.ask("open_topic", {"topic": topic, "page": 1})["ok"]
    petra = site.browser(cast.petra, site.one)
    fields = {"text": "Bei uns 21 Tage im Voraus.", "client_key": str(uuid4())}
    assert petra.fill_in(f"/topics/{topic}/posts", **fields).status_code == 303
    assert reader.await_event("posted", AT_ONCE)["number"] == 2
    written = {"text": "Vom Formular", "client_key": str(uuid4())}
    assert petra.fill_in(f"/chat/rooms/{cast.room}/messages", **written).status_code == 303
    assert "Vom Formular" in chatting.await_event("changed", AT_ONCE)["message"]["html"]


def test_what_the_jobs_do_is_told_to_sockets_of_both_processes(site: Site) -> None:
    cast = site.house.cast
    with site.house.at_work():
        name = f"Kurzlebig {uuid4().hex[:6]}"
        room = rooms.open_room(cast.manfred.viewer, cast.spaces["FIN"], name, retention_days=30).id

    def heard_of_expiry() -> list[int]:
        """The rooms of which lines at both processes hear that something has expired."""
        lines = [site.line(cast.petra, server) for server in (site.one, site.two)]
        old = site.send(lines[0], "Längst vorbei", room)["message"]["id"]
        with site.house.at_work():
            long_ago = datetime.now(UTC) - timedelta(days=40)
            db.session.execute(sa.update(Message).where(Message.id == old).values(created_at=long_ago))
            purge = sa.update(Job).where(Job.name == "chat.purge")
            db.session.execute(purge.values(due_at=long_ago, lease_until=None))
        found = [line.await_event("purged", 15)["room"] for line in lines]
        assert site.house.rows("SELECT id FROM message WHERE id = :id", id=old) == []
        return found

    # Where Redis was away in an earlier test, what the jobs say first sends all sockets away: something was missed.
    # They come anew, as these lines do.
    for _ in range(2):
        with suppress(AssertionError):
            assert heard_of_expiry() == [room, room]
            return
    assert heard_of_expiry() == [room, room]


@pytest.mark.parametrize("trouble", ["killed", "silent", "missing at the start"])
def test_without_redis_all_goes_on_and_afterwards_nothing_is_missing(
    site: Site, open_page: Callable[..., Page], trouble: str
) -> None:
    cast = site.house.cast
    here, there = open_page(cast.petra, site.one), open_page(cast.sabine, site.two)
    line = site.line(cast.manfred, site.two)
    petra = site.browser(cast.petra, site.one)
    waits: list[float] = []
    with without(site.redis, trouble):
        if trouble == "missing at the start":
            site.one.kill()
            site.one.start()
            site.one.wait()
            wait_until(lambda: here.is_open)
        for number in range(4):
            with timed(waits):
                here.ask("say", text=f"Ohne Redis {trouble} {number}")
                here.await_text(f"Ohne Redis {trouble} {number}", PATIENCE)
            with timed(waits):
                petra.look(f"/spaces/{cast.spaces['FIN']}")
            with timed(waits):
                written = {"text": f"Formular {trouble} {number}", "client_key": str(uuid4())}
                answer = petra.fill_in(f"/chat/rooms/{cast.room}/messages", **written)
                assert answer.status_code in (303, 429)
        there.ask("say", text=f"Von drüben {trouble}")
        there.await_text(f"Von drüben {trouble}", PATIENCE)
        # Now somebody is sent away, and the other process does not hear of it.
        with site.house.at_work():
            group = rooms.start_group(cast.petra.viewer, [cast.manfred.id], trouble, uuid4()).id
        assert line.ask("rooms")["ok"]
        removed = petra.fill_in(f"/chat/rooms/{group}/people/{cast.manfred.id}/delete")
        assert removed.status_code == 303
    print(f"\nRedis {trouble}: at the worst {max(waits):.2f} s for a page or a message")
    wait_until(lambda: all(there.shows(f"Ohne Redis {trouble} {number}") for number in range(4)), 15)
    here.await_text(f"Von drüben {trouble}", 15)
    line.await_end()
    assert site.send(site.line(cast.petra, site.one), "Nur wir", group)["ok"]
    wait_until(lambda: here.is_open and there.is_open)
    for page, other in ((here, there), (there, here)):
        page.ask("say", text=f"Wieder da {trouble} {page.name}")
        other.await_text(f"Wieder da {trouble} {page.name}")


def test_when_a_process_dies_its_members_go_on_at_the_other_and_miss_nothing(
    site: Site, open_page: Callable[..., Page]
) -> None:
    cast = site.house.cast
    opened = [open_page(person, site.nginx) for person in (cast.petra, cast.sabine, cast.manfred, cast.petra)]
    for page in opened:
        page.ask("write", every=250, prefix=f"Lauf {page.name}")
    time.sleep(1)
    for server in (site.one, site.two):
        server.kill()
        time.sleep(1.5)
        assert requests.get(f"{site.nginx.url}/sign-in", timeout=10).status_code == 200
        server.start()
        server.wait()
    for verb in ("rest", "settle"):
        for page in opened:
            page.ask(verb)
    reports = [page.ask("report") for page in opened]
    stored = site.house.rows("SELECT id, html FROM message WHERE room_id = :room ORDER BY id", room=cast.room)
    for report in reports:
        assert report["refused"] == []
        assert dict(report["acknowledged"]).keys() == dict(report["written"]).keys()
        assert [(message["id"], message["html"]) for message in report["messages"]] == list(stored)
    assert (
        len({row.html for row in stored if "Lauf" in row.html})
        == sum(len(report["written"]) for report in reports)
        == len([row for row in stored if "Lauf" in row.html])
    )
    print(
        f"\n{sum(len(report['written']) for report in reports)} messages over two deaths, none lost or doubled"
    )


def test_nginx_passes_on_who_asks_and_believes_no_client_about_it(site: Site) -> None:
    petra = site.browser(site.house.cast.petra, site.nginx)
    petra.look()
    forged = {
        "X-Forwarded-Host": "boeser.example",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "https",
    }
    answer = petra.get(f"{site.nginx.url}/spaces/", headers=forged, timeout=10, allow_redirects=False)
    assert "boeser.example" not in str(answer.headers) + answer.text
    own = requests.get(
        f"{site.nginx.url}/live/?EIO=4&transport=polling", headers={"Origin": site.nginx.url}, timeout=10
    )
    foreign = requests.get(
        f"{site.nginx.url}/live/?EIO=4&transport=polling",
        headers={"Origin": "https://boeser.example"} | forged,
        timeout=10,
    )
    assert (own.status_code, foreign.status_code) == (200, 400)
    too_much = petra.post(f"{site.nginx.url}/drafts", data={"text": "x" * (8 * 1024 * 1024 + 10)}, timeout=20)
    assert too_much.status_code == 413
    assert "nginx" not in too_much.text


def test_nginx_leads_uploads_to_where_they_begin_and_waits_itself_for_all_else(site: Site) -> None:
    petra = site.browser(site.house.cast.petra, site.nginx)
    petra.look()
    said = {"X-CSRFToken": petra.token, "X-Requested-With": "fetch", "Upload-Length": "5"}
    begun = petra.post(f"{site.nginx.url}/files", headers=said, timeout=20)
    assert begun.status_code == 201, begun.text
    address, part = begun.headers["Location"], "application/offset+octet-stream"
    sent = petra.patch(
        site.nginx.url + address,
        b"hallo",
        headers=said | {"Upload-Offset": "0", "Content-Type": part},
        timeout=20,
    )
    assert sent.status_code == 204
    assert petra.get(site.nginx.url + address, timeout=20).json()["received"] == 5
    asked = {kind: _dribble(site.nginx, kind) for kind in (part, "application/x-www-form-urlencoded")}
    assert [bool(asked[kind]) for kind in asked] == [True, False]


def _dribble(nginx: Nginx, kind: str) -> str:
    """The process that nginx asked for what only half arrived, from nobody; "" if it asked none."""
    path = f"/files/{uuid4()}"
    head = f"PATCH {path} HTTP/1.1\r\nHost: netzwerk\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(nginx.url.rpartition(":")[2])), 10) as line:
        line.sendall(head.encode() + b"text=1")
        time.sleep(0.5)
    wait_until(lambda: bool(nginx.passed(path)))
    return "".join(nginx.passed(path)).strip("-")


@contextmanager
def without(redis: Redis, trouble: str) -> Iterator[None]:
    """Redis is dead, or it is there and says nothing."""
    leave, come = (redis.fall_silent, redis.wake) if trouble == "silent" else (redis.kill, redis.start)
    leave()
    try:
        yield
    finally:
        come()


@contextmanager
def timed(waits: list[float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    waits.append(time.monotonic() - began)


def answered(line: Line, count: int) -> list[dict[str, Any]]:
    """The answers to so many events."""
    wait_until(lambda: len(line.answers()) == count, 20)
    return line.answers(0)
