"""What was confirmed: words and files together, bound to each notice, whatever is changed afterwards."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pypdfium2 as pdfium
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.announcements import queries
from forum.announcements.models import Acknowledgement, Announcement
from forum.announcements.service import announcements, certificates, notices
from forum.announcements.service.announcements import Wording
from forum.announcements.tasks import publish
from forum.attachments.models import Attachment
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict
from forum.files.models import File, Progress
from forum.files.settling import tell_settled
from tests.announcements.house import WORDS, announce, council, draft, terms, today, told
from tests.cast import Cast, Person
from tests.make.sent import forget_all, sent_file
from tests.pages import PageCheckingClient

Browse = Callable[[Person | None], PageCheckingClient]
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tidy_store(app: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    with app.app_context():
        forget_all()


def get(announcement_id: int) -> Announcement:
    db.session.rollback()
    return db.session.get_one(Announcement, announcement_id)


def with_file(cast: Cast, data: bytes = b"%PDF-1.7 eins", **changes: object) -> int:
    """The id of a published announcement of Sabine's with a file."""
    file_id = sent_file(cast.sabine, "Muster.pdf", data)
    with unit_of_work():
        wording = Wording(WORDS.title, WORDS.text, [file_id])
        made = announcements.create(cast.sabine.viewer, wording, terms(cast, **changes), uuid4()).id
    publish(made)
    return made


def confirm(person: Person, announcement_id: int, edition: int) -> bool:
    with unit_of_work():
        return notices.confirm(person.viewer, announcement_id, edition)


def swap(cast: Cast, announcement_id: int, edition: int, data: bytes, *, is_essential: bool = False) -> None:
    """Take the file off and hang up another one of the same name, and change nothing else."""
    hung = db.session.scalars(
        sa.select(Attachment.id).where(
            Attachment.subject == "announcement", Attachment.subject_id == announcement_id
        )
    ).all()
    file_id = sent_file(cast.sabine, "Muster.pdf", data)
    found = get(announcement_id)
    with unit_of_work():
        announcements.edit(
            cast.sabine.viewer,
            announcement_id,
            Wording(found.title, found.source, [file_id], hung),
            edition,
            is_essential=is_essential,
            confirm_by=found.confirm_by,
        )


def digests(announcement_id: int) -> list[str]:
    db.session.rollback()
    rows = sa.select(Acknowledgement.digest).where(Acknowledgement.announcement_id == announcement_id)
    return list(db.session.scalars(rows.order_by(Acknowledgement.id)))


def test_the_digest_covers_title_text_and_the_content_of_files(context: Flask, cast: Cast) -> None:
    plain, one, same, other = (
        get(made)
        for made in (
            announce(cast),
            with_file(cast),
            with_file(cast),
            with_file(cast, b"%PDF-1.7 zwei"),
        )
    )
    found = [queries.digests.digest_of(each) for each in (plain, one, same, other)]
    assert found[1] == found[2]
    assert len({found[0], found[1], found[3]}) == 3


def test_a_file_swapped_after_confirming_is_an_edit_and_the_notice_stays_with_what_was_read(
    context: Flask, cast: Cast
) -> None:
    made = with_file(cast)
    before = queries.digests.digest_of(get(made))
    confirm(cast.petra, made, 1)
    swap(cast, made, 1, b"%PDF-1.7 zwei")
    after = queries.digests.digest_of(get(made))
    assert (get(made).edition, get(made).version) == (2, 1)
    with pytest.raises(Conflict):
        confirm(cast.manfred, made, 1)  # that page showed the other file
    confirm(cast.manfred, made, 2)
    assert digests(made) == [before, after]
    assert [one.digest for one in queries.digests.stages(get(made)).values()] == [before, after]
    step = queries.listing.editions(get(made))[0]
    assert (step.files_taken_off, step.files_added) == (["Muster.pdf"], ["Muster.pdf"])


def test_an_essential_change_of_files_alone_asks_again(context: Flask, cast: Cast) -> None:
    made = with_file(cast)
    confirm(cast.petra, made, 1)
    swap(cast, made, 1, b"%PDF-1.7 zwei", is_essential=True)
    publish(made)
    assert get(made).version == 2
    assert [one.is_asked for one in queries.listing.waiting(cast.petra.viewer)] == [True]
    assert told(cast.petra) == 2


def test_an_edit_that_changes_neither_words_nor_files_is_none(context: Flask, cast: Cast) -> None:
    made = with_file(cast)
    found = get(made)
    with unit_of_work():
        announcements.edit(
            cast.sabine.viewer,
            made,
            Wording(found.title, found.source),
            1,
            confirm_by=today() + timedelta(days=3),
        )
    assert (get(made).edition, get(made).edited_at) == (1, None)


def test_the_paper_names_the_digest_that_each_notice_is_bound_to_and_when_names_go(
    context: Flask, cast: Cast
) -> None:
    with time_machine.travel(TEN, tick=False):
        made = with_file(cast)
        before = queries.digests.digest_of(get(made))
        confirm(cast.petra, made, 1)
        swap(cast, made, 1, b"%PDF-1.7 zwei")
        confirm(cast.manfred, made, 2)
        with unit_of_work():
            content, _paper = certificates.certify(cast.sabine.viewer, made)
        pages = [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(content)]
        words = "".join("".join(pages).split())
    assert before in words
    assert queries.digests.digest_of(get(made)) in words
    assert "Muster.pdf" in words
    assert "25.11.2027" in words


def test_the_list_says_which_wording_was_confirmed_how_often(app: Flask, browse: Browse, cast: Cast) -> None:
    with app.app_context():
        council(cast, "Stahl", cast.petra)
        made = with_file(cast)
        before = queries.digests.digest_of(get(made))
        confirm(cast.petra, made, 1)
        swap(cast, made, 1, b"%PDF-1.7 zwei")
    page = browse(cast.sabine).get(f"/announcements/{made}/standing").text
    assert before in page
    assert "(Wortlaut 1.1)" in page


@pytest.mark.parametrize("stage", ["draft", "published", "for moderators"])
def test_when_a_file_was_looked_through_open_pages_of_readers_show_it_and_nobody_else_hears_of_it(
    app: Flask,
    cast: Cast,
    listen: Callable[..., Any],
    stage: str,
) -> None:
    with app.app_context():
        file_id = sent_file(cast.sabine, "Neu.pdf", b"%PDF-1.7 neu", check=Progress.WAITING)
        with unit_of_work():
            role = Role.MODERATOR if stage == "for moderators" else None
            wording = Wording(WORDS.title, WORDS.text, [file_id])
            made = announcements.create(
                cast.sabine.viewer, wording, terms(cast, role=role), uuid4(), is_draft=stage == "draft"
            ).id
        blob_id = db.session.get_one(File, file_id).blob_id
    people = (cast.sabine, cast.manfred, cast.petra, cast.olga)
    sabine, manfred, petra, olga = (listen(person, "/notices") for person in people)
    with app.app_context():
        tell_settled(blob_id or 0)
    assert {"announcement": made} in sabine.heard("settled")
    assert bool(manfred.heard("settled")) == (stage != "draft")
    assert bool(petra.heard("settled")) == (stage == "published")
    assert not olga.heard("settled")


def test_a_draft_keeps_no_history_of_its_files(context: Flask, cast: Cast) -> None:
    made = draft(cast)
    file_id = sent_file(cast.sabine, "Muster.pdf", b"%PDF-1.7 eins")
    with unit_of_work():
        announcements.update_draft(
            cast.sabine.viewer, made, Wording("Neu", "Neu", [file_id]), terms(cast), 1, is_draft=True
        )
    assert queries.listing.editions(get(made)) == []
    assert queries.digests.files_of(get(made))[0][0] == "Muster.pdf"


def test_a_paper_that_names_twenty_files_with_long_names_goes_on_over_the_page(
    context: Flask, cast: Cast
) -> None:
    names = [f"{number:02d}{'W' * 190}.pdf" for number in range(20)]
    files = [sent_file(cast.sabine, name, f"%PDF-1.7 {name}".encode()) for name in names]
    with unit_of_work():
        wording = Wording(WORDS.title, WORDS.text, files)
        made = announcements.create(cast.sabine.viewer, wording, terms(cast), uuid4()).id
    publish(made)
    with unit_of_work():
        content, _paper = certificates.certify(cast.sabine.viewer, made)
    pages = [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(content)]
    words = "".join("".join(pages).split())
    assert len(pages) > 1
    assert words.count("W") > 20 * 190
