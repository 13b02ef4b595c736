"""What a reader notes of an entry while it reads: losses, and what makes it give the entry up."""

from typing import Final

from prompts_app.transfer.document import Loss, Problem
from prompts_app.transfer.loaded import Loaded, Path, path_text
from prompts_app.transfer.texts import told

MAX_LOSSES: Final = 200
_MAX_DETAIL: Final = 80


class Unfit(Exception):  # noqa: N818 - it reads as the condition it is
    """The entry cannot be made, for the reason `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Notes:
    """Losses of one entry, each code and detail once at a place."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._losses: dict[Loss, None] = {}

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Return what was lost, in the order of the lines."""
        return tuple(sorted(self._losses, key=lambda loss: loss.line))

    def lost(self, path: Path, code: str, detail: str = "") -> None:
        """Note that what stands at `path` is not brought in as it stood."""
        if len(self._losses) < MAX_LOSSES:
            line = self.loaded.line(path)
            self._losses[Loss(line, path_text(path), code, shown(detail))] = None

    def unfit(self, path: Path, code: str, detail: str = "") -> Unfit:
        """Return the reason to give the entry up, which stands at `path`."""
        return Unfit(Problem(self.loaded.line(path), code, shown(detail), path_text(path)))


def shown(text: str) -> str:
    """`text` as a detail: one short line."""
    return told(text, _MAX_DETAIL)
