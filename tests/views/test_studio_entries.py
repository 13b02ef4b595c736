"""The studio's list of entries, new entries, settings, covers and deletion."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, LLMModel, Picture, User
from prompts_app.services import first_steps, judging
from tests import factories

pytestmark = pytest.mark.django_db

NEW = reverse("studio_entry_new")
FIELDS = {
    "title": "Invoice text to clean JSON",
    "summary": "Turns invoices into JSON.",
    "use_case": "For *accounting*.",
    "tags": "extraction, finance , extraction",
    "language": "en",
    "kind": "text",
    "visibility": "draft",
}
SETTINGS = FIELDS | {"slug": "an-address"}
BAD_TITLES = ["", "   ", "x" * 121, "nul\x00", "turned \u202e round", "two\nlines", "tag\U000e0041"]


@pytest.fixture
def author() -> User:
    """An account with a profile."""
    return factories.profile().user


@pytest.fixture
def signed_in(client: Client, author: User) -> Client:
    """The author's browser."""
    client.force_login(author)
    return client


def of(entry: Entry, name: str) -> str:
    """Return the address of a page of an entry."""
    return reverse(name, args=[entry.slug])


@pytest.mark.parametrize(
    "name", ["studio_entry", "studio_cases", "studio_versions", "studio_outputs"]
)
def test_pages_of_an_entry_open_for_its_author_only(client: Client, name: str) -> None:
    entry = factories.entry()
    assert client.get(of(entry, name)).status_code == 302
    client.force_login(factories.profile().user)
    assert client.get(of(entry, name)).status_code == 404
    client.force_login(entry.owner)
    response = client.get(of(entry, name))
    assert response.status_code == 200
    assert entry.title in response.content.decode()
    assert client.put(of(entry, name)).status_code == 405


def test_settings_open_for_the_author_only(client: Client) -> None:
    entry, name = factories.entry(), "studio_entry_settings"
    for method in (client.get, client.post):
        assert method(of(entry, name)).status_code == 302
    client.force_login(factories.profile().user)
    for method in (client.get, client.post):
        assert method(of(entry, name)).status_code == 404
    client.force_login(entry.owner)
    assert client.get(of(entry, name)).status_code == 200


def test_whoever_has_no_profile_is_asked_for_one_first(client: Client) -> None:
    client.force_login(factories.user())
    response = client.get(NEW)
    assert response.status_code == 302
    assert response["Location"] == reverse("studio_profile")


def test_an_empty_list_teaches_the_next_step(signed_in: Client, author: User) -> None:
    first_steps.skip(author, "all")
    page = signed_in.get(reverse("studio")).content.decode()
    assert "Make your first entry" in page
    assert NEW in page


def test_the_list_shows_what_each_entry_has(signed_in: Client, author: User) -> None:
    entry = factories.entry(author, title="Busy")
    factories.run(factories.version(entry))
    factories.attempt(entry)
    factories.attempt(entry)
    factories.entry(title="Of somebody else")
    page = signed_in.get(reverse("studio"))
    assert "Of somebody else" not in page.content.decode()
    row = page.context["rows"][0]
    assert (row["entry"].last_version, row["entry"].tries_this_week) == (2, 2)
    assert "none yet" in page.content.decode()


def test_the_list_shows_the_proof_of_each_entry(signed_in: Client, author: User) -> None:
    polite = {"text": "Is polite", "assertion": {"type": "icontains", "value": "please"}}
    entry = factories.entry(author, content=factories.content(constraints=[polite]))
    assert entry.published is not None
    now = timezone.now()
    factories.run(entry.published, output="Please", finished_at=now, judge_due=now)
    judging.catch_up()
    page = signed_in.get(reverse("studio")).content.decode()
    assert "Keeps 1 of 1 tested constraint" in page
    assert "1 run, 1 model" in page
    assert f'datetime="{now.date().isoformat()}' in page


def test_the_list_asks_the_same_number_of_queries_for_more(
    signed_in: Client,
    author: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(2):
        factories.run(factories.version(factories.entry(author, title=f"A {number}")))
    with django_assert_max_num_queries(10) as first:
        signed_in.get(reverse("studio"))
    expected = len(first)
    for number in range(30):
        factories.run(factories.version(factories.entry(author, title=f"B {number}")))
    with django_assert_max_num_queries(expected):
        assert signed_in.get(reverse("studio")).content.decode().count("<tr") == 33


def test_the_list_is_searched_and_paged(signed_in: Client, author: User) -> None:
    for number in range(52):
        factories.entry(author, title=f"Number {number}", published=False)
    assert "Number 51" in signed_in.get(reverse("studio"), {"q": "51"}).content.decode()
    assert "No title like that" in signed_in.get(reverse("studio"), {"q": "ß\x00"}).content.decode()
    last = signed_in.get(reverse("studio"), {"page": "2"})
    assert len(last.context["page"].object_list) == 2
    for nonsense in ("0", "-1", "x", "99999999999999999999"):
        assert signed_in.get(reverse("studio"), {"page": nonsense}).status_code == 200


def test_a_new_entry_leads_straight_to_its_editor(signed_in: Client, author: User) -> None:
    assert signed_in.get(NEW).status_code == 200
    response = signed_in.post(NEW, FIELDS)
    entry = Entry.objects.get(owner=author)
    assert response["Location"] == reverse("studio_entry", args=[entry.slug])
    assert sorted(tag.name for tag in entry.tags.all()) == ["extraction", "finance"]
    assert entry.draft.content["kind"] == "text"
    assert signed_in.get(response["Location"]).status_code == 200


def test_an_entry_for_pictures_keeps_its_kind(signed_in: Client, author: User) -> None:
    signed_in.post(NEW, FIELDS | {"kind": "image"})
    assert Entry.objects.get(owner=author).draft.content["kind"] == "image"


def test_a_title_like_an_address_of_the_studio_gets_another_slug(
    signed_in: Client, author: User
) -> None:
    signed_in.post(NEW, FIELDS | {"title": "New"})
    entry = Entry.objects.get(owner=author)
    assert "New" in signed_in.get(of(entry, "studio_entry")).content.decode()
    assert signed_in.get(of(entry, "studio_entry")).context["entry"] == entry


@pytest.mark.parametrize("title", ["Contact", "Ask", "Open", "Visit", "Uncount"])
def test_no_entry_stands_where_another_page_does(
    signed_in: Client, author: User, title: str
) -> None:
    signed_in.post(NEW, FIELDS | {"title": title})
    entry = Entry.objects.get(owner=author)
    assert entry.title == title
    assert entry.slug == f"{title.lower()}-2"


STATEMENTS = {
    "role_in_team": "I wrote the prompt; two colleagues labelled the tickets.",
    "used_where": "In the support desk of a <shop>.",
    "outcome": "First answers take 4 hours instead of 9.",
}


def test_statements_are_saved_shown_as_such_and_found(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    public = of(entry, "studio_entry_settings").replace(
        "studio/entries", f"@{author.profile.handle}"
    )
    public = public.removesuffix("settings/")
    assert "as stated by the author" not in signed_in.get(public).content.decode()
    sent = SETTINGS | STATEMENTS | {"visibility": "listed", "slug": entry.slug}
    assert signed_in.post(of(entry, "studio_entry_settings"), sent).status_code == 302
    entry.refresh_from_db()
    assert {name: getattr(entry, name) for name in STATEMENTS} == STATEMENTS
    shown = signed_in.get(public).content.decode()
    said = shown[shown.index('id="stated"') :]
    assert "as stated by the author" in said
    assert "a &lt;shop&gt;" in said
    assert "colleagues" in signed_in.get(of(entry, "studio_entry_settings")).content.decode()
    assert entry.title in signed_in.get("/explore/?q=colleagues+labelled").content.decode()


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("value", ["x" * 301, "two\nlines", "nul\x00"])
def test_a_statement_that_cannot_be_kept_is_refused(
    signed_in: Client, author: User, name: str, value: str
) -> None:
    entry = factories.entry(author)
    response = signed_in.post(of(entry, "studio_entry_settings"), SETTINGS | {name: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [name]


@pytest.mark.parametrize("title", BAD_TITLES)
def test_a_title_that_cannot_be_kept_is_refused(signed_in: Client, title: str) -> None:
    response = signed_in.post(NEW, FIELDS | {"title": title})
    assert response.status_code == 422
    assert response.context["form"].errors["title"]
    assert "For *accounting*." in response.content.decode()
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("summary", "x" * 301),
        ("use_case", "x" * 5001),
        ("use_case", "\x00"),
        ("tags", ",".join(f"tag {n}" for n in range(11))),
        ("tags", "t" * 41),
        ("language", "xx"),
        ("kind", "sound"),
        ("visibility", "everyone"),
        ("visibility", ""),
    ],
)
def test_other_fields_are_checked_too(signed_in: Client, name: str, value: str) -> None:
    response = signed_in.post(NEW, FIELDS | {name: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [name]


def test_settings_are_saved(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    version = factories.version(entry)
    case = factories.case(entry)
    model = factories.model(factories.provider(author))
    response = signed_in.post(
        of(entry, "studio_entry_settings"),
        SETTINGS
        | {
            "visibility": "unlisted",
            "tryable": [str(model.pk)],
            "featured_case": str(case.pk),
            "baseline": str(version.pk),
        },
    )
    assert response.status_code == 302
    entry.refresh_from_db()
    assert (entry.title, entry.visibility) == (FIELDS["title"], "unlisted")
    assert (entry.featured_case, entry.baseline) == (case, version)
    assert list(entry.tryable.all()) == [model]
    page = signed_in.get(of(entry, "studio_entry_settings")).content.decode()
    assert "extraction, finance" in page


def test_refused_settings_say_on_top_which_field_is_the_first(
    signed_in: Client, author: User
) -> None:
    page = of(factories.entry(author), "studio_entry_settings")
    bad = SETTINGS | {"slug": "no address!", "role_in_team": "\x00"}
    top, _, _ = signed_in.post(page, bad).content.decode().partition('name="title"')
    assert '<a href="#id_role_in_team">Go to the first one</a>' in top


def test_settings_take_nothing_that_belongs_elsewhere(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    other = factories.entry()
    strange: dict[str, str | list[str]] = {
        "tryable": [str(factories.model(factories.provider(other.owner)).pk)],
        "featured_case": str(factories.case(other).pk),
        "baseline": str(other.versions.get().pk),
    }
    for name, value in strange.items():
        for sent in (value, "nonsense", "99999999999999999999"):
            response = signed_in.post(of(entry, "studio_entry_settings"), SETTINGS | {name: sent})
            assert response.status_code == 422
            assert list(response.context["form"].errors) == [name]


def test_only_models_of_the_entrys_kind_are_offered(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    provider = factories.provider(author)
    factories.model(provider, "writer")
    factories.model(provider, "painter", kind=LLMModel.Kind.IMAGE)
    page = signed_in.get(of(entry, "studio_entry_settings")).content.decode()
    assert "writer" in page
    assert "painter" not in page


def test_a_cover_is_kept_replaced_and_removed(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    address = of(entry, "studio_cover")
    for colour in ("teal", "maroon"):
        upload = SimpleUploadedFile("cover.png", factories.png(colour=colour))
        assert signed_in.post(address, {"picture": upload}).status_code == 302
        assert Picture.objects.filter(entry=entry).count() == 1
    kept = Picture.objects.get(cover_of=entry)
    page = signed_in.get(of(entry, "studio_entry_settings")).content.decode()
    assert str(kept.pk) in page
    signed_in.post(address, {"remove": "1"})
    entry.refresh_from_db()
    assert entry.cover is None
    assert not Picture.objects.filter(entry=entry).exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"GIF89a" + bytes(60),
        factories.png()[:60],
        # A header that promises 60,000 by 60,000 pixels.
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x02\x00\x00\x00",
        bytes(8 * 1024 * 1024 + 1),
    ],
    ids=["empty", "text", "gif", "cut", "bomb", "large"],
)
def test_what_is_no_picture_is_refused_at_the_field(
    signed_in: Client, author: User, data: bytes
) -> None:
    entry = factories.entry(author)
    upload = SimpleUploadedFile("cover.png", data, content_type="image/png")
    response = signed_in.post(of(entry, "studio_cover"), {"picture": upload})
    assert response.status_code == 422
    assert response.context["cover_form"].errors["picture"]
    assert not Picture.objects.exists()


def test_a_cover_is_the_authors_own_affair(client: Client) -> None:
    entry = factories.entry()
    client.force_login(factories.profile().user)
    upload = SimpleUploadedFile("cover.png", factories.png())
    assert client.post(of(entry, "studio_cover"), {"picture": upload}).status_code == 404
    client.force_login(entry.owner)
    assert client.get(of(entry, "studio_cover")).status_code == 405
    assert client.post(of(entry, "studio_cover")).status_code == 422


def test_the_pages_speak_french(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    signed_in.cookies["language"] = "fr"
    addresses = [
        reverse("studio"),
        NEW,
        of(entry, "studio_entry_settings"),
        of(entry, "studio_entry_delete"),
    ]
    for address in addresses:
        response = signed_in.get(address)
        assert response.status_code == 200
        assert '<html lang="fr"' in response.content.decode()
