"""The fonts: one that a package brings, those inside typst, and whatever the system has.

Source Sans 3 (Latin, Greek, Cyrillic) is the text's; typst itself brings DejaVu Sans Mono, the
prompts'. The rest of Unicode is drawn by any font of the system that has it.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import typst


def fonts(*, system: bool = True, folders: Sequence[Path] = ()) -> typst.Fonts:
    """The fonts to draw with; `folders` are searched besides the system's own."""
    package = Path(str(files("fontpkg_source_sans_3") / "files"))
    return typst.Fonts(include_system_fonts=system, font_paths=[package, *folders])


@cache
def usual() -> typst.Fonts:
    """The package's, typst's and the system's fonts, looked up once a process (40 ms)."""
    return fonts()
