"""Headers and cookies: on every answer, whatever it is."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from forum.web.links import public_link
from forum.web.resubmission import local_path
from tests.cast import Cast, Person, sign_in

Browse = Callable[[Person | None], FlaskClient]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def answers(app: Flask, cast: Cast, client: FlaskClient) -> dict[str, object]:
    """One answer of each kind."""
    return {
        "page": client.get("/boards"),
        "missing": client.get("/no-such-page"),
        "foreign": client.get(f"/boards/{cast.foreign_board}"),
        "redirect": client.get("/sign-in"),
        "json": client.send("/drafts", place=f"board:{cast.board}", text="Ich wollte"),  # type: ignore[attr-defined]
        "refused form": client.post("/drafts", data={"place": "board:1"}),
        "other method": client.put("/boards"),
        "too large": client.post("/drafts", data={"text": "x" * 9_000_000}),
        "text": client.get("/robots.txt"),
        "static": client.get(app.jinja_env.globals["asset"]("web/app.css")),
        "missing static": client.get("/static/000000000000/web/app.css"),
        "head": client.head("/boards"),
    }


def test_every_answer_carries_the_headers(app: Flask, cast: Cast, browse: Browse) -> None:
    for kind, answer in answers(app, cast, browse(cast.petra)).items():
        carried = {name: answer.headers.get_all(name) for name in HEADERS}
        assert carried == {name: [value] for name, value in HEADERS.items()}, kind
        assert "Strict-Transport-Security" not in answer.headers, kind


def test_the_kinds_of_answers_are_what_they_should_be(app: Flask, cast: Cast, browse: Browse) -> None:
    found = {kind: answer.status_code for kind, answer in answers(app, cast, browse(cast.petra)).items()}
    assert found == {
        "page": 200,
        "missing": 404,
        "foreign": 404,
        "redirect": 302,
        "json": 200,
        "refused form": 400,
        "other method": 405,
        "too large": 413,
        "text": 200,
        "static": 200,
        "missing static": 404,
        "head": 200,
    }


def test_pages_leave_no_copy_and_static_files_are_kept(app: Flask, cast: Cast, browse: Browse) -> None:
    found = answers(app, cast, browse(cast.petra))
    assert found["page"].headers["Cache-Control"] == "no-store"
    assert found["json"].headers["Cache-Control"] == "no-store"
    assert found["static"].headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert "Access-Control-Allow-Origin" not in found["static"].headers


def test_a_browser_that_came_by_https_is_told_to_stay_there(
    app_with: Callable[..., Flask], cast: Cast
) -> None:
    secure = app_with(public_url="https://netzwerk.example")
    client = secure.test_client()
    sign_in(client, cast.petra)
    for kind, answer in answers(secure, cast, client).items():
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", kind


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(app: Flask, browse: Browse) -> None:
    cookie = browse(None).get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("network=")
    parts = {part.strip() for part in cookie.split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert "Secure" not in parts


def test_the_session_cookie_is_bound_to_the_host_on_https(app_with: Callable[..., Flask]) -> None:
    client = app_with(public_url="https://netzwerk.example").test_client()
    cookie = client.get("/sign-in", base_url="https://netzwerk.example").headers["Set-Cookie"]
    assert cookie.startswith("__Host-network=")
    parts = {part.strip() for part in cookie.split(";")}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


def test_a_forged_cookie_is_no_session(app: Flask, cast: Cast, browse: Browse) -> None:
    client = browse(None)
    client.set_cookie("network", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb")
    assert client.get("/boards").status_code == 302


def test_no_page_is_for_search_engines(cast: Cast, browse: Browse) -> None:
    robots = browse(None).get("/robots.txt")
    assert (robots.mimetype, robots.text) == ("text/plain", "User-agent: *\nDisallow: /\n")
    for client, path in (
        (browse(None), "/sign-in"),
        (browse(None), "/imprint"),
        (browse(cast.petra), "/boards"),
    ):
        answer = client.get(path)
        assert '<meta name="robots" content="noindex, nofollow">' in answer.text
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_forged_host_does_not_get_into_mailed_links(app: Flask, cast: Cast, browse: Browse) -> None:
    """The address in a mail is the operator's, whatever the request says of itself."""
    with app.test_request_context("/", base_url="http://evil.example"):
        assert public_link("portal.show_start") == "http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "evil.example",
        "",
        None,
        " //evil.example",
    ],
)
def test_another_site_is_no_target(target: str | None) -> None:
    assert local_path(target) == "/"


@pytest.mark.parametrize(
    "target", ["/", "/boards/3?page=2", "/topics/7?page=2#27", "/a//b", "/sign-in?next=/x"]
)
def test_a_path_of_this_site_is_a_target(target: str) -> None:
    assert local_path(target) == target


@given(
    st.text(alphabet=st.sampled_from("/\\:.?#@ \t\n\r\x00ab%2f\u2044\uff0f"), max_size=12)
    | st.text(max_size=30)
)
@example("/%09/evil.example")
@example("/\x00/evil.example")
def test_no_target_ever_leads_off_this_site(target: str) -> None:
    """As browsers read it: backslash is slash, tabs and line ends are not there, spaces at the ends go."""
    path = local_path(target)
    read = path.replace("\\", "/").translate(dict.fromkeys(map(ord, "\t\n\r"))).strip(" \x00")
    assert read.startswith("/")
    assert not read.startswith("//")
