"""The ways to become a member: the set-up link, an invitation."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.forms.invitations import CodeEntryForm, JoinForm, ProofForm
from forum.accounts.service import invitations
from forum.accounts.service.codes import read_code
from forum.accounts.service.invitations import Opened
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import enter, settings
from forum.core.db import unit_of_work
from forum.core.errors import Invalid, NotFound
from forum.web.access import members_only, public
from forum.web.languages import chosen_locale
from forum.web.limits import GUESSING, MAILING, limiter
from forum.web.links import public_link

_no_guessing = limiter.shared_limit(
    GUESSING, scope="invitation codes", deduct_when=lambda answer: answer.status_code in (404, 422)
)


@bp.get("/setup/<code>")
@public
@_no_guessing
def new_administrator(code: str) -> ResponseReturnValue:
    invitations.open_setup(code)
    return render_template("accounts/new_administrator.html", form=JoinForm(formdata=None), code=code)


@bp.post("/setup/<code>")
@public
@_no_guessing
def create_administrator(code: str) -> ResponseReturnValue:
    invitations.open_setup(code)
    form = JoinForm()
    if not _join(code, form):
        return render_template("accounts/new_administrator.html", form=form, code=code), 422
    return redirect(url_for("portal.show_start"), 303)


@bp.get("/join")
@public
def new_code_entry() -> ResponseReturnValue:
    return render_template("accounts/new_code_entry.html", form=CodeEntryForm(formdata=None))


@bp.post("/join")
@public
@_no_guessing
def create_code_entry() -> ResponseReturnValue:
    form = CodeEntryForm()
    code = read_code(form.code.data or "")
    if form.validate_on_submit():
        try:
            invitations.open_invitation(code)
        except NotFound:
            form.refuse(
                Invalid(
                    _("Diesen Code gibt es nicht, oder er gilt nicht mehr. Frag die Person, von der er ist."),
                    "code",
                )
            )
        else:
            return redirect(url_for("accounts.show_invitation", code=code), 303)
    return render_template("accounts/new_code_entry.html", form=form), 422


@bp.get("/join/<code>")
@public
@_no_guessing
def show_invitation(code: str) -> ResponseReturnValue:
    opened = _open(code)
    if opened is None:
        return render_template("accounts/show_void_invitation.html"), 404
    if _needs_proof(opened):
        return _page(opened, code, ProofForm(formdata=None, data={"email": opened.invitation.email}))
    known = {"name": opened.invitation.name, "email": opened.proven_address}
    return _page(opened, code, JoinForm(formdata=None, data=known))


@bp.post("/join/<code>")
@public
@_no_guessing
def create_member(code: str) -> ResponseReturnValue:
    opened = invitations.open_invitation(code)
    if _needs_proof(opened):
        raise NotFound
    form = JoinForm()
    if opened.proven_address:
        form.email.data = opened.proven_address
    if not _join(code, form):
        return _page(opened, code, form), 422
    return redirect(url_for("portal.show_start"), 303)


@bp.post("/join/<code>/address")
@public
@_no_guessing
@limiter.limit(MAILING)
def create_address_proof(code: str) -> ResponseReturnValue:
    opened = invitations.open_invitation(code)
    form = ProofForm()
    sent = _needs_proof(opened) and form.succeeds(
        lambda: invitations.ask_for_proof(code, form.email.data, _link_to_invitation)
    )
    if not sent:
        return _page(opened, code, form), 422
    return render_template("accounts/create_address_proof.html", email=form.email.data)


@bp.post("/join/<code>/membership")
@members_only
@_no_guessing
def create_membership(code: str) -> ResponseReturnValue:
    with unit_of_work():
        space_id = invitations.accept_as_member(g.viewer, code)
    flash(_("Willkommen. Du gehörst jetzt dazu."), "success")
    if space_id is None:
        return redirect(url_for("portal.show_start"), 303)
    return redirect(url_for("portal.show_space", space_id=space_id), 303)


def _open(code: str) -> Opened | None:
    try:
        return invitations.open_invitation(code)
    except NotFound:
        return None


def _needs_proof(opened: Opened) -> bool:
    """Where mail works, an address is proven before the account exists; without mail it is taken on trust."""
    return bool(settings().smtp_host) and not opened.proven_address and not g.viewer.is_signed_in


def _page(opened: Opened, code: str, form: JoinForm | ProofForm) -> str:
    return render_template(
        "accounts/show_invitation.html",
        opened=opened,
        code=code,
        form=form,
        asks_for_proof=isinstance(form, ProofForm),
    )


def _join(code: str, form: JoinForm) -> bool:
    """Make the account and sign in; False leaves the reason in the form."""
    done = form.carry_out(
        lambda: (
            invitations.accept_as_new_member(
                code, form.name.data, form.email.data, form.new_password.data, chosen_locale()
            ),
        )
    )
    if done is None:
        return False
    (member_id,) = done
    if member_id is None:
        form.refuse(
            Invalid(
                _(
                    "Mit dieser Adresse können wir hier kein neues Konto anlegen. Hast du schon eines, dann melde "
                    "dich an und öffne die Einladung noch einmal."
                ),
                "email",
            )
        )
        return False
    enter(member_id, stays=False, is_first=True)
    flash(
        _("Willkommen. Auf dieser Seite siehst du immer zuerst, was in deinen Bereichen neu ist."), "success"
    )
    return True


def _link_to_invitation(token: str) -> str:
    return public_link("accounts.show_invitation", code=token)
