"""What is typeset: plain values, every word of them already in the reader's language.

Numbers, dates and money come as the strings to print; the layout only counts what was kept.
Single lines are plain text; `Rich` values are texts of several blocks (see `rich`).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Language = Literal["en", "fr"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def _check_colour(colour: str) -> None:
    if not _COLOUR.fullmatch(colour):
        raise ValueError("an accent is a colour like #1f4bb0")


@dataclass(frozen=True)
class Card:
    """A picture for link previews. `accent` (#rrggbb) lies under white text.

    Raises ValueError when `accent` is not such a colour.
    """

    site: str
    accent: str
    title: str
    name: str = ""
    proof: str = ""
    language: Language = "en"

    def __post_init__(self) -> None:
        _check_colour(self.accent)


def neutral_card(site: str, accent: str, title: str, language: Language = "en") -> Card:
    """A card that tells of nobody: the site's name and a sentence such as "A private page"."""
    return Card(site=site, accent=accent, title=title, language=language)


@dataclass(frozen=True)
class Span:
    """Text of one look. `url` is the destination of a link, or empty."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    url: str = ""


@dataclass(frozen=True)
class Block:
    """A stretch of a text. An item of a list has a `depth` from 0 and a `marker`, "•" or "3."."""

    kind: Literal["paragraph", "heading", "item", "quote", "code"]
    spans: tuple[Span, ...]
    depth: int = 0
    marker: str = ""


Rich = tuple[Block, ...]


@dataclass(frozen=True)
class Link:
    """What to print and where it leads (http, https or mailto; anything else is only printed)."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Fact:
    """A label and what is said under it."""

    label: str
    text: str


@dataclass(frozen=True)
class Part:
    """A stretch of a prompt; a variable is set apart from the words around it."""

    text: str
    variable: bool = False


@dataclass(frozen=True)
class Message:
    """One message of a prompt; `role` is the word to print."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Constraint:
    """A constraint with how many tested answers kept it; 0 tested prints the word for that."""

    text: str
    kept: int = 0
    tested: int = 0


@dataclass(frozen=True)
class ModelEvidence:
    """One model's row: constraints kept of those tested, cost of 1,000 runs, median time."""

    model: str
    kept: int
    tested: int
    cost: str = ""
    seconds: str = ""


@dataclass(frozen=True)
class Failure:
    """A case that still fails, and what the author says about it."""

    case: str
    comment: str = ""


@dataclass(frozen=True)
class DossierEntry:
    """One entry. `facts` is one quiet line (use case, version, date); `sentence` is the author's
    own for this reader; `prompt_note` stands in place of a prompt that is not shown."""

    title: str
    task: str
    result: str = ""
    facts: str = ""
    sentence: str = ""
    url: str = ""
    context: Rich = ()
    messages: tuple[Message, ...] = ()
    prompt_note: str = ""
    constraints: tuple[Constraint, ...] = ()
    evidence: tuple[ModelEvidence, ...] = ()
    evidence_note: str = ""
    failures: tuple[Failure, ...] = ()
    stated: tuple[Fact, ...] = ()
    receipts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skill:
    """A skill and the titles of the entries that show it."""

    name: str
    shown_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certification:
    """A certification, its issuer and its date, as printed."""

    name: str
    issuer: str = ""
    date: str = ""
    url: str = ""


@dataclass(frozen=True)
class Job:
    """Something done: as what, for whom, when (as it is printed), and in a few words."""

    role: str
    where: str = ""
    dates: str = ""
    text: str = ""


@dataclass(frozen=True)
class DossierProfile:
    """The last part: who this is. `languages` pair a language with how well it is spoken."""

    bio: Rich = ()
    experience: tuple[Job, ...] = ()
    skills: tuple[Skill, ...] = ()
    certifications: tuple[Certification, ...] = ()
    languages: tuple[Fact, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Words:
    """The words the layout prints by itself, in the document's language.

    `unprintable` is the sentence for marks `[…]` that stand for characters no font has; `page`
    holds `{page}` and `{pages}`; `qr` describes the QR code to those who hear the document.
    """

    entries: str
    task: str
    result: str
    context: str
    prompt: str
    constraints: str
    constraint: str
    kept: str
    not_kept: str
    not_tested: str
    evidence: str
    model: str
    kept_of_tested: str
    cost: str
    seconds: str
    still_fails: str
    receipts: str
    profile: str
    about: str
    skills: str
    experience: str
    certifications: str
    languages: str
    links: str
    page: str
    qr: str
    unprintable: str


@dataclass(frozen=True)
class Dossier:
    """The document for one reader. `address` is the link that the QR code leads to; `recipient`
    is whom it is for; `whereabouts` is one quiet line about the person; `terms` are what the author
    wishes (rate, start); `made` is timezone-aware.

    Raises ValueError when `accent` is not a colour or `made` has no time zone.
    """

    language: Language
    words: Words
    accent: str
    site: str
    made: datetime
    made_on: str
    address: str
    name: str
    headline: str = ""
    availability: str = ""
    whereabouts: str = ""
    recipient: str = ""
    contact: tuple[Link, ...] = ()
    terms: tuple[Fact, ...] = ()
    note: Rich = ()
    entries: tuple[DossierEntry, ...] = ()
    profile: DossierProfile = field(default_factory=DossierProfile)

    def __post_init__(self) -> None:
        _check_colour(self.accent)
        if self.made.tzinfo is None:
            raise ValueError("made needs a time zone")
