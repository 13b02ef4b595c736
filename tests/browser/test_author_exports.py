"""An author takes everything along: with scripts the page leads to the file, without too."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Visit


@pytest.mark.parametrize("scripts", [True, False])
def test_the_archive_is_made_and_downloaded(
    visit: Visit, sample_author: StorageState, tmp_path: Path, scripts: bool
) -> None:
    page = visit(storage_state=sample_author, java_script_enabled=scripts)
    page.goto("/studio/")
    page.get_by_role("link", name="Take everything with you").click()
    # Whoever makes it again must not be shown the one before.
    for _time in range(2):
        before = re.escape(page.url)
        page.get_by_role("button", name="Make the ZIP").click()
        page.wait_for_url(re.compile(rf"^(?!{before}$).*#ready$"))
        expect(page.get_by_role("heading", name="Your archive")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the ZIP").click()
    file = tmp_path / "portfolio.zip"
    download.value.save_as(file)
    assert download.value.suggested_filename.startswith("promptfolio-sample-")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert "entries/support-ticket-triage.json" in archive.namelist()
