"""From a row to the bytes that travel: parts, headers, the operator's lines below each mail."""

import email.policy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape

from flask import current_app

from forum.config import Settings

_FOLD = 76


@dataclass(frozen=True, slots=True)
class Draft:
    """What of a mail's row goes into it."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


def own_domain() -> str:
    """The domain that our mails come from."""
    return domain_of(current_app.extensions["settings"].mail_from)


def domain_of(address: str) -> str:
    """What stands behind the @, in small letters; "localhost" if nothing does."""
    return parseaddr(address)[1].rpartition("@")[2].lower() or "localhost"


def wire_address(address: str) -> str:
    """The address as servers know it: a domain with umlauts has a spelling without. `ValueError` if it has none."""
    local, sign, domain = address.rpartition("@")
    return f"{local}{sign}{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def compose(draft: Draft, settings: Settings, moment: datetime) -> bytes:
    """The mail with line ends as SMTP wants them. `ValueError` for what cannot stand in a header."""
    policy = email.policy.SMTP if draft.recipient.isascii() else email.policy.SMTPUTF8
    message = EmailMessage(policy=policy)
    message["From"] = settings.mail_from
    message["To"] = draft.recipient
    message["Subject"] = draft.subject
    message["Date"] = format_datetime(moment)
    if "auto-submitted" not in {name.lower() for name in draft.headers}:
        message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    plain: list[bytes] = [_line("Message-ID", draft.message_id)]
    for name, value in draft.headers.items():
        if value.isascii():
            # The library would write a long address in code, which no mail program reads in such a header.
            plain.append(_line(name, value))
        else:
            message[name] = value
    # In letters of seven bits and short lines: nothing on the way has a reason to change it, which signatures need.
    message.set_content(_text_with_footer(draft.text, settings), cte="quoted-printable")
    if draft.html:
        html = _html_with_footer(draft.html, settings)
        message.add_alternative(html, subtype="html", cte="quoted-printable")
    return b"".join(plain) + message.as_bytes()


def _line(name: str, value: str) -> bytes:
    if any(not sign.isprintable() for sign in name + value):
        raise ValueError("a mail header holds no control characters")
    words = value.split(" ")
    lines = [f"{name}: {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < _FOLD:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _footer(settings: Settings) -> list[str]:
    """Who sends this (§ 5 DDG), a line each; none where the operator has not said."""
    if not settings.operator_name:
        return []
    address = ", ".join(part.strip() for part in settings.operator_address.split(",") if part.strip())
    lines = [settings.operator_name, address, f"Impressum: {settings.public_url}/imprint"]
    return [line for line in lines if line]


def _text_with_footer(text: str, settings: Settings) -> str:
    footer = _footer(settings)
    if not footer:
        return text
    # Mail programs know "-- " for the line above a signature, and leave it out of answers.
    return "\n".join([text.rstrip("\n"), "", "-- ", *footer, ""])


def _html_with_footer(html: str, settings: Settings) -> str:
    footer = _footer(settings)
    if not footer:
        return html
    lines = "<br>".join(escape(line) for line in footer)
    style = "margin:24px 16px 16px;font-family:sans-serif;font-size:13px;line-height:1.5;opacity:.75"
    block = f'<p style="{style}">{lines}</p>'
    head, end, rest = html.rpartition("</body>")
    return f"{head}{block}{end}{rest}" if end else f"{html}{block}"
