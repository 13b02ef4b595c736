"""What the site writes to its log: whatever a line holds, never the token of a share link."""

import logging
import re

# The path of a share link up to its token. Whoever has the token has the link.
_LINK = re.compile(r"/s/([^/\s\"'<>?#]+)")
_HIDDEN = "[token]"


class RedactingFormatter(logging.Formatter):
    """Formats a record, its traceback included, without tokens of share links."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a token in an address on it is hidden wherever else it stands too.

        Django names the request whose handling failed: its token may stand in a traceback alone.
        """
        text = super().format(record)
        path = getattr(getattr(record, "request", None), "path", "")
        for token in {*_LINK.findall(text), *_LINK.findall(path)}:
            text = text.replace(token, _HIDDEN)
        return text
