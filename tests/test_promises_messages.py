"""The French catalogue is complete: every text a person reads is in it, with its placeholders."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po

from portfolio.messages import extract_template

if TYPE_CHECKING:
    from babel.messages.extract import _ExtractionMethod

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}")


def wanted() -> Catalog:
    """Return every text marked for translation in the code and the templates."""
    catalogue = Catalog()
    for path, method in sources():
        for line, text, _comments, context in extract_from_file(method, path, KEYWORDS):
            catalogue.add(text, None, [(path.name, line)], context=context)
    return catalogue


def sources() -> Iterator[tuple[Path, "_ExtractionMethod"]]:
    """Return each file that may hold texts, with the way to read it."""
    for package in ("portfolio", "prompts_app"):
        yield from ((path, "python") for path in sorted((ROOT / package).rglob("*.py")))
    templates = (path for path in sorted((ROOT / "templates").rglob("*")) if path.is_file())
    yield from ((path, extract_template) for path in templates)


@pytest.fixture(scope="module")
def french() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="fr")


def test_no_text_stands_alone_and_with_a_number() -> None:
    # A catalogue keeps the two as one, and some Pythons (3.11.2) then find only the second.
    alone, counted = set(), set()
    for path, method in sources():
        for _line, text, _comments, context in extract_from_file(method, path, KEYWORDS):
            if isinstance(text, str):
                alone.add((context, text))
            else:
                counted.add((context, text[0]))
    assert not alone & counted


def test_every_text_is_in_french(french: Catalog) -> None:
    missing = []
    for message in wanted():
        if message.id:
            translated = french.get(message.id, message.context)
            if translated is None or translated.fuzzy or not all(strings(translated)):
                missing.append(f"{message.locations[0]}: {message.id!r}")
    assert not missing, "run “make messages” and translate:\n" + "\n".join(missing)


def test_translations_keep_the_placeholders(french: Catalog) -> None:
    wrong: list[str] = []
    for message in french:
        if not message.id:
            continue
        allowed = [placeholders(text) for text in originals(message)]
        wrong += [text for text in strings(message) if placeholders(text) not in allowed]
    assert not wrong, "\n".join(wrong)


def test_the_catalogue_holds_nothing_else(french: Catalog) -> None:
    shown = wanted()
    left = [
        message.id
        for message in french
        if message.id and shown.get(message.id, message.context) is None
    ]
    assert not left, f"no page shows these any more, “make messages” drops them: {left}"


def originals(message: Message) -> list[str]:
    """Return the English text, or both its singular and its plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def strings(message: Message) -> list[str]:
    """Return the translation, or all its plural forms."""
    given = message.string
    return [given] if isinstance(given, str) else list(given or [""])


def placeholders(text: str) -> list[str]:
    """Return the placeholders of `text`, sorted."""
    return sorted(PLACEHOLDER.findall(text))
