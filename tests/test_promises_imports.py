"""Whatever a reader finds wrong is said in words, and every format has a name."""

from pathlib import Path

import pytest

from prompts_app import services, transfer
from prompts_app.forms.fields import PROBLEMS
from prompts_app.services import import_words, imports
from prompts_app.services.import_words import FORMATS, LOSSES, MADE_OF, SENTENCES, sentence
from tests.codes import codes_of

# These read archives: what is wrong with a ZIP is told under another name.
ZIPS = "zips.py"
ARCHIVES = {"archive_looking.py", "archive_making.py"}
READERS = Path(str(transfer.__file__)).parent
SERVICES = Path(str(services.__file__)).parent


def given() -> dict[str, set[str]]:
    """Return each code of a reader and the modules it stands in."""
    found: dict[str, set[str]] = {}
    for code, where in codes_of(READERS).items():
        if ZIPS in where:
            found[f"zip_{code}"] = {ZIPS}
        if where - {ZIPS}:
            found[code] = where - {ZIPS}
    for code, where in codes_of(SERVICES).items():
        if where & ARCHIVES:
            found[code] = found.get(code, set()) | where & ARCHIVES
    # Not said by themselves: what stands before another code.
    return found | {f"text_{code}": {"clean.py"} for code in PROBLEMS}


def test_every_code_of_every_reader_has_a_sentence() -> None:
    codes = given()
    assert {"unclosed_quote", "too_deep", "not_promptfoo"} <= codes.keys(), "none was found"
    missing = {
        code: sorted(where)
        for code, where in codes.items()
        if code not in SENTENCES and code not in LOSSES
    }
    assert not missing, "say these in services/import_words.py"


def test_every_code_of_the_import_itself_has_a_sentence() -> None:
    source = "".join(
        (SERVICES / f"{name}.py").read_text() for name in ("imports", "import_reading")
    )
    for code in import_words._OF_SITE:
        assert f'"{code}"' in source, code


def test_no_sentence_is_of_a_code_that_nobody_gives() -> None:
    codes = given().keys() | import_words._OF_SITE.keys() | {"renamed"}
    assert not SENTENCES.keys() - codes
    assert not LOSSES.keys() - codes


@pytest.mark.parametrize("code", sorted(SENTENCES.keys() | LOSSES.keys()))
def test_a_sentence_takes_any_detail(code: str) -> None:
    for detail in ("", "100 % {{ %(x)s", "é"):
        for lost in (False, True):
            said = sentence(code, detail, lost=lost)
            assert said.endswith((".", "…")) or detail in said
            assert "%(" not in said.replace(detail, "")


def test_every_format_has_a_name_and_says_what_becomes_of_it() -> None:
    assert set(imports.KEYS) <= FORMATS.keys()
    assert FORMATS.keys() == MADE_OF.keys()
