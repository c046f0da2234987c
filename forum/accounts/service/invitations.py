"""Invitations: written, handed over, used, withdrawn; and the first one, which makes an administrator."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.accounts import policy
from forum.accounts.models import NAME_LIMIT, NOTE_LIMIT, Invitation, InvitationState, Token, TokenKind
from forum.accounts.service import passwords, tokens
from forum.accounts.service.codes import hash_of, new_code, read_code
from forum.audit.service import record
from forum.core.access import ANYONE, Role, Viewer
from forum.core.clock import now
from forum.core.db import changed_rows, db
from forum.core.errors import Conflict, NotFound, require
from forum.core.text import clean_line
from forum.mail.service import send
from forum.members.models import Member, Standing
from forum.members.service import add_member, clean_address, find_by_address, get_own
from forum.spaces import service as spaces
from forum.spaces.models import Space, SpaceKind

LinkTo = Callable[[str], str]

#: The code that `make run` prints for the first administrator.
SETUP_LIFE = timedelta(days=7)
#: An unproven address that has an account is refused this often; then the invitation is void.
MAX_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """What an invitation is to say."""

    space_id: int
    role: Role
    name: str = ""
    email: str = ""
    note: str = ""
    is_administrator: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """An invitation and its code, which is known only at this moment."""

    invitation: Invitation
    code: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An invitation that somebody holds. `proven_address`: it came by mail, so the holder reads that mailbox."""

    invitation: Invitation
    space: str
    inviter: str
    proven_address: str


def invite(viewer: Viewer, draft: Draft, client_key: UUID, life: timedelta, link_to: LinkTo) -> Issued:
    """A new invitation; with an address, the link is mailed there too.

    The same `client_key` again is the same invitation with a fresh code (the old one is lost with its page).
    """
    if db.session.get(Space, draft.space_id) is None:
        raise NotFound
    require(
        policy.may_invite(viewer, draft.space_id, draft.role, as_administrator=draft.is_administrator),
        _("In diesen Bereich kannst du mit dieser Rolle nicht einladen."),
    )
    known = db.session.scalar(
        sa.select(Invitation.id).where(
            Invitation.created_by_id == viewer.member_id, Invitation.client_key == client_key
        )
    )
    if known is not None:
        return reissue(viewer, known, life)
    code = new_code()
    invitation = Invitation(
        code_hash=hash_of(code),
        name=clean_line(draft.name, limit=NAME_LIMIT) if draft.name.strip() else "",
        email=clean_address(draft.email) if draft.email.strip() else "",
        note=clean_line(draft.note, limit=NOTE_LIMIT) if draft.note.strip() else "",
        space_id=draft.space_id,
        role=draft.role,
        is_administrator=draft.is_administrator,
        created_by_id=viewer.member_id,
        client_key=client_key,
        created_at=now(),
        expires_at=now() + life,
    )
    db.session.add(invitation)
    db.session.flush()
    record(viewer, "invitation.created", invitation.id, space_id=invitation.space_id, note=invitation.role)
    if invitation.email:
        _mail(viewer, invitation, invitation.email, link_to)
    return Issued(invitation, code)


def get_invitation(viewer: Viewer, invitation_id: int) -> Invitation:
    """An invitation that the viewer keeps, or `NotFound`."""
    invitation = db.session.get(Invitation, invitation_id)
    if invitation is None or not policy.may_manage(viewer, invitation):
        raise NotFound
    return invitation


def reissue(viewer: Viewer, invitation_id: int, life: timedelta) -> Issued:
    """A new code and a new term; the old code and mailed links are void."""
    invitation = _get_unused(viewer, invitation_id)
    code = new_code()
    invitation.code_hash = hash_of(code)
    invitation.expires_at = now() + life
    invitation.revoked_at = None
    invitation.refusals = 0
    _void_links(invitation)
    record(viewer, "invitation.reissued", invitation.id, space_id=invitation.space_id)
    return Issued(invitation, code)


def send_again(viewer: Viewer, invitation_id: int, life: timedelta, link_to: LinkTo) -> None:
    """Mail the invitation once more, with a new term; the code on paper stays good."""
    invitation = _get_unused(viewer, invitation_id)
    require(bool(invitation.email), _("Für diese Einladung ist keine E-Mail-Adresse hinterlegt."))
    invitation.expires_at = now() + life
    invitation.revoked_at = None
    _mail(viewer, invitation, invitation.email, link_to)
    record(viewer, "invitation.sent", invitation.id, space_id=invitation.space_id)


def revoke(viewer: Viewer, invitation_id: int) -> None:
    """Withdraw the invitation: code and mailed links open nothing any more."""
    invitation = _get_unused(viewer, invitation_id)
    invitation.revoked_at = now()
    _void_links(invitation)
    record(viewer, "invitation.revoked", invitation.id, space_id=invitation.space_id)


def revoke_all(member_id: int, *, beyond: Collection[Role] = ()) -> None:
    """Withdraw the open invitations that the member wrote, or only those to more than the roles `beyond`."""
    db.session.execute(
        sa.update(Invitation)
        .where(
            Invitation.created_by_id == member_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            sa.or_(Invitation.is_administrator, Invitation.role.not_in(beyond)),
        )
        .values(revoked_at=now())
    )


def open_invitation(code: str) -> Opened:
    """What the holder of a code or mailed link is invited to; `NotFound` unless it can be used now."""
    inviter = sa.orm.aliased(Member)
    query = (
        sa.select(Invitation, Space.name, inviter.name)
        .outerjoin(Space, Space.id == Invitation.space_id)
        .outerjoin(inviter, inviter.id == Invitation.created_by_id)
    )
    row = db.session.execute(query.where(Invitation.code_hash == hash_of(read_code(code)))).one_or_none()
    address = ""
    if row is None:
        token = tokens.find(TokenKind.INVITATION, code)
        address = token.address
        row = db.session.execute(query.where(Invitation.id == token.invitation_id)).one()
    if row[0].state(now()) is not InvitationState.OPEN:
        raise NotFound
    return Opened(row[0], row[1] or "", row[2] or "", address)


def ask_for_proof(code: str, address: str, link_to: LinkTo) -> None:
    """Mail the invitation to the address its holder typed: whoever reads that mailbox goes on from there.

    The answer and its time are the same whether the address has an account; only the mail tells.
    """
    opened = open_invitation(code)
    _mail(ANYONE, opened.invitation, clean_address(address), link_to)


def accept_as_new_member(code: str, name: str, email: str, password: str, locale: str = "de") -> int | None:
    """Make the holder of the code a member, who reads pages in `locale`; the member's id.

    None: the address has an account already. For an address that was not proven by mail this is counted, and
    the third time ends the invitation, so that no invitation is a list of questions.
    """
    opened = open_invitation(code)
    invitation = opened.invitation
    address = clean_address(opened.proven_address or email)
    passwords.judge(password, name, address)
    if find_by_address(address) is not None:
        invitation.refusals += 0 if opened.proven_address else 1
        if invitation.refusals >= MAX_REFUSALS:
            invitation.revoked_at = now()
        return None
    member = add_member(name, address, locale=locale, is_administrator=invitation.is_administrator)
    passwords.set_password(member.id, password)
    _accept(Viewer(member.id), invitation)
    return member.id


def accept_as_member(viewer: Viewer, code: str) -> int | None:
    """Let the viewer, who has an account, into the space of the invitation; the space's id.

    An ordinary invitation never takes a role that is held there already.
    """
    require(viewer.is_signed_in)
    invitation = open_invitation(code).invitation
    _accept(viewer, invitation)
    if invitation.is_administrator:
        get_own(viewer).is_administrator = True
    return invitation.space_id


def open_setup(code: str) -> Opened:
    """The invitation behind the code that `make run` printed; `NotFound` for any other."""
    opened = open_invitation(code)
    if opened.invitation.created_by_id is not None or not opened.invitation.is_administrator:
        raise NotFound
    return opened


def ensure_setup_code() -> str | None:
    """While there is no active administrator: a new code that makes one, the only one that is good. Else None."""
    administrator = db.session.scalar(
        sa.select(Member.id).where(Member.is_administrator, Member.standing == Standing.ACTIVE).limit(1)
    )
    moment = now()
    db.session.execute(
        sa.update(Invitation)
        .where(
            Invitation.created_by_id.is_(None),
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=moment)
    )
    if administrator is not None:
        return None
    code = new_code()
    db.session.add(
        Invitation(
            code_hash=hash_of(code),
            space_id=db.session.scalar(sa.select(Space.id).where(Space.kind == SpaceKind.NETWORK)),
            is_administrator=True,
            created_at=moment,
            expires_at=moment + SETUP_LIFE,
        )
    )
    return code


def _get_unused(viewer: Viewer, invitation_id: int) -> Invitation:
    invitation = get_invitation(viewer, invitation_id)
    require(invitation.accepted_at is None, _("Diese Einladung wurde schon angenommen."))
    return invitation


def _accept(viewer: Viewer, invitation: Invitation) -> None:
    """Use the invitation up for the viewer; of two who try at once the second is told so."""
    moment = now()
    taken = changed_rows(
        sa.update(Invitation)
        .where(
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > moment,
        )
        .values(accepted_at=moment, accepted_by_id=viewer.member_id)
    )
    if taken != 1:
        raise Conflict(_("Diese Einladung wurde gerade schon angenommen."))
    _void_links(invitation)
    space_id = invitation.space_id
    if space_id is not None and _adds_to(viewer.spaces.get(space_id), invitation.role):
        spaces.join(viewer.member_id or 0, space_id, invitation.role)
    record(viewer, "invitation.accepted", invitation.id, space_id=space_id, note=invitation.role)
    if invitation.is_administrator:
        record(Viewer(invitation.created_by_id), "administrator.appointed", viewer.member_id)


def _adds_to(held: Role | None, offered: Role) -> bool:
    """Whether the offered role is more than the one held: a guest's is less than a moderator's or staff's."""
    return held is None or offered not in policy.INVITABLE or (offered is Role.EXPERT and held is Role.MEMBER)


def _void_links(invitation: Invitation) -> None:
    db.session.execute(sa.delete(Token).where(Token.invitation_id == invitation.id))


def _mail(viewer: Viewer, invitation: Invitation, address: str, link_to: LinkTo) -> None:
    token = tokens.issue(
        TokenKind.INVITATION, address, invitation.expires_at - now(), invitation_id=invitation.id
    )
    has_account = find_by_address(address) is not None
    inviter = get_own(viewer).name if viewer.is_signed_in else ""
    greeting = _("%(name)s lädt dich ein.", name=inviter) if inviter else _("Du bist eingeladen.")
    way = (
        _("Mit dieser Adresse hast du schon ein Konto. Melde dich an und öffne dann diesen Link:")
        if has_account
        else _("Über diesen Link legst du dein Konto an:")
    )
    send(
        address,
        _("Nachricht aus dem Netzwerk"),
        _(
            "Guten Tag,\n\n%(greeting)s %(way)s\n\n%(link)s\n\n%(note)s"
            "Weißt du nichts davon, musst du nichts tun.\n",
            greeting=greeting,
            way=way,
            link=link_to(token),
            note=f"{invitation.note}\n\n" if invitation.note else "",
        ),
        about="account",
    )
