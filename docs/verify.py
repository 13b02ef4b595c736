"""Checks a Promptfolio receipt on your own machine. Needs Python 3.11 and two packages:

    pip install cryptography rfc8785
    python verify.py receipt.json promptfolio-keys.json [a-copy-of-the-answer.txt]

The receipt comes from the page of a run, the keys from /.well-known/promptfolio-keys.json of the
site that made it. Exits 0 when the receipt holds, 1 when it does not, 2 when a file is unusable.
docs/receipts.md says what every field means and what a receipt proves.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_BYTES = 1_048_576
CLOCK_SKEW = timedelta(minutes=5)  # between the machines of one site


def main(receipt_file, keys_file, answer_file=None):
    """Print what holds and what does not; return the exit status."""
    receipt, keys = load(receipt_file), load(keys_file)
    try:
        statement, signature = receipt["statement"], bytes.fromhex(receipt["signature"])
        if (statement["format"], statement["format_version"]) != ("promptfolio-receipt", 1):
            raise ValueError("not a receipt of format 1")
        if (keys["format"], keys["format_version"]) != ("promptfolio-keys", 1):
            raise ValueError("not a keys file of format 1")
        unknown = receipt.keys() - {"statement", "signature", "messages", "output"}
        if unknown or receipt["signature"] != signature.hex():
            raise ValueError(f"the receipt is not written as receipts are {sorted(unknown)}")
        signed = rfc8785.dumps(statement)
        key = next((key for key in keys["keys"] if key["id"] == statement["key"]), None)
        results = [key_and_signature(key, statement, signature, signed)]
        if "messages" in receipt:
            same = sha256(rfc8785.dumps(receipt["messages"])) == statement["messages_hash"]
            results.append(say(same, "the messages match the statement"))
        answers = [receipt["output"].encode()] if "output" in receipt else []
        if answer_file:
            with open(answer_file, "rb") as file:
                answers.append(file.read())
        for answer in answers:
            same = sha256(answer) == statement["output"]["hash"]
            results.append(say(same, "the answer matches the statement"))
        if keys["site"] != statement["site"]:
            print(f"note  keys of {keys['site']!a}, a receipt of {statement['site']!a}")
        if all(results):
            describe(statement)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        return unusable(f"unusable: {error!a}")
    print("The receipt holds." if all(results) else "The receipt does not hold.")
    return 0 if all(results) else 1


def key_and_signature(key, statement, signature, signed):
    """Say whether a key that was fit to sign then did sign exactly this."""
    if key is None:
        return say(False, "the key is in the keys file")
    public = bytes.fromhex(key["public_key"])
    if key["algorithm"] != "Ed25519" or sha256(public)[:16] != key["id"]:
        raise ValueError("a key in the keys file is not what its id says")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return say(False, "the statement is exactly what was signed")
    say(True, "the statement is exactly what was signed")
    at = moment(statement["times"]["finished_at"])
    in_use = moment(key["active_from"]) - CLOCK_SKEW <= at
    if key["retired_at"] is not None:
        in_use = in_use and at <= moment(key["retired_at"]) + CLOCK_SKEW
    in_use = say(in_use, "the key was in use at the time")
    return say(not key["leaked"], "nobody else is known to have the key") and in_use


def describe(statement):
    """Print what was signed, once it is known to have been."""
    for name, value in sorted(statement.items()):
        print(f"      {name}: {json.dumps(value, ensure_ascii=True)}")
    if statement["author_is_operator"]:
        print("note  the author runs the site: this is the author's own signature")
    if statement["is_demo"]:
        print("note  scripted rules answered, not a language model")


def load(name):
    """Read a JSON file that has one meaning only: bounded, no name twice, no NaN."""
    with open(name, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{name} is larger than 1 MB")
    return json.loads(data.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=refuse)


def once(pairs):
    """Make an object of names that each stand there once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def refuse(name):
    """Refuse NaN and infinities, which JSON does not have."""
    raise ValueError(f"{name} is no number")


def moment(text):
    """Read a time in UTC."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def sha256(data):
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def say(holds, sentence):
    """Print one line and pass its verdict on."""
    print(("ok    " if holds else "FAIL  ") + sentence)
    return holds


def unusable(sentence):
    """Say why nothing can be checked; return the exit status."""
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(unusable(__doc__))
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, RecursionError, ValueError) as error:
        sys.exit(unusable(f"unusable: {error!a}"))
