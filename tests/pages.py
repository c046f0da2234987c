"""What holds for every page: a client that checks each one it is given, in whatever test that happens."""

import re
from typing import Any

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import TemplateString
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_PRONOUN = re.compile(r"\b(Sie|Ihnen|Ihre[mnrs]?|Ihr)\b")
_PLURAL_VERB = re.compile(r"\s+(sind|\w+e?n)\b")
_UNTYPED = {"hidden", "submit", "button", "image", "reset"}


class PageCheckingClient(FlaskClient):
    """A browser for tests: sends the CSRF token by itself and refuses pages that break the house rules."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        is_page = response.mimetype == "text/html" and response.status_code not in {301, 302, 303, 308}
        if is_page and response.request.method != "HEAD":
            faults = find_faults(response.get_data(as_text=True))
            assert not faults, f"{response.request.path}: {faults}"
        return response

    def token(self) -> str:
        """A CSRF token of this browser's session."""
        page = super().open("/imprint").get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def send(self, path: str, **fields: Any) -> TestResponse:
        """POST a form as a page would, with its token."""
        return self.post(path, data={"csrf_token": self.token(), **fields})


def find_faults(html: str) -> list[str]:
    """What is wrong with the page; nothing if all is well."""
    page = BeautifulSoup(html, "html.parser")
    faults = []
    root = page.find("html")
    if not isinstance(root, Tag) or root.get("lang") not in {"de", "en"}:
        faults.append("no language")
    if page.title is None or not page.title.get_text(strip=True):
        faults.append("no title")
    if len(page.find_all("h1")) < 1:
        faults.append("no main heading")
    if page.find("main") is None:
        faults.append("no main part")
    faults += [f"inline style: {tag.name}" for tag in page.find_all(style=True)]
    faults += ["style element" for _ in page.find_all("style")]
    faults += ["inline script" for tag in page.find_all("script") if not tag.get("src")]
    for tag in page.find_all(True):
        faults += [f"{name} on {tag.name}" for name in tag.attrs if name.startswith("on")]
    faults += [f"foreign {tag.name}: {tag['src']}" for tag in page.find_all(src=re.compile("^(https?:)?//"))]
    faults += [
        f"unlabelled: {tag}"
        for tag in page.find_all(["input", "select", "textarea"])
        if not _is_named(tag, page)
    ]
    faults += [f"nameless button: {tag}" for tag in page.find_all("button") if not _says_something(tag)]
    faults += [f"nameless link: {tag}" for tag in page.find_all("a") if not _says_something(tag)]
    faults += [
        f"form without token: {tag.get('action')}" for tag in page.find_all("form") if _lacks_token(tag)
    ]
    faults += [f"id twice: {name}" for name in _repeated([tag["id"] for tag in page.find_all(id=True)])]
    return faults


def find_polite_address(text: str) -> list[str]:
    """Places where a German text says Sie to its reader; the house says Du.

    Inside a sentence the capital letter tells. At its start the word may mean "they" or "her", if a sentence
    before names somebody; at the very start of a text only a verb in the singular shows that it does.
    """
    found = []
    for match in _PRONOUN.finditer(text):
        before = text[: match.start()].rstrip(" \t\xa0„“»«\"'(")
        if before and before[-1] in ".!?:…\n•":
            continue
        if before or match[0] != "Sie" or _PLURAL_VERB.match(text, match.end()):
            found.append(text[max(0, match.start() - 30) : match.end() + 30].strip())
    return found


def _is_named(tag: Tag, page: BeautifulSoup) -> bool:
    if tag.get("type") in _UNTYPED or tag.get("aria-label") or tag.get("aria-labelledby"):
        return True
    return tag.find_parent("label") is not None or (
        tag.get("id") is not None and page.find("label", attrs={"for": tag["id"]}) is not None
    )


def _says_something(tag: Tag) -> bool:
    text = tag.get_text(strip=True, types=(NavigableString, TemplateString))
    return bool(text or tag.get("aria-label") or tag.find("img", alt=True))


def _lacks_token(tag: Tag) -> bool:
    return (
        str(tag.get("method", "")).lower() == "post"
        and tag.find("input", attrs={"name": "csrf_token"}) is None
    )


def _repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
