"""How one is shown to the others."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.forms.profile import PictureForm, ProfileForm
from forum.accounts.views.blueprint import bp
from forum.core.db import unit_of_work
from forum.members import service as members
from forum.web.access import members_only
from forum.web.limits import POSTING, limiter


@bp.get("/account/profile")
@members_only
def edit_profile() -> ResponseReturnValue:
    return _page(ProfileForm(formdata=None, obj=members.get_own(g.viewer)), PictureForm(formdata=None))


@bp.post("/account/profile")
@members_only
def update_profile() -> ResponseReturnValue:
    form = ProfileForm()
    done = form.succeeds(
        lambda: members.change_profile(
            g.viewer, name=form.name.data, bio=form.bio.data or "", phone=form.phone.data or ""
        )
    )
    if not done:
        return _page(form, PictureForm(formdata=None)), 422
    flash(_("Dein Profil ist gespeichert."), "success")
    return redirect(url_for("accounts.edit_profile"), 303)


@bp.post("/account/picture")
@members_only
@limiter.limit(POSTING)
def update_picture() -> ResponseReturnValue:
    form = PictureForm()
    done = form.succeeds(lambda: members.change_picture(g.viewer, form.picture.data.read()))
    if not done:
        return _page(ProfileForm(formdata=None, obj=members.get_own(g.viewer)), form), 422
    flash(_("Dein Bild ist gespeichert."), "success")
    return redirect(url_for("accounts.edit_profile"), 303)


@bp.post("/account/picture/delete")
@members_only
def delete_picture() -> ResponseReturnValue:
    with unit_of_work():
        members.remove_picture(g.viewer)
    flash(_("Dein Bild ist entfernt."), "success")
    return redirect(url_for("accounts.edit_profile"), 303)


def _page(form: ProfileForm, picture_form: PictureForm) -> str:
    return render_template("accounts/edit_profile.html", form=form, picture_form=picture_form)
