"""What tests of imports share: small files, documents with everything, and work done to its end."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from prompts_app.models import Import, User
from prompts_app.services import imports
from prompts_app.services.import_reading import Rules, ready
from prompts_app.transfer.document import (
    CaseDocument,
    EntryDocument,
    RunDocument,
    VersionDocument,
)
from tests import factories

HEADER = ("act", "prompt", "for_devs", "type", "contributor")


def table(*rows: Iterable[str]) -> bytes:
    """Return prompts.chat's CSV with these rows."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *rows])
    return out.getvalue().encode()


def prompts(count: int) -> bytes:
    """Return such a file of so many prompts."""
    return table(
        *((f"Role {n}", f"Be number {n} for ${{name:you}}.", "FALSE", "TEXT", "x")
          for n in range(count))
    )  # fmt: skip


def document(**fields: Any) -> EntryDocument:
    """Return a document of one entry with one version, unless `fields` say otherwise."""
    values: dict[str, Any] = {
        "title": "Invoices", "summary": "", "use_case": "", "language": "en", "tags": (),
        "credit": "", "source_key": "test:1",
        "versions": (VersionDocument(factories.content()),),
    } | fields  # fmt: skip
    return EntryDocument(**values)


def whole() -> EntryDocument:
    """Return a document with two versions, a case, rules and an output of each kind."""
    rules = [
        {"text": "Short.", "assertion": {"type": "word-count", "value": {"max": 40}}},
        {"text": "In our words.", "foreign": {"type": "javascript", "value": "output.length"}},
        {"text": "Broken.", "assertion": {"type": "regex", "value": "("}},
    ]
    raw = {"id": "chatcmpl-1", "choices": [{"message": {"content": "Done."}}]}
    careful = factories.content("Read with care: {{ text }}", constraints=rules)
    return document(
        tags=("Extraction", "json"),
        versions=(
            VersionDocument(factories.content("Read: {{ text }}")),
            VersionDocument(careful, "Better."),
        ),
        baseline=0,
        cases=(CaseDocument("Two currencies", {"text": "1 € and 1 $"}, "The sum"),),
        runs=(
            RunDocument(1, "Done.", "model-x", {"text": "1 €"}, case=0, raw=raw, input_tokens=12,
                        output_tokens=2, latency=800, made_at="2026-05-12T09:30:00+00:00",
                        finish_reason="stop"),
            RunDocument(0, "Sure!", "model-y", {"text": "1 €"}),
        ),
    )  # fmt: skip


def done(work: imports.Progress) -> Import:
    """Do the work to its end and return what it comes to."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return Import.objects.get(pk=stop.value.pk)


def brought(owner: User, *documents: EntryDocument) -> Import:
    """Import documents as if a file had held them."""
    found = [ready(one, Rules()) for one in documents]
    return done(imports.bring_in_file(owner, "file.json", 10, "prompts_chat", found, "draft"))


def uploaded(owner: User, data: bytes, name: str = "prompts.csv", key: str = "") -> Import:
    """Keep an upload, as the page does."""
    return done(imports.keep(owner, data, name, key))
