"""A file from a post is put into the library."""

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from forum.documents.queries import folders
from forum.documents.service.documents import Description, title_from
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.limits import POSTING, limiter
from forum.workflows.forms import FilingForm
from forum.workflows.service import filings
from forum.workflows.views.blueprint import bp


@bp.get("/attachments/<int:attachment_id>/document/new")
@members_only
def new_filing(attachment_id: int) -> ResponseReturnValue:
    attachment, _space_id = filings.get_filable(g.viewer, attachment_id)
    form = FilingForm(formdata=None)
    form.title.data = title_from(attachment.file.name)
    return _form(form, attachment_id)


@bp.post("/attachments/<int:attachment_id>/document")
@members_only
@limiter.limit(POSTING)
def create_filing(attachment_id: int) -> ResponseReturnValue:
    filings.get_filable(g.viewer, attachment_id)
    form = FilingForm()
    document_id = form.carry_out(
        lambda: filings.file_attachment(
            g.viewer,
            attachment_id,
            form.folder_id.data or None,
            Description(title=form.title.data or ""),
            form.client_key.uuid,
        )
    )
    if document_id is None:
        return _form(form, attachment_id), 422
    return go_to(url_for("documents.show_document", document_id=document_id))


def _form(form: FilingForm, attachment_id: int) -> str:
    attachment, space_id = filings.get_filable(g.viewer, attachment_id)
    form.folder_id.choices = [SelectChoice(0, _("Oben in der Ablage"))]
    form.folder_id.choices += [
        SelectChoice(folder.id, " – " * (folder.depth - 1) + folder.name)
        for folder in folders.tree(g.viewer, space_id).rows
    ]
    return render_template(
        "workflows/new_filing.html",
        form=form,
        attachment=attachment,
        space=spaces.get_space(g.viewer, space_id),
    )
