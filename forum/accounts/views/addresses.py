"""A new e-mail address."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts import queries
from forum.accounts.forms.security import ChangeAddressForm
from forum.accounts.service import addresses
from forum.accounts.views.blueprint import bp
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.web.access import members_only, public
from forum.web.limits import GUESSING, MAILING, limiter
from forum.web.links import public_link


@bp.get("/account/address")
@members_only
def edit_address() -> ResponseReturnValue:
    return _page(ChangeAddressForm(formdata=None))


@bp.post("/account/address")
@members_only
@limiter.limit(MAILING)
def create_address_change() -> ResponseReturnValue:
    form = ChangeAddressForm()
    sent = form.succeeds(
        lambda: addresses.request_change(g.viewer, form.password.data, form.email.data, _link_to_change)
    )
    if not sent:
        return _page(form), 422
    flash(
        _(
            "Wir haben an %(email)s geschrieben. Die neue Adresse gilt, sobald du den Link darin öffnest.",
            email=form.email.data.strip(),
        ),
        "success",
    )
    return redirect(url_for("accounts.show_security"), 303)


@bp.get("/account/address/<token>")
@public
@limiter.limit(GUESSING)
def show_address_change(token: str) -> ResponseReturnValue:
    try:
        change = addresses.get_change(token)
    except NotFound:
        return render_template("accounts/show_void_link.html", again=url_for("accounts.edit_address")), 404
    return render_template("accounts/show_address_change.html", email=change.address, token=token)


@bp.post("/account/address/<token>")
@public
@limiter.limit(GUESSING)
def update_address(token: str) -> ResponseReturnValue:
    with unit_of_work():
        addresses.confirm_change(token)
    flash(_("Deine neue E-Mail-Adresse gilt. Ab jetzt meldest du dich damit an."), "success")
    return redirect(
        url_for("accounts.show_security" if g.viewer.is_signed_in else "accounts.new_session"), 303
    )


def _page(form: ChangeAddressForm) -> str:
    return render_template("accounts/edit_address.html", form=form, safety=queries.read_safety(g.viewer))


def _link_to_change(token: str) -> str:
    return public_link("accounts.show_address_change", token=token)
