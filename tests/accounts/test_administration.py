"""Members and mails as administrators see them."""

import sqlalchemy as sa

from forum.audit.models import Entry
from forum.core.db import db, unit_of_work
from forum.mail.delivery import postman_of
from forum.mail.models import OutgoingMail
from forum.mail.service import send
from forum.members.models import Member
from tests.accounts.conftest import PASSWORD


def test_members_are_listed_and_found_by_administrators_only(cast, browse):
    page = browse(cast.karla).get("/administration/members?q=petra").get_data(as_text=True)
    assert "Petra Sommer" in page
    assert "Olga Brandt" not in page
    for person in (cast.petra, cast.manfred, cast.sabine):
        assert browse(person).get("/administration/members").status_code == 404


def test_a_suspended_member_is_out_at_once_and_stays_signed_out_after_coming_back(
    app, cast, browse, give_password
):
    give_password(cast.petra)
    petra, karla = browse(cast.petra), browse(cast.karla)
    here = f"/administration/members/{cast.petra.id}/suspension"
    assert browse(cast.manfred).send(here).status_code == 404
    assert petra.get("/account/security").status_code == 200
    assert karla.send(here).status_code == 303
    assert petra.get("/account/security").status_code == 302
    assert browse().send("/sign-in", email=cast.petra.email, password=PASSWORD).status_code == 422
    assert karla.send(f"{here}/delete").status_code == 303
    assert petra.get("/account/security").status_code == 302
    assert browse().send("/sign-in", email=cast.petra.email, password=PASSWORD).status_code == 303
    with app.app_context():
        actions = db.session.execute(sa.select(Entry.action, Entry.actor_id, Entry.subject_id)).all()
    assert ("member.suspended", cast.karla.id, cast.petra.id) in actions
    assert ("member.reactivated", cast.karla.id, cast.petra.id) in actions


def test_what_waits_in_the_queue_for_a_suspended_member_does_not_leave_any_more(app, cast, browse):
    people, kinds = (cast.petra, cast.olga), ("notice", "digest", "account")
    with app.app_context(), unit_of_work():
        for person in people:
            for about in kinds:
                send(person.email, "Neues im Netzwerk", "Text", member_id=person.id, about=about)
    assert browse(cast.karla).send(f"/administration/members/{cast.petra.id}/suspension").status_code == 303
    with app.app_context():
        rows = db.session.execute(sa.select(OutgoingMail.member_id, OutgoingMail.about))
        left = {(row.member_id, row.about) for row in rows}
    assert {about for member_id, about in left if member_id == cast.petra.id} == {"account"}
    assert {about for member_id, about in left if member_id == cast.olga.id} == set(kinds)


def test_administrators_are_appointed_and_dismissed_but_never_the_last_one(app, cast, browse):
    karla = browse(cast.karla)
    own = f"/administration/members/{cast.karla.id}"
    assert karla.send(f"{own}/appointment/delete").status_code == 403
    assert karla.send(f"{own}/suspension").status_code == 403
    petras = f"/administration/members/{cast.petra.id}/appointment"
    assert browse(cast.petra).send(petras).status_code == 404
    assert karla.send(petras).status_code == 303
    assert browse(cast.petra).get("/administration/members").status_code == 200
    assert karla.send(f"{own}/appointment/delete").status_code == 303
    assert karla.get("/administration/members").status_code == 404
    with app.app_context():
        assert db.session.scalars(sa.select(Member.id).where(Member.is_administrator)).all() == [
            cast.petra.id
        ]


def test_suspended_members_are_not_appointed(cast, browse):
    karla = browse(cast.karla)
    karla.send(f"/administration/members/{cast.petra.id}/suspension")
    assert karla.send(f"/administration/members/{cast.petra.id}/appointment").status_code == 403


def test_without_a_mail_server_an_administrator_reads_the_mails_and_nobody_else(app, cast, browse):
    with app.app_context(), unit_of_work():
        send("nina@betrieb.example", "Nachricht aus dem Netzwerk", "Grüße: http://x/join/ABC")
    postman_of(app).deliver_due()
    with app.app_context():
        letters = postman_of(app).outbox.list_letters()
        name = next(letter.name for letter in letters if letter.recipient == "nina@betrieb.example")
    karla = browse(cast.karla)
    assert "nina@betrieb.example" in karla.get("/administration/mails").get_data(as_text=True)
    assert "Grüße: http://x/join/ABC" in karla.get(f"/administration/mails/{name}").get_data(as_text=True)
    assert browse(cast.manfred).get("/administration/mails").status_code == 404
    assert browse(cast.manfred).get(f"/administration/mails/{name}").status_code == 404
    for wrong in ("..%2Fsecret_key", "secret_key", "..", "20200101T000000-1.eml", f"{name}x"):
        assert karla.get(f"/administration/mails/{wrong}").status_code in (404, 308)
