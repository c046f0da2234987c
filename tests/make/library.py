"""Documents in a library, without the work that real bytes make: a file here is a row, as if it had been read."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.service import documents, folders, versions
from forum.documents.service.documents import Description
from forum.files.kinds import FileKind
from forum.files.models import Blob, File, Page, Progress, Scan
from tests.cast import HERE, Cast, Person


@dataclass(frozen=True)
class Library:
    """The library of the space here, as it is filled; everything is Petra's if nobody else is named."""

    cast: Cast

    @property
    def space(self) -> int:
        return self.cast.spaces[HERE]

    def file(self, by: Person | None = None, name: str = "Vereinbarung.pdf", *texts: str, **blob: Any) -> int:
        """The id of a file that arrived and was read; `texts` are its pages, `blob` changes what was found out."""
        found = {
            "digest": sha256(uuid4().bytes).hexdigest(),
            "size": 1_000,
            "pieces": b"",
            "created_at": now(),
            "kind": FileKind.PDF,
            "check": Progress.DONE,
            "scan": Scan.CLEAN,
            "preview": Progress.DONE,
            "page_count": len(texts),
        }
        with unit_of_work():
            kept = Blob(**{**found, **blob})
            db.session.add(kept)
            db.session.flush()
            for number, text in enumerate(texts, start=1):
                db.session.add(Page(blob_id=kept.id, number=number, text=text))
            file = File(
                key=uuid4(),
                member_id=(by or self.cast.petra).id,
                name=name,
                size=kept.size,
                created_at=now(),
                blob_id=kept.id,
            )
            db.session.add(file)
        return file.id

    def folder(
        self, name: str = "Protokolle", inside: int | None = None, by: Person | None = None, **more: Any
    ) -> int:
        """The id of a new folder."""
        with unit_of_work():
            who = (by or self.cast.petra).viewer
            return folders.create_folder(who, self.space, inside, name, **more).id

    def document(
        self,
        title: str = "BV Arbeitszeit",
        *texts: str,
        by: Person | None = None,
        folder: int | None = None,
        **said: Any,
    ) -> int:
        """The id of a new document with one version, whose pages have these texts."""
        file_id = self.file(by, f"{title}.pdf", *texts)
        with unit_of_work():
            who = (by or self.cast.petra).viewer
            return documents.add_document(
                who, self.space, folder, file_id, Description(title=title, **said)
            ).id

    def version(self, document_id: int, *texts: str, by: Person | None = None, **more: Any) -> int:
        """The number of a further version, whose pages have these texts."""
        file_id = self.file(by, "Neu.pdf", *texts)
        with unit_of_work():
            return versions.add_version((by or self.cast.petra).viewer, document_id, file_id, **more).number

    def foreign(self) -> int:
        """The id of a document elsewhere, of Olga's."""
        file_id = self.file(self.cast.olga)
        with unit_of_work():
            return documents.add_document(
                self.cast.olga.viewer, self.cast.spaces["RAT"], None, file_id, Description(title="Optik")
            ).id

    def binned(self, title: str = "Entwurf", by: Person | None = None) -> int:
        """The id of a document that lies in the bin."""
        document_id = self.document(title, by=by)
        with unit_of_work():
            documents.bin_documents((by or self.cast.petra).viewer, [document_id])
        return document_id
