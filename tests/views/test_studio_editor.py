"""The editor: saving, refusing without losing, two tabs, and every button without scripts."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from prompts_app.forms.content import DraftForm
from prompts_app.models import Draft, Entry
from prompts_app.services import entries, versions
from tests import factories
from tests.views.drafts import rows, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(client: Client) -> Entry:
    """An unpublished entry whose author is signed in."""
    made = factories.entry(published=False, content=entries.EMPTY_CONTENT)
    client.force_login(made.owner)
    return made


def address(entry: Entry) -> str:
    """Return the editor's address."""
    return reverse("studio_entry", args=[entry.slug])


def draft(entry: Entry) -> dict[str, Any]:
    """Return the content that is kept now."""
    content: dict[str, Any] = Draft.objects.get(entry=entry).content
    return content


def test_what_was_typed_is_kept(client: Client, entry: Entry) -> None:
    variable = {"name": "pages", "type": "number", "label": "Pages", "default": "2,5"}
    response = client.post(
        address(entry),
        sent(
            messages=[
                ("system", "You are brief."),
                ("user", "Sum up in {{ pages }} pages: {{ t }}"),
            ],
            variables=[variable | {"min": "1", "max": "10", "choices": "ignored"}],
            constraints=["Only prose.", "", "No lists."],
            context="For *editors*.",
            temperature="0,7",
            max_tokens="400",
            response_format="text",
        ),
    )
    assert response.status_code == 302
    kept = draft(entry)
    assert [one["role"] for one in kept["messages"]] == ["system", "user"]
    assert kept["variables"] == [
        factories.variable("pages", type="number", label="Pages", default="2.5", min=1, max=10),
        factories.variable("t", label=""),
    ]
    assert kept["constraints"] == [{"text": "Only prose."}, {"text": "No lists."}]
    assert kept["parameters"] == {
        "temperature": 0.7,
        "max_tokens": 400,
        "response_format": "text",
    }
    page = client.get(address(entry)).content.decode()
    assert "For *editors*." in page
    assert 'value="0.7"' in page


def test_saving_from_a_script_says_what_is_kept(client: Client, entry: Entry) -> None:
    response = client.post(
        address(entry), sent(messages=[("user", "Hello")]), headers={"Accept": "application/json"}
    )
    answer = response.json()
    assert answer["revision"] == Draft.objects.get(entry=entry).revision == 2
    assert answer["saved_at"].startswith("20")


def test_a_variable_no_message_uses_is_not_kept_and_this_is_said(
    client: Client, entry: Entry
) -> None:
    client.post(address(entry), sent(messages=[("user", "{{ a }} {{ b }}")]))
    response = client.post(address(entry), sent(2, messages=[("user", "{{ b }}")]), follow=True)
    assert [one["name"] for one in draft(entry)["variables"]] == ["b"]
    assert "no longer kept: a." in response.content.decode()


def test_variables_are_shown_in_the_order_of_their_first_use(client: Client, entry: Entry) -> None:
    sent_first = [{"name": "z", "label": "Last"}, {"name": "a", "label": "First"}]
    client.post(
        address(entry),
        sent(messages=[("user", "{{ a }}"), ("user", "{{ z }}")], variables=sent_first),
    )
    assert [(v["name"], v["label"]) for v in draft(entry)["variables"]] == [
        ("a", "First"),
        ("z", "Last"),
    ]


BAD_DRAFTS: dict[str, tuple[dict[str, Any], str]] = {
    "role": ({"messages": [("wizard", "Hello")]}, "role"),
    "second system": ({"messages": [("user", "a"), ("system", "b")]}, "role"),
    "long message": ({"messages": [("user", "x" * 60_001)]}, "content"),
    "nul": ({"messages": [("user", "a\x00b")]}, "content"),
    "bidi": ({"messages": [("user", "a\u202eb")]}, "content"),
    "long constraint": ({"constraints": ["x" * 301]}, "text"),
    "constraint of two lines": ({"constraints": ["a\nb"]}, "text"),
    "long context": ({"context": "x" * 20_001}, "context"),
    "hot": ({"temperature": "2.1"}, "temperature"),
    "no number": ({"temperature": "warm"}, "temperature"),
    "infinite": ({"top_p": "Infinity"}, "top_p"),
    "top p": ({"top_p": "-0.1"}, "top_p"),
    "no tokens": ({"max_tokens": "0"}, "max_tokens"),
    "many tokens": ({"max_tokens": "999999999999999999999"}, "max_tokens"),
    "format": ({"response_format": "xml"}, "response_format"),
    "no revision": ({"revision": ""}, "revision"),
    "odd revision": ({"revision": "x\x00"}, "revision"),
}
BAD_VARIABLES: dict[str, tuple[dict[str, str], str]] = {
    "type": ({"type": "colour"}, "type"),
    "label": ({"label": "x" * 121}, "label"),
    "one choice": ({"type": "choice", "choices": "a\n\n a"}, "choices"),
    "many choices": ({"type": "choice", "choices": "\n".join(map(str, range(51)))}, "choices"),
    "long choice": ({"type": "choice", "choices": "a\n" + "x" * 201}, "choices"),
    "choice default": ({"type": "choice", "choices": "a\nb", "default": "c"}, "default"),
    "limits": ({"type": "number", "min": "3", "max": "2"}, "max"),
    "limit": ({"type": "number", "min": "three"}, "min"),
    "number default": ({"type": "number", "default": "many"}, "default"),
    "small default": ({"type": "number", "min": "3", "default": "2"}, "default"),
    "lines": ({"type": "text", "default": "a\nb"}, "default"),
    "long default": ({"type": "text", "default": "abc", "max_length": "2"}, "default"),
    "length": ({"type": "text", "max_length": "0"}, "max_length"),
    "nul": ({"default": "\x00"}, "default"),
}


@pytest.mark.parametrize("name", BAD_DRAFTS)
def test_a_refused_draft_says_where_and_loses_nothing(
    client: Client, entry: Entry, name: str
) -> None:
    wrong, field = BAD_DRAFTS[name]
    before = draft(entry)
    response = client.post(address(entry), sent(**({"context": "Keep me"} | wrong)))
    assert response.status_code == 422
    form: DraftForm = response.context["form"]
    forms = [form.fields, *form.messages.kept, *form.constraints.kept]
    assert [key for one in forms for key in one.errors] == [field]
    page = response.content.decode()
    assert "field__error" in page or "notice--error" in page
    assert "Keep me" in page or "context" in wrong
    assert draft(entry) == before


@pytest.mark.parametrize("name", BAD_VARIABLES)
def test_a_refused_variable_says_where(client: Client, entry: Entry, name: str) -> None:
    wrong, field = BAD_VARIABLES[name]
    response = client.post(
        address(entry),
        sent(messages=[("user", "Say {{ a }}")], variables=[{"name": "a"} | wrong]),
    )
    assert response.status_code == 422
    assert list(response.context["form"].variables.kept[0].errors) == [field]
    assert "Say {{ a }}" in response.content.decode()


@pytest.mark.parametrize(
    "too_many",
    [
        {"messages": [("user", "a")] * 21},
        {"messages": [("user", " ".join(f"{{{{ v{n} }}}}" for n in range(31)))]},
        {"constraints": ["a"] * 31},
    ],
)
def test_more_than_a_draft_can_hold_is_refused_as_a_whole(
    client: Client, entry: Entry, too_many: dict[str, Any]
) -> None:
    response = client.post(address(entry), sent(**too_many))
    assert response.status_code == 422
    assert response.context["form"].problems
    assert draft(entry) == entries.EMPTY_CONTENT


def test_two_tabs_never_overwrite_each_other(client: Client, entry: Entry) -> None:
    client.post(address(entry), sent(messages=[("user", "Theirs, kept first")]))
    mine = sent(messages=[("user", "Mine, typed meanwhile")], constraints=["Be brief."])
    response = client.post(address(entry), mine)
    assert response.status_code == 409
    page = response.content.decode()
    for text in ("Theirs", "Mine", "Be brief.", "Keep mine", "Take theirs"):
        assert text in page
    assert draft(entry)["messages"][0]["content"] == "Theirs, kept first"
    # "Keep mine" sends the same form with the revision that the page now carries.
    revision = response.context["form"].fields["revision"].value()
    assert client.post(address(entry), mine | {"revision": str(revision)}).status_code == 302
    assert draft(entry)["messages"][0]["content"] == "Mine, typed meanwhile"


def test_a_third_tab_is_met_again(client: Client, entry: Entry) -> None:
    for revision, expected in ((1, 302), (1, 409), (2, 302), (2, 409)):
        response = client.post(address(entry), sent(revision, messages=[("user", f"{revision}")]))
        assert response.status_code == expected


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("add_message", ["one", "two", "three", ""]),
        ("remove_message-1", ["one", "three"]),
        ("remove_message-9", ["one", "two", "three"]),
        ("move_up-2", ["one", "three", "two"]),
        ("move_up-0", ["one", "two", "three"]),
        ("move_down-0", ["two", "one", "three"]),
        ("move_down-2", ["one", "two", "three"]),
        ("move_down-x", ["one", "two", "three"]),
        ("find_variables", ["one", "two", "three"]),
        ("preview", ["one", "two", "three"]),
    ],
)
def test_every_button_works_without_scripts(
    client: Client, entry: Entry, button: str, expected: list[str]
) -> None:
    typed = sent(
        messages=[("user", "one"), ("user", "two"), ("user", "three")],
        constraints=["Be brief."],
        context="A context",
        temperature="warm",
    )
    response = client.post(address(entry), typed | {button: "1"})
    assert response.status_code == 200
    form: DraftForm = response.context["form"]
    assert [one["content"] for one in form.messages.raw()] == expected
    page = response.content.decode()
    for text in ("A context", "warm", "Be brief.", "Not saved yet"):
        assert text in page
    assert draft(entry) == entries.EMPTY_CONTENT


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("add_constraint", ["one", "two", "three", ""]),
        ("remove_constraint-1", ["one", "three"]),
        ("move_constraint_up-2", ["one", "three", "two"]),
        ("move_constraint_up-0", ["one", "two", "three"]),
        ("move_constraint_down-0", ["two", "one", "three"]),
        ("move_constraint_down-2", ["one", "two", "three"]),
        ("move_constraint_down-²", ["one", "two", "three"]),
    ],
)
def test_constraints_are_put_in_order_without_scripts(
    client: Client, entry: Entry, button: str, expected: list[str]
) -> None:
    rule = {"rule": "contains", "negated": "on", "value": "two"}
    typed = sent(constraints=["one", {"text": "two", **rule}, "three"])
    page = client.post(address(entry), typed | {button: "1"})
    assert page.status_code == 200
    for number in range(len(expected)):
        for verb in ("move_constraint_up", "move_constraint_down", "remove_constraint"):
            assert f'name="{verb}-{number}"' in page.content.decode()
    shown = page.context["form"].constraints
    assert [one["text"] for one in shown.raw()] == expected
    # The rule goes with its sentence.
    assert [one["rule"] or "" for one in shown.raw()] == [
        "contains" if text == "two" else "" for text in expected
    ]
    assert draft(entry) == entries.EMPTY_CONTENT
    client.post(address(entry), rows(page.context["form"]))
    assert [one["text"] for one in draft(entry)["constraints"]] == [one for one in expected if one]


def test_verdicts_are_listed_and_numbered_in_the_order_of_the_constraints(
    client: Client, entry: Entry
) -> None:
    first = {"text": "Says good", "rule": "contains", "value": "good"}
    second = {"text": "Says bad", "rule": "contains", "value": "bad"}
    typed = sent(constraints=[first, second])
    typed |= {"constraints-0-ORDER": "1", "constraints-1-ORDER": "0"}
    client.post(address(entry), typed)
    factories.run(versions.publish_version(entry, ""), factories.case(entry))
    factories.judged(entry)
    evidence = reverse("evidence", args=[entry.owner.profile.handle, entry.slug])
    shown = client.get(evidence, {"constraint": 1})
    assert [one["text"] for one in shown.context["standings"]] == ["Says bad", "Says good"]
    assert shown.context["matrix"].constraint.number == 1
    assert shown.context["matrix"].constraint.text == "Says bad"


def test_variables_are_found_without_scripts(client: Client, entry: Entry) -> None:
    response = client.post(
        address(entry), sent(messages=[("user", "{{ a }} {{ b }}")]) | {"find_variables": "1"}
    )
    assert [one["name"] for one in response.context["form"].variables.raw()] == ["a", "b"]


def test_rows_that_scripts_removed_or_moved_are_taken_as_such(client: Client, entry: Entry) -> None:
    typed = sent(messages=[("user", "one"), ("user", "two"), ("user", "three")])
    typed |= {"messages-0-ORDER": "2", "messages-2-ORDER": "0", "messages-1-DELETE": "on"}
    client.post(address(entry), typed)
    assert [one["content"] for one in draft(entry)["messages"]] == ["three", "one"]


def test_a_picture_prompt_is_one_message(client: Client, entry: Entry) -> None:
    content = entries.EMPTY_CONTENT | {
        "kind": "image",
        "messages": [{"role": "system", "content": "A"}, {"role": "user", "content": "B {{ c }}"}],
    }
    entries.save_draft(entry, content, 1)
    response = client.get(address(entry))
    assert response.context["form"].messages.raw() == [
        {"role": "user", "content": "A\n\nB {{ c }}"}
    ]
    client.post(address(entry), sent(2, messages=[("user", "A cup")], size="1024x1024"))
    assert draft(entry)["messages"] == [{"role": "user", "content": "A cup"}]
    assert draft(entry)["parameters"] == {"size": "1024x1024"}
    wrong = sent(3, messages=[("user", "A cup")], size="9x9")
    assert client.post(address(entry), wrong).status_code == 422


def test_the_preview_fills_in_the_chosen_case(client: Client, entry: Entry) -> None:
    case = factories.case(entry, values={"a": "the case’s <b>value</b>"}, watch_for="The tag.")
    preview = reverse("studio_preview", args=[entry.slug])
    typed = sent(
        messages=[("user", "With {{ a }} and {{ b }}")],
        variables=[{"name": "a", "default": "the default"}],
        context="**strong** <script>",
    )
    page = client.post(preview, typed | {"case": str(case.pk)}).content.decode()
    assert "the case’s &lt;b&gt;value" in page
    assert "{{ b }}" in page
    assert "<strong>strong</strong>" in page
    assert "<script>" not in page
    for other in ("", "nonsense", str(factories.case(factories.entry()).pk)):
        page = client.post(preview, typed | {"case": other}).content.decode()
        assert "the default" in page


def test_the_preview_is_the_authors_own(client: Client, entry: Entry) -> None:
    preview = reverse("studio_preview", args=[entry.slug])
    assert client.get(preview).status_code == 405
    assert client.post(preview).status_code == 200
    client.force_login(factories.profile().user)
    assert client.post(preview).status_code == 404
    client.logout()
    assert client.post(preview).status_code == 302


@pytest.mark.parametrize("button", ["", "preview", "add_message", "move_up-1"])
def test_an_empty_or_hostile_form_is_never_an_error(
    client: Client, entry: Entry, button: str
) -> None:
    hostile = {
        "messages-TOTAL_FORMS": "99999999999999999999",
        "variables-TOTAL_FORMS": "-4",
        "constraints-TOTAL_FORMS": "²",
        "messages-0-ORDER": "\x00",
        "messages-0-role": "\ufffd",
        "messages-0-content": "{{ " * 500 + "\u2066 \x00",
        "case": "\x00",
    }
    for data in ({}, hostile):
        response = client.post(address(entry), data | ({button: "1"} if button else {}))
        assert response.status_code in (200, 422)
    assert draft(entry) == entries.EMPTY_CONTENT


def test_a_body_too_large_to_read_is_refused(client: Client, entry: Entry) -> None:
    for data in (
        sent(messages=[("user", "x" * 10_000_000)]),
        sent() | {f"more-{number}": "x" for number in range(2100)},
    ):
        assert client.post(address(entry), data).status_code in (400, 413)
    assert draft(entry) == entries.EMPTY_CONTENT


def test_the_pages_speak_french(client: Client, entry: Entry) -> None:
    client.cookies["language"] = "fr"
    response = client.get(address(entry))
    assert response.status_code == 200
    assert '<html lang="fr"' in response.content.decode()


NAMES = st.sampled_from(["a", "b", "long_name", "é"])


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Contents as the editor keeps them."""
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    text = " ".join(f"{{{{ {name} }}}}" for name in names)
    messages = [{"role": draw(st.sampled_from(["system", "user"])), "content": text}]
    messages += [
        {"role": role, "content": draw(st.sampled_from(["", "x", "  y\n", "\\{{ a }}"]))}
        for role in draw(st.lists(st.sampled_from(["user", "assistant"]), max_size=3))
    ]
    made = []
    for name in names:
        kind = draw(st.sampled_from(["text", "long_text", "choice", "number"]))
        one = factories.variable(name, type=kind, label=draw(st.sampled_from(["", "Label"])))
        if kind == "choice":
            one |= {"choices": ["x", "y"], "default": draw(st.sampled_from(["", "x"]))}
        elif kind == "number":
            one |= {"min": draw(st.sampled_from([None, -1, 0.5])), "max": 7, "default": "3"}
        else:
            one |= {"max_length": draw(st.sampled_from([None, 5])), "default": "ab"}
        made.append(one)
    parameters = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "temperature": st.sampled_from([0.0, 0.1, 2.0]),
                "top_p": st.sampled_from([0.05, 1.0]),
                "max_tokens": st.integers(1, 128_000),
                "response_format": st.sampled_from(["text", "json_object"]),
            },
        )
    )
    return {
        "kind": "text",
        "messages": messages,
        "variables": made,
        "context": draw(st.sampled_from(["", "*c*\n\nd"])),
        "constraints": [{"text": "Be brief."}] * draw(st.integers(0, 2)),
        "parameters": parameters,
    }


@given(content=contents())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_opening_and_saving_changes_nothing(
    client: Client, entry: Entry, content: dict[str, Any]
) -> None:
    Draft.objects.filter(entry=entry).update(content=content, revision=1)
    page = client.get(address(entry))
    form: DraftForm = page.context["form"]
    assert client.post(address(entry), rows(form)).status_code == 302
    assert draft(entry) == content
