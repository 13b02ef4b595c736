"""The answer to a prompt no trade's rules know: what can be counted, and that rules counted it."""

from __future__ import annotations

import re
from collections import Counter

from prompts_app.demo.rules.prompt import Prompt, cut, language_of, words

_COMMON = frozenset(
    re.findall(
        r"\S+",
        "the and for that with you this from have are was not but they his her its our your will "
        "would can all any one out who how what when where which there their about into than then "
        "les des une est dans pour que qui sur avec vous pas plus par sont cette ces mais nous "
        "elle ils leur aux ont être avoir fait comme tout tous sans sous entre donc",
    )
)


def answer(prompt: Prompt) -> str:
    """Say what the prompt asks and what the input holds, in the prompt's language."""
    subject = prompt.data if prompt.layered else f"{prompt.instructions}\n{prompt.data}"
    counts = Counter(
        word for word in re.findall(r"[^\W\d_]{3,}", subject.lower()) if word not in _COMMON
    )
    frequent = [word for word, _ in counts.most_common(5)]
    numbers = re.findall(r"\d+(?:[.,]\d+)?", subject)[:5]
    sentences = len(re.findall(r"[.!?…](?:\s|$)", subject)) or 1
    spoken = language_of(subject)
    if prompt.language == "fr":
        said = {"fr": "français", "en": "anglais"}[spoken]
        lines = [
            "Réponse écrite par des règles, pas par un modèle de langue.",
            f"Le texte reçu compte {len(words(subject))} mots en {sentences} phrase(s), en {said}.",
            f"Mots les plus présents : {', '.join(frequent) or 'aucun'}.",
            f"Nombres relevés : {', '.join(numbers) or 'aucun'}.",
        ]
        question = "Il se termine par une question, à laquelle aucune règle ne sait répondre."
    else:
        said = {"fr": "French", "en": "English"}[spoken]
        lines = [
            "This answer comes from scripted rules, not from a language model.",
            f"The text holds {len(words(subject))} words in {sentences} sentence(s), in {said}.",
            f"Most frequent words: {', '.join(frequent) or 'none'}.",
            f"Numbers found: {', '.join(numbers) or 'none'}.",
        ]
        question = "It ends with a question, which no rule here can answer."
    if subject.rstrip().endswith("?"):
        lines.append(question)
    text = "\n".join(lines)
    return cut(text, prompt.word_limit) if prompt.word_limit else text
