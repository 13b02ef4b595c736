"""Uploads that are meant to be pictures."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from prompts_app.pictures.intake import MAX_BYTES

PICTURE_ERRORS = {
    "too_many_bytes": gettext_lazy("This picture is larger than 8 MB. Make it smaller first."),
    "too_many_pixels": gettext_lazy(
        "This picture has more than 40 million pixels. Make it smaller first."
    ),
    "unsupported_format": gettext_lazy("Only PNG, JPEG and WebP pictures can be kept."),
    "not_a_picture": gettext_lazy("This file is not a picture. Choose a PNG, JPEG or WebP."),
    "damaged": gettext_lazy("This picture is damaged. Save it again and upload that."),
}


class PictureField(forms.FileField):
    """An upload meant to be a picture; what it really is shows when it is decoded."""

    default_error_messages = {
        "required": gettext_lazy("Choose a picture first."),
        "missing": gettext_lazy("Choose a picture first."),
        "invalid": gettext_lazy("Choose a picture first."),
        "empty": PICTURE_ERRORS["not_a_picture"],
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})
        )
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuse by size before anything is read."""
        upload: UploadedFile[Any] = super().clean(data, initial)
        if upload.size is not None and upload.size > MAX_BYTES:
            raise ValidationError(PICTURE_ERRORS["too_many_bytes"], code="too_many_bytes")
        return upload
