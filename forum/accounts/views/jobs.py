"""Work in the background for administrators: what waits, what comes regularly, what was given up and why."""

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.service import jobs
from forum.accounts.views.blueprint import bp
from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.core.errors import Conflict
from forum.jobs import queries, service
from forum.jobs.queries import JobState
from forum.web.access import administrators_only


@bp.get("/administration/jobs")
@administrators_only
def list_jobs() -> ResponseReturnValue:
    state = request.args.get("state", type=JobState)
    return render_template(
        "accounts/list_jobs.html",
        page=queries.list_jobs(g.viewer, request.args.get("after", ""), state),
        state=state,
        counts=queries.count_jobs(g.viewer),
        overdue_since=queries.overdue_since(g.viewer),
    )


@bp.post("/administration/jobs/<int:job_id>/attempt")
@administrators_only
def create_job_attempt(job_id: int) -> ResponseReturnValue:
    return _decide(service.try_again, job_id, _("Wir versuchen es gleich noch einmal."))


@bp.post("/administration/jobs/<int:job_id>/delete")
@administrators_only
def delete_job(job_id: int) -> ResponseReturnValue:
    return _decide(jobs.discard, job_id, _("Verworfen. Diese Arbeit wird nicht mehr getan."))


def _decide(verb: Callable[[Viewer, int], object], job_id: int, done: str) -> ResponseReturnValue:
    try:
        with unit_of_work():
            verb(g.viewer, job_id)
    except Conflict as refusal:  # it has gone on since the page was made
        flash(refusal.message, "warning")
    else:
        flash(done, "success")
    return redirect(url_for("accounts.list_jobs", state=request.form.get("state", type=JobState)), 303)
