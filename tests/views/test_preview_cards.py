"""What previews of links show: titles, descriptions and cards, fetched and never made here."""

import html
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from prompts_app.models import Entry, PreviewCard, ShareLink
from prompts_app.services import cards
from prompts_app.templatetags.previews import card_address
from tests import factories, papers
from tests.clock import Clock

pytestmark = pytest.mark.django_db
_META = re.compile(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">')


@pytest.fixture
def entry() -> Entry:
    owner = factories.profile(name="Ada", handle="ada", headline="Prompts that hold").user
    return factories.entry(owner, title="Invoice & “JSON”", summary="Reads any invoice.")


def addresses(entry: Entry) -> dict[str, str]:
    """The public pages, and the title each gives to previews."""
    names = [entry.owner.profile.handle, entry.slug]
    return {
        reverse("home"): "Prompts as case studies",
        reverse("explore"): "Explore",
        reverse("profile", args=names[:1]): "Ada",
        reverse("entry", args=names): entry.title,
        reverse("version", args=[*names, 1]): entry.title,
        reverse("evidence", args=names): entry.title,
    }


def meta(client: Client, url: str, **headers: str) -> dict[str, str]:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return {name: html.unescape(text) for name, text in _META.findall(response.content.decode())}


def make() -> None:
    while cards.Rounds().make_due():
        pass


def fetch(client: Client, key: object) -> int:
    return client.get(reverse("card", args=[key])).status_code


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_public_page_says_what_its_preview_shows(
    client: Client, entry: Entry, settings: Settings, language: str
) -> None:
    make()
    for url, title in addresses(entry).items():
        said = meta(client, url, accept_language=language)
        if language == "en":
            assert said["og:title"] == said["twitter:title"] == title
        assert said["og:title"]
        assert said["og:description"] == said["twitter:description"]
        assert len(said["og:description"]) > 10
        assert said["og:url"] == settings.SITE_URL + url
        assert said["twitter:card"] == "summary_large_image"
        address = said["og:image"]
        assert address == said["twitter:image"]
        assert address.startswith(settings.SITE_URL + "/cards/")
        picture = client.get(address.removeprefix(settings.SITE_URL))
        with Image.open(io.BytesIO(picture.content)) as shown:
            assert shown.size == (int(said["og:image:width"]), int(said["og:image:height"]))


def test_pages_have_cards_of_their_own(client: Client, entry: Entry) -> None:
    make()
    found = {url: meta(client, url)["og:image"] for url in addresses(entry)}
    home, explore, profile, *of_entry = found.values()
    assert len({home, explore, profile, *of_entry}) == 4
    assert len(set(of_entry)) == 1
    assert meta(client, "/", accept_language="fr")["og:image"] != home


def test_reading_makes_nothing(client: Client, entry: Entry, settings: Settings) -> None:
    for url in addresses(entry):
        said = meta(client, url)
        assert "og:image" not in said
        assert said["twitter:card"] == "summary"
    assert not PreviewCard.objects.exists()
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.png"))


def test_a_card_is_for_everyone_to_keep(client: Client, entry: Entry) -> None:
    make()
    card = PreviewCard.objects.get(entry=entry)
    response = client.get(reverse("card", args=[card.key]))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert "immutable" in response["Cache-Control"]
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert client.head(reverse("card", args=[card.key])).status_code == 200
    assert client.post(reverse("card", args=[card.key])).status_code == 405


def test_a_card_is_gone_the_moment_its_entry_is(client: Client, entry: Entry) -> None:
    make()
    key = PreviewCard.objects.get(entry=entry).key
    profile = PreviewCard.objects.filter(profile__isnull=False).first()
    assert profile is not None
    for visibility in (Entry.Visibility.DRAFT, Entry.Visibility.LINKS):
        Entry.objects.update(visibility=visibility)
        assert fetch(client, key) == 404
        assert fetch(client, profile.key) == 404
    Entry.objects.update(visibility=Entry.Visibility.UNLISTED)
    assert fetch(client, key) == 200
    assert fetch(client, profile.key) == 404


def test_a_former_address_leads_nowhere(client: Client, entry: Entry) -> None:
    make()
    former = PreviewCard.objects.get(entry=entry).key
    entry.title = "Another"
    entry.save()
    make()
    assert fetch(client, former) == 404
    assert fetch(client, PreviewCard.objects.get(entry=entry).key) == 200


def test_a_lost_file_is_not_an_error(client: Client, entry: Entry) -> None:
    make()
    card = PreviewCard.objects.get(entry=entry)
    Path(card.file.path).unlink()
    assert fetch(client, card.key) == 404


@pytest.mark.parametrize(
    "change", [{"revoked_at": timezone.now()}, {"password": "x"}, {"owner__is_active": False}]
)
def test_a_links_card_goes_with_the_link(
    client: Client, entry: Entry, change: dict[str, object]
) -> None:
    link, _token = papers.link(entry.owner, entry)
    make()
    url = reverse("card", args=[PreviewCard.objects.get(link=link).key])
    response = client.get(url)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    for name, value in change.items():
        if name.startswith("owner__"):
            setattr(link.owner, name.removeprefix("owner__"), value)
            link.owner.save()
        else:
            ShareLink.objects.update(**{name: value})
    assert client.get(url).status_code == 404


def test_a_links_card_goes_with_its_time(client: Client, entry: Entry) -> None:
    with Clock() as clock:
        over = clock.now + timedelta(hours=1)
        link, _token = papers.link(entry.owner, entry, expires_at=over)
        make()
        key = PreviewCard.objects.get(link=link).key
        clock.now = over - timedelta(seconds=1)
        assert fetch(client, key) == 200
        clock.now = over + timedelta(seconds=1)
        assert fetch(client, key) == 404


def test_a_locked_link_shows_the_neutral_card_to_everyone(client: Client, entry: Entry) -> None:
    link, _token = papers.link(entry.owner, entry, password="open sesame")
    make()
    neutral = PreviewCard.objects.get(kind="private", language="en")
    address = card_address(link)
    assert address.endswith(reverse("card", args=[neutral.key]))
    assert fetch(client, neutral.key) == 200


def of_link(link: ShareLink) -> dict[str, str]:
    """What the head of a link's pages gives to previews."""
    head = render_to_string("share/_preview.html", {"link": link, "site_name": "Promptfolio"})
    assert "canonical" not in head
    return {name: html.unescape(text) for name, text in _META.findall(head)}


def test_a_links_page_names_its_author_and_not_its_reader(entry: Entry) -> None:
    link, _token = papers.link(entry.owner, entry, company="Acme", role="Lead", label="third")
    assert "og:image" not in of_link(link)
    make()
    said = of_link(link)
    assert (said["og:title"], said["og:description"]) == ("Ada", "Prompts that hold")
    assert said["robots"] == "noindex"
    key = PreviewCard.objects.get(link=link).key
    assert said["og:image"].endswith(reverse("card", args=[key]))
    assert not [word for word in ("Acme", "Lead", "third") if word in str(said)]


def test_a_locked_links_page_names_nobody(entry: Entry) -> None:
    link, _token = papers.link(entry.owner, entry, password="open sesame")
    make()
    said = of_link(link)
    assert said["og:title"] == "A private page"
    assert "Ada" not in str(said)
    assert "hold" not in str(said)
    neutral = PreviewCard.objects.get(kind="private", language="en")
    assert said["og:image"].endswith(reverse("card", args=[neutral.key]))
