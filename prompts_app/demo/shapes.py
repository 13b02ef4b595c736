"""Silhouettes for the demo picture, parts in a unit square (x right, y down, foot at y=1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Part:
    """One painted part: ``tone`` multiplies the colour (1 is the colour itself, 0 dark).

    ``form`` is "poly" (points), "oval" (a box), "round" (a box with corner radius) or "ring" (an
    oval line of the given width).
    """

    form: str
    points: tuple[Point, ...] = ()
    box: Box = (0, 0, 0, 0)
    radius: float = 0.0
    tone: float = 1.0


def _turned(*profile: Point) -> tuple[Point, ...]:
    """A body turned on a lathe: its right half, top to bottom, mirrored to the left."""
    return (*((0.5 + x, y) for x, y in profile), *((0.5 - x, y) for x, y in reversed(profile)))


def _smooth(*profile: Point) -> tuple[Point, ...]:
    """A Catmull-Rom curve through the points of a profile."""
    ends = (profile[0], *profile, profile[-1])
    curve: list[Point] = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(8):
            t = step / 8
            x, y = (
                b[i]
                + t * (c[i] - a[i]) / 2
                + t * t * (a[i] - 2.5 * b[i] + 2 * c[i] - d[i] / 2)
                + t * t * t * (1.5 * (b[i] - c[i]) + (d[i] - a[i]) / 2)
                for i in (0, 1)
            )
            curve.append((x, y))
    return (*curve, profile[-1])


_BOTTLE = (
    Part(
        "poly",
        _turned(
            *_smooth((0.07, 0.06), (0.07, 0.28), (0.11, 0.38), (0.19, 0.46), (0.21, 0.56)),
            *((0.21, 0.96), (0.19, 1.0)),
        ),
    ),
    Part("round", box=(0.42, 0.0, 0.58, 0.1), radius=0.02, tone=0.55),
    Part("round", box=(0.31, 0.58, 0.69, 0.84), radius=0.01, tone=1.25),
)
_MUG = (
    Part("ring", box=(0.66, 0.38, 0.98, 0.82), radius=0.065, tone=0.9),
    Part("poly", _turned(*_smooth((0.3, 0.2), (0.3, 0.84), (0.28, 0.95), (0.22, 1.0)))),
    Part("oval", box=(0.2, 0.14, 0.8, 0.26), tone=1.15),
    Part("oval", box=(0.23, 0.16, 0.77, 0.25), tone=0.45),
)
_VASE = (
    Part(
        "poly",
        _turned(
            *_smooth(
                (0.12, 0.04), (0.09, 0.16), (0.11, 0.27), (0.2, 0.4), (0.27, 0.56), (0.26, 0.72),
                (0.2, 0.88), (0.15, 0.97), (0.14, 1.0),
            )
        ),
    ),
    Part("oval", box=(0.38, 0.015, 0.62, 0.065), tone=0.5),
)  # fmt: skip
_LAMP = (
    Part("round", box=(0.48, 0.38, 0.52, 0.96), radius=0.01, tone=0.6),
    Part("oval", box=(0.3, 0.92, 0.7, 1.0), tone=0.6),
    Part("poly", ((0.36, 0.05), (0.64, 0.05), (0.8, 0.46), (0.2, 0.46)), tone=1.1),
)
_JAR = (
    Part("round", box=(0.22, 0.22, 0.78, 1.0), radius=0.09),
    Part("round", box=(0.26, 0.08, 0.74, 0.24), radius=0.03, tone=0.6),
    Part("round", box=(0.32, 0.46, 0.68, 0.78), radius=0.01, tone=1.3),
)
_CANDLE = (
    Part("round", box=(0.26, 0.34, 0.74, 1.0), radius=0.04),
    Part("oval", box=(0.26, 0.3, 0.74, 0.4), tone=1.2),
    Part("round", box=(0.49, 0.24, 0.51, 0.36), radius=0.005, tone=0.2),
    Part("poly", ((0.5, 0.08), (0.545, 0.19), (0.5, 0.26), (0.455, 0.19)), tone=1.5),
)
_CHAIR = (
    Part("round", box=(0.25, 0.02, 0.32, 1.0), radius=0.02, tone=0.8),
    Part("round", box=(0.25, 0.05, 0.74, 0.34), radius=0.06),
    Part("round", box=(0.67, 0.05, 0.74, 1.0), radius=0.02, tone=0.8),
    Part("round", box=(0.2, 0.55, 0.79, 0.65), radius=0.03, tone=1.15),
)
_BAG = (
    Part("ring", box=(0.33, 0.02, 0.67, 0.6), radius=0.035, tone=0.6),
    Part("poly", ((0.18, 0.32), (0.82, 0.32), (0.9, 0.97), (0.86, 1.0), (0.14, 1.0), (0.1, 0.97))),
    Part("round", box=(0.44, 0.42, 0.56, 0.5), radius=0.02, tone=1.35),
)
_WATCH = (
    Part("round", box=(0.38, 0.0, 0.62, 1.0), radius=0.05, tone=0.6),
    Part("oval", box=(0.2, 0.2, 0.8, 0.8)),
    Part("oval", box=(0.26, 0.26, 0.74, 0.74), tone=1.5),
    Part("poly", ((0.49, 0.5), (0.49, 0.32), (0.51, 0.32), (0.51, 0.5)), tone=0.2),
    Part("poly", ((0.49, 0.49), (0.63, 0.57), (0.62, 0.59), (0.49, 0.51)), tone=0.2),
)
_BOOK = (
    Part("poly", ((0.12, 0.3), (0.78, 0.2), (0.9, 0.86), (0.24, 1.0))),
    Part("poly", ((0.12, 0.3), (0.17, 0.29), (0.29, 0.99), (0.24, 1.0)), tone=0.6),
    Part("poly", ((0.36, 0.45), (0.68, 0.4), (0.7, 0.5), (0.38, 0.55)), tone=1.4),
)
_BOX = (
    Part("poly", ((0.12, 0.34), (0.5, 0.22), (0.88, 0.34), (0.5, 0.46)), tone=1.25),
    Part("poly", ((0.12, 0.34), (0.5, 0.46), (0.5, 1.0), (0.12, 0.86))),
    Part("poly", ((0.5, 0.46), (0.88, 0.34), (0.88, 0.86), (0.5, 1.0)), tone=0.75),
)
_TEAPOT = (
    Part("ring", box=(0.02, 0.38, 0.34, 0.84), radius=0.055, tone=0.85),
    Part(
        "poly", ((0.72, 0.72), (0.78, 0.52), (0.96, 0.36), (1.0, 0.4), (0.88, 0.62), (0.74, 0.88))
    ),
    Part("oval", box=(0.18, 0.3, 0.82, 1.0)),
    Part("oval", box=(0.34, 0.26, 0.66, 0.4), tone=1.15),
    Part("oval", box=(0.46, 0.18, 0.54, 0.28), tone=0.8),
)

# First match wins, so the more telling noun stands first.
_NOUNS: tuple[tuple[str, tuple[Part, ...]], ...] = (
    (r"teapot|théière|kettle", _TEAPOT),
    (r"bottle|bouteille|flacon|perfume|decanter|carafe", _BOTTLE),
    (r"mug|cup\b|tasse|goblet|tumbler", _MUG),
    (r"vase|pitcher|amphora|pot\b", _VASE),
    (r"lamp|lampe|lantern|abat-jour", _LAMP),
    (r"candle|bougie", _CANDLE),
    (r"jar\b|bocal|tin\b|honey|cream|soap|savon", _JAR),
    (r"chair|chaise|stool|armchair|fauteuil|seat", _CHAIR),
    (r"bag\b|sac\b|backpack|handbag|tote|satchel", _BAG),
    (r"watch\b|montre|clock", _WATCH),
    (r"book|livre|notebook|carnet|journal", _BOOK),
    (r"box|boîte|carton|package|parcel", _BOX),
)


def shape_for(text: str) -> tuple[Part, ...]:
    """The silhouette of the first known product noun in a text; a vase when there is none."""
    found = [
        (match.start(), index)
        for index, (noun, _) in enumerate(_NOUNS)
        if (match := re.search(rf"\b(?:{noun})", text, re.IGNORECASE))
    ]
    return _NOUNS[min(found)[1]][1] if found else _VASE
