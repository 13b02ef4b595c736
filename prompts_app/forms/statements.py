"""What only an author can say of an entry; pages show it as their statement."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.values import TOO_LONG

# As wide as the columns.
MAX_STATEMENT = 300


def _statement(**options: Any) -> PlainCharField:
    return PlainCharField(
        required=False,
        max_length=MAX_STATEMENT,
        error_messages={"max_length": TOO_LONG},
        **options,
    )


class StatementFields(forms.Form):
    """Three short plain texts, each of which may stay empty."""

    role_in_team = _statement(
        label=gettext_lazy("What you did in the team"),
        help_text=gettext_lazy("One or two sentences; pages show them as your statement."),
    )
    used_where = _statement(label=gettext_lazy("Where it is used"))
    outcome = _statement(label=gettext_lazy("With what outcome"))
