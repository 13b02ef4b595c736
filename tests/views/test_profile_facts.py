"""What a profile says of work and languages, who may list it, and the same as JSON Resume."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import Entry, Profile
from prompts_app.services import dossiers, share_tokens
from prompts_app.templatetags import profiles as facts
from tests import factories, papers
from tests.sharing import address, text_of

pytestmark = pytest.mark.django_db

# The fields of JSON Resume 1.0.0 that a profile has something for.
FIELDS: dict[str, set[str]] = {
    "": {"$schema", "basics", "work", "certificates", "skills", "languages", "projects", "meta"},
    "basics": {"name", "label", "image", "email", "url", "summary", "location", "profiles"},
    "location": {"city"},
    "profiles": {"network", "username", "url"},
    "work": {"name", "position", "url", "startDate", "endDate", "summary"},
    "certificates": {"name", "date", "url", "issuer"},
    "skills": {"name", "level", "keywords"},
    "languages": {"language", "fluency"},
    "projects": {"name", "description", "highlights", "keywords", "url", "type"},
    "meta": {"canonical", "version", "lastModified"},
}
# Its pattern for dates.
DATE = re.compile(r"([1-2][0-9]{3}-[0-1][0-9]-[0-3][0-9]|[1-2][0-9]{3}-[0-1][0-9]|[1-2][0-9]{3})")
FULL: dict[str, Any] = {
    "handle": "ada",
    "name": "Ada Éxample",
    "pronouns": "she/her",
    "headline": "Prompts that hold",
    "bio": "I write **prompts**.",
    "location": "Lyon, France",
    "availability": "later",
    "available_from": date(2127, 3, 1),
    "work_modes": ["remote", "hybrid"],
    "contracts": ["freelance"],
    "skills": ["SQL", "Tone"],
    "languages": ["English", {"name": "Français", "level": "native"}, {"level": "C1"}, 3],
    "links": [{"label": "Code", "url": "https://example.org/ada"}],
    "experience": [
        {"role": "Lead", "where": "Ωmega <b>", "began": "2024-05", "ended": "", "text": "A\nB"},
        {"role": "Writer", "where": "", "began": "2020-01", "ended": "2023-12", "text": ""},
        {"where": "nothing"},
        "rubbish",
    ],
    "certifications": [{"name": "C", "issuer": "I", "issued": "2025-11"}],
    "shares_resume": True,
}


@pytest.fixture(autouse=True)
def own_place(settings: Settings, tmp_path: Path) -> None:
    """Keep pictures in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"


def full(**fields: Any) -> Profile:
    """A profile that says everything, with one listed entry."""
    profile = factories.profile(**(FULL | fields))
    factories.entry(profile.user, title="Queries", tags=("sql",), outcome="Half the time.")
    return profile


def test_everything_stands_on_the_profile_the_link_and_the_dossier(client: Client) -> None:
    profile = full()
    link = factories.share_link(profile.user, profile.user.entries.get())
    page = client.get("/@ada/").content.decode()
    shared = text_of(client.get(address(link)))
    paper = papers.text_of(dossiers.make(link, share_tokens.token_of(link)))
    for text in (page, shared, paper):
        for said in (
            *("she/her", "Lyon, France", "Available from 1 March 2127", "freelance work"),
            *("Experience", "Lead", "Writer", "English", "Français", "first language"),
        ):
            assert said in text, said
        assert "nothing" not in text
        assert "<b>" not in text.replace("<b>", "", 1 if text is paper else 0)
    assert "partly on site or remote" in page
    assert "Ωmega &lt;b&gt;" in page
    assert "A<br>B" in page
    assert "today" in page


@pytest.mark.parametrize(
    ("availability", "days", "said"),
    [
        ("", 3, ""),
        ("open", None, "Open to work"),
        ("open", 3, "Open to work, from "),
        ("open", -3, "Open to work"),
        ("later", None, "Available later"),
        ("later", 3, "Available from "),
        ("closed", 3, "Not available"),
    ],
)
def test_availability_is_one_sentence(availability: str, days: int | None, said: str) -> None:
    start = timezone.now().date() + timedelta(days=days) if days is not None else None
    profile = factories.profile(availability=availability, available_from=start)
    found = facts.availability(profile)
    assert found.startswith(said)
    assert found == said or said.endswith("from ")


@pytest.mark.parametrize("rubbish", [{}, "text", 7, [None, 1, [], {"name": 3}], [{}], None])
def test_a_page_opens_whatever_stands_in_its_lists(client: Client, rubbish: Any) -> None:
    lists = ("experience", "languages", "work_modes", "contracts", "certifications", "skills")
    profile = factories.profile(**dict.fromkeys(lists, rubbish if rubbish is not None else []))
    factories.entry(profile.user)
    assert client.get(f"/@{profile.handle}/").status_code == 200
    client.force_login(profile.user)
    for path in ("/studio/profile/", "/studio/profile/proof/", "/studio/profile/resume.json"):
        assert client.get(path).status_code == 200


def test_rows_are_kept_in_the_authors_order(client: Client) -> None:
    owner = factories.user()
    client.force_login(owner)
    sent = {
        "handle": "ada", "name": "Ada", "accent": "plum", "is_indexed": "on",
        "available_from": "2127-03-01", "availability": "later", "location": " Lyon ",
        "work_modes": ["remote", "on_site"], "contracts": ["hybrid"], "pronouns": "elle",
        "experience-TOTAL_FORMS": "3",
        "experience-0-ORDER": "1", "experience-0-role": "Writer", "experience-0-began": "01/2020",
        "experience-0-ended": "2023-12",
        "experience-1-ORDER": "0", "experience-1-role": "Lead", "experience-1-began": "2024-05",
        "experience-1-text": "A\r\nB", "experience-2-role": "",
        "languages-TOTAL_FORMS": "1", "languages-0-name": "Français", "languages-0-level": "native",
    }  # fmt: skip
    assert client.post("/studio/profile/", sent).status_code == 302
    profile = Profile.objects.get()
    assert [one["role"] for one in profile.experience] == ["Lead", "Writer"]
    assert profile.experience[0]["text"] == "A\nB"
    assert profile.experience[1]["began"] == "2020-01"
    # As they are offered, not as they were sent.
    assert profile.work_modes == ["on_site", "remote"]
    assert (profile.available_from, profile.location) == (date(2127, 3, 1), "Lyon")
    assert profile.is_indexed
    page = client.get("/studio/profile/").content.decode()
    assert 'value="2127-03-01"' in page
    assert 'value="Lead"' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", ""), ("role", "x" * 121), ("began", ""), ("began", "soon"), ("ended", "2020-01"),
        ("text", "x" * 601), ("where", "\u202e"),
    ],
)  # fmt: skip
def test_bad_experience_is_refused_at_its_field(client: Client, field: str, value: str) -> None:
    client.force_login(factories.user())
    row = {"role": "Lead", "where": "W", "began": "2024-05", "ended": "2025-01", "text": "T"}
    sent = {f"experience-0-{name}": said for name, said in (row | {field: value}).items()}
    fields = {"handle": "ada", "name": "Ada", "accent": "plum", "experience-TOTAL_FORMS": "1"}
    response = client.post("/studio/profile/", fields | sent)
    assert response.status_code == 422
    assert f'id="id_experience-0-{field}_error"' in response.content.decode()
    assert not Profile.objects.exists()


# Indexing


def test_who_wants_no_machines_is_in_no_list_of_theirs(client: Client) -> None:
    profile = full()
    entry = profile.user.entries.get()
    assert entry.published is not None
    run = factories.run(entry.published)
    factories.judged(entry)
    home = f"/@ada/{entry.slug}/"
    pages = ("/@ada/", home, f"{home}evidence/", f"/runs/{run.pk}/")
    lists = ("/sitemap.xml", "/sitemap-entries-0.xml", "/sitemap-profiles-0.xml", "/feed.atom")
    noindex = '<meta name="robots" content="noindex">'
    assert [path for path in pages if noindex in client.get(path).content.decode()] == []
    assert all("/@ada/" in client.get(path).content.decode() for path in lists)
    Profile.objects.update(is_indexed=False)
    assert [path for path in pages if noindex not in client.get(path).content.decode()] == []
    assert not any("/@ada/" in client.get(path).content.decode() for path in lists)
    # People find it all the same.
    assert "Queries" in client.get("/explore/").content.decode()


# JSON Resume


def check(found: Any, name: str = "") -> None:
    """Every field is one of the schema's, and every date is written as it asks."""
    for one in found if isinstance(found, list) else [found]:
        assert set(one) <= FIELDS[name], name
        for field, value in one.items():
            if field in ("date", "startDate", "endDate"):
                assert DATE.fullmatch(value)
            if isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)):
                check(value, field)
            assert value not in ("", [], {}, None)


def test_a_profile_is_told_as_json_resume(client: Client) -> None:
    profile = full(contact_mode="email", contact_email="work@example.org")
    response = client.get("/@ada/resume.json")
    assert response["Content-Type"] == "application/json"
    assert "noindex" in response["X-Robots-Tag"]
    told = json.loads(response.content)
    check(told)
    assert told["basics"]["name"] == "Ada Éxample"
    assert told["basics"]["email"] == "work@example.org"
    assert told["basics"]["location"] == {"city": "Lyon, France"}
    assert told["work"][0] == {
        "name": "Ωmega <b>",
        "position": "Lead",
        "startDate": "2024-05",
        "summary": "A\nB",
    }
    assert told["languages"] == [
        {"language": "English"},
        {"language": "Français", "fluency": "first language"},
    ]
    assert told["skills"][0] == {"name": "SQL", "keywords": ["Queries"]}
    [project] = told["projects"]
    assert project["url"].endswith(f"/@ada/{profile.user.entries.get().slug}/")
    assert project["highlights"] == ["Half the time."]


def test_it_is_public_only_where_the_author_wants_that(client: Client) -> None:
    profile = full(shares_resume=False)
    factories.entry(profile.user, title="Hidden", visibility=Entry.Visibility.UNLISTED)
    assert client.get("/@ada/resume.json").status_code == 404
    assert "resume.json" not in client.get("/@ada/").content.decode()
    assert client.get("/studio/profile/resume.json").status_code == 302
    client.force_login(profile.user)
    own = client.get("/studio/profile/resume.json")
    assert 'filename="resume.json"' in own["Content-Disposition"]
    assert "Hidden" not in own.content.decode()
    # An address that is nobody's to see is in no file.
    assert "email" not in json.loads(own.content)["basics"]
    Profile.objects.update(shares_resume=True)
    assert "/@ada/resume.json" in Client().get("/@ada/").content.decode()


@pytest.mark.parametrize("number", [1, 30])
def test_more_of_everything_makes_no_more_queries(
    django_assert_num_queries: Any, number: int
) -> None:
    full()
    profile = Profile.objects.get()
    for n in range(number):
        factories.entry(profile.user, tags=("sql", f"tag {n}"))
    Client().get("/@ada/resume.json")
    with django_assert_num_queries(4):
        Client().get("/@ada/resume.json")
