"""Outgoing mail for administrators: what waits, what failed, and without SMTP the mails themselves."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.views.blueprint import bp
from forum.core.db import unit_of_work
from forum.mail import delivery, queries, service
from forum.web.access import administrators_only


@bp.get("/administration/mails")
@administrators_only
def list_mails() -> ResponseReturnValue:
    postman = delivery.postman_of(current_app)
    return render_template(
        "accounts/list_mails.html",
        page=queries.list_mails(g.viewer, request.args.get("after", "")),
        outbox=postman.outbox.list_letters(),
        sends=postman.sends,
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
    with unit_of_work():
        service.try_again(g.viewer, mail_id)
    flash(_("Wir versuchen es gleich noch einmal."), "success")
    return redirect(url_for("accounts.list_mails"), 303)
