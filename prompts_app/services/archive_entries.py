"""An entry on its way out: what the format says of it, piece by piece (docs/archive.md)."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from prompts_app.models import (
    CapturedElsewhere,
    Entry,
    Evaluation,
    Picture,
    Receipt,
    Run,
    TestCase,
    Version,
)
from prompts_app.receipts import keys
from prompts_app.receipts.statement import time_text
from prompts_app.services import receipt_keys
from prompts_app.services.archive_rows import values_of
from prompts_app.services.rules import rules_by_prompt
from prompts_app.transfer import promptfolio_format as form

# Runs held in memory at once.
_RUNS = 25
OVER = (Run.State.DONE, Run.State.FAILED, Run.State.STOPPED)


class Keys:
    """The public keys of the receipts written so far, by the site that signed."""

    def __init__(self) -> None:
        self.sites: dict[str, dict[str, dict[str, Any]]] = {}
        self._own = {
            one["id"]: one
            for one in keys.keys_document(settings.SITE_URL, receipt_keys.public_keys())["keys"]
        }

    def need(self, site: str, key: dict[str, Any]) -> None:
        """Remember a key in the form of a keys file."""
        if key:
            self.sites.setdefault(site, {})[key["id"]] = key

    def need_own(self, receipt: Receipt) -> None:
        """Remember a key of this site."""
        site = json.loads(receipt.statement)["site"]
        self.need(site, self._own[receipt.key_id])

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield the keys file of each site."""
        for site, known in sorted(self.sites.items()):
            yield {
                "format": keys.FORMAT,
                "format_version": keys.FORMAT_VERSION,
                "site": site,
                "keys": [known[key] for key in sorted(known)],
            }


class Writing:
    """One entry on its way out. `pictures`: those whose path is known."""

    def __init__(self, entry: Entry, keys: Keys) -> None:
        self.entry = entry
        self.keys = keys
        self.versions: list[Version] = sorted(entry.versions.all(), key=lambda one: one.number)
        self.cases: list[TestCase] = sorted(entry.cases.all(), key=_order_of_case)
        self.evaluations: list[Evaluation] = sorted(
            entry.evaluations.all(), key=lambda one: (one.created_at, one.total)
        )
        self._number = {one.pk: one.number for one in self.versions}
        self._case = {one.pk: place for place, one in enumerate(self.cases)}
        self._evaluation = {one.pk: place for place, one in enumerate(self.evaluations)}
        self._withdrawn = {one.pk for one in self.versions if one.withdrawn_at is not None}
        self._hash = {one.pk: one.prompt_hash for one in self.versions}
        self._rules = rules_by_prompt(entry)
        self.paths: dict[Any, str] = {}

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """Yield the path and bytes of every picture the entry shows, one at a time."""
        wanted = self._runs().filter(picture__isnull=False).values("picture")
        shown = Picture.objects.filter(pk__in=wanted)
        if self.entry.cover is not None:
            yield from self._picture(self.entry.cover)
        for picture in shown.order_by("created_at", "pk"):
            if picture.pk not in self.paths:
                yield from self._picture(picture)

    def _picture(self, picture: Picture) -> Iterator[tuple[str, bytes]]:
        found = read_picture(picture)
        if found is not None:
            self.paths[picture.pk] = found[0]
            yield found

    def values(self) -> dict[str, Any]:
        """Return the entry as the format has it, without its runs. Asks for no row."""
        entry = self.entry
        draft = getattr(entry, "draft", None)
        return {
            **values_of(entry),
            "tags": [tag.name for tag in sorted(entry.tags.all(), key=lambda one: one.slug)],
            "cover": self.paths.get(entry.cover_id),
            "published": self._number.get(entry.published_id or 0),
            "baseline": self._number.get(entry.baseline_id or 0),
            "featured_case": self._case.get(entry.featured_case_id),  # type: ignore[arg-type]
            "draft": draft.content if draft else None,
            "versions": [values_of(one) for one in self.versions],
            "cases": [values_of(one) for one in self.cases],
            "evaluations": [values_of(one) for one in self.evaluations],
        }

    def runs(self) -> Iterator[tuple[Run, dict[str, Any]]]:
        """Yield every run that is over, oldest first, with its values; few are held at once."""
        rows = self._runs()
        wanted = list(
            rows.order_by(
                *("created_at", "version__number", "case__position", "model_asked", "repeat"),
                *("finished_at", "pk"),
            ).values_list("pk", flat=True)
        )
        for start in range(0, len(wanted), _RUNS):
            few = wanted[start : start + _RUNS]
            found = {
                run.pk: run
                for run in rows.filter(pk__in=few).select_related("receipt", "captured_elsewhere")
            }
            for key in few:
                if key in found:
                    yield found[key], self._run(found[key])

    def _runs(self) -> QuerySet[Run]:
        # Of versions made since the entry was read nothing is known here.
        return Run.objects.filter(version__in=self._number, state__in=OVER)

    def _run(self, run: Run) -> dict[str, Any]:
        receipt: Receipt | None = getattr(run, "receipt", None)
        elsewhere: CapturedElsewhere | None = getattr(run, "captured_elsewhere", None)
        proof: Receipt | CapturedElsewhere | None = receipt
        if receipt is not None:
            self.keys.need_own(receipt)
        elif elsewhere is not None and elsewhere.statement:
            proof = elsewhere
            self.keys.need(elsewhere.site, elsewhere.key)
        captured = run.origin == Run.Origin.CAPTURED or elsewhere is not None
        site = elsewhere.site if elsewhere is not None else settings.SITE_URL
        return {
            **values_of(run),
            "id": str(run.pk),
            "origin": Run.Origin.CAPTURED.value if captured else run.origin,
            "captured_by": site if captured and proof is None else None,
            "version": self._number[run.version_id],
            "case": self._case.get(run.case_id),  # type: ignore[arg-type]
            "evaluation": self._evaluation.get(run.evaluation_id),  # type: ignore[arg-type]
            "picture": self.paths.get(run.picture_id),
            "verdicts": self._verdicts(run),
            "raw_response": run.raw_response if form.fits(run.raw_response) else None,
            "receipt": proof
            and {"statement": json.loads(proof.statement), "signature": proof.signature},
        }

    def _verdicts(self, run: Run) -> dict[str, Any]:
        """What is said of the output today. With its time only what cannot be found out again."""
        rules = self._rules.get(self._hash[run.version_id], {})
        gone = run.version_id in self._withdrawn
        told = {}
        for rule, one in run.verdicts.items():
            if one["code"] == "judge_failed":
                continue
            if gone or "judge" in one:
                told[rule] = one
            elif rule in rules:
                told[rule] = {name: one[name] for name in ("state", "code", "values")}
        return told


def read_picture(picture: Picture) -> tuple[str, bytes] | None:
    """Return a picture's path in archives and its bytes; None where its file is gone."""
    try:
        with picture.file.open("rb") as file:
            data: bytes = file.read()
    except FileNotFoundError:
        return None
    suffix = str(picture.file.name).rpartition(".")[2]
    return form.picture_file(hashlib.sha256(data).hexdigest(), suffix), data


def entry_pieces(entry: Entry) -> Iterator[bytes]:
    """Yield one entry as a file of its own, piece by piece; of pictures it has the paths alone."""
    writing = Writing(entry, Keys())
    for _picture in writing.pictures():
        pass
    head = {"format": form.ENTRY, "format_version": form.VERSION}
    yield form.written(head, indent=1)[:-2] + b',\n "entry": '
    yield form.written(writing.values(), indent=1) + b',\n "runs": ['
    between = b"\n"
    for _run, values in writing.runs():
        yield between + form.written(values)
        between = b",\n"
    yield b"\n ]\n}\n"


def _order_of_case(case: TestCase) -> tuple[Any, ...]:
    # A changed case stands where the one it replaced stood, under the same name.
    return (
        case.position,
        case.name,
        case.withdrawn_at is None,
        time_text(case.withdrawn_at) if case.withdrawn_at else "",
        form.written(case.values),
    )
