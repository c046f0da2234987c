"""Announcements written, sent off, changed, taken back."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.announcements import policy, queries, service
from forum.announcements.forms import AnnouncementForm, EditForm, WordingForm
from forum.announcements.models import SUBJECT, TEXT_LIMIT, TITLE_LIMIT, Announcement, State
from forum.announcements.views.blueprint import bp
from forum.announcements.views.reading import places_of, reach_in_words
from forum.attachments.queries import attachments_of
from forum.core import html
from forum.core.access import Role
from forum.core.db import unit_of_work
from forum.core.errors import Conflict, Invalid, NotFound
from forum.core.textdiff import word_diff
from forum.files import queries as files
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo
from forum.web.forms import takes_files
from forum.web.languages import exact, today
from forum.web.limits import POSTING, limiter

_PLACE = "announcement:new"


@bp.get("/announcements/new")
@members_only
def new_announcement() -> ResponseReturnValue:
    service.announcements.require_announcing(g.viewer)
    return _form(_offered(AnnouncementForm(formdata=None)), None)


@bp.post("/announcements")
@members_only
@takes_files
@limiter.limit(POSTING)
def create_announcement() -> ResponseReturnValue:
    service.announcements.require_announcing(g.viewer)
    form = _offered(AnnouncementForm())
    file_ids = form.taken(g.viewer, _PLACE)
    if form.preview.data:
        return _form(form, None)

    def write() -> Announcement:
        _require_moment(form)
        return service.announcements.create(
            g.viewer, form.wording(file_ids), form.terms, form.client_key.uuid, is_draft=not form.publish.data
        )

    announcement = form.carry_out(write)
    if announcement is None:
        return _form(form, None), 422
    return _sent_off(announcement)


@bp.get("/announcements/<int:announcement_id>/edit")
@members_only
def edit_announcement(announcement_id: int) -> ResponseReturnValue:
    announcement = service.announcements.get_kept(g.viewer, announcement_id)
    if announcement.state is State.DRAFT:
        form: WordingForm = _offered(AnnouncementForm(formdata=None))
    else:
        form = EditForm(formdata=None)
    form.show(announcement)
    return _form(form, announcement)


@bp.post("/announcements/<int:announcement_id>")
@members_only
@takes_files
@limiter.limit(POSTING)
def update_announcement(announcement_id: int) -> ResponseReturnValue:
    announcement = service.announcements.get_kept(g.viewer, announcement_id)
    form = _offered(AnnouncementForm()) if announcement.state is State.DRAFT else EditForm()
    file_ids = form.taken(g.viewer, f"announcement:{announcement_id}")
    if form.preview.data:
        return _form(form, announcement)

    def change() -> Announcement:
        edition = form.edition.data or 0
        if isinstance(form, EditForm):
            return service.announcements.edit(
                g.viewer,
                announcement_id,
                form.wording(file_ids),
                edition,
                is_essential=form.is_essential.data,
                is_urgent=form.is_urgent.data,
                takes_comments=form.takes_comments.data,
                confirm_by=form.confirm_by.data,
                ends_on=form.ends_on.data,
            )
        _require_moment(form)
        return service.announcements.update_draft(
            g.viewer,
            announcement_id,
            form.wording(file_ids),
            form.terms,
            edition,
            is_draft=not form.publish.data,
        )

    try:
        changed = form.carry_out(change)
    except Conflict as refusal:
        return _both_versions(form, announcement_id, refusal), 409
    if changed is None:
        return _form(form, service.announcements.get_kept(g.viewer, announcement_id)), 422
    if isinstance(form, EditForm):
        flash(_("Gespeichert."), "success")
        return _to(changed)
    return _sent_off(changed)


@bp.post("/announcements/<int:announcement_id>/publication")
@members_only
@limiter.limit(POSTING)
def create_publication(announcement_id: int) -> ResponseReturnValue:
    try:
        with unit_of_work():
            announcement = service.announcements.publish_now(g.viewer, announcement_id)
    except Invalid as refusal:  # nobody there any more, or a day that has gone by: to be mended in the form
        flash(refusal.message, "warning")
        return go_to(url_for(".edit_announcement", announcement_id=announcement_id))
    return _sent_off(announcement)


@bp.post("/announcements/<int:announcement_id>/withdrawal")
@members_only
def create_withdrawal(announcement_id: int) -> ResponseReturnValue:
    with unit_of_work():
        announcement = service.announcements.withdraw(g.viewer, announcement_id)
    if announcement.state is State.DRAFT:
        flash(_("Die Mitteilung ist wieder ein Entwurf und geht nicht von selbst hinaus."), "success")
        return _to(announcement)
    offer_undo(
        _("Die Mitteilung ist zurückgezogen."), url_for(".delete_withdrawal", announcement_id=announcement_id)
    )
    return _to(announcement)


@bp.post("/announcements/<int:announcement_id>/withdrawal/delete")
@members_only
def delete_withdrawal(announcement_id: int) -> ResponseReturnValue:
    with unit_of_work():
        announcement = service.announcements.restore(g.viewer, announcement_id)
    flash(_("Die Mitteilung ist wieder veröffentlicht."), "success")
    return _to(announcement)


@bp.post("/announcements/<int:announcement_id>/delete")
@members_only
def delete_announcement(announcement_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.announcements.delete_draft(g.viewer, announcement_id)
    flash(_("Der Entwurf ist gelöscht."), "success")
    return go_to(url_for(".list_announcements", show="all"))


@bp.get("/announcements/reach")
@members_only
def show_reach() -> ResponseReturnValue:
    """Whom the choice in the form would reach, in words."""
    service.announcements.require_announcing(g.viewer)
    wanted = request.args.getlist("spaces", type=int)
    role = request.args.get("role", "")
    if role and role not in list(Role):
        raise NotFound
    chosen = [space_id for space_id in wanted if policy.may_announce_in(g.viewer, space_id)]
    found = queries.reach.reach(chosen, Role(role) if role else None, g.viewer.member_id, today())
    return {"text": reach_in_words(found)}


def _offered(form: AnnouncementForm) -> AnnouncementForm:
    form.offer([one for one in spaces.spaces_of(g.viewer) if policy.may_announce_in(g.viewer, one.id)])
    return form


def _require_moment(form: AnnouncementForm) -> None:
    if form.is_later and form.publish_on.data is None:
        raise Invalid(_("Wähle den Tag."), "publish_on")


def _form(form: WordingForm, announcement: Announcement | None, refusal: Conflict | None = None) -> str:
    """With a `refusal`, also how what was typed differs from what stands there by now."""
    place = f"announcement:{announcement.id}" if announcement else _PLACE
    is_published = isinstance(form, EditForm)
    found = None
    if isinstance(form, AnnouncementForm):
        chosen = [one for one in form.spaces.data or () if policy.may_announce_in(g.viewer, one)]
        role = form.chosen_role if form.role.data in ("all", *Role) else None
        found = reach_in_words(queries.reach.reach(chosen, role, g.viewer.member_id, today()))
    attached = (
        attachments_of(SUBJECT, [announcement.id], g.viewer).get(announcement.id, ())
        if announcement and announcement.has_files
        else ()
    )
    return render_template(
        "announcements/edit_announcement.html",
        form=form,
        announcement=announcement,
        is_published=is_published,
        takes_comments=announcement is None or policy.is_for_whole_spaces(announcement.audience),
        places=places_of(announcement) if announcement and is_published else [],
        reach=found,
        attached=attached,
        waiting_files=files.waiting(g.viewer, place),
        place=place,
        limit=TEXT_LIMIT,
        title_limit=TITLE_LIMIT,
        conflict=word_diff(announcement.source, form.text.data or "") if announcement and refusal else None,
        refusal=refusal,
        preview=html.render(form.text.data or "") if form.is_sent and form.preview.data else None,
    )


def _both_versions(form: WordingForm, announcement_id: int, refusal: Conflict) -> str:
    """The form once more with what was typed, and how it differs from what stands there by now."""
    theirs = service.announcements.get_kept(g.viewer, announcement_id)
    if theirs.state is not State.DRAFT and not isinstance(form, EditForm):
        form = EditForm()  # it went out meanwhile: what was typed becomes an edit
    form.edition.data, form.edition.raw_data = theirs.edition, None
    return _form(form, theirs, refusal)


def _sent_off(announcement: Announcement) -> ResponseReturnValue:
    if announcement.state is State.PUBLISHED:
        flash(_("Die Mitteilung ist veröffentlicht."), "success")
    elif announcement.held in queries.listing.HELD:
        why = queries.listing.HELD[announcement.held]
        flash(_("Nicht veröffentlicht: %(why)s", why=why), "warning")
    elif announcement.is_waiting and announcement.publish_at is not None:
        moment = exact(announcement.publish_at)
        flash(_("Die Mitteilung geht von selbst hinaus: %(moment)s.", moment=moment), "success")
    else:
        flash(_("Der Entwurf ist gespeichert."), "success")
    return _to(announcement)


def _to(announcement: Announcement) -> ResponseReturnValue:
    return go_to(url_for(".show_announcement", announcement_id=announcement.id))
