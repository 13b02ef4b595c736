"""Receipts: made when a captured run is finished, and compared with what the site keeps."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.urls import reverse

from prompts_app.llm.answer import clean_json
from prompts_app.models import CapturedElsewhere, Receipt, Run
from prompts_app.receipts import checks, keys, reading, statement
from prompts_app.receipts.canonical import canonical, content_hash
from prompts_app.receipts.checks import Line
from prompts_app.services import receipt_keys, versions

# A provider's own name for its response; one longer than this names nothing.
_MAX_RESPONSE_ID = 200
# What the page of a run shows of a statement.
_FIGURES = (
    "parameters",
    "provider_host",
    "model_asked",
    "model_answered",
    "finish_reason",
    "usage",
    "times",
    "labels",
    "is_demo",
)


def issue(run_id: uuid.UUID, response_id: str | None) -> Receipt | None:
    """Sign what was just kept of a captured run. Call it in the transaction that finishes the run.

    None when the version was withdrawn meanwhile, or, with a line in the log, when this process
    holds a key that no longer signs.
    """
    key = receipt_keys.signing_key()
    run = Run.objects.select_related("version__entry__owner__profile", "picture").get(pk=run_id)
    if key is None or run.version.withdrawn_at is not None:
        return None
    said = statement_of(run, key.pk, response_id)
    signed = canonical(said)
    return Receipt.objects.create(
        run=run,
        key=key,
        statement=signed.decode(),
        signature=keys.sign(settings.RECEIPT_KEY, signed),
    )


def may_issue() -> bool:
    """Say whether runs finished by this process would get a receipt."""
    return receipt_keys.signing_key() is not None


def statement_of(run: Run, key_id: str, response_id: str | None) -> dict[str, Any]:
    """Return what the site states of a finished run (docs/receipts.md lists the fields)."""
    entry = run.version.entry
    profile = getattr(entry.owner, "profile", None)
    path = reverse("entry", args=[profile.handle, entry.slug]) if profile else "/"
    assert run.finished_at is not None
    said = {
        "format": statement.FORMAT,
        "format_version": statement.FORMAT_VERSION,
        "key": key_id,
        "site": settings.SITE_URL,
        "run": str(run.pk),
        "entry": settings.SITE_URL + path,
        "version": {"number": run.version.number, "content_hash": run.version.content_hash},
        "messages_hash": statement.messages_hash(messages_sent(run)),
        "values_hash": content_hash(clean_json(run.values)),
        "parameters": run.parameters_sent,
        "provider_host": run.provider_host,
        "model_asked": run.model_asked,
        "model_answered": run.model_answered,
        "response_id": response_id[:_MAX_RESPONSE_ID] if response_id else None,
        "finish_reason": run.finish_reason,
        "usage": {
            "prompt_tokens": run.prompt_tokens,
            "completion_tokens": run.completion_tokens,
        },
        "times": {
            "requested_at": statement.time_text(run.created_at),
            "finished_at": statement.time_text(run.finished_at),
            "first_token_ms": run.first_token_ms,
            "latency_ms": run.latency_ms,
        },
        "output": {"kind": "picture" if run.picture_id else "text", "hash": output_hash(run)},
        "labels": sorted(run.labels),
        "is_demo": run.is_demo,
        "author_is_operator": author_is_operator(run),
    }
    return {name: clean_json(value) for name, value in said.items()}


def messages_sent(run: Run) -> list[dict[str, str]]:
    """Return the messages as the provider received them; a picture's prompt is one message."""
    content = run.version.content
    messages = versions.messages_with(content, run.values)
    if content["kind"] == "image":
        messages = [{"role": "user", "content": versions.picture_prompt(messages)}]
    cleaned: list[dict[str, str]] = clean_json(messages)
    return cleaned


def output_hash(run: Run) -> str:
    """Return the SHA-256 of the answer's text in UTF-8, or of its picture's file as served.

    "" when the picture's file is gone.
    """
    if run.picture is None:
        return statement.text_hash(run.output)
    try:
        with run.picture.file.open("rb") as file:
            return statement.file_hash(file.read())
    except FileNotFoundError:
        return ""


def author_is_operator(run: Run) -> bool:
    """Say whether the author may administer this site, and so could sign whatever they like."""
    owner = run.version.entry.owner
    handle = getattr(getattr(owner, "profile", None), "handle", "")
    return bool(
        owner.is_staff
        or owner.is_superuser
        or (settings.SITE_OWNER and settings.SITE_OWNER.lower() == handle.lower())
    )


def _bare(receipt: Receipt | CapturedElsewhere) -> dict[str, Any]:
    return {"statement": json.loads(receipt.statement), "signature": receipt.signature}


def document(receipt: Receipt | CapturedElsewhere, run: Run) -> dict[str, Any]:
    """Return the receipt file of a run that the reader may see.

    The messages and the output lie beside the statement while they are what was signed and the
    file stays small enough for anyone to read back.
    """
    bare = _bare(receipt)
    said = bare["statement"]
    beside: dict[str, Any] = {}
    if run.version.withdrawn_at is None:
        messages = messages_sent(run)
        if statement.messages_hash(messages) == said["messages_hash"]:
            beside["messages"] = messages
        if run.picture_id is None and output_hash(run) == said["output"]["hash"]:
            beside["output"] = run.output
    whole = bare | beside
    # Half of what may be read: indenting adds to it, and so do escapes of whoever passes it on.
    return whole if len(canonical(whole)) <= reading.MAX_BYTES // 2 else bare


def code_of(receipt: Receipt | CapturedElsewhere) -> str:
    """Return the receipt's short code."""
    return statement.short_code(receipt.statement.encode())


def kept_receipt(run_id: str) -> Receipt | None:
    """Return the receipt this site keeps for a run, with its run; None if there is none."""
    rows = Receipt.objects.select_related(
        "run__version__entry__owner__profile", "run__picture", "key"
    )
    return rows.filter(run_id=run_id).first()


def look(given: statement.Receipt, output: bytes | None = None) -> list[Line]:
    """Check a receipt with the keys of this site, and with what it keeps if the signature holds.

    `output` as in `checks.check`.
    """
    lines = checks.check(given, receipt_keys.public_keys(), settings.SITE_URL, output)
    if Line("signature", "holds", "intact") not in lines:
        return lines
    compared = compare(given, kept_receipt(given.statement["run"]))
    if Line("kept", "holds", "same") in compared:
        # Whoever else has the key cannot have put a receipt in here.
        leaked = Line("key", "fails", "leaked")
        lines = [Line("key", "holds", "leaked_kept") if one == leaked else one for one in lines]
    return lines + compared


def difference(given: statement.Receipt, kept: Receipt) -> Line:
    """Say in which fields a receipt that does not hold differs from the one kept for its run."""
    fields = differing(given.statement, json.loads(kept.statement))
    return Line("kept", "fails", "differs" if fields else "other_signature", fields)


def compare(given: statement.Receipt, kept: Receipt | None) -> list[Line]:
    """Compare a receipt whose signature holds with what this site keeps of its run."""
    if kept is None:
        return [Line("kept", "open", "gone")]
    same = kept.statement.encode() == given.signed and kept.signature == given.signature
    lines = [Line("kept", "holds", "same") if same else Line("kept", "fails", "other")]
    return lines + _with_run(given, kept.run)


def look_elsewhere(kept: CapturedElsewhere) -> list[Line]:
    """Check the receipt that another site gave for a run, with the key that came along, and with
    what is kept of the run. Empty where that site gave none.

    Whoever wrote the archive could write any key: that it is the site's own is never said.
    """
    if not kept.statement:
        return []
    given = statement.read_receipt(json.dumps(_bare(kept)).encode())
    public = keys.keys_of(kept.key)
    checked = checks.check(given, public, kept.site)
    lines = [
        Line("key", "open", "came_along") if (line.about, line.state) == ("key", "holds") else line
        for line in checked
        if line.about in ("signature", "key")
    ]
    if Line("signature", "holds", "intact") in lines:
        lines += _with_run(given, kept.run)
    return lines


def _with_run(given: statement.Receipt, run: Run) -> list[Line]:
    lines = []
    said, now = given.statement, run.version
    if now.content_hash != said["version"]["content_hash"]:
        lines.append(Line("version", "fails", "changed"))
    elif now.withdrawn_at is not None:
        # The texts are erased for good: only their hashes are left on either side.
        return [*lines, Line("version", "open", "withdrawn")]
    elif content_hash(now.content) != now.content_hash:
        lines.append(Line("version", "fails", "changed"))
    else:
        lines.append(Line("version", "holds", "same"))
    current = statement_of(run, said["key"], said["response_id"])
    inputs = differing(said, current, ("messages_hash", "values_hash"))
    lines.append(Line("input", "fails" if inputs else "holds", "changed" if inputs else "same"))
    outputs = differing(said, current, ("output",))
    lines.append(Line("answer", "fails" if outputs else "holds", "changed" if outputs else "same"))
    figures = differing(said, current, _FIGURES)
    lines.append(
        Line("figures", "fails" if figures else "holds", "changed" if figures else "same", figures)
    )
    return lines


def differing(
    one: dict[str, Any], other: dict[str, Any], names: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """Return the names of the fields in which two statements differ, of `names` or of all."""
    wanted = names if names is not None else tuple(statement.STATEMENT)
    return tuple(name for name in wanted if canonical(one.get(name)) != canonical(other.get(name)))
