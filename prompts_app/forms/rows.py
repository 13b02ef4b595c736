"""Repeated rows of one kind of form, as static/js/rows.js adds and removes them.

Rows are named `<prefix>-<n>-<field>`; `<prefix>-TOTAL_FORMS` says how many were sent. Each row
carries `ORDER` (its place) and `DELETE` (ticked once it is removed).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from django import forms


class RowForm(forms.Form):
    """A row: fields of its own, its place, and whether it goes."""

    ORDER = forms.CharField(required=False, widget=forms.HiddenInput)
    DELETE = forms.BooleanField(required=False, widget=forms.CheckboxInput)


R = TypeVar("R", bound=RowForm)


class Rows(Generic[R]):
    """Rows of `kind`: as they were sent in `data`, or made from `initial`.

    `room` is the most rows that are read; whatever else was sent is ignored.
    """

    def __init__(
        self,
        kind: type[R],
        prefix: str,
        *,
        data: Mapping[str, Any] | None = None,
        initial: Iterable[Mapping[str, Any]] = (),
        room: int,
    ) -> None:
        self.prefix, self.room, self.kind = prefix, room, kind
        if data is None:
            self.forms = [
                kind(prefix=f"{prefix}-{n}", initial={**one, "ORDER": n})
                for n, one in enumerate(initial)
            ]
        else:
            count = min(as_count(data.get(f"{prefix}-TOTAL_FORMS")), room)
            sent = [kind(data, prefix=f"{prefix}-{n}") for n in range(count)]
            places = {form: as_count(form["ORDER"].data, n) for n, form in enumerate(sent)}
            self.forms = sorted(sent, key=lambda form: places[form])
        self.kept = [form for form in self.forms if not (form.is_bound and form["DELETE"].data)]

    @property
    def empty(self) -> R:
        """The row that scripts copy; `__prefix__` stands for its number."""
        return self.kind(prefix=f"{self.prefix}-__prefix__", initial={"ORDER": "__prefix__"})

    def raw(self) -> list[dict[str, Any]]:
        """Return what was typed into the kept rows, in their order, unchecked."""
        return [
            {
                name: form[name].data if form.is_bound else form[name].value()
                for name in form.fields
                if name not in ("ORDER", "DELETE")
            }
            for form in self.kept
        ]

    def place_of(self, prefix: str) -> int | None:
        """Return the place among the kept rows of the one that is called so; None for no row."""
        places = (n for n, form in enumerate(self.kept) if form.prefix == prefix)
        return next(places, None)

    def is_valid(self) -> bool:
        """Whether every kept row is valid; all of them are looked at."""
        return not [form for form in self.kept if not form.is_valid()]


def as_count(text: Any, otherwise: int = 0) -> int:
    """Return a small count spelled in ASCII digits; `otherwise` for anything else."""
    spelled = str(text if text is not None else "")
    return (
        int(spelled) if spelled.isascii() and spelled.isdigit() and len(spelled) < 7 else otherwise
    )
