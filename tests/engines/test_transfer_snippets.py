"""Snippets carry any text unharmed."""

import ast
import json
import shlex
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prompts_app.transfer.snippets import (
    curl_snippet,
    json_snippet,
    python_snippet,
    request_body,
)

BASE = "https://api.openai.com/v1"

# A command line cannot hold NUL, but JSON writes it as an escape.
nasty = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=40),
    st.text(alphabet="'\"\\\n\r\t$`!{}# %\0é\u2028", max_size=30),
)
contents = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["text", "image"]),
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["system", "user", "assistant"]), "content": nasty}
            ),
            min_size=1,
            max_size=3,
        ),
        "parameters": st.fixed_dictionaries(
            {},
            optional={
                "temperature": st.floats(0, 2),
                "top_p": st.floats(0, 1),
                "max_tokens": st.integers(1, 10_000),
                "response_format": st.sampled_from(["text", "json_object"]),
                "size": st.just("1024x1024"),
            },
        ),
    }
)


@given(contents, nasty, nasty)
def test_python_says_the_same(content: dict[str, Any], model: str, base_url: str) -> None:
    program = python_snippet(content, model, base_url)
    tree = ast.parse(program)
    program.encode()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    client = next(c for c in calls if ast.unparse(c.func) == "OpenAI")
    request = next(c for c in calls if ast.unparse(c.func).startswith("client."))
    arguments = {k.arg: ast.literal_eval(k.value) for k in request.keywords}
    assert arguments == request_body(content, model)
    given_key = {k.arg: ast.unparse(k.value) for k in client.keywords}
    assert given_key["api_key"] == "os.environ['OPENAI_API_KEY']"
    assert ast.literal_eval(given_key["base_url"]) == base_url.rstrip("/")


@given(contents, nasty)
def test_curl_and_json_say_the_same(content: dict[str, Any], model: str) -> None:
    body = request_body(content, model)
    assert json.loads(json_snippet(content, model)) == body
    command = curl_snippet(content, model, BASE + "/")
    command.encode()
    assert "\0" not in command
    words = shlex.split(command)
    ending = "images/generations" if content["kind"] == "image" else "chat/completions"
    assert words[:2] == ["curl", f"{BASE}/{ending}"]
    assert json.loads(words[words.index("--data-raw") + 1]) == body
    assert "Authorization: Bearer $OPENAI_API_KEY" in words


def test_only_what_was_set_is_sent() -> None:
    content = {
        "kind": "text",
        "messages": [{"role": "user", "content": "a"}],
        "parameters": {"temperature": 0, "top_p": None, "response_format": "json_object"},
    }
    assert request_body(content, "m") == {
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "temperature": 0,
        "response_format": {"type": "json_object"},
    }
