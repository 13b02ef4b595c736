"""aimock, an OpenAI-compatible server from npm, with answers scripted in its fixture format.

Its fixtures are chosen by a piece of the last user message (its documentation: write-fixtures);
images by the endpoint alone.
"""

import base64
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portfolio.launch import answers, free_port
from tests import factories
from tests.soak.npm import installed

PACKAGE = "@copilotkit/aimock@1.43.0"

MARKDOWN = """## Three things

| name | value |
|---|---|
| *one* | `1 < 2` |

1. first & <b>bold</b>
2. **second**

```python
print("<script>alert(1)</script>")
```

<script>alert("x")</script><img src="https://elsewhere.example/x.png" onerror="alert(2)">
[a link](javascript:alert(3)) and [another](https://example.org/)
"""
LONG = "One two three four five six seven eight nine ten eleven twelve thirteen."


def _error(
    word: str, status: int, message: str, code: str = "", retry_after: int | None = None
) -> dict[str, Any]:
    response: dict[str, Any] = {"error": {"message": message, "code": code}, "status": status}
    if retry_after is not None:
        response["retryAfter"] = retry_after
    return {"match": {"userMessage": word}, "response": response}


def _answer(word: str, content: str, **fixture: Any) -> dict[str, Any]:
    more = fixture.pop("response", {})
    usage = {"prompt_tokens": 30, "completion_tokens": 50, "total_tokens": 80}
    return {
        "match": {"userMessage": word},
        "response": {"content": content, "usage": usage, **more},
        **fixture,
    }


def fixtures() -> list[dict[str, Any]]:
    """Every answer the tests ask for."""
    picture = base64.b64encode(factories.png(320, 200)).decode()
    return [
        {"match": {"endpoint": "image"}, "response": {"image": {"b64Json": picture}}},
        _answer("with markdown", MARKDOWN, chunkSize=7, latency=5),
        _answer("slowly", LONG, chunkSize=8, streamingProfile={"ttft": 1500, "tps": 8}),
        _answer("of a matrix", LONG, chunkSize=24, streamingProfile={"ttft": 250, "tps": 40}),
        _answer("cut short", LONG, chunkSize=6, latency=60, truncateAfterChunks=5),
        _answer("disconnected", LONG, chunkSize=6, latency=100, disconnectAfterMs=450),
        _answer("refused at once", LONG, chaos={"disconnectRate": 1}),
        _answer("malformed", LONG, chaos={"malformedRate": 1}),
        _answer("too much", LONG, response={"finishReason": "length"}),
        _answer("filtered", LONG, response={"finishReason": "content_filter"}),
        _answer("with reasoning", LONG, response={"reasoning": "A thought of its own."}),
        {
            "match": {"userMessage": "with a tool"},
            "response": {
                "blocks": [
                    {"type": "text", "text": "Looking it up."},
                    {"type": "toolCall", "name": "look", "arguments": {"for": "it"}},
                ]
            },
        },
        _error("limited with a time", 429, "Slow down", "rate_limit_exceeded", 17),
        _error("limited", 429, "Slow down", "rate_limit_exceeded"),
        _error("out of money", 429, "No credit left", "insufficient_quota"),
        _error("forbidden", 403, "Not for you"),
        _error("no such model", 404, "The model does not exist", "model_not_found"),
        _error("too long", 400, "Maximum context length exceeded", "context_length_exceeded"),
        _error("bad request", 400, "Something about the request"),
        _error("broken", 500, "Internal error"),
        _error("unavailable", 503, "Overloaded"),
    ]


@contextlib.contextmanager
def serve(folder: Path, key: str) -> Iterator[str]:
    """Run the server with `fixtures`, for callers with `key` only; yield its base URL."""
    program = installed(PACKAGE) / "dist" / "cli.js"
    script = folder / "fixtures.json"
    script.write_text(json.dumps({"fixtures": fixtures()}))
    port = free_port()
    with (folder / "aimock.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *("node", str(program), "--port", str(port), "--host", "127.0.0.1", "--strict"),
                *("--fixtures", str(script), "--validate-on-load", "--log-level", "warn"),
            ],
            env={"PATH": os.environ["PATH"], "AIMOCK_API_KEYS": key},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(200):
            # Each look waits for a connection; a refused one comes back at once.
            if answers("127.0.0.1", port, "/health"):
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                raise RuntimeError((folder / "aimock.log").read_text())
        else:
            raise RuntimeError("aimock did not start")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
