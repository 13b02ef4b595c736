"""The application of the site."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PromptsConfig(AppConfig):
    """Puts the database triggers back after every migration."""

    name = "prompts_app"
    label = "prompts_app"
    verbose_name = "Promptfolio"

    def ready(self) -> None:
        # Imported for their receivers of signals, and for the check.
        from prompts_app import access_accounts, checks  # noqa: F401
        from prompts_app.models import triggers

        post_migrate.connect(triggers.install, sender=self)
