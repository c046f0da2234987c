"""What a person signs in with, where the person is signed in, and what opens the door once.

Of secrets that we made (device tokens, invitation codes, one-time links, recovery codes) only the SHA-256 is
kept; they are random and long enough that nothing slower is needed. Passwords are hashed with Argon2id.
"""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.access import Role
from forum.core.db import Key, MemberId, Model

NAME_LIMIT = 120
NOTE_LIMIT = 500

Hash = sa.LargeBinary(32)

#: What the bell calls somebody's own account; its things are numbered by `Safety`.
ACCOUNT = "account"


class Safety(enum.IntEnum):
    """What may have happened to an account, and its owner always hears of. The numbers stand in notices."""

    PASSWORD = 1
    ADDRESS = 2
    CODES_ON = 3
    CODES_OFF = 4
    PASSKEY_ADDED = 5
    PASSKEY_REMOVED = 6
    RECOVERY_CODE_USED = 7
    RECOVERY_CODES_MADE = 8
    NEW_DEVICE = 9
    RESET = 10


class Credential(Model):
    """Password and one-time-code secret of a member.

    `totp_confirmed_at` tells when a code of the app was first shown to be right; before, the secret counts for
    nothing. `totp_last_step` is the time step of the last code taken: no code is good twice.
    """

    __tablename__ = "credential"

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str | None]
    totp_secret: Mapped[str | None] = mapped_column(sa.String(64))
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]


class RecoveryCode(Model):
    """One of ten codes on paper, for the day the phone is lost."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("member_id", "code_hash"),)

    id: Mapped[Key]
    member_id: Mapped[MemberId]
    code_hash: Mapped[bytes] = mapped_column(Hash)
    used_at: Mapped[datetime | None]


class Passkey(Model):
    """A key that lives in a phone, a computer or a stick (WebAuthn)."""

    __tablename__ = "passkey"

    id: Mapped[Key]
    member_id: Mapped[MemberId]
    name: Mapped[str] = mapped_column(sa.String(60))
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Device(Model):
    """A place where a member is signed in; `label` says which in plain words. No network address is kept."""

    __tablename__ = "device"

    id: Mapped[Key]
    member_id: Mapped[MemberId]
    token_hash: Mapped[bytes] = mapped_column(Hash, unique=True)
    label: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Invitation(Model):
    """A door for one person into one space, with a role there.

    The very first one, which makes an administrator, has no creator and perhaps no space. `refusals` counts how
    often somebody tried it with an address that has an account (see docs/threat-model.md).
    """

    __tablename__ = "invitation"
    __table_args__ = (
        sa.UniqueConstraint("created_by_id", "client_key"),
        sa.CheckConstraint("space_id IS NOT NULL OR is_administrator", name="purpose"),
        sa.CheckConstraint("(accepted_at IS NULL) = (accepted_by_id IS NULL)", name="acceptance"),
    )

    id: Mapped[Key]
    code_hash: Mapped[bytes] = mapped_column(Hash, unique=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LIMIT), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    note: Mapped[str] = mapped_column(sa.String(NOTE_LIMIT), default="")
    space_id: Mapped[int | None] = mapped_column(sa.ForeignKey("space.id"), index=True)
    role: Mapped[Role] = mapped_column(default=Role.MEMBER)
    is_administrator: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    client_key: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    refusals: Mapped[int] = mapped_column(default=0)

    def state(self, moment: datetime) -> "InvitationState":
        """What the invitation is good for at `moment`."""
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        return InvitationState.OPEN if moment < self.expires_at else InvitationState.EXPIRED


class InvitationState(enum.StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ACCEPTED = "accepted"


class TokenKind(enum.StrEnum):
    """What a mailed link is for."""

    RESET = "reset"
    ADDRESS = "address"
    INVITATION = "invitation"


class Token(Model):
    """A link that was mailed to `address`, good once.

    It belongs to a member (new password, new address) or to an invitation; whoever holds it reads that mailbox.
    A request for an address that nobody has leaves a row of neither, so that both answers take the same time.
    """

    __tablename__ = "account_token"
    __table_args__ = (sa.CheckConstraint("member_id IS NULL OR invitation_id IS NULL", name="owner"),)

    id: Mapped[Key]
    kind: Mapped[TokenKind]
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id", ondelete="CASCADE"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("invitation.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(Hash, unique=True)
    address: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
