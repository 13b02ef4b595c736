"""The form that an entry begins with: nothing, a prompt one has already, or a template."""

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy

from prompts_app.demo.starters import Starter
from prompts_app.forms.entries import SurroundingsForm
from prompts_app.forms.parameters import several_lines
from prompts_app.models import Entry
from prompts_app.services import starting
from prompts_app.transfer import document as limits

UNKNOWN_START = gettext_lazy("Choose one of the listed templates.")


class NewEntryForm(SurroundingsForm):
    """What an entry begins with."""

    # As the page shows them.
    field_order = (
        *("template", "title", "prompt", "kind", "language"),
        *("summary", "tags", "use_case", "visibility"),
    )
    # A template brings a title: browsers must not insist on one.
    use_required_attribute = False

    template = forms.ChoiceField(
        label=gettext_lazy("Start from"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": UNKNOWN_START},
    )
    prompt = several_lines(
        limits.MAX_MESSAGE_CHARS,
        label=gettext_lazy("Your prompt"),
        help_text=gettext_lazy("Paste it as it is. What stands in {{ braces }} can be filled in."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What the prompt makes"),
        choices=Entry.Kind.choices,
        initial=Entry.Kind.TEXT,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the prompt makes.")},
    )

    def __init__(self, data: Any = None, *, template: str = "") -> None:
        language = get_language() or "en"
        self.templates = starting.templates(language)
        start = {"language": language, "template": template if template in self.templates else ""}
        super().__init__(data, initial=start)
        field = self.fields["template"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", ""), *((key, one.name) for key, one in self.templates.items())]

    def clean(self) -> dict[str, Any] | None:
        """Ask for no title where a template brings one."""
        if self.cleaned_data.get("template") and not self.data.get("title", "").strip():
            self.errors.pop("title", None)
        return super().clean()

    @property
    def chosen(self) -> Starter | None:
        """The template to start from, once the form is valid; None for none."""
        return self.templates.get(self.cleaned_data["template"])

    def surroundings(self) -> dict[str, Any]:
        """Return the entry's own fields, once the form is valid."""
        apart = ("template", "prompt", "kind")
        return {name: one for name, one in super().surroundings().items() if name not in apart}
