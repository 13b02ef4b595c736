"""How lines of the log are written: without what opens a share link."""

import logging
import re

# As services/share_tokens.py makes them: whoever reads a log could open the link.
_TOKEN = re.compile(r"(?<=/s/)[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")


class Formatter(logging.Formatter):
    """Writes a record, its traceback included, with tokens of share links left out."""

    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub("[token]", super().format(record))
