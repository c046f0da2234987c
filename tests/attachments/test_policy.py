"""An attached file is its sender's at any time, and everybody's once it was looked through."""

import pytest

from forum.attachments import policy
from forum.core.access import ANYONE
from forum.files.models import Blob, Choice, File, Progress, Scan
from tests.viewers import author, member


def file_with(**blob: object) -> File:
    facts = {"check": Progress.DONE, "scan": Scan.CLEAN, "findings": {}, "is_broken": False} | blob
    return File(member_id=author.member_id, blob=Blob(**facts))


def test_a_file_that_was_looked_through_is_opened_and_fetched_by_members_and_by_nobody_else() -> None:
    file = file_with()
    for viewer in (author, member):
        assert policy.may_open(viewer, file)
        assert policy.may_fetch(viewer, file)
    assert not policy.may_open(ANYONE, file)
    assert not policy.may_fetch(ANYONE, file)


@pytest.mark.parametrize(
    "file",
    [
        file_with(check=Progress.WAITING),
        file_with(check=Progress.FAILED),
        file_with(scan=Scan.PENDING),
        file_with(scan=Scan.INFECTED),
        file_with(findings={"authors": ["Petra"]}),
        file_with(is_broken=True),
        File(member_id=author.member_id),
    ],
    ids=["waiting", "refused", "unscanned", "infected", "asks", "broken", "half here"],
)
def test_what_was_not_looked_through_is_seen_by_its_sender_only_and_fetched_by_nobody(file: File) -> None:
    assert policy.may_open(author, file)
    assert not policy.may_open(member, file)
    assert not policy.may_fetch(author, file)
    assert not policy.may_fetch(member, file)


def test_a_file_that_tells_of_its_makers_is_given_once_its_sender_has_decided() -> None:
    file = file_with(findings={"authors": ["Petra"]})
    file.choice = Choice.KEEP
    assert policy.may_fetch(member, file)
