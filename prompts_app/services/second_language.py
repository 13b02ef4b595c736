"""Words of an entry in a second language: its author's translation, told to whoever reads that one.

`Entry.second_words` keeps each translation under the text it translates. So a text that changes is
read as it was written until it is translated anew, a constraint that several versions state is
translated once, and what versions say, with their hashes, stays as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import get_language

from prompts_app.models import Entry
from prompts_app.services import rendering

# The fields of an entry that may be told, in the order of its page.
FIELDS = ("title", "summary", "use_case", "role_in_team", "used_where", "outcome")
CASE_FIELDS = ("name", "watch_for", "comment")


class Spoken(Protocol):
    """What has words in one language or two."""

    @property
    def language(self) -> str: ...
    @property
    def second_language(self) -> str: ...
    @property
    def second_words(self) -> Mapping[str, str]: ...


class Told(str):
    """A text as a page shows it, with the `language` it is in."""

    language: str

    def __new__(cls, text: str, language: str) -> "Told":
        """Return the text; `language` is a code of ISO 639-1."""
        told = super().__new__(cls, text)
        told.language = language
        return told

    def __reduce__(self) -> tuple[type["Told"], tuple[str, str]]:
        """Let it be copied."""
        return Told, (str(self), self.language)


def told(text: str, spoken: Spoken) -> Told:
    """Return a text of an entry in the language that is active, else as it was written."""
    second = spoken.second_language
    if second and second == (get_language() or "")[:2] and (words := spoken.second_words.get(text)):
        return Told(words, second)
    return Told(text, spoken.language)


def choices(entry: Entry) -> list[tuple[str, str]]:
    """Return the languages an entry may have besides its own, each with its name: those of pages.

    Nobody would ever be shown another one.
    """
    return [(code, name) for code, name in settings.LANGUAGES if code != entry.language]


@dataclass(frozen=True, slots=True)
class Source:
    """A text that may be translated: its `kind`, its number among those of the kind (from 1).

    `kind` is one of FIELDS, "context", "constraint" or one of CASE_FIELDS; `place` is "entry",
    "draft", "version" for what only the published version says, or "cases".
    """

    kind: str
    number: int
    place: str
    text: str


def sources(entry: Entry) -> list[Source]:
    """Return what a reader of the entry meets, and what its draft says, each text once."""
    found: dict[str, Source] = {}
    for source in _sources(entry):
        # The same words in two places are translated once.
        found.setdefault(source.text, source)
    return list(found.values())


def _sources(entry: Entry) -> Iterator[Source]:
    for field in FIELDS:
        yield from _said(field, "entry", [getattr(entry, field)])
    contents = [("draft", entry.draft.content)]
    if entry.published is not None:
        contents.append(("version", entry.published.content))
    for place, content in contents:
        yield from _said("context", place, [content.get("context", "")])
        texts = [one["text"] for one in content.get("constraints", ())]
        yield from _said("constraint", place, texts)
    for number, case in enumerate(entry.cases.filter(withdrawn_at__isnull=True), 1):
        for field in CASE_FIELDS:
            yield from _said(field, "cases", [getattr(case, field)], number)


def _said(kind: str, place: str, texts: list[str], first: int = 1) -> Iterator[Source]:
    for number, text in enumerate(texts, first):
        if text.strip():
            yield Source(kind, number, place, text)


def keep(entry: Entry, language: str, words: Mapping[str, str]) -> None:
    """Keep translations: text → translation, "" where there is none (any more).

    Translations of other texts stay while a version says them. Another `language` than the one
    before leaves nothing of that one; "" takes the second language away. In the caller's
    transaction, as all that changes something here.
    """
    kept = Entry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    before = kept.second_words if language == kept.second_language else {}
    entry.second_language = language
    entry.second_words = {**before, **words} if language else {}
    _write(entry, kept.second_words)


def forget_what_is_gone(entry: Entry) -> None:
    """Drop translations of texts that nothing says any more."""
    if entry.second_words:
        _write(entry, entry.second_words)


def carry_over(entry: Entry, before: Mapping[str, str]) -> list[str]:
    """Let translations follow texts of the entry that changed; return the fields they are of.

    `before` are its FIELDS as they were. What is small is mostly a mended slip: its translation
    goes on being shown, and the author is told to look at it.
    """
    followed = []
    for field in FIELDS:
        text, old = getattr(entry, field), before[field]
        if text != old and text and old in entry.second_words:
            entry.second_words.setdefault(text, entry.second_words[old])
            followed.append(field)
    forget_what_is_gone(entry)
    return followed


def _write(entry: Entry, before: Mapping[str, str]) -> None:
    """Write the translations that are of something, and forget what was made of the others."""
    said = {source.text for source in _sources(entry)}
    rows = entry.versions.filter(withdrawn_at__isnull=True)
    for content in rows.values_list("content", flat=True):
        said |= set(_texts(content))
    # Answers to a case that was removed still stand under its name.
    said |= {text for texts in entry.cases.values_list(*CASE_FIELDS) for text in texts}
    entry.second_words = {
        text: words for text, words in entry.second_words.items() if text in said and words.strip()
    }
    entry.save(update_fields=["second_language", "second_words", "updated_at"])
    rendering.forget(set(before.values()) - set(entry.second_words.values()))


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    yield content["context"]
    yield from (one["text"] for one in content["constraints"])
