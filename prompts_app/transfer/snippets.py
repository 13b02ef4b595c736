"""A prompt as code to paste: the `openai` client for Python, curl, or the bare request body.

Each takes a version's content whose messages are already as they shall be sent, a model's name and
the endpoint's base address (as in "https://api.openai.com/v1"). The key is always read from the
environment variable OPENAI_API_KEY, never written out. Any text is quoted safely.
"""

import json
import shlex
from typing import Any

_INDENT = "    "


def request_body(content: dict[str, Any], model: str) -> dict[str, Any]:
    """The body of the request: for chat completions, or for images where the kind is "image".

    The messages of a picture prompt become one prompt, with a blank line between them.
    """
    parameters = content.get("parameters", {})
    if content["kind"] == "image":
        prompt = "\n\n".join(message["content"] for message in content["messages"])
        body: dict[str, Any] = {"model": model, "prompt": prompt}
        if "size" in parameters:
            body["size"] = parameters["size"]
        return body
    messages = [{"role": m["role"], "content": m["content"]} for m in content["messages"]]
    body = {"model": model, "messages": messages}
    for name in ("temperature", "top_p", "max_tokens"):
        if parameters.get(name) is not None:
            body[name] = parameters[name]
    if parameters.get("response_format") == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def json_snippet(content: dict[str, Any], model: str) -> str:
    """The request body as indented JSON."""
    return _json(request_body(content, model), indent=2)


def curl_snippet(content: dict[str, Any], model: str, base_url: str) -> str:
    """A curl command for a POSIX shell."""
    path = "images/generations" if content["kind"] == "image" else "chat/completions"
    body = _json(request_body(content, model), indent=2)
    return " \\\n  ".join(
        (
            f"curl {shlex.quote(base_url.rstrip('/') + '/' + path)}",
            '-H "Authorization: Bearer $OPENAI_API_KEY"',
            "-H 'Content-Type: application/json'",
            f"--data-raw {shlex.quote(body)}",
        )
    )


def python_snippet(content: dict[str, Any], model: str, base_url: str) -> str:
    """A Python program that needs `pip install openai`; it prints the answer.

    For a picture it prints the picture's address, or keeps the picture in picture.png.
    """
    body = request_body(content, model)
    imports = ("base64", "os") if content["kind"] == "image" else ("os",)
    head = (
        "".join(f"import {module}\n" for module in imports) + "\n"
        "from openai import OpenAI\n\n"
        "client = OpenAI(\n"
        f"{_INDENT}base_url={_literal(base_url.rstrip('/'), 1)},\n"
        f'{_INDENT}api_key=os.environ["OPENAI_API_KEY"],\n'
        ")\n\n"
    )
    arguments = "".join(f"{_INDENT}{name}={_literal(v, 1)},\n" for name, v in body.items())
    if content["kind"] == "image":
        return (
            f"{head}result = client.images.generate(\n{arguments})\n"
            "picture = result.data[0]\n"
            "if picture.url:\n"
            f"{_INDENT}print(picture.url)\n"
            "else:\n"
            f'{_INDENT}with open("picture.png", "wb") as file:\n'
            f"{_INDENT * 2}file.write(base64.b64decode(picture.b64_json))\n"
        )
    return (
        f"{head}response = client.chat.completions.create(\n{arguments})\n"
        "print(response.choices[0].message.content)\n"
    )


def _json(value: Any, *, indent: int) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Lone surrogates exist in JSON only as escapes.
        return json.dumps(value, indent=indent)
    return text


def _literal(value: Any, depth: int) -> str:
    """`value` as a Python literal; long text as one string per line."""
    outer, inner = _INDENT * depth, _INDENT * (depth + 1)
    if isinstance(value, str):
        lines = value.split("\n")
        if len(lines) == 1:
            return repr(value)
        parts = [repr(line + "\n") for line in lines[:-1]]
        if lines[-1]:
            parts.append(repr(lines[-1]))
        if len(parts) == 1:
            return parts[0]
        return "(\n" + "".join(f"{inner}{part}\n" for part in parts) + f"{outer})"
    if isinstance(value, list):
        items = "".join(f"{inner}{_literal(item, depth + 1)},\n" for item in value)
        return f"[\n{items}{outer}]"
    if isinstance(value, dict):
        items = "".join(f"{inner}{k!r}: {_literal(v, depth + 1)},\n" for k, v in value.items())
        return f"{{\n{items}{outer}}}"
    return repr(value)
