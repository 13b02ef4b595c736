"""The rule of a constraint in the editor: every type of it kept, and every mistake at its field."""

import html
import json
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prompts_app.assertions import registry
from prompts_app.assertions.registry import ASSERTIONS
from prompts_app.forms import assertions
from prompts_app.forms.content import DraftForm
from prompts_app.models import Draft, Entry
from prompts_app.receipts.canonical import content_hash
from prompts_app.services import entries
from prompts_app.text import clean
from tests import factories
from tests.engines import rules as made
from tests.views.drafts import rows, sent

pytestmark = pytest.mark.django_db

OF_EACH = 4


@pytest.fixture
def entry(client: Client) -> Entry:
    """An unpublished entry whose author is signed in."""
    entry = factories.entry(published=False, content=entries.EMPTY_CONTENT)
    client.force_login(entry.owner)
    return entry


def address(entry: Entry) -> str:
    return reverse("studio_entry", args=[entry.slug])


def kept(entry: Entry) -> list[dict[str, Any]]:
    """The constraints that are kept now."""
    constraints: list[dict[str, Any]] = Draft.objects.get(entry=entry).content["constraints"]
    return constraints


def specifications() -> Iterator[dict[str, Any]]:
    """Right specifications of every rule and of its negation, as far as one can type them."""
    chance = random.Random(7)
    wanted = {f"{negation}{kind}": OF_EACH for negation in ("", "not-") for kind in ASSERTIONS}
    for kind in ASSERTIONS:
        if not ASSERTIONS[kind].parameters:
            wanted |= {kind: 1, f"not-{kind}": 1}
    while wanted:
        spec = made.specification(chance)
        kind = str(spec["type"])
        if kind in wanted and not registry.check(spec) and _typable(spec):
            wanted[kind] -= 1
            if not wanted[kind]:
                del wanted[kind]
            yield spec


def _typable(spec: Mapping[str, Any]) -> bool:
    values = list(registry.given(spec).values())
    lines = [line for value in values if isinstance(value, list) for line in value]
    texts = [value for value in values if isinstance(value, str)] + lines
    return (
        None not in spec.values()
        and all(text == clean.normalise(text) for text in texts)
        and not any(clean.problem(text, multiline=True) for text in texts)
        and not any("\n" in line or not line.strip() for line in lines)
    )


def typed(spec: Mapping[str, Any]) -> dict[str, str]:
    """What an author types into a row for `spec`."""
    kind = str(spec["type"])
    row = {"rule": kind.removeprefix("not-")}
    if kind.startswith("not-"):
        row["negated"] = "on"
    for parameter in ASSERTIONS[row["rule"]].parameters:
        value: Any = spec
        for key in parameter.place:
            value = value.get(key) if isinstance(value, Mapping) else None
        match value:
            case None:
                text = ""
            case list():
                text = "\r\n".join(value)
            case bool() | dict():
                text = json.dumps(value, indent=1)
            case _:
                text = str(value).replace("\n", "\r\n")
        row[parameter.name] = text
    return row


def test_every_rule_is_offered_once() -> None:
    offered = [name for _group, names in assertions.GROUPS for name in names]
    assert sorted(offered) == sorted(ASSERTIONS)
    own = {"text", "rule", "negated", "ORDER", "DELETE"}
    for rule in ASSERTIONS.values():
        assert own.isdisjoint(one.name for one in rule.parameters)


def test_every_rule_is_kept_as_typed_and_opens_as_kept(client: Client, entry: Entry) -> None:
    specs = list(specifications())
    revision = 1
    for start in range(0, len(specs), 30):
        some = specs[start : start + 30]
        response = client.post(
            address(entry),
            sent(revision, constraints=[{"text": "It holds.", **typed(spec)} for spec in some]),
        )
        assert response.status_code == 302, response.context["form"].constraints.forms
        expected = [{"text": "It holds.", "assertion": spec} for spec in some]
        assert kept(entry) == expected
        form: DraftForm = client.get(address(entry)).context["form"]
        assert client.post(address(entry), rows(form)).status_code == 302
        assert kept(entry) == expected
        revision += 2


# What is typed, the field that says what is wrong with it, and what it says.
MISTAKES: dict[str, tuple[dict[str, str], str, str]] = {
    "no such rule": ({"rule": "telepathy"}, "rule", "There is no such rule."),
    "no text": ({"rule": "contains", "value": ""}, "value", "Fill this in."),
    "long text": ({"rule": "contains", "value": "x" * 20_001}, "value", "20,000 characters"),
    "hidden text": ({"rule": "equals", "value": "a\u202eb"}, "value", "reading direction"),
    "no lines": ({"rule": "contains-any", "value": " \n\n"}, "value", "Fill this in."),
    "many lines": ({"rule": "contains-any", "value": "x\n" * 101}, "value", "100 lines"),
    "long line": ({"rule": "contains-all", "value": "x" * 1001}, "value", "1,000 characters"),
    "no number": ({"rule": "word-count", "max": "many"}, "max", "whole number"),
    "a fraction": ({"rule": "length", "min": "2.5"}, "min", "whole number"),
    "no bound": ({"rule": "word-count"}, "max", "Give a least, a most, or both."),
    "bounds": ({"rule": "length", "min": "3", "max": "2"}, "max", "less than the least, 3"),
    "negative": ({"rule": "word-count", "min": "-1"}, "min", "Not less than 0."),
    "large": ({"rule": "rouge-n", "value": "x", "threshold": "1,5"}, "threshold", "more than 1."),
    "no threshold": ({"rule": "latency", "threshold": ""}, "threshold", "Fill this in."),
    "threshold": ({"rule": "cost", "threshold": "$"}, "threshold", "Write a number"),
    "no choice": ({"rule": "language", "value": ""}, "value", "Fill this in."),
    "choice": ({"rule": "language", "value": "tlh"}, "value", "Choose one of the list."),
    "database": ({"rule": "is-sql", "database": "dBase"}, "database", "Choose one of the list."),
    "pattern": ({"rule": "regex", "value": "a(b"}, "value", "no regular expression"),
    "long pattern": ({"rule": "regex", "value": "a" * 1001}, "value", "1,000 characters"),
    "no JSON": ({"rule": "is-json", "value": '{\n "a": }'}, "value", "line 2, column 7"),
    "not a number": ({"rule": "is-json", "value": '{"a": NaN}'}, "value", "This is not JSON."),
    "a list": ({"rule": "is-json", "value": "[]"}, "value", "not the kind of value"),
    "null": ({"rule": "contains-json", "value": "null"}, "value", "not the kind of value"),
    "deep": ({"rule": "is-json", "value": '{"a":' * 61 + "{}" + "}" * 61}, "value", "60 levels"),
    "deeper": ({"rule": "is-json", "value": '{"a":' * 5000}, "value", "60 levels"),
    "long schema": ({"rule": "is-json", "value": '{"a":' + " " * 50_000}, "value", "50,000"),
    "schema": ({"rule": "is-json", "value": '{"type": "nonsense"}'}, "value", "no JSON Schema"),
    "dialect": ({"rule": "is-json", "value": '{"$schema": "urn:x"}'}, "value", "$schema"),
    "elsewhere": (
        {"rule": "is-json", "value": '{"$ref": "https://example.org/s"}'},
        "value",
        "Nothing is fetched from elsewhere.",
    ),
    "nul": ({"rule": "is-json", "value": '{"const": "\\u0000"}'}, "value", "cannot be stored"),
    "no question": ({"rule": "llm-rubric", "value": ""}, "value", "Fill this in."),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_at_its_field_and_nothing_is_lost(
    client: Client, entry: Entry, name: str
) -> None:
    row, field, said = MISTAKES[name]
    good = {"text": "Brief.", "rule": "word-count", "max": "120"}
    response = client.post(
        address(entry),
        sent(constraints=[good, {"text": "Keep me", "negated": "on", **row}], context="And me"),
    )
    assert response.status_code == 422
    form: DraftForm = response.context["form"]
    assert [list(one.errors) for one in form.constraints.kept] == [[], [field]]
    page = response.content.decode()
    at_field = re.search(rf'id="id_constraints-1-{field}_error">(.*?)</div>', page, re.DOTALL)
    assert at_field is not None
    assert said in html.unescape(at_field[1])
    assert f'href="#id_constraints-1-{field}"' in page
    for text in ("Keep me", "And me", 'name="constraints-1-negated"'):
        assert text in page
    raw = form.constraints.raw()[1]
    assert all(raw[key] == value for key, value in row.items())
    assert kept(entry) == []


def test_all_mistakes_are_said_at_once(client: Client, entry: Entry) -> None:
    wrong = [{"rule": "regex", "value": "("}, {"rule": "length"}, {"text": "x" * 301}]
    response = client.post(address(entry), sent(constraints=wrong))
    form: DraftForm = response.context["form"]
    errors = [list(one.errors) for one in form.constraints.kept]
    assert errors == [["value"], ["max"], ["text"]]


def test_a_removed_row_is_not_looked_at(client: Client, entry: Entry) -> None:
    data = sent(constraints=[{"rule": "regex", "value": "("}])
    assert client.post(address(entry), data | {"constraints-0-DELETE": "on"}).status_code == 302
    assert kept(entry) == []


def test_hostile_expressions_do_not_take_the_server_for_long(client: Client, entry: Entry) -> None:
    slow = {"rule": "regex", "value": "((a{500}){500}){500}"}
    with made.in_time():
        response = client.post(address(entry), sent(constraints=[slow] * 30))
    assert response.status_code == 422
    form: DraftForm = response.context["form"]
    assert all(list(one.errors) == ["value"] for one in form.constraints.kept)


def test_without_scripts_a_button_shows_the_fields_of_the_rule(
    client: Client, entry: Entry
) -> None:
    typed_so_far = sent(
        messages=[("user", "Hello {{ you }}")],
        constraints=["Untouched.", {"text": "Brief.", "rule": "word-count", "negated": "on"}],
        context="A context",
    )
    response = client.post(address(entry), typed_so_far | {"show_fields": "1"})
    assert response.status_code == 200
    page = response.content.decode()
    for text in ('name="constraints-1-min"', 'name="constraints-1-max"', "A context", "Brief."):
        assert text in page
    assert 'name="constraints-0-max"' not in page
    assert response.context["form"].constraints.forms[1]["negated"].value() is True
    assert kept(entry) == []
    # What was typed for one rule goes along to another that has a field of that name.
    data = rows(response.context["form"]) | {
        "constraints-1-max": "9",
        "constraints-1-rule": "length",
    }
    response = client.post(address(entry), data | {"show_fields": "1"})
    assert response.context["form"].constraints.forms[1]["max"].value() == "9"
    response = client.post(address(entry), data)
    assert response.status_code == 302
    assert kept(entry)[1]["assertion"] == {"type": "not-length", "value": {"max": 9}}


def test_the_editor_has_the_fields_of_every_rule_once(client: Client, entry: Entry) -> None:
    page = client.get(address(entry)).content.decode()
    for name, rule in ASSERTIONS.items():
        assert page.count(f'<template data-rule="{name}">') == bool(rule.parameters)
    assert "constraints-__prefix__-threshold" in page


def test_many_constraints_leave_the_page_light(client: Client, entry: Entry) -> None:
    few = len(client.get(address(entry)).content)
    content = entries.EMPTY_CONTENT | {
        "constraints": [{"text": "Brief.", "assertion": {"type": "is-html"}}] * 30
    }
    entries.save_draft(entry, content, 1)
    many = len(client.get(address(entry)).content)
    assert (many - few) / 30 < 7_000


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "The answer has at most 120 words."),
        ("fr", "La réponse compte au plus 120 mots."),
        ("de", "The answer has at most 120 words."),
    ],
)
def test_without_a_sentence_the_rule_gives_it_in_the_entrys_language(
    client: Client, entry: Entry, language: str, expected: str
) -> None:
    Entry.objects.filter(pk=entry.pk).update(language=language)
    client.cookies["language"] = "en" if language == "fr" else "fr"
    row = {"text": "  ", "rule": "word-count", "max": "120"}
    preview = client.post(reverse("studio_preview", args=[entry.slug]), sent(constraints=[row]))
    assert expected in preview.content.decode()
    client.post(address(entry), sent(constraints=[row]))
    assert [one["text"] for one in kept(entry)] == [expected]


def test_a_sentence_made_of_a_long_text_fits(client: Client, entry: Entry) -> None:
    row = {"rule": "contains-all", "value": "\n".join(f"{n} " + "x" * 150 for n in range(90))}
    client.post(address(entry), sent(constraints=[row, {"rule": "equals", "value": "a\nb\n"}]))
    assert all(0 < len(one["text"]) <= 300 and "\n" not in one["text"] for one in kept(entry))
    form: DraftForm = client.get(address(entry)).context["form"]
    assert client.post(address(entry), rows(form)).status_code == 302


def test_a_constraint_without_a_rule_says_nothing_of_one(client: Client, entry: Entry) -> None:
    before = content_hash(
        entries.EMPTY_CONTENT
        | {"messages": [{"role": "user", "content": "Hello"}], "constraints": [{"text": "Brief."}]}
    )
    row = {"text": "Brief.", "rule": "", "negated": "on", "value": "left over"}
    client.post(address(entry), sent(constraints=[row]))
    assert kept(entry) == [{"text": "Brief."}]
    assert content_hash(Draft.objects.get(entry=entry).content) == before
    assert 'value="Brief."' in client.get(address(entry)).content.decode()


def test_the_preview_shows_how_each_is_tested(client: Client, entry: Entry) -> None:
    constraints: list[str | dict[str, str]] = [
        {"text": "Brief.", "rule": "word-count", "max": "120"},
        {"text": "Half a rule.", "rule": "regex", "value": ""},
        "Stated.",
    ]
    response = client.post(
        reverse("studio_preview", args=[entry.slug]), sent(constraints=constraints)
    )
    page = response.content.decode()
    assert "tested: has at most 120 words" in page
    assert page.count("stated, not tested") == 2


def test_two_tabs_see_that_only_the_rule_differs(client: Client, entry: Entry) -> None:
    row = {"text": "Brief.", "rule": "word-count", "max": "120"}
    client.post(address(entry), sent(constraints=[row]))
    response = client.post(address(entry), sent(constraints=[row | {"max": "80"}]))
    assert response.status_code == 409
    page = response.content.decode()
    assert "<del>120</del>" in page
    assert "<ins>80</ins>" in page
    assert response.context["form"].constraints.raw()[0]["max"] == "80"


def test_a_picture_is_tested_by_what_needs_no_text(client: Client) -> None:
    content = entries.EMPTY_CONTENT | {"kind": "image"}
    entry = factories.entry(published=False, content=content)
    client.force_login(entry.owner)
    page = client.get(address(entry)).content.decode()
    assert '<option value="latency">' in page
    assert '<option value="contains">' not in page
    row = {"text": "Quick.", "rule": "latency", "threshold": "9000"}
    client.post(address(entry), sent(messages=[("user", "A cup")], constraints=[row]))
    assert kept(entry) == [{"text": "Quick.", "assertion": {"type": "latency", "threshold": 9000}}]
    refused = {"text": "Quick.", "rule": "contains", "value": "x"}
    data = sent(2, messages=[("user", "A cup")], constraints=[refused])
    assert client.post(address(entry), data).status_code == 422


def test_the_public_page_says_how_each_is_tested(client: Client) -> None:
    schema = {"type": "object", "required": ["total"]}
    content = factories.content(
        "Read: {{ text }}",
        constraints=[
            {"text": "Only JSON.", "assertion": {"type": "is-json", "value": schema}},
            {"text": "No advice.", "assertion": {"type": "not-icontains", "value": "you should"}},
            {"text": "Kind."},
        ],
    )
    entry = factories.entry(content=content, language="fr")
    page = client.get(
        reverse("entry", args=[entry.owner.profile.handle, entry.slug])
    ).content.decode()
    shown = page[page.index('id="constraints"') :]
    for text in (
        '<span lang="fr">Only JSON.</span>',
        "tested: is JSON that matches the schema",
        "&quot;required&quot;",
        "tested: does not contain “you should”, capitals or not",
    ):
        assert text in shown
    assert shown.count("stated, not tested") == 1
    assert "Stated by the author, not tested" not in page
