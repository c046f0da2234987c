"""Files as members sent them and the checks left them; in the store with all that shows them."""

import io
from uuid import uuid4

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.files.kinds import FileKind
from forum.files.models import Blob, Choice, File, Page, Progress, Scan
from forum.files.pieces import digest_of, pieces_of
from forum.files.store import blob_key, page_key, spool, store, tile_key
from tests.cast import Person

#: A picture of the WebP kind as the reader makes it, as far as those who fetch it can tell.
IMAGE = b"RIFF\x1a\x00\x00\x00WEBPVP8L"


def sent_file(
    member: Person,
    name: str = "Protokoll.pdf",
    data: bytes = b"%PDF-1.7 Protokoll",
    kind: FileKind | None = FileKind.PDF,
    *,
    place: str = "",
    check: Progress = Progress.DONE,
    scan: Scan = Scan.UNSCANNED,
    findings: dict[str, object] | None = None,
    choice: Choice | None = None,
    pages: int = 1,
) -> int:
    """The id of a file that the member sent and that nothing owns yet; the same `data` are the same bytes."""
    pieces, size = pieces_of(io.BytesIO(data))
    digest = digest_of(pieces)
    with unit_of_work():
        blob = db.session.query(Blob).filter_by(digest=digest).one_or_none()
        if blob is None:
            blob = Blob(
                digest=digest,
                size=size,
                pieces=pieces,
                created_at=now(),
                kind=kind,
                scan=scan,
                check=check,
                refusal="program" if check is Progress.FAILED else "",
                findings=findings or {},
                preview=Progress.DONE,
                page_count=pages,
                has_tile=True,
            )
            db.session.add(blob)
            db.session.flush()
            db.session.add_all(
                Page(blob_id=blob.id, number=number, text=f"Seite {number}", width=800, height=1100)
                for number in range(1, pages + 1)
            )
        file = File(
            key=uuid4(),
            member_id=member.id,
            place=place,
            name=name,
            size=size,
            created_at=now(),
            blob=blob,
            choice=choice,
        )
        db.session.add(file)
        db.session.flush()
        store().put(blob_key(digest), data)
        store().put(tile_key(digest), IMAGE)
        for number in range(1, pages + 1):
            store().put(page_key(digest, number), IMAGE)
        return file.id


def half_sent_file(member: Person, name: str = "Film.pdf", place: str = "") -> int:
    """The id of a file of which not all has arrived."""
    with unit_of_work():
        file = File(key=uuid4(), member_id=member.id, place=place, name=name, size=1000, created_at=now())
        db.session.add(file)
        db.session.flush()
        return file.id


def forget_all() -> None:
    """Nothing is in store and spool any more."""
    store().delete([found.key for found in store().objects()])
    for path in spool().iterdir():
        path.unlink()
