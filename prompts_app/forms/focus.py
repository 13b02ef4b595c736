"""Where a form that came back with errors takes its reader, without a script."""

from django import forms


def on_first_error(*shown: forms.BaseForm) -> None:
    """Give the focus to the first field, of all forms as they stand on the page, that is wrong."""
    for form in shown:
        for name, field in form.fields.items():
            if name in form.errors:
                field.widget.attrs["autofocus"] = True
                return
