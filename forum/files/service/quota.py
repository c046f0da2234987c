"""Room: how large a file may be, and how much a member and a space may keep. Counted under a lock, to the byte."""

import shutil
from collections.abc import Callable

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.db import db
from forum.core.errors import Invalid
from forum.files.policy import MEGABYTE
from forum.files.queries import member_usage, usage
from forum.files.sizes import in_words
from forum.files.store import full, limits, spool, storing

#: What stays free on the disk for everything else.
_RESERVE = 64 * MEGABYTE


def check_size(name: str, size: int) -> None:
    """`Invalid` for an empty file, and for one that is too large."""
    if size <= 0:
        raise Invalid(_("„%(name)s“ ist leer. Sieh nach, ob es die richtige Datei ist.", name=name), "files")
    limit = limits().file
    if size > limit:
        message = _(
            "„%(name)s“ hat %(size)s. Eine Datei darf höchstens %(limit)s haben.",
            name=name,
            size=in_words(size),
            limit=in_words(limit),
        )
        raise Invalid(message, "files")


def check_disk(size: int) -> None:
    """`StoreAway` when so many more bytes do not fit on the disk where they arrive."""
    with storing():
        free = shutil.disk_usage(spool()).free
    if size > free - _RESERVE:
        raise full()


def check_member(member_id: int, size: int) -> None:
    """`Invalid` when the member has no room for so many bytes; nobody adds to it until the unit of work ends."""
    message = _(
        "Dafür reicht dein Platz nicht: Nötig sind %(size)s, frei sind noch %(left)s. Nimm heraus, was du nicht"
        " mehr brauchst, oder lege es in die Ablage eines Bereichs."
    )
    _check("member", member_id, size, limits().member, member_usage, message)


def check_space(space_id: int, size: int) -> None:
    """`Invalid` when the space has no room for so many bytes; nobody adds to it until the unit of work ends."""
    message = _(
        "Dafür reicht der Platz dieses Bereichs nicht: Nötig sind %(size)s, frei sind noch %(left)s. Bitte"
        " die Moderation, Platz zu schaffen."
    )
    _check("space", space_id, size, limits().space, usage, message)


def _check(table: str, row_id: int, size: int, limit: int, used: Callable[[int], int], message: str) -> None:
    hold(table, row_id)
    left = limit - used(row_id)
    if size > left:
        raise Invalid(message % {"size": in_words(size), "left": in_words(max(left, 0))}, "files")


def hold(table: str, row_id: int) -> None:
    """Lock the row of a member or space, whose tables are others'; who only refers to it need not wait."""
    row = sa.table(table, sa.column("id"))
    db.session.execute(sa.select(row.c.id).where(row.c.id == row_id).with_for_update(key_share=True))
