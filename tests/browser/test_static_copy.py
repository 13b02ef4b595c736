"""The copy of an author's pages opens from disk: no server, no failed request, no dead end."""

import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.site import RunningSite

# An author of their own: the samples are many pages.
COPY = """
from prompts_app.models import Profile
from prompts_app.views.static_site import StaticSite
from tests import factories
owner = factories.profile(handle="copied", name="Copied author").user
entry = factories.judged(
    factories.entry(owner, title="Copied entry", slug="copied-entry", visibility="listed"))
factories.version(entry)
factories.receipt(entry.published, factories.case(entry, "An ordinary text"))
factories.site_model(entry, name="model-copied")
profile = Profile.objects.select_related("user").get(handle="copied")
with open({file!r}, "wb") as file:
    for _step in StaticSite(profile, file).write():
        pass
"""


def test_it_opens_from_disk_in_both_languages(
    visit: Visit, site: RunningSite, tmp_path: Path
) -> None:
    site.python(COPY.format(file=str(tmp_path / "site.zip")))
    with zipfile.ZipFile(tmp_path / "site.zip") as archive:
        archive.extractall(tmp_path / "copy")
    page = visit()
    page.goto((tmp_path / "copy" / "index.html").as_uri())
    page.wait_for_url("**/en/index.html")
    page.get_by_role("link", name="Copied entry").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copied entry")
    page.get_by_role("link", name="Recorded answers").click()
    expect(page.get_by_text("This is a copy, which runs nothing")).to_be_visible()
    page.get_by_role("link", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page).to_have_url(f"{(tmp_path / 'copy' / 'fr').as_uri()}/copied-entry/try/index.html")
    # Every page of the copy, as a reader would come to it: the watch notes what fails.
    for file in sorted((tmp_path / "copy").rglob("*.html")):
        page.goto(file.as_uri())
        expect(page.locator("h1, a").first).to_be_attached()
