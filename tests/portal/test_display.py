"""In which language and colours somebody sees the pages."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.cast import Cast, Person

Browse = Callable[[Person | None], FlaskClient]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("en-GB,en;q=0.9", "en"),
        ("fr", "de"),
        ("pl,en;q=0.5", "en"),
        ("", "de"),
        ("*", "de"),
        ("x-y-z;q=9", "de"),
    ],
)
def test_the_browser_is_asked_which_language(browse: Browse, accepted: str, language: str) -> None:
    page = browse(None).get("/imprint", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in page.text


def test_a_choice_counts_more_than_the_browser_and_the_member_more_than_both(
    cast: Cast, browse: Browse
) -> None:
    visitor = browse(None)
    visitor.send("/display", locale="en")
    assert '<html lang="en"' in visitor.get("/imprint", headers={"Accept-Language": "de"}).text
    petra = browse(cast.petra)
    assert '<html lang="de"' in petra.get("/boards", headers={"Accept-Language": "en"}).text
    petra.send("/display", locale="en", theme="dark", next="/boards")
    assert '<html lang="en" data-theme="dark"' in browse(cast.petra).get("/boards").text
    assert petra.send("/display", locale="xx").status_code == 404
    assert petra.send("/display", theme="pink").status_code == 404
