"""What `manage.py check` tells the operator."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connection

from prompts_app.models import SiteText
from prompts_app.services import site_texts


@register(Tags.database)
def texts_of_an_open_site(databases: Any = None, **_options: Any) -> list[CheckMessage]:
    """Warn where strangers may sign up and nobody says who runs the site.

    Database checks run with `migrate`, and with `check --database default`.
    """
    # Before the first migration there is no table to look into.
    if (
        "default" not in (databases or ())
        or SiteText._meta.db_table not in connection.introspection.table_names()
    ):
        return []
    missing = site_texts.missing()
    if not missing:
        return []
    return [
        Warning(
            f"Sign-up is open, and the site has no text for: {', '.join(missing)}.",
            hint="Write them in the admin, under “Texts of the site”.",
            id="promptfolio.W001",
        )
    ]
