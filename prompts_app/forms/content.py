"""The editor's form: rows and fields of a draft, and the content they make together.

The shape of content is documented in docs/architecture.md ("Content of a version").
"""

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.constraints import (
    ConstraintForm,
    PictureConstraintForm,
    initial_of_constraint,
    loose_constraints,
)
from prompts_app.forms.focus import Guided
from prompts_app.forms.parameters import DraftFields, PictureFields, TextFields, several_lines
from prompts_app.forms.rows import RowForm, Rows, as_count
from prompts_app.forms.variables import VariableForm, spelled
from prompts_app.text import clean, variables
from prompts_app.transfer import document as limits

ROLES = (
    ("system", gettext_lazy("system")),
    ("user", gettext_lazy("user")),
    ("assistant", gettext_lazy("assistant")),
)

# More rows than a draft may keep: scripts add one for each name that stood there while typing.
_ROOM = 60
# Seconds for looking into all expressions and schemas of one draft: one alone may take most of one.
_PATIENCE: Final = 3.0


class MessageForm(RowForm):
    """One message of the prompt."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES, initial="user")
    content = several_lines(
        limits.MAX_MESSAGE_CHARS,
        label=gettext_lazy("Text"),
        widget=forms.Textarea(attrs={"class": "mono", "rows": 6, "spellcheck": "false"}),
    )


class DraftForm(Guided):
    """The whole editor: `fields`, and rows of `messages`, `variables` and `constraints`.

    Made from `initial` (see `initial_of`), or from what was sent. Variables follow the names in
    the messages: a new name gets a row, a row whose name is gone is not kept. A constraint that has
    a rule and no sentence gets one in `language`, the entry's.
    """

    def __init__(
        self,
        kind: str,
        *,
        data: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
        language: str = "en",
    ) -> None:
        self.kind = kind
        self.language = language
        start = initial or {}
        if data is not None:
            data = _with_all_variables(data)
        fields = PictureFields if kind == "image" else TextFields
        self.fields: DraftFields = fields(data, initial=start.get("fields"))
        self.messages = _rows(MessageForm, "messages", data, start)
        self.variables = _rows(VariableForm, "variables", data, start)
        constraint = PictureConstraintForm if kind == "image" else ConstraintForm
        self.constraints: Rows[ConstraintForm] = _rows(constraint, "constraints", data, start)
        self.problems: list[str] = []

    @property
    def one_message(self) -> bool:
        """Whether the prompt is a single text without a role."""
        return self.kind == "image"

    def raw(self) -> dict[str, Any]:
        """Return what was typed, unchecked: what `initial` takes."""
        return {
            "fields": {name: self.fields[name].value() for name in self.fields.fields},
            "messages": self.messages.raw(),
            "variables": self.variables.raw(),
            "constraints": self.constraints.raw(),
        }

    def is_valid(self) -> bool:
        """Check everything; messages go to their fields, those about the whole to `problems`.

        May take seconds: expressions and schemas are looked into, outside of this process.
        """
        parts = (self.fields, self.messages, self.variables, self.constraints)
        invalid = [part for part in parts if not part.is_valid()]
        self.problems = list(self._problems())
        fits = [self._roles_fit(), self._rules_fit()]
        return all(fits) and not invalid and not self.problems

    def content(self) -> dict[str, Any]:
        """Return the content, once the form is valid."""
        messages = [
            {"role": form.cleaned_data["role"], "content": form.cleaned_data["content"]}
            for form in self.messages.kept
        ]
        if self.one_message:
            messages = _as_one(messages)
        return {
            "kind": self.kind,
            "messages": messages or [{"role": "user", "content": ""}],
            "variables": [form.variable() for form in self.variables.kept],
            "context": self.fields.cleaned_data["context"],
            "constraints": [
                one
                for form in self.constraints.kept
                if (one := form.constraint(self.language)) is not None
            ],
            "parameters": self.fields.parameters(),
        }

    def _problems(self) -> Iterable[str]:
        for rows, most, sentence in (
            (self.messages, limits.MAX_MESSAGES, _("Keep at most %(most)d messages.")),
            (self.variables, limits.MAX_VARIABLES, _("Use at most %(most)d variables.")),
            (self.constraints, limits.MAX_CONSTRAINTS, _("Keep at most %(most)d constraints.")),
        ):
            if len(rows.kept) > most:
                yield sentence % {"most": most}
        size = sum(len(form["content"].data or "") for form in self.messages.kept)
        if self.kind == "image" and size > limits.MAX_MESSAGE_CHARS:
            yield _("The prompt is too long. Shorten it.")
        if self.fields.errors.get("revision") or any(
            form.errors.get("foreign") for form in self.constraints.kept
        ):
            yield _(
                "This page lost track of your draft. Copy your text, then open the editor again."
            )

    def _roles_fit(self) -> bool:
        fits = True
        for place, form in enumerate(self.messages.kept):
            if place and form.is_valid() and form.cleaned_data["role"] == "system":
                form.add_error(
                    "role",
                    ValidationError(
                        _("Only the first message can be the system message."), code="system"
                    ),
                )
                fits = False
        return fits

    def _rules_fit(self) -> bool:
        until = monotonic() + _PATIENCE
        # All of them: an author wants to know of every mistake at once.
        unfit = [
            form
            for form in self.constraints.kept
            if not form.rule_fits(in_time=monotonic() < until)
        ]
        return not unfit

    def shown(self) -> Iterable[BoundField]:
        """All fields, as the page shows them."""
        rows = (self.messages, self.variables, self.constraints)
        forms_in_order = [*(form for part in rows for form in part.kept), self.fields]
        return (field for form in forms_in_order for field in form)

    @property
    def rules(self) -> list[ConstraintForm]:
        """A row for each rule with fields, which scripts copy; `__prefix__` is its number."""
        return self.constraints.empty.of_each_rule()


def _as_one(messages: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    texts = [one["content"] for one in messages if one["content"].strip()]
    return [{"role": "user", "content": "\n\n".join(texts)}]


def initial_of(content: Mapping[str, Any], revision: int) -> dict[str, Any]:
    """Return `content` as the form's start."""
    parameters = content["parameters"]
    messages = content["messages"]
    if content["kind"] == "image":
        messages = _as_one(messages)
    return {
        "fields": {
            "revision": revision,
            "context": content["context"],
            **{
                name: spelled(value) if isinstance(value, int | float) else value
                for name, value in parameters.items()
            },
        },
        "messages": messages,
        "variables": [
            {
                **one,
                "choices": "\n".join(one["choices"]),
                "min": spelled(one["min"]),
                "max": spelled(one["max"]),
            }
            for one in content["variables"]
        ],
        "constraints": [initial_of_constraint(one) for one in content["constraints"]],
    }


def loose_content(kind: str, raw: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return what was typed as far as a preview needs it, unchecked."""
    return {
        "kind": kind,
        "messages": [
            {"role": one["role"] or "user", "content": clean.normalise(one["content"] or "")}
            for one in raw["messages"]
        ],
        "variables": [
            {"name": one["name"] or "", "default": one["default"] or ""} for one in raw["variables"]
        ],
        "context": (raw["fields"]["context"] or "")[: limits.MAX_CONTEXT],
        "constraints": loose_constraints(raw["constraints"], language),
    }


def _rows(
    kind: type[Any], prefix: str, data: QueryDict | None, start: Mapping[str, Any]
) -> Rows[Any]:
    return Rows(kind, prefix, data=data, initial=start.get(prefix, ()), room=_ROOM)


def _with_all_variables(data: QueryDict) -> QueryDict:
    """Give every name in the messages exactly one variable row, in the order of first use."""
    messages = Rows(MessageForm, "messages", data=data, room=_ROOM)
    texts = (clean.normalise(one["content"] or "") for one in messages.raw())
    used = list(dict.fromkeys(name for text in texts for name in variables.names(text)))
    full = data.copy()
    total = min(as_count(data.get("variables-TOTAL_FORMS")), _ROOM)
    rows: dict[str, int] = {}
    for number in range(total):
        name = clean.normalise(data.get(f"variables-{number}-name", ""))
        if name in used and name not in rows:
            rows[name] = number
            full[f"variables-{number}-ORDER"] = str(used.index(name))
            full.pop(f"variables-{number}-DELETE", None)
        else:
            full[f"variables-{number}-DELETE"] = "on"
    for name in used:
        if name not in rows and total < _ROOM:
            full[f"variables-{total}-name"] = name
            full[f"variables-{total}-type"] = "text"
            full[f"variables-{total}-ORDER"] = str(used.index(name))
            total += 1
    full["variables-TOTAL_FORMS"] = str(total)
    return full
