"""One entry in Promptfolio's own format, by hand."""

from typing import Any

TIME = "2026-05-12T09:30:00.000000Z"
HASH = "ab" * 32


def content(prompt: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "text",
        "messages": [{"role": "user", "content": prompt}],
        "variables": [
            {
                "name": "text", "type": "text", "label": "Text", "default": "", "choices": [],
                "min": None, "max": None, "max_length": 80,
            }
        ],
        "context": "Some *context*.",
        "constraints": [
            {"text": "Short.", "assertion": {"type": "word-count", "value": {"max": 9}}},
            {"text": "Stated."},
        ],
        "parameters": {"temperature": 0.5},
    } | more  # fmt: skip


def version(number: int, **more: Any) -> dict[str, Any]:
    return {
        "number": number, "content": content(f"Prompt {number}: {{{{ text }}}}"),
        "content_hash": HASH, "prompt_hash": HASH, "naive": False, "change_note": f"Note {number}",
        "created_at": TIME, "withdrawn_at": None,
    } | more  # fmt: skip


def case(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "values": {"text": name}, "watch_for": "", "comment": "", "position": 0,
        "withdrawn_at": None,
    } | more  # fmt: skip


def run(**more: Any) -> dict[str, Any]:
    return {
        "id": "00000000-0000-4000-8000-000000000001", "origin": "captured",
        "captured_by": "https://a.example", "version": 3, "case": 0, "evaluation": None,
        "repeat": 1, "state": "done", "attempts": 1, "hidden": False, "is_demo": False,
        "model_asked": "model-a", "model_answered": "model-a-2026", "provider_host": "a.example",
        "values": {"text": "One"}, "parameters_sent": {"temperature": 0.5},
        "parameters_left_out": [], "output": "An answer.", "picture": None,
        "finish_reason": "stop", "labels": ["no_usage"], "prompt_tokens": 12,
        "completion_tokens": None, "cost": 1200, "earlier_cost": 0, "judge_cost": 0,
        "first_token_ms": 300, "latency_ms": 900, "error_code": "", "error_detail": "",
        "created_at": TIME, "finished_at": TIME,
        "verdicts": {"ab": {"state": "passed", "code": "words", "values": {"count": 2}}},
        "raw_response": {"id": "x"}, "receipt": None,
    } | more  # fmt: skip


def entry_file(**more: Any) -> dict[str, Any]:
    """Return an entry with what a reader has to think about."""
    entry = {
        "slug": "an-entry", "title": "An entry", "summary": "What it does.", "use_case": "",
        "language": "en", "second_language": "fr",
        "second_words": {"An entry": "Une entrée"}, "kind": "text", "visibility": "listed",
        "tags": ["one", "two"],
        "archived_from": "", "pinned": False, "place": 0,
        "cover": None, "credit": "", "role_in_team": "", "used_where": "", "outcome": "",
        "source_key": None, "published": 3, "published_at": TIME, "baseline": 4,
        "featured_case": 0, "created_at": TIME, "updated_at": TIME,
        "draft": content("Prompt 3: {{ text }}"),
        "versions": [
            version(1),
            version(2, content={}, change_note="", withdrawn_at=TIME),
            version(3),
            version(4, naive=True, content=content("Just do it: {{ text }}")),
        ],
        "cases": [case("One"), case("Gone", withdrawn_at=TIME), case("Two")],
        "evaluations": [
            {"total": 1, "repeats": 1, "bound": 5, "created_at": TIME, "stopped_at": None}
        ],
    } | more  # fmt: skip
    runs = [run(), run(case=2, evaluation=0, version=4, origin="pasted", raw_response=None)]
    runs += [run(is_demo=True), run(hidden=True), run(state="failed"), run(case=1)]
    runs += [run(picture=f"pictures/{HASH}.png", output="")]
    return {
        "format": "promptfolio-entry", "format_version": 1, "entry": entry, "runs": runs,
    }  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within."""
    found = [path] if path else []
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(one, (*path, key))
    return found
