"""Draws the demo picture: a still life made by rules from the words of a prompt.

What the prompt rules out is left out (other objects, lettering, a busy background); what it leaves
open is filled the way a careless prompt gets it filled.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from PIL.PngImagePlugin import PngInfo

from prompts_app.demo.shapes import Part, shape_for

Colour = tuple[int, int, int]

_COLOURS: dict[str, Colour] = {
    "off-white": (240, 236, 228), "warm grey": (196, 188, 178), "warm gray": (196, 188, 178),
    "pale sand": (226, 211, 186), "deep blue": (38, 58, 92), "sage": (143, 160, 128),
    "terracotta": (190, 98, 66), "cobalt": (40, 76, 160), "amber": (190, 118, 36),
    "ochre": (198, 148, 60), "cream": (238, 226, 202), "charcoal": (62, 62, 66),
    "black": (40, 40, 44), "noir": (40, 40, 44), "white": (240, 240, 238), "blanc": (240, 240, 238),
    "grey": (168, 168, 168), "gray": (168, 168, 168), "gris": (168, 168, 168),
    "red": (178, 52, 46), "rouge": (178, 52, 46), "blue": (62, 104, 168), "bleu": (62, 104, 168),
    "green": (76, 124, 84), "vert": (76, 124, 84), "yellow": (222, 182, 62),
    "jaune": (222, 182, 62), "orange": (216, 124, 52), "pink": (214, 150, 158),
    "rose": (214, 150, 158), "purple": (116, 82, 140), "violet": (116, 82, 140),
    "brown": (122, 86, 60), "brun": (122, 86, 60), "oak": (176, 134, 88), "walnut": (98, 68, 48),
    "brass": (186, 150, 78), "copper": (184, 112, 74), "steel": (150, 156, 164),
    "silver": (186, 188, 192), "sand": (214, 196, 164), "beige": (220, 206, 182),
}  # fmt: skip
_NAMES = "|".join(re.escape(name) for name in _COLOURS)
_BACKGROUND = re.compile(rf"\b({_NAMES})\b[^.,;]{{0,24}}\b(?:background|backdrop|fond)\b", re.I)
_FOND = re.compile(rf"\b(?:fond|background|backdrop)\b[^.;]{{0,24}}?\b({_NAMES})\b", re.I)
_COLOUR = re.compile(rf"\b({_NAMES})e?s?\b", re.I)
_FILL = re.compile(r"(\d{2})\s*(?:%|percent|per cent)", re.I)


@dataclass(frozen=True)
class Scene:
    """What a prompt asks for: colours, light (-1 left, 1 right), share of height."""

    parts: tuple[Part, ...]
    colour: Colour
    background: Colour
    light: int | None
    share: float
    plain: bool
    alone: bool
    centred: bool
    lettering: bool


def read_scene(prompt: str) -> Scene:
    """Find the scene in a prompt's words; what it does not say gets a fixed or derived value."""

    def says(pattern: str) -> bool:
        return re.search(pattern, prompt, re.IGNORECASE) is not None

    background = _BACKGROUND.search(prompt) or _FOND.search(prompt)
    rest = prompt
    if background:
        rest = prompt[: background.start()] + prompt[background.end() :]
    named = _COLOUR.search(rest)
    digest = hashlib.sha256(prompt.encode("utf-8", "replace")).digest()
    palette = ("terracotta", "cobalt", "sage", "ochre", "red", "purple")
    colour = _COLOURS[(named.group(1).lower() if named else palette[digest[0] % len(palette)])]
    fill = _FILL.search(prompt)
    side = re.search(
        r"(?:light|lit|lumière|éclair)[^.]{0,50}?\b(left|right|gauche|droite)",
        prompt,
        re.IGNORECASE,
    )
    light = (-1 if side.group(1).lower() in ("left", "gauche") else 1) if side else None
    return Scene(
        parts=shape_for(prompt),
        colour=colour,
        background=_COLOURS[background.group(1).lower()] if background else (206, 190, 172),
        light=light,
        share=min(0.85, max(0.25, int(fill.group(1)) / 100)) if fill else 0.5,
        plain=says(r"\bplain\b|seamless|\buni\b|neutral background"),
        alone=says(
            r"no other object|nothing else|no props|only object|aucun autre objet|seul objet"
        ),
        centred=says(r"cent(?:re|er)d|cent(?:re|er)ed|centré"),
        lettering=not says(r"no (?:text|lettering|words|logo)|without text|sans texte|aucun texte"),
    )


def draw(prompt: str, size: int = 1024, number: int = 0) -> bytes:
    """Draw ``prompt`` as a square PNG of ``size`` pixels; ``number`` tells one picture of several.

    The same prompt, size and number give the same bytes.
    """
    scene = read_scene(prompt)
    seed = hashlib.sha256(f"{number}\n{prompt}".encode("utf-8", "replace")).digest()
    chance = random.Random(seed)  # noqa: S311 - a repeatable picture, not a secret
    image = _backdrop(scene, size, chance)
    if not scene.alone:
        _props(image, scene, chance)
    height = size * scene.share
    middle = size * (0.5 if scene.centred else chance.uniform(0.38, 0.62))
    foot = size * 0.5 + height * 0.5 if scene.plain and scene.alone else size * 0.8
    place = (middle - height / 2, foot - height, middle + height / 2, foot)
    _shadow(image, place, scene.light or chance.choice((-1, 1)), soft=scene.plain)
    _paint(image, scene.parts, place, scene.colour, scene.light)
    if scene.lettering:
        _letter(image, size, chance)
    note = PngInfo()
    note.add_text("Software", "demo model: scripted rules")
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=note)
    return out.getvalue()


def _tone(colour: Colour, factor: float) -> Colour:
    """Darker below 1, towards white above 1."""
    if factor <= 1:
        red, green, blue = (int(channel * factor) for channel in colour)
    else:
        red, green, blue = (int(c + (255 - c) * min(1.0, factor - 1)) for c in colour)
    return red, green, blue


def _gradient(size: tuple[int, int], start: Colour, end: Colour, *, across: bool) -> Image.Image:
    ramp = Image.linear_gradient("L")
    if across:
        ramp = ramp.rotate(90)
    ramp = ramp.resize(size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", size, end), Image.new("RGB", size, start), ramp)


def _backdrop(scene: Scene, size: int, chance: random.Random) -> Image.Image:
    wall = _tone(scene.background, 1.18)
    if scene.plain:
        image = _gradient((size, size), wall, _tone(scene.background, 0.92), across=False)
        if scene.light is not None:
            glow = Image.new("L", (size, size), 0)
            x = size * (0.5 + 0.4 * scene.light)
            box = (x - size * 0.6, -size * 0.5, x + size * 0.6, size * 0.6)
            ImageDraw.Draw(glow).ellipse(box, fill=90)
            glow = glow.filter(ImageFilter.GaussianBlur(size // 5))
            image.paste(Image.new("RGB", (size, size), (255, 255, 255)), (0, 0), glow)
        return image
    image = Image.new("RGB", (size, size), wall)
    pen = ImageDraw.Draw(image)
    stripe = size // chance.choice((9, 11, 13))
    for left in range(0, size, stripe * 2):
        pen.rectangle((left, 0, left + stripe, size), fill=_tone(scene.background, 0.94))
    table = size * 0.68
    pen.rectangle((0, table, size, size), fill=(148, 108, 76))
    for line in range(4):
        y = table + (size - table) * (line / 4) ** 1.4
        pen.line((0, y, size, y + size * 0.01), fill=(128, 90, 62), width=max(2, size // 256))
    return image


def _props(image: Image.Image, scene: Scene, chance: random.Random) -> None:
    size = image.width
    others = ("book", "candle", "vase", "box", "jar", "mug", "bottle")
    colours = list(_COLOURS.values())
    feet = sorted(chance.uniform(0.72, 0.94) for _ in range(4))  # the nearer hides the farther
    for place, near in zip((0.08, 0.78, 0.24, 0.92), feet, strict=True):
        height = size * chance.uniform(0.18, 0.42)
        left = size * (place + chance.uniform(-0.04, 0.04)) - height / 2
        foot = size * near
        box = (left, foot - height, left + height, foot)
        _shadow(image, box, chance.choice((-1, 1)), soft=False)
        _paint(image, shape_for(chance.choice(others)), box, chance.choice(colours), None)
    pen = ImageDraw.Draw(image, "RGBA")
    for _ in range(14):
        x, y, r = (
            chance.random() * size,
            chance.random() * size * 0.6,
            size * chance.uniform(0.01, 0.05),
        )
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(*chance.choice(colours), 70))


def _shadow(
    image: Image.Image, place: tuple[float, float, float, float], light: int, *, soft: bool
) -> None:
    left, top, right, foot = place
    width, height = right - left, foot - top
    mask = Image.new("L", image.size, 0)
    shift = -light * width * (0.22 if soft else 0.12)
    box = (left + width * 0.12 + shift, foot - height * 0.07, right - width * 0.12 + shift, foot)
    ImageDraw.Draw(mask).ellipse((*box[:3], foot + height * 0.05), fill=120)
    mask = mask.filter(ImageFilter.GaussianBlur(height * (0.035 if soft else 0.015)))
    near = Image.new("L", image.size, 0)
    core = (left + width * 0.28, foot - height * 0.025, right - width * 0.28, foot + height * 0.025)
    ImageDraw.Draw(near).ellipse(core, fill=130)
    mask = ImageChops.lighter(mask, near.filter(ImageFilter.GaussianBlur(height * 0.012)))
    image.paste((30, 26, 24), (0, 0, *image.size), mask)


def _paint(
    image: Image.Image,
    parts: tuple[Part, ...],
    place: tuple[float, float, float, float],
    colour: Colour,
    light: int | None,
) -> None:
    left, top, right, _ = place
    side = int(right - left)
    fine = side * 2  # drawn at twice the size, for smooth edges
    for part in parts:
        mask = _mask(part, fine).resize((side, side), Image.Resampling.LANCZOS)
        bounds = mask.getbbox()
        if bounds is None:
            continue
        mask = mask.crop(bounds)
        base = _tone(colour, part.tone)
        bright, dark = _tone(base, 1.28), _tone(base, 0.55)
        if light is None:
            fill = _gradient(mask.size, _tone(base, 1.1), _tone(base, 0.85), across=False)
        else:
            start, end = (bright, dark) if light < 0 else (dark, bright)
            fill = _gradient(mask.size, start, end, across=True)
        image.paste(fill, (int(left) + bounds[0], int(top) + bounds[1]), mask)


def _mask(part: Part, side: int) -> Image.Image:
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    box = tuple(value * side for value in part.box)
    if part.form == "poly":
        pen.polygon([(x * side, y * side) for x, y in part.points], fill=255)
    elif part.form == "oval":
        pen.ellipse(box, fill=255)
    elif part.form == "ring":
        pen.ellipse(box, outline=255, width=max(1, int(part.radius * side)))
    else:
        pen.rounded_rectangle(box, part.radius * side, fill=255)
    return mask


def _letter(image: Image.Image, size: int, chance: random.Random) -> None:
    """What nobody ruled out: a shop's badge, and the name of what drew this."""
    pen = ImageDraw.Draw(image)
    x, y, r = size * chance.choice((0.16, 0.84)), size * 0.15, size * 0.1
    pen.ellipse((x - r, y - r, x + r, y + r), fill=(196, 52, 46))
    word = chance.choice(("NEW", "SALE", "BEST"))
    pen.text((x, y), word, fill="white", font=ImageFont.load_default(size * 0.055), anchor="mm")
    small = ImageFont.load_default(size * 0.02)
    pen.text((size * 0.98, size * 0.98), "demo model", fill=(90, 80, 72), font=small, anchor="rs")
