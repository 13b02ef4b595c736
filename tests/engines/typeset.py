"""Contents to typeset, and what a document says when it is read back."""

import io
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pypdf

from prompts_app.typeset.contents import (
    Certification,
    Constraint,
    Dossier,
    DossierEntry,
    DossierProfile,
    Fact,
    Failure,
    Link,
    Message,
    ModelEvidence,
    Part,
    Skill,
    Words,
)
from prompts_app.typeset.fonts import fonts
from prompts_app.typeset.rich import from_html, paragraphs

# What every machine has: no test here depends on the fonts of the system.
PACKAGED = fonts(system=False)

WORDS = Words(
    entries="At a glance",
    task="Task",
    result="Result",
    context="Context",
    prompt="Prompt",
    constraints="Constraints",
    constraint="Constraint",
    kept="Kept",
    not_kept="Not kept",
    not_tested="not tested",
    evidence="Evidence",
    model="Model",
    kept_of_tested="Constraints kept",
    cost="Cost per 1,000 runs",
    seconds="Median seconds",
    still_fails="Where it still fails",
    receipts="Receipts",
    profile="Profile",
    about="About",
    skills="Skills",
    experience="Experience",
    certifications="Certifications",
    languages="Languages",
    links="Links",
    page="page {page} of {pages}",
    qr="QR code of this page’s address",
    unprintable="Marks stand for characters without a font.",
)


def entry(**changes: Any) -> DossierEntry:
    """An entry with something in every part."""
    parts: dict[str, Any] = {
        "title": "Invoice text to clean JSON",
        "task": "Turns any supplier invoice into schema-valid JSON.",
        "result": "Keeps 9 of 10 constraints on 3 models, last run 12 May 2026",
        "facts": "Extraction · English · version 4",
        "sentence": "This is the one I would start with.",
        "url": "https://prompts.example.org/s/token/e/invoice/",
        "context": from_html("<p>Columns run <strong>together</strong>.</p><ol><li>One</li></ol>"),
        "messages": (
            Message("System", (Part("Answer with JSON.\n    Do not guess."),)),
            Message("User", (Part("Invoice: "), Part("{{ invoice }}", variable=True))),
        ),
        "prompt_note": "Sent as it stands here.",
        "constraints": (
            Constraint("JSON and nothing else", 28, 30),
            Constraint("Reads well to a clerk"),
        ),
        "evidence": (
            ModelEvidence("model-small", 29, 30, "$0.42", "1.8"),
            ModelEvidence("model-local", 26, 30, "", "6.4"),
        ),
        "evidence_note": "10 test cases, captured here.",
        "failures": (Failure("Case 7: two currencies", "It adds both totals."),),
        "stated": (Fact("In the team", "Wrote and tested the prompt."),),
        "receipts": ("7F3K-9QWD", "A2M4-XX81"),
    }
    return DossierEntry(**{**parts, **changes})


def contents(**changes: Any) -> Dossier:
    """A dossier with one entry and something in every part."""
    parts: dict[str, Any] = {
        "language": "en",
        "words": WORDS,
        "accent": "#1f4bb0",
        "site": "Promptfolio",
        "made": datetime(2026, 11, 22, 12, tzinfo=UTC),
        "made_on": "22 November 2026",
        "address": "https://prompts.example.org/s/token/",
        "name": "Ada Example",
        "headline": "Prompt engineer",
        "availability": "Available from January",
        "recipient": "For Acme Logistics",
        "contact": (Link("ada@example.org", "mailto:ada@example.org"),),
        "terms": (Fact("Rate", "€620 a day"),),
        "note": paragraphs("Your posting asks for extraction.\n\nHere is some."),
        "entries": (entry(),),
        "profile": DossierProfile(
            bio=paragraphs("Eight years of accounts software."),
            skills=(Skill("Structured extraction", ("Invoice text to clean JSON",)),),
            certifications=(
                Certification("Data Quality", "University", "June 2025", "https://example.org/c"),
            ),
            languages=(Fact("French", "native"),),
            links=(Link("Code", "https://code.example.org/ada"),),
        ),
    }
    return Dossier(**{**parts, **changes})


def read(pdf: bytes) -> pypdf.PdfReader:
    """A PDF, opened."""
    return pypdf.PdfReader(io.BytesIO(pdf))


def bare(text: str) -> str:
    """`text` without what a layout may add or drop: spaces, line ends, invisible characters."""
    text = unicodedata.normalize("NFC", text)
    return "".join(
        letter
        for letter in text
        if not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc")
    )


def said(pdf: bytes) -> str:
    """All text of a PDF, as `bare`; the lines at the pages' feet are left out."""
    pages = [page.extract_text() for page in read(pdf).pages]
    return bare("".join(re.sub(r"[^\n]*\n?page \d+ of \d+\s*$", "", page) for page in pages))
