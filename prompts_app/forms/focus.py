"""Where a form that came back with errors takes its reader."""

from collections.abc import Iterable
from itertools import chain

from django import forms
from django.forms.boundfield import BoundField


def _first(fields: Iterable[BoundField]) -> BoundField | None:
    """The first of these that was refused and that people see."""
    return next((field for field in fields if field.errors and not field.is_hidden), None)


def first_refused(fields: Iterable[BoundField]) -> str:
    """The id of the first of these that was refused and that people see; or ""."""
    field = _first(fields)
    # Radio buttons have no one id for a label: their group has one.
    return field.id_for_label or field.auto_id if field is not None else ""


class Guided:
    """A form that says above its fields that one was refused, and leads to the first of them."""

    def shown(self) -> Iterable[BoundField]:
        """All fields, those of rows included, as they stand on the page."""
        assert isinstance(self, forms.BaseForm)
        return self

    @property
    def first_refused(self) -> str:
        """The id of the first field that was refused, as the page shows them; or ""."""
        return first_refused(self.shown())


def on_first_error(*shown: Iterable[BoundField] | Guided) -> None:
    """Give the focus to the first field, of all forms as they stand on the page, that is wrong.

    Without a script.
    """
    fields = (form.shown() if isinstance(form, Guided) else form for form in shown)
    field = _first(chain.from_iterable(fields))
    if field is not None:
        field.field.widget.attrs["autofocus"] = True
