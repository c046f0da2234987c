"""What a member shows in chat, and how the Enter key works."""

from flask import flash, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.chat import queries, service
from forum.chat.forms.rooms import PreferencesForm
from forum.chat.views.blueprint import bp
from forum.web.access import members_only
from forum.web.answers import go_to


@bp.get("/chat/preferences")
@members_only
def edit_preferences() -> ResponseReturnValue:
    form = PreferencesForm.showing(queries.preferences.preferences_of(g.viewer))
    return render_template("chat/edit_preferences.html", form=form)


@bp.post("/chat/preferences")
@members_only
def update_preferences() -> ResponseReturnValue:
    form = PreferencesForm()
    if not form.succeeds(lambda: service.preferences.choose(g.viewer, form.preferences)):
        return render_template("chat/edit_preferences.html", form=form), 422
    flash(_("Deine Einstellungen sind gespeichert."), "success")
    return go_to(url_for(".list_rooms"))
