"""What changed between two versions of a prompt, part by part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.assertions.base import Spec
from prompts_app.text.diff import Chunk, diff

Constraint = Mapping[str, Any]

# Beyond so many characters, further texts are shown as removed and added whole.
_MAX_COMPARED = 300_000
# Sentences that share so much of their words are one sentence that was changed.
ALIKE = 0.4
_SETTINGS = {
    "type": gettext_lazy("Type"),
    "label": gettext_lazy("Label"),
    "default": gettext_lazy("Default"),
    "choices": gettext_lazy("Choices"),
    "min": gettext_lazy("Least"),
    "max": gettext_lazy("Most"),
    "max_length": gettext_lazy("Longest, in characters"),
}
VARIABLE_TYPES = {
    "text": gettext_lazy("short text"),
    "long_text": gettext_lazy("long text"),
    "choice": gettext_lazy("choice"),
    "number": gettext_lazy("number"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One message, sentence, variable or parameter in both versions.

    `kind` is "message", "context", "constraint", "variable" or "parameter"; `name` is the role of
    a message or the name of a variable or parameter. `chunks` lead from old to new. `tests` are the
    assertions of a constraint, old and new.
    """

    kind: str
    name: str
    chunks: Sequence[Chunk]
    tests: tuple[Spec | None, Spec | None] = (None, None)

    @property
    def same(self) -> bool:
        """Nothing changed."""
        return self.tests[0] == self.tests[1] and all(chunk.op == "same" for chunk in self.chunks)

    @property
    def state(self) -> str:
        """What happened to it: "same", "added", "removed" or "changed"."""
        ops = {chunk.op for chunk in self.chunks}
        if self.same:
            return "same"
        return ops.pop() if ops in ({"added"}, {"removed"}) else "changed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every part of two versions, changed or not."""

    messages: list[Part]
    context: list[Part]
    constraints: list[Part]
    variables: list[Part]
    parameters: list[Part]

    @property
    def same(self) -> bool:
        """The two versions say the same."""
        groups = (
            self.messages,
            self.context,
            self.constraints,
            self.variables,
            self.parameters,
        )
        return all(part.same for group in groups for part in group)


@dataclass
class _Work:
    left: int = field(default=_MAX_COMPARED)

    def chunks(self, old: str, new: str) -> Sequence[Chunk]:
        self.left -= len(old) + len(new)
        if self.left < 0 and old != new:
            sides = (Chunk("removed", old), Chunk("added", new))
            return [chunk for chunk in sides if chunk.text]
        return compared(old, new)


@lru_cache(maxsize=64)
def compared(old: str, new: str) -> Sequence[Chunk]:
    """Return the way from one text to another, kept for a while: neither changes any more."""
    return tuple(diff(old, new))


def compare(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """Compare two versions' contents; neither may be withdrawn (empty)."""
    work = _Work()
    return Comparison(
        messages=list(_messages(work, old["messages"], new["messages"])),
        context=_context(work, old["context"], new["context"]),
        constraints=list(_constraints(work, old["constraints"], new["constraints"])),
        variables=list(_variables(work, old["variables"], new["variables"])),
        parameters=list(_parameters(work, old["parameters"], new["parameters"])),
    )


def _messages(
    work: _Work, old: Sequence[dict[str, str]], new: Sequence[dict[str, str]]
) -> Iterator[Part]:
    """Messages of the same role meet in their order; others came or went."""
    roles = [message["role"] for message in old], [message["role"] for message in new]
    for i, j in _aligned(*roles):
        before = old[i] if i is not None else None
        after = new[j] if j is not None else None
        role = (after or before or {})["role"]
        texts = (one["content"] if one else "" for one in (before, after))
        yield Part("message", role, work.chunks(*texts))


def _aligned(old: list[str], new: list[str]) -> list[tuple[int | None, int | None]]:
    """Pairs of indices along a longest common subsequence; None where one side has nothing.

    The last items meet first: what is added to a prompt usually comes before the question.
    """
    length = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, left in enumerate(old):
        for j, right in enumerate(new):
            length[i + 1][j + 1] = (
                length[i][j] + 1 if left == right else max(length[i][j + 1], length[i + 1][j])
            )
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(old), len(new)
    while i or j:
        if i and j and old[i - 1] == new[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and (not i or length[i][j - 1] >= length[i - 1][j]):
            j -= 1
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return pairs[::-1]


def _context(work: _Work, old: str, new: str) -> list[Part]:
    return [Part("context", "", work.chunks(old, new))] if old or new else []


def _constraints(
    work: _Work, old: Sequence[Constraint], new: Sequence[Constraint]
) -> Iterator[Part]:
    """Sentences in the new order, each beside the old one most like it; then those that went."""
    left = list(old)
    partner: dict[int, Constraint] = {}

    def meet(position: int, other: Constraint) -> None:
        left.remove(other)
        partner[position] = other

    # Of two that say the same, those with the same test belong together.
    for like in (_test, _text):
        for position, one in enumerate(new):
            if position not in partner:
                twins = (it for it in left if it["text"] == one["text"] and like(it) == like(one))
                if (twin := next(twins, None)) is not None:
                    meet(position, twin)
    for position, one in enumerate(new):
        best = max(left, key=lambda it: alike(it["text"], one["text"]), default=None)
        if position not in partner and best and alike(best["text"], one["text"]) >= ALIKE:
            meet(position, best)
    for position, one in enumerate(new):
        yield _constraint(work, partner.get(position), one)
    for one in left:
        yield _constraint(work, one, None)


def _text(constraint: Constraint) -> str:
    return str(constraint["text"])


def _test(constraint: Constraint) -> Spec | None:
    """What tests it; {"foreign": …} for an assert that is not run here."""
    kept = {"foreign": constraint["foreign"]} if constraint.get("foreign") else None
    return constraint.get("assertion") or kept


def _constraint(work: _Work, old: Constraint | None, new: Constraint | None) -> Part:
    before, after = (_text(one) if one else "" for one in (old, new))
    tests = (_test(old) if old else None, _test(new) if new else None)
    return Part("constraint", "", work.chunks(before, after), tests)


def alike(one: str, other: str) -> float:
    """Return the share of words that two sentences have in common."""
    left, right = set(one.casefold().split()), set(other.casefold().split())
    return len(left & right) / len(left | right) if left | right else 0.0


def _variables(
    work: _Work, old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]
) -> Iterator[Part]:
    before = {one["name"]: one for one in old}
    after = {one["name"]: one for one in new}
    for name in [*after, *(name for name in before if name not in after)]:
        texts = (_settings(side.get(name)) for side in (before, after))
        yield Part("variable", name, work.chunks(*texts))


def _settings(variable: dict[str, Any] | None) -> str:
    """A variable's settings, one to a line, in a form that two versions share."""
    if variable is None:
        return ""
    lines = []
    for name, label in _SETTINGS.items():
        value = variable.get(name)
        if value not in (None, "", []):
            shown = ", ".join(value) if isinstance(value, list) else value
            if name == "type":
                shown = VARIABLE_TYPES.get(shown, shown)
            elif isinstance(shown, int | float):
                shown = number_format(shown, force_grouping=True)
            # Translators: a setting of a variable and its value, as in "Type: long text".
            lines.append(_("%(label)s: %(value)s") % {"label": label, "value": shown})
    return "\n".join(lines)


def _parameters(work: _Work, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Part]:
    for name in dict.fromkeys([*new, *old]):
        texts = ("" if side.get(name) is None else str(side[name]) for side in (old, new))
        yield Part("parameter", name, work.chunks(*texts))
