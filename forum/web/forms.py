"""From request to checked data: the base of all forms and the fields they share."""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar, cast
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from flask import Flask, current_app, g, request
from flask import Request as FlaskRequest
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.formparser import FormDataParser
from wtforms import FileField, HiddenField

from forum.core.db import unit_of_work
from forum.core.errors import Invalid
from forum.web.errors import error_page
from forum.web.lines import TOO_MANY, lines_of, stop_listening

Result = TypeVar("Result")
View = TypeVar("View", bound=Callable[..., Any])


#: More than any form has; a million empty ones would keep a thread busy for seconds.
_MAX_FIELDS = 1000
#: How files come: beside the fields of a form, or as a part that is nothing but bytes. Other forms are text.
_BRINGING = frozenset({"multipart/form-data", "application/offset+octet-stream"})
#: Up to so many bytes a file in a form is kept in memory.
_SMALL = 500_000


class _FormParser(FormDataParser):
    """Letters that are not UTF-8 become U+FFFD, which every text refuses; else they would stay as a typed `%F6`."""

    def _parse_urlencoded(self, stream: IO[bytes], *_about: Any) -> Any:
        typed = stream.read().decode(errors="replace")
        sent = parse_qsl(typed, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
        return stream, self.cls(sent), self.cls()


def takes_files(view: View) -> View:
    """Let the view be sent files: from whoever is signed in, up to `FILES_LIMIT` bytes in all."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


class Request(FlaskRequest):
    """A request whose forms are read by `_FormParser`."""

    form_data_parser_class = _FormParser

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Large files wait on the disk that is made for them: what is called temporary may be memory."""
        folder = current_app.config.get("FILES_FOLDER")
        return cast("IO[bytes]", SpooledTemporaryFile(max_size=_SMALL, mode="rb+", dir=folder))


def init_forms(app: Flask) -> None:
    """Before anything of a request is read, say how much it may bring: after access, before CSRF."""
    lines = lines_of(app)

    @app.before_request
    def allow_files() -> ResponseReturnValue | None:
        view = app.view_functions.get(request.endpoint or "")
        may_bring = g.viewer.is_signed_in and getattr(view, "takes_files", False)
        if not may_bring or request.mimetype not in _BRINGING:
            return None
        if not lines.take(g.viewer.member_id):
            stop_listening()
            return error_page(429, str(TOO_MANY))
        g.line_of = g.viewer.member_id
        request.max_content_length = app.config["FILES_LIMIT"]
        return None

    @app.teardown_request
    def give_line_back(_fault: BaseException | None) -> None:
        if (member_id := g.pop("line_of", None)) is not None:
            lines.give_back(member_id)


class Form(FlaskForm):
    """A form whose refusals, its own and the service's, end up beside the fields they concern."""

    class Meta(FlaskForm.Meta):
        csrf = False  # checked for every write by CSRFProtect, before any view

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """What was sent, each in its kind: a file where a text is due is no text, and JSON is no form."""
            if request.is_json:
                return None
            sent = super().wrap_formdata(form, formdata)
            if not sent or not request.files:
                return sent
            takers = {field.name for field in form._fields.values() if isinstance(field, FileField)}
            files = [(name, file) for name, file in request.files.items(multi=True) if name in takers]
            return CombinedMultiDict((MultiDict(files), request.form))

    @property
    def is_sent(self) -> bool:
        return request.method == "POST"

    def carry_out(self, verb: Callable[[], Result]) -> Result | None:
        """Check the fields, then do `verb` in one unit of work.

        None means nothing was done and the fields say why: render the form again with what was typed. Refusals
        that no field can mend (`NotFound`, `Denied`, `Conflict`) go on to the caller.
        """
        if not self.validate_on_submit():
            return None
        try:
            with unit_of_work():
                return verb()
        except Invalid as refusal:
            self.refuse(refusal)
            return None

    def succeeds(self, verb: Callable[[], object]) -> bool:
        """`carry_out` for a verb without a result: whether it was done."""
        return self.carry_out(lambda: (verb(),)) is not None

    def refuse(self, refusal: Invalid) -> None:
        """Show `refusal` at the field it names, else above the form."""
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(refusal.message)
        else:
            field.errors = [*field.errors, refusal.message]


class ClientKeyField(HiddenField):
    """The key that makes a repeated send the same thing: made with the form, kept through every correction."""

    data: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default=uuid4, **kwargs)

    @property
    def uuid(self) -> UUID:
        """The key; raises `Invalid` when somebody tampered with it."""
        try:
            return UUID(str(self.data))
        except ValueError:
            self.data = uuid4()  # the form that is shown now can be sent
            raise Invalid(
                _("Das Formular ist unvollständig. Lade die Seite neu und sende noch einmal.")
            ) from None
