"""An entry told in a second language: what readers of it meet, and the page where it is written."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from prompts_app.forms.second_language import name_of
from prompts_app.models import Entry, RenderedText
from prompts_app.search import explore
from prompts_app.services import dossiers, entries, resume, second_language, share_tokens, versions
from prompts_app.services.second_language import told
from tests import factories, sharing
from tests.sharing import Shared

pytestmark = pytest.mark.django_db

AROUND = {
    "title": "Beds of flowers",
    "summary": "Counts what grows.",
    "use_case": "For **gardeners** in spring.",
    "role_in_team": "Dug alone",
    "used_where": "Behind the house",
    "outcome": "More tulips",
}
CONTEXT = "The beds stand in *shade*."
CONSTRAINTS = ("Names flowers", "Knows the rule", "Reads well")
# What stands in the pages of each language, without Markdown.
CASE = {"name": "Twelve beds", "watch_for": "Counts them twice", "comment": "It cannot count."}
WRITTEN = (*AROUND.values(), CONTEXT, *CONSTRAINTS, *CASE.values())


def french(text: str) -> str:
    """Return the translation of a text in these tests: it has no word of the original."""
    return f"Traduit {WRITTEN.index(text)}."


@pytest.fixture
def shared() -> Shared:
    """An English entry with runs, its every text told in French."""
    made = sharing.shared_entry(None, **AROUND)
    content = made.version.content | {"context": CONTEXT}
    version = factories.version(made.entry, content)
    made.entry.cases.update(comment=CASE["comment"])
    factories.judged(made.entry)
    made.entry.refresh_from_db()
    entries.translate(made.entry, "fr", {text: french(text) for text in WRITTEN})
    return Shared(made.entry, made.baseline, version, made.before, made.after)


def pages(shared: Shared) -> Iterator[str]:
    """Every page that says something of the entry."""
    entry, handle = shared.entry, shared.entry.owner.profile.handle
    where = [handle, entry.slug]
    for name in ("entry", "evidence", "evidence_answers", "try"):
        yield reverse(name, args=where)
    yield f"{reverse('evidence', args=where)}?constraint=1"
    yield reverse("version", args=[*where, shared.version.number])
    yield f"{reverse('evidence_answers', args=where)}?case={shared.after.case_id}"
    yield reverse("run", args=[shared.after.pk])
    yield from (reverse("profile", args=[handle]), reverse("explore"), reverse("home"))
    yield reverse("feed")
    link = factories.share_link(entry.owner, entry)
    token = share_tokens.token_of(link)
    yield reverse("share", args=[token])
    yield reverse("share_entry", args=[token, entry.slug])
    yield reverse("share_run", args=[token, shared.after.pk])


def in_language(client: Client, page: str, language: str) -> str:
    response = client.get(page, headers={"Accept-Language": language})
    assert response.status_code == 200, page
    return sharing.text_of(response).replace("<strong>", "**").replace("</strong>", "**")


def test_every_page_tells_it_in_the_language_of_its_reader(client: Client, shared: Shared) -> None:
    entry = shared.entry
    factories.site_model(entry)
    met = {"en": set[str](), "fr": set[str]()}
    client.cookies.clear()
    for page in pages(shared):
        for language in met:
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
            text = in_language(client, page, language)
            words = {"en": WRITTEN, "fr": [french(one) for one in WRITTEN]}
            shown = {one for one in words[language] if one in text}
            other = {one for one in words["fr" if language == "en" else "en"] if one in text}
            assert shown, (page, language)
            assert not other, (page, language)
            met[language] |= shown
    plain = {one for one in WRITTEN if "*" not in one}
    assert met["en"] >= plain
    assert met["fr"] == {french(one) for one in WRITTEN}


def test_the_page_says_that_it_is_a_translation_and_of_which_language(
    client: Client, shared: Shared
) -> None:
    address = reverse("entry", args=[shared.entry.owner.profile.handle, shared.entry.slug])
    page = in_language(client, address, "fr")
    title = french(AROUND["title"])
    assert f'<h1 lang="fr">{title}</h1>' in page
    assert "présenté en français par l’auteur" in page
    assert "<span>Anglais</span>" in page
    assert "presented in" not in in_language(client, address, "en")


def test_both_languages_find_it(shared: Shared) -> None:
    entry = shared.entry
    entries.translate(entry, "fr", {AROUND["title"]: "Plates-bandes", CONSTRAINTS[0]: "Dénombre"})
    for words in ("beds", "plates-bandes", "denombre"):
        assert [one.pk for one in explore(words).entries] == [entry.pk]
    # What is no longer said is no longer found.
    entries.translate(entry, "fr", {CONSTRAINTS[0]: ""})
    assert not explore("denombre").entries


def test_a_dossier_and_a_resume_tell_it_too(shared: Shared) -> None:
    entry = shared.entry
    link = factories.share_link(entry.owner, entry, language="fr")
    with translation.override("fr"):
        made = dossiers.contents_of(link, share_tokens.token_of(link)).entries[0]
        listed = Entry.objects.listed().filter(owner=entry.owner)
        project = resume.of_profile(entry.owner.profile, listed)["projects"][0]
    assert (made.title, made.task) == (french(AROUND["title"]), french(AROUND["summary"]))
    assert [one.text for one in made.constraints] == [french(one) for one in CONSTRAINTS]
    assert {one.text for one in made.stated} == {
        french(AROUND[name]) for name in ("role_in_team", "used_where", "outcome")
    }
    assert project["name"] == french(AROUND["title"])


def test_versions_and_proof_are_as_before(client: Client, shared: Shared) -> None:
    entry = Entry.objects.get(pk=shared.entry.pk)
    before = (list(entry.versions.values_list("content", "content_hash")), entry.proof)
    entries.translate(entry, "fr", {})
    entry.refresh_from_db()
    assert (list(entry.versions.values_list("content", "content_hash")), entry.proof) == before


def test_a_text_without_a_translation_is_shown_as_it_was_written(shared: Shared) -> None:
    entry = shared.entry
    entries.translate(entry, "fr", {AROUND["summary"]: " "})
    with translation.override("fr"):
        assert told(AROUND["summary"], entry) == AROUND["summary"]
        assert told(AROUND["summary"], entry).language == "en"
        assert told(AROUND["title"], entry).language == "fr"
    with translation.override("en"):
        assert told(AROUND["title"], entry) == AROUND["title"]


def test_a_mended_title_keeps_its_translation_and_the_author_is_told(
    client: Client, shared: Shared
) -> None:
    entry = shared.entry
    client.force_login(entry.owner)
    address = reverse("studio_entry_settings", args=[entry.slug])
    fields = {
        **AROUND,
        "title": "Beds of flowers, counted",
        "outcome": "",
        "tags": "",
        "language": "en",
        "visibility": "listed",
        "slug": entry.slug,
    }
    page = client.post(address, fields, follow=True).content.decode()
    assert "Look at the translation too" in page
    entry.refresh_from_db()
    assert entry.second_words["Beds of flowers, counted"] == french(AROUND["title"])
    # What nothing says any more is not kept.
    assert not {AROUND["title"], AROUND["outcome"]} & entry.second_words.keys()
    again = client.post(address, fields, follow=True).content.decode()
    assert "Look at the translation too" not in again


def test_its_own_language_is_not_its_second_one(client: Client, shared: Shared) -> None:
    client.force_login(shared.entry.owner)
    address = reverse("studio_entry_settings", args=[shared.entry.slug])
    fields = {**AROUND, "tags": "", "language": "fr", "visibility": "listed"}
    response = client.post(address, fields | {"slug": shared.entry.slug})
    assert response.status_code == 422
    assert "translated into this language already" in response.content.decode()


def test_what_is_withdrawn_goes_with_its_translation(shared: Shared) -> None:
    entry = shared.entry
    secret = factories.content("Next: {{ text }}", context="The key is under the mat.")
    version = factories.version(entry, secret)
    entry.refresh_from_db()
    entries.translate(entry, "fr", {secret["context"]: "La clé est sous le paillasson."})
    client = Client(headers={"Accept-Language": "fr"})
    address = reverse("entry", args=[entry.owner.profile.handle, entry.slug])
    assert "paillasson" in client.get(address).content.decode()
    entry.draft.content = factories.content("Another: {{ text }}")
    entry.draft.save()
    versions.withdraw_version(version)
    entry.refresh_from_db()
    assert secret["context"] not in entry.second_words
    assert entry.second_words[CONTEXT] == french(CONTEXT)
    assert not RenderedText.objects.filter(html__contains="paillasson").exists()
    assert "paillasson" not in entry.search_text


# The page in the studio


def of(entry: Entry) -> str:
    """Return the address of the page."""
    return reverse("studio_translation", args=[entry.slug])


def sent(entry: Entry, **words: str) -> dict[str, Any]:
    """Return what the form sends with the fields of FIELDS given by name, others empty."""
    found = {name_of(one.text): "" for one in second_language.sources(entry)}
    found |= {name_of(getattr(entry, name)): text for name, text in words.items()}
    return {"language": "fr", **found}


def test_the_page_is_the_authors_alone(client: Client) -> None:
    entry = factories.entry()
    assert client.get(of(entry)).status_code == 302
    client.force_login(factories.profile().user)
    assert client.get(of(entry)).status_code == 404
    assert client.post(of(entry), sent(entry, title="Vol")).status_code == 404
    client.force_login(entry.owner)
    assert client.get(of(entry)).status_code == 200
    assert client.put(of(entry)).status_code == 405


def test_what_is_written_there_is_told_and_taken_away_again(client: Client) -> None:
    entry = factories.entry()
    client.force_login(entry.owner)
    response = client.post(of(entry), sent(entry, title="  Le titre "), follow=True)
    page = response.content.decode()
    assert "The translation is saved." in page
    assert "1 of 2 texts translated" in page
    entry.refresh_from_db()
    assert (entry.second_language, entry.second_words) == ("fr", {entry.title: "Le titre"})
    client.post(of(entry), sent(entry))
    entry.refresh_from_db()
    assert (entry.second_language, entry.second_words) == ("", {})


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"summary": "Un résumé"}, "Translate the title too"),
        ({"title": "x" * 121}, "121"),
        ({"title": "un\x00nul"}, "NUL"),
        ({"title": "tourné \u202e"}, "reading direction"),
    ],
)
def test_a_wrong_translation_is_told_and_kept_in_its_field(
    client: Client, words: dict[str, str], error: str
) -> None:
    entry = factories.entry()
    client.force_login(entry.owner)
    response = client.post(of(entry), sent(entry, **words))
    assert response.status_code == 422
    page = response.content.decode()
    assert error in page
    assert next(iter(words.values())).replace("\x00", "") in page.replace("\x00", "")
    entry.refresh_from_db()
    assert entry.second_words == {}


@pytest.mark.parametrize("language", ["", "en", "xx", "de"])
def test_only_another_language_of_the_site_is_taken(client: Client, language: str) -> None:
    entry = factories.entry()
    client.force_login(entry.owner)
    fields = sent(entry, title="Le titre") | {"language": language}
    assert client.post(of(entry), fields).status_code == 422


def test_an_entry_in_neither_language_of_the_site_chooses_one(client: Client) -> None:
    entry = factories.entry(language="de")
    client.force_login(entry.owner)
    page = client.get(of(entry)).content.decode()
    assert page.count('type="radio" name="language"') == 2
    client.post(of(entry), sent(entry, title="The title") | {"language": "en"})
    entry.refresh_from_db()
    assert entry.second_language == "en"


def test_a_translation_of_what_changed_meanwhile_is_shown_and_nothing_is_saved(
    client: Client,
) -> None:
    entry = factories.entry()
    client.force_login(entry.owner)
    fields = sent(entry, title="Le titre", summary="Le résumé perdu")
    Entry.objects.filter(pk=entry.pk).update(summary="Another one.")
    response = client.post(of(entry), fields)
    assert response.status_code == 422
    page = response.content.decode()
    assert "has changed meanwhile" in page
    assert "Le résumé perdu" in page
    assert 'value="Le titre"' in page
    entry.refresh_from_db()
    assert entry.second_words == {}


def test_the_draft_and_the_published_version_are_both_offered(client: Client) -> None:
    entry = factories.entry(content=factories.content(constraints=[{"text": "As published."}]))
    entry.draft.content = factories.content(constraints=[{"text": "As it will be."}])
    entry.draft.save()
    client.force_login(entry.owner)
    page = client.get(of(entry)).content.decode()
    assert page.index("As it will be.") < page.index("Only in the published version")
    assert page.index("Only in the published version") < page.index("As published.")
    entries.translate(entry, "fr", {"As published.": "Publié.", "As it will be.": "À venir."})
    versions.publish_version(entry, "")
    # What only an earlier version says is still told there.
    entry.refresh_from_db()
    entries.translate(entry, "fr", {entry.title: "Titre"})
    assert entry.second_words["As published."] == "Publié."
