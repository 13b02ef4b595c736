"""The upstream of the benches: `python -m bench.provider` prints its address and serves."""

import sys
import time

from tests.engines.provider import Pause, Provider, delta, event, head, sse, stop, usage

TOKENS = 60
# What a fast provider needs before its first token; the bench looks at what comes on top.
FIRST_TOKEN_SECONDS = 0.02


def main() -> None:
    """Serve the same streamed answer until standard input is closed."""
    with Provider() as provider:
        body = sse(*(delta(f"word{n} ") for n in range(TOKENS)), stop(), usage(20, TOKENS))
        first = event(delta("", role="assistant"))
        provider.script([head(), first, Pause(FIRST_TOKEN_SECONDS), *body[1:]])
        print(provider.base_url, flush=True)
        while sys.stdin.readline():
            time.sleep(0.1)


if __name__ == "__main__":
    main()
