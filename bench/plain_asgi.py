"""Django's own ASGI handler in front of the same views: what the site is measured against."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
