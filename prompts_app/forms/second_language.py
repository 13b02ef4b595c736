"""The form for an entry's words in a second language: a field beside every text."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.parameters import several_lines
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import Entry
from prompts_app.services.second_language import Source
from prompts_app.transfer import document as limits

_START = "words-"
_MOST = {
    "title": limits.MAX_TITLE,
    "summary": limits.MAX_SUMMARY,
    "use_case": limits.MAX_USE_CASE,
    "context": limits.MAX_CONTEXT,
    "constraint": limits.MAX_CONSTRAINT,
    "name": limits.MAX_CASE_NAME,
    "watch_for": limits.MAX_WATCH_FOR,
    "comment": limits.MAX_COMMENT,
}
_LABELS = {
    "title": gettext_lazy("Title"),
    "summary": gettext_lazy("Summary"),
    "use_case": gettext_lazy("Use case"),
    "role_in_team": gettext_lazy("Part in the team"),
    "used_where": gettext_lazy("Used"),
    "outcome": gettext_lazy("Outcome"),
    "context": gettext_lazy("Context"),
}
_NUMBERED = {
    "constraint": gettext_lazy("Constraint %(number)s"),
    "name": gettext_lazy("Test case %(number)s"),
    "watch_for": gettext_lazy("Test case %(number)s: what to watch for"),
    "comment": gettext_lazy("Test case %(number)s: your comment"),
}
_LONG = ("use_case", "context")


def name_of(text: str) -> str:
    """Return the name of the field for a text: the same however the others move."""
    return _START + hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Row:
    """A text and the field for its translation."""

    source: Source
    field: BoundField


class SecondLanguageForm(Guided, forms.Form):
    """What an author says of an entry in another language than its own."""

    language = forms.ChoiceField(
        label=gettext_lazy("Second language"), choices=(), widget=forms.RadioSelect
    )

    def __init__(
        self,
        entry: Entry,
        sources: Iterable[Source],
        choices: list[tuple[str, str]],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.sources = {name_of(source.text): source for source in sources}
        super().__init__(data, initial={"language": entry.second_language or choices[0][0]})
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = choices
        if len(choices) == 1:
            language.widget = forms.HiddenInput()
        for name, source in self.sources.items():
            self.fields[name] = _field(source)
            if len(choices) == 1:
                # What is written here is spelled and read aloud as that.
                self.fields[name].widget.attrs["lang"] = choices[0][0]
            self.initial[name] = entry.second_words.get(source.text, "")

    @property
    def rows(self) -> dict[str, list[Row]]:
        """Return place → what stands there, in the order of its page."""
        found: dict[str, list[Row]] = {}
        for name, source in self.sources.items():
            found.setdefault(source.place, []).append(Row(source, self[name]))
        return found

    @property
    def lost(self) -> list[str]:
        """Translations that were sent of texts which nothing says any more."""
        return [
            value.strip()
            for name, value in self.data.items()
            if name.startswith(_START) and name not in self.sources and value.strip()
        ]

    @property
    def done(self) -> int:
        """How many texts are translated."""
        return sum(bool((self[name].value() or "").strip()) for name in self.sources)

    def words(self) -> dict[str, str]:
        """Return text → translation, once the form is valid."""
        return {one.text: self.cleaned_data[name] for name, one in self.sources.items()}

    def clean(self) -> dict[str, Any]:
        """Ask for the title before anything else: it is what readers meet first."""
        cleaned = self.cleaned_data
        title, *others = self.sources
        if title in cleaned and not cleaned[title] and any(cleaned.get(one) for one in others):
            self.add_error(title, _("Translate the title too: it is what readers meet first."))
        return cleaned


def _field(source: Source) -> PlainCharField:
    most = _MOST.get(source.kind, limits.MAX_SUMMARY)
    label = _LABELS.get(source.kind) or _NUMBERED[source.kind] % {"number": source.number}
    if source.kind in _LONG:
        rows = min(16, max(4, source.text.count("\n") + len(source.text) // 70 + 1))
        return several_lines(most, label=label, widget=forms.Textarea(attrs={"rows": rows}))
    wide = forms.Textarea(attrs={"rows": 2}) if len(source.text) > 70 else forms.TextInput()
    return PlainCharField(
        label=label,
        required=False,
        max_length=most,
        widget=wide,
        error_messages={"max_length": TOO_LONG},
    )
