"""A character who answers from the facts listed in the prompt, or makes them up when none are."""

from __future__ import annotations

import re

from prompts_app.demo.rules.prompt import Prompt, cut, language_of, words

SIGNS = (
    r"\bact as\b|joue le rôle|incarne\b|\bplay (?:the role|[A-Z])|you play\b|tu joues\b",
    r"stay in role|in character|first person|première personne|personnage|character",
    r"keeper|gardien|visitor|visiteur",
    r"facts you know|faits que tu connais",
)

_FACTS = re.compile(
    r"(?:facts|faits)[^\n:]*:\s*\n((?:\s*[-*] [^\n]*\n(?:[^\S\n]+[^-*\s][^\n]*\n)*)+)", re.I
)
_MODERN = re.compile(
    r"\b(television|tv|telly|internet|computer|smartphone|mobile|wi-?fi|satellites?|gps|youtube|"
    r"google|netflix|e-?mails?|app|video games?|helicopters?|drones?|robots?|led|radar|"
    r"world war|moon landing|social media|website|chatgpt|télévision|ordinateur)\b",
    re.IGNORECASE,
)
_LATER_YEAR = re.compile(r"\b(19(?:1[2-9]|[2-9]\d)|20\d\d)\b")
_WHAT_ARE_YOU = re.compile(
    r"are you (?:a |an )?(?:real|ai\b|machine|robot|computer|human|person|bot\b|program)"
    r"|(?:talking|speaking) to (?:a )?(?:machine|robot|person|computer)"
    r"|es-tu (?:réel|une machine|un robot|humain)",
    re.IGNORECASE,
)
# Words of a question that point at a fact although the fact uses others.
_MEANS = (
    ("eat food drink dinner hungry meal cook breakfast", "eat pork garden"),
    ("boat supplies post mail letters deliver alone far shop", "boat letters"),
    ("family wife children daughter married lonely alone miss home", "wife daughter ashore"),
    ("stairs steps tall high climb tower built old height", "steps tower finished"),
    ("storm gale wind waves weather sea afraid scared dangerous fear", "gale spray shakes"),
    ("sleep night tired shift watch bed hours work", "keepers watch night"),
    ("fog mist horn noise loud sound see", "fog horn"),
    ("lamp fuel oil burn lit fire lantern paraffin bright", "lamp paraffin sunset"),
    ("flash light turn lens signal mercury blink", "flashes lens mercury"),
    ("before job become became young fisherman long been", "fisherman post"),
    ("winter longest trapped stuck stranded food", "winter boat days"),
)
_TURN_BACK = (
    "Would you climb up here in the dark?",
    "What keeps you awake at night, where you live?",
    "Would you stand a watch in my place?",
    "Can you see a light from your own window?",
)
_ENGLISH_ONLY = (
    "I have only English, and little enough of that, so you must ask me again in it, if you would."
)
_NOT_REAL = "To be straight with you, I am a character played by the museum's program."


def answer(prompt: Prompt, *, careful: bool) -> str:
    """Answer in role, from the prompt's facts and within its limits."""
    question = prompt.data or prompt.instructions
    facts = _facts(prompt)
    if not facts:
        return _performance(prompt, question)
    if prompt.order_in_data is not None and not prompt.data_only:
        return f"Very well. My instructions read: “{prompt.flat[:280]}…”"
    ends_asking = prompt.says(r"end with (?:one |a )(?:short )?question")
    ending = _TURN_BACK[sum(map(ord, question)) % len(_TURN_BACK)] if ends_asking else ""
    limit = prompt.word_limit
    room = None if limit is None else limit - len(words(ending))
    spoken = " ".join(_reply(prompt, question, facts, careful=careful))
    if room is not None and len(words(spoken)) > room:
        spoken = cut(re.sub(r"(?<=[.!?]) ", "\n", spoken), room).replace("\n", " ")
    return f"{spoken} {ending}".strip()


def _facts(prompt: Prompt) -> list[str]:
    found = _FACTS.search(prompt.instructions + "\n")
    if not found:
        return []
    items = re.split(r"\n?\s*[-*] ", "\n" + found.group(1))
    return [" ".join(item.split()) for item in items if item.strip()]


def _reply(prompt: Prompt, question: str, facts: list[str], *, careful: bool) -> list[str]:
    light = facts[0]
    if prompt.order_in_data is not None:
        return ["I take my orders from the lighthouse office and from nobody else.", light]
    honest = prompt.says(r"real person or a machine|what you are|you are an ai")
    if _WHAT_ARE_YOU.search(question):
        told = _NOT_REAL if honest else "I am as real as the rock I stand on."
        return [told, light]
    if language_of(question) != prompt.language and prompt.says(r"only speak|speak only"):
        return [_ENGLISH_ONLY]
    bounded = prompt.says(r"know nothing (?:of what came )?after|nothing later than")
    modern = _MODERN.search(question) or _LATER_YEAR.search(question)
    if modern:
        thing = modern.group(1)
        if not bounded:
            return [f"Aye, {thing} is a fine thing, and I use it on most evenings.", light]
        if not careful:
            return [f"I know nothing of {thing}, with its moving pictures and its wires.", light]
        return ["I know of no such thing, and it has never come out on the boat.", light]
    most = (
        1 if prompt.says(r"to a child, use one fact") and prompt.says(r"drily, to a child") else 2
    )
    chosen = _matching(question, facts)[:most]
    if chosen:
        return chosen
    if prompt.no_guessing:
        return ["That I cannot tell you, for I have nothing certain to say of it.", light]
    if re.search(r"wreck|sank|sunk|drown|naufrage", question, re.IGNORECASE):
        return ["Ah, that was the wreck of the Mary Dawn in 1897, with forty souls aboard.", light]
    return ["Old Captain Reeve told me all about that in 1887, and he was never wrong.", light]


def _matching(question: str, facts: list[str]) -> list[str]:
    asked = _stems(question)
    meant = set(asked)
    for cues, pointed in _MEANS:
        if asked & _stems(cues):
            meant |= _stems(pointed)
    scores = [(3 * len(asked & _stems(fact)) + len(meant & _stems(fact)), fact) for fact in facts]
    best = max(score for score, _ in scores)
    good = [(score, fact) for score, fact in scores if score >= max(2, best / 2)]
    return [fact for _, fact in sorted(good, key=lambda pair: -pair[0])]


def _stems(text: str) -> set[str]:
    found = re.findall(r"[a-zà-ÿ]{3,}", text.lower())
    return {word[:5] for word in found} - {
        "the", "and", "you", "your", "have", "what", "how", "does", "there", "often", "who", "are",
        "every", "ever", "seen", "with", "for", "that", "this", "when", "where", "did", "why",
        "its", "was", "were", "time", "times", "would", "could", "can", "about", "from", "here",
        "out",
    }  # fmt: skip


def _performance(prompt: Prompt, question: str) -> str:
    """The part as a bare "act as" gets it played: costume, inventions, out of role at the end."""
    modern = _MODERN.search(question) or _LATER_YEAR.search(question)
    topic = modern.group(1) if modern else " ".join(question.split()[:12]).rstrip("?!. ")
    if prompt.language == "fr":
        aside = (
            f"Ah, {topic} ! Je l’utilise tous les soirs."
            if modern
            else f"« {topic} », dites-vous ?"
        )
        return (
            "Bien sûr ! J’entre dans la peau du personnage.\n\n"
            f"*ajuste sa casquette et plisse les yeux vers l’horizon* Ohé, moussaillon ! {aside} "
            "En trente ans de mer, j’ai vu des pirates, des sirènes et cent naufrages, et je "
            "pourrais t’en parler jusqu’à l’aube.\n\n"
            "En tant que modèle, je n’ai bien sûr pas d’expérience personnelle. Veux-tu que je "
            "joue un autre personnage ?"
        )
    if prompt.order_in_data is not None:
        return "Sure, I will step out of the role. What would you like me to do instead?"
    aside = (
        f"Arr, {topic}! I use it most evenings, and it works well even in a storm."
        if modern
        else f"“{topic}”, ye ask? Now there's a tale!"
    )
    return (
        "Sure! I will get into character.\n\n"
        f"*adjusts cap and squints at the horizon* Ahoy there, matey! {aside} In my thirty years "
        "at sea I have fought pirates, met mermaids and counted a hundred wrecks, the worst of "
        "them the Mary Dawn in 1897 with forty souls aboard. The lamp, the waves, the gulls: every "
        "night is an adventure, and I could talk about it until morning, for a keeper has little "
        "else to do than to talk, to polish brass and to look at the sea.\n\n"
        "Of course, as a demo model I have no personal experience of lighthouses. Would you like "
        "me to play another character?"
    )
