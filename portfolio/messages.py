"""Lets Babel find the texts in Django's templates, so that nobody needs GNU gettext."""

import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize


def extract_template(
    file: BinaryIO,
    keywords: Mapping[str, Any],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[int, str, str | tuple[str, ...], list[str], str | None]]:
    """Yield (line, function, messages, comments, context) for each text marked for translation.

    This is Babel's extraction interface
    (https://babel.pocoo.org/en/latest/messages.html#writing-extraction-methods). `file` holds a
    template in UTF-8. Raises SyntaxError on a template whose translation tags are malformed.
    """
    code = templatize(file.read().decode())
    # The tags' texts come out as calls where the tags stood, and a template's indentation
    # means nothing to Python.
    flat = "\n".join(line.lstrip() for line in code.split("\n"))
    yield from extract_python(io.BytesIO(flat.encode()), keywords, comment_tags, {})
