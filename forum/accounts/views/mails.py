"""Mail for administrators: what waits to leave, what failed, whether it arrives, what came in.

Without SMTP the mails themselves can be read here.
"""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.service import probes
from forum.accounts.views.blueprint import bp
from forum.config import Settings
from forum.core.db import unit_of_work
from forum.core.errors import Conflict
from forum.mail import delivery, queries, sentences, service
from forum.mail.arrival import Finding, Names, Resolver, check_arrival
from forum.mail.mailbox import mailbox_trouble
from forum.mail.queries import Fate, MailState
from forum.members.queries import names_of
from forum.web.access import administrators_only
from forum.web.limits import limiter

#: Where a test puts its own answers in place of the DNS's.
NAMES = "mail names"


@bp.get("/administration/mails")
@administrators_only
def list_mails() -> ResponseReturnValue:
    postman = delivery.postman_of(current_app)
    state = request.args.get("state", type=MailState)
    return render_template(
        "accounts/list_mails.html",
        page=queries.list_mails(g.viewer, request.args.get("after", ""), state),
        state=state,
        counts=queries.count_mails(g.viewer),
        trouble=queries.house_trouble(g.viewer),
        mailbox_trouble=mailbox_trouble(g.viewer),
        outbox=postman.outbox.list_letters(),
        sends=postman.sends,
        reason=sentences.reason,
    )


@bp.get("/administration/mails/incoming")
@administrators_only
def list_incoming_mails() -> ResponseReturnValue:
    settings: Settings = current_app.extensions["settings"]
    fate = request.args.get("fate", type=Fate)
    page = queries.list_incoming(g.viewer, request.args.get("after", ""), fate)
    return render_template(
        "accounts/list_incoming_mails.html",
        page=page,
        fate=fate,
        counts=queries.count_incoming(g.viewer),
        names=names_of({mail.member_id for mail in page.rows if mail.member_id is not None}),
        outcome=sentences.incoming,
        trouble=mailbox_trouble(g.viewer),
        settings=settings,
    )


@bp.get("/administration/mails/<name>")
@administrators_only
def show_mail(name: str) -> ResponseReturnValue:
    return render_template(
        "accounts/show_mail.html", letter=delivery.postman_of(current_app).outbox.read(name)
    )


@bp.post("/administration/mails/<int:mail_id>/attempt")
@administrators_only
def create_mail_attempt(mail_id: int) -> ResponseReturnValue:
    try:
        with unit_of_work():
            service.try_again(g.viewer, mail_id)
    except Conflict as refusal:  # it has gone since the page was made
        flash(refusal.message, "warning")
    else:
        flash(_("Wir versuchen es gleich noch einmal."), "success")
    return redirect(url_for("accounts.list_mails", state=request.form.get("state", type=MailState)), 303)


@bp.get("/administration/mails/arrival")
@administrators_only
def show_arrival() -> ResponseReturnValue:
    return _arrival_page([])


@bp.post("/administration/mails/arrival")
@administrators_only
@limiter.limit("20/minute")
def create_arrival_check() -> ResponseReturnValue:
    settings: Settings = current_app.extensions["settings"]
    names: Names = current_app.extensions.get(NAMES) or Resolver()
    return _arrival_page(check_arrival(settings, names))


@bp.post("/administration/mails/arrival/probe")
@administrators_only
@limiter.limit("5/minute")
def create_probe() -> ResponseReturnValue:
    with unit_of_work():
        probes.send_probe(g.viewer)
    return redirect(url_for("accounts.show_arrival", _anchor="probe"), 303)


def _arrival_page(findings: list[Finding]) -> ResponseReturnValue:
    return render_template(
        "accounts/show_arrival.html",
        findings=findings,
        probe=queries.last_probe(g.viewer),
        sentences=sentences,
        sends=delivery.postman_of(current_app).sends,
    )
