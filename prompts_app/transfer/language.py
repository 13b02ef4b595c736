"""A guess at the language of a text: by script, then by the commonest small words."""

import re
from collections import Counter
from typing import Final

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
)
# Left out: words that are English too, or of several of these languages at once.
_WORDS: Final = {
    "en": "the and of to you is that for with your as are be this an will i my on it",
    "fr": "le la les des et une est vous que dans pour du au votre sur avec qui ne pas",
    "de": "der die das und ist ein eine nicht mit für auf den sie von zu im dem als",
    "es": "el los las y que de en una por con para su del como se tu esta",
    "it": "il lo gli di che una è per con non sono del della nel alla",
    "pt": "os que em um uma é por com para seu não dos das você ao",
    "tr": "ve bir bu için ile olarak çok olan gibi bana bunu sen her daha",
}
_SMALL_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
LANGUAGES: Final = (*_WORDS, *(language for language, _ in _SCRIPTS))

# A guess other than English must be clear, for most prompts are English.
_CLEARLY = 1.3


def guess_language(text: str) -> str:
    """One of LANGUAGES (ISO 639-1); "en" unless the text is clearly something else."""
    sample = text[:5000]
    letters = sum(c.isalpha() for c in sample)
    for language, script in _SCRIPTS:
        if letters and len(script.findall(sample)) > 0.3 * letters:
            return language
    words = Counter(re.findall(r"[^\W\d_]+", sample.lower()))
    scores = {
        language: sum(words[word] for word in small) for language, small in _SMALL_WORDS.items()
    }
    best = max(scores, key=lambda language: scores[language])
    enough = max(3, 0.06 * words.total())
    if best != "en" and scores[best] >= enough and scores[best] > _CLEARLY * scores["en"]:
        return best
    return "en"
