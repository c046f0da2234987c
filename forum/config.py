"""Settings: typed, from the environment or `.env`, checked once at start."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import Env, EnvError
from marshmallow import ValidationError, validate

ROOT = Path(__file__).resolve().parent.parent


class BadSettings(SystemExit):
    """The settings cannot be used; the message has one line per fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator may set. `docs/settings.md` explains each; a test keeps the two together."""

    instance: Path
    secret_key: str
    database_url: str
    public_url: str
    redis_url: str
    storage_url: str
    s3_endpoint: str
    s3_region: str
    s3_access_key: str
    s3_secret_key: str
    clamd: str
    upload_limit_mb: int
    space_quota_mb: int
    member_quota_mb: int
    zip_files: bool
    server_threads: int
    socket_limit: int
    trusted_proxies: int
    session_days: int
    invitation_days: int
    two_factor_roles: tuple[str, ...]
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password: str
    mail_from: str
    mail_reply_address: str
    mail_authserv: str
    imap_host: str
    imap_port: int
    imap_security: str
    imap_user: str
    imap_password: str
    imap_folder: str
    lmtp_bind: str
    dkim_selector: str
    dkim_key: str
    push_contact: str
    operator_name: str
    operator_address: str
    operator_email: str
    operator_phone: str
    privacy_contact: str
    rate_limits: bool
    demo: bool

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def load_settings(environ_file: Path | None = None, **overrides: Any) -> Settings:
    """Read `.env` and the environment; raises `BadSettings` naming every fault at once.

    `overrides` replace what was read, for tests and the demo.
    """
    env = Env(eager=False, prefix="NETWORK_")
    env.read_env(str(environ_file or ROOT / ".env"), recurse=False)
    instance = Path(overrides.get("instance") or env.str("INSTANCE", str(ROOT / "instance")))
    port = validate.Range(1, 65535, error="must be between 1 and 65535")
    values: dict[str, Any] = {
        "instance": instance,
        "secret_key": env.str("SECRET_KEY", ""),
        "database_url": env.str(
            "DATABASE_URL", f"sqlite:///{instance / 'network.sqlite'}", validate=_database
        ),
        "public_url": env.str("PUBLIC_URL", "http://127.0.0.1:8000", validate=_web_address).rstrip("/"),
        "redis_url": env.str("REDIS_URL", "", validate=_redis),
        "storage_url": env.str("STORAGE_URL", "", validate=_bucket).rstrip("/"),
        "s3_endpoint": env.str("S3_ENDPOINT", "", validate=_web_address_or_none),
        "s3_region": env.str("S3_REGION", "us-east-1"),
        "s3_access_key": env.str("S3_ACCESS_KEY", ""),
        "s3_secret_key": env.str("S3_SECRET_KEY", ""),
        "clamd": env.str("CLAMD", "", validate=_bind),
        "upload_limit_mb": env.int("UPLOAD_LIMIT_MB", 200, validate=validate.Range(1, 2000)),
        "space_quota_mb": env.int("SPACE_QUOTA_MB", 5000, validate=validate.Range(1)),
        "member_quota_mb": env.int("MEMBER_QUOTA_MB", 1000, validate=validate.Range(1)),
        "zip_files": env.bool("ZIP_FILES", False),
        "server_threads": env.int("SERVER_THREADS", 48, validate=validate.Range(4, 4000)),
        "socket_limit": env.int("SOCKET_LIMIT", 2000, validate=validate.Range(0, 20000)),
        "trusted_proxies": env.int("TRUSTED_PROXIES", 0, validate=validate.Range(0, 5)),
        "session_days": env.int("SESSION_DAYS", 60, validate=validate.Range(1, 365)),
        "invitation_days": env.int("INVITATION_DAYS", 14, validate=validate.Range(1, 90)),
        "two_factor_roles": tuple(
            env.list(
                "TWO_FACTOR_ROLES",
                [],
                subcast=str,
                validate=validate.ContainsOnly(["member", "moderator", "staff", "expert", "administrator"]),
            )
        ),
        "smtp_host": env.str("SMTP_HOST", ""),
        "smtp_port": env.int("SMTP_PORT", 587, validate=port),
        "smtp_security": env.str(
            "SMTP_SECURITY", "starttls", validate=validate.OneOf(["starttls", "tls", "none"])
        ),
        "smtp_user": env.str("SMTP_USER", ""),
        "smtp_password": env.str("SMTP_PASSWORD", ""),
        "mail_from": env.str("MAIL_FROM", "netzwerk@localhost", validate=_mail_address),
        "mail_reply_address": env.str("MAIL_REPLY_ADDRESS", "", validate=_reply_address),
        "mail_authserv": env.str("MAIL_AUTHSERV", ""),
        "imap_host": env.str("IMAP_HOST", ""),
        "imap_port": env.int("IMAP_PORT", 993, validate=port),
        "imap_security": env.str(
            "IMAP_SECURITY", "tls", validate=validate.OneOf(["starttls", "tls", "none"])
        ),
        "imap_user": env.str("IMAP_USER", ""),
        "imap_password": env.str("IMAP_PASSWORD", ""),
        "imap_folder": env.str("IMAP_FOLDER", "INBOX"),
        "lmtp_bind": env.str("LMTP_BIND", "", validate=_bind),
        "dkim_selector": env.str("DKIM_SELECTOR", "", validate=_selector),
        "dkim_key": env.str("DKIM_KEY", ""),
        "push_contact": env.str("PUSH_CONTACT", "", validate=_contact),
        "operator_name": env.str("OPERATOR_NAME", ""),
        "operator_address": env.str("OPERATOR_ADDRESS", ""),
        "operator_email": env.str("OPERATOR_EMAIL", ""),
        "operator_phone": env.str("OPERATOR_PHONE", ""),
        "privacy_contact": env.str("PRIVACY_CONTACT", ""),
        "rate_limits": env.bool("RATE_LIMITS", True),
        "demo": env.bool("DEMO", False),
    }
    try:
        env.seal()
    except EnvError as fault:
        raise BadSettings(_lines(fault)) from None
    values.update(overrides)
    values["secret_key"] = values["secret_key"] or _kept_secret(values["instance"])
    return Settings(**values)


def setting_names() -> list[str]:
    """The environment variable of every setting."""
    return [f"NETWORK_{field.name.upper()}" for field in fields(Settings)]


def _lines(fault: EnvError) -> str:
    messages: dict[str, list[str]] = getattr(fault, "error_messages", None) or {"": [str(fault)]}
    return "\n".join(f"{name}: {' '.join(texts)}" for name, texts in messages.items())


def _kept_secret(instance: Path) -> str:
    """The key that signs cookies: made once, readable by the owner only; whole at once, whoever else begins now."""
    instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = instance / "secret_key"
    if not file.exists():
        draft = instance / f"secret_key.{secrets.token_hex(8)}"
        with open(draft, "x", opener=_open_private) as new:
            new.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _database(url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValidationError("must start with sqlite:/// or postgresql+psycopg://")


def _web_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValidationError("must be an address like https://netzwerk.example")


def _mail_address(address: str) -> None:
    if address.count("@") != 1 or any(sign.isspace() for sign in address):
        raise ValidationError("must be a mail address like netzwerk@example.org")


def _contact(address: str) -> None:
    if address.startswith("mailto:"):
        _mail_address(address.removeprefix("mailto:"))
    elif address and not (address.startswith("https://") and urlsplit(address).netloc):
        raise ValidationError(
            "must be empty or an address like mailto:netzwerk@example.org or https://example.org"
        )


def _selector(name: str) -> None:
    if name and not all(part.isascii() and part.replace("-", "").isalnum() for part in name.split(".")):
        raise ValidationError("must be a name of letters, digits and hyphens like netzwerk2026")


def _reply_address(address: str) -> None:
    if not address:
        return
    _mail_address(address)
    local = address.partition("@")[0]
    if "+" in local or not local.isascii() or len(local) > 20:
        raise ValidationError("must be empty or an address with at most 20 characters and no + before the @")


def _redis(url: str) -> None:
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValidationError("must start with redis://, rediss:// or unix://")


def _bucket(url: str) -> None:
    if url and not (url.startswith("s3://") and urlsplit(url).netloc):
        raise ValidationError("must be empty or an address like s3://bucket/folder")


def _web_address_or_none(url: str) -> None:
    if url:
        _web_address(url)


def _bind(address: str) -> None:
    host, _, port = address.rpartition(":")
    if address and not address.startswith("unix:/") and not (host and port.isdigit()):
        raise ValidationError("must be unix:/path/to/socket or host:port")
