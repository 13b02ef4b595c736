"""What proves a profile: entries picked for skills, pictures of certificates, counted models."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import Entry, Picture, Profile, Run, SkillShown
from prompts_app.services import share_tokens, skills
from tests import factories
from tests.sharing import address, text_of

pytestmark = pytest.mark.django_db

PROOF = "/studio/profile/proof/"
HELD = {
    "key": "abc123",
    "name": "Prompt testing",
    "issuer": "An institute",
    "issued": "2025-11",
    "expires": "",
    "url": "",
    "proof": "",
}


@pytest.fixture(autouse=True)
def own_place(settings: Settings, tmp_path: Path) -> None:
    """Keep pictures in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def profile(client: Client) -> Profile:
    """A profile with two skills and a certification, whose author is signed in."""
    made = factories.profile(skills=["SQL", "Tone"], certifications=[dict(HELD)])
    client.force_login(made.user)
    return made


def public(profile: Profile) -> str:
    response = Client().get(f"/@{profile.handle}/")
    assert response.status_code == 200
    return response.content.decode()


def seen(path: str) -> int:
    """Return what anyone is told at an address, read to its end."""
    response: Any = Client().get(path)
    text_of(response)
    return int(response.status_code)


def shown(profile: Profile) -> dict[str, list[str]]:
    """Return skill → titles beside it, for the public."""
    listed = Entry.objects.listed().filter(owner=profile.user)
    return {
        name: [one.title for one in some] for name, some in skills.shown(profile, listed).items()
    }


# Skills


def test_picked_entries_stand_before_tags(client: Client, profile: Profile) -> None:
    tagged = factories.entry(profile.user, title="Tagged", tags=("sql",))
    picked = factories.entry(profile.user, title="Picked <b>")
    secret = factories.entry(profile.user, title="Secret", visibility=Entry.Visibility.LINKS)
    assert shown(profile) == {"SQL": ["Tagged"], "Tone": []}
    page = client.get(PROOF, {"skill": "SQL"}).content.decode()
    assert "Picked &lt;b&gt;" in page
    response = client.post(
        f"{PROOF}skill/", {"skill": "SQL", "entries": [picked.pk, secret.pk]}, follow=True
    )
    assert "The entries for “SQL” are kept." in response.content.decode()
    assert shown(profile) == {"SQL": ["Picked <b>"], "Tone": []}
    assert "Picked &lt;b&gt;</a>" in public(profile).split('id="h-skills"')[1]
    assert "Secret" not in public(profile)
    # Under a link that shows it, what is for links alone shows the skill too.
    link = factories.share_link(profile.user, secret)
    of_link = text_of(Client().get(address(link))).split('id="h-skills"')[1]
    assert "Secret" in of_link
    assert "Tagged" not in of_link
    # None picked any more: tags again.
    client.post(f"{PROOF}skill/", {"skill": "SQL"})
    assert shown(profile)["SQL"] == [tagged.title]


def test_only_own_published_entries_of_named_skills_are_taken(
    client: Client, profile: Profile
) -> None:
    factories.entry(profile.user)
    foreign = factories.entry()
    draft = factories.entry(profile.user, published=False)
    for entry in (foreign, draft):
        response = client.post(f"{PROOF}skill/", {"skill": "SQL", "entries": [entry.pk]})
        assert response.status_code == 422
        assert "An entry is gone meanwhile" in response.content.decode()
    many = [factories.entry(profile.user).pk for _n in range(13)]
    response = client.post(f"{PROOF}skill/", {"skill": "SQL", "entries": many})
    assert response.status_code == 422
    assert "Pick at most 12 entries." in response.content.decode()
    # What was ticked stays ticked.
    assert response.content.decode().count(" checked") == 13
    assert client.post(f"{PROOF}skill/", {"skill": "Flying"}).status_code == 404
    assert not SkillShown.objects.exists()


def test_picks_go_with_their_skill_and_their_entry(client: Client, profile: Profile) -> None:
    entry = factories.entry(profile.user)
    skills.pick(profile, "SQL", [entry])
    skills.pick(profile, "Tone", [entry])
    fields = {"handle": profile.handle, "name": "Ada", "accent": "plum", "skills": "Tone"}
    assert client.post("/studio/profile/", fields).status_code == 302
    assert [one.skill for one in SkillShown.objects.all()] == ["Tone"]
    profile.user.entries.update(purge_at=entry.created_at)
    entry.delete()
    assert not SkillShown.objects.exists()


@pytest.mark.parametrize("number", [2, 30])
def test_more_skills_and_picks_make_no_more_queries(
    django_assert_num_queries: Any, number: int
) -> None:
    profile = factories.profile(skills=[f"Skill {n}" for n in range(number)])
    for n in range(number):
        entry = factories.entry(profile.user, tags=(f"skill {n}",))
        skills.pick(profile, f"Skill {n}", [entry])
    with django_assert_num_queries(1):
        assert all(len(some) == 1 for some in shown(profile).values())
    author = Client()
    author.force_login(profile.user)
    author.get(PROOF)
    with django_assert_num_queries(7):
        author.get(PROOF, {"skill": "Skill 0"})


# Certificates


def upload(client: Client, key: str = "abc123", data: bytes | None = None) -> Any:
    picture = factories.upload(data if data is not None else factories.png())
    return client.post(f"{PROOF}{key}/", {f"{key}-picture": picture})


def test_a_certificate_has_a_picture_that_readers_see(client: Client, profile: Profile) -> None:
    entry = factories.entry(profile.user)
    assert upload(client).status_code == 302
    picture = Picture.objects.get()
    small, full = reverse("picture_small", args=[picture.pk]), f"/media/{picture.pk}.png"
    page = public(profile)
    assert f'src="{small}"' in page
    assert f'href="{full}"' in page
    assert 'alt="Certificate: Prompt testing"' in page
    for path in (small, full):
        assert seen(path) == 200
    link = factories.share_link(profile.user, entry)
    of_link = text_of(Client().get(address(link)))
    under = reverse("share_picture_small", args=[share_tokens.token_of(link), picture.pk])
    assert f'src="{under}"' in of_link
    assert small not in of_link.replace(under, "")
    assert seen(under) == 200
    # It stays through an edit of the profile, and goes with its certification.
    fields = {
        "handle": profile.handle, "name": "Ada", "accent": "plum",
        "certifications-TOTAL_FORMS": "1",
        "certifications-0-key": "abc123", "certifications-0-name": "Renamed",
        "certifications-0-issuer": "An institute", "certifications-0-issued": "2025-11",
    }  # fmt: skip
    client.post("/studio/profile/", fields)
    assert f'src="{small}"' in public(profile)
    client.post("/studio/profile/", fields | {"certifications-0-DELETE": "on"})
    assert not Picture.objects.exists()
    assert seen(small) == 404


def test_another_picture_takes_its_place(client: Client, profile: Profile) -> None:
    upload(client)
    former = Picture.objects.get()
    upload(client)
    assert Picture.objects.get() != former
    client.post(f"{PROOF}abc123/", {"remove": "1"})
    assert not Picture.objects.exists()
    profile.refresh_from_db()
    assert profile.certifications == [HELD]


def test_only_pictures_of_own_certifications_are_taken(client: Client, profile: Profile) -> None:
    response = upload(client, data=b"<svg onload=alert(1)>")
    assert response.status_code == 422
    assert 'id="id_abc123-picture_error"' in response.content.decode()
    assert client.post(f"{PROOF}abc123/").status_code == 422
    assert upload(client, "unknown").status_code == 404
    assert client.post(f"{PROOF}unknown/", {"remove": "1"}).status_code == 404
    other = Client()
    other.force_login(factories.profile().user)
    assert upload(other).status_code == 404
    assert not Picture.objects.exists()


def test_nobody_shows_the_picture_of_another(client: Client, profile: Profile) -> None:
    upload(client)
    picture = Picture.objects.get()
    thief = factories.profile(certifications=[dict(HELD, key="mine")])
    thieving = Client()
    thieving.force_login(thief.user)
    fields = {
        "handle": thief.handle, "name": "T", "accent": "plum", "certifications-TOTAL_FORMS": "1",
        "certifications-0-key": "abc123", "certifications-0-name": "Renamed",
        "certifications-0-proof": str(picture.pk),
        "certifications-0-issuer": "An institute", "certifications-0-issued": "2025-11",
    }  # fmt: skip
    thieving.post("/studio/profile/", fields)
    thief.refresh_from_db()
    [made] = thief.certifications
    assert made["proof"] == ""
    assert made["key"] not in ("abc123", "")


# Models and providers


def test_models_and_providers_are_counted_over_captured_runs(profile: Profile) -> None:
    entry = factories.entry(profile.user)
    version = entry.published
    assert version is not None
    assert "person__tested" not in public(profile)
    for model, host in (("a", "one.example"), ("b", "one.example"), ("b", "two.example")):
        for _twice in range(2):
            factories.run(version, model_asked=model, provider_host=host)
    factories.run(version, model_asked="demo", provider_host="here", is_demo=True)
    factories.run(version, model_asked="p", provider_host="", origin=Run.Origin.PASTED)
    factories.run(version, model_asked="hidden", provider_host="three.example", hidden=True)
    private = factories.entry(profile.user, visibility=Entry.Visibility.UNLISTED)
    assert private.published is not None
    factories.run(private.published, model_asked="c", provider_host="four.example")
    for one in (entry, private):
        factories.judged(one)
    page = public(profile)
    assert "<strong>2 models, 2 providers</strong>" in page
    assert "called by this site in captured runs" in page
