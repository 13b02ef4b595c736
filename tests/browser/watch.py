"""Notes everything that goes wrong in a browser while a test looks at something else."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Chromium and htmx say here, too, that a request failed; each is counted once, where it failed.
REPEATED = (
    "Failed to load resource",
    "Response Status Error Code",
    "htmx:afterRequest",
    "htmx:sendAbort",
    "htmx:sendError",
)


@dataclass
class Watch:
    """What the pages of one test must not do: errors, refusals of the policy, failed requests.

    `allowed` holds HTTP statuses of 400 and above that the test is about; `offline` is set by a
    test that cuts the connection itself.
    """

    problems: list[str] = field(default_factory=list)
    allowed: set[int] = field(default_factory=set)
    offline: bool = False

    def over(self, context: BrowserContext) -> None:
        """Watch every page of `context` from now on."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REPEATED):
            self.problems.append(f"console at {_where(message)}: {message.text}")

    def _error(self, error: WebError) -> None:
        self.problems.append(f"script: {error.error}")

    def _failed(self, request: Request) -> None:
        # An aborted request is one the page itself gave up: Stop, or leaving the page.
        if request.failure != "net::ERR_ABORTED" and not self.offline:
            self.problems.append(f"{request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")


def _where(message: ConsoleMessage) -> str:
    return message.page.url if message.page else "no page"
