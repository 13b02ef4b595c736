"""The sample portfolio is whole, rich enough, and refuses mistakes by name."""

import re
import shutil
from pathlib import Path

import pytest

from prompts_app.demo.portfolio import FOLDER, SampleEntry, load

ENTRIES = load().entries


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


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.language == "fr"], ids=lambda e: e.slug)
def test_french_signs_never_stand_at_the_start_of_a_line(entry: SampleEntry) -> None:
    texts = [entry.title, entry.summary, entry.use_case]
    for version in entry.versions:
        texts += [version.change_note, version.content["context"]]
        texts += [constraint["text"] for constraint in version.content["constraints"]]
        texts += [message["content"] for message in version.content["messages"]]
    texts += [case.watch_for for case in entry.cases]
    for text in texts:
        assert not re.search(r"[ \n][:;!?»]|«[ \n]", text), text
        assert not re.search(r"\w'\w", text), text


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


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    shutil.copytree(FOLDER, folder)
    (folder / "9-broken.yaml").write_text("slug: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"9-broken\.yaml"):
        load(folder)
