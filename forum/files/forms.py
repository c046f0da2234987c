"""Files in forms: sent along plainly, or before by a script, which leaves their ids."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import MultipleFileField, SelectMultipleField

from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.core.errors import Invalid
from forum.files import queries
from forum.files.policy import FILES_AT_ONCE
from forum.files.queries import FileCard
from forum.files.receiving import receive
from forum.files.service.uploads import only_once
from forum.web.forms import ClientKeyField


class FilesFields:
    """Mixin for a `web.forms.Form`: `files` (picked in a browser without script), `file_ids` (sent before).

    The view is marked `@takes_files` (`web.forms`), the template has `enctype="multipart/form-data"`.
    """

    files: Any = MultipleFileField(_l("Dateien"))
    file_ids: Any = SelectMultipleField(_l("Dateien"), coerce=int, validate_choice=False)

    def taken(
        self,
        viewer: Viewer,
        place: str = "",
        limit: int = FILES_AT_ONCE,
        form_key: ClientKeyField | None = None,
    ) -> list[int]:
        """Receive what was sent along and give the ids of all files of the form; before the unit of work.

        What came with the same `form_key` before, when somebody clicks twice, is the same file.
        What cannot be taken is said at the field `files`; `carry_out` then does nothing. What was received stays
        in `file_ids`, so nobody sends it twice.
        """
        ids = list(self.file_ids.data or ())
        sent = [one for one in self.files.data or () if getattr(one, "filename", "")]
        if len(ids) + len(sent) > limit:
            self._refuse(_("Es gehen höchstens %(limit)s Dateien auf einmal.", limit=limit))
            return ids
        for one in sent:
            try:
                key = form_key.uuid if form_key else None
                file = receive(viewer, one.stream, one.filename, place)
                if key is not None:
                    with unit_of_work():
                        file = only_once(viewer, file, key)
                if file.id not in ids:
                    ids.append(file.id)
            except Invalid as refusal:
                self._refuse(refusal.message)
        self.file_ids.data = ids
        self.files.data = []
        return ids

    def cards(self, viewer: Viewer) -> list[FileCard]:
        """What the form carries already, to show it again."""
        return queries.cards(viewer, self.file_ids.data or ())

    def _refuse(self, sentence: str) -> None:
        # Checking the fields begins with what went wrong when they were read.
        self.files.process_errors = [*self.files.process_errors, sentence]
        self.files.errors = list(self.files.process_errors)
