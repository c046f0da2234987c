"""What a member chooses about being told: when mails come and what they say, what is followed and what is muted."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.mail import service as mail
from forum.mail.service import PROBE
from forum.notifications import policy
from forum.notifications.forms import LevelForm, PreferencesForm, WatchForm, level_name, said_of, weekly
from forum.notifications.models import SPACE, Level, Rhythm
from forum.notifications.queries import choices
from forum.notifications.service import preferences, watches
from forum.notifications.targets import chosen_things
from forum.notifications.views.blueprint import bp
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo
from forum.web.limits import limiter

#: Mails to oneself, to see whether they arrive.
_PROBING = "3 per hour"


@bp.get("/notices/preferences")
@members_only
def edit_preferences() -> ResponseReturnValue:
    return _page(PreferencesForm.showing(choices.preferences(g.viewer)))


@bp.post("/notices/preferences")
@members_only
def update_preferences() -> ResponseReturnValue:
    form = PreferencesForm()

    def choose() -> None:
        preferences.choose_mails(
            g.viewer,
            Rhythm(form.rhythm.data),
            form.hour.data,
            form.weekday.data,
            quiet_weekends=form.quiet_weekends.data,
            shows_content=form.shows_content.data,
        )
        preferences.choose_pushes(
            g.viewer,
            pushes=form.pushes.data,
            shows_content=form.push_shows_content.data,
            quiet_from=form.quiet_from.data,
            quiet_until=form.quiet_until.data,
        )

    if not form.succeeds(choose):
        return _page(form), 422
    flash(_("Gespeichert."), "success")
    return go_to(url_for(".edit_preferences"))


@bp.get("/notices/preferences/day")
@members_only
def show_day() -> ResponseReturnValue:
    """What an ordinary day brings with the choice in the address; for the page while somebody chooses."""
    form = PreferencesForm(request.args)
    if not form.validate():
        raise NotFound
    return {"said": _ordinary_day(form)}


@bp.post("/notices/watches")
@members_only
def update_watch() -> ResponseReturnValue:
    """How much to hear of one thing, from a list of such things."""
    form = WatchForm()
    if not form.validate_on_submit():
        raise NotFound
    return _choose(form.subject.data or "", form.subject_id.data or 0, form)


@bp.post("/notices/spaces/<int:space_id>")
@members_only
def update_space_watch(space_id: int) -> ResponseReturnValue:
    """Mute a whole region, or take that back."""
    form = LevelForm()
    if not g.viewer.belongs_to(space_id) or not form.validate_on_submit():
        raise NotFound
    return _choose(SPACE, space_id, form)


@bp.post("/notices/test-mail")
@members_only
@limiter.limit(_PROBING)
def create_test_mail() -> ResponseReturnValue:
    """A mail to oneself."""
    address = choices.address_of(g.viewer)
    with unit_of_work():
        mail.send(
            address,
            _("Testmail aus dem Netzwerk"),
            _("Diese Mail hast du dir selbst geschickt. Wenn du sie liest, kommen unsere Mails bei dir an."),
            member_id=g.viewer.member_id,
            about=PROBE,
        )
    flash(
        _(
            "Die Testmail an %(address)s ist unterwegs. Sieh in ein paar Minuten nach, auch im Spam-Ordner.",
            address=address,
        ),
        "success",
    )
    return go_to(url_for(".edit_preferences"))


@bp.post("/notices/arrival")
@members_only
def create_arrival() -> ResponseReturnValue:
    """The member says that mails arrive again."""
    with unit_of_work():
        preferences.note_arrival(g.viewer)
    flash(_("Gut. Der Hinweis ist weg."), "success")
    return go_to(url_for(".edit_preferences"))


@bp.post("/notices/links/delete")
@members_only
def delete_links() -> ResponseReturnValue:
    """The mails of old are good for nothing any more, whoever has got hold of them."""
    with unit_of_work():
        preferences.revoke_links(g.viewer)
    flash(_("Mit Mails, die bis jetzt kamen, kann niemand mehr antworten oder Mails abbestellen."), "success")
    return go_to(url_for(".edit_preferences"))


def _choose(subject: str, subject_id: int, form: LevelForm) -> ResponseReturnValue:
    level = form.chosen
    with unit_of_work():
        former = watches.choose(g.viewer, subject, subject_id, level)
    if former is not level:
        offer_undo(
            said_of(level),
            url_for(".update_watch"),
            subject=subject,
            subject_id=subject_id,
            level=level_name(former),
        )
    return go_to(url_for(".edit_preferences") + "#watched")


def _page(form: PreferencesForm) -> str:
    chosen = choices.preferences(g.viewer)
    muted = choices.list_chosen(g.viewer, Level.MUTED)
    return render_template(
        "notifications/edit_preferences.html",
        form=form,
        said=_ordinary_day(PreferencesForm.showing(chosen) if form.errors else form),
        chosen=chosen,
        email=choices.address_of(g.viewer),
        followed=chosen_things(g.viewer, choices.list_chosen(g.viewer, Level.ALL)),
        named=chosen_things(g.viewer, choices.list_chosen(g.viewer, Level.MENTIONS)),
        muted=chosen_things(g.viewer, [place for place in muted if place[0] != SPACE]),
        spaces=spaces.spaces_of(g.viewer),
        muted_spaces={space_id for subject, space_id in muted if subject == SPACE},
    )


def _ordinary_day(form: PreferencesForm) -> str:
    """What an ordinary day brings with the choice in the form, in words."""
    rhythm = Rhythm(form.rhythm.data or Rhythm.DAILY)
    hour, weekday, skips_quiet = form.hour.data or 0, form.weekday.data or 0, bool(form.quiet_weekends.data)
    return render_template(
        "notifications/day.txt",
        rhythm=rhythm,
        hour=hour,
        weekly=weekly(0 if skips_quiet and weekday > 4 else weekday),
        skips_quiet=skips_quiet,
        day=choices.ordinary_day(g.viewer, rhythm, hour, weekday, skips_quiet=skips_quiet),
        next_digest=policy.next_digest(rhythm, hour, weekday, skips_quiet=skips_quiet, after=now()),
    ).strip()
