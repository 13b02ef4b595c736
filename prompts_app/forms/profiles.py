"""Forms about an author's public face."""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.addresses import AddressField
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.handles import MAX_HANDLE, check_handle, handle_taken
from prompts_app.forms.parameters import several_lines
from prompts_app.forms.pictures import PictureField
from prompts_app.forms.profile_fields import SeveralField, WordsField
from prompts_app.forms.profile_rows import (
    CertificationRow,
    ExperienceRow,
    LanguageRow,
    LinkRow,
)
from prompts_app.forms.rows import RowForm, Rows
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import Profile, User

MAX_BIO = 10_000
MAX_LINKS = 10
MAX_CERTIFICATIONS = 20
MAX_LANGUAGES = 15
MAX_EXPERIENCE = 30

R = TypeVar("R", bound=RowForm)


def _rows(kind: type[R], name: str, profile: Profile | None, data: Any, most: int) -> Rows[R]:
    """The rows of a list of the profile, and an empty one where there is room.

    What an older version or an operator left in the list is shown only where it is a row.
    """
    kept = getattr(profile, name, None)
    # Languages once were bare words.
    rows = [{"name": one} if isinstance(one, str) else one for one in _listed(kept)]
    known = [one for one in rows if isinstance(one, dict)]
    empty: list[dict[str, str]] = [{}] if len(known) < most else []
    return Rows(kind, name, data=data, initial=[*known, *empty], room=most * 3)


def _listed(kept: Any) -> list[Any]:
    return kept if isinstance(kept, list) else []


def _told(rows: Rows[R], names: Sequence[str], wanted: str) -> list[dict[str, Any]]:
    """What the kept rows say; one that says nothing of `wanted` is no row."""
    return [
        {name: row.cleaned_data[name] for name in names}
        for row in rows.kept
        if row.cleaned_data[wanted]
    ]


class ProfileForm(Guided, forms.Form):
    """Everything of a profile but its picture."""

    # As the page shows them.
    field_order = ("name", "handle")
    handle = PlainCharField(
        label=gettext_lazy("Handle"),
        # One more than a handle has: people type the “@”.
        max_length=MAX_HANDLE + 1,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Choose a handle."), "max_length": TOO_LONG},
    )
    name = PlainCharField(
        label=gettext_lazy("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Write your name."), "max_length": TOO_LONG},
    )
    pronouns = PlainCharField(
        label=gettext_lazy("Pronouns"),
        help_text=gettext_lazy("As you want to be spoken of: she/her, il, they/them."),
        required=False,
        max_length=40,
        error_messages={"max_length": TOO_LONG},
    )
    headline = PlainCharField(
        label=gettext_lazy("Headline"),
        help_text=gettext_lazy("What you do, in one line."),
        required=False,
        max_length=160,
        error_messages={"max_length": TOO_LONG},
    )
    availability = forms.ChoiceField(
        label=gettext_lazy("Availability"),
        choices=Profile.Availability.choices,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed answers.")},
    )
    available_from = forms.DateField(
        label=gettext_lazy("Available from"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("Write a date, such as 2027-03-01.")},
    )
    location = PlainCharField(
        label=gettext_lazy("Where you are"),
        help_text=gettext_lazy("As much as you want to tell: a city, a country."),
        required=False,
        max_length=120,
        error_messages={"max_length": TOO_LONG},
    )
    work_modes = SeveralField(
        label=gettext_lazy("Where you work"), choices=Profile.WorkMode.choices
    )
    contracts = SeveralField(
        label=gettext_lazy("What you are looking for"), choices=Profile.Contract.choices
    )
    bio = several_lines(
        MAX_BIO,
        label=gettext_lazy("About you"),
        help_text=gettext_lazy("A paragraph or two. Markdown."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    skills = WordsField(
        most=30,
        label=gettext_lazy("Skills"),
        help_text=gettext_lazy(
            "One a line, or with commas between them. Beside each stand the entries you pick for "
            "it, or else those that have a tag of the same name."
        ),
    )
    accent = forms.ChoiceField(
        label=gettext_lazy("Colour of your pages"),
        choices=Profile.Accent.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose a colour."),
            "invalid_choice": gettext_lazy("Choose one of the listed colours."),
        },
    )

    contact_mode = forms.ChoiceField(
        label=gettext_lazy("How people reach you"),
        help_text=gettext_lazy("On your profile and on your share links."),
        choices=Profile.Contact.choices,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed answers.")},
    )
    contact_email = AddressField(
        label=gettext_lazy("E-mail address for everyone to see"),
        help_text=gettext_lazy("Only shown if you chose so above."),
    )
    is_indexed = forms.BooleanField(
        label=gettext_lazy("Search engines may list my pages"),
        help_text=gettext_lazy(
            "Without it your profile and entries ask machines not to keep them, and stand in no "
            "site map or feed. People still find them in Explore and by their address."
        ),
        required=False,
    )
    shares_resume = forms.BooleanField(
        label=gettext_lazy("Anyone may fetch my profile as a JSON Resume file"),
        help_text=gettext_lazy("It says what this page says; programs for CVs can read it."),
        required=False,
    )

    def __init__(self, owner: User, profile: Profile | None, data: Any = None) -> None:
        # Whoever makes a profile wants to be reached; nobody's form opens unasked.
        start: dict[str, Any] = {
            "accent": Profile.Accent.values[0],
            "contact_mode": Profile.Contact.FORM,
            "is_indexed": True,
        }
        if profile is not None:
            start = {name: getattr(profile, name) for name in self.base_fields}
        super().__init__(data, initial=start)
        self.owner = owner
        self.profile = profile
        self.links = _rows(LinkRow, "links", profile, data, MAX_LINKS)
        self.languages = _rows(LanguageRow, "languages", profile, data, MAX_LANGUAGES)
        self.experience = _rows(ExperienceRow, "experience", profile, data, MAX_EXPERIENCE)
        self.certifications = _rows(
            CertificationRow, "certifications", profile, data, MAX_CERTIFICATIONS
        )
        self.fields["handle"].help_text = (
            _("Links to the old one lead here for as long as nobody else has it: 90 days at least.")
            if profile
            else _(
                "It stands in the address of your pages. Letters without accents, digits, hyphens, "
                "underscores."
            )
        )

    def clean_handle(self) -> str:
        """Refuse a handle that is malformed, reserved or somebody else's."""
        handle = check_handle(self.cleaned_data["handle"])
        others = Profile.objects.exclude(user=self.owner)
        if others.filter(handle__iexact=handle).exists():
            raise ValidationError(handle_taken(), code="taken")
        return handle

    def clean_contact_mode(self) -> str:
        """Take no answer for none: a form must never open by itself."""
        return self.cleaned_data["contact_mode"] or Profile.Contact.NONE

    def clean(self) -> dict[str, Any] | None:
        """Look at the rows too, and count them; ask for the address that is to be shown."""
        for rows, kept, most, said in (
            (self.links, self._links, MAX_LINKS, _("Keep at most %(most)d links.")),
            (self.languages, self._languages, MAX_LANGUAGES, _("Keep at most %(most)d languages.")),
            (
                *(self.experience, self._experience, MAX_EXPERIENCE),
                _("Keep at most %(most)d rows of experience."),
            ),
            (
                *(self.certifications, self._certifications, MAX_CERTIFICATIONS),
                _("Keep at most %(most)d certifications."),
            ),
        ):
            if rows.is_valid() and len(kept()) > most:
                self.add_error(None, said % {"most": most})
        chosen = self.cleaned_data.get("contact_mode")
        if chosen == Profile.Contact.EMAIL and self.cleaned_data.get("contact_email") == "":
            self.add_error("contact_email", _("Which address shall people see?"))
        return super().clean()

    def is_valid(self) -> bool:
        """Whether the fields and every row are valid."""
        rows = (self.links, self.languages, self.experience, self.certifications)
        return all([super().is_valid(), *(some.is_valid() for some in rows)])

    def shown(self) -> Iterator[BoundField]:
        """All fields, those of the rows where the page has them."""
        for field in self:
            yield field
            if field.name == "skills":
                for rows in (self.languages, self.experience, self.links, self.certifications):
                    for row in rows.kept:
                        yield from row

    def _links(self) -> list[dict[str, str]]:
        return [
            {"label": row.cleaned_data["label"], "url": row.cleaned_data["url"]}
            for row in self.links.kept
            if row.cleaned_data["url"]
        ]

    def _languages(self) -> list[dict[str, str]]:
        return _told(self.languages, LanguageRow.FIELDS, "name")

    def _experience(self) -> list[dict[str, str]]:
        return _told(self.experience, ExperienceRow.FIELDS, "role")

    def _certifications(self) -> list[dict[str, Any]]:
        """Return them with their keys; a picture stays with the certification it proves."""
        proofs = {
            one.get("key"): one.get("proof", "")
            for one in _listed(getattr(self.profile, "certifications", None))
            if isinstance(one, dict)
        }
        found = _told(self.certifications, ("key", *CertificationRow.FIELDS), "name")
        for one in found:
            # A key that is not this profile's own, or sent twice, makes a new certification.
            one["proof"] = proofs.pop(one["key"], None) if one["key"] else None
            if one["proof"] is None:
                one["key"], one["proof"] = secrets.token_hex(6), ""
        return found

    def values(self) -> dict[str, Any]:
        """Return the profile's fields by name, once the form is valid."""
        rows = {
            "links": self._links(),
            "languages": self._languages(),
            "experience": self._experience(),
            "certifications": self._certifications(),
        }
        return {**self.cleaned_data, **rows}


class AvatarForm(forms.Form):
    """A new picture of the author."""

    picture = PictureField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 8 MB. Square ones look best."),
    )
