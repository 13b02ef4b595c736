"""Cards keep their size and margins, whatever the title; no character becomes an empty box."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageColor

from prompts_app.typeset.contents import Card, neutral_card
from prompts_app.typeset.pages import CARD_HEIGHT, CARD_WIDTH, card
from tests.engines.typeset import PACKAGED

ACCENTS = ("#1f4bb0", "#0a5f5c", "#76286e", "#923611", "#333a44")
PAPER = (253, 253, 252)
MARGIN = 72  # the layout's is 80; a letter may lean out of its width a little
LONG = "Turns any supplier invoice, in any of eleven languages, into schema-valid JSON, or says "


def contents(title: str, **changes: str) -> Card:
    parts = {
        "site": "Promptfolio",
        "accent": ACCENTS[0],
        "title": title,
        "name": "Ada Example",
        "proof": "Keeps 9 of 10 constraints on 3 models",
    }
    return Card(**{**parts, **changes})  # type: ignore[arg-type]


def drawn(made: Card) -> Image.Image:
    picture = Image.open(io.BytesIO(card(made, fonts=PACKAGED)))
    picture.load()
    assert picture.format == "PNG"
    assert picture.size == (CARD_WIDTH, CARD_HEIGHT)
    return picture.convert("RGB")


def foot(picture: Image.Image) -> int:
    """The row at which the coloured foot begins."""
    column = [picture.getpixel((4, y)) for y in range(CARD_HEIGHT)]
    return next(y for y, colour in enumerate(column) if colour != PAPER)


def inked(picture: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether anything is drawn in the box besides its first pixel's colour."""
    cut = picture.crop(box)
    return (
        ImageChops.difference(cut, Image.new("RGB", cut.size, cut.getpixel((0, 0)))).getbbox()
        is not None
    )


def check_margins(picture: Image.Image) -> None:
    top = foot(picture)
    for left, right in ((0, MARGIN), (CARD_WIDTH - MARGIN, CARD_WIDTH)):
        assert not inked(picture, (left, 0, right, top)), "a margin of the paper is drawn on"
        assert not inked(picture, (left, top, right, CARD_HEIGHT)), "a margin of the foot is"
    assert not inked(picture, (0, 0, CARD_WIDTH, 40))
    assert not inked(picture, (0, top - 20, CARD_WIDTH, top)), "the title runs into the foot"
    assert not inked(picture, (0, top, CARD_WIDTH, top + 16))
    assert not inked(picture, (0, CARD_HEIGHT - 16, CARD_WIDTH, CARD_HEIGHT))


@pytest.mark.parametrize("accent", ACCENTS)
def test_a_card_shows_name_title_proof_and_site_on_the_accent(accent: str) -> None:
    picture = drawn(contents("Invoice text to clean JSON", accent=accent))
    top = foot(picture)
    assert picture.getpixel((4, top + 4)) == ImageColor.getrgb(accent)
    assert inked(picture, (80, 50, 600, 120))  # the name
    assert inked(picture, (80, 160, CARD_WIDTH, top - 40))  # the title
    assert inked(picture, (80, top, 700, CARD_HEIGHT))  # the proof
    assert inked(picture, (900, top, CARD_WIDTH, CARD_HEIGHT))  # the site
    check_margins(picture)


@pytest.mark.parametrize(
    "title",
    [
        "A",
        LONG * 2,
        LONG * 40,
        "W" * 400,
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "Résumés d’œuvres\u202f: chaque phrase garde sa source",
        "Жалобы клиентов: краткое содержание и Ω-оценка",
        "你好 world 😀",
        "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten",
    ],
)
def test_every_title_fits(title: str) -> None:
    picture = drawn(contents(title, name=title[:300], proof=title[:300], site=title[:200] or "x"))
    check_margins(picture)
    assert inked(picture, (80, 50, CARD_WIDTH, foot(picture) - 20))


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_any_text_stays_inside_the_margins(title: str, name: str, proof: str) -> None:
    check_margins(drawn(contents(title, name=name, proof=proof)))


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    """The longer title is drawn as its own beginning, not smaller and not cut through."""
    longest = drawn(contents(LONG * 10))
    longer = drawn(contents(LONG * 11))
    assert ImageChops.difference(longest, longer).getbbox() is None
    whole = drawn(contents(LONG[:-6]))
    assert ImageChops.difference(longest, whole).getbbox() is not None


def test_a_short_title_is_larger_than_a_long_one() -> None:
    def first_line(picture: Image.Image) -> int:
        rows = [inked(picture, (80, y, CARD_WIDTH - 80, y + 1)) for y in range(150, foot(picture))]
        start = rows.index(True)
        return rows.index(False, start) - start

    assert first_line(drawn(contents("HHHH"))) > 1.5 * first_line(drawn(contents("HHHH " * 60)))


@pytest.mark.parametrize("letter", ["é", "œ", "Ω", "Ж", "ß", "ő", "ς", "Ї", "€", "→"])
def test_a_package_brings_the_letter(letter: str) -> None:
    empty = drawn(contents("\u200b", name="\u200b"))
    picture = drawn(contents(letter, name="\u200b"))
    assert ImageChops.difference(picture, empty).getbbox() is not None
    for other in "eoOX?":
        assert ImageChops.difference(picture, drawn(contents(other, name="\u200b"))).getbbox()


def test_what_no_font_has_is_left_out_without_a_box() -> None:
    wanted = drawn(contents("Hello world"))
    for title in ("Hello 你好 world", "你好 Hello world", "Hello world \U0001f9ec\ufe0f"):
        assert ImageChops.difference(drawn(contents(title)), wanted).getbbox() is None


def test_letters_in_disguise_are_written_plainly() -> None:
    wanted = drawn(contents("Hello world"))
    fullwidth = "".join(chr(ord(letter) + 0xFEE0) for letter in "Hello")
    assert ImageChops.difference(drawn(contents(f"{fullwidth} world")), wanted).getbbox() is None


def test_a_title_without_any_font_gives_way_to_the_name() -> None:
    wanted = drawn(contents("Ada Example", name=""))
    assert ImageChops.difference(drawn(contents("你好")), wanted).getbbox() is None
    assert inked(drawn(contents("你好", name="李明")), (80, 100, CARD_WIDTH, 400))


def test_a_neutral_card_tells_of_nobody() -> None:
    made = neutral_card("Promptfolio", "#1f4bb0", "A private page")
    assert (made.name, made.proof) == ("", "")
    picture = drawn(made)
    assert not inked(picture, (0, 0, CARD_WIDTH, 150))
    check_margins(picture)


@pytest.mark.parametrize("accent", ["", "red", "#12345", "#12345g", "#1f4bb0 ", "#1f4bb0\n"])
def test_an_accent_is_a_colour(accent: str) -> None:
    with pytest.raises(ValueError, match="accent"):
        contents("Title", accent=accent)


def test_the_same_card_gives_the_same_bytes() -> None:
    made = contents("Invoice text to clean JSON")
    assert card(made, fonts=PACKAGED) == card(made, fonts=PACKAGED)
