"""How somebody wants to see the pages."""

from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice

from forum.web.forms import Form
from forum.web.languages import LOCALES


class DisplayForm(Form):
    """Language or colours, and where to go back to."""

    locale = SelectField(choices=[SelectChoice(code, code) for code in LOCALES], validate_choice=False)
    theme = SelectField(
        choices=[SelectChoice(name, name) for name in ("auto", "light", "dark")], validate_choice=False
    )
    next = HiddenField()
