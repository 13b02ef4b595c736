"""The studio's page of the author's own profile."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from prompts_app.forms.handles import RESERVED_HANDLES
from prompts_app.forms.profiles import ProfileForm
from prompts_app.models import Picture, Profile, User
from prompts_app.services import addresses, profiles
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = reverse("studio_profile")
PICTURE = reverse("studio_avatar")
FIELDS: dict[str, Any] = {
    "handle": "Ada-L",
    "name": "Ada Lovelace",
    "headline": "Prompts that keep their promises",
    "availability": "open",
    "bio": "I write **prompts**.",
    "skills": "extraction, triage\nExtraction",
    "languages-TOTAL_FORMS": "3",
    "languages-0-name": "English",
    "languages-0-level": "C1",
    "languages-1-name": "French (first language)",
    "languages-2-name": "",
    "accent": "plum",
    "links-TOTAL_FORMS": "2",
    "links-0-label": "Code",
    "links-0-url": "https://example.org/ada",
    "links-1-label": "",
    "links-1-url": "",
}


def with_link(url: str, label: str = "Code") -> dict[str, Any]:
    """Return the fields with one link."""
    return FIELDS | {"links-0-label": label, "links-0-url": url}


@pytest.fixture
def owner() -> User:
    """An account without a profile."""
    return factories.user()


@pytest.fixture
def signed_in(client: Client, owner: User) -> Client:
    """The owner’s browser."""
    client.force_login(owner)
    return client


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    for address in (PAGE, PICTURE):
        response = client.post(address, FIELDS)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
    assert not Profile.objects.exists()


def test_only_forms_write(signed_in: Client) -> None:
    assert signed_in.put(PAGE).status_code == 405
    assert PAGE in signed_in.get(reverse("studio")).content.decode()
    factories.profile(User.objects.get())
    assert signed_in.get(PICTURE).status_code == 405


def test_a_new_account_makes_its_profile(signed_in: Client, owner: User) -> None:
    assert "Make the profile" in signed_in.get(PAGE).content.decode()
    response = signed_in.post(PAGE, FIELDS)
    assert (response.status_code, response["Location"]) == (302, reverse("studio"))
    profile = owner.profile
    assert (profile.handle, profile.accent, profile.availability) == ("Ada-L", "plum", "open")
    assert profile.skills == ["extraction", "triage"]
    assert profile.languages == [
        {"name": "English", "level": "C1"},
        {"name": "French (first language)", "level": ""},
    ]
    assert profile.links == [{"label": "Code", "url": "https://example.org/ada"}]
    assert signed_in.get(reverse("studio")).status_code == 200


def test_changes_are_kept_and_shown(signed_in: Client, owner: User) -> None:
    factories.profile(owner, handle="ada")
    response = signed_in.post(PAGE, FIELDS, follow=True)
    page = response.content.decode()
    assert response.redirect_chain == [(PAGE, 302)]
    assert "The profile is saved." in page
    assert "French (first language)" in page
    assert 'value="https://example.org/ada"' in page
    public = signed_in.get(reverse("profile", args=["ada-l"])).content.decode()
    assert "<strong>prompts</strong>" in public
    assert Profile.objects.count() == 1


def test_a_removed_link_goes(signed_in: Client, owner: User) -> None:
    signed_in.post(PAGE, FIELDS)
    signed_in.post(PAGE, FIELDS | {"links-0-DELETE": "on"})
    assert Profile.objects.get(user=owner).links == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("handle", ""),
        ("handle", "a"),
        ("handle", "a" * 41),
        ("handle", "a" * 10_000),
        ("handle", "ada lovelace"),
        ("handle", "adä"),
        ("handle", "ad\u0430"),
        ("handle", "ada/../studio"),
        ("handle", "Studio"),
        ("handle", "ada\x00"),
        ("name", ""),
        ("name", "x" * 81),
        ("name", "turned \u202e round"),
        ("headline", "two\nlines"),
        ("headline", "x" * 161),
        ("availability", "maybe"),
        ("bio", "x" * 10_001),
        ("bio", "nul\x00"),
        ("skills", ",".join(f"skill {n}" for n in range(31))),
        ("skills", "x" * 61),
        ("languages-0-name", "tag\U000e0041"),
        ("languages-0-name", ""),
        ("languages-0-level", "C3"),
        ("pronouns", "x" * 41),
        ("location", "x" * 121),
        ("available_from", "soon"),
        ("available_from", "2027-02-30"),
        ("work_modes", "moon"),
        ("contracts", "serfdom"),
        ("accent", "neon"),
        ("accent", ""),
        ("links-0-url", "javascript:alert(1)"),
        ("links-0-url", "JavaScript:alert(1)//https://example.org"),
        ("links-0-url", "data:text/html,hello"),
        ("links-0-url", "mailto:ada@example.org"),
        ("links-0-url", "https://example.org@evil.example/"),
        ("links-0-url", "https://"),
        ("links-0-url", "https://exa mple.org"),
        ("links-0-url", "https://[::1"),
        ("links-0-url", "https://example.org/\x00"),
        ("links-0-url", "https://example.org/" + "x" * 300),
        ("links-0-url", ""),
        ("links-0-label", "x" * 61),
    ],
)
def test_bad_input_is_refused_at_its_field(signed_in: Client, field: str, value: str) -> None:
    response = signed_in.post(PAGE, FIELDS | {field: value})
    page = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "I write **prompts**." in page or field == "bio"
    assert not Profile.objects.exists()


def test_too_many_links_are_refused(signed_in: Client) -> None:
    links = {f"links-{n}-url": f"https://example.org/{n}" for n in range(11)}
    response = signed_in.post(PAGE, FIELDS | links | {"links-TOTAL_FORMS": "11"})
    assert response.status_code == 422
    assert "at most 10 links" in response.content.decode()


@pytest.mark.parametrize("count", ["", "x", "-1", "99999999999", "²"])
def test_a_wrong_number_of_links_is_no_error(signed_in: Client, owner: User, count: str) -> None:
    assert signed_in.post(PAGE, FIELDS | {"links-TOTAL_FORMS": count}).status_code == 302
    assert Profile.objects.get(user=owner).links in (
        [],
        [{"label": "Code", "url": FIELDS["links-0-url"]}],
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.org/ada", "https://example.org/ada"),
        ("HTTP://example.org", "http://example.org"),
        ("//example.org", "https://example.org"),
        ("example.org:8080/x", "https://example.org:8080/x"),
    ],
)
def test_addresses_are_completed(signed_in: Client, owner: User, typed: str, kept: str) -> None:
    assert signed_in.post(PAGE, with_link(typed)).status_code == 302
    assert Profile.objects.get(user=owner).links[0]["url"] == kept


def test_a_handle_belongs_to_one_author_in_any_case(signed_in: Client, owner: User) -> None:
    factories.profile(handle="ADA-L")
    response = signed_in.post(PAGE, FIELDS)
    assert response.status_code == 422
    assert "Somebody else has this handle" in response.content.decode()
    # Two forms sent at once: the database has the last word.
    with pytest.raises(addresses.HandleTaken):
        profiles.save_profile(owner, handle="ada-L", name="Ada")
    assert not Profile.objects.filter(user=owner).exists()


def test_an_author_may_change_the_case_of_their_handle(signed_in: Client, owner: User) -> None:
    factories.profile(owner, handle="ada-l")
    assert signed_in.post(PAGE, FIELDS | {"handle": "@ADA-L"}).status_code == 302
    assert Profile.objects.get().handle == "ADA-L"


def upload(data: bytes) -> dict[str, Any]:
    """Return the fields of an upload."""
    return {"picture": SimpleUploadedFile("me.png", data, "image/png")}


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_kept_replaced_and_removed(signed_in: Client, owner: User) -> None:
    profile = factories.profile(owner)
    assert signed_in.post(PICTURE, upload(factories.png())).status_code == 302
    first = Picture.objects.get()
    files = (first.file, first.small)
    assert (
        f'src="{reverse("picture_small", args=[first.pk])}"' in signed_in.get(PAGE).content.decode()
    )

    assert signed_in.post(PICTURE, upload(factories.png(colour="red"))).status_code == 302
    second = Picture.objects.get()
    assert second.pk != first.pk
    assert not any(file.storage.exists(str(file.name)) for file in files)

    assert signed_in.post(PICTURE, {"remove": "1"}).status_code == 302
    assert not Picture.objects.exists()
    assert not second.file.storage.exists(str(second.file.name))
    profile.refresh_from_db()
    assert profile.avatar is None
    assert signed_in.post(PICTURE, {"remove": "1"}).status_code == 302


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"GIF89a\x01\x00\x01\x00", "Only PNG, JPEG and WebP"),
        (factories.png()[:60], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * (8 * 1024 * 1024), "larger than 8 MB"),
    ],
)
def test_what_is_no_picture_leaves_the_old_one(
    signed_in: Client, owner: User, data: bytes, words: str
) -> None:
    factories.profile(owner)
    signed_in.post(PICTURE, upload(factories.png()))
    response = signed_in.post(PICTURE, upload(data))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Profile.objects.get().avatar == Picture.objects.get()


def test_no_picture_at_all_is_asked_for(signed_in: Client, owner: User) -> None:
    factories.profile(owner)
    response = signed_in.post(PICTURE, {})
    assert response.status_code == 422
    assert "Choose a picture first." in response.content.decode()


def test_a_picture_needs_a_profile_first(signed_in: Client) -> None:
    assert signed_in.post(PICTURE, upload(factories.png()))["Location"] == PAGE
    assert not Picture.objects.exists()


def test_more_links_need_no_more_queries(
    signed_in: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    links = [{"label": f"Link {n}", "url": f"https://example.org/{n}"} for n in range(10)]
    factories.profile(owner, links=links, skills=[f"Skill {n}" for n in range(30)])
    signed_in.get(PAGE)
    with django_assert_max_num_queries(6):
        assert signed_in.get(PAGE).status_code == 200


def test_the_page_opens_in_french(signed_in: Client) -> None:
    signed_in.cookies["language"] = "fr"
    response = signed_in.get(PAGE)
    assert response.status_code == 200
    assert '<html lang="fr">' in response.content.decode()


class AnyInput(TestCase):
    """Whatever is typed, the form answers."""

    def setUp(self) -> None:
        self.owner = factories.user()

    @given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(max_size=80)))
    def test_any_text_is_taken_or_refused(self, typed: dict[str, str]) -> None:
        form = ProfileForm(self.owner, None, FIELDS | typed)
        if form.is_valid():
            values = form.values()
            assert values["handle"].isascii()
            assert values["handle"].lower() not in RESERVED_HANDLES
            assert all(link["url"].startswith(("http://", "https://")) for link in values["links"])
            profiles.save_profile(form.owner, **values)


CERTIFICATION: dict[str, Any] = {
    "certifications-TOTAL_FORMS": "2",
    "certifications-0-name": "Prompt engineering",
    "certifications-0-issuer": "An institute",
    "certifications-0-issued": "2025-11",
    "certifications-0-expires": "2027-11",
    "certifications-0-url": "certificates.example.org/7",
    "certifications-1-name": "",
}


def test_certifications_are_kept_shown_and_removed(signed_in: Client, owner: User) -> None:
    assert signed_in.post(PAGE, FIELDS | CERTIFICATION).status_code == 302
    kept = {
        "name": "Prompt engineering",
        "issuer": "An institute",
        "issued": "2025-11",
        "expires": "2027-11",
        "url": "https://certificates.example.org/7",
    }
    [made] = Profile.objects.get(user=owner).certifications
    assert made == kept | {"key": made["key"], "proof": ""}
    assert 'value="2025-11"' in signed_in.get(PAGE).content.decode()
    signed_in.post(PAGE, FIELDS | CERTIFICATION | {"certifications-0-DELETE": "on"})
    assert Profile.objects.get(user=owner).certifications == []


@pytest.mark.parametrize(
    ("typed", "kept"), [("05/2024", "2024-05"), ("2024/5", "2024-05"), ("2024.05", "2024-05")]
)
def test_months_are_read_as_people_write_them(
    signed_in: Client, owner: User, typed: str, kept: str
) -> None:
    signed_in.post(PAGE, FIELDS | CERTIFICATION | {"certifications-0-issued": typed})
    assert Profile.objects.get(user=owner).certifications[0]["issued"] == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("name", "two\nlines"),
        ("issuer", ""),
        ("issuer", "turned \u202e round"),
        ("issued", ""),
        ("issued", "2025-13"),
        ("issued", "2025-00"),
        ("issued", "0001-01"),
        ("issued", "²025-01"),
        ("issued", "last year"),
        ("issued", "9" * 400),
        ("expires", "2025-10"),
        ("expires", "soon"),
        ("url", "javascript:alert(1)"),
    ],
)
def test_a_bad_certification_is_refused_at_its_field(
    signed_in: Client, field: str, value: str
) -> None:
    sent = FIELDS | CERTIFICATION | {f"certifications-0-{field}": value}
    response = signed_in.post(PAGE, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_certifications-0-{field}_error"' in page
    assert "I write **prompts**." in page
    assert field == "name" or 'value="Prompt engineering"' in page
    assert not Profile.objects.exists()


def test_too_many_certifications_are_refused(signed_in: Client) -> None:
    rows = {
        f"certifications-{n}-{name}": value
        for n in range(21)
        for name, value in (("name", f"C{n}"), ("issuer", "I"), ("issued", "2025-01"))
    }
    response = signed_in.post(PAGE, FIELDS | rows | {"certifications-TOTAL_FORMS": "21"})
    assert response.status_code == 422
    assert "at most 20 certifications" in response.content.decode()


def test_contact_is_as_the_author_chose(signed_in: Client, owner: User) -> None:
    # A form that never asked opens nothing.
    signed_in.post(PAGE, FIELDS)
    assert Profile.objects.get().contact_mode == "none"
    chosen = {"contact_mode": "email", "contact_email": "work@example.org"}
    assert signed_in.post(PAGE, FIELDS | chosen).status_code == 302
    profile = Profile.objects.get()
    assert (profile.contact_mode, profile.contact_email) == tuple(chosen.values())


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("contact_mode", {"contact_mode": "telephone"}),
        ("contact_email", {"contact_mode": "email", "contact_email": ""}),
        ("contact_email", {"contact_mode": "form", "contact_email": "ada"}),
        ("contact_email", {"contact_mode": "email", "contact_email": "a@example.org\nx"}),
        ("contact_email", {"contact_mode": "email", "contact_email": "a@" + "b" * 254}),
    ],
)
def test_a_bad_way_to_reach_the_author_is_refused(
    signed_in: Client, field: str, sent: dict[str, str]
) -> None:
    response = signed_in.post(PAGE, FIELDS | sent)
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()


@pytest.mark.parametrize("rubbish", [{}, "text", 7, [None, 1, "x", [], {"name": 3}], [{}]])
def test_the_form_opens_whatever_stands_in_old_rows(
    signed_in: Client, owner: User, rubbish: Any
) -> None:
    factories.profile(owner, certifications=rubbish, links=rubbish)
    assert signed_in.get(PAGE).status_code == 200


def test_a_refused_row_is_said_on_top_with_the_way_to_it(signed_in: Client) -> None:
    answer = signed_in.post(PAGE, with_link("no address"))
    assert answer.status_code == 422
    page = answer.content.decode()
    top, _, _ = page.partition('name="name"')
    assert '<a href="#id_links-0-url">Go to the first one</a>' in top
    assert 'id="id_links-0-url"' in page


def test_the_way_leads_to_the_first_of_several_as_the_page_shows_them(signed_in: Client) -> None:
    answer = signed_in.post(PAGE, with_link("no address") | {"name": "", "handle": "?!"})
    assert '<a href="#id_name">Go to the first one</a>' in answer.content.decode()
    late = signed_in.post(PAGE, with_link("no address") | {"accent": "pink"})
    assert '<a href="#id_links-0-url">Go to the first one</a>' in late.content.decode()
    last = signed_in.post(PAGE, FIELDS | {"accent": "pink"}).content.decode()
    assert '<a href="#id_accent">Go to the first one</a>' in last
    assert 'id="id_accent"' in last
