"""Test cases in the studio."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, TestCase
from prompts_app.services.cases import live_cases
from tests import factories

pytestmark = pytest.mark.django_db

CONTENT = factories.content(
    "{{ tone }} {{ pages }} {{ text }} {{ line }}",
    variables=[
        factories.variable("tone", type="choice", choices=["dry", "warm"]),
        factories.variable("pages", type="number", min=1, max=5, default="2"),
        factories.variable("text", type="long_text", max_length=50),
        factories.variable("line"),
    ],
)
VALUES = {
    "value-tone": "warm",
    "value-pages": "2,5",
    "value-text": "One\r\n  two",
    "value-line": "A line",
}
TYPED = {
    "name": "Ordinary",
    "watch_for": "The tone.",
    "comment": "Small models lose the thread.",
    **VALUES,
}


@pytest.fixture
def entry(client: Client) -> Entry:
    """An entry with four variables, whose author is signed in."""
    made = factories.entry(content=CONTENT)
    client.force_login(made.owner)
    return made


def of(entry: Entry, name: str, *more: object) -> str:
    """Return an address under an entry."""
    return reverse(name, args=[entry.slug, *more])


def test_a_case_is_added_with_a_value_for_each_variable(client: Client, entry: Entry) -> None:
    page = client.get(of(entry, "studio_case_new")).content.decode()
    for name in CONTENT["variables"]:
        assert f'name="value-{name["name"]}"' in page
    assert "From 1 to 5." in page
    response = client.post(of(entry, "studio_case_new"), TYPED)
    assert response["Location"] == of(entry, "studio_cases")
    case = entry.cases.get()
    assert (case.name, case.watch_for) == ("Ordinary", "The tone.")
    assert case.comment == "Small models lose the thread."
    assert case.values == {
        "tone": "warm",
        "pages": "2.5",
        "text": "One\n  two",
        "line": "A line",
    }
    listed = client.get(of(entry, "studio_cases")).content.decode()
    assert "Ordinary" in listed
    assert "The tone." in listed
    assert "Small models lose the thread." in listed
    again = client.get(of(entry, "studio_case", case.pk)).content.decode()
    assert "Small models lose the thread.</textarea>" in again


def test_an_empty_text_is_a_test_of_its_own(client: Client, entry: Entry) -> None:
    client.post(of(entry, "studio_case_new"), TYPED | {"value-text": "", "value-line": ""})
    assert entry.cases.get().values["text"] == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("name", "\u202e"),
        ("watch_for", "x" * 301),
        ("comment", "x" * 401),
        ("comment", "\x00"),
        ("value-tone", "cold"),
        ("value-tone", ""),
        ("value-pages", "many"),
        ("value-pages", "0.99"),
        ("value-pages", "5,01"),
        ("value-pages", "1e1"),
        ("value-pages", "٣"),
        ("value-pages", ""),
        ("value-text", "x" * 51),
        ("value-text", "\x00"),
        ("value-line", "a\nb"),
        ("value-line", "x" * 20_001),
    ],
)
def test_bad_input_is_refused_at_its_field(
    client: Client, entry: Entry, name: str, value: str
) -> None:
    response = client.post(of(entry, "studio_case_new"), TYPED | {name: value})
    assert response.status_code == 422
    errors = response.context["form"].errors | response.context["values"].errors
    assert list(errors) == [name.removeprefix("value-")]
    page = response.content.decode()
    assert 'aria-invalid="true"' in page
    assert ("Ordinary" in page) == (name != "name")
    assert not entry.cases.exists()


def test_a_case_without_outputs_is_changed_in_place(client: Client, entry: Entry) -> None:
    case = factories.case(entry, values={"tone": "dry"})
    address = of(entry, "studio_case", case.pk)
    assert client.get(address).status_code == 200
    client.post(address, TYPED)
    assert entry.cases.get().pk == case.pk
    assert entry.cases.get().values["tone"] == "warm"


def test_a_case_with_outputs_keeps_the_values_they_were_made_with(
    client: Client, entry: Entry
) -> None:
    case = factories.case(entry, values={"tone": "dry"})
    factories.run(entry.versions.get(), case)
    address = of(entry, "studio_case", case.pk)
    assert "they stay with the values" in client.get(address).content.decode()
    client.post(address, TYPED)
    case.refresh_from_db()
    assert case.values == {"tone": "dry"}
    assert [one.values["tone"] for one in live_cases(entry)] == ["warm"]


def test_removing_can_be_undone(client: Client, entry: Entry) -> None:
    case = factories.case(entry, name="Odd one")
    page = client.post(of(entry, "studio_case_remove", case.pk), follow=True)
    assert "“Odd one” is removed" in page.content.decode()
    assert live_cases(entry) == []
    assert client.get(of(entry, "studio_case", case.pk)).status_code == 404
    restore = of(entry, "studio_case_restore", case.pk)
    assert client.post(restore).status_code == 302
    assert live_cases(entry) == [case]
    assert client.post(restore).status_code == 404
    for nonsense in ("x", "\x00", str(uuid.uuid4())):
        assert client.get(of(entry, "studio_cases"), {"removed": nonsense}).status_code == 200


def test_cases_are_their_authors_own(client: Client, entry: Entry) -> None:
    case = factories.case(entry)
    other = factories.entry(entry.owner)
    posts = ["studio_case", "studio_case_remove", "studio_case_restore"]
    for name in posts:
        # A case of another entry, of nobody, and of this author's other entry.
        assert client.post(of(entry, name, uuid.uuid4()), TYPED).status_code == 404
        assert client.post(of(other, name, case.pk), TYPED).status_code == 404
    for name in posts[1:]:
        assert client.get(of(entry, name, case.pk)).status_code == 405
    client.force_login(factories.profile().user)
    for name in posts:
        assert client.post(of(entry, name, case.pk), TYPED).status_code == 404
    assert client.post(of(entry, "studio_case_new"), TYPED).status_code == 404
    client.logout()
    for name in posts:
        assert client.post(of(entry, name, case.pk), TYPED).status_code == 302
    assert TestCase.objects.get().values == case.values


def test_an_entry_holds_so_many_cases(client: Client, entry: Entry) -> None:
    TestCase.objects.bulk_create(
        TestCase(entry=entry, name=f"Case {number}") for number in range(50)
    )
    response = client.post(of(entry, "studio_case_new"), TYPED, follow=True)
    assert "at most 50 test cases" in response.content.decode()
    assert entry.cases.count() == 50


def test_the_list_asks_the_same_number_of_queries_for_more(
    client: Client, entry: Entry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    factories.case(entry)
    with django_assert_max_num_queries(8) as first:
        client.get(of(entry, "studio_cases"))
    expected = len(first)
    for _number in range(20):
        factories.case(entry)
    with django_assert_max_num_queries(expected):
        client.get(of(entry, "studio_cases"))


def test_a_prompt_without_variables_says_so(client: Client) -> None:
    entry = factories.entry(content=factories.content("Hello"))
    client.force_login(entry.owner)
    page = client.get(of(entry, "studio_case_new")).content.decode()
    assert "nothing to fill in" in page
    client.post(of(entry, "studio_case_new"), {"name": "Only one"})
    assert entry.cases.get().values == {}


def test_the_pages_speak_french(client: Client, entry: Entry) -> None:
    client.cookies["language"] = "fr"
    for name in ("studio_cases", "studio_case_new"):
        response = client.get(of(entry, name))
        assert response.status_code == 200
        assert '<html lang="fr"' in response.content.decode()
