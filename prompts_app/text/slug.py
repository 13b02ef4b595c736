"""The part of an address that names an entry."""

import re

from prompts_app.text.fold import fold

MAX_SLUG = 80


def slugify(text: str) -> str:
    """ASCII letters, digits and single hyphens, 1 to 80 characters, cut between words if it can be.

    Scripts that fold to nothing in ASCII, and empty text, give "entry". Not unique by itself.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    if len(slug) > MAX_SLUG:
        whole_words = slug[: MAX_SLUG + 1].rpartition("-")[0]
        slug = (whole_words or slug[:MAX_SLUG]).strip("-")
    return slug or "entry"
