"""Suspending a member also ends what the member has open."""

from forum.accounts.service import devices, tokens
from forum.core.access import Viewer
from forum.members import service as members


def suspend(viewer: Viewer, member_id: int) -> None:
    """Keep the member out, signed out everywhere; mailed links are void."""
    member = members.suspend(viewer, member_id)
    devices.sign_out_everywhere(member.id)
    tokens.discard(member.id)
