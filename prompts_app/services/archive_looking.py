"""Looking an archive through, before anything is made of it (docs/archive.md)."""

import hashlib
import json
from collections.abc import Iterator
from typing import IO, Any

from django.db.models import Model

from prompts_app.assertions import registry
from prompts_app.models import (
    Entry,
    Evaluation,
    Profile,
    ReceiptKey,
    Run,
    TestCase,
    User,
    Version,
)
from prompts_app.pictures.intake import MAX_BYTES
from prompts_app.receipts import keys
from prompts_app.receipts.canonical import content_hash
from prompts_app.receipts.reading import ReceiptError
from prompts_app.receipts.statement import read_receipt
from prompts_app.services import entries, versions
from prompts_app.services.archive_files import EntryFound, Files, Report, Unreadable, at
from prompts_app.services.archive_rows import fields_of
from prompts_app.services.archive_writing import CAPTURED
from prompts_app.services.rules import rule_of
from prompts_app.text import clean
from prompts_app.transfer import promptfolio_format as form
from prompts_app.transfer.document import Problem
from prompts_app.transfer.loaded import Loaded, path_text
from prompts_app.transfer.loading import json_of
from prompts_app.transfer.shapes import Wrong
from prompts_app.transfer.zips import ZipError

# Nobody reads more of them at once.
MOST_PROBLEMS = 50
_SPOKEN = (
    *("title", "summary", "use_case", "credit", "role_in_team", "used_where", "outcome"),
    *("name", "headline", "bio"),
)


_ROWS: dict[type[Model], str] = {
    Version: "versions",
    TestCase: "cases",
    Evaluation: "evaluations",
}


class Looking:
    """An archive and the author who wants it. Look it through before anything else.

    Codes of problems: "zip_" and a code of `zips.ZipError`; those of `loading.json_of`;
    "not_promptfolio", "format_version", "shape" (detail: the keyword), "changed" (a file is not the
    one the archive says it is), "content_hash", "assertion" (detail: its type), "time", "receipt"
    (detail: why), "picture" (detail: a code of `intake.PictureError`), "twice" (two entries of one
    slug), "text_" and a code of `clean.problem`. `path` names the file, and the place within.
    """

    def __init__(self, owner: User, file: IO[bytes]) -> None:
        self.owner = owner
        self.report = Report()
        self.captured: set[str] = set()
        self.slugs: dict[str, str] = {}
        self.public_keys: dict[str, dict[str, Any]] = {}
        self.pictures: dict[str, None] = {}
        self.own_keys: list[keys.PublicKey] = []
        self._rules: set[str] = set()
        self._sound: set[str] = set()
        try:
            self.files = Files(file)
        except ZipError as error:
            self._say(Problem(0, f"zip_{error.code}", path=error.name))

    def look(self) -> Iterator[tuple[int, int]]:
        """Fill the report; yield how many entries are looked through, of how many.

        Rules are looked into, which may take a second each: call it with no transaction open.
        """
        if self.report.problems or not self._guarded(self._begin):
            return
        total = len(self.slugs)
        yield 0, total
        for number, slug in enumerate(self.slugs, start=1):
            self._guarded(self._entry, slug)
            if len(self.report.problems) >= MOST_PROBLEMS:
                return
            yield number, total

    def _guarded(self, work: Any, *arguments: Any) -> bool:
        try:
            work(*arguments)
        except ZipError as error:
            self._say(Problem(0, f"zip_{error.code}", path=error.name))
        except Unreadable as error:
            self._say(error.problem)
        else:
            return True
        return False

    def _say(self, problem: Problem) -> None:
        self.report.problems.append(problem)

    def _begin(self) -> None:
        manifest = self.files.json(form.MANIFEST, checked=False)
        head = manifest.value if isinstance(manifest.value, dict) else {}
        if head.get("format") != form.ARCHIVE:
            raise Unreadable(Problem(1, "not_promptfolio", path=form.MANIFEST))
        if head.get("format_version") != form.VERSION:
            version = str(head.get("format_version"))[:20]
            raise Unreadable(Problem(1, "format_version", version, form.MANIFEST))
        self.files.shape("manifest", manifest, form.MANIFEST)
        self.files.hashes = head["files"]
        report = self.report
        report.site, report.handle, report.made_at = head["site"], head["handle"], head["made_at"]
        self._read_seal()
        self._read_keys()
        profile = self.files.json(form.PROFILE)
        self.files.shape("profile", profile, form.PROFILE)
        self._texts(profile, form.PROFILE)
        self._wants(profile.value["avatar"])
        self._choose_slugs(head["entries"])

    def _read_seal(self) -> None:
        """Only what this site itself wrote for this author brings proof back."""
        if form.SEAL not in self.files.zip:
            return
        seal = self.files.json(form.SEAL, checked=False)
        self.files.shape("seal", seal, form.SEAL)
        said, signature = seal.value["statement"], seal.value["signature"]
        public = said["public_key"]
        manifest = self.files.bytes(form.MANIFEST, checked=False)
        if said["manifest"] != hashlib.sha256(manifest).hexdigest():
            raise Unreadable(Problem(0, "changed", path=form.MANIFEST))
        if not keys.signature_holds(public, signature, form.written(said)):
            raise Unreadable(Problem(0, "changed", path=form.SEAL))
        own = ReceiptKey.objects.filter(public_key=public, leaked=False).exists()
        profile = Profile.objects.filter(user=self.owner).first()
        if not own or profile is None or profile.handle.lower() != self.report.handle.lower():
            return
        text = self.files.bytes(CAPTURED).decode("ascii", "replace")
        captured = set(text.split())
        if not _any_known(captured):
            self.captured, self.report.proof = captured, True
            self.own_keys = [key for one in said["keys"] for key in keys.keys_of(one)]

    def _read_keys(self) -> None:
        place = 0
        while form.keys_file(place) in self.files.zip:
            name = form.keys_file(place)
            data = self.files.bytes(name)
            try:
                site, found = keys.read_keys(data)
            except ReceiptError as error:
                raise Unreadable(Problem(0, "receipt", error.code, name)) from error
            for one in keys.keys_document(site, found)["keys"]:
                self.public_keys[one["id"]] = one
            place += 1

    def _choose_slugs(self, wanted: list[str]) -> None:
        taken = entries.slugs_of(self.owner)
        for slug in wanted:
            if slug in self.slugs:
                raise Unreadable(Problem(0, "twice", slug, form.MANIFEST))
            self.slugs[slug] = entries.free_among(slug, taken)
            taken.add(self.slugs[slug])

    def _entry(self, slug: str) -> None:
        name = form.entry_file(slug)
        entry = self.entry(slug)
        self._texts(entry, name)
        found = entry.value
        if found["slug"] != slug:
            raise Unreadable(Problem(1, "shape", "reference", f"{name}: slug"))
        self._wants(found["cover"])
        try:
            fields_of(Entry, found)
            for model, rows in _ROWS.items():
                for row in found[rows]:
                    fields_of(model, row)
        except ValueError as error:
            raise Unreadable(Problem(1, "time", path=name)) from error
        for place, version in enumerate(found["versions"]):
            self._version(version, entry, ("versions", place), name)
        self._rules_of(found["draft"] or {}, entry, ("draft",), name)
        runs = 0
        for run in self.runs(slug, found):
            runs += 1
            self._wants(run["picture"])
        self.report.pictures = len(self.pictures)
        self.report.entries.append(
            EntryFound(
                title=found["title"],
                slug=self.slugs[slug],
                wanted=slug,
                visibility=found["visibility"],
                versions=len(found["versions"]),
                cases=sum(one["withdrawn_at"] is None for one in found["cases"]),
                runs=runs,
            )
        )

    def _version(
        self, version: dict[str, Any], entry: Loaded, path: tuple[str | int, ...], name: str
    ) -> None:
        if version["withdrawn_at"] is not None:
            return
        content = version["content"]
        try:
            hashes = content_hash(content), versions.prompt_hash(content)
        except ValueError:
            hashes = "", ""
        if hashes != (version["content_hash"], version["prompt_hash"]):
            raise Unreadable(at(entry, (*path, "content_hash"), "content_hash", "", name))
        self._rules_of(content, entry, (*path, "content"), name)

    def _rules_of(
        self, content: dict[str, Any], entry: Loaded, path: tuple[str | int, ...], name: str
    ) -> None:
        for place, one in enumerate(content.get("constraints", ())):
            spec = one.get("assertion")
            if spec is None or _hash_of(spec) in self._rules:
                continue
            if not _hash_of(spec) or registry.check(spec):
                where = (*path, "constraints", place, "assertion")
                kind = str(spec.get("type"))[:60]
                raise Unreadable(at(entry, where, "assertion", kind, name))
            self._rules.add(_hash_of(spec))

    def _wants(self, path: str | None) -> None:
        if path is None or path in self.pictures:
            return
        if self.files.zip.size(path) > MAX_BYTES:
            raise Unreadable(Problem(0, "picture", "too_many_bytes", path))
        if form.digest_of(path) != self.files.hashes.get(path):
            raise Unreadable(Problem(0, "changed", path=path))
        self.pictures[path] = None

    def _texts(self, loaded: Loaded, name: str) -> None:
        """Refuse what no form would take: these texts stand in lists and headings."""
        for key in _SPOKEN:
            code = clean.problem(str(loaded.value.get(key, "")), multiline=True)
            if code:
                raise Unreadable(at(loaded, (key,), f"text_{code}", "", name))

    def entry(self, slug: str) -> Loaded:
        """Return an entry as it stands, whole. Raises Unreadable or ZipError."""
        name = form.entry_file(slug)
        entry = self.files.json(name)
        try:
            form.check_entry(entry.value)
        except Wrong as wrong:
            raise Unreadable(at(entry, wrong.path, "shape", wrong.keyword, name)) from wrong
        return entry

    def runs(self, slug: str, entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield each run of an entry. Raises Unreadable or ZipError.

        Once they were looked through, their bytes are told from others by their hash alone.
        """
        name = form.runs_file(slug)
        digest, known = hashlib.sha256(), form.RunsOf(entry)
        for line, data in enumerate(self.files.zip.lines(name, form.MAX_PART), start=1):
            digest.update(data + b"\n")
            yield json.loads(data) if name in self._sound else _run(data, known, line, name)
        if digest.hexdigest() != self.files.hashes.get(name):
            raise Unreadable(Problem(0, "changed", path=name))
        self._sound.add(name)


def _run(data: bytes, known: form.RunsOf, line: int, name: str) -> dict[str, Any]:
    found = json_of(data)
    if isinstance(found, Problem):
        raise Unreadable(Problem(line, found.code, found.detail, name))
    run: dict[str, Any] = found.value
    try:
        known.check(run)
        fields_of(Run, run)
        if run["receipt"] is not None:
            # It must be one. Whether it holds, its page says.
            read_receipt(json.dumps(run["receipt"]).encode())
    except Wrong as wrong:
        where = f"{name}: {path_text(wrong.path)}"
        raise Unreadable(Problem(line, "shape", wrong.keyword, where)) from wrong
    except ReceiptError as error:
        raise Unreadable(Problem(line, "receipt", error.code, name)) from error
    except ValueError as error:
        raise Unreadable(Problem(line, "time", path=name)) from error
    return run


def _hash_of(spec: dict[str, Any]) -> str:
    try:
        return rule_of(spec)
    except ValueError:
        return ""


def _any_known(captured: set[str]) -> bool:
    wanted = sorted(captured)
    return any(
        Run.objects.filter(pk__in=wanted[start : start + 500]).exists()
        for start in range(0, len(wanted), 500)
    )
