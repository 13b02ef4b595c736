"""Health answers for machines, given before host checks and redirects to TLS."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse


class HealthMiddleware:
    """Answers `/healthz` (the process runs) and `/readyz` (and its database answers)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 FROM prompts_app_entry LIMIT 1")
            except DatabaseError:
                return HttpResponse("database\n", status=503, content_type="text/plain")
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)
