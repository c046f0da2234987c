"""What lies in the libraries of the demo: once, with real files, and with something new for who signs in."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.models import Document, DocumentKind, Folder, Version
from forum.documents.queries import news
from forum.documents.service.documents import TELL
from forum.files.models import File
from forum.files.pieces import digest_of, pieces_of
from forum.files.store import spool, store
from forum.jobs.models import Job
from forum.members.models import Member
from forum.seeds.base import plant_base
from forum.seeds.demo import LAST_VISIT, plant_demo
from forum.seeds.library import FILES, plant_library
from forum.spaces.models import Space
from tests.architecture.test_writes import everything


@pytest.fixture(autouse=True)
def tidy_store(context: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    store().delete([stored.key for stored in store().objects()])
    for path in spool().iterdir():
        path.unlink()


def test_the_demo_has_filled_libraries_and_fills_them_once(app: Flask) -> None:
    with unit_of_work():
        plant_base()
        plant_demo()
    plant_library()
    found = list(db.session.scalars(sa.select(Document)))
    assert len(found) >= 22
    assert {document.kind for document in found} == set(DocumentKind)
    assert max(document.changed_at for document in found) <= now()
    assert all(document.file.space_id == document.space_id for document in found)
    assert [document for document in found if document.is_binned]
    assert [document for document in found if document.is_reserved_at(now())]
    assert [document for document in found if document.is_confidential]
    assert sum(document.topic_id is not None for document in found) >= 8
    assert db.session.scalar(sa.select(sa.func.max(Version.number))) == 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Folder)) >= 8
    here = db.session.scalars(sa.select(Space.id).where(Space.sign == "FIN")).one()
    petra = db.session.scalars(sa.select(Member.id).where(Member.name == "Petra Sommer")).one()
    assert [row.title for row in news.list_news(Viewer(petra, {here: Role.MEMBER}))] == [
        "BV Arbeitszeit und Schichtplanung"
    ]
    told = db.session.scalars(sa.select(Job.arguments).where(Job.name == TELL))
    younger = sa.select(Version.id).where(Version.created_at > now() - LAST_VISIT)
    assert {json.loads(one)["version_id"] for one in told} == set(db.session.scalars(younger))
    before = everything(app)
    plant_library()
    assert everything(app) == before


def test_every_file_of_the_demo_is_small_used_and_kept_as_it_is(app: Flask) -> None:
    with unit_of_work():
        plant_base()
        plant_demo()
    plant_library()
    kept = {file.name: file.blob.digest for file in db.session.scalars(sa.select(File)) if file.blob}
    assert set(kept) == {path.name for path in FILES.iterdir()}
    for path in FILES.iterdir():
        assert path.stat().st_size <= 30_000
        with path.open("rb") as stream:
            pieces, _size = pieces_of(stream)
        assert kept[path.name] == digest_of(pieces)
