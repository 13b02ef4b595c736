"""A prompt as a file for visitors: nothing is in it that the pages do not show."""

import re
from html import unescape
from types import ModuleType

import pytest
from django.test import Client
from django.urls import reverse

from prompts_app.models import Entry, Version
from prompts_app.services import cases, entries, versions
from prompts_app.transfer import github_models, prompty
from prompts_app.transfer.document import EntryDocument
from tests import factories
from tests.sharing import address as link_address

pytestmark = pytest.mark.django_db

READERS = {"prompt.prompty": prompty, "prompt.prompt.yml": github_models}
NAMES = tuple(READERS)
# Words of the formats themselves, and of the remarks at a file's head.
FORMAT = set(
    "name description metadata authors tags model gpt apiType provider openai connection kind key"
    " apiKey env OPENAI_API_KEY options temperature maxOutputTokens inputs type string default"
    " example template format jinja2 parser prompty system user assistant role content messages"
    " modelParameters max_tokens testData expected evaluators uses github string contains"
    " endsWith startsWith equals source From version Content hash id required sample"
    " mini http localhost https ada api Put yours in the place".lower().split()
)
WORD = re.compile(r"[^\W_]{3,}")


@pytest.fixture
def entry() -> Entry:
    """An entry with a case, answers, and everything that is nobody else's business."""
    made = factories.entry(
        title="Sums",
        summary="In short.",
        tags=("short",),
        content=factories.content(
            messages=[
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Sum up {{ text }}."},
            ],
            variables=[factories.variable("text", label="Letter", default="Nothing")],
            constraints=[{"text": "Says yes", "assertion": {"type": "icontains", "value": "yes"}}],
            parameters={"temperature": 0.5},
        ),
    )
    version = made.published
    assert version is not None
    fox = factories.case(made, "Fox", values={"text": "Foxes jump.", "unused": "Unsent-value"})
    factories.run(version, fox, output="yes", model_asked="model-shown")
    gone = factories.case(made, "Secret-case", values={"text": "Secret-input"})
    factories.run(version, gone, output="Secret-answer", hidden=True, model_asked="model-shown")
    cases.withdraw_case(gone)
    factories.judged(made)
    content = made.draft.content | {"context": "Secret-context", "messages": [
        {"role": "user", "content": "Secret-draft {{ text }}"}
    ]}  # fmt: skip
    entries.save_draft(made, content, made.draft.revision)
    return made


def address(entry: Entry, name: str, number: int = 1) -> str:
    return reverse("prompt_file", args=[entry.owner.profile.handle, entry.slug, number, name])


def shown_by_pages(client: Client, entry: Entry) -> str:
    """Everything that the entry's public pages say, without their tags."""
    at = [entry.owner.profile.handle, entry.slug]
    pages = [reverse("entry", args=at), reverse("version", args=[*at, 1])]
    pages += [reverse("evidence", args=at), reverse("profile", args=at[:1])]
    text = " ".join(client.get(page).content.decode() for page in pages)
    return unescape(re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.DOTALL))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_nothing_that_the_pages_do_not(client: Client, entry: Entry, name: str) -> None:
    response = client.get(address(entry, name))
    assert response.status_code == 200
    assert response["X-Robots-Tag"] == "noindex"
    assert f'filename="{entry.slug}-v1.' in response["Content-Disposition"]
    file = response.content.decode()
    assert "Sum up" in file
    assert "Foxes jump." in file
    for hidden in ("Secret", "Unsent", "Nothing is"):
        assert hidden not in file
    known = {word.lower() for word in WORD.findall(shown_by_pages(client, entry))} | FORMAT
    assert {word.lower() for word in WORD.findall(file)} - known == set()


@pytest.mark.parametrize(("name", "reader"), [*READERS.items()])
def test_its_format_is_read_again(
    client: Client, entry: Entry, name: str, reader: ModuleType
) -> None:
    (document,) = reader.read(client.get(address(entry, name)).content)
    assert isinstance(document, EntryDocument)
    (version,) = document.versions
    assert version.content["messages"][0]["content"] == "Be kind."


def test_pages_that_show_the_prompt_offer_it_and_share_pages_do_not(
    client: Client, entry: Entry
) -> None:
    at = [entry.owner.profile.handle, entry.slug]
    for page in (reverse("entry", args=at), reverse("version", args=[*at, 1])):
        html = client.get(page).content.decode()
        for name in NAMES:
            # In the menu, and in the prompt's section for whoever has no scripts.
            assert html.count(f'href="{address(entry, name)}" download') == 2
        assert html.count("promptfooconfig.yaml") >= 2
    for shows in (True, False):
        link = factories.share_link(entry.owner, entry, shows_prompts=shows)
        html = client.get(link_address(link, f"{entry.slug}/")).content.decode()
        assert "prompt.prompty" not in html
        assert "promptfooconfig" not in html


def test_only_versions_that_everybody_reads(client: Client, entry: Entry) -> None:
    for number, name in ((0, NAMES[0]), (2, NAMES[0]), (2**63, NAMES[0]), (1, "prompt.txt")):
        assert client.get(address(entry, name, number)).status_code == 404, number
    hidden = factories.entry(visibility=Entry.Visibility.LINKS)
    assert client.get(address(hidden, NAMES[0])).status_code == 404
    factories.version(entry)
    version = Version.objects.get(entry=entry, number=1)
    versions.withdraw_version(version)
    at = [entry.owner.profile.handle, entry.slug, 1]
    assert client.get(address(entry, NAMES[0])).status_code == 404
    assert "prompt.prompty" not in client.get(reverse("version", args=at)).content.decode()


def test_what_a_format_cannot_say_is_not_offered(client: Client) -> None:
    spoken = factories.entry(
        content=factories.content(
            messages=[{"role": "user", "content": "Say:\n\nassistant:\n{{ text }}"}]
        )
    )
    page = reverse("entry", args=[spoken.owner.profile.handle, spoken.slug])
    html = client.get(page).content.decode()
    assert "prompt.prompty" not in html
    assert address(spoken, "prompt.prompt.yml") in html
    assert client.get(address(spoken, "prompt.prompty")).status_code == 404
    picture = factories.entry(content=factories.content("A cup", kind="image", variables=[]))
    page = reverse("entry", args=[picture.owner.profile.handle, picture.slug])
    assert "As a file:" not in client.get(page).content.decode()
