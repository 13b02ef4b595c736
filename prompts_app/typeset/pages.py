"""The two documents, from their contents to bytes."""

import hashlib
from functools import cache
from importlib.metadata import version

import segno
import typst

from prompts_app.typeset.contents import Card, Dossier
from prompts_app.typeset.fonts import usual
from prompts_app.typeset.plain import plain, strings
from prompts_app.typeset.setting import as_pdf, as_png, source_of

CARD_WIDTH = 1200
CARD_HEIGHT = 630
MARK = "[…]"
# More than a hundred pages of prompts. Measured at this length: at most 410 MiB, 0.7 s for prose,
# 12 s for the worst, a word without end of which no font has every second letter.
MAX_CHARACTERS = 600_000


class TooLong(ValueError):  # noqa: N818 - it reads as the condition it is
    """A dossier has more than MAX_CHARACTERS characters."""


def card(contents: Card, *, fonts: typst.Fonts | None = None) -> bytes:
    """A card as a PNG of CARD_WIDTH × CARD_HEIGHT pixels.

    Long titles are set smaller, then end in "…". Characters that no font has are left out.
    `fonts` are `fonts.usual()` unless given. Raises TypesetError.
    """
    return as_png("card", plain(contents), mark="", fonts=fonts)


@cache
def card_look() -> str:
    """What makes cards of the same contents look the same: layout, typst and fonts, as a hash.

    Another one after an update, or once the system has fonts that it had not.
    """
    parts = (source_of("card"), source_of("shared"), version("typst"), *usual().families())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def dossier(contents: Dossier, *, fonts: typst.Fonts | None = None) -> bytes:
    """A dossier as a PDF (A4; PDF/A-2b and tagged as PDF/UA-1).

    Characters that no font has are marked "[…]", and a sentence at the end says so. The same
    contents and fonts give the same bytes. Raises TooLong, ValueError when the address is
    not one, and TypesetError when the document cannot be set.
    """
    data = plain(contents)
    del data["made"]  # the template prints `made_on`
    if not data["address"]:
        raise ValueError("a dossier needs the address of its link")
    if sum(map(len, strings(data))) > MAX_CHARACTERS:
        raise TooLong
    data["address_shown"] = data["address"].partition("://")[2] or data["address"]
    code = segno.make(data["address"], error="m", micro=False)
    data["qr"] = code.svg_inline(border=0, dark="#191917", scale=4)
    return as_pdf("dossier", data, mark=MARK, made=int(contents.made.timestamp()), fonts=fonts)
