"""Answers of two versions to the same test case on the same model, next to each other."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Case, When

from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.services.comparison import compared
from prompts_app.services.evidence import wish_of, with_receipts
from prompts_app.services.matrix import has_one_input, sharing
from prompts_app.text.diff import Chunk

# Characters of each answer that are shown and compared; the whole one stands on its run's page.
MAX_COMPARED = 20_000
# Answers that share less of their text are easier to read without marks.
_ALIKE = 0.2


class Asked(NamedTuple):
    """A model that has answered. `key` tells it from all others in an address."""

    demo: bool
    model: str
    host: str
    key: str


@dataclass(frozen=True, slots=True)
class Facing:
    """Two answers to one input. `cases` are all that some model has answered with both versions.

    `chosen` is None where neither version has anything to fill in. `models` are those that answered
    both versions with the chosen case, `asked` the one whose answers these are.
    """

    cases: list[TestCase]
    chosen: TestCase | None
    models: list[Asked]
    asked: Asked
    before: Run
    after: Run


@dataclass(frozen=True, slots=True)
class Marked:
    """What differs between two texts, marked in each. `state` is "same", "marked" or "apart".

    `cut` says that only the beginning of a text is there.
    """

    state: str
    before: Sequence[Chunk]
    after: Sequence[Chunk]
    cut: bool


_Answered = dict[uuid.UUID | None, list[Asked]]


def facing(
    old: Version, new: Version, history: Iterable[Version], *, case_id: str = "", model: str = ""
) -> Facing | None:
    """Return what one model answered to both versions; None where none has.

    `history` holds every version of the entry: those that send the same words share their runs.
    `case_id` and `model` (a key) are a reader's wishes; what there is not is ignored. Makes four
    queries.
    """
    sending = sharing(history, old, new)
    answered = _answered_by_both(old, new, sending)
    found = _chosen(new.entry, answered, case_id)
    if found is None:
        return None
    cases, chosen = found
    models = answered[chosen.pk if chosen else None]
    asked = next((one for one in models if one.key == model), models[0])
    before, after = (_answer(one, asked, chosen, sending) for one in (old, new))
    if before is None or after is None:
        return None
    return Facing(cases, chosen, models, asked, before, after)


def marked(before: str, after: str) -> Marked:
    """Mark what differs between two answers, within bounds."""
    cut = max(len(before), len(after)) > MAX_COMPARED
    before, after = before[:MAX_COMPARED], after[:MAX_COMPARED]
    chunks = compared(before, after)
    same = sum(len(chunk.text) for chunk in chunks if chunk.op == "same")
    longest = max(len(before), len(after))
    if same < _ALIKE * longest:
        return Marked("apart", _plain(before), _plain(after), cut)
    return Marked(
        "same" if same == longest else "marked",
        [chunk for chunk in chunks if chunk.op != "added"],
        [chunk for chunk in chunks if chunk.op != "removed"],
        cut,
    )


def _plain(text: str) -> list[Chunk]:
    return [Chunk("same", text)] if text else []


def _answered_by_both(old: Version, new: Version, sending: Mapping[int, Version]) -> _Answered:
    """Test case → the models of which visitors see an answer with each of the two versions."""
    rows = set(
        Run.objects.shown()
        .filter(version__in=list(sending))
        .exclude(model_asked="")
        .order_by()
        .values_list("version_id", "case_id", "is_demo", "model_asked", "provider_host")
        .distinct()
    )
    hosts: dict[tuple[bool, str], set[str]] = {}
    places: dict[str, set[tuple[uuid.UUID | None, bool, str, str]]] = {}
    for version, case, demo, model, host in rows:
        hosts.setdefault((demo, model), set()).add(host)
        places.setdefault(sending[version].prompt_hash, set()).add((case, demo, model, host))
    found: _Answered = {}
    both = places.get(old.prompt_hash, set()) & places.get(new.prompt_hash, set())
    for place in sorted(both, key=lambda place: place[1:]):
        demo, model, host = place[1:]
        key = model if len(hosts[demo, model]) == 1 else f"{model}@{host}"
        found.setdefault(place[0], []).append(Asked(demo, model, host, key))
    if not has_one_input(old, new):
        # Without a case nobody knows that the input was the same.
        found.pop(None, None)
    return found


def _chosen(
    entry: Entry, answered: _Answered, case_id: str
) -> tuple[list[TestCase], TestCase | None] | None:
    """The cases to step through, and the one asked for, else the author's choice, else the first.

    None where nothing is left to show: removed cases are not named to visitors.
    """
    cases = list(entry.cases.filter(pk__in=[key for key in answered if key], withdrawn_at=None))
    if not cases:
        return ([], None) if None in answered else None
    return cases, wish_of(entry, cases, case_id) or cases[0]


def _answer(
    version: Version, asked: Asked, case: TestCase | None, sending: Mapping[int, Version]
) -> Run | None:
    """The newest answer of those that can be trusted most."""
    runs = Run.objects.shown().filter(
        version__in=[one.pk for one in sending.values() if one.prompt_hash == version.prompt_hash],
        case=case,
        model_asked=asked.model,
        provider_host=asked.host,
        is_demo=asked.demo,
    )
    trust = Case(
        When(origin=Run.Origin.CAPTURED, then=0),
        When(origin=Run.Origin.IMPORTED, then=1),
        default=2,
    )
    run = (
        with_receipts(runs)
        .select_related("picture")
        .defer("raw_response", "error_detail", "parameters_sent")
        .order_by(trust, "-created_at", "-pk")
        .first()
    )
    if run is not None:
        run.version = sending[run.version_id]
        run.case = case
    return run
