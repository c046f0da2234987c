"""What holds for every page: a client that checks each one it is given, in whatever test that happens."""

import re
from collections import Counter
from functools import lru_cache
from typing import Any

from flask.testing import FlaskClient
from lxml.html import HtmlElement, document_fromstring, tostring
from werkzeug.test import TestResponse

_PRONOUN = re.compile(r"\b(Sie|Ihnen|Ihre[mnrs]?|Ihr)\b")
_PLURAL_VERB = re.compile(r"\s+(sind|\w+e?n)\b")
#: A token is another one in each page.
_TOKEN = re.compile(r'(?<=name="csrf_token" value=")[^"]*')
_FOREIGN = re.compile("(https?:)?//")
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
    return list(_faults_of(_TOKEN.sub("", html)))


@lru_cache(maxsize=256)
def _faults_of(page_source: str) -> tuple[str, ...]:
    """The same for pages seen again, as what is not found by many; read by lxml, as there are thousands."""
    page = document_fromstring(page_source)
    tags = [tag for tag in page.iter() if isinstance(tag.tag, str)]
    labelled = {tag.get("for") for tag in tags if tag.tag == "label"}
    faults = []
    if page.get("lang") not in {"de", "en"}:
        faults.append("no language")
    if not (page.findtext(".//title") or "").strip():
        faults.append("no title")
    if page.find(".//h1") is None:
        faults.append("no main heading")
    if page.find(".//main") is None:
        faults.append("no main part")
    for tag in tags:
        if tag.tag == "style":
            faults.append("style element")
        if tag.tag == "script" and not tag.get("src"):
            faults.append("inline script")
        if tag.tag in {"input", "select", "textarea"} and not _is_named(tag, labelled):
            faults.append(f"unlabelled: {_shown(tag)}")
        if tag.tag in {"button", "a"} and not _says_something(tag):
            faults.append(f"nameless {'link' if tag.tag == 'a' else 'button'}: {_shown(tag)}")
        if tag.tag == "form" and _lacks_token(tag):
            faults.append(f"form without token: {tag.get('action')}")
        if _FOREIGN.match(tag.get("src", "")):
            faults.append(f"foreign {tag.tag}: {tag.get('src')}")
        faults += [f"inline style: {tag.tag}" for name in tag.keys() if name == "style"]  # noqa: SIM118
        faults += [f"{name} on {tag.tag}" for name in tag.keys() if name.startswith("on")]  # noqa: SIM118
    ids = Counter(tag.get("id") for tag in tags if "id" in tag.attrib)
    faults += [f"id twice: {name}" for name, times in ids.items() if times > 1]
    return tuple(faults)


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


def _is_named(tag: HtmlElement, labelled: set[str | None]) -> bool:
    if tag.get("type") in _UNTYPED or tag.get("aria-label") or tag.get("aria-labelledby"):
        return True
    return next(tag.iterancestors("label"), None) is not None or tag.get("id") in labelled - {None}


def _says_something(tag: HtmlElement) -> bool:
    text = str(tag.text_content()).strip()
    return bool(text or tag.get("aria-label") or tag.xpath(".//img[@alt]"))


def _lacks_token(tag: HtmlElement) -> bool:
    return tag.get("method", "").lower() == "post" and not tag.xpath(".//input[@name='csrf_token']")


def _shown(tag: HtmlElement) -> str:
    return tostring(tag, encoding="unicode", with_tail=False)
