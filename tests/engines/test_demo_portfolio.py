"""The sample portfolio is whole, rich enough, and refuses mistakes by name."""

import re
import shutil
from pathlib import Path

import pytest

from prompts_app.assertions import registry
from prompts_app.assertions.base import Output
from prompts_app.demo import rules
from prompts_app.demo.portfolio import FOLDER, SampleEntry, SampleVersion, load
from prompts_app.text import variables

ENTRIES = load().entries
TEXTS = [entry for entry in ENTRIES if entry.kind == "text"]


def test_one_author_and_six_entries_two_of_them_french() -> None:
    portfolio = load()
    assert portfolio.author.email == "demo@promptfolio.example"
    assert portfolio.author.availability == "open"
    assert all(
        re.match(r"https://[a-z.]*example\.com/", link.url) for link in portfolio.author.links
    )
    assert len(portfolio.entries) == 6
    assert sum(entry.language == "fr" for entry in portfolio.entries) == 2
    assert {entry.kind for entry in portfolio.entries} == {"text", "image"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)
def test_an_entry_is_rich_enough(entry: SampleEntry) -> None:
    naive, *better = entry.versions
    assert entry.baseline == 1
    assert len(naive.content["messages"]) == 1
    assert len(naive.content["messages"][0]["content"].split()) < 20
    assert len(better) >= 2
    assert len(entry.cases) >= 3
    last = better[-1].content
    assert 3 <= len(last["constraints"]) <= 6
    assert last["context"].count("\n\n") in (1, 2)
    assert len({version.change_note for version in entry.versions}) == len(entry.versions)
    assert all(note.change_note.endswith(".") for note in entry.versions)
    assert all(case.watch_for.endswith(".") for case in entry.cases)


def test_the_four_types_of_variable_are_shown() -> None:
    types = {
        variable["type"]
        for entry in ENTRIES
        for version in entry.versions
        for variable in version.content["variables"]
    }
    assert types == {"text", "long_text", "choice", "number"}


def test_one_entry_ends_with_a_shorter_rewrite() -> None:
    entry = next(entry for entry in ENTRIES if len(entry.versions) > 3)
    third, fourth = (
        sum(len(message["content"]) for message in version.content["messages"])
        for version in entry.versions[2:4]
    )
    assert fourth < 0.6 * third
    assert entry.versions[2].content["constraints"] == entry.versions[3].content["constraints"]


def test_assertions_are_ones_the_site_knows_and_some_constraints_have_none() -> None:
    constraints = [
        constraint
        for entry in ENTRIES
        for version in entry.versions
        for constraint in version.content["constraints"]
    ]
    specs = [constraint["assertion"] for constraint in constraints if "assertion" in constraint]
    assert [(spec, problem) for spec in specs for problem in registry.check(spec)] == []
    assert len({spec["type"] for spec in specs}) >= 5
    assert 0.2 < 1 - len(specs) / len(constraints) < 0.6
    # A picture has no text that a rule could look at.
    assert not any(
        "assertion" in one
        for entry in ENTRIES
        if entry.kind == "image"
        for version in entry.versions
        for one in version.content["constraints"]
    )


@pytest.mark.parametrize("entry", TEXTS, ids=lambda entry: entry.slug)
def test_the_last_version_keeps_what_the_one_liner_breaks(entry: SampleEntry) -> None:
    naive, last = entry.versions[0], entry.versions[-1]
    before = _kept(entry, naive, last, careful=True)
    for careful in (True, False):
        after = _kept(entry, last, last, careful=careful)
        assert after >= 0.85
        assert before < after - 0.25


def _kept(entry: SampleEntry, version: SampleVersion, by: SampleVersion, *, careful: bool) -> float:
    """The share of checks that the demo model's answers to `version` pass by the rules of `by`."""
    specs = [one["assertion"] for one in by.content["constraints"] if "assertion" in one]
    states = []
    for case in entry.cases:
        messages = [
            {"role": one["role"], "content": variables.render(one["content"], case.values)}
            for one in version.content["messages"]
        ]
        text = rules.answer(messages, version.content["parameters"], careful=careful)
        states += [registry.judge(spec, Output(text)).state for spec in specs]
    assert "untestable" not in states
    return states.count("passed") / len(states)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)
def test_an_entry_is_told_whole_in_both_languages(entry: SampleEntry) -> None:
    assert {entry.language, entry.second_language} == {"en", "fr"}
    last = entry.versions[-1].content
    said = [entry.title, entry.summary, entry.use_case, *entry.stated.values(), last["context"]]
    said += [constraint["text"] for constraint in last["constraints"]]
    said += [text for case in entry.cases for text in (case.name, case.watch_for)]
    assert set(entry.second_words) == set(said)
    for text, translation in entry.second_words.items():
        assert translation != text
        assert translation.count("\n\n") == text.count("\n\n")
        # What a program reads is the same in every language.
        assert re.findall("`[^`]+`", translation) == re.findall("`[^`]+`", text)
    assert len(set(entry.second_words.values())) == len(said)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)
def test_french_signs_never_stand_at_the_start_of_a_line(entry: SampleEntry) -> None:
    texts = _written(entry) if entry.language == "fr" else list(entry.second_words.values())
    for text in texts:
        assert not re.search(r"[ \n][:;!?»]|«[ \n]", text), text
        assert not re.search(r"\w'\w", text), text


def _written(entry: SampleEntry) -> list[str]:
    """Return what stands in the entry's own language."""
    texts = [entry.title, entry.summary, entry.use_case, *entry.stated.values()]
    for version in entry.versions:
        texts += [version.change_note, version.content["context"]]
        texts += [constraint["text"] for constraint in version.content["constraints"]]
        texts += [message["content"] for message in version.content["messages"]]
    return texts + [case.watch_for for case in entry.cases]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("slug: sql-explainer", "slug: SQL", "slug"),
        ("language: en", "language: de", "language"),
        ("baseline: 1", "baseline: 9", "baseline"),
        ("kind: text\nbaseline", "kind: image\nbaseline", r"versions\[1\].content.kind"),
        ("title: ", "titel: ", "titel"),
        ('max_words: "180"', 'max_words: "999"', r"cases\[1\].values.max_words"),
        ('max_words: "180"', "max_words: 180", r"cases\[1\].values.max_words"),
        ("{{ reader }}", "{{ readers }}", r"versions\[3\].content.variables"),
        ("temperature: 0", "temperature: warm", r"content.parameters.temperature"),
        ("role: system", "role: boss", r"messages\[1\].role"),
        ("text: The query", "texte: The query", r"constraints\[3\]"),
        ("text: The query is not rewritten.", "text: 3", r"constraints\[3\].text"),
        ("{type: not-contains,", "{kind: not-contains,", r"constraints\[3\].assertion"),
        ("second:\n  language: fr", "second: French\nmore:\n  language: fr", "more"),
        ("second:\n  language: fr\n", "second:\n", r"second\.language: missing"),
        ("  language: fr", "  language: en", r"second\.language"),
        ("  language: fr", "  language: de", r"second\.language"),
        ("  title: Une", "  titel: Une", r"second\.titel"),
        ("  title: Une", "  slug: une\n  title: Une", r"second\.slug: unknown"),
        ("  title: Une", "  title: 3\n  summary: Une", r"second\.title: text"),
        ("    Explique une", f"    {'Long ' * 32}", r"second\.summary: longer"),
        ("    - La requête n’est pas réécrite.\n", "", r"second\.constraints: 6 are expected"),
        ("- La requête n’est pas réécrite.", "- 3", r"second\.constraints: a list of texts"),
        ("    - name: Ce n’est pas du SQL\n", "    - nom: Non\n", r"second\.cases\.nom: unknown"),
        ("  title: Une", "  stated: {}\n  title: Une", r"second\.stated: unknown"),
    ],
)
def test_a_mistake_names_its_file_and_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    folder = tmp_path / "portfolio"
    shutil.copytree(FOLDER, folder)
    path = folder / "4-sql-explainer.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"4-sql-explainer\.yaml: .*{named}"):
        load(folder)


def test_what_an_author_states_is_told_in_both_languages_or_in_one(tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    shutil.copytree(FOLDER, folder)
    path = folder / "2-support-ticket-triage.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^    outcome: .+\n", "", text, flags=re.M), encoding="utf-8")
    with pytest.raises(ValueError, match=r"2-support.*: second\.stated\.outcome: missing"):
        load(folder)
    path.write_text(re.sub(r"^second:\n(  .*\n|\n)+", "", text, flags=re.M), encoding="utf-8")
    entry = next(one for one in load(folder).entries if one.slug == "support-ticket-triage")
    assert (entry.second_language, entry.second_words) == ("", {})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    shutil.copytree(FOLDER, folder)
    (folder / "9-broken.yaml").write_text("slug: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"9-broken\.yaml"):
        load(folder)
