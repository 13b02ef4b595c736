"""What an author does with test cases."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts_app.models import Entry, TestCase, Version


def save_case(entry: Entry, case: TestCase | None, **fields: Any) -> TestCase:
    """Add a test case, or change one that no run was made with.

    A case with runs is evidence: the changed one becomes a new case and the old one is withdrawn.
    """
    with transaction.atomic():
        _touch(entry.pk)
        if case is not None:
            # Variables the draft no longer has: older versions still ask for them.
            fields["values"] = case.values | fields["values"]
        if case is not None and case.runs.exists() and case.values != fields["values"]:
            position = case.position
            withdraw_case(case)
            return TestCase.objects.create(entry=entry, position=position, **fields)
        if case is None:
            last = TestCase.objects.filter(entry=entry).order_by("-position").first()
            return TestCase.objects.create(
                entry=entry, position=last.position + 1 if last else 0, **fields
            )
        for name, value in fields.items():
            setattr(case, name, value)
        case.save()
        return case


def withdraw_case(case: TestCase) -> None:
    """Remove a case from the list; runs made with it keep it."""
    case.withdrawn_at = timezone.now()
    case.save(update_fields=["withdrawn_at"])
    _touch(case.entry_id)


def restore_case(case: TestCase) -> None:
    """Bring a removed test case back to the list."""
    case.withdrawn_at = None
    case.save(update_fields=["withdrawn_at"])
    _touch(case.entry_id)


def _touch(entry_id: int) -> None:
    """Note that the entry was worked on: its test cases belong to it."""
    Entry.objects.filter(pk=entry_id).update(updated_at=timezone.now())


def values_for(version: Version, case: TestCase | None) -> dict[str, str]:
    """Return a value for each variable of the version: the case's, or else its default."""
    return with_defaults(version.content, case.values if case else {})


def with_defaults(content: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each variable of a content: the one given, or else its default."""
    return {one["name"]: values.get(one["name"], one["default"]) for one in content["variables"]}


def after_renames(
    values: Mapping[str, str], renames: Iterable[tuple[str, str]], settled: Container[str] = ()
) -> dict[str, str]:
    """Return a case's values under new names as well, for `renames` as (old, new) in turn.

    The old names keep theirs, and so do names that are `settled`: published versions ask for them.
    """
    found = dict(values)
    for old, new in renames:
        if old in found and not (new in found and new in settled):
            found[new] = found[old]
    return found


def follow_renames(entry: Entry, renames: Sequence[tuple[str, str]]) -> None:
    """Let the entry's cases, removed ones too, answer to new names of variables.

    A case with runs stays the same case: what they were made with is not touched.
    """
    contents = entry.versions.filter(withdrawn_at__isnull=True).values_list("content", flat=True)
    settled = {one["name"] for content in contents for one in content["variables"]}
    changed = []
    for case in entry.cases.select_for_update():
        values = after_renames(case.values, renames, settled)
        if values != case.values:
            case.values = values
            changed.append(case)
    TestCase.objects.bulk_update(changed, ["values"])


def live_cases(entry: Entry) -> list[TestCase]:
    """Return the entry's cases in the author's order."""
    return list(entry.cases.filter(withdrawn_at__isnull=True))
