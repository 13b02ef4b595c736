"""The part of a test case that is not the values of its variables."""

from django import forms
from django.utils.translation import gettext_lazy as _

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.values import TOO_LONG
from prompts_app.transfer import document as limits


class CaseForm(forms.Form):
    """Name of a test case, what to watch for in its answers, and a word on those that fail."""

    name = PlainCharField(
        label=_("Name"),
        help_text=_("What is special about this input: “Two currencies, no date”."),
        max_length=limits.MAX_CASE_NAME,
        error_messages={"required": _("Give it a name."), "max_length": TOO_LONG},
    )
    watch_for = PlainCharField(
        label=_("What to watch for"),
        help_text=_("One sentence: where does a weak prompt go wrong here?"),
        required=False,
        max_length=limits.MAX_WATCH_FOR,
        error_messages={"max_length": TOO_LONG},
    )
    comment = PlainCharField(
        label=_("What you say where it fails"),
        help_text=_(
            "Shown only where an answer fails: why it does, how much it matters, what you would do."
        ),
        required=False,
        multiline=False,
        max_length=limits.MAX_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": TOO_LONG},
    )
