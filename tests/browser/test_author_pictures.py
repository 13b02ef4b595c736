"""Pictures an author uploads: avatar, cover, and a picture made elsewhere."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Visit
from tests.browser.watch import Watch
from tests.site import RunningSite

PICTURES = """
from prompts_app.models import User
from tests import factories
author = User.objects.get(email="ada@example.org")
content = factories.content("Draw {{ text }}", kind="image")
entry = factories.entry(author, title="Pictures", slug="pictures", content=content)
"""


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PNG with a place written into it."""
    file = tmp_path_factory.mktemp("pictures") / "harbour.png"
    exif = Image.Exif()
    exif[0x010E] = "Secret place"
    Image.new("RGB", (800, 500), "teal").save(file, exif=exif)
    return file


@pytest.fixture(scope="module")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text that calls itself a PNG."""
    file = tmp_path_factory.mktemp("texts") / "notes.png"
    file.write_text("These are only notes.")
    return file


@pytest.fixture(scope="session")
def picture_entry(site: RunningSite, ada: StorageState) -> str:
    """The studio's address of a listed entry of Ada's whose prompt makes pictures."""
    site.python(PICTURES)
    return "/studio/entries/pictures/"


def error_at_picture(page: Page) -> None:
    """The picture's field says what is wrong with the file."""
    field = page.get_by_role("button", name=re.compile("^(Picture|Cover)$"))
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field", has=field).locator(".field__error")).to_be_visible()


def loaded(page: Page, selector: str) -> None:
    """A picture is there and was really decoded."""
    picture = page.locator(selector)
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 0


@pytest.mark.usefixtures("picture_entry")
def test_a_profile_with_a_picture(
    visit: Visit, ada: StorageState, watch: Watch, picture: Path, text_file: Path
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto("/studio/profile/")
    page.get_by_role("button", name="Picture", exact=True).set_input_files(text_file)
    page.get_by_role("button", name="Add the picture").click()
    error_at_picture(page)
    page.get_by_role("button", name="Picture", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Add the picture").click()
    loaded(page, ".person-edit img")
    page.get_by_label("Headline").fill("Writes prompts for harbours")
    page.get_by_label("Availability").select_option("open")
    page.get_by_label("Skills").fill("Extraction\nTriage")
    page.get_by_role("button", name="Save the profile").click()
    page.get_by_role("link", name="See it as visitors do").click()
    expect(page.get_by_text("Writes prompts for harbours")).to_be_visible()
    visitor = visit()
    visitor.goto("/@ada/")
    loaded(visitor, ".person img")
    expect(visitor.get_by_text("Triage", exact=True)).to_be_visible()


def test_a_picture_made_elsewhere(
    visit: Visit,
    ada: StorageState,
    watch: Watch,
    picture: Path,
    text_file: Path,
    picture_entry: str,
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto(f"{picture_entry}outputs/")
    page.get_by_text("Upload a picture made elsewhere").click()
    page.get_by_role("button", name="Picture", exact=True).set_input_files(text_file)
    page.get_by_label("Model", exact=True).fill("their-painter")
    page.get_by_role("button", name="Keep the picture").click()
    error_at_picture(page)
    expect(page.get_by_label("Model", exact=True)).to_have_value("their-painter")
    page.get_by_role("button", name="Picture", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Keep the picture").click()
    loaded(page, "#outputs img")
    visitor = visit()
    visitor.goto("/@ada/pictures/")
    shown = visitor.locator("#evidence img, #pair img").first
    expect(shown).to_be_visible()
    address = shown.get_attribute("src")
    assert address is not None
    body = visitor.request.get(address).body()
    assert b"Secret place" not in body


def test_a_cover_comes_and_goes(
    visit: Visit,
    ada: StorageState,
    watch: Watch,
    picture: Path,
    text_file: Path,
    picture_entry: str,
) -> None:
    watch.allowed.add(422)
    page = visit(storage_state=ada)
    page.goto(f"{picture_entry}settings/")
    page.get_by_label("Cover", exact=True).set_input_files(text_file)
    page.get_by_role("button", name="Add the cover").click()
    error_at_picture(page)
    page.get_by_label("Cover", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Add the cover").click()
    loaded(page, ".field__picture img")
    visitor = visit()
    visitor.goto("/@ada/")
    loaded(visitor, ".card .cover img")
    page.get_by_role("button", name="Remove the cover").click()
    expect(page.get_by_role("button", name="Add the cover")).to_be_visible()
    visitor.reload()
    expect(visitor.locator(".card .cover img")).to_have_count(0)
