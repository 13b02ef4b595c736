"""The templates to start from: the same ones in both languages, each with rules that work."""

import pytest

from prompts_app.assertions import registry
from prompts_app.demo import starters
from prompts_app.demo.starters import Starter
from prompts_app.transfer import document as limits

ALL = [one for language in starters.LANGUAGES for one in starters.load(language).values()]


def rules(starter: Starter) -> list[str]:
    found = [one.get("assertion", {}) for one in starter.content["constraints"]]
    return [one["type"] for one in found if one]


def test_both_languages_have_the_same_six() -> None:
    english, french = (starters.load(language) for language in starters.LANGUAGES)
    wanted = ["extraction", "classification", "summary", "role-play", "translation", "picture"]
    assert list(english) == list(french) == wanted
    for key in wanted:
        assert rules(english[key]) == rules(french[key])
        assert len(english[key].cases) == len(french[key].cases)
        assert english[key].content["parameters"] == french[key].content["parameters"]
    assert starters.load("de") == english


@pytest.mark.parametrize("starter", ALL, ids=lambda one: f"{one.language}-{one.key}")
def test_a_template_has_everything_an_entry_needs(starter: Starter) -> None:
    content = starter.content
    assert len(starter.title) <= limits.MAX_TITLE
    assert len(starter.summary) <= limits.MAX_SUMMARY
    assert len(starter.about) <= 80
    assert content["context"]
    assert rules(starter)
    for constraint in content["constraints"]:
        assert len(constraint["text"]) <= limits.MAX_CONSTRAINT
        if "assertion" in constraint:
            assert registry.check(constraint["assertion"]) == []
    # The first case runs as it is; the others say what belongs there.
    first, *others = starter.cases
    assert "[" not in "".join(first.values.values())
    assert others
    for case in others:
        assert any(value.startswith("[") for value in case.values.values())
        assert case.watch_for
    for variable in content["variables"]:
        for case in starter.cases:
            if variable["type"] == "choice":
                assert case.values[variable["name"]] in variable["choices"]


def test_what_is_loaded_is_nobodys_to_change() -> None:
    starter = starters.load("en")["summary"]
    starters.content_of(starter)["messages"].clear()
    assert starter.content["messages"]
