"""promptfoo as npm has it: its schema, its check of configurations, and its evaluations."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

KEY: Final = "OPENAI_API_KEY"
# Nothing listens there: a call to anybody but this machine fails at once.
NOWHERE: Final = "http://127.0.0.1:9"

# What promptfoo's own build makes its published config-schema.json with, from the same types: a
# piece that is changed while it is read is described as it stands in the file.
_SCHEMA: Final = """
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
const at = (name) => pathToFileURL(createRequire(`${process.cwd()}/`).resolve(name));
const { UnifiedConfigSchema } = await import(at("promptfoo"));
const { z } = await import(at("zod"));
function inside(schema) {
  const { in: read, innerType } = schema._def;
  return read ?? innerType ? inside(read ?? innerType) : schema;
}
const override = ({ zodSchema, jsonSchema }) => {
  if (inside(zodSchema) !== zodSchema && !Object.keys(jsonSchema).length) {
    const { $schema, ...found } = made(inside(zodSchema));
    Object.assign(jsonSchema, found);
  }
};
const made = (schema) => z.toJSONSchema(schema, { unrepresentable: "any", override });
process.stdout.write(JSON.stringify(made(inside(UnifiedConfigSchema))), () => process.exit(0));
"""


@dataclass(frozen=True)
class Result:
    """What a test came to: the answer, and whether each assert holds.

    `error` is why there are no verdicts, or "".
    """

    output: Any
    verdicts: list[tuple[dict[str, Any], bool]]
    error: str


@dataclass(frozen=True)
class Promptfoo:
    """The program installed in `place`; what it keeps goes into `home`."""

    place: Path
    home: Path

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of configurations."""
        done = self._node("--input-type=module", "--eval", _SCHEMA, cwd=self.place)
        schema: dict[str, Any] = json.loads(done.stdout)
        return schema

    def refused(self, *configs: Path) -> str:
        """Return what `promptfoo validate` has against any of the files, "" for nothing."""
        done = self._promptfoo("validate", "config", "--config", *map(str, configs))
        said = done.stdout + done.stderr
        if done.returncode or "Configuration is valid." not in said or "Invalid" in said:
            return said or f"ended with {done.returncode}"
        return ""

    def evaluate(self, config: Path) -> list[Result]:
        """Run the configuration and return what each test came to."""
        output = self.home / "results.json"
        done = self._promptfoo(
            *("eval", "--config", str(config), "--output", str(output), "--no-cache"),
            *("--no-table", "--no-progress-bar", "--no-write", "--no-share"),
        )
        # 100 says that some test failed, which is no mistake here.
        assert done.returncode in (0, 100), done.stdout + done.stderr
        return [_result(one) for one in json.loads(output.read_text())["results"]["results"]]

    def _promptfoo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = self.place / "node_modules" / "promptfoo" / "dist" / "src" / "entrypoint.js"
        return self._node(str(program), *arguments, cwd=self.home)

    def _node(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", "--no-warnings", *arguments],
            cwd=cwd,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "PROMPTFOO_CONFIG_DIR": str(self.home / "promptfoo"),
                "PROMPTFOO_DISABLE_TELEMETRY": "1",
                "PROMPTFOO_DISABLE_UPDATE": "1",
                "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
                KEY: "sk-none",
                **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE),
                "NO_PROXY": "127.0.0.1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )


def _result(one: dict[str, Any]) -> Result:
    graded = (one.get("gradingResult") or {}).get("componentResults") or []
    return Result(
        output=(one.get("response") or {}).get("output"),
        verdicts=[(each["assertion"], each["pass"]) for each in graded],
        error="" if graded else str(one.get("error") or "no verdicts"),
    )


class Echo:
    """A server of OpenAI's chat completions whose answers `answer` makes of the messages.

    `answer` returns the text and the reason for its end. `requests` are the bodies that came.
    """

    def __init__(self, answer: Callable[[Sequence[dict[str, str]]], tuple[str, str]]) -> None:
        self.requests: list[dict[str, Any]] = []
        echo = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                echo.requests.append(body)
                text, reason = answer(body["messages"])
                said = json.dumps(_completion(body["model"], text, reason)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def _completion(model: str, text: str, reason: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 1_000, "total_tokens": 2_000},
    }
