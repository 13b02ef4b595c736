"""Forms about an entry as a whole: what surrounds its prompt, its settings, its cover."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.parameters import several_lines
from prompts_app.forms.pictures import PictureField
from prompts_app.forms.statements import StatementFields
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import Entry, LLMModel, TestCase, Version
from prompts_app.text.slug import MAX_SLUG
from prompts_app.transfer import document as limits

# ISO 639-1 codes, each language in its own words.
LANGUAGES = (
    ("en", "English"),
    ("fr", "Français"),
    ("ar", "العربية"),
    ("zh", "中文"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("es", "Español"),
    ("fi", "Suomi"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("id", "Bahasa Indonesia"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("vi", "Tiếng Việt"),
)


class TagsField(PlainCharField):
    """Tags on one line, with commas between them."""

    def clean(self, value: Any) -> list[str]:
        """Return the tags; raises ValidationError for too many or too long ones."""
        line = super().clean(value)
        tags = list(dict.fromkeys(" ".join(tag.split()) for tag in line.split(",")))
        tags = [tag for tag in tags if tag]
        if len(tags) > limits.MAX_TAGS:
            raise ValidationError(_("Keep at most %(most)d tags.") % {"most": limits.MAX_TAGS})
        if any(len(tag) > limits.MAX_TAG for tag in tags):
            raise ValidationError(
                _("A tag may have at most %(most)d characters.") % {"most": limits.MAX_TAG}
            )
        return tags


def version_label(version: Version) -> str:
    """Return what a list of choices says of a version."""
    return f"v{version.number}" + (f": {version.change_note}" if version.change_note else "")


def model_label(model: LLMModel) -> str:
    """Return what a list of choices says of a model."""
    if model.provider.is_demo:
        return _("%(model)s (demo model: scripted rules)") % {"model": model.name}
    return f"{model.name} ({model.provider.name})"


class VersionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice among versions, by number and change note."""

    def label_from_instance(self, obj: Version) -> str:
        """Return what the list says of a version."""
        return version_label(obj)


class ModelsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """A choice of models, by name and provider; `notes` (id → words) follow the name."""

    notes: Mapping[int, str] = {}

    def clean(self, value: Any) -> Any:
        """Refuse numbers that no row has: SQLite cannot even look for them."""
        for one in value or ():
            if str(one).isdigit() and len(str(one)) > 18:
                raise ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": one},
                )
        return super().clean(value)

    def label_from_instance(self, obj: LLMModel) -> str:
        """Return what the list says of a model."""
        note = self.notes.get(obj.pk)
        return f"{model_label(obj)}, {note}" if note else model_label(obj)


class SurroundingsForm(Guided, forms.Form):
    """What surrounds a prompt."""

    title = PlainCharField(
        label=gettext_lazy("Title"),
        help_text=gettext_lazy("What it does, in a few words: “Invoice text to clean JSON”."),
        max_length=limits.MAX_TITLE,
        error_messages={
            "required": gettext_lazy("Give it a title."),
            "max_length": TOO_LONG,
        },
    )
    summary = PlainCharField(
        label=gettext_lazy("Summary"),
        help_text=gettext_lazy("One sentence a reader in a hurry will remember."),
        required=False,
        max_length=limits.MAX_SUMMARY,
        error_messages={"max_length": TOO_LONG},
    )
    use_case = several_lines(
        limits.MAX_USE_CASE,
        label=gettext_lazy("Use case"),
        help_text=gettext_lazy("Who needs this, and what for. Markdown."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    tags = TagsField(
        label=gettext_lazy("Tags"),
        help_text=gettext_lazy("With commas between them: extraction, finance"),
        required=False,
        max_length=600,
        error_messages={"max_length": TOO_LONG},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the prompt"), choices=LANGUAGES, initial="en"
    )
    visibility = forms.ChoiceField(
        label=gettext_lazy("Who sees it"),
        help_text=gettext_lazy("Visitors only ever see published versions."),
        choices=[one for one in Entry.Visibility.choices if one[0] != Entry.Visibility.ARCHIVED],
        initial=Entry.Visibility.DRAFT,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who sees it.")},
    )

    def surroundings(self) -> dict[str, Any]:
        """Return the entry's own fields, once the form is valid; tags go apart."""
        return {name: value for name, value in self.cleaned_data.items() if name != "tags"}


class EntrySettingsForm(SurroundingsForm, StatementFields):
    """Everything around the prompt that may change at any time."""

    # As the page shows them.
    field_order = (
        *("title", "summary", "use_case", "tags", "language"),
        *("role_in_team", "used_where", "outcome", "slug", "visibility"),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=MAX_SLUG,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Give it an address."),
            "invalid": gettext_lazy(
                "Use only letters without accents, digits, hyphens and underscores."
            ),
            "max_length": TOO_LONG,
        },
    )

    tryable = ModelsField(
        label=gettext_lazy("Models visitors may try"),
        help_text=gettext_lazy("Their tries spend your money, up to your daily limit."),
        queryset=LLMModel.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": gettext_lazy("One of these models is not usable any more."),
            "invalid_pk_value": gettext_lazy("One of these models is not usable any more."),
        },
    )
    featured_case = forms.ModelChoiceField(
        label=gettext_lazy("Test case shown first"),
        queryset=TestCase.objects.none(),
        required=False,
        empty_label=gettext_lazy("the one with the best proof"),
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed test cases.")},
    )
    baseline = VersionField(
        label=gettext_lazy("Version it is measured against"),
        help_text=gettext_lazy("Usually the one-liner you began with."),
        queryset=Version.objects.none(),
        required=False,
        empty_label=gettext_lazy("none"),
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed versions.")},
    )

    def __init__(self, entry: Entry, data: Any = None) -> None:
        super().__init__(
            data,
            initial={
                "title": entry.title,
                "slug": entry.slug,
                "summary": entry.summary,
                "use_case": entry.use_case,
                "tags": ", ".join(tag.name for tag in entry.tags.all()),
                "language": entry.language,
                "visibility": entry.visibility,
                "role_in_team": entry.role_in_team,
                "used_where": entry.used_where,
                "outcome": entry.outcome,
                "featured_case": entry.featured_case_id,
                "baseline": entry.baseline_id,
            },
        )
        self._second_language = entry.second_language
        self.fields["slug"].help_text = _(
            "The last part of it: …/@%(handle)s/%(slug)s/. The old one leads to the new one."
        ) % {"handle": entry.owner.profile.handle, "slug": entry.slug}
        if entry.visibility == Entry.Visibility.ARCHIVED:
            # Whoever takes it out of the archive gives it back what it was.
            del self.fields["visibility"]
        if entry.language not in dict(LANGUAGES):
            # An import may know more languages than this list.
            self._choices("language").choices = [(entry.language, entry.language), *LANGUAGES]
        usable = LLMModel.objects.usable_by(entry.owner).filter(kind=entry.draft.content["kind"])
        self._pick("tryable").queryset = usable
        if data is None:
            self.initial["tryable"] = list(entry.tryable.values_list("pk", flat=True))
        self._pick("featured_case").queryset = entry.cases.filter(withdrawn_at__isnull=True)
        self._pick("baseline").queryset = entry.versions.filter(withdrawn_at__isnull=True).defer(
            "content"
        )

    def _pick(self, name: str) -> "forms.ModelChoiceField[Any]":
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        return field

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def clean_language(self) -> str:
        """Refuse the language that the entry is translated into."""
        language: str = self.cleaned_data["language"]
        if language == self._second_language:
            raise ValidationError(_("The entry is translated into this language already."))
        return language

    def surroundings(self) -> dict[str, Any]:
        """Return the entry's own fields, once the form is valid."""
        return {name: one for name, one in super().surroundings().items() if name != "tryable"}


class CoverForm(forms.Form):
    """A new cover."""

    picture = PictureField(
        label=gettext_lazy("Cover"),
        help_text=gettext_lazy(
            "PNG, JPEG or WebP, at most 8 MB. Without one the title makes the cover."
        ),
    )


SLUG_TAKEN = gettext_lazy(
    "Another entry has this address, or had it when it went into the bin. Choose another one."
)
