"""The words of a post: rendered, and whom they name."""

import sqlalchemy as sa

from forum.core import html
from forum.members.models import Member, Standing
from forum.members.queries import named_in
from forum.members.service import require_few
from forum.spaces.models import Membership


def render_post(source: str, space_id: int) -> tuple[str, list[int]]:
    """Safe HTML of `source`, and the ids of the members it names: `@` before the full name of a reader.

    Of two people of the same name both are named, and the link leads to the one who was here first.
    """
    known = named_in(
        sa.select(Member.id, Member.name, Member.picture_version)
        .join(Membership, sa.and_(Membership.member_id == Member.id, Membership.space_id == space_id))
        .where(Member.standing == Standing.ACTIVE),
        source,
    )
    rendered, found = html.render_with_names(source, {name: f"/members/{known[name][0]}" for name in known})
    return rendered, sorted({member_id for name in found for member_id in known[name]})


def write_post(source: str, space_id: int) -> str:
    """Safe HTML of what somebody wrote just now; `Invalid` if it calls too many people by name."""
    rendered, named = render_post(source, space_id)
    require_few(named)
    return rendered
