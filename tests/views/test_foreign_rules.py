"""Rules of promptfoo that are not run here: kept, shown, exported again, and never claimed."""

import json
import re
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from prompts_app.forms.content import DraftForm, initial_of
from prompts_app.models import Draft, Entry
from prompts_app.services import entries, versions
from prompts_app.transfer.document import EntryDocument
from prompts_app.transfer.promptfoo_read import read
from tests import factories
from tests.views.drafts import rows, sent

pytestmark = pytest.mark.django_db

SCRIPT = {"type": "javascript", "value": "output.length < 100 && '</script>\"'\n// é {{ x }}"}
ADDRESS = {"type": "webhook", "value": "https://example.org/{{ env.KEY }}", "weight": 2}
CONSTRAINTS: list[dict[str, Any]] = [
    {"text": "Is short.", "foreign": SCRIPT},
    {"text": "Says good.", "assertion": {"type": "contains", "value": "good"}},
    {"text": "Our service agrees.", "foreign": ADDRESS},
    {"text": "Is polite."},
]


def content(**fields: Any) -> dict[str, Any]:
    return factories.content("Answer {{ text }}", **{"constraints": CONSTRAINTS, **fields})


@pytest.fixture
def entry() -> Entry:
    """A published entry with rules that are not run here."""
    return factories.entry(content=content())


def kept(entry: Entry) -> list[dict[str, Any]]:
    constraints: list[dict[str, Any]] = Draft.objects.get(entry=entry).content["constraints"]
    return constraints


def address(name: str, entry: Entry) -> str:
    return reverse(name, args=[entry.owner.profile.handle, entry.slug])


def test_a_draft_saved_as_it_came_keeps_them(client: Client, entry: Entry) -> None:
    client.force_login(entry.owner)
    page = client.get(reverse("studio_entry", args=[entry.slug]))
    text = page.content.decode()
    assert text.count("Not run here: promptfoo’s “javascript”") == 1
    assert text.count("Not run here: promptfoo’s “webhook”") == 1
    draft = Draft.objects.get(entry=entry)
    form = DraftForm("text", initial=initial_of(draft.content, draft.revision))
    answer = client.post(reverse("studio_entry", args=[entry.slug]), rows(form))
    assert answer.status_code in (200, 302, 303)
    assert kept(entry) == CONSTRAINTS
    assert Draft.objects.get(entry=entry).content == content()


def test_a_new_sentence_keeps_the_rule_and_a_rule_of_ours_replaces_it(
    client: Client, entry: Entry
) -> None:
    client.force_login(entry.owner)
    script = json.dumps(SCRIPT)
    changed = sent(
        Draft.objects.get(entry=entry).revision,
        messages=[("user", "Answer {{ text }}")],
        constraints=[
            {"text": "Is quite short.", "foreign": script},
            {"text": "", "foreign": script},
            {"text": "Says x.", "rule": "contains", "value": "x", "foreign": script},
        ],
    )
    client.post(reverse("studio_entry", args=[entry.slug]), changed)
    one, unsaid, ours = kept(entry)
    assert one == {"text": "Is quite short.", "foreign": SCRIPT}
    assert unsaid["foreign"] == SCRIPT
    assert unsaid["text"].startswith("javascript: output.length")
    assert ours == {"text": "Says x.", "assertion": {"type": "contains", "value": "x"}}


@pytest.mark.parametrize(
    "foreign",
    [
        "nonsense",
        "[]",
        '{"value": 1}',
        '{"type": 3}',
        '{"type": ""}',
        '{"type": "a", "value": NaN}',
        '{"type": "a", "value": 9007199254740993}',
        '{"type": "a", "value": "\\u202e"}',
        '{"type": "a", "type": "b"}',
        "[" * 5_000,
        json.dumps({"type": "a", "value": "x" * 20_001}),
        '{"type": "a\0"}',
    ],
)
def test_what_is_no_rule_is_refused_and_nothing_is_saved(
    client: Client, entry: Entry, foreign: str
) -> None:
    client.force_login(entry.owner)
    damaged = sent(
        Draft.objects.get(entry=entry).revision,
        messages=[("user", "Other text")],
        constraints=[{"text": "Kept text", "foreign": foreign}],
    )
    answer = client.post(reverse("studio_entry", args=[entry.slug]), damaged)
    assert answer.status_code == 422
    assert "This page lost track of your draft" in answer.content.decode()
    assert "Kept text" in answer.content.decode()
    assert kept(entry) == CONSTRAINTS


def test_the_public_page_names_them_and_claims_nothing(client: Client, entry: Entry) -> None:
    assert entry.published is not None
    case = factories.case(entry, values={"text": "x"})
    factories.run(entry.published, case, output="good")
    factories.judged(entry)
    text = client.get(address("entry", entry)).content.decode()
    section = text[text.index('id="constraints"') :]
    assert section.count("not run here: promptfoo’s “javascript”") == 1
    assert section.count("not run here: promptfoo’s “webhook”") == 1
    assert "&lt;/script&gt;" in section
    assert "1 of 1" in text
    for page in ("evidence", "try"):
        assert client.get(address(page, entry)).status_code == 200
    french = client.get(address("entry", entry), headers={"accept-language": "fr"})
    assert french.status_code == 200


def test_they_are_compared_and_never_called_tested(client: Client, entry: Entry) -> None:
    other = [{"text": "Is short.", "foreign": {**SCRIPT, "value": "output.length < 7"}}]
    entries.save_draft(entry, content(constraints=other), Draft.objects.get(entry=entry).revision)
    versions.publish_version(entry, "Shorter")
    text = client.get(address("compare", entry), {"from": 1, "to": 2}).content.decode()
    plain = re.sub(r"<[^>]+>", "", text)
    assert "not run here: promptfoo’s “javascript”" in plain
    assert "output.length &lt; 100" in plain
    assert re.search(r"<ins[^>]*>(?:<[^>]+>|\s)*7", text)
    assert "does not know" not in plain


def test_promptfoo_gets_them_back_unchanged(client: Client, entry: Entry) -> None:
    assert entry.published is not None
    factories.case(entry, values={"text": "x"})
    factories.judged(entry)
    data = client.get(address("evidence_promptfoo", entry)).getvalue()
    asserts = yaml.safe_load(data)["defaultTest"]["assert"]
    assert [one for one in asserts if one["type"] in ("javascript", "webhook")] == [SCRIPT, ADDRESS]
    assert "never run here: javascript, webhook" in data.decode()
    (document,) = read(data)
    assert isinstance(document, EntryDocument)
    again = document.versions[0].content["constraints"]
    assert [one["foreign"] for one in again if "foreign" in one] == [SCRIPT, ADDRESS]
