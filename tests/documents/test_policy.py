"""Who may do what in a library: allowed and refused side by side, and the SQL twins of the rules."""

from datetime import UTC, datetime
from itertools import product

import sqlalchemy as sa

from forum.core.access import Role, Viewer
from forum.core.db import db, unit_of_work
from forum.documents import policy
from forum.documents.models import Document, Folder
from tests.make.library import Library
from tests.viewers import EVERYBODY, EVERYBODY_HERE, HERE, author, member, moderator

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def document(**changes: object) -> Document:
    return Document(
        **{"id": 10, "space_id": HERE, "author_id": author.member_id, "binned_at": None, **changes}
    )


def binned(by: Viewer = author) -> Document:
    return document(binned_at=THEN, binned_by_id=by.member_id)


def folder() -> Folder:
    return Folder(id=3, space_id=HERE, author_id=author.member_id)


def allowed(rule, *subject) -> set[int | None]:
    """Which of everybody may do it."""
    return {viewer.member_id for viewer in EVERYBODY if rule(viewer, *subject)}


AUTHOR_AND_MODERATOR = {author.member_id, moderator.member_id}


def test_whoever_belongs_to_the_space_reads_and_adds_and_nobody_else() -> None:
    assert allowed(policy.may_read, document()) == EVERYBODY_HERE
    assert allowed(policy.may_read, folder()) == EVERYBODY_HERE
    assert allowed(policy.may_add, HERE) == EVERYBODY_HERE
    assert allowed(policy.may_add_version, document()) == EVERYBODY_HERE
    assert allowed(policy.may_discuss, document()) == EVERYBODY_HERE


def test_who_put_a_document_here_and_moderators_change_it_and_throw_it_away() -> None:
    for rule in (policy.may_edit, policy.may_bin):
        assert allowed(rule, document()) == AUTHOR_AND_MODERATOR
        assert allowed(rule, binned()) == set()


def test_what_is_in_the_bin_is_there_only_for_those_who_may_take_it_out() -> None:
    by_moderator = binned(by=moderator)
    assert allowed(policy.may_read, by_moderator) == AUTHOR_AND_MODERATOR
    assert allowed(policy.may_restore, by_moderator) == AUTHOR_AND_MODERATOR
    assert allowed(policy.may_restore, binned(by=member)) == {*AUTHOR_AND_MODERATOR, member.member_id}
    assert allowed(policy.may_restore, document()) == set()
    assert allowed(policy.may_add_version, binned()) == set()


def test_a_reservation_is_ended_by_whose_it_is_and_by_moderators() -> None:
    assert allowed(policy.may_lift, document(reserved_by_id=member.member_id)) == {
        member.member_id,
        moderator.member_id,
    }


def test_who_made_a_folder_and_moderators_keep_it_but_confidential_only_moderators_make_it() -> None:
    assert allowed(policy.may_keep_folder, folder()) == AUTHOR_AND_MODERATOR
    assert allowed(policy.may_make_confidential, HERE) == {moderator.member_id}


def test_the_conditions_in_sql_agree_with_the_rules_in_python(library: Library) -> None:
    cast = library.cast
    for by in (cast.petra, cast.manfred):
        library.document(by=by)
        library.folder(by.name, by=by)
        library.binned(by=by)
    another = library.binned()
    with unit_of_work():
        by_another = db.session.get_one(Document, another)
        by_another.binned_by_id = cast.sabine.id
    library.foreign()
    documents, folders = (
        list(db.session.scalars(sa.select(Document))),
        list(db.session.scalars(sa.select(Folder))),
    )
    twins = [
        (Document, documents, policy.readable_by, policy.may_read),
        (Document, documents, policy.editable_by, policy.may_edit),
        (Document, documents, policy.restorable_by, policy.may_restore),
        (Folder, folders, policy.folders_readable_by, policy.may_read),
        (Folder, folders, policy.folders_kept_by, policy.may_keep_folder),
    ]
    people = [person.viewer.member_id for person in (cast.petra, cast.manfred, cast.sabine)]
    roles = [None, *Role]
    for member_id, here, elsewhere in product([*people, None], roles, roles):
        spaces = {library.space: here, cast.spaces["RAT"]: elsewhere}
        viewer = Viewer(member_id, {space_id: role for space_id, role in spaces.items() if role})
        for table, rows, condition, rule in twins:
            found = set(db.session.scalars(sa.select(table.id).where(condition(viewer))))
            assert found == {row.id for row in rows if rule(viewer, row)}, (rule, viewer)
