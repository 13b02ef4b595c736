"""Colours for code blocks, as Pygments classes.

Only languages that show up in prompts and answers are coloured, and only blocks of ordinary size:
lexers are sets of regular expressions and some of them take very long on hostile input.
"""

import html
from functools import cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

MAX_COLOURED = 12_000
BLOCK_START = '<div class="code">'

# Every class a coloured block may carry. Leave "err" uncoloured in style sheets: half a JSON
# document or a variable in braces is no error to a reader.
CLASSES = frozenset(STANDARD_TYPES.values()) - {""}

_LANGUAGES = {
    "bash": "bash",
    "c": "c",
    "cpp": "cpp",
    "css": "css",
    "diff": "diff",
    "go": "go",
    "html": "html",
    "ini": "ini",
    "java": "java",
    "javascript": "javascript",
    "js": "javascript",
    "json": "json",
    "php": "php",
    "py": "python",
    "python": "python",
    "rust": "rust",
    "sh": "bash",
    "shell": "bash",
    "sql": "sql",
    "toml": "toml",
    "ts": "typescript",
    "typescript": "typescript",
    "xml": "xml",
    "yaml": "yaml",
    "yml": "yaml",
}


def code_html(code: str, language: str) -> str:
    """A block of code as `<div class="code"><pre><code>…`, coloured where `language` is known."""
    lexer = _lexer(language.lower()) if len(code) <= MAX_COLOURED else None
    inner = highlight(code, lexer, _FORMATTER).rstrip("\n") if lexer else html.escape(code)
    return f"{BLOCK_START}<pre><code>{inner}</code></pre></div>"


_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)


@cache
def _lexer(language: str) -> Lexer | None:
    name = _LANGUAGES.get(language)
    return get_lexer_by_name(name, stripnl=False) if name else None
