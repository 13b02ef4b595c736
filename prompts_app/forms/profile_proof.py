"""What proves a profile: the entries that show a skill, and pictures of certificates."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.pictures import PictureField
from prompts_app.models import Entry
from prompts_app.services.skills import MOST_PICKED


class SkillForm(forms.Form):
    """The entries that show one skill."""

    entries = forms.MultipleChoiceField(
        label=gettext_lazy("Entries that show it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": gettext_lazy("An entry is gone meanwhile. Look at the list again.")
        },
    )

    def __init__(self, offered: Iterable[Entry], data: Any = None, chosen: Any = ()) -> None:
        super().__init__(data, initial={"entries": [str(entry.pk) for entry in chosen]})
        self._offered = {str(entry.pk): entry for entry in offered}
        field = self.fields["entries"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(key, entry.title) for key, entry in self._offered.items()]

    def clean_entries(self) -> list[Entry]:
        """Return the entries; raises ValidationError for too many."""
        keys = dict.fromkeys(self.cleaned_data["entries"])
        if len(keys) > MOST_PICKED:
            raise ValidationError(_("Pick at most %(most)d entries.") % {"most": MOST_PICKED})
        return [self._offered[key] for key in keys]


class ProofForm(forms.Form):
    """A picture of a certificate."""

    picture = PictureField(
        label=gettext_lazy("Picture of the certificate"),
        help_text=gettext_lazy(
            "PNG, JPEG or WebP, at most 8 MB. Everyone who sees the profile sees it: cover what is "
            "nobody’s business, such as a number or a birthday."
        ),
    )
