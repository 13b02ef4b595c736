"""Takes a chat apart into what the author asks and what it is asked about.

Rules decide by what the prompt says, never by which prompt it is: an author who edits a sentence
sees the answer change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

# Rules read no further: what they match must stay quick on hostile input.
READ_LIMIT = 12_000

_TAG = re.compile(r"<([A-Za-zà-ÿ_]{2,30})>")
_FENCED = re.compile(r'("""|```)[a-z]*\n?(.*)\1', re.DOTALL)
_FRENCH = frozenset(
    re.findall(
        r"\S+",
        "l d j n s c qu on il je se ne ou le la les des une est et "
        "dans pour que qui sur avec vous tu au aux ce cette ces en du "
        "réponds extrais résume rédige explique écris voici donne pas sans",
    )
)
_ENGLISH = frozenset(
    re.findall(
        r"\S+",
        "the a an is are of and to in for that with you this on your it be not from as what "
        "answer extract summarise summarize write explain give draw without",
    )
)
_LIMIT = re.compile(
    r"(?:at most|no more than|maximum of|maximum|max\.?|under|up to|within|fewer than|less than|"
    r"limit of|au plus|au maximum|pas plus de|moins de|pas dépasser|limite de)\s+(\d{1,5})\s+"
    r"(?:words|mots)|(\d{1,5})\s+(?:words|mots)\s+(?:at most|or fewer|or less|maximum|max\b|"
    r"au plus|au maximum)",
    re.IGNORECASE,
)
_JSON_ONLY = re.compile(
    r"json only|only (?:with )?(?:a |an |the |one |valid )*json"
    r"|nothing but (?:a |the |one |valid )*json"
    r"|(?:uniquement|seulement|rien d.autre que) (?:par |en |un |du |le |avec )*(?:objet )?json",
    re.IGNORECASE,
)
_DATA_ONLY = re.compile(
    r"(?:is|are|as) data\b|(?:never|do not|don.t) (?:follow|obey)|ignore (?:any|all) instructions"
    r"|(?:est|sont) (?:une |des )?données?\b|comme (?:une |des )données?"
    r"|ne suis (?:aucune|jamais|pas)|n.obéis",
    re.IGNORECASE,
)
_NO_GUESS = re.compile(
    r"(?:never|do not|don.t) (?:guess|invent|make up)|say (?:so )?(?:what|when|that).{0,40}missing"
    r"|(?:ne devine|n.invente|ne déduis)|\bnot stated\b|« ?non précisé ?»",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|rules?|above|prompt|character|role)"
    r"|(?:ignore[zr]?|oublie[zr]?)\b.{0,40}\b(?:instructions?|consignes?|règles?|rôle)"
    r"|note (?:to|for) the (?:ai|model|assistant)|(?:reveal|print|show) your (?:system )?prompt"
    r"|(?:révèle|affiche) ton prompt",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"(?:réponds?|répondez|écris|answer|reply|say|write|output|respond)\b"
    r"(?: (?:only|just|with|seulement|simplement|par))*\s*:?\s*[\"“«]?\s*([^\"”».!]{2,120})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Prompt:
    """A chat taken apart: ``instructions`` by the author, ``data`` by whoever filled it in.

    ``layered`` is true when a system message keeps the two apart; ``earlier`` holds the turns of
    the conversation before the last user message, ``json_mode`` the wire's response format.
    """

    instructions: str
    data: str
    layered: bool
    json_mode: bool
    earlier: tuple[str, ...]

    @cached_property
    def flat(self) -> str:
        """The instructions on one line, so that a line break never hides a sentence from a rule."""
        return " ".join(self.instructions.split())

    @cached_property
    def language(self) -> str:
        """The language of the instructions: "fr" or "en"."""
        return language_of(self.instructions)

    @cached_property
    def json_only(self) -> bool:
        """Whether prose around the JSON is ruled out."""
        return self.json_mode or _JSON_ONLY.search(self.flat) is not None

    @cached_property
    def data_only(self) -> bool:
        """Whether the prompt says that orders inside the data do not count."""
        return _DATA_ONLY.search(self.flat) is not None

    @cached_property
    def no_guessing(self) -> bool:
        """Whether the prompt forbids filling gaps."""
        return _NO_GUESS.search(self.flat) is not None

    @cached_property
    def word_limit(self) -> int | None:
        """The smallest limit in words the instructions give, if any."""
        found = [int(first or second) for first, second in _LIMIT.findall(self.flat)]
        return min(found) if found else None

    @cached_property
    def order_in_data(self) -> str | None:
        """What the data orders the model to say, when it gives orders at all ("" if unclear)."""
        found = _ORDER.search(self.data)
        if found is None:
            return None
        wanted = _WANTED.search(self.data, found.start())
        return " ".join(wanted.group(1).split()) if wanted else ""

    def says(self, pattern: str) -> bool:
        """Whether the instructions, on one line, match a regular expression, whatever the case."""
        return re.search(pattern, self.flat, re.IGNORECASE | re.DOTALL) is not None


def read(messages: Sequence[Mapping[str, str]], parameters: Mapping[str, object]) -> Prompt:
    """Take a chat apart.

    Data is what stands in a pair of tags, triple quotes or a code fence of the last user message.
    Without those it is the whole message when a system message came before it; otherwise all after
    the first paragraph, or after the first sentence of a message of one paragraph.
    """
    system = [m["content"] for m in messages if m["role"] in ("system", "developer")]
    turns = [m for m in messages if m["role"] not in ("system", "developer")]
    users = [index for index, m in enumerate(turns) if m["role"] == "user"]
    last = turns[users[-1]]["content"] if users else ""
    earlier = tuple(m["content"] for m in turns[: users[-1]]) if users else ()
    outside, data = _split(last, layered=bool(system))
    instructions = "\n\n".join([*system, outside]).strip()[:READ_LIMIT]
    return Prompt(
        instructions=instructions.replace("\xa0", " ").replace("\u202f", " ").replace("’", "'"),
        data=data.strip()[:READ_LIMIT],
        layered=bool(system),
        json_mode=parameters.get("response_format") == "json_object",
        earlier=earlier,
    )


def _split(text: str, *, layered: bool) -> tuple[str, str]:
    tried: set[str] = set()
    for tag in _TAG.finditer(text):
        # The last closing tag counts: data that closes the tag early does not escape from it.
        end = -1 if tag.group(1) in tried else text.rfind(f"</{tag.group(1)}>")
        if end >= tag.end():
            return text[: tag.start()] + text[end + len(tag.group()) + 1 :], text[tag.end() : end]
        tried.add(tag.group(1))
    fenced = _FENCED.search(text)
    if fenced:
        return text[: fenced.start()] + text[fenced.end() :], fenced.group(2)
    if layered:
        return "", text
    first, gap, rest = text.strip().partition("\n")
    if gap:
        return first, rest
    sentence = re.match(r"(.{3,200}?[.:!?])\s+(.+)", first)
    return (sentence.group(1), sentence.group(2)) if sentence else (first, "")


def language_of(text: str) -> str:
    """The likelier of "fr" and "en", by common words and accents; "en" when there is no sign."""
    words = re.findall(r"[a-zà-ÿ]+", text.lower())
    french = sum(word in _FRENCH for word in words) + len(re.findall(r"[éèêàçùô]", text)) / 3
    english = sum(word in _ENGLISH for word in words)
    return "fr" if french > english else "en"


def words(text: str) -> list[str]:
    """The words of a text as a person counts them: between white space, signs alone left out."""
    return [word for word in text.split() if any(sign.isalnum() for sign in word)]


def cut(text: str, limit: int) -> str:
    """The leading lines of a text that stay within ``limit`` words; the first is cut if need be."""
    kept: list[str] = []
    left = limit
    for line in text.split("\n"):
        count = len(words(line))
        if count > left:
            break
        kept.append(line)
        left -= count
    if any(line.strip() for line in kept):
        return "\n".join(kept).strip()
    return " ".join(words(text)[:limit])
