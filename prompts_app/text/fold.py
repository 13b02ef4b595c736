"""Folding: one spelling for search, without case and accents."""

import unicodedata

# Letters that Unicode does not decompose, as readers without them on the keyboard type them.
_LETTERS = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
        "ə": "e",
        "ɨ": "i",
        "ƒ": "f",
        "’": "'",
        "‘": "'",
    }
)

# Voicing marks of kana tell letters apart (か, が): they are no accents.
_KEPT_MARKS = "\u3099\u309a"


def fold(text: str) -> str:
    """`text` in lower case without accents or ligatures: "Œuvre d’été" becomes "oeuvre d'ete".

    Folding twice changes nothing more. The length may change. For comparing and indexing only.
    """
    lower = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(c for c in lower if c in _KEPT_MARKS or not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare.translate(_LETTERS))
