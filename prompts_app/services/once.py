"""What pages ask for again and again, found once where many of them are made in a row.

Elsewhere everything is asked for anew: what another request has changed shows at once.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Found = dict[Callable[..., Any], OrderedDict[Hashable, Any]]
_found: ContextVar[Found | None] = ContextVar("found", default=None)


@contextmanager
def remembering(found: Found) -> Iterator[None]:
    """Keep what is found in `found`, which starts empty, and take from there what is."""
    token = _found.set(found)
    try:
        yield
    finally:
        _found.reset(token)


def once(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function that tells the same to the same arguments be asked once, while remembering.

    Its last `most` answers are kept; whoever gets one shares it with others, and may add to it
    only what they would add themselves.
    """

    def decorate(work: Callable[P, R]) -> Callable[P, R]:
        @wraps(work)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            found = _found.get()
            if found is None:
                return work(*args, **kwargs)
            kept = found.setdefault(work, OrderedDict())
            key = (args, tuple(sorted(kwargs.items())))
            if key not in kept:
                kept[key] = work(*args, **kwargs)
                if len(kept) > most:
                    kept.popitem(last=False)
            kept.move_to_end(key)
            answer: R = kept[key]
            return answer

        return wrapper

    return decorate
