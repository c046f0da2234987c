"""Invitations: who may write them, what they open, how they end."""

import dataclasses
import re
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine

from forum.accounts import policy, queries
from forum.accounts.models import Invitation
from forum.accounts.service import invitations
from forum.accounts.service.codes import hash_of, new_code, read_code
from forum.accounts.service.invitations import Draft
from forum.audit.models import Entry
from forum.core.access import ANYONE, Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied
from forum.members.models import Member
from forum.spaces.models import Membership
from tests.accounts.conftest import PASSWORD, same_page

LIFE = timedelta(days=14)


@pytest.fixture
def invite(app, cast):
    """Write an invitation in the name of somebody; its code."""

    def write(inviter, space="FIN", role=Role.MEMBER, **more) -> str:
        with app.test_request_context(), unit_of_work():
            draft = Draft(cast.spaces[space], role, **more)
            return invitations.invite(
                inviter.viewer, draft, uuid4(), LIFE, lambda code: f"http://x/join/{code}"
            ).code

    return write


@pytest.fixture
def with_mail(app, monkeypatch):
    """As if a mail server were set up."""
    import dataclasses

    settings = dataclasses.replace(app.extensions["settings"], smtp_host="127.0.0.1")
    monkeypatch.setitem(app.extensions, "settings", settings)


def roles_of(app, email):
    with app.app_context():
        rows = db.session.execute(
            sa.select(Membership.space_id, Membership.role)
            .join(Member, Member.id == Membership.member_id)
            .where(Member.email == email)
        )
        return dict(map(tuple, rows))


def join(client, code, email="neu@betrieb.example", name="Nina Neu", password=PASSWORD):
    return client.send(f"/join/{code}", name=name, email=email, new_password=password)


# -- who may


def test_who_may_invite_whom_is_one_grid(cast):
    here = cast.spaces["FIN"]
    allowed = {
        (person, role)
        for person, role in product(("petra", "manfred", "rosa", "sabine", "karla"), Role)
        if policy.may_invite(getattr(cast, person).viewer, here, role, as_administrator=False)
    }
    assert allowed == {
        *product(("manfred", "sabine"), (Role.MEMBER, Role.EXPERT)),
        *product(("karla",), Role),
    }
    assert policy.may_invite(cast.karla.viewer, here, Role.MEMBER, as_administrator=True)
    assert not policy.may_invite(cast.manfred.viewer, here, Role.MEMBER, as_administrator=True)
    assert not policy.may_invite(ANYONE, here, Role.MEMBER, as_administrator=False)


def test_the_list_holds_exactly_what_one_may_manage(app, cast, invite):
    for role, space, administrator in product(Role, ("FIN", "RAT", "NET"), (False, True)):
        invite(cast.karla, space, role, is_administrator=administrator)
    people = [cast.petra, cast.manfred, cast.olga, cast.rosa, cast.sabine, cast.karla]
    with app.app_context():
        with unit_of_work():
            invitations.ensure_setup_code()
        everything = db.session.scalars(sa.select(Invitation)).all()
        for viewer in [ANYONE, *(person.viewer for person in people)]:
            listed = db.session.scalars(sa.select(Invitation.id).where(policy.manageable_by(viewer))).all()
            assert set(listed) == {row.id for row in everything if policy.may_manage(viewer, row)}


def test_a_moderator_invites_members_here_and_neither_moderators_nor_elsewhere(app, cast, browse):
    client = browse(cast.manfred)
    here, elsewhere = cast.spaces["FIN"], cast.spaces["RAT"]

    def send(**fields):
        return client.send("/invitations", client_key=str(uuid4()), **fields)

    assert send(space_id=here, role="member").status_code == 200
    assert send(space_id=here, role="moderator").status_code == 422
    assert send(space_id=elsewhere, role="member").status_code == 422
    send(space_id=here, role="member", is_administrator="y")
    with app.app_context():
        assert not any(db.session.scalars(sa.select(Invitation.is_administrator)))
    with app.test_request_context(), pytest.raises(Denied), unit_of_work():
        invitations.invite(cast.manfred.viewer, Draft(elsewhere, Role.MEMBER), uuid4(), LIFE, str)


def test_members_find_no_invitations_at_all(cast, browse):
    client = browse(cast.petra)
    assert client.get("/invitations").status_code == 404
    assert client.get("/invitations/new").status_code == 404
    sent = client.send("/invitations", space_id=cast.spaces["FIN"], role="member", client_key=str(uuid4()))
    assert sent.status_code == 404
    assert browse(cast.manfred).get("/invitations").status_code == 200


def test_sending_twice_makes_one_invitation_whose_newest_code_is_good(app, cast, browse):
    client, key = browse(cast.manfred), str(uuid4())
    pages = [
        client.send("/invitations", space_id=cast.spaces["FIN"], role="member", client_key=key).get_data(
            as_text=True
        )
        for _each in range(2)
    ]
    first, second = (re.search(r'id="invitation-code">([^<]+)<', page)[1] for page in pages)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 1
    assert browse().get(f"/join/{first}").status_code == 404
    assert browse().get(f"/join/{second}").status_code == 200


# -- codes


def test_a_code_is_read_as_it_was_meant(app):
    code = new_code()
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert read_code(code.lower().replace("-", " ")) == code
    assert read_code(code.replace("-", "").replace("0", "o").replace("1", "l")) == code
    assert len({new_code() for _each in range(1000)}) == 1000


def test_a_typed_code_leads_to_the_invitation_and_a_wrong_one_says_so(cast, browse, invite):
    code = invite(cast.manfred)
    client = browse()
    found = client.send("/join", code=code.lower().replace("-", " "))
    assert (found.status_code, found.location) == (303, f"/join/{code}")
    assert client.send("/join", code="0000-0000-0000-0000").status_code == 422
    assert client.send("/join", code="").status_code == 422


def test_only_hashes_of_codes_are_kept(app, cast, invite):
    code = invite(cast.manfred)
    with app.app_context():
        assert db.session.scalar(sa.select(Invitation.code_hash)) == hash_of(code)


# -- joining


def test_an_invitation_makes_a_member_of_region_and_network_and_signs_in(app, cast, browse, invite, mails):
    code = invite(cast.manfred, name="Nina Neu", note="Aus der Fräserei")
    client = browse()
    page = client.get(f"/join/{code}").get_data(as_text=True)
    assert "Manfred Lehnigk" in page
    assert "Finsterwalde" in page
    assert "Nina Neu" in page
    assert join(client, code).status_code == 303
    assert client.get("/account/security").status_code == 200
    assert roles_of(app, "neu@betrieb.example") == {
        cast.spaces["FIN"]: Role.MEMBER,
        cast.spaces["NET"]: Role.MEMBER,
    }
    assert browse().send("/sign-in", email="neu@betrieb.example", password=PASSWORD).status_code == 303
    assert mails() == []  # neither the first device nor the same again is a new one


def test_an_invitation_opens_once(app, cast, browse, invite):
    code = invite(cast.manfred)
    assert join(browse(), code).status_code == 303
    assert browse().get(f"/join/{code}").status_code == 404
    assert join(browse(), code, "zwei@betrieb.example").status_code == 404
    assert roles_of(app, "zwei@betrieb.example") == {}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"email": "keine Adresse"}, "email"),
        ({"email": "a@b.de\nBcc: c@d.de"}, "email"),
        ({"email": "x" * 250 + "@b.de"}, "email"),
        ({"name": "   "}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"password": "kurz"}, "new_password"),
        ({"password": "neu@betrieb.example"}, "new_password"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_its_field_and_uses_nothing_up(
    app, cast, browse, invite, fields, fault
):
    code = invite(cast.manfred)
    client = browse()
    refused = join(client, code, **fields)
    assert refused.status_code == 422
    assert f'id="{fault}-error"' in refused.get_data(as_text=True)
    assert join(client, code).status_code == 303


def test_an_expired_or_withdrawn_invitation_opens_nothing(app, cast, browse, invite):
    code = invite(cast.manfred)
    client = browse()
    with time_machine.travel(now() + timedelta(days=15)):
        assert client.get(f"/join/{code}").status_code == 404
        assert join(client, code).status_code == 404
    with app.app_context():
        number = db.session.scalar(sa.select(Invitation.id))
    assert browse(cast.rosa).send(f"/invitations/{number}/delete").status_code == 404
    assert client.get(f"/join/{code}").status_code == 200
    assert browse(cast.manfred).send(f"/invitations/{number}/delete").status_code == 303
    assert client.get(f"/join/{code}").status_code == 404


def test_issuing_anew_makes_the_old_code_void_and_brings_an_expired_one_back(app, cast, browse, invite):
    old = invite(cast.manfred)
    with app.app_context():
        number = db.session.scalar(sa.select(Invitation.id))
    assert browse(cast.rosa).send(f"/invitations/{number}/code").status_code == 404
    page = browse(cast.manfred).send(f"/invitations/{number}/code").get_data(as_text=True)
    new = re.search(r'id="invitation-code">([^<]+)<', page)[1]
    assert "<svg" in page
    assert browse().get(f"/join/{old}").status_code == 404
    assert join(browse(), new).status_code == 303
    assert browse(cast.manfred).send(f"/invitations/{number}/code").status_code == 403


def test_a_member_accepts_with_the_account_at_hand_and_keeps_a_higher_role(app, cast, browse, invite):
    code = invite(cast.rosa, "RAT")
    client = browse(cast.petra)
    assert "Einladung annehmen" in client.get(f"/join/{code}").get_data(as_text=True)
    assert client.send(f"/join/{code}/membership").status_code == 303
    assert roles_of(app, cast.petra.email)[cast.spaces["RAT"]] is Role.MEMBER
    again = invite(cast.karla, "FIN")
    browse(cast.manfred).send(f"/join/{again}/membership")
    assert roles_of(app, cast.manfred.email)[cast.spaces["FIN"]] is Role.MODERATOR
    raised = invite(cast.karla, "FIN", Role.MODERATOR)
    browse(cast.petra).send(f"/join/{raised}/membership")
    assert roles_of(app, cast.petra.email)[cast.spaces["FIN"]] is Role.MODERATOR


def test_without_mail_an_address_with_an_account_is_refused_and_asking_ends_the_invitation(
    app, cast, browse, invite
):
    code = invite(cast.manfred)
    client = browse()
    for _each in range(3):
        assert join(client, code, cast.olga.email).status_code == 422
    assert join(client, code).status_code == 404
    with app.app_context():
        assert db.session.scalar(sa.select(Invitation.revoked_at)) is not None


def test_with_mail_no_answer_tells_whether_an_address_has_an_account(
    app, cast, browse, invite, with_mail, mails, link_in
):
    code = invite(cast.manfred)
    client = browse()
    assert "new_password" not in client.get(f"/join/{code}").get_data(as_text=True)
    assert join(client, code).status_code == 404  # the way without proof is closed
    known = client.send(f"/join/{code}/address", email=cast.olga.email)
    unknown = client.send(f"/join/{code}/address", email="neu@betrieb.example")
    assert known.status_code == unknown.status_code == 200
    assert same_page(known).replace(cast.olga.email, "") == same_page(unknown).replace(
        "neu@betrieb.example", ""
    )
    to_olga, to_nina = mails()
    assert "schon ein Konto" in to_olga.text
    assert "schon ein Konto" not in to_nina.text
    page = client.get(link_in(to_nina)).get_data(as_text=True)
    assert "readonly" in page
    joined = client.send(link_in(to_nina), name="Nina", email="anders@betrieb.example", new_password=PASSWORD)
    assert joined.status_code == 303
    assert roles_of(app, "neu@betrieb.example")
    assert not roles_of(app, "anders@betrieb.example")
    assert browse().get(link_in(to_olga)).status_code == 404
    assert browse().get(f"/join/{code}").status_code == 404


def test_a_mailed_invitation_is_sent_and_sent_again_with_links_that_die_together(
    app, cast, browse, with_mail, mails, link_in
):
    client = browse(cast.manfred)
    client.send(
        "/invitations",
        space_id=cast.spaces["FIN"],
        role="member",
        email="neu@betrieb.example",
        client_key=str(uuid4()),
    )
    with app.app_context():
        number = db.session.scalar(sa.select(Invitation.id))
    assert client.send(f"/invitations/{number}/mail").status_code == 303
    first, second = mails()
    assert "Manfred Lehnigk" in second.text
    visitor = browse()
    assert visitor.get(link_in(first)).status_code == 404
    assert visitor.get(link_in(second)).status_code == 200
    client.send(f"/invitations/{number}/delete")
    assert visitor.get(link_in(second)).status_code == 404


def test_the_list_pages_without_losing_an_invitation(app, cast, invite):
    for _each in range(53):
        invite(cast.manfred)
    with app.app_context():
        first = queries.list_invitations(cast.manfred.viewer, now(), only_open=True)
        second = queries.list_invitations(cast.manfred.viewer, now(), only_open=True, cursor=first.next)
        assert (len(first.rows), len(second.rows), second.next) == (50, 3, None)


# -- the first administrator


def test_the_setup_code_makes_one_administrator_and_is_then_void(app, browse):
    with app.app_context(), unit_of_work():
        first = invitations.ensure_setup_code()
    with app.app_context(), unit_of_work():
        second = invitations.ensure_setup_code()
    client = browse()
    assert client.get(f"/setup/{first}").status_code == 404
    assert client.get(f"/setup/{second}").status_code == 200
    made = client.send(f"/setup/{second}", name="Ada", email="ada@betrieb.example", new_password=PASSWORD)
    assert made.status_code == 303
    assert client.get("/administration/members").status_code == 200
    with app.app_context(), unit_of_work():
        assert invitations.ensure_setup_code() is None
    assert browse().get(f"/setup/{second}").status_code == 404


def test_an_ordinary_invitation_is_no_setup_code(cast, browse, invite):
    code = invite(cast.manfred)
    assert browse().get(f"/setup/{code}").status_code == 404
    assert browse().send(f"/setup/{code}", name="X", email="x@y.de", new_password=PASSWORD).status_code == 404
    assert browse().get(f"/join/{code}").status_code == 200


def test_a_visitor_is_no_member_who_could_accept(app, cast, invite):
    code = invite(cast.manfred)
    with app.test_request_context(), pytest.raises(Denied), unit_of_work():
        invitations.accept_as_member(Viewer(), code)


# -- what somebody leaves behind


def test_an_invitation_as_guest_takes_no_moderators_role(app, cast, browse, invite):
    for person, role in ((cast.manfred, Role.MODERATOR), (cast.sabine, Role.STAFF)):
        code = invite(cast.karla, "FIN", Role.EXPERT)
        assert browse(person).send(f"/join/{code}/membership").status_code == 303
        assert roles_of(app, person.email)[cast.spaces["FIN"]] is role


def test_a_former_administrators_invitations_open_only_what_others_may_write_too(app, cast, browse, invite):
    with app.app_context(), unit_of_work():
        db.session.get_one(Member, cast.sabine.id).is_administrator = True
    sabine = dataclasses.replace(cast.sabine.viewer, is_administrator=True)
    with app.test_request_context(), unit_of_work():
        codes = [
            invitations.invite(sabine, Draft(cast.spaces["FIN"], *more), uuid4(), LIFE, str).code
            for more in ((Role.MEMBER, "", "", "", True), (Role.MODERATOR,), (Role.MEMBER,))
        ]

    def opens():
        return [browse().get(f"/join/{code}").status_code for code in codes]

    karla = browse(cast.karla)
    assert opens() == [200, 200, 200]
    assert karla.send(f"/administration/members/{cast.sabine.id}/appointment/delete").status_code == 303
    assert opens() == [404, 404, 200]
    assert karla.send(f"/administration/members/{cast.sabine.id}/suspension").status_code == 303
    assert opens() == [404, 404, 404]


def test_who_becomes_administrator_by_invitation_stands_in_the_record(app, cast, browse, invite):
    code = invite(cast.karla, "FIN", is_administrator=True)
    assert browse(cast.petra).send(f"/join/{code}/membership").status_code == 303
    with app.app_context():
        entry = db.session.scalars(sa.select(Entry).where(Entry.action == "administrator.appointed")).one()
        assert (entry.actor_id, entry.subject_id) == (cast.karla.id, cast.petra.id)
