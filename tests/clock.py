"""A clock that tests set: what Django's own `timezone.now` says, and with it the whole site."""

from datetime import UTC, datetime, timedelta
from unittest import mock


class Clock:
    """Stands still at `now` until it is moved; use it in a `with`."""

    def __init__(self, now: datetime = datetime(2026, 5, 12, 15, 30, tzinfo=UTC)) -> None:
        self.now = now
        self._patch = mock.patch("django.utils.timezone.now", self)

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        """Go on, or back."""
        self.now += by

    def __enter__(self) -> "Clock":
        self._patch.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._patch.stop()
