"""From request to checked data: profiles, memberships, sites and mandates."""

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from forum.companies.models import Site
from forum.companies.service import SiteFacts
from forum.core.access import Role
from forum.councils.models import Council, Function, Mandate
from forum.councils.queries import function_label
from forum.councils.service import Term
from forum.spaces.queries import Candidate, role_name
from forum.web.forms import Form

_SUBSTITUTE = "substitute"
_REQUIRED = InputRequired(_l("Bitte füll dieses Feld aus."))


class SpaceForm(Form):
    """The profile of a space."""

    sector = StringField(_l("Branche"), default="")
    description = TextAreaField(_l("Beschreibung"), default="")
    contacts = TextAreaField(_l("Ansprechpartner:innen"), default="")


class RoleForm(Form):
    """The role of a member; which roles are offered depends on the viewer."""

    role = SelectField(_l("Rolle"), coerce=Role, validate_choice=False)

    def offer(self, roles: Sequence[Role]) -> None:
        self.role.choices = [(role.value, role_name(role)) for role in roles]


class PersonField(RadioField):
    """One of the people found; whether the one sent may be chosen, the service decides."""

    def __init__(self, label: object, **kwargs: object) -> None:
        needed = InputRequired(_l("Wähle eine Person aus der Liste."))
        super().__init__(label, [needed], coerce=_key, validate_choice=False, **kwargs)

    def offer(self, candidates: Iterable[Candidate]) -> None:
        self.choices = [(person.person.id, _name(person)) for person in candidates]


class MembershipForm(RoleForm):
    """Somebody who shall belong to a space."""

    member_id = PersonField(_l("Person"))


class SiteForm(Form):
    """A site with its company and its council."""

    company = StringField(_l("Unternehmen"), [_REQUIRED], default="")
    name = StringField(_l("Betrieb"), [_REQUIRED], default="")
    town = StringField(_l("Ort"), default="")
    sector = StringField(_l("Branche"), default="")
    employees = IntegerField(_l("Beschäftigte"), [Optional()])
    council = StringField(_l("Name des Betriebsrats"), default="")
    seats = IntegerField(_l("Sitze"), [Optional()])
    phone = StringField(_l("Telefon des Betriebsrats"), default="")

    @classmethod
    def showing(cls, site: Site, council: Council | None) -> "SiteForm":
        """The form filled with what is known."""
        form: SiteForm = cls(obj=site)
        form.company.data = site.company.name
        if council:
            form.council.data, form.seats.data = council.name, council.seats
            form.phone.data = council.phone
        return form

    @property
    def facts(self) -> SiteFacts:
        return SiteFacts(
            self.company.data, self.name.data, self.town.data, self.sector.data, self.employees.data
        )


class TermForm(Form):
    """What a mandate says. A substitute is a function here: nobody has to tick a box beside it."""

    function = SelectField(_l("Funktion"), default=Function.MEMBER.value)
    since = DateField(_l("Seit"), [InputRequired(_l("Gib den ersten Tag an, zum Beispiel den der Wahl."))])
    until = DateField(_l("Bis"), [Optional()])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.function.choices = [
            (function.value, function_label(function)) for function in reversed(Function)
        ]
        self.function.choices.append((_SUBSTITUTE, function_label(Function.MEMBER, True)))

    @classmethod
    def showing(cls, mandate: Mandate) -> "TermForm":
        """The form filled with what is known."""
        function = _SUBSTITUTE if mandate.is_substitute else mandate.function.value
        form: TermForm = cls(function=function, since=mandate.since, until=mandate.until)
        return form

    @property
    def term(self) -> Term:
        is_substitute = self.function.data == _SUBSTITUTE
        function = Function.MEMBER if is_substitute else Function(self.function.data)
        since: date = self.since.data
        return Term(function, since, self.until.data, is_substitute)


class MandateForm(TermForm):
    """A new mandate: who, and what."""

    member_id = PersonField(_l("Mitglied"))


def _key(value: object) -> int:
    """`value` as the key of a row; `ValueError` for what no row can have."""
    key = int(str(value))
    if not 0 < key < 2**31:
        raise ValueError
    return key


def _name(candidate: Candidate) -> str:
    return f"{candidate.person.name} · {candidate.byline.text}" if candidate.byline else candidate.person.name
