"""One entry to take along: the formats, their files, and for whom."""

import ast
import json
import shlex
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from prompts_app.models import Draft, Entry
from prompts_app.services import versions
from prompts_app.services.entry_files import KINDS
from prompts_app.transfer import github_models, promptfoo_read, prompty
from prompts_app.transfer.document import EntryDocument
from tests import factories

pytestmark = pytest.mark.django_db

RULES = [
    {"text": "Says yes", "assertion": {"type": "icontains", "value": "yes"}},
    {"text": "Is short", "assertion": {"type": "word-count", "value": {"max": 9}}},
    {"text": "Is kind"},
]
READERS = {
    "promptfoo": promptfoo_read.read,
    "prompty": prompty.read,
    "github-models": github_models.read,
}


def content(prompt: str = "Sum up {{ text }} for {{ who }}.", **fields: Any) -> dict[str, Any]:
    return factories.content(
        messages=[
            {"role": "system", "content": r"Be kind. \{{ x }}"},
            {"role": "user", "content": prompt},
        ],
        variables=[factories.variable("text"), factories.variable("who", default="all")],
        constraints=RULES,
        parameters={"temperature": 0.5, "max_tokens": 30},
        **fields,
    )


@pytest.fixture
def entry() -> Entry:
    made = factories.entry(title="Sums", tags=("short",), content=content())
    factories.case(made, "Fox", values={"text": "A fox.\nJumped.", "who": "us"})
    factories.case(made, "Cat", values={"text": "A cat."})
    return made


@pytest.fixture
def author(entry: Entry) -> Client:
    client = Client()
    client.force_login(entry.owner)
    return client


def page(entry: Entry) -> str:
    return reverse("studio_entry_export", args=[entry.slug])


def fetched(client: Client, entry: Entry, kind: str, query: str = "") -> str:
    response = client.get(reverse("studio_entry_export_file", args=[entry.slug, kind]) + query)
    assert response.status_code == 200, kind
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    return response.content.decode()


def test_the_page_tells_every_format(author: Client, entry: Entry) -> None:
    html = author.get(page(entry)).content.decode()
    for kind in KINDS:
        assert reverse("studio_entry_export_file", args=[entry.slug, kind]) + "?version=1" in html
    assert html.count("Leaves out") == len(KINDS) + 1
    assert reverse("studio_entry_json", args=[entry.slug]) in html
    assert "With the values of “Fox”." in html
    assert f'href="{page(entry)}" aria-current="page"' in html


@pytest.mark.parametrize("kind", list(READERS))
def test_a_file_is_read_again(author: Client, entry: Entry, kind: str) -> None:
    text = fetched(author, entry, kind)
    (document,) = READERS[kind](text.encode())
    assert isinstance(document, EntryDocument), document
    (version,) = document.versions
    got = version.content
    if kind == "github-models":
        # Nothing tells it from a variable there.
        assert "# Plain text in this prompt, though it looks like a variable: {{ x }}" in text
        assert got["messages"][1:] == content()["messages"][1:]
    else:
        assert got["messages"] == content()["messages"]
    assert [one["name"] for one in got["variables"]][-2:] == ["text", "who"]
    assert got["parameters"]["temperature"] == 0.5
    values = [case.values for case in document.cases]
    assert values[0] == {"text": "A fox.\nJumped.", "who": "us"}
    if kind != "prompty":
        assert values[1] == {"text": "A cat.", "who": "all"}
        assert RULES[0] in got["constraints"]
        assert "# Not tested here: Is kind" in text
    assert entry.slug in text


def test_scripts_send_the_values_of_a_case(author: Client, entry: Entry) -> None:
    wanted = [
        {"role": "system", "content": "Be kind. {{ x }}"},
        {"role": "user", "content": "Sum up A fox.\nJumped. for us."},
    ]
    tree = ast.parse(fetched(author, entry, "python"))
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call)]
    call = next(one for one in calls if ast.unparse(one.func).endswith("completions.create"))
    sent = {one.arg: ast.literal_eval(one.value) for one in call.keywords}
    assert (sent["messages"], sent["model"]) == (wanted, "MODEL")
    words = shlex.split(fetched(author, entry, "curl"), comments=True)
    assert json.loads(words[words.index("--data-raw") + 1])["messages"] == wanted


def test_models_that_others_can_call_are_named(author: Client, entry: Entry) -> None:
    version = entry.versions.get()
    factories.run(version, model_asked="hidden", provider_host="10.0.0.1")
    factories.run(version, model_asked="mistral-x", provider_host="api.mistral.ai")
    factories.judged(entry)
    said = yaml.safe_load(fetched(author, entry, "prompty").split("---")[1])["model"]
    assert (said["id"], said["connection"]["endpoint"], said["connection"]["apiKey"]) == (
        "mistral-x",
        "https://api.mistral.ai/v1",
        "${env:MISTRAL_API_KEY}",
    )
    told = yaml.safe_load(fetched(author, entry, "github-models"))
    assert told["model"] == "mistral-ai/mistral-x"
    assert "https://api.mistral.ai/v1/chat/completions" in fetched(author, entry, "curl")
    for kind in KINDS:
        assert "10.0.0.1" not in fetched(author, entry, kind)


def test_other_versions_and_the_draft_are_there(author: Client, entry: Entry) -> None:
    factories.version(entry, content("Second {{ text }} {{ who }}"))
    Draft.objects.filter(entry=entry).update(content=content("Third {{ text }} {{ who }}"))
    for kind in KINDS:
        assert "Second" in fetched(author, entry, kind)
        assert "Sum up" in fetched(author, entry, kind, "?version=1")
        draft = fetched(author, entry, kind, "?version=draft")
        assert "Third" in draft
        assert "Content hash" not in draft
    html = author.get(page(entry) + "?version=draft").content.decode()
    assert "Take the draft along" in html
    assert "prompty/?version=draft" in html


def test_without_a_version_it_is_the_draft(client: Client) -> None:
    entry = factories.entry(published=False, content=content())
    client.force_login(entry.owner)
    assert "Take the draft along" in client.get(page(entry)).content.decode()
    assert "Sum up" in fetched(client, entry, "prompty")


@pytest.mark.parametrize(
    ("made", "kinds", "said"),
    [
        (factories.content(""), list(KINDS), "Write the prompt first"),
        (
            factories.content("A fox", kind="image"),
            ["promptfoo", "prompty", "github-models"],
            "no prompts for pictures",
        ),
        (factories.content("a\nUser:\nb"), ["prompty"], "its line “User:” would begin"),
    ],
)
def test_what_a_format_cannot_say_is_told(
    client: Client, made: dict[str, Any], kinds: list[str], said: str
) -> None:
    entry = factories.entry(published=False, content=made)
    client.force_login(entry.owner)
    html = client.get(page(entry)).content.decode()
    assert html.count(said) == len(kinds)
    for kind in KINDS:
        address = reverse("studio_entry_export_file", args=[entry.slug, kind])
        assert (address in html) == (kind not in kinds)
        assert client.get(address).status_code == (404 if kind in kinds else 200)


def test_what_is_not_there_is_404(author: Client, entry: Entry) -> None:
    versions.withdraw_version(entry.versions.get())
    for query in ("?version=1", "?version=7", f"?version={2**70}"):
        assert author.get(page(entry) + query).status_code == 404
    assert author.get(page(entry) + "?version=draft").status_code == 200
    unknown = reverse("studio_entry_export_file", args=[entry.slug, "word"])
    assert author.get(unknown).status_code == 404


def test_nobody_else_gets_any_of_it(client: Client, entry: Entry) -> None:
    addresses = [page(entry)]
    addresses += [reverse("studio_entry_export_file", args=[entry.slug, one]) for one in KINDS]
    for address in addresses:
        assert client.get(address).status_code == 302
    client.force_login(factories.profile().user)
    for address in addresses:
        assert client.get(address).status_code == 404
    client.force_login(entry.owner)
    for address in addresses:
        assert client.post(address).status_code == 405


def test_more_rows_make_no_more_queries(author: Client, entry: Entry) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert author.get(page(entry)).status_code == 200
        return len(found)

    before = queries()
    factories.versions_of(entry, 5)
    for number in range(5):
        factories.case(entry, f"More {number}", values={"text": "x"})
    assert queries() == before


def test_the_page_opens_in_french(author: Client, entry: Entry) -> None:
    with translation.override("fr"):
        author.cookies["django_language"] = "fr"
        assert author.get(page(entry)).status_code == 200
