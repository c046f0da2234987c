"""Who has taken note: on the page, as a table to save, on paper; and whether a paper is one of ours."""

import csv
import hashlib
import io

from flask import Response, flash, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.announcements import policy, queries, service
from forum.announcements.forms import CheckForm
from forum.announcements.queries.standing import Party
from forum.announcements.views.blueprint import bp
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Conflict, Invalid, NotFound
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.languages import today
from forum.web.limits import POSTING, limiter

#: What a spreadsheet would take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@bp.get("/announcements/<int:announcement_id>/standing")
@members_only
def show_standing(announcement_id: int) -> ResponseReturnValue:
    announcement = service.announcements.get_kept(g.viewer, announcement_id)
    if announcement.published_at is None:
        raise NotFound
    return render_template(
        "announcements/show_standing.html",
        announcement=announcement,
        standing=queries.standing.standing(announcement, today()),
        is_current=policy.is_current(announcement, now()),
        was_nudged=announcement.nudged_on == today(),
        stages=queries.digests.stages(announcement),
    )


@bp.get("/announcements/<int:announcement_id>/standing.csv")
@members_only
def show_standing_table(announcement_id: int) -> ResponseReturnValue:
    """For a spreadsheet: semicolons and a byte order mark, as those here expect."""
    announcement = service.announcements.get_kept(g.viewer, announcement_id)
    if announcement.published_at is None:
        raise NotFound
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";")
    heads = (
        _("Region"), _("Betriebsrat oder Mitglied"), _("Betrieb"), _("Ort"), _("Stand"), _("Bestätigt von"), _("Am"),
        _("Vorsitz"), _("Telefon"), _("Telefon des Betriebsrats"),
    )  # fmt: skip
    writer.writerow(heads)
    for one in queries.standing.standing(announcement, today()).parties:
        writer.writerow([_harmless(cell) for cell in _cells(one)])
    return Response(
        "\ufeff" + target.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="kenntnisnahmen-{announcement.id}.csv"'},
    )


@bp.post("/announcements/<int:announcement_id>/nudge")
@members_only
@limiter.limit(POSTING)
def create_nudge(announcement_id: int) -> ResponseReturnValue:
    try:
        with unit_of_work():
            told = service.notices.nudge(g.viewer, announcement_id)
    except Conflict as refusal:
        flash(refusal.message, "warning")
    else:
        flash(
            ngettext("%(num)s Mitglied wird erinnert.", "%(num)s Mitglieder werden erinnert.", told),
            "success",
        )
    return go_to(url_for(".show_standing", announcement_id=announcement_id))


@bp.post("/announcements/<int:announcement_id>/certificate")
@members_only
@limiter.limit(POSTING)
def create_certificate(announcement_id: int) -> ResponseReturnValue:
    with unit_of_work():
        content, certificate = service.certificates.certify(g.viewer, announcement_id)
    name = f"kenntnisnahmen-{announcement_id}-{certificate.digest[:8]}.pdf"
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/announcements/check")
@members_only
def new_check() -> ResponseReturnValue:
    return render_template(
        "announcements/new_check.html", form=CheckForm(formdata=None), digest="", found=None
    )


@bp.post("/announcements/check")
@members_only
@limiter.limit(POSTING)
def create_check() -> ResponseReturnValue:
    """Nothing of the file is kept: only its digest is looked up."""
    form = CheckForm()
    paper = form.paper.data
    try:
        if paper:
            digest = hashlib.file_digest(paper.stream, "sha256").hexdigest()
        elif form.digest.data:
            digest = service.certificates.clean_digest(form.digest.data)
        else:
            raise Invalid(_("Wähle eine Datei oder gib ihre Prüfsumme an."), "paper")
    except Invalid as refusal:
        form.refuse(refusal)
        return render_template("announcements/new_check.html", form=form, digest="", found=None), 422
    found = service.certificates.find_certificate(digest)
    return render_template("announcements/new_check.html", form=form, digest=digest, found=found)


def _cells(one: Party) -> tuple[str, ...]:
    state = _("bestätigt") if not one.is_open else _("offen") if one.is_reachable else _("nicht erreichbar")
    on = f"{one.on:%d.%m.%Y}" if one.on else ""
    # Whom to ask, and where, is nobody's business once notice was taken.
    reach = (one.contact, _dialled(one.contact_phone), _dialled(one.phone)) if one.is_open else ("", "", "")
    return (one.sign, one.name, one.site, one.town, state, one.by, on, *reach)


def _dialled(number: str) -> str:
    """A phone number that spreadsheets leave as it is: without the plus of a formula, with a gap like words."""
    number = f"00{number.removeprefix('+').lstrip()}" if number.startswith("+") else number
    return f"{number[:4]} {number[4:]}" if number.isdigit() else number


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
