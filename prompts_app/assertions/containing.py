"""Which of several texts stand in an answer."""

from prompts_app.assertions.base import Finding


def standing(values: list[str], text: str, ignores_case: bool) -> Finding:
    """The places (from 0, under "there") of those `values` that stand in `text`."""
    if ignores_case:
        text = text.lower()
        values = [value.lower() for value in values]
    there = [place for place, value in enumerate(values) if value in text]
    return Finding(True, "found_some", {"there": there})
