"""How one is shown."""

from io import BytesIO

import pytest
from PIL import Image

from forum.core.db import db
from forum.members.models import Member, Picture

FORM = {"name": "Petra S.", "bio": "Fragt mich zu **Schichten**"}


def image(form: str = "JPEG", colour: str = "teal") -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (400, 300), colour).save(file, form)
    file.seek(0)
    return file


def upload(client, content, name="bild.jpg"):
    data = {"csrf_token": client.token(), "picture": (content, name)}
    return client.post("/account/picture", data=data, content_type="multipart/form-data")


def test_the_profile_is_changed_and_rendered_once(app, cast, browse):
    client = browse(cast.petra)
    assert client.send("/account/profile", **FORM).status_code == 303
    with app.app_context():
        member = db.session.get_one(Member, cast.petra.id)
        assert member.name == "Petra S."
        assert "<strong>Schichten</strong>" in member.bio_html


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "\u200b"}, {"name": "x" * 121}, {"bio": "x" * 2001}]
)
def test_what_cannot_be_shown_is_refused_and_kept_in_the_form(app, cast, browse, wrong):
    answer = browse(cast.petra).send("/account/profile", **(FORM | wrong))
    assert answer.status_code == 422
    assert "Fragt mich" in answer.get_data(as_text=True) or "bio" in wrong
    with app.app_context():
        assert db.session.get_one(Member, cast.petra.id).name == cast.petra.name


def test_a_picture_is_encoded_again_and_shown_to_members_only(app, cast, browse):
    client = browse(cast.petra)
    assert upload(client, image()).status_code == 303
    with app.app_context():
        address = (
            f"/members/{cast.petra.id}/picture/{db.session.get_one(Member, cast.petra.id).picture_version}"
        )
    shown = browse(cast.olga).get(address)
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    assert shown.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert Image.open(BytesIO(shown.data)).format == "WEBP"
    assert browse().get(address).status_code == 302
    assert client.get(f"/members/{cast.petra.id}/picture/{'0' * 12}").status_code == 404
    assert client.send("/account/picture/delete").status_code == 303
    assert client.get(address).status_code == 404
    with app.app_context():
        assert db.session.get(Picture, cast.petra.id) is None


def test_a_new_picture_has_a_new_address(app, cast, browse):
    client = browse(cast.petra)

    def version():
        with app.app_context():
            return db.session.get_one(Member, cast.petra.id).picture_version

    upload(client, image())
    first = version()
    upload(client, image("PNG", colour="maroon"))
    assert first
    assert version() not in (None, first)
    assert client.get(f"/members/{cast.petra.id}/picture/{first}").status_code == 404


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff\xe0 cut"]
)
def test_what_is_no_picture_is_refused(app, cast, browse, content):
    assert upload(browse(cast.petra), BytesIO(content)).status_code == 422
    with app.app_context():
        assert db.session.get_one(Member, cast.petra.id).picture_version is None


def test_no_file_at_all_is_refused(cast, browse):
    assert browse(cast.petra).send("/account/picture").status_code == 422
