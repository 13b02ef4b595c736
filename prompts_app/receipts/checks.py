"""What can be said of a receipt with nothing but the public keys of its site."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from prompts_app.receipts.keys import PublicKey, signature_holds
from prompts_app.receipts.statement import Receipt, file_hash, messages_hash, read_time, text_hash

# The machines of one site, one that signs and one that changes the key, may differ by so much.
CLOCK_SKEW = timedelta(minutes=5)

State = Literal["holds", "fails", "open"]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at. `open` is what could not be looked at, for the `reason` given.

    `about` is "signature", "key", "site", "messages" or "output"; `reason` a code within it.
    `fields` names fields of the statement, where some matter.
    """

    about: str
    state: State
    reason: str
    fields: tuple[str, ...] = ()


def check(
    receipt: Receipt, keys: Iterable[PublicKey], site: str, output: bytes | None = None
) -> list[Line]:
    """Check a receipt against a site's keys; `output` is a copy of the answer to compare, if any.

    The receipt holds if `holds(lines)`; the other lines say why, or what else is known.
    """
    found = next((key for key in keys if key.id == receipt.statement["key"]), None)
    if found is None:
        first = [Line("signature", "open", "no_key"), Line("key", "fails", "unknown")]
    elif not signature_holds(found.public_key, receipt.signature, receipt.signed):
        first = [Line("signature", "fails", "broken")]
    else:
        first = [Line("signature", "holds", "intact"), _key_line(receipt, found)]
    return [*first, _site_line(receipt, site), _messages_line(receipt), _output(receipt, output)]


def holds(lines: Iterable[Line]) -> bool:
    """Say whether a signature of a known, fit key is there and nothing speaks against it."""
    seen = {(line.about, line.state) for line in lines}
    wanted = {("signature", "holds"), ("key", "holds")}
    return wanted <= seen and not any(state == "fails" for _, state in seen)


def _key_line(receipt: Receipt, key: PublicKey) -> Line:
    if key.leaked:
        return Line("key", "fails", "leaked")
    signed_at = read_time(receipt.statement["times"]["finished_at"])
    if signed_at < key.active_from - CLOCK_SKEW:
        return Line("key", "fails", "too_early")
    if key.retired_at is None:
        return Line("key", "holds", "current")
    if signed_at > key.retired_at + CLOCK_SKEW:
        return Line("key", "fails", "too_late")
    return Line("key", "holds", "retired")


def _site_line(receipt: Receipt, site: str) -> Line:
    # Another address is no fault: a site may move and keep its keys.
    same = receipt.statement["site"] == site
    return Line("site", "holds" if same else "open", "same" if same else "other")


def _messages_line(receipt: Receipt) -> Line:
    if receipt.messages is None:
        return Line("messages", "open", "left_out")
    if messages_hash(receipt.messages) == receipt.statement["messages_hash"]:
        return Line("messages", "holds", "same")
    return Line("messages", "fails", "changed")


def _output(receipt: Receipt, given: bytes | None) -> Line:
    signed = receipt.statement["output"]["hash"]
    hashes = [text_hash(receipt.output)] if receipt.output is not None else []
    hashes += [file_hash(given)] if given is not None else []
    if not hashes:
        return Line("output", "open", "left_out")
    if all(one == signed for one in hashes):
        return Line("output", "holds", "same")
    return Line("output", "fails", "changed")
