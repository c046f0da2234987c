"""What a mail about news says: neutral in its subject, without content unless the reader chose otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import lru_cache
from typing import TYPE_CHECKING

import css_inline
from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from forum.config import Settings
from forum.core.clock import now
from forum.mail import addresses
from forum.mail.letters import ANSWER_ABOVE, ANSWER_ABOVE_ENGLISH
from forum.notifications import policy
from forum.notifications.models import IMPORTANT
from forum.notifications.queries.readers import Reader
from forum.notifications.targets import is_answerable
from forum.web.tickets import STOP_MAILS, THREAD, sign_name, write_ticket

if TYPE_CHECKING:
    from forum.notifications.tasks.mails import Told


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, ready to go. `answers`: the thing, kind and id, that an answer to it would be about."""

    subject: str
    text: str
    html: str
    about: str
    answers: tuple[str, int] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def write_letter(reader: Reader, told: Sequence["Told"], *, more: int = 0) -> Letter:
    """The mail that tells the reader of these things, and that there are so many `more`."""
    settings: Settings = current_app.extensions["settings"]
    single = told[0] if len(told) == 1 and not more else None
    answers = _answerable(single)
    answer_above = _above(reader) if answers else ""
    stop_url = f"{settings.public_url}/notices/stop/{_ticket(reader, single)}"
    with force_locale(reader.locale):
        values = {
            "reader": reader,
            "told": told,
            "more": more,
            "single": single,
            "answer_above": answer_above,
            "shows_content": reader.preferences.shows_content,
            "is_important": _is_important(told),
            "base": settings.public_url,
            "stop_url": stop_url,
            "locale": reader.locale,
        }
        text = _plain(reader, told, more, single, stop_url, answer_above, settings.public_url)
        template = current_app.jinja_env.get_template("notifications/mail.html")
        html = _inliner().inline(template.render(values))
        subject = _("Neues im Netzwerk")
    headers = _headers(settings, reader.id, "" if single and _is_important(told) else stop_url, single)
    return Letter(subject, text, html, "notice" if single else "digest", answers, headers)


def _is_important(told: Sequence["Told"]) -> bool:
    return any(one.row.kind in IMPORTANT for one in told)


def _plain(
    reader: Reader,
    told: Sequence["Told"],
    more: int,
    single: "Told | None",
    stop_url: str,
    above: str,
    base: str,
) -> str:
    """The same in plain text: for who reads mails so, and for the numbers by which spam is told."""
    news = (
        _("im Netzwerk liegt etwas Wichtiges für dich.")
        if _is_important(told)
        else ngettext(
            "im Netzwerk gibt es Neues an einer Stelle.",
            "im Netzwerk gibt es Neues an %(num)s Stellen.",
            len(told) + more,
        )
    )
    paragraphs = [above, _("Guten Tag %(name)s,", name=reader.name), news]
    if reader.preferences.shows_content:
        paragraphs += [_thing(one, base) for one in told]
        paragraphs += [_further(more)] if more else []
    else:
        paragraphs.append(_("Ansehen: %(url)s", url=base + (single.entry.url if single else "/notices")))
    foot = ["-- "]
    if single is None:
        foot.append(_("Keine Mails mehr: %(url)s", url=stop_url))
    elif not _is_important(told):
        foot.append(_("Dazu keine Mails mehr: %(url)s", url=stop_url))
    foot.append(_("Wann Mails kommen, bestimmst du: %(url)s", url=f"{base}/notices/preferences"))
    return "\n\n".join([*filter(None, paragraphs), "\n".join(foot)])


def _further(more: int) -> str:
    return str(
        ngettext(
            "… und eine weitere Stelle. Alles steht unter der Glocke.",
            "… und %(num)s weitere. Alles steht unter der Glocke.",
            more,
        )
    )


def _thing(one: "Told", base: str) -> str:
    where = " · ".join(filter(None, (one.row.said, one.entry.place)))
    words = [f"  {line.author}: {line.text}" for line in one.entry.lines]
    return "\n".join([one.entry.title, where, f"{base}{one.entry.url}", *words])


def _answerable(single: "Told | None") -> tuple[str, int] | None:
    """What can be answered by mail: one thing of a kind that takes answers, where mail is taken in at all."""
    if single is None or not addresses.are_made() or not is_answerable(single.row.subject):
        return None
    return single.row.subject, single.row.subject_id


def _above(reader: Reader) -> str:
    return ANSWER_ABOVE if reader.locale == "de" else ANSWER_ABOVE_ENGLISH


def _ticket(reader: Reader, single: "Told | None") -> str:
    """Stops mails about the one thing that the mail is about, else all of them."""
    subject, subject_id = (single.row.subject, single.row.subject_id) if single else ("", 0)
    series = reader.preferences.link_series
    return write_ticket(STOP_MAILS, reader.id, series, subject, subject_id, ends=now() + policy.STOP_LIFE)


def _headers(settings: Settings, reader_id: int, stop_url: str, single: "Told | None") -> dict[str, str]:
    """One click to stop (RFC 8058), and one thread in the mail program for one thing (RFC 5322, 3.6.4)."""
    headers = {}
    if stop_url:
        headers["List-Unsubscribe"] = f"<{stop_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if single:
        domain = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
        # The same for this reader each time, and different for others: servers learn not who reads the same.
        thread = sign_name(THREAD, reader_id, single.row.subject, single.row.subject_id)
        root = f"<{thread}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    return headers


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
