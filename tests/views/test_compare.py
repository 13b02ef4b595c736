"""Two versions side by side: nothing lost, nothing invented."""

import re
from copy import deepcopy
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, Version
from prompts_app.services import versions
from prompts_app.services.comparison import Part, compare
from prompts_app.services.facing import marked
from tests import factories


def address(entry: Entry, query: str = "") -> str:
    return f"/@{entry.owner.profile.handle}/{entry.slug}/compare/{query}"


def page(client: Client, entry: Entry, query: str = "") -> str:
    response = client.get(address(entry, query))
    assert response.status_code == 200
    return response.content.decode()


def grown() -> Entry:
    """Return an entry whose second version changes every part of the first."""
    entry = factories.entry(
        content=factories.content(
            "Extract the data. {{ text }}",
            context="For accountants.",
            constraints=[{"text": "Answer in JSON only"}],
            parameters={"temperature": 1},
        )
    )
    factories.version(
        entry,
        factories.content(
            "",
            messages=[
                {"role": "system", "content": "You read invoices."},
                {"role": "user", "content": "Extract the totals. {{ text }} {{ tone }}"},
            ],
            variables=[
                factories.variable("text", label="Invoice"),
                factories.variable("tone", type="choice", choices=["dry", "warm"]),
            ],
            context="For busy accountants.",
            constraints=[{"text": "Answer in valid JSON only"}, {"text": "Never guess"}],
            parameters={"temperature": 0, "max_tokens": 500},
        ),
        "Twice as strict",
    )
    return entry


def test_settings_are_written_as_their_reader_writes() -> None:
    old = factories.content("{{ n }}", variables=[factories.variable("n")])
    new = deepcopy(old)
    new["variables"][0] |= {"type": "number", "max": 12000, "min": 0.5}
    for language, most, least in (("en", "12,000", "0.5"), ("fr", "12\u202f000", "0,5")):
        with translation.override(language):
            (part,) = compare(old, new).variables
        told = "".join(chunk.text for chunk in part.chunks if chunk.op != "removed")
        assert most in told.replace("\xa0", "\u202f"), told
        assert least in told, told


@pytest.mark.django_db
def test_every_part_is_compared_in_words(client: Client) -> None:
    shown = page(client, grown())
    assert "From version 1 to version 2" in shown
    for change in (
        "<ins>You read invoices.</ins>",
        "<del>data</del><ins>totals</ins>",
        "<ins>busy </ins>",
        "<ins>valid </ins>",
        "<ins>Never guess</ins>",
        "<del>1</del><ins>0</ins>",
        "<ins>500</ins>",
        "<del>Text</del><ins>Invoice</ins>",
        "dry, warm",
    ):
        assert change in shown, change


@pytest.mark.django_db
def test_the_way_back_is_the_same_way(client: Client) -> None:
    shown = page(client, grown(), "?from=2&to=1")
    assert "From version 2 to version 1" in shown
    assert "<del>totals</del><ins>data</ins>" in shown


@pytest.mark.django_db
def test_a_version_does_not_differ_from_itself(client: Client) -> None:
    shown = page(client, grown(), "?from=1&to=1")
    assert "Nothing differs" in shown
    assert "<ins>" not in shown
    assert "<del>" not in shown


@pytest.mark.django_db
def test_changed_text_is_text(client: Client) -> None:
    entry = factories.entry(content=factories.content("<b>old</b>"))
    factories.version(entry, factories.content("<script>new</script>"))
    shown = page(client, entry)
    assert "<script>new" not in shown
    assert "<b>old" not in shown


@pytest.mark.django_db
def test_a_withdrawn_version_cannot_be_compared(client: Client) -> None:
    entry = grown()
    factories.version(entry)
    first = entry.versions.get(number=1)
    versions.withdraw_version(first)
    shown = page(client, entry, "?from=1&to=3")
    assert "nothing left to compare" in shown
    assert "For accountants" not in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["?from=x", "?from=0", "?to=9", "?from=1&to=-1", "?from=%C2%B2", "?from=", "?to=" + "1" * 40],
)
def test_garbage_is_not_found(client: Client, query: str) -> None:
    assert client.get(address(grown(), query)).status_code == 404


@pytest.mark.django_db
def test_comparisons_of_a_draft_are_its_owners(client: Client) -> None:
    entry = grown()
    entry.visibility = Entry.Visibility.DRAFT
    entry.save()
    assert client.get(address(entry)).status_code == 404
    client.force_login(entry.owner)
    assert client.get(address(entry)).status_code == 200
    assert client.post(address(entry)).status_code == 405


@pytest.mark.django_db
def test_the_page_speaks_french(client: Client) -> None:
    response = client.get(address(grown()), headers={"accept-language": "fr"})
    assert '<html lang="fr">' in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("number", [3, 30])
def test_queries_stay_the_same(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    entry = grown()
    factories.versions_of(entry, number)
    with django_assert_max_num_queries(8):
        page(client, entry)


DATES = {"text": "Dates in ISO", "assertion": {"type": "regex", "value": r"\d{4}-\d\d-\d\d"}}
BRIEF = {"text": "Brief", "assertion": {"type": "word-count", "value": {"max": 3}}}


def run_twice() -> tuple[Entry, Version, Version]:
    """Return an entry whose second version has one constraint more, with runs of both."""
    entry = factories.entry(
        content=factories.content("Naive. {{ text }}", constraints=[BRIEF, {"text": "Kind"}])
    )
    first = entry.published
    second = factories.version(
        entry, factories.content("Engineered. {{ text }}", constraints=[BRIEF, DATES])
    )
    assert first is not None
    for name in ("one", "two"):
        case = factories.case(entry, name)
        for model in ("model-a", "model-b"):
            answer = f"It is of {name} May {model}"
            factories.run(first, case, output=answer, model_asked=model, prompt_tokens=18)
            factories.run(second, case, output=f"2026-05-01 {model}", model_asked=model,
                          prompt_tokens=412)  # fmt: skip
    return factories.judged(entry), first, second


def section(shown: str, heading: str) -> str:
    found = shown[shown.index(f'aria-labelledby="{heading}"') :]
    return found.split('<section class="section"')[0]


@pytest.mark.django_db
def test_what_became_of_both_stands_side_by_side(client: Client) -> None:
    entry, _first, _second = run_twice()
    shown = page(client, entry)
    cells = re.findall(r'<td class="num">(.*?)</td>', shown)
    assert cells == ["0 of 1", "2 of 2", "0 of 4", "8 of 8", "18", "412", "4", "4"]
    kept = section(shown, "h-constraints")
    lines = [one.split("</ul>")[0] for one in kept.split('class="tolds">')[1:]]
    assert [" ".join(re.sub(r"<.*?>", " ", line).split()) for line in lines] == [
        "Version 1: ✗ broken in 4 of 4 runs Version 2: ✓ kept in 4 of 4 runs",
        "Version 1: ✗ broken in 4 of 4 runs (by the rule of version 2)"
        " Version 2: ✓ kept in 4 of 4 runs",
        "Version 1: not tested Version 2: not stated",
    ]


@pytest.mark.django_db
def test_answers_to_the_same_input_stand_side_by_side_with_what_differs(client: Client) -> None:
    entry, _first, _second = run_twice()
    shown = section(page(client, entry), "h-answers")
    assert "Case 1 of 2" in shown
    assert "same input, same model: model-a" in shown
    assert "<del>It is of one May</del>" in shown
    assert "<ins>2026-05-01</ins>" in shown
    # Each is judged by the constraints of its own version.
    assert shown.count("constraint--broken") == 1
    assert shown.count("constraint--kept") == 2


@pytest.mark.django_db
def test_a_reader_steps_through_cases_and_models(client: Client) -> None:
    entry, first, _second = run_twice()
    lonely = factories.case(entry, "only once")
    factories.run(first, lonely)
    shown = section(page(client, entry), "h-answers")
    assert "only once" not in shown
    two = entry.cases.get(name="two")
    link = f"?from=1&to=2&case={two.pk}&model=model-a"
    assert f'href="{link}#answers"' in unescape(shown)
    other = section(page(client, entry, f"?from=1&to=2&case={two.pk}&model=model-b"), "h-answers")
    assert "It is of two May" in other
    assert "model-b" in other
    assert "Case 2 of 2" in other


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["&case=x", "&case=%00", "&model=none", "&with=y"])
def test_a_wish_nobody_can_meet_is_ignored(client: Client, query: str) -> None:
    entry, _first, _second = run_twice()
    assert "Case 1 of 2" in page(client, entry, f"?from=1&to=2{query}")


@pytest.mark.django_db
def test_runs_of_a_version_with_the_same_words_count_for_both(client: Client) -> None:
    entry, _first, _second = run_twice()
    content = factories.content("Engineered. {{ text }}", constraints=[BRIEF])
    factories.version(entry, content)
    factories.judged(entry)
    shown = page(client, entry, "?from=1&to=3")
    assert "rejudged: captured for version 2" in shown
    assert re.findall(r'<td class="num">(.*?)</td>', shown)[:4] == [
        "0 of 1",
        "1 of 1",
        "0 of 4",
        "4 of 4",
    ]
    same = page(client, entry, "?from=2&to=3")
    assert "so they share their runs" in same
    assert "h-answers" not in same


@pytest.mark.django_db
def test_the_baseline_is_told_of_by_the_published_constraints(client: Client) -> None:
    entry = factories.entry(content=factories.content("Naive. {{ text }}"))
    first = entry.published
    second = factories.version(
        entry, factories.content("Engineered. {{ text }}", constraints=[DATES])
    )
    assert first is not None
    case = factories.case(entry)
    for version, output in ((first, "some day"), (second, "2026-05-01")):
        factories.run(version, case, output=output)
    shown = page(client, factories.judged(entry))
    assert "(by the rule of version 2)" in shown
    answers = section(shown, "h-answers")
    assert answers.count("constraint--broken") == 1
    assert "The two answers share too little" in answers
    assert "<ins>" not in answers


@pytest.mark.django_db
def test_runs_of_the_demo_model_are_not_set_against_real_ones(client: Client) -> None:
    entry, _first, second = run_twice()
    for case in entry.cases.all():
        factories.run(second, case, is_demo=True, model_asked="demo-small", output="a b c d e f")
    shown = page(client, factories.judged(entry))
    assert "8 of 8" in shown
    assert "demo model" not in section(shown, "h-messages")[:1] + shown[: shown.index("h-messages")]


@pytest.mark.django_db
def test_long_answers_are_compared_within_bounds(client: Client) -> None:
    entry, first, second = run_twice()
    case = entry.cases.first()
    factories.run(first, case, output="word " * 40_000)
    factories.run(second, case, output="ward " * 40_000)
    shown = page(client, factories.judged(entry))
    assert "Only the beginning of these answers is compared" in shown
    assert len(shown) < 150_000


@pytest.mark.django_db
def test_pictures_stand_side_by_side(client: Client) -> None:
    entry = factories.entry(content=factories.content("A mug", kind="image"))
    first = entry.published
    second = factories.version(entry, factories.content("A blue mug", kind="image"))
    assert first is not None
    made = [factories.picture(entry.owner, entry=entry) for _version in range(2)]
    for version, picture in zip((first, second), made, strict=True):
        factories.run(version, output="", picture=picture, values={})
    shown = section(page(client, entry), "h-answers")
    for picture in made:
        assert f"/media/{picture.pk}.png" in shown
    assert "word for word" not in shown


@pytest.mark.django_db
@pytest.mark.parametrize("number", [2, 20])
def test_queries_stay_the_same_with_more_runs(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    entry, first, second = run_twice()
    for position in range(number):
        case = factories.case(entry, f"case {position}")
        for version in (first, second):
            for model in ("model-a", "model-c"):
                factories.run(version, case, model_asked=model)
    factories.judged(entry)
    with django_assert_max_num_queries(8):
        page(client, entry)


@given(st.text(max_size=60), st.text(max_size=60))
def test_marked_answers_can_be_read_back(before: str, after: str) -> None:
    found = marked(before, after)
    assert "".join(chunk.text for chunk in found.before) == before
    assert "".join(chunk.text for chunk in found.after) == after
    assert (found.state == "same") == (before == after)


TEXT = st.text("ab \n{", max_size=30)
ASSERTIONS: list[dict[str, Any]] = [
    {"type": "word-count", "value": {"max": 120}},
    {"type": "word-count", "value": {"max": 80}},
    {"type": "is-json", "value": {"required": ["a"]}},
    {"type": "is-json", "value": {"required": ["b"]}},
]
CONTENTS = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXT}
            ),
            max_size=5,
        ),
        "context": TEXT,
        "constraints": st.lists(
            st.fixed_dictionaries(
                {"text": TEXT}, optional={"assertion": st.sampled_from(ASSERTIONS)}
            ),
            max_size=5,
        ),
        "variables": st.sets(st.sampled_from("xyz")).map(
            lambda names: [factories.variable(name, default=name) for name in sorted(names)]
        ),
        "parameters": st.dictionaries(st.sampled_from("pqr"), st.integers(0, 9), max_size=3),
    }
)


def side(parts: list[Part], op: str) -> list[str]:
    """Return one side's texts: "removed" gives the old, "added" the new."""
    texts = (
        "".join(chunk.text for chunk in part.chunks if chunk.op in ("same", op)) for part in parts
    )
    return [text for text in texts if text]


@given(CONTENTS, CONTENTS)
def test_both_versions_can_be_read_back(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare(old, new)
    for op, content in (("removed", old), ("added", new)):
        messages = [one["content"] for one in content["messages"] if one["content"]]
        assert side(found.messages, op) == messages
        assert side(found.context, op) == [content["context"]][: bool(content["context"])]
        constraints = sorted(one["text"] for one in content["constraints"] if one["text"])
        assert sorted(side(found.constraints, op)) == constraints
        place = 0 if op == "removed" else 1
        tests = [part.tests[place] for part in found.constraints if part.tests[place]]
        tested = [one["assertion"] for one in content["constraints"] if "assertion" in one]
        assert sorted(map(str, tests)) == sorted(map(str, tested))
    for part in found.messages:
        roles = {one["role"] for one in (*old["messages"], *new["messages"])}
        assert part.name in roles


@given(CONTENTS)
def test_what_tests_a_constraint_is_part_of_it(content: dict[str, Any]) -> None:
    for place, constraint in enumerate(content["constraints"]):
        other = deepcopy(content)
        other["constraints"][place] = {
            "text": constraint["text"],
            "assertion": {"type": "not-contains", "value": "x"},
        }
        found = compare(content, other)
        assert not found.same
        assert "not-contains" in str([part.tests for part in found.constraints if not part.same])


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (None, ASSERTIONS[0], "<ins>\ntested: has at most 120 words</ins>"),
        (ASSERTIONS[0], None, "<del>\ntested: has at most 120 words</del>"),
        (ASSERTIONS[0], ASSERTIONS[1], "\ntested: has at most <del>120</del><ins>80</ins> words"),
        # Both are said in the same words.
        (ASSERTIONS[2], ASSERTIONS[3], "&quot;<del>a</del><ins>b</ins>&quot;"),
    ],
)
@pytest.mark.django_db
def test_a_changed_rule_is_a_change(
    client: Client, old: dict[str, Any] | None, new: dict[str, Any] | None, shown: str
) -> None:
    first, second = (
        factories.content(
            "Sum up: {{ text }}",
            constraints=[{"text": "Brief"} | ({"assertion": spec} if spec else {})],
        )
        for spec in (old, new)
    )
    entry = factories.entry(content=first)
    factories.version(entry, second, "Other rule")
    compared = page(client, entry)
    assert "Brief" in compared
    assert shown in compared
    assert "Nothing differs" not in compared


@given(CONTENTS)
def test_nothing_changes_between_equal_versions(content: dict[str, Any]) -> None:
    assert compare(content, content).same


def test_long_texts_are_compared_within_bounds() -> None:
    messages = [{"role": "user", "content": f"{word} " * 30_000} for word in "abcdefgh"]
    other = [{"role": "user", "content": f"{word} x " * 15_000} for word in "abcdefgh"]
    base = {"context": "", "constraints": [], "variables": [], "parameters": {}}
    found = compare(base | {"messages": messages}, base | {"messages": other})
    assert side(found.messages, "removed") == [one["content"] for one in messages]
    assert side(found.messages, "added") == [one["content"] for one in other]
