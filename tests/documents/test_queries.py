"""What lists of a library show, in which order, to whom, and at what cost."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid, NotFound
from forum.core.textdiff import Change
from forum.documents.models import BIN_KEEPS, Document, DocumentKind, Period
from forum.documents.queries import bins, entries, folders, news, texts, versions
from forum.documents.queries import documents as lists
from forum.documents.queries.documents import (
    PAGE_SIZE,
    Filter,
    Sort,
    list_documents,
    list_tags,
    open_document,
)
from forum.documents.queries.versions import Comparability, compare
from forum.documents.service import documents, follows, reservations
from forum.documents.service import versions as verbs
from forum.files.kinds import FileKind
from forum.files.models import Blob, Choice, File, Ocr, Page, Progress, Scan
from tests.documents.conftest import do
from tests.make.library import Library


def titles(library: Library, folder: int | None = None, sort: Sort = Sort.CHANGED, **wanted) -> list[str]:
    found = list_documents(library.cast.petra.viewer, library.space, folder, sort, Filter(**wanted))
    return [row.title for row in found.rows]


def start_counting(count_queries: Callable[[], int]) -> None:
    """Forget what is known, and begin the transaction, which is no statement of the page."""
    db.session.rollback()
    db.session.expunge_all()
    db.session.connection()
    count_queries()


def fill(library: Library, number: int, folder: int | None = None) -> None:
    """So many documents in a folder, straight into the tables."""
    first = library.document("Vorlage", folder=folder)
    with unit_of_work():
        model = db.session.get_one(Document, first)
        columns = {column.key: getattr(model, column.key) for column in sa.inspect(Document).columns}
        del columns["id"]
        moment = now()
        rows = [
            columns
            | {
                "title": f"Nr {place:05}",
                "title_key": f"nr {place:05}",
                "changed_at": moment - timedelta(minutes=place // 3),
                "dated_key": 0 if place % 2 else 700_000 + place // 5,
            }
            for place in range(1, number)
        ]
        if rows:
            db.session.execute(sa.insert(Document), rows)


# --- Lists


def test_a_place_lists_what_lies_in_it_and_elsewhere_there_is_nothing(library: Library) -> None:
    top = library.folder()
    inner = library.folder("2026", top)
    library.document("Oben")
    library.document("Drin", folder=top)
    library.document("Tief", folder=inner)
    library.binned()
    library.foreign()
    assert titles(library) == ["Oben"]
    assert titles(library, top) == ["Drin"]
    for person in (library.cast.olga, library.cast.karla):
        assert list_documents(person.viewer, library.space).rows == []
    assert list_documents(library.cast.olga.viewer, library.cast.spaces["RAT"], top).rows == []


def test_a_row_tells_what_its_page_shows(library: Library) -> None:
    cast, folder_id = (
        library.cast,
        library.folder("Vertraulich", by=library.cast.manfred, is_confidential=True),
    )
    one = library.document(
        "BV", folder=folder_id, kind=DocumentKind.AGREEMENT, dated=date(2026, 1, 2), tags=["Lohn", "Alter"]
    )
    library.version(one, by=cast.sabine)
    do(reservations.reserve, cast.sabine.viewer, one, Period.DAY)
    do(follows.follow_document, cast.petra.viewer, one)
    (row,) = list_documents(cast.petra.viewer, library.space, folder_id).rows
    assert (row.title, row.kind, row.dated, row.number) == (
        "BV",
        DocumentKind.AGREEMENT,
        date(2026, 1, 2),
        2,
    )
    assert (row.author.name, row.changed_by.name) == (cast.petra.name, cast.sabine.name)
    assert (row.folder_name, row.is_confidential, row.tags) == ("Vertraulich", True, ["Alter", "Lohn"])
    assert (row.reservation.person.name, row.reservation.is_own) == (cast.sabine.name, False)
    assert (row.may_edit, row.is_followed, row.is_news) == (True, True, False)
    assert row.file.name == "Neu.pdf"
    opened = open_document(cast.sabine.viewer, one)
    assert [link.name for link in opened.trail] == ["Vertraulich"]
    assert (opened.reservation.is_own, opened.is_followed) == (True, False)
    assert not list_documents(cast.sabine.viewer, library.space, folder_id).rows[0].may_edit
    with unit_of_work():
        db.session.get_one(Document, one).reserved_until = now() - timedelta(seconds=1)
    assert open_document(cast.petra.viewer, one).reservation is None


def test_lists_sort_by_change_by_alphabet_and_by_day(library: Library) -> None:
    library.document("Zulage", dated=date(2025, 5, 1))
    library.document("Öffnung")
    library.document("ordnung", dated=date(2026, 5, 1))
    library.document("Arbeit", dated=date(2024, 5, 1))
    assert titles(library) == ["Arbeit", "ordnung", "Öffnung", "Zulage"]
    assert titles(library, sort=Sort.TITLE) == ["Arbeit", "Öffnung", "ordnung", "Zulage"]
    assert titles(library, sort=Sort.DATED) == ["ordnung", "Zulage", "Arbeit", "Öffnung"]


def test_capitals_spaces_and_signs_sort_alike_on_every_database(library: Library) -> None:
    names = ["a b", "A-c", "ab", "A_d", "ß", "ssa", "Z", "é", "1. Nachtrag", "10. Nachtrag"]
    for name in names:
        library.document(name)
    assert titles(library, sort=Sort.TITLE) == [
        "1. Nachtrag",
        "10. Nachtrag",
        "a b",
        "A-c",
        "A_d",
        "ab",
        "é",
        "ß",
        "ssa",
        "Z",
    ]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_follow_each_other_without_gap_or_doubles(library: Library, sort: Sort) -> None:
    fill(library, 2 * PAGE_SIZE + 7)
    seen: list[int] = []
    cursor: str | None = ""
    sizes = []
    while cursor is not None:
        page = list_documents(library.cast.petra.viewer, library.space, None, sort, None, cursor)
        seen += [row.id for row in page.rows]
        sizes.append(len(page.rows))
        cursor = page.next
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 7]
    assert len(set(seen)) == 2 * PAGE_SIZE + 7
    keys = {
        Sort.CHANGED: (Document.changed_at.desc(), Document.id.desc()),
        Sort.TITLE: (Document.title_key, Document.id),
        Sort.DATED: (Document.dated_key.desc(), Document.id.desc()),
    }
    assert seen == list(db.session.scalars(sa.select(Document.id).order_by(*keys[sort])))


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "c.1",
        "c.1.x",
        "t.x.a",
        "t.1.\0",
        "t.1.\ud800",
        "t.1." + "a" * 500,
        "d.1",
        "d.-1.3",
        "c." + "9" * 18 + ".1",
    ],
)
def test_a_cursor_that_nobody_wrote_finds_nothing(library: Library, sort: Sort, cursor: str) -> None:
    with pytest.raises(NotFound):
        list_documents(library.cast.petra.viewer, library.space, None, sort, None, cursor)


def test_filters_look_below_too(library: Library) -> None:
    top = library.folder()
    inner = library.folder("2026", top)
    beside = library.folder("Muster")
    library.document("Sitzung", folder=inner, kind=DocumentKind.MINUTES, tags=["Überstunden"])
    library.document("Vertrag", folder=beside, kind=DocumentKind.TEMPLATE, tags=["überstunden", "Lohn"])
    assert titles(library, kind=DocumentKind.MINUTES) == ["Sitzung"]
    assert titles(library, top, kind=DocumentKind.MINUTES) == ["Sitzung"]
    assert titles(library, beside, kind=DocumentKind.MINUTES) == []
    assert set(titles(library, tag="ÜBERSTUNDEN")) == {"Sitzung", "Vertrag"}
    assert titles(library, top, tag="Überstunden") == ["Sitzung"]
    assert titles(library, tag="Lohn", kind=DocumentKind.TEMPLATE) == ["Vertrag"]
    assert titles(library, tag="Loh") == []
    assert [(tag.name, tag.documents) for tag in list_tags(library.cast.sabine.viewer, library.space)] == [
        ("Lohn", 1),
        ("Überstunden", 2),
    ]
    assert list_tags(library.cast.olga.viewer, library.space) == []


def test_words_are_found_in_title_description_tags_and_text(library: Library) -> None:
    one = library.document(
        "Vergütung", "Seite eins", "Hier steht der Öffnungszuschlag", tags=["Schichtmodell"]
    )
    library.document("Anderes", description="Gilt für *Übergabezeiten*")
    for words in ("vergut", "VERGÜTUNG", "öffnungszuschlag", "Öffnungs", "modell", "seite vergütung"):
        assert titles(library, words=words) == ["Vergütung"], words
    assert titles(library, words="übergabezeiten") == ["Anderes"]
    for words in ("100%", "_", "seite nirgends", "%", "\\", "\0x", "\ud800"):
        assert titles(library, words=words) == [], words
    assert len(titles(library, words="  ")) == 2
    library.version(one, "Ganz neuer Inhalt")
    assert titles(library, words="öffnungszuschlag") == []
    assert titles(library, words="inhalt") == ["Vergütung"]


def test_texts_that_are_not_open_yet_are_found_by_their_sender_only(library: Library) -> None:
    cast = library.cast
    viewers = (cast.petra.viewer, cast.sabine.viewer)
    states = {
        "clean": {},
        "unscanned": {"scan": Scan.UNSCANNED},
        "waiting": {"check": Progress.WAITING},
        "scanning": {"scan": Scan.PENDING},
        "asking": {"findings": {"authors": ["Petra"]}},
        "infected": {"scan": Scan.INFECTED},
        "refused": {"check": Progress.FAILED},
        "broken": {"is_broken": True},
    }
    for state, blob in states.items():
        for choice in (None, *Choice):
            file_id = library.file(None, f"{state}.pdf", "x", **blob)
            with unit_of_work():
                db.session.get_one(File, file_id).choice = choice
    files = list(db.session.scalars(sa.select(File)))
    for viewer in viewers:
        statement = sa.select(File.id).join(Blob, Blob.id == File.blob_id).where(texts.texts_open_to(viewer))
        expected = {file.id for file in files if texts.may_have_text(viewer, file)}
        assert set(db.session.scalars(statement)) == expected
    assert len(files) == 24


@pytest.mark.parametrize("sort", list(Sort))
def test_a_list_costs_the_same_statements_however_long(
    library: Library, count_queries: Callable[[], int], sort: Sort
) -> None:
    viewer, top = library.cast.petra.viewer, library.folder()
    inner = library.folder("2026", top)
    library.document("Eins", folder=top)

    def cost() -> int:
        start_counting(count_queries)
        list_documents(viewer, library.space, top, sort)
        return count_queries()

    small = cost()
    for number in range(5):
        library.document(f"Nr {number}", folder=top, tags=["a", str(number)], by=library.cast.sabine)
    library.document("Tief", folder=inner)
    assert cost() == small == 3


def test_other_pages_cost_the_same_statements_however_much_there_is(
    library: Library, count_queries: Callable[[], int]
) -> None:
    viewer, top = library.cast.petra.viewer, library.folder()
    inner = library.folder("2026", top)
    one = library.document("Eins", "a", folder=inner, tags=["Lohn"])
    library.binned("Weg")
    do(follows.follow_folder, viewer, top)
    library.version(one, "b", by=library.cast.sabine)
    asks = {
        "tree": lambda: folders.tree(viewer, library.space),
        "page": lambda: open_document(viewer, one),
        "versions": lambda: versions.list_versions(viewer, one),
        "compare": lambda: compare(viewer, one, 1, 2),
        "bin": lambda: bins.list_binned(viewer, library.space),
        "tags": lambda: list_tags(viewer, library.space),
        "libraries": lambda: lists.count_libraries(viewer),
        "zip": lambda: entries.list_in_folder(viewer, library.space, top),
        "chosen": lambda: entries.list_chosen(viewer, library.space, [one]),
    }

    def costs() -> dict[str, int]:
        found = {}
        for name, ask in asks.items():
            start_counting(count_queries)
            assert ask()
            found[name] = count_queries()
        return found

    before = costs()
    for number in range(4):
        made = library.folder(f"Ordner {number}", inner)
        library.document(f"Nr {number}", folder=made, tags=[str(number)], by=library.cast.sabine)
        library.binned(f"Weg {number}")
        library.version(one, "c")
    assert costs() == before
    assert before == {
        "tree": 2,
        "page": 3,
        "versions": 1,
        "compare": 3,
        "bin": 1,
        "tags": 1,
        "libraries": 1,
        "zip": 2,
        "chosen": 1,
    }


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("in_folder", [True, False])
def test_an_index_answers_each_page_of_a_list(library: Library, sort: Sort, in_folder: bool) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the plan of PostgreSQL depends on how much there is")
    folder_id = library.folder() if in_folder else None
    fill(library, PAGE_SIZE + 10, folder_id)
    viewer = library.cast.petra.viewer
    cursor = list_documents(viewer, library.space, folder_id, sort).next or ""
    said: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        said.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    for place in ("", cursor):
        list_documents(viewer, library.space, folder_id, sort, None, place)
    folders.tree(viewer, library.space)
    sa.event.remove(db.engine, "before_cursor_execute", note)
    index = {Sort.CHANGED: "newest", Sort.TITLE: "titles", Sort.DATED: "dates"}[sort]
    lists_said = [one for one in said if "ORDER BY document." in one[0]]
    assert len(lists_said) == 2
    connection = db.session.connection()
    for statement, parameters in lists_said:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert f"ix_document_{index}" in plan[0], plan
        assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in plan), plan
    ((counting, parameters),) = [one for one in said if "GROUP BY document.folder_id" in one[0]]
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counting}", parameters)]
    assert "COVERING INDEX" in plan[0], plan


# --- Folders


def test_the_tree_is_in_reading_order_with_what_lies_in_each(library: Library) -> None:
    petra = library.cast.petra.viewer
    top = library.folder("Protokolle")
    inner = library.folder("2026", top)
    early = library.folder("Ärzte", by=library.cast.manfred, is_confidential=True)
    late = library.folder("zuletzt")
    for folder_id in (top, inner, inner, None):
        library.document("x", folder=folder_id)
    thrown = library.document("Weg", folder=inner)
    do(documents.bin_documents, petra, [thrown])
    do(follows.follow_folder, petra, inner)
    tree = folders.tree(petra, library.space)
    assert [row.id for row in tree.rows] == [early, top, inner, late]
    assert [(row.depth, row.documents, row.total) for row in tree.rows] == [
        (1, 0, 0),
        (1, 1, 3),
        (2, 2, 2),
        (1, 0, 0),
    ]
    assert [row.is_followed for row in tree.rows] == [False, False, True, False]
    assert [row.may_keep for row in tree.rows] == [False, True, True, True]
    assert [row.confidential for row in tree.rows] == [True, False, False, False]
    assert (tree.documents, tree.total) == (1, 4)
    assert [link.name for link in tree.trail(inner)] == ["Protokolle", "2026"]
    assert tree.trail(None) == []
    assert [row.id for row in tree.within(None)] == [early, top, late]
    assert [row.id for row in tree.targets(besides=top)] == [early, late]
    assert [row.id for row in tree.targets()] == [early, top, inner, late]
    for person in (library.cast.olga, library.cast.karla):
        assert folders.tree(person.viewer, library.space).rows == []


# --- One document


def test_a_document_opens_for_whoever_belongs_and_from_the_bin_for_whoever_may_restore(
    library: Library,
) -> None:
    cast = library.cast
    one, thrown = library.document(), library.binned()
    assert open_document(cast.sabine.viewer, one)
    assert open_document(cast.manfred.viewer, thrown).binned_by.name == cast.petra.name
    for viewer, document_id in (
        (cast.olga.viewer, one),
        (cast.karla.viewer, one),
        (cast.sabine.viewer, thrown),
        (cast.petra.viewer, 10**6),
    ):
        assert open_document(viewer, document_id) is None
        assert versions.list_versions(viewer, document_id) == []


def test_versions_are_listed_newest_first_with_who_and_why(library: Library) -> None:
    one = library.document()
    library.version(one, by=library.cast.sabine, note="Nach der Sitzung")
    rows = versions.list_versions(library.cast.petra.viewer, one)
    assert [(row.number, row.note, row.author.name, row.is_current) for row in rows] == [
        (2, "Nach der Sitzung", library.cast.sabine.name, True),
        (1, "", library.cast.petra.name, False),
    ]


def test_the_bin_shows_each_what_is_theirs_to_take_back(library: Library) -> None:
    cast = library.cast
    first, second = library.binned("Eins"), library.binned("Zwei", by=cast.sabine)
    rows = bins.list_binned(cast.manfred.viewer, library.space).rows
    assert [row.id for row in rows] == [second, first]
    assert (rows[1].author.name, rows[1].binned_by.name) == (cast.petra.name, cast.petra.name)
    assert rows[1].gone_at - rows[1].binned_at == BIN_KEEPS
    assert [row.id for row in bins.list_binned(cast.petra.viewer, library.space).rows] == [first]
    assert bins.list_binned(cast.olga.viewer, library.space).rows == []


def test_the_bin_has_pages_too(library: Library) -> None:
    fill(library, bins.PAGE_SIZE + 3)
    with unit_of_work():
        db.session.execute(
            sa.update(Document).values(binned_at=Document.changed_at, binned_by_id=library.cast.petra.id)
        )
    viewer = library.cast.petra.viewer
    first = bins.list_binned(viewer, library.space)
    second = bins.list_binned(viewer, library.space, first.next)
    assert (len(first.rows), len(second.rows), second.next) == (bins.PAGE_SIZE, 3, None)
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}
    with pytest.raises(NotFound):
        bins.list_binned(viewer, library.space, "1.x")


def test_libraries_are_counted_by_space(library: Library) -> None:
    library.document()
    library.binned()
    library.foreign()
    petra = library.cast.petra.viewer
    counted = lists.count_libraries(petra)
    assert set(counted) == set(petra.spaces)
    assert counted[library.space].documents == 1
    assert counted[library.space].changed_at is not None
    assert counted[library.cast.spaces["NET"]].documents == 0
    assert lists.count_libraries(library.cast.karla.viewer) == {}


def test_what_is_there_already_is_known_by_its_bytes(library: Library) -> None:
    one = library.document()
    blob_id = open_document(library.cast.petra.viewer, one).document.file.blob_id
    assert versions.is_there(library.space, blob_id)
    assert not versions.is_there(library.cast.spaces["RAT"], blob_id)
    assert not versions.is_there(library.space, None)
    do(documents.bin_documents, library.cast.petra.viewer, [one])
    assert not versions.is_there(library.space, blob_id)


# --- What changed


def words(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind, change.text) for change in changes]


def test_two_versions_are_compared_word_by_word_and_side_by_side(library: Library) -> None:
    one = library.document("BV", "Präambel\nDie Pause dauert 20 Minuten.\nEnde")
    library.version(one, "Präambel\nDie Pause dauert 30 Minuten.\nNeu dazu\nEnde")
    found = compare(library.cast.sabine.viewer, one, 1, 2)
    assert found.state is Comparability.READY
    assert words(found.changes) == [
        ("same", "Präambel\nDie Pause dauert "),
        ("removed", "20"),
        ("added", "30"),
        ("same", " Minuten."),
        ("added", "\nNeu dazu"),
        ("same", "\nEnde"),
    ]
    sides = [
        (
            "".join(piece.text for piece in line.left),
            "".join(piece.text for piece in line.right),
            line.is_changed,
        )
        for line in found.lines
    ]
    assert sides == [
        ("Präambel", "Präambel", False),
        ("Die Pause dauert 20 Minuten.", "Die Pause dauert 30 Minuten.", True),
        ("", "Neu dazu", True),
        ("Ende", "Ende", False),
    ]
    assert not found.is_cut
    assert not found.is_same


def test_what_is_alike_is_left_out_side_by_side(library: Library) -> None:
    lines = [f"Zeile {number}" for number in range(40)]
    one = library.document("BV", "\n".join(lines))
    lines[20] = "Zeile zwanzig"
    library.version(one, "\n".join(lines))
    found = compare(library.cast.petra.viewer, one, 1, 2)
    assert [line.skipped for line in found.lines] == [18, 0, 0, 0, 0]
    assert found.skipped_at_end == 17


def test_a_shifted_line_break_is_no_change(library: Library) -> None:
    one = library.document("BV", "Die Pause dauert\nzwanzig Minuten und\nwird bezahlt.")
    library.version(one, "Die Pause dauert zwanzig\nMinuten und wird\nbezahlt.")
    library.version(one, "Die kurze Pause\ndauert zwanzig Minuten\nund wird bezahlt.")
    assert compare(library.cast.petra.viewer, one, 1, 2).is_same
    found = compare(library.cast.petra.viewer, one, 2, 3)
    assert [change for change in found.changes if change.kind != "same"] == [Change("added", "kurze ")]
    assert compare(library.cast.petra.viewer, one, 1, 1).is_same


def test_only_the_beginning_of_a_very_long_text_is_compared_and_that_is_said(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "COMPARED", 50)
    one = library.document("BV", "alt " * 5, "x" * 100)
    library.version(one, "neu " * 5)
    found = compare(library.cast.petra.viewer, one, 1, 2)
    assert found.is_cut
    assert sum(len(change.text) for change in found.changes if change.kind != "added") <= 50


def test_what_cannot_be_compared_says_why(library: Library) -> None:
    cast = library.cast
    one = library.document("BV", "Text")
    ways = {
        "read": (library.file(None, "a.pdf", preview=Progress.WAITING), Comparability.WAITING),
        "scan": (library.file(None, "b.pdf", "", ocr=Ocr.WAITING), Comparability.WAITING),
        "picture": (library.file(None, "c.png", "", kind=FileKind.PNG), Comparability.WITHOUT_TEXT),
        "fault": (library.file(None, "d.pdf", preview=Progress.FAILED), Comparability.WITHOUT_TEXT),
        "asks": (library.file(None, "e.pdf", "T", findings={"authors": ["P"]}), Comparability.CLOSED),
    }
    for number, (file_id, state) in enumerate(ways.values(), start=2):
        do(verbs.add_version, cast.petra.viewer, one, file_id)
        assert compare(cast.sabine.viewer, one, 1, number).state is state
    assert compare(cast.petra.viewer, one, 1, 6).state is Comparability.READY
    for viewer, new in ((cast.petra.viewer, 9), (cast.olga.viewer, 2)):
        with pytest.raises(NotFound):
            compare(viewer, one, 1, new)


def test_a_text_is_read_page_after_page(library: Library) -> None:
    file_id = library.file(None, "a.pdf", "eins", " \n", "drei")
    blob_id = db.session.get_one(File, file_id).blob_id
    assert texts.text_of(blob_id, 100) == texts.Text("eins\n\ndrei", False)
    assert texts.text_of(blob_id, 5) == texts.Text("eins\n", True)
    assert texts.text_of(10**6, 5) == texts.Text("", False)
    with unit_of_work():
        db.session.add(Page(blob_id=blob_id, number=9, text="x" * 200))
    assert len(texts.text_of(blob_id, 100).text) == 100


# --- Saving


def test_a_zip_has_the_folders_and_no_two_names_alike(library: Library) -> None:
    top = library.folder("Protokolle")
    inner = library.folder("2026: März", top)
    library.document("Sitzung", folder=inner)
    library.document("sitzung", folder=inner)
    library.document("A/B", folder=top)
    library.document("Oben")
    library.binned()
    petra = library.cast.petra.viewer

    def paths(folder_id: int | None) -> list[str]:
        return [entry.path for entry in entries.list_in_folder(petra, library.space, folder_id)]

    assert paths(top) == ["A-B.pdf", "2026 – März/Sitzung.pdf", "2026 – März/sitzung (2).pdf"]
    assert "Protokolle/2026 – März/Sitzung.pdf" in paths(None)
    assert "Oben.pdf" in paths(None)
    assert entries.list_in_folder(library.cast.olga.viewer, library.space, None) == []


def test_a_zip_of_chosen_ones_leaves_out_what_may_not_be_given(library: Library) -> None:
    secret = library.folder("Vertraulich", by=library.cast.manfred, is_confidential=True)
    chosen = [
        library.document("Eins"),
        library.document("Eins", folder=secret),
        library.binned(),
        library.foreign(),
    ]
    asks = do(
        documents.add_document,
        library.cast.petra.viewer,
        library.space,
        None,
        library.file(None, "x.pdf", findings={"authors": ["P"]}),
    )
    found = entries.list_chosen(library.cast.petra.viewer, library.space, [*chosen, asks.id])
    assert [(entry.path, entry.is_confidential) for entry in found] == [
        ("Eins.pdf", False),
        ("Eins (2).pdf", True),
    ]
    assert entries.list_chosen(library.cast.olga.viewer, library.space, chosen) == []
    with pytest.raises(Invalid):
        entries.list_chosen(library.cast.petra.viewer, library.space, range(entries.ZIP_LIMIT + 1))


def test_a_saved_file_is_called_like_the_document(library: Library) -> None:
    file = db.session.get_one(File, library.file(name="scan0001.PDF"))
    assert entries.name_of("Übergabe", file) == "Übergabe.pdf"
    assert entries.name_of("Übergabe.pdf", file, 2) == "Übergabe (Fassung 2).pdf"
    assert entries.name_of("../..", file) == "-.pdf"
    assert entries.name_of("?" * 300, file) == "-.pdf"
    file.name = "liste.exe"
    file.blob.kind = FileKind.CSV
    assert entries.name_of("Liste", file) == "Liste.csv"
    db.session.rollback()


def held_back(library: Library, document_id: int, *texts: str, **blob) -> int:
    """The id of the file of a further version of Petra's, which the others do not get (yet)."""
    file_id = library.file(None, "Neu.pdf", *texts)
    do(verbs.add_version, library.cast.petra.viewer, document_id, file_id)
    with unit_of_work():
        kept = db.session.get_one(File, file_id).blob
        for name, value in (blob or {"findings": {"authors": ["Petra"]}}).items():
            setattr(kept, name, value)
    return file_id


@pytest.mark.parametrize(
    "blob",
    [
        {"findings": {"authors": ["Petra"]}},
        {"check": Progress.WAITING},
        {"check": Progress.FAILED},
        {"scan": Scan.INFECTED},
        {"is_broken": True},
    ],
)
def test_the_newest_version_that_everybody_gets_is_the_one_that_counts(library: Library, blob) -> None:
    one, cast = library.document("BV", "alte Worte"), library.cast
    library.version(one, "mittlere Worte")
    old = open_document(cast.sabine.viewer, one).file.id
    newest = held_back(library, one, "neue Worte", **blob)
    for person in (cast.sabine, cast.petra):
        opened = open_document(person.viewer, one)
        (row,) = list_documents(person.viewer, library.space).rows
        for found in (opened, row):
            assert (found.number, found.file.id, found.newest.id) == (2, old, newest)
        listed = versions.list_versions(person.viewer, one)
        assert [(row.number, row.is_current) for row in listed] == [(3, False), (2, True), (1, False)]
        (entry,) = entries.list_in_folder(person.viewer, library.space, None)
        assert entry.file.id == old
        assert len(list_documents(person.viewer, library.space, wanted=Filter(words="mittlere")).rows) == 1
        for words in ("alte", "neue"):
            assert list_documents(person.viewer, library.space, wanted=Filter(words=words)).rows == []
    with unit_of_work():
        file = db.session.get_one(File, newest)
        file.blob.findings, file.blob.is_broken = {}, False
        file.blob.check, file.blob.scan = Progress.DONE, Scan.CLEAN
    assert open_document(cast.sabine.viewer, one).number == 3
    assert [row.is_current for row in versions.list_versions(cast.sabine.viewer, one)] == [True, False, False]


def test_as_long_as_nothing_is_ready_the_newest_counts(library: Library) -> None:
    one = library.document("BV")
    with unit_of_work():
        db.session.get_one(Document, one).file.blob.check = Progress.WAITING
    newest = held_back(library, one)
    opened = open_document(library.cast.sabine.viewer, one)
    assert (opened.number, opened.file.id) == (2, newest)
    assert [row.is_current for row in versions.list_versions(library.cast.sabine.viewer, one)] == [
        True,
        False,
    ]


def test_news_name_the_version_that_counts(library: Library) -> None:
    one = library.document("BV")
    do(follows.follow_document, library.cast.sabine.viewer, one)
    library.version(one)
    held_back(library, one)
    assert [row.number for row in news.list_news(library.cast.sabine.viewer)] == [2]


def test_one_statement_more_says_what_counts_however_many_wait(library: Library, count_queries) -> None:
    def listing() -> int:
        start_counting(count_queries)
        list_documents(library.cast.sabine.viewer, library.space)
        return count_queries()

    ids = [library.document(f"BV {number}") for number in range(5)]
    before = listing()
    held_back(library, ids[0])
    assert listing() == before + 1
    for document_id in ids[1:]:
        held_back(library, document_id)
    assert listing() == before + 1
