"""Lets Babel find the texts in Django's templates, so that nobody needs GNU gettext."""

import io
from collections.abc import Collection, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from babel.messages.extract import _ExtractionResult, _FileObj, _Keyword


def extract_template(
    file: "_FileObj | IO[bytes]",
    keywords: "Mapping[str, _Keyword]",
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> "Iterable[_ExtractionResult]":
    """Return (line, function, messages, comments) for each text marked for translation.

    This is Babel's extraction interface
    (https://babel.pocoo.org/en/latest/messages.html#writing-extraction-methods). `file` holds a
    template in UTF-8. Raises SyntaxError on a template whose translation tags are malformed.
    """
    code = templatize(file.read().decode())
    # The tags' texts come out as calls where the tags stood, and a template's indentation
    # means nothing to Python.
    flat = "\n".join(line.lstrip() for line in code.split("\n"))
    return extract_python(io.BytesIO(flat.encode()), keywords, comment_tags, {})
