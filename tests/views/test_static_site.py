"""The copy of an author's pages: whole, without a dead end, and only what everybody may see."""

import io
import json
import posixpath
import re
import zipfile
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.test import Client

from prompts_app.models import Entry, Profile, Run, User
from prompts_app.views.static_site import StaticSite
from tests import factories

pytestmark = pytest.mark.django_db
PAGE, FILE = "/studio/export/", "/studio/export/site.zip"


@pytest.fixture
def owner() -> User:
    """An author with two listed entries, with answers, cases, a comparison and a receipt."""
    made = factories.profile(handle="ada").user
    for slug in ("one", "two"):
        entry = factories.judged(factories.entry(made, slug=slug, visibility="listed"))
        factories.version(entry)
        assert entry.published is not None
        factories.receipt(entry.published, factories.case(entry))
        factories.site_model(entry, name=f"model-{slug}")
    return made


def copied(owner: User) -> dict[str, bytes]:
    """Return the files of the copy by name."""
    file = io.BytesIO()
    profile = Profile.objects.select_related("user").get(user=owner)
    for done, known in StaticSite(profile, file).write():
        assert 0 < done <= known
    with zipfile.ZipFile(file) as archive:
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


class Addresses(HTMLParser):
    """Every address of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("rel") != "canonical":
            self.found += [value for name, value in attrs if name in ("href", "src") and value]


def test_the_copy_is_whole(owner: User) -> None:
    files = copied(owner)
    every_address_leads_to_a_file(files)
    pages_are_there_in_both_languages_without_form_or_script(files)
    receipts_and_what_checks_them_are_in_it(files)
    page = files["en/one/try/index.html"].decode()
    assert "This is a copy, which runs nothing" in page
    assert "Recorded earlier" in page


def every_address_leads_to_a_file(files: dict[str, bytes]) -> None:
    pages = [name for name in files if name.endswith(".html")]
    assert {"index.html", "en/index.html", "fr/one/index.html", "en/two/try/index.html"} < {*pages}
    for name in pages:
        for address in Addresses(files[name]).found:
            parts = urlsplit(address)
            assert not parts.scheme, (name, address)
            if parts.path:
                way = posixpath.join(posixpath.dirname(name), unquote(parts.path))
                assert posixpath.normpath(way) in files, (name, address)


def pages_are_there_in_both_languages_without_form_or_script(files: dict[str, bytes]) -> None:
    english = {name[3:] for name in files if name.startswith("en/")}
    assert english == {name[3:] for name in files if name.startswith("fr/")}
    assert b'lang="fr"' in files["fr/one/index.html"]
    for name, page in files.items():
        if name.endswith(".html"):
            assert not re.search(rb"<(script|form)\b", page), name


def receipts_and_what_checks_them_are_in_it(files: dict[str, bytes]) -> None:
    receipts = [name for name in files if name.endswith("receipt.json")]
    assert len(receipts) >= 4
    assert json.loads(files[receipts[0]])["signature"]
    assert json.loads(files["promptfolio-keys.json"])
    assert b"def " in files["verify.py"]


def test_only_what_everybody_may_see_is_in_it(owner: User) -> None:
    hidden = factories.entry(owner, slug="hidden", title="Secret plans", visibility="unlisted")
    draft = factories.entry(owner, slug="draft", title="Secret draft", published=False)
    other = factories.entry(slug="theirs", title="Of somebody else", visibility="listed")
    everything = b"".join(copied(owner).values())
    for entry in (hidden, draft, other):
        assert entry.title.encode() not in everything
    assert owner.email.encode() not in everything


def test_the_tests_of_an_answer_are_those_of_its_version(owner: User) -> None:
    entry = Entry.objects.get(owner=owner, slug="one")
    newest = factories.version(entry)
    factories.receipt(newest, factories.case(entry))
    files = copied(owner)
    linked = {}
    for run in Run.objects.filter(version__entry=entry, hidden=False):
        page = f"en/runs/{run.pk}/index.html"
        for address in Addresses(files[page]).found:
            if "promptfooconfig" in address:
                name = posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
                prompt = run.version.content["messages"][0]["content"]
                assert prompt in files[name].decode()
                linked[run.version.number] = name
    # One file for each version that has one, not one for all.
    assert len(linked) == len(set(linked.values())) >= 2
    made = [name for name in files if name.startswith("en/one/evidence/promptfooconfig")]
    assert len({files[name] for name in made}) == len(made) >= len(linked)


def test_without_a_script_the_copy_is_made_and_fetched(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert b"Copy the pages" in client.get(PAGE).content
    looked = client.get("/studio/export/site/", follow=True)
    assert looked.redirect_chain == [(PAGE + "#site", 302)]
    assert 'id="site"' in looked.content.decode()
    made = client.post("/studio/export/site/")
    assert (made.status_code, made["Location"].endswith("#site")) == (303, True)
    response: Any = client.get(FILE)
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        assert "fr/one/index.html" in archive.namelist()
    client.force_login(factories.profile().user)
    assert client.get(FILE).status_code == 404


def test_there_is_nothing_to_copy_without_a_listed_entry(client: Client, owner: User) -> None:
    Entry.objects.filter(owner=owner).update(visibility="unlisted")
    client.force_login(owner)
    assert "once one of your entries is listed" in client.get(PAGE).text
    assert client.post("/studio/export/site/").status_code == 404
