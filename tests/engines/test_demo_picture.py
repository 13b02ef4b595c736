"""The demo picture shows what the prompt asks for, measured on its pixels."""

import io
import re

import pytest
from PIL import Image, ImageChops, ImageStat

from prompts_app.demo.picture import draw, read_scene
from prompts_app.demo.portfolio import load

ENTRY = next(entry for entry in load().entries if entry.kind == "image")


def prompt(version: int, case: int, **changes: str) -> str:
    values = {**ENTRY.cases[case].values, **changes}
    template = ENTRY.versions[version - 1].content["messages"][0]["content"]
    return re.sub(r"\{\{ (\w+) \}\}", lambda name: values[name[1]], template)


def picture(text: str, size: int = 256) -> Image.Image:
    return Image.open(io.BytesIO(draw(text, size))).convert("RGB")


def edge_spread(image: Image.Image) -> float:
    """How much the upper edge of a picture varies: little on a plain background."""
    strip = image.crop((0, 0, image.width, image.height // 6))
    return max(ImageStat.Stat(strip).stddev)


def brightness(image: Image.Image, box: tuple[int, int, int, int]) -> float:
    return float(ImageStat.Stat(image.crop(box).convert("L")).mean[0])


def test_the_same_prompt_draws_the_same_bytes() -> None:
    assert draw("A red mug", 128) == draw("A red mug", 128)
    assert draw("A red mug", 128) != draw("A blue mug", 128)
    assert draw("A red mug", 128) != draw("A red vase", 128)
    assert draw("A red mug", 128, 1) != draw("A red mug", 128, 0)


@pytest.mark.parametrize("case", range(len(ENTRY.cases)))
def test_the_engineered_prompt_clears_the_set(case: int) -> None:
    naive, second, last = (read_scene(prompt(version, case)) for version in (1, 2, 3))
    assert not naive.plain
    assert not naive.alone
    assert naive.lettering
    assert second.plain
    assert not second.alone
    assert second.lettering
    assert last.plain
    assert last.alone
    assert last.centred
    assert not last.lettering
    assert edge_spread(picture(prompt(3, case))) < edge_spread(picture(prompt(1, case)))


def test_the_light_comes_from_the_side_asked() -> None:
    left = picture(prompt(3, 0, light_side="upper left"))
    right = picture(prompt(3, 0, light_side="upper right"))
    assert brightness(left, (0, 0, 64, 64)) > brightness(left, (192, 0, 256, 64))
    assert brightness(right, (0, 0, 64, 64)) < brightness(right, (192, 0, 256, 64))


def test_the_background_and_the_size_follow_the_prompt() -> None:
    dark = picture(prompt(3, 0, background="deep blue"))
    pale = picture(prompt(3, 0, background="off-white"))
    assert brightness(dark, (0, 192, 64, 256)) < 110 < brightness(pale, (0, 192, 64, 256))

    def object_height(height: str) -> int:
        with_object = picture(prompt(3, 1, height=height, colour="black"))
        dark_pixels = with_object.convert("L").point(lambda value: 255 * (value < 90))
        box = dark_pixels.getbbox()
        assert box
        return box[3] - box[1]

    assert object_height("80") > 1.5 * object_height("40")


def test_words_are_drawn_only_where_nobody_ruled_them_out() -> None:
    busy, quiet = "One mug, plain white background", "One mug, plain white background. No text."
    assert read_scene(busy).lettering
    assert not read_scene(quiet).lettering
    assert ImageChops.difference(picture(busy), picture(quiet)).getbbox()


@pytest.mark.parametrize(
    "text", ["", "🫖", "x" * 5000, "\ud800", "un vase bleu sur fond blanc uni"]
)
def test_any_words_draw_something(text: str) -> None:
    assert picture(text, 128).size == (128, 128)


def test_the_file_says_what_drew_it() -> None:
    with Image.open(io.BytesIO(draw("A mug", 128))) as image:
        assert image.info["Software"] == "demo model: scripted rules"
