"""What an author does with test cases beyond saving them."""

from prompts_app.models import TestCase


def restore_case(case: TestCase) -> None:
    """Bring a removed test case back to the list."""
    case.withdrawn_at = None
    case.save(update_fields=["withdrawn_at"])
