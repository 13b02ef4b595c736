"""Reads the sample portfolio from the YAML files in the folder ``portfolio`` beside this module.

``author.yaml`` holds the author, every other file one entry; entries come in the order of their
file names. A mistake in a file raises ValueError naming the file and the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prompts_app.demo.content import read_content, variable_names
from prompts_app.demo.keys import list_of, only_keys, text_of, texts_of

FOLDER = Path(__file__).parent / "portfolio"

SUMMARY_LENGTH = 160
LANGUAGES = ("en", "fr")
KINDS = ("text", "image")
AVAILABILITIES = ("open", "limited", "closed")
STATED = ("role_in_team", "used_where", "outcome")
# What a second language tells of the entry itself; the rest is of its last version.
_TOLD = ("title", "summary", "use_case")
_ROWS = {
    "certifications": ("name", "issuer", "issued", "expires"),
    "experience": ("role", "where", "began", "ended", "text"),
}
_MONTHS = ("issued", "expires", "began", "ended")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class SampleLink:
    """A link of the author: what it says and where it goes."""

    label: str
    url: str


@dataclass(frozen=True)
class SampleAuthor:
    """The author's profile; ``bio`` is Markdown, ``availability`` a code."""

    email: str
    handle: str
    name: str
    headline: str
    bio: str
    availability: str
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    links: tuple[SampleLink, ...]
    # As a profile keeps them: months as "YYYY-MM", or "" for none.
    certifications: tuple[dict[str, str], ...]
    experience: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class SampleVersion:
    """One version: ``content`` has the JSON shape of a version with every key present."""

    content: dict[str, Any]
    change_note: str


@dataclass(frozen=True)
class SampleCase:
    """A test case. ``values`` cover the variables of every version; a version reads its own.

    ``comment`` is what the author says where an answer fails, or "".
    """

    name: str
    values: dict[str, str]
    watch_for: str
    comment: str


@dataclass(frozen=True)
class SampleEntry:
    """One entry: ``use_case`` is Markdown, ``baseline`` a version number counted from 1.

    ``stated`` are fields only an author can fill in; those of a sample say that they are examples.
    ``second_words`` are its texts and those of its last version and cases, each with what it is in
    ``second_language``; "" and {} where the entry is told in one language.
    """

    slug: str
    title: str
    summary: str
    use_case: str
    language: str
    tags: tuple[str, ...]
    kind: str
    baseline: int
    stated: dict[str, str]
    second_language: str
    second_words: dict[str, str]
    versions: tuple[SampleVersion, ...]
    cases: tuple[SampleCase, ...]


@dataclass(frozen=True)
class SamplePortfolio:
    """One author and the author's entries, in the order to show them."""

    author: SampleAuthor
    entries: tuple[SampleEntry, ...]


def load(folder: Path = FOLDER) -> SamplePortfolio:
    """Read and check the whole portfolio.

    Raises ValueError, naming file and key, for anything missing, misspelt or out of range, and
    OSError when a file cannot be read.
    """
    author = _read_file(folder / "author.yaml", _author)
    files = sorted(path for path in folder.glob("*.yaml") if path.name != "author.yaml")
    entries = tuple(_read_file(path, _entry) for path in files)
    seen: set[str] = set()
    for path, entry in zip(files, entries, strict=True):
        if entry.slug in seen:
            raise ValueError(f"{path.name}: slug: {entry.slug!r} is used twice")
        seen.add(entry.slug)
    return SamplePortfolio(author, entries)


def _read_file(path: Path, read: Any) -> Any:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict):
            raise ValueError("the file must hold keys and values")
        return read(raw)
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _author(raw: dict[str, Any]) -> SampleAuthor:
    fields = ("email", "handle", "name", "headline", "bio", "availability")
    lists = ("skills", "languages", "links", *_ROWS)
    only_keys(raw, (*fields, *lists), "")
    if raw.get("availability") not in AVAILABILITIES:
        raise ValueError(f"availability: one of {', '.join(AVAILABILITIES)} is expected")
    links = []
    for index, link in enumerate(list_of(raw, "links"), start=1):
        place = f"links[{index}]."
        only_keys(link, ("label", "url"), place)
        links.append(SampleLink(text_of(link, "label", place), text_of(link, "url", place)))
        if not links[-1].url.startswith("https://"):
            raise ValueError(f"{place}url: an https address is expected")
    return SampleAuthor(
        **{key: text_of(raw, key) for key in fields},
        skills=texts_of(raw, "skills"),
        languages=texts_of(raw, "languages"),
        links=tuple(links),
        certifications=tuple(_rows(raw, "certifications")),
        experience=tuple(_rows(raw, "experience")),
    )


def _rows(raw: dict[str, Any], key: str) -> Iterator[dict[str, str]]:
    for index, row in enumerate(list_of(raw, key), start=1):
        place = f"{key}[{index}]."
        only_keys(row, _ROWS[key], place)
        for name, value in row.items():
            if not isinstance(value, str):
                raise ValueError(f"{place}{name}: text in quotes is expected")
            if name in _MONTHS and not re.fullmatch(r"([0-9]{4}-[0-9]{2})?", value):
                raise ValueError(f"{place}{name}: a month such as 2026-05 is expected")
        yield row


def _entry(raw: dict[str, Any]) -> SampleEntry:
    fields = ("slug", "title", "summary", "use_case", "language", "kind")
    lists = ("tags", "baseline", "versions", "cases")
    only_keys(raw, (*fields, *lists), "", may=("stated", "second"))
    texts = {key: text_of(raw, key) for key in fields}
    if not _SLUG.fullmatch(texts["slug"]):
        raise ValueError("slug: lower-case letters, digits and single hyphens are expected")
    _check_summary(texts["summary"], "")
    for key, allowed in (("language", LANGUAGES), ("kind", KINDS)):
        if texts[key] not in allowed:
            raise ValueError(f"{key}: one of {', '.join(allowed)} is expected")
    versions = []
    for number, version in enumerate(list_of(raw, "versions"), start=1):
        place = f"versions[{number}]."
        only_keys(version, ("content", "change_note"), place)
        content = read_content(version.get("content"), f"{place}content")
        if content["kind"] != texts["kind"]:
            raise ValueError(f"{place}content.kind: differs from the entry's kind")
        versions.append(SampleVersion(content, text_of(version, "change_note", place)))
    baseline = raw.get("baseline")
    if not isinstance(baseline, int) or not 1 <= baseline <= len(versions):
        raise ValueError("baseline: the number of one of the versions is expected")
    stated, cases = _stated(raw), tuple(_cases(raw, versions))
    second_language, second_words = _second(raw, texts, stated, versions[-1].content, cases)
    return SampleEntry(
        **texts,
        tags=texts_of(raw, "tags"),
        baseline=baseline,
        stated=stated,
        second_language=second_language,
        second_words=second_words,
        versions=tuple(versions),
        cases=cases,
    )


def _cases(raw: dict[str, Any], versions: list[SampleVersion]) -> Iterable[SampleCase]:
    wanted = set().union(*(variable_names(version.content) for version in versions))
    for index, case in enumerate(list_of(raw, "cases"), start=1):
        place = f"cases[{index}]."
        only_keys(case, ("name", "values", "watch_for"), place, may=("comment",))
        values = case.get("values")
        if not isinstance(values, dict) or set(values) != wanted:
            raise ValueError(f"{place}values: exactly {', '.join(sorted(wanted))} are expected")
        for version in versions:
            for variable in version.content["variables"]:
                _check_value(variable, values[variable["name"]], place)
        name, watch_for = text_of(case, "name", place), text_of(case, "watch_for", place)
        comment = text_of(case, "comment", place) if "comment" in case else ""
        yield SampleCase(name, dict(values), watch_for, comment)


def _stated(raw: dict[str, Any], place: str = "") -> dict[str, str]:
    if "stated" not in raw:
        return {}
    place = f"{place}stated."
    only_keys(raw["stated"], STATED, place)
    return {key: text_of(raw["stated"], key, place) for key in STATED}


def _second(
    raw: dict[str, Any],
    texts: dict[str, str],
    stated: dict[str, str],
    last: dict[str, Any],
    cases: tuple[SampleCase, ...],
) -> tuple[str, dict[str, str]]:
    """Return the second language and text → translation, of all that these say."""
    if "second" not in raw:
        return "", {}
    second, place = raw["second"], "second."
    told = {**{key: texts[key] for key in _TOLD}, "context": last["context"]}
    keys = ("language", *told, "constraints", "cases", *(["stated"] if stated else ()))
    only_keys(second, keys, place)
    language = text_of(second, "language", place)
    if language not in LANGUAGES or language == texts["language"]:
        raise ValueError(f"{place}language: another one of {', '.join(LANGUAGES)} is expected")
    words = {text: text_of(second, key, place) for key, text in told.items()}
    _check_summary(words[texts["summary"]], place)
    constraints = texts_of(second, "constraints", place)
    if len(constraints) != len(last["constraints"]):
        raise ValueError(
            f"{place}constraints: {len(last['constraints'])} are expected, as in the last version"
        )
    for constraint, translation in zip(last["constraints"], constraints, strict=True):
        words[constraint["text"]] = translation
    told_cases = list_of(second, "cases", place)
    if len(told_cases) != len(cases):
        raise ValueError(f"{place}cases: {len(cases)} are expected, as many as there are")
    for case, one in zip(cases, told_cases, strict=True):
        keys = ("name", "watch_for", *(["comment"] if case.comment else ()))
        only_keys(one, keys, f"{place}cases.")
        words |= {getattr(case, key): text_of(one, key, f"{place}cases.") for key in keys}
    for key, translation in _stated(second, place).items():
        words[stated[key]] = translation
    return language, words


def _check_summary(summary: str, place: str) -> None:
    if len(summary) > SUMMARY_LENGTH:
        raise ValueError(f"{place}summary: longer than {SUMMARY_LENGTH} characters")


def _check_value(variable: dict[str, Any], value: object, place: str) -> None:
    key = f"{place}values.{variable['name']}"
    if not isinstance(value, str):
        raise ValueError(f"{key}: text in quotes is expected")
    if variable["type"] == "choice" and value not in variable["choices"]:
        raise ValueError(f"{key}: {value!r} is not one of the choices")
    if variable["max_length"] is not None and len(value) > variable["max_length"]:
        raise ValueError(f"{key}: longer than {variable['max_length']} characters")
    if variable["type"] == "number":
        number = float(value)
        low, high = variable["min"], variable["max"]
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"{key}: {value} is out of range")
