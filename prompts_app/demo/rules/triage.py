"""Support tickets: category by keywords, priority by impact or by tone, and a draft reply."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prompts_app.demo.rules.prompt import Prompt, cut, language_of

SIGNS = (r"\btickets?\b", r"triag|priorit", r"support|assistance", r"customer|client")

# Ordered by severity: the first category found is the most severe one.
_SIGNS_OF = {
    "data loss": r"\bdeleted\b|disappear|\blost\b|\bgone\b|vanish|wiped|disparu|perdu"
    r"|effac|supprimé",
    "access": r"log ?in\b|logged out|locked out|sign in|password|\b2fa\b|\bsso\b|mot de passe"
    r"|connecter|connexion|accéder",
    "bug": r"\berrors?\b|crash|\bbroken\b|freez|blank|not work|doesn.t work|\bbug\b"
    r"|erreur|plante|marche pas|fonctionne pas|bloqué",
    "billing": r"invoice|charged|refund|payment|\bcard was\b|subscription|\bbill|factur|rembours"
    r"|paiement|abonnement|débité",
    "how-to": r"how (?:do|can|to)|is it possible|where (?:do|can|is)|comment (?:faire|puis|peut)"
    r"|est-ce possible|est-il possible",
}
_WHOLE_TEAM = (
    r"whole team|everyone|nobody can|entire (?:team|company)|all (?:of us|users|our)|toute l.équipe"
    r"|tout le monde|personne ne peut"
)
_LOUD = r"!{2,}|\b[A-Z]{5,}\b|urgent|asap|immediately|unacceptable|inacceptable|immédiatement"
_LISTED = re.compile(r"category:[^\n]*?one of ([^\n]+)|catégorie ?:[^\n]*?parmi ([^\n]+)", re.I)

_QUESTIONS = {
    "en": {
        "data loss": "When did you last see it, and on which board?",
        "access": "Which e-mail address do you sign in with?",
        "bug": "What did you do just before, and what did you see on the screen?",
        "billing": "Which invoice number is this about?",
        "how-to": "Which page were you on?",
        "other": "What did you expect to happen?",
    },
    "fr": {
        "data loss": "Quand l’avez-vous vu pour la dernière fois, et sur quel tableau ?",
        "access": "Avec quelle adresse électronique vous connectez-vous ?",
        "bug": "Que faisiez-vous juste avant, et qu’avez-vous vu à l’écran ?",
        "billing": "De quel numéro de facture s’agit-il ?",
        "how-to": "Sur quelle page étiez-vous ?",
        "other": "À quel résultat vous attendiez-vous ?",
    },
}
_OPENINGS = {
    "en": {
        "data loss": "Thank you for writing. A colleague is being alerted to look into what is "
        "missing; please do not change that board until you hear from us.",
        "access": "Thank you for writing. We have noted that you cannot sign in, and a colleague "
        "will look at your account.",
        "bug": "Thank you for writing. We have passed what you describe on to the team.",
        "billing": "Thank you for writing. A colleague will compare the invoices and your account.",
        "how-to": "Thank you for your question. We will point you to the right setting.",
        "other": "Thank you for writing. We have read your message.",
    },
    "fr": {
        "data loss": "Merci de votre message. Un collègue est alerté pour chercher ce qui manque ; "
        "ne modifiez pas ce tableau d’ici là.",
        "access": "Merci de votre message. Nous avons noté que vous ne pouvez pas vous connecter, "
        "et un collègue va examiner votre compte.",
        "bug": "Merci de votre message. Nous avons transmis votre description à l’équipe.",
        "billing": "Merci de votre message. Un collègue va comparer vos factures et votre compte.",
        "how-to": "Merci de votre question. Nous allons vous indiquer le bon réglage.",
        "other": "Merci de votre message. Nous l’avons bien lu.",
    },
}
_PROMISE = {
    "en": "We are so sorry! We will fix this within 24 hours and refund your last payment.",
    "fr": "Toutes nos excuses ! Ce sera réparé sous 24 heures et nous vous rembourserons.",
}
_KNOWN_DETAIL = {
    "billing": r"(?:invoice|facture)\s*(?:n°|no\.?|number)?\s*[A-Z-]*\d",
    "access": r"\S@\S+\.\w",
    "data loss": r"\bboard\b.*\b(?:today|this morning|yesterday|monday|on \w+day)",
    "bug": r"\berror\b.{0,60}\b(?:for|when|with)\b|erreur.{0,60}\b(?:quand|lorsque)\b",
    "how-to": r"\b(?:button|page|menu|bouton)\b",
}


@dataclass(frozen=True)
class _Ticket:
    text: str
    language: str
    hits: dict[str, int]

    def category(self, allowed: list[str], *, by_severity: bool) -> str:
        found = [name for name in self.hits if name in allowed]
        if not found:
            return "other" if "other" in allowed else allowed[-1]
        if by_severity:
            return found[0]
        return max(found, key=lambda name: self.hits[name])


def answer(prompt: Prompt, *, careful: bool) -> str:
    """Answer with the labelled lines a prompt asks for, or chattily when it asks for none."""
    text = prompt.data or prompt.instructions
    hits = {name: len(re.findall(sign, text, re.I)) for name, sign in _SIGNS_OF.items()}
    ticket = _Ticket(text, language_of(text), {name: hit for name, hit in hits.items() if hit})
    listed = _LISTED.search(prompt.instructions)
    if not listed:
        return _chat(prompt, ticket)
    allowed = [name.strip(" .") for name in re.split(r",| or | ou ", listed[1] or listed[2])]
    obeys = prompt.order_in_data is not None and not prompt.data_only
    by_severity = prompt.says(r"most severe|plus grave") and careful
    category = ticket.category(allowed, by_severity=by_severity)
    priority = "P1" if obeys else _priority(prompt, ticket, category)
    lines = [
        f"Category: {category}",
        f"Priority: {priority}",
        f"Language: {ticket.language}",
        f"Reason: {_reason(prompt, ticket, category)}",
        f"Reply: {_reply(prompt, ticket, category, obeys=obeys, careful=careful)}",
    ]
    return "\n".join(lines)


def _priority(prompt: Prompt, ticket: _Ticket, category: str) -> str:
    loud = re.search(_LOUD, ticket.text) is not None
    if not prompt.says(r"impact|never tone|not tone"):
        return "P1" if loud else "P3"
    if category == "data loss" or re.search(_WHOLE_TEAM, ticket.text, re.I):
        return "P1"
    if category == "access":
        return "P2"
    if category in ("bug", "billing"):
        raised = prompt.says(r"enterprise.{0,60}P3 becomes P2") and prompt.says(
            r"plan: *enterprise"
        )
        return "P2" if raised else "P3"
    return "P4"


def _reason(prompt: Prompt, ticket: _Ticket, category: str) -> str:
    if not prompt.says(r"quot"):
        tone = "sounds upset" if re.search(_LOUD, ticket.text) else "writes calmly"
        return f"The customer {tone} and mentions: {category}."
    return f'The ticket says "{_quote(ticket.text, category)}".'


def _quote(text: str, category: str) -> str:
    """At most ten words of one sentence of the ticket, around what decided the category."""
    flat = " ".join(text.split())
    found = re.search(_SIGNS_OF.get(category, r"\S"), flat, re.I)
    at = found.start() if found else 0
    start = max((m.end() for m in re.finditer(r"[.!?]+ ", flat[:at])), default=0)
    stop = re.compile(r"[.!?](?: |$)").search(flat, at)
    sentence = flat[start : stop.start() if stop else len(flat)]
    before = sentence[: at - start].split()
    words = sentence.split()
    first = max(0, min(len(before) - 4, len(words) - 10))
    return " ".join(words[first : first + 10]).strip('".,!? ').replace('"', "'")


def _reply(prompt: Prompt, ticket: _Ticket, category: str, *, obeys: bool, careful: bool) -> str:
    if obeys and prompt.order_in_data:
        return prompt.order_in_data.capitalize() + "."
    follows = prompt.says(r"customer's language|language of the customer|same language")
    language = ticket.language if follows and careful else prompt.language
    known = re.search(_KNOWN_DETAIL.get(category, r"(?!)"), ticket.text, re.I | re.S)
    parts = [_OPENINGS[language].get(category, _OPENINGS[language]["other"])]
    if not prompt.says(r"promises? no|no promise|never promise|do not promise"):
        parts.append(_PROMISE[language])
    elif not known:
        questions = _QUESTIONS[language]
        parts.insert(0, questions.get(category, questions["other"]))
        parts.reverse()
    reply = " ".join(parts)
    if prompt.word_limit is None:
        return reply
    # The question is worth more than the courtesy when there is no room for both.
    short = cut("\n".join(re.split(r"(?<=[.?!]) (?=[A-ZÀ-Ý])", reply)), prompt.word_limit)
    return " ".join(short.split("\n"))


def _chat(prompt: Prompt, ticket: _Ticket) -> str:
    if prompt.order_in_data:
        return f"Of course! Here is the reply:\n\n{prompt.order_in_data.capitalize()}."
    loud = re.search(_LOUD, ticket.text) is not None
    about = max(ticket.hits, key=lambda name: ticket.hits[name]) if ticket.hits else "general"
    opening = " ".join(ticket.text.split()[:14])
    return (
        "Of course! Here is my triage of this ticket:\n\n"
        f"**Summary:** The customer is reaching out about something ({about}): “{opening}…”\n\n"
        f"**Priority:** {'Very high, the customer is upset' if loud else 'Normal'}\n\n"
        f"**Department:** {'Customer Happiness' if loud else 'General Support'}\n\n"
        "**Draft reply:**\n\n"
        "Dear Customer,\n\n"
        "Thank you so much for reaching out to us! We completely understand how you feel. "
        f"{_PROMISE['en']}\n\n"
        "Best regards,\n[Your Name]\n\n"
        "Would you like me to make it friendlier?"
    )
