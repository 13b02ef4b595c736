"""Imports of an author: an upload kept for an hour, looked at, and brought in whole.

`rows` of an import: for each entry that can be made, in the order of the file,
`{"title", "line", "key", "kind": "text" | "image", "versions", "messages", "variables", "cases",
"rules", "outputs": how many, "losses": [[line, path, code, detail], …]}`. `problems`: what keeps a
part out, `[[line, path, code, detail], …]`. Codes are said in services/import_words.py.

Everything here that takes time is an iterator that yields how far it is: (done, of), `of` 0 where
nobody knows yet. What follows happens only as far as it is asked on.
"""

import io
from collections.abc import Collection, Generator, Iterable, Iterator
from datetime import timedelta
from typing import IO, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from prompts_app.models import Entry, Import, User
from prompts_app.models.imports import WAITS
from prompts_app.services import import_archive, importing
from prompts_app.services.bulk import many_came
from prompts_app.services.import_archive import ARCHIVE, NotWaiting
from prompts_app.services.import_reading import Ready, read
from prompts_app.transfer.document import Loss, Problem
from prompts_app.transfer.recognise import FORMATS, broken_yaml, recognise

MAX_BYTES: Final = 20 * 1024 * 1024
# Of one author at once: the oldest goes for a new one.
MAX_WAITING: Final = 5
KEYS: Final = (*FORMATS, ARCHIVE)
MAX_PROBLEMS: Final = 500
MAX_LOSSES: Final = 50
# How long the list tells of what was never brought in.
_TOLD_OF: Final = timedelta(days=1)

__all__ = [
    "ARCHIVE", "MAX_BYTES", "NotWaiting", "as_yaml", "bring_in", "bring_in_archive",
    "bring_in_file", "choose", "discard", "forget_unconfirmed", "keep", "known_keys", "look_again",
    "what_is_new",
]  # fmt: skip

Progress = Generator[tuple[int, int], None, "Import"]


def keep(owner: User, data: bytes, name: str, key: str = "") -> Progress:
    """Keep an upload and look at what it would make. Nothing else is written.

    `key` is its format; recognised unless given, and left blank where it cannot be.
    """
    upload = Import(owner=owner, name=name[:200], size=len(data), source=data)
    if key in KEYS:
        yield from _look(upload, data, key)
    else:
        yield from _look(upload, data, format_of(data, name))
        if _is_guess(upload) and (problem := broken_yaml(data, name)):
            upload.problems = [_told(problem)]
    with transaction.atomic():
        upload.save()
        older = Import.objects.filter(owner=owner, state=Import.State.WAITING)
        kept = older.order_by("-created_at").values_list("pk", flat=True)[:MAX_WAITING]
        older.exclude(pk__in=list(kept)).delete()
    return upload


def format_of(data: bytes, name: str) -> str:
    """Return the format that data is in, "" where it is none that is known."""
    return ARCHIVE if import_archive.is_archive(data) else recognise(data, name)


def look_again(upload: Import, key: str) -> Progress:
    """Look at what the upload would make if it were in the format `key`. Raises NotWaiting."""
    yield from _look(upload, _source(upload), key)
    fields = ("format", "rows", "problems", "left_out")
    kept = Import.objects.waiting().filter(pk=upload.pk)
    if not kept.update(**{field: getattr(upload, field) for field in fields}):
        raise NotWaiting
    return upload


def _look(upload: Import, data: bytes, key: str) -> Iterator[tuple[int, int]]:
    upload.format = key
    upload.rows, upload.left_out = [], []
    problems: list[Problem] = []
    if key == ARCHIVE:
        yield from import_archive.look(upload, io.BytesIO(data), problems)
    else:
        for number, found in enumerate(read(data, key) if key else ()):
            if number % importing.AT_ONCE == 0:
                yield number, 0
            if isinstance(found, Ready):
                upload.rows.append(row(found))
            else:
                problems.append(found)
    upload.problems = _all_told(problems)


def _is_guess(upload: Import) -> bool:
    # Of a text that is one, nothing is left out: what an import of it has was brought in, or waits.
    is_text = upload.format == "plain" and bool(upload.rows or upload.done_at)
    return is_text or not upload.format


def as_yaml(upload: Import) -> list[list[Any]]:
    """Return why what looks like YAML was not read as such, as problems are kept; else nothing.

    Such an upload was taken for plain text, or for nothing: none of its parts are left out.
    """
    return upload.problems if _is_guess(upload) else []


def _all_told(problems: list[Problem]) -> list[list[Any]]:
    told = [_told(problem) for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        told.append(_told(Problem(0, "more_problems", str(len(problems) - MAX_PROBLEMS))))
    return told


def row(one: Ready) -> dict[str, Any]:
    """Return what an import keeps of an entry that it would make."""
    document = one.document
    content = document.versions[-1].content
    losses = [_told(loss) for loss in document.losses[:MAX_LOSSES]]
    if len(document.losses) > MAX_LOSSES:
        more = len(document.losses) - MAX_LOSSES
        losses.append(_told(Loss(0, "", "more_losses", str(more))))
    return {
        "title": document.title,
        "line": document.line,
        "key": document.source_key,
        "kind": content["kind"],
        "versions": len(document.versions),
        "messages": len(content["messages"]),
        "variables": len(content["variables"]),
        "cases": len(document.cases),
        "rules": sum("assertion" in constraint for constraint in content["constraints"]),
        "outputs": len(document.runs),
        "losses": losses,
    }


def _told(one: Loss | Problem) -> list[Any]:
    # A database refuses what a hostile file may have put there.
    texts = (text.encode("utf-8", "replace").decode() for text in (one.path, one.code, one.detail))
    return [one.line, *(text.replace("\0", "\ufffd")[:200] for text in texts)]


def _source(upload: Import) -> bytes:
    if not upload.is_waiting or upload.source is None:
        raise NotWaiting
    return bytes(upload.source)


def known_keys(owner: User, keys: Iterable[str]) -> set[str]:
    """Return those of `keys` that entries of the owner have; what is in the bin is not known."""
    wanted = {key for key in keys if key}
    if not wanted:
        return set()
    have = Entry.objects.filter(owner=owner, source_key__isnull=False, purge_at__isnull=True)
    return wanted.intersection(have.values_list("source_key", flat=True))


def choose(upload: Import, asked: Collection[int], ticked: Collection[int]) -> None:
    """Leave out what was asked about (places in the rows) and not ticked. Raises NotWaiting."""
    out = set(upload.left_out) - set(ticked) | set(asked) - set(ticked)
    upload.left_out = sorted(place for place in out if 0 <= place < len(upload.rows))
    if not Import.objects.waiting().filter(pk=upload.pk).update(left_out=upload.left_out):
        raise NotWaiting


def what_is_new(upload: Import) -> list[int]:
    """Return the places in the rows of what is neither known to the owner nor left out."""
    known = known_keys(upload.owner, (one["key"] for one in upload.rows))
    out = set(upload.left_out)
    return [
        place
        for place, one in enumerate(upload.rows)
        if place not in out and one["key"] not in known
    ]


def bring_in(upload: Import) -> Progress:
    """Make everything of a waiting upload but what is left out, in one transaction.

    Raises NotWaiting. Where an archive turns out to be broken only now, the upload goes on waiting,
    with what is wrong among its problems.
    """
    data = _source(upload)
    if upload.format == ARCHIVE:
        yield from bring_in_archive(upload, io.BytesIO(data), Entry.Visibility.DRAFT)
        return upload
    found = []
    for number, one in enumerate(read(data, upload.format) if upload.format else ()):
        if number % importing.AT_ONCE == 0:
            yield number, 0
        if isinstance(one, Ready):
            found.append(one)
    left_out = set(upload.left_out)
    wanted = [one for place, one in enumerate(found) if place not in left_out]
    yield from _made(upload, wanted, Entry.Visibility.DRAFT)
    return upload


def bring_in_archive(
    upload: Import, file: IO[bytes], visibility: str, *, new: bool = False
) -> Progress:
    """Make everything of an archive, or nothing where it has problems, which the upload tells."""
    problems: list[Problem] = []
    yield from import_archive.bring_in(upload, file, visibility, problems, new=new)
    if problems:
        upload.rows, upload.problems = [], _all_told(problems)
        told = Import.objects.filter(pk=upload.pk)
        told.update(rows=upload.rows, problems=upload.problems, left_out=[])
    return upload


def bring_in_file(
    owner: User, name: str, size: int, key: str, found: Iterable[Ready | Problem], visibility: str
) -> Progress:
    """Make everything `found` in a file that nobody has to look at first, in one transaction."""
    upload = Import(owner=owner, name=name[:200], size=size, format=key)
    parts = list(found)
    wanted = [one for one in parts if isinstance(one, Ready)]
    upload.problems = _all_told([one for one in parts if isinstance(one, Problem)])
    yield from _made(upload, wanted, visibility, new=True)
    return upload


def _made(
    upload: Import, wanted: list[Ready], visibility: str, *, new: bool = False
) -> Iterator[tuple[int, int]]:
    try:
        yield from _in_one(upload, wanted, visibility, new=new)
    except IntegrityError:
        # Another tab made an entry of the same address meanwhile: nothing was kept of this.
        yield from _in_one(upload, wanted, visibility, new=new)
    if upload.made:
        documents = (one.document for one in wanted)
        many_came(sum(1 + len(one.versions) + len(one.cases) + len(one.runs) for one in documents))


def _in_one(
    upload: Import, wanted: list[Ready], visibility: str, *, new: bool
) -> Iterator[tuple[int, int]]:
    with transaction.atomic():
        # Two imports of one author follow each other: the second knows what the first has made.
        owner = User.objects.select_for_update().get(pk=upload.owner_id)
        if new:
            upload.save(force_insert=True)
        elif not Import.objects.waiting().filter(pk=upload.pk).update(source=None):
            raise NotWaiting
        known = known_keys(owner, (one.document.source_key for one in wanted))
        fresh = _fresh(wanted, known)
        made = 0
        for group in importing.make(owner, fresh, visibility=visibility, imported_by=upload):
            made += len(group)
            yield made, len(fresh)
        upload.made, upload.known = made, len(wanted) - made
        upload.rows = [kept for one in fresh if (kept := row(one))["losses"]]
        upload.left_out, upload.source = [], None
        upload.state, upload.done_at = Import.State.DONE, timezone.now()
        upload.save()


def _fresh(wanted: list[Ready], known: set[str]) -> list[Ready]:
    """Return what is not known, each key once."""
    seen, fresh = set(known), []
    for one in wanted:
        key = one.document.source_key
        if key not in seen:
            fresh.append(one)
        if key:
            seen.add(key)
    return fresh


def discard(upload: Import) -> None:
    """Delete an upload that is not wanted after all, with its file."""
    Import.objects.filter(pk=upload.pk, state=Import.State.WAITING).delete()


def forget_unconfirmed() -> int:
    """Delete the files of uploads that have waited too long; return how many."""
    now = timezone.now()
    waited = Import.objects.filter(state=Import.State.WAITING, created_at__lte=now - WAITS)
    forgotten = waited.update(
        state=Import.State.EXPIRED, source=None, rows=[], problems=[], left_out=[]
    )
    Import.objects.filter(
        state=Import.State.EXPIRED, created_at__lte=now - WAITS - _TOLD_OF
    ).delete()
    return forgotten
