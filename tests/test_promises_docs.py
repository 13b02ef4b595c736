"""What the documents promise: every setting is told of, in both places."""

import re
from pathlib import Path

import pytest

from tests.postgres import settings_variables

ROOT = Path(__file__).resolve().parent.parent
# Set by `manage.py demo` for the processes it starts, by no person.
INTERNAL = {"DEMO_MODEL_URL"}


@pytest.mark.parametrize("variable", sorted(settings_variables() - INTERNAL))
def test_every_setting_is_documented(variable: str) -> None:
    assert f"`{variable}`" in (ROOT / "docs" / "configuration.md").read_text()
    assert re.search(rf"^(# ?)?{variable}=", (ROOT / ".env.example").read_text(), re.M)


def test_no_document_tells_of_a_setting_that_is_not_read() -> None:
    text = (ROOT / ".env.example").read_text()
    told = set(re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", text, re.M))
    compose = (ROOT / "docker-compose.yml").read_text()
    assert told <= settings_variables() | set(re.findall(r"\$\{([A-Z_]+)", compose))


DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
