"""The pages of a space: members, profile, sites, councils, mandates, record."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.companies.models import Site
from forum.core.access import Role
from forum.core.db import db
from forum.councils.models import Council, Mandate
from forum.spaces import queries
from forum.spaces.models import Space
from tests.cast import Cast, Person

Browse = Callable[[Person | None], FlaskClient]
SITE = {"company": "Elsterblech GmbH", "name": "Werk Finsterwalde", "town": "Finsterwalde", "seats": "7"}


@pytest.fixture
def here(cast: Cast) -> int:
    return cast.spaces["FIN"]


@pytest.fixture
def council(app: Flask, cast: Cast, here: int, browse: Browse) -> int:
    """The id of a council here."""
    assert browse(cast.manfred).send(f"/spaces/{here}/sites/new", **SITE).status_code == 303
    with app.app_context():
        found = db.session.scalar(sa.select(Council.id))
    assert found is not None
    return found


@pytest.fixture
def mandate(app: Flask, cast: Cast, council: int, browse: Browse) -> int:
    """The id of Petra's mandate there."""
    sent = browse(cast.manfred).send(
        f"/councils/{council}/mandates/new", member_id=cast.petra.id, function="chair", since="2026-04-15"
    )
    assert sent.status_code == 303
    with app.app_context():
        found = db.session.scalar(sa.select(Mandate.id))
    assert found is not None
    return found


def text(response: TestResponse) -> str:
    return " ".join(BeautifulSoup(response.get_data(as_text=True), "html.parser").get_text(" ").split())


def role_of(app: Flask, person: Person, space_id: int) -> Role | None:
    with app.app_context():
        membership = queries.membership_of(space_id, person.id)
        return membership.role if membership else None


def test_members_see_who_belongs_and_others_see_nothing(cast: Cast, here: int, browse: Browse) -> None:
    page = browse(cast.petra).get(f"/spaces/{here}/members")
    assert "Manfred Lehnigk" in text(page)
    assert "Olga Brandt" not in text(page)
    assert "Sabine Morgenroth" in text(browse(cast.karla).get(f"/spaces/{here}/members"))
    assert browse(cast.olga).get(f"/spaces/{here}/members").status_code == 404
    assert browse(cast.rosa).get(f"/spaces/{here}/members").status_code == 404
    assert browse(None).get(f"/spaces/{here}/members").status_code == 302


def test_members_are_searched_by_name(cast: Cast, here: int, browse: Browse) -> None:
    petra = browse(cast.petra)
    assert "Manfred" not in text(petra.get(f"/spaces/{here}/members?q=sommer"))
    assert "Niemand gefunden" in text(petra.get(f"/spaces/{here}/members?q=niemals"))
    assert petra.get(f"/spaces/{here}/members?after=forged").status_code == 404


def test_moderators_change_roles_here_and_nobody_else_does(
    app: Flask, cast: Cast, here: int, browse: Browse
) -> None:
    path = f"/spaces/{here}/members/{cast.petra.id}"
    assert browse(cast.manfred).get(path).status_code == 200
    assert browse(cast.manfred).send(path, role="expert").status_code == 303
    assert role_of(app, cast.petra, here) is Role.EXPERT
    assert browse(cast.manfred).send(path, role="moderator").status_code == 403
    assert browse(cast.manfred).send(path, role="king").status_code == 422
    for other in (cast.sabine, cast.olga, cast.rosa):
        assert browse(other).get(path).status_code == 404
        assert browse(other).send(path, role="member").status_code == 404
    assert role_of(app, cast.petra, here) is Role.EXPERT
    assert browse(cast.karla).send(path, role="moderator").status_code == 303
    assert role_of(app, cast.petra, here) is Role.MODERATOR


def test_a_member_leaves_and_the_last_moderator_is_told_why_not(
    app: Flask, cast: Cast, here: int, browse: Browse
) -> None:
    petra, manfred = browse(cast.petra), browse(cast.manfred)
    assert "Bereich verlassen" in text(petra.get(f"/spaces/{here}/members/{cast.petra.id}"))
    assert petra.send(f"/spaces/{here}/members/{cast.manfred.id}/delete").status_code == 404
    assert petra.send(f"/spaces/{here}/members/{cast.petra.id}/delete").status_code == 303
    assert role_of(app, cast.petra, here) is None
    assert petra.get(f"/spaces/{here}/members").status_code == 404
    refused = manfred.send(f"/spaces/{here}/members/{cast.manfred.id}/delete")
    assert refused.status_code == 422
    assert "Du bist hier die letzte Moderator:in" in text(refused)
    assert role_of(app, cast.manfred, here) is Role.MODERATOR


def test_administrators_add_a_member_of_the_network(
    app: Flask, cast: Cast, here: int, browse: Browse
) -> None:
    karla = browse(cast.karla)
    path = f"/spaces/{here}/members/new"
    assert "Olga Brandt" in text(karla.get(path))
    assert "Olga Brandt" not in text(karla.get(f"{path}?q=rosa"))
    assert karla.send(path, role="member").status_code == 422
    assert karla.send(path, role="expert", member_id=cast.olga.id).status_code == 303
    assert role_of(app, cast.olga, here) is Role.EXPERT
    again = karla.send(path, role="member", member_id=cast.olga.id)
    assert again.status_code == 422
    assert "gehört schon zu diesem Bereich" in text(again)
    assert browse(cast.manfred).get(path).status_code == 404
    assert browse(cast.manfred).send(path, role="member", member_id=cast.rosa.id).status_code == 404


def test_the_profile_is_edited_here_and_what_was_typed_is_kept(
    app: Flask, cast: Cast, here: int, browse: Browse
) -> None:
    path = f"/spaces/{here}/edit"
    manfred = browse(cast.manfred)
    assert "Metall" in manfred.get(path).get_data(as_text=True)
    refused = manfred.send(path, sector="x" * 200, description="Mein Text", contacts="")
    assert refused.status_code == 422
    assert "Mein Text" in refused.get_data(as_text=True)
    assert manfred.send(path, sector="Metall", description="**Neu**", contacts="").status_code == 303
    with app.app_context():
        space = db.session.get(Space, here)
        assert space is not None
        assert "<strong>Neu</strong>" in space.description_html
    for other in (cast.petra, cast.sabine, cast.olga, cast.rosa):
        assert browse(other).get(path).status_code == 404
        assert browse(other).send(path, sector="", description="", contacts="").status_code == 404
    assert browse(cast.karla).get(path).status_code == 200


def test_administrators_see_all_spaces_and_nobody_else_does(cast: Cast, browse: Browse) -> None:
    assert "Rathenow" in text(browse(cast.karla).get("/spaces"))
    assert browse(cast.manfred).get("/spaces").status_code == 404


def test_sites_are_entered_read_and_corrected(
    app: Flask, cast: Cast, here: int, council: int, browse: Browse
) -> None:
    with app.app_context():
        site_id = db.session.scalar(sa.select(Site.id))
    listed = text(browse(cast.petra).get(f"/spaces/{here}/sites"))
    assert "Elsterblech GmbH" in listed
    assert "Betriebsrat Elsterblech GmbH, Werk Finsterwalde" in listed
    assert "0 von 7" in listed
    manfred = browse(cast.manfred)
    assert 'value="Elsterblech GmbH"' in manfred.get(f"/sites/{site_id}/edit").get_data(as_text=True)
    changed = manfred.send(
        f"/sites/{site_id}/edit", **SITE | {"employees": "210", "council": "BR Elsterblech"}
    )
    assert changed.status_code == 303
    assert "BR Elsterblech" in text(manfred.get(f"/councils/{council}"))
    twice = manfred.send(f"/spaces/{here}/sites/new", **SITE)
    assert twice.status_code == 422
    assert "Dieses Unternehmen hat schon einen Betrieb, der so heißt." in text(twice)
    for path in (f"/spaces/{here}/sites/new", f"/sites/{site_id}/edit"):
        for other in (cast.petra, cast.sabine, cast.rosa):
            assert browse(other).get(path).status_code == 404
            assert browse(other).send(path, **SITE).status_code == 404
    assert browse(cast.olga).get(f"/spaces/{here}/sites").status_code == 404


def test_bad_numbers_and_days_are_told_in_german(cast: Cast, here: int, council: int, browse: Browse) -> None:
    manfred = browse(cast.manfred)
    page = text(manfred.send(f"/spaces/{here}/sites/new", **SITE | {"employees": "viele", "name": ""}))
    assert "Not a valid" not in page
    assert "Bitte füll dieses Feld aus." in page
    path = f"/councils/{council}/mandates/new"
    page = text(manfred.send(path, member_id=cast.petra.id, function="king", since="gestern"))
    assert "Not a valid" not in page
    page = text(manfred.send(path, member_id="x", function="member", since="2026-04-15"))
    assert "Invalid" not in page


def test_forged_values_are_refused_and_never_break_the_page(cast: Cast, here: int, browse: Browse) -> None:
    karla = browse(cast.karla)
    for query in ("q=%00", "q=%25", f"after={10**17}", "q=" + "x" * 5000):
        assert karla.get(f"/spaces/{here}/members?{query}").status_code == 200
    assert karla.get(f"/spaces/{here}/sites?after={10**17}").status_code == 200
    assert karla.get(f"/record?before={10**17}").status_code == 200
    for member_id in ("x", -1, 0, 10**30):
        assert (
            karla.send(f"/spaces/{here}/members/new", member_id=member_id, role="member").status_code == 422
        )
    for number in ("x", -1, 10**30):
        site = SITE | {"employees": str(number)}
        assert karla.send(f"/spaces/{here}/sites/new", **site).status_code == 422
        assert karla.send(f"/spaces/{here}/sites/new", **SITE | {"seats": str(number)}).status_code == 422
    for name in ("a\x00b", "\u202e", "x" * 161):
        assert karla.send(f"/spaces/{here}/sites/new", **SITE | {"name": name}).status_code == 422


def test_the_network_has_no_sites(cast: Cast, browse: Browse) -> None:
    assert browse(cast.karla).get(f"/spaces/{cast.spaces['NET']}/sites").status_code == 404
    assert browse(cast.karla).get(f"/spaces/{cast.spaces['NET']}/sites/new").status_code == 404


def test_a_mandate_is_entered_ended_and_stays_in_the_history(
    cast: Cast, council: int, mandate: int, browse: Browse
) -> None:
    manfred, petra = browse(cast.manfred), browse(cast.petra)
    assert "BR-Vorsitz · seit 15. April 2026" in text(petra.get(f"/councils/{council}"))
    ended = {"function": "chair", "since": "2026-04-15", "until": "2026-04-16"}
    assert manfred.send(f"/mandates/{mandate}/edit", **ended).status_code == 303
    page = text(petra.get(f"/councils/{council}"))
    assert "15. April 2026 bis 16. April 2026" in page
    assert "Noch kein Mandat" in page
    refused = manfred.send(f"/mandates/{mandate}/edit", **ended | {"until": "2026-04-14"})
    assert refused.status_code == 422
    assert "Der letzte Tag liegt vor dem ersten." in text(refused)


def test_mandates_are_given_to_members_of_the_region_and_by_its_moderators(
    app: Flask, cast: Cast, council: int, mandate: int, browse: Browse
) -> None:
    path = f"/councils/{council}/mandates/new"
    fields = {"function": "member", "since": "2020-01-01", "until": "2021-01-01"}
    assert "Olga Brandt" not in text(browse(cast.manfred).get(path))
    assert browse(cast.manfred).send(path, member_id=cast.olga.id, **fields).status_code == 422
    for other in (cast.petra, cast.sabine, cast.olga, cast.rosa):
        assert browse(other).send(path, member_id=cast.petra.id, **fields).status_code == 404
        assert browse(other).get(f"/mandates/{mandate}/edit").status_code == 404
        assert browse(other).send(f"/mandates/{mandate}/delete").status_code == 404
    assert browse(cast.rosa).get(f"/councils/{council}").status_code == 404
    assert browse(cast.manfred).send(f"/mandates/{mandate}/delete").status_code == 303
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Mandate.id))) == 0


def test_the_record_is_read_by_moderators_of_the_space_and_by_administrators(
    cast: Cast, here: int, mandate: int, browse: Browse
) -> None:
    page = text(browse(cast.manfred).get(f"/spaces/{here}/record"))
    assert "Mandat eingetragen: Petra Sommer" in page
    assert browse(cast.manfred).get("/record").status_code == 404
    assert "Mandat eingetragen: Petra Sommer" in text(browse(cast.karla).get("/record"))
    for other in (cast.petra, cast.sabine, cast.rosa):
        assert browse(other).get(f"/spaces/{here}/record").status_code == 404


def test_a_page_costs_as_many_statements_for_many_rows_as_for_one(
    app: Flask, cast: Cast, here: int, mandate: int, browse: Browse, count_queries: Callable[[], int]
) -> None:
    karla = browse(cast.karla)

    def costs() -> list[int]:
        found = []
        for page in ("members", "sites", "record"):
            count_queries()
            karla.get(f"/spaces/{here}/{page}")
            found.append(count_queries())
        return found

    few = costs()
    for number, newcomer in enumerate([cast.olga, cast.rosa]):
        browse(cast.manfred).send(f"/spaces/{here}/sites/new", company=f"Firma {number}", name="Werk")
        karla.send(
            f"/spaces/{here}/members/new",
            member_id=newcomer.id,
            role="expert",
        )
    assert costs() == few
