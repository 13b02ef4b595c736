"""What an author does with test cases."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts_app.models import Entry, TestCase, Version


def save_case(entry: Entry, case: TestCase | None, **fields: Any) -> TestCase:
    """Add a test case, or change one that no run was made with.

    A case with runs is evidence: the changed one becomes a new case and the old one is withdrawn.
    """
    with transaction.atomic():
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


def restore_case(case: TestCase) -> None:
    """Bring a removed test case back to the list."""
    case.withdrawn_at = None
    case.save(update_fields=["withdrawn_at"])


def values_for(version: Version, case: TestCase | None) -> dict[str, str]:
    """Return a value for each variable of the version: the case's, or else its default."""
    return with_defaults(version.content, case.values if case else {})


def with_defaults(content: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each variable of a content: the one given, or else its default."""
    return {one["name"]: values.get(one["name"], one["default"]) for one in content["variables"]}


def live_cases(entry: Entry) -> list[TestCase]:
    """Return the entry's cases in the author's order."""
    return list(entry.cases.filter(withdrawn_at__isnull=True))


def case_of(entry: Entry, case_id: str) -> TestCase | None:
    """Return the entry's case of that id; None for an unknown or malformed one."""
    try:
        wanted = uuid.UUID(case_id)
    except ValueError:
        return None
    return entry.cases.filter(pk=wanted, withdrawn_at__isnull=True).first()
