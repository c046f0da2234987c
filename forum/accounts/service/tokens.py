"""Links that are mailed and good once."""

from datetime import timedelta

import sqlalchemy as sa

from forum.accounts.models import Token, TokenKind
from forum.accounts.service.codes import hash_of, new_token
from forum.core.clock import now
from forum.core.db import changed_rows, db
from forum.core.errors import NotFound


def issue(
    kind: TokenKind,
    address: str,
    life: timedelta,
    *,
    member_id: int | None = None,
    invitation_id: int | None = None,
) -> str:
    """A new token; older ones of the same kind and owner die, and so do the long dead of everybody."""
    moment = now()
    same_owner = sa.or_(
        sa.and_(Token.member_id == member_id, Token.kind == kind) if member_id else sa.false(),
        sa.and_(Token.invitation_id == invitation_id, Token.address == address)
        if invitation_id
        else sa.false(),
    )
    db.session.execute(sa.delete(Token).where(sa.or_(same_owner, Token.expires_at < moment)))
    token = new_token()
    db.session.add(
        Token(
            kind=kind,
            member_id=member_id,
            invitation_id=invitation_id,
            token_hash=hash_of(token),
            address=address,
            created_at=moment,
            expires_at=moment + life,
        )
    )
    return token


def find(kind: TokenKind, token: str) -> Token:
    """The living token; `NotFound` if it was used, is too old or never was."""
    found = db.session.scalar(
        sa.select(Token).where(
            Token.token_hash == hash_of(token),
            Token.kind == kind,
            Token.used_at.is_(None),
            Token.expires_at > now(),
            sa.or_(Token.member_id.is_not(None), Token.invitation_id.is_not(None)),
        )
    )
    if found is None:
        raise NotFound
    return found


def use(kind: TokenKind, token: str) -> Token:
    """The living token, which is dead from now on; of two who try at once only one gets it."""
    found = find(kind, token)
    taken = changed_rows(
        sa.update(Token).where(Token.id == found.id, Token.used_at.is_(None)).values(used_at=now())
    )
    if taken != 1:
        raise NotFound
    return found


def discard(member_id: int) -> None:
    """Kill all links that were mailed to the member."""
    db.session.execute(sa.delete(Token).where(Token.member_id == member_id, Token.used_at.is_(None)))
