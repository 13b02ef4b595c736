"""Meeting notes: decisions, actions and open points, told apart by their verbs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from prompts_app.demo.rules.prompt import Prompt, cut, language_of, words

SIGNS = (r"\bmeetings?\b|réunion", r"compte rendu|\bminutes\b", r"\bnotes\b", r"résum|summar")

_OPEN = re.compile(
    r"\?|pas tranché|à trancher|à voir\b|reste à|en suspens|on verra|pas d.accord|still open"
    r"|\btbd\b|undecided|not decided|open question",
    re.IGNORECASE,
)
_DECISION = re.compile(
    r"\bdécid|\bacté|\bvalid(?:é|ons|e\b)|on (?:retient|garde|part sur|repousse|choisit)|\badopté"
    r"|d.accord pour|\bapprouvé|\bagreed\b|\bdecided\b|\bapproved\b|we (?:go with|keep|will use)",
    re.IGNORECASE,
)
_NAME = r"[A-ZÀÂÉÈÊÎÔ][a-zà-ÿ]+(?:-[A-ZÀÂÉÈÊÎÔ][a-zà-ÿ]+)?"
_NOT_NAMES = frozenset(
    ("Il", "Elle", "On", "Nous", "Vous", "Le", "La", "Les", "Un", "Une", "Qui", "Que", "Longue",
     "Budget", "Recrutement", "We", "The", "It", "They", "Ce", "Cela", "Tout", "Note", "Faut", "Je",
     "Présents", "Décidé", "Validé", "Action", "Actions", "Ignore", "Still", "Discussion")
)  # fmt: skip
_VERB = (
    r"(?:doit|va|prépare|envoie|s.occupe|se charge|relance|rédige|appelle|vérifie|réserve|met|fait|"
    r"présente|contacte|livre|écrit|affiche|organise|finit|termine|corrige|teste|commande|propose|"
    r"transmet|cherche|demande|refait|publie|will|to|sends?|writes?|calls?|checks?|prepares?|takes?|"
    r"tests?|books?|fixes|orders?)\b"
)
_OWNED = re.compile(rf"^({_NAME})(?:\s*:)?\s+({_VERB}.*)$")
_SPOKEN = re.compile(rf"^({_NAME})\s*:\s*(?:je|j.|I|I.ll)\s*(.+)$")
_UNOWNED = re.compile(
    r"^(?:il faut (?:que quelqu.un )?|à faire ?: ?|action ?: ?|todo ?: ?"
    r"|someone (?:has to|must) )(.+)",
    re.IGNORECASE,
)
_DUE = re.compile(
    r",?\s*(?:avant|pour|d.ici|au plus tard|by|before)\s+(?:le\s+|la\s+)?"
    r"(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|demain|fin de semaine|fin du mois|"
    r"monday|tuesday|wednesday|thursday|friday|tomorrow|the end of the week|"
    r"\d{1,2}(?:er|st|nd|rd|th)?\s+[a-zà-ÿ]{3,10}|[A-Z][a-z]{2,8} \d{1,2}|"
    r"\d{1,2}/\d{1,2}(?:/\d{4})?)",
    re.IGNORECASE,
)
_TITLES = {
    "fr": ("Décisions", "Actions", "Points ouverts"),
    "en": ("Decisions", "Actions", "Open points"),
}


@dataclass
class _Action:
    owner: str
    task: str
    due: str


@dataclass
class _Minutes:
    decisions: list[str] = field(default_factory=list)
    actions: list[_Action] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    shortened: bool = False


def answer(prompt: Prompt, *, careful: bool) -> str:
    """Answer with minutes in parts, within the prompt's word limit, or with a tale."""
    if prompt.order_in_data and not prompt.data_only:
        return prompt.order_in_data[:1].upper() + prompt.order_in_data[1:] + "."
    sentences = _sentences(prompt.data or prompt.instructions)
    if not prompt.says(r"décisions?\b|decisions?\b"):
        text = _tale(prompt.language, sentences)
        return cut(text, prompt.word_limit) if prompt.word_limit else text
    return _written(prompt, _sort(prompt, sentences, careful=careful), careful=careful)


def _sentences(text: str) -> list[str]:
    rows = [
        re.sub(r"^\s*(?:[-*•]|\d+[.)]|\d{1,2}[:h]\d{2})\s*", "", row) for row in text.split("\n")
    ]
    found = [part for row in rows for part in re.split(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý«])", row[:1000])]
    return [part.strip() for part in found if words(part)]


def _sort(prompt: Prompt, sentences: list[str], *, careful: bool) -> _Minutes:
    minutes = _Minutes()
    strict = prompt.no_guessing and careful
    unknown = "non précisé" if prompt.language == "fr" else "not stated"
    team, soon = ("l’équipe", "dès que possible")
    if prompt.language == "en":
        team, soon = "the team", "as soon as possible"
    for sentence in sentences:
        if prompt.data_only and re.search(
            r"\b(?:ignore|oublie|disregard|forget)\b", sentence, re.I
        ):
            continue
        bare = sentence.rstrip(" .")
        keep_as_is = prompt.says(r"telle quelle|word for word") and (
            language_of(sentence) != prompt.language
        )
        shown = f"« {sentence} »" if keep_as_is else bare
        owned, spoken, unowned = (form.match(bare) for form in (_OWNED, _SPOKEN, _UNOWNED))
        if _OPEN.search(sentence):
            minutes.open.append(shown)
        elif spoken or (owned and owned.group(1) not in _NOT_NAMES):
            match = spoken or owned
            assert match is not None
            due = _DUE.search(match.group(2))
            # Careless readings fill the gap with the phrase everybody uses.
            when = due.group(1) if due else (unknown if strict else soon)
            minutes.actions.append(_Action(match.group(1), _task(match.group(2)), when))
        elif _DECISION.search(sentence):
            minutes.decisions.append(shown if keep_as_is else _decision(bare))
        elif unowned:
            due = _DUE.search(unowned.group(1))
            when = due.group(1) if due else (unknown if strict else soon)
            owner = unknown if strict else team
            minutes.actions.append(_Action(owner, _task(unowned.group(1)), when))
    return minutes


def _task(text: str) -> str:
    return re.sub(r"^m(?=e |['’])", "s", _DUE.sub("", text)).strip(" .,")


def _decision(text: str) -> str:
    core = re.sub(
        r"^(?:on a |nous avons |il est )?(?:décidé|acté|validé|retenu)\s*(?::|de |d.|que )?\s*", "",
        text, flags=re.IGNORECASE,
    )  # fmt: skip
    return core[:1].upper() + core[1:]


def _written(prompt: Prompt, minutes: _Minutes, *, careful: bool) -> str:
    limit = prompt.word_limit
    tight = limit is not None and limit <= 50
    text = _layout(prompt, minutes)
    if limit is None:
        return text
    ordered = prompt.says(r"d.abord des? points ouverts|open points first")
    while len(words(text)) > limit and (minutes.open or minutes.actions):
        # Without an order of cuts the longest part loses, whatever it is worth.
        parts: tuple[list[Any], ...] = (minutes.decisions, minutes.actions, minutes.open)
        loser = (minutes.open or minutes.actions) if ordered else max(parts, key=len)
        loser.pop()
        minutes.shortened = True
        text = _layout(prompt, minutes)
    if len(words(text)) > limit:
        text = cut(text, limit)
    if tight and not careful:
        text += {
            "fr": "\n\nVoilà l’essentiel de cette réunion ; le détail est dans les notes, que "
            "chacun peut relire avant la prochaine rencontre, et ce compte rendu reste ouvert aux "
            "remarques de toutes les personnes présentes ou absentes ce jour-là.",
            "en": "\n\nThat is the essence of this meeting; the details are in the notes, which "
            "everyone may read again before the next one, and remarks from those present and "
            "absent are welcome at any time before then.",
        }[prompt.language]
    return text


def _layout(prompt: Prompt, minutes: _Minutes) -> str:
    titles = _TITLES[prompt.language]
    actions = [f"{item.owner} — {item.task} — {item.due}" for item in minutes.actions]
    if not prompt.says(r"—"):
        actions = [f"{item.owner} : {item.task} ({item.due})" for item in minutes.actions]
    parts = [(titles[0], minutes.decisions), (titles[1], actions), (titles[2], minutes.open)]
    if prompt.says(r"s.adresse à la direction|for management") and prompt.says(
        r"points\s+ouverts\s+avant\s+les\s+actions|open points before"
    ):
        parts[1], parts[2] = parts[2], parts[1]
    none = "aucun" if prompt.language == "fr" else "none"
    if minutes.shortened and prompt.says(r"voir les notes|see the notes"):
        none = "voir les notes" if prompt.language == "fr" else "see the notes"
    return "\n\n".join(
        f"**{title}**\n" + "\n".join(f"- {item}" for item in (items or [none]))
        for title, items in parts
    )


def _tale(language: str, sentences: list[str]) -> str:
    links = {
        "fr": (
            "Tout d’abord",
            "Ensuite",
            "Par ailleurs",
            "À noter aussi",
            "De plus",
        ),
        "en": ("First of all", "Then", "Besides", "Also worth noting", "Moreover"),
    }[language]
    told = []
    for index, sentence in enumerate(sentences):
        text = sentence.rstrip(" .?!:")
        if text.split()[0] in _NOT_NAMES:
            text = text[:1].lower() + text[1:]
        told.append(f"{links[index % len(links)]}, {text}.")
    if language == "fr":
        return (
            "Bien sûr ! Voici un résumé de votre réunion :\n\n"
            "La réunion s’est déroulée dans une ambiance constructive et a permis d’aborder "
            f"plusieurs sujets importants. {' '.join(told)}\n\n"
            "En conclusion, les échanges ont été riches et toutes les actions seront menées par "
            "l’équipe dès que possible. Souhaitez-vous que je rédige un courriel à partir de ce "
            "résumé ?"
        )
    return (
        "Sure! Here is a summary of your meeting:\n\nThe meeting took place in a constructive mood "
        f"and covered several important topics. {' '.join(told)}\n\nIn conclusion, the talk was "
        "rich, and the team will carry out every action as soon as possible. Would you like me to "
        "turn this summary into an e-mail?"
    )
