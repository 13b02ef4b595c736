"""A receipt to test with, signed by a key of the test's own."""

import json
from datetime import UTC, datetime
from typing import Any

from prompts_app.receipts import keys, statement
from prompts_app.receipts.canonical import canonical

SITE = "https://portfolio.example.org"
SEED = bytes(range(32))
PUBLIC = keys.public_of(SEED)
SIGNED_AT = datetime(2026, 5, 12, 9, 30, 1, 250000, tzinfo=UTC)
KEY = keys.PublicKey(keys.key_id(PUBLIC), PUBLIC, datetime(2026, 1, 1, tzinfo=UTC))
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Été: “ok”?"}]
OUTPUT = 'Line one\nline "two" \U0001f600'


def stated(**fields: Any) -> dict[str, Any]:
    """Return a statement; `fields` replace some of it."""
    return {
        "format": "promptfolio-receipt",
        "format_version": 1,
        "key": KEY.id,
        "site": SITE,
        "run": "0b9a3c52-6a52-4c11-9a44-8f0f5a1a2b3c",
        "entry": f"{SITE}/@ada/summaries/",
        "version": {"number": 3, "content_hash": "ab" * 32},
        "messages_hash": statement.messages_hash(MESSAGES),
        "values_hash": "cd" * 32,
        "parameters": {"temperature": 0.7, "response_format": {"type": "json_object"}},
        "provider_host": "models.example.org",
        "model_asked": "model-a",
        "model_answered": "model-a-2026",
        "response_id": "chatcmpl-1",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 120, "completion_tokens": None},
        "times": {
            "requested_at": "2026-05-12T09:30:00.000001Z",
            "finished_at": statement.time_text(SIGNED_AT),
            "first_token_ms": 300,
            "latency_ms": 1250,
        },
        "output": {"kind": "text", "hash": statement.text_hash(OUTPUT)},
        "labels": ["length", "nul_removed"],
        "is_demo": False,
        "author_is_operator": True,
    } | fields


def receipt(seed: bytes = SEED, **fields: Any) -> dict[str, Any]:
    """Return a receipt file's content with messages and output beside the statement."""
    said = stated(**fields)
    return {
        "statement": said,
        "signature": keys.sign(seed, canonical(said)),
        "messages": [dict(message) for message in MESSAGES],
        "output": OUTPUT,
    }


def as_bytes(document: Any) -> bytes:
    """Return a document as the site would serve it."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def key_file(*known: keys.PublicKey, site: str = SITE) -> bytes:
    """Return a keys file of the site."""
    return as_bytes(keys.keys_document(site, known or (KEY,)))
