"""What a text should not hold once it is public: secrets, addresses, hidden characters.

A table of shapes, each with the words that have to be in a text before its expression is tried.
Shapes are those that their makers publish or that everybody can see in a key of one's own. What
is clearly a stand-in ("sk-xxxx…", "AKIA…EXAMPLE", somebody@example.org, 555-0123) is not reported:
who is warned of everything reads no warning.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from prompts_app.text import hidden

Kind = Literal["secret", "email", "phone", "hidden"]

# Longer texts are looked at up to here, and no more finds are told than anybody mends one by one.
MAX_TEXT: Final = 500_000
MAX_FOUND: Final = 50


@dataclass(frozen=True, slots=True)
class Find:
    """Something found: `text[start:end]`.

    `shape` says what it looks like: a key of `SECRETS`, "email", "phone", or one of hidden.KINDS.
    `line` counts from 1. `shown` is safe to show: a secret but for its beginning and end, the code
    points of hidden characters, an address as it stands.
    """

    kind: Kind
    shape: str
    start: int
    end: int
    line: int
    shown: str


@dataclass(frozen=True, slots=True)
class _Shape:
    hints: tuple[str, ...]
    expression: re.Pattern[str]
    # Whether the name alone says little, so that what follows must look random as well.
    random: bool = False


def _shape(hints: str, expression: str, *, random: bool = False) -> _Shape:
    # No letter, digit or underscore may touch a key: it would be a part of something longer.
    whole = re.compile(rf"(?<![A-Za-z0-9_])(?:{expression})")
    return _Shape(tuple(hints.split()), whole, random)


# Named after what issues them. The first shape that matches at a place is told.
SECRETS: Final[dict[str, _Shape]] = {
    "private_key": _shape(
        "PRIVATE", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{0,20000}"
    ),
    "putty_key": _shape("PuTTY-User-Key-File-", r"PuTTY-User-Key-File-[23]: [^\n]+"),
    "age_key": _shape("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    "anthropic": _shape("sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    "openrouter": _shape("sk-or-", r"sk-or-(?:v1-)?[A-Za-z0-9]{32,}"),
    "langfuse": _shape("-lf-", r"sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "openai": _shape(
        "sk-", r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{32,}"
    ),
    "groq": _shape("gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    "xai": _shape("xai-", r"xai-[A-Za-z0-9]{40,}"),
    "perplexity": _shape("pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    "hugging_face": _shape("hf_", r"hf_[A-Za-z0-9]{30,}"),
    "replicate": _shape("r8_", r"r8_[A-Za-z0-9]{37,}"),
    "google": _shape(
        "AIza ya29. GOCSPX-",
        r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{30,}|GOCSPX-[0-9A-Za-z_-]{28}",
    ),
    "aws": _shape("AKIA ASIA", r"A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "azure": _shape(
        "AccountKey= SharedAccessKey=", r"(?:Account|SharedAccess)Key=[\w+/]{40,}={0,2}"
    ),
    "github": _shape("gh github_pat_", r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}"),
    "gitlab": _shape("gl", r"gl(?:pat|ptt|dt|rt|oas)-[A-Za-z0-9_-]{20,}"),
    "slack": _shape(
        "xox xapp- hooks.slack.com",
        r"xox[abeoprs]-[A-Za-z0-9-]{20,}|xapp-\d-[A-Za-z0-9-]{20,}"
        r"|https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{30,}",
    ),
    "discord": _shape(
        "discord", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{50,}"
    ),
    "telegram": _shape(":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{33}(?![\w-])"),
    "stripe": _shape(
        "_live_ _test_ whsec_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{20,}|whsec_[A-Za-z0-9+/]{32,}"
    ),
    "sendgrid": _shape("SG.", r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{40,}"),
    "npm": _shape("npm_", r"npm_[A-Za-z0-9]{36}"),
    "pypi": _shape("pypi-", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    "digitalocean": _shape("do", r"do[oprt]_v1_[a-f0-9]{64}"),
    "shopify": _shape("shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    "databricks": _shape("dapi", r"dapi[a-f0-9]{32}"),
    "notion": _shape("ntn_ secret_", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}(?!\w)"),
    "linear": _shape("lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    "jwt": _shape("eyJ", r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,}"),
    "url_password": _shape(
        "://", r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@'\"]{1,80}:[^\s/@'\"]{4,80}@[\w.-]"
    ),
    "bearer": _shape("earer ", r"[Bb]earer +[A-Za-z0-9_.~+/-]{20,}={0,2}", random=True),
    "named": _shape(
        "key KEY Key ecret ECRET oken OKEN assw ASSW",
        r"(?i:[a-z0-9_-]{0,30}(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?key|token|passw(?:or)?d))"
        r"['\"]?\s{0,3}[:=]\s{0,3}['\"]?[A-Za-z0-9_+/.~-]{16,200}",
        random=True,
    ),
}

_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_%+-])?"
    r"@(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,24})(?![\w@-])"
)
# RFC 2606 and RFC 6761: names that belong to nobody.
_NOBODYS_HOST = re.compile(
    r"(?i)(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost|local)$"
    r"|^(?:your|my)?-?(?:domain|company|site|email|host|corp)\.\w+$"
)
_NOBODY = re.compile(
    r"(?i)^(?:git|noreply|no-reply|donotreply|user(?:name)?|name|your[._-]?\w*|x+)@"
)

# A number that is written for people: with its country, or in the groups of the country.
_PHONE = re.compile(
    r"(?<![\w.,:/+#$€£=-])(?:"
    r"(?P<country>\+[1-9]\d{0,2}(?:[ .\u00a0\u202f-]?\(?\d{1,4}\)?){2,6})"
    r"|(?P<french>0[1-9](?P<gap>[ .\u00a0\u202f-]?)\d{2}(?:(?P=gap)\d{2}){3})"
    r"|(?P<american>(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}(?P<dash>[.-]))\d{3}(?:(?P=dash)|-)\d{4})"
    r")(?![\w%€$£]|[.,:/-]\d)"
)
# Kept for films and examples: 555-01xx, and the numbers that France's Arcep reserves.
_NOBODYS_PHONE = re.compile(
    r"55501\d{2}$|^(?:33|0)(?:19900|26191|35301|46571|53649|63998)\d{4}$|(\d)\1{5}|1234567"
)
_STAND_IN = re.compile(
    r"(?i)example|placeholder|your|xxx|\*\*\*|<|\{\{|\$\{|1234567890|abcdef\w*ghij"
    r"|:(?:pass(?:word)?|pwd?|secret|changeme)@"
)


def scan(text: str) -> list[Find]:
    """Return what stands in `text`, in its order; at most MAX_FOUND, of its first MAX_TEXT.

    Takes time in proportion to the text: no expression here looks back and forth.
    """
    text = text[:MAX_TEXT]
    found: list[Find] = []
    taken: list[tuple[int, int]] = []
    for kind, shape, start, end, shown in _all(text):
        if any(start < other_end and other < end for other, other_end in taken):
            continue
        taken.append((start, end))
        line = text.count("\n", 0, start) + 1
        found.append(Find(kind, shape, start, end, line, shown))
        if len(found) >= MAX_FOUND:
            break
    return sorted(found, key=lambda one: one.start)


def _all(text: str) -> Iterator[tuple[Kind, str, int, int, str]]:
    for name, shape in SECRETS.items():
        if any(hint in text for hint in shape.hints):
            for match in shape.expression.finditer(text):
                if _is_secret(match[0], random=shape.random):
                    yield "secret", name, match.start(), match.end(), _masked(match[0])
    for run in hidden.runs(text):
        points = " ".join(dict.fromkeys(f"U+{ord(one):04X}" for one in run.text[:8]))
        yield "hidden", run.kind, run.start, run.start + len(run.text), points
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if not _NOBODYS_HOST.search(match["host"]) and not _NOBODY.match(match[0]):
                yield "email", "email", match.start(), match.end(), match[0]
    for match in _PHONE.finditer(text):
        if _is_phone(match):
            yield "phone", "phone", match.start(), match.end(), match[0]


def _is_secret(text: str, *, random: bool) -> bool:
    if _STAND_IN.search(text):
        return False
    if text.startswith(("-----BEGIN", "PuTTY")):
        return True
    value = re.split(r"[:=\s'\"]", text)[-1] if random else text
    if random:
        # Words joined by hyphens are names; keys mix digits in, and repeat themselves little.
        return bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value)) and (
            _bits(value) >= 3.4 and len(value) >= 16
        )
    return len(set(value)) >= 8


def _bits(text: str) -> float:
    """Shannon's entropy of the characters, in bits a character."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def _masked(text: str) -> str:
    if text.startswith("-----BEGIN"):
        return text.split("\n", 1)[0][:60]
    first = text.split("\n", 1)[0]
    return f"{first[:7]}…{first[-3:]}" if len(first) > 16 else f"{first[:4]}…"


def _is_phone(match: re.Match[str]) -> bool:
    digits = "".join(
        str(unicodedata.digit(one)) for one in match[0] if unicodedata.category(one) == "Nd"
    )
    if match["country"] and not 8 <= len(digits) <= 15:
        return False
    return not _NOBODYS_PHONE.search(digits)
