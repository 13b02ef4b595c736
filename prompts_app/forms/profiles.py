"""Forms about an author's public face."""

import re
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.addresses import AddressField
from prompts_app.forms.entries import PictureField
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.parameters import several_lines
from prompts_app.forms.profile_rows import MAX_PHRASE, CertificationRow, LinkRow
from prompts_app.forms.rows import RowForm, Rows
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import Profile, User

MIN_HANDLE = 2
MAX_HANDLE = 40
MAX_BIO = 10_000
MAX_LINKS = 10
MAX_CERTIFICATIONS = 20

# Words that would make a person look like a part of the site, or like those who run it.
RESERVED_HANDLES = frozenset(
    {
        "about", "account", "accounts", "admin", "administrator", "anonymous", "api", "cards",
        "compare", "contact", "everyone", "explore", "feed", "healthz", "help", "home", "language",
        "legal", "login", "logout", "me", "media", "moderator", "new", "nobody", "none", "null",
        "official", "operator", "owner", "privacy", "promptfolio", "readyz", "robots", "root",
        "runs", "search", "security", "settings", "sign-in", "sign-up", "signin", "signup",
        "sitemap", "staff", "static", "studio", "support", "system", "team", "terms", "tries",
        "undefined", "verify", "webmaster", "you",
    }
)  # fmt: skip

_HANDLE = re.compile(r"[A-Za-z0-9_-]+")


def check_handle(text: str) -> str:
    """Return the handle that `text` names, without a leading "@".

    Whether somebody has it already is not looked at. Raises ValidationError, whose code is
    "length", "characters" or "reserved".
    """
    handle = text.strip().removeprefix("@")
    if not MIN_HANDLE <= len(handle) <= MAX_HANDLE:
        raise ValidationError(
            _("Use %(least)d to %(most)d characters.") % {"least": MIN_HANDLE, "most": MAX_HANDLE},
            code="length",
        )
    if not _HANDLE.fullmatch(handle):
        raise ValidationError(
            _("Use only letters without accents, digits, hyphens and underscores."),
            code="characters",
        )
    if handle.lower().replace("_", "-") in RESERVED_HANDLES:
        raise ValidationError(_("This word is reserved. Choose another one."), code="reserved")
    return handle


class WordsField(PlainCharField):
    """A few short phrases, one a line or with commas between them."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(multiline=True, required=False, strip=True, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show a list one phrase a line, and what was typed as it was typed."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the phrases; raises ValidationError for too many or too long ones."""
        phrases = [" ".join(one.split()) for one in re.split(r"[,;\n]", super().clean(value))]
        first: dict[str, str] = {}
        for one in phrases:
            if one:
                first.setdefault(one.casefold(), one)
        found = list(first.values())
        if len(found) > self.most:
            raise ValidationError(_("Keep at most %(most)d of them.") % {"most": self.most})
        if any(len(one) > MAX_PHRASE for one in found):
            raise ValidationError(
                _("Each one may have at most %(most)d characters.") % {"most": MAX_PHRASE}
            )
        return found


R = TypeVar("R", bound=RowForm)


def _rows(kind: type[R], name: str, profile: Profile | None, data: Any, most: int) -> Rows[R]:
    """The rows of a list of the profile, and an empty one where there is room.

    What an older version or an operator left in the list is shown only where it is a row.
    """
    kept = getattr(profile, name, None)
    known = [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []
    empty: list[dict[str, str]] = [{}] if len(known) < most else []
    return Rows(kind, name, data=data, initial=[*known, *empty], room=most * 3)


class ProfileForm(forms.Form):
    """Everything of a profile but its picture."""

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
            "One a line, or with commas between them. Beside each stand your entries that have a "
            "tag of the same name."
        ),
    )
    languages = WordsField(
        most=15,
        label=gettext_lazy("Languages"),
        help_text=gettext_lazy("One a line, for example: French (first language)"),
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

    def __init__(self, owner: User, profile: Profile | None, data: Any = None) -> None:
        # Whoever makes a profile wants to be reached; nobody's form opens unasked.
        start: dict[str, Any] = {
            "accent": Profile.Accent.values[0],
            "contact_mode": Profile.Contact.FORM,
        }
        if profile is not None:
            start = {name: getattr(profile, name) for name in self.base_fields}
        super().__init__(data, initial=start)
        self.owner = owner
        self.links = _rows(LinkRow, "links", profile, data, MAX_LINKS)
        self.certifications = _rows(
            CertificationRow, "certifications", profile, data, MAX_CERTIFICATIONS
        )
        self.fields["handle"].help_text = (
            _("Links to the old one lead here for as long as nobody else has it: 90 days at least.")
            if profile
            else _("It stands in the address of your pages. Letters, digits, hyphens.")
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
        if self.links.is_valid() and len(self._links()) > MAX_LINKS:
            self.add_error(None, _("Keep at most %(most)d links.") % {"most": MAX_LINKS})
        if self.certifications.is_valid() and len(self._certifications()) > MAX_CERTIFICATIONS:
            self.add_error(
                None, _("Keep at most %(most)d certifications.") % {"most": MAX_CERTIFICATIONS}
            )
        chosen = self.cleaned_data.get("contact_mode")
        if chosen == Profile.Contact.EMAIL and self.cleaned_data.get("contact_email") == "":
            self.add_error("contact_email", _("Which address shall people see?"))
        return super().clean()

    def is_valid(self) -> bool:
        """Whether the fields and every row are valid."""
        return all((super().is_valid(), self.links.is_valid(), self.certifications.is_valid()))

    def _links(self) -> list[dict[str, str]]:
        return [
            {"label": row.cleaned_data["label"], "url": row.cleaned_data["url"]}
            for row in self.links.kept
            if row.cleaned_data["url"]
        ]

    def _certifications(self) -> list[dict[str, str]]:
        return [
            {name: row.cleaned_data[name] for name in CertificationRow.FIELDS}
            for row in self.certifications.kept
            if row.cleaned_data["name"]
        ]

    def values(self) -> dict[str, Any]:
        """Return the profile's fields by name, once the form is valid."""
        rows = {"links": self._links(), "certifications": self._certifications()}
        return {**self.cleaned_data, **rows}


class AvatarForm(forms.Form):
    """A new picture of the author."""

    picture = PictureField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 8 MB. Square ones look best."),
    )


def handle_taken() -> str:
    """Return what is said when somebody else has the handle, or had it until lately."""
    return _("Somebody else has this handle, or had it until lately. Choose another one.")
