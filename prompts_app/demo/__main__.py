"""``python -m prompts_app.demo --port N [--pace TOKENS_A_SECOND]``: the server in the foreground.

Prints nothing but errors; SIGINT and SIGTERM end it with exit code 0. A pace of 0 means as fast as
possible.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from prompts_app.demo.server import HOST, READABLE_PACE, serve


async def _main(port: int, pace: float | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(port, pace, stop)


def main() -> int:
    """Run until told to stop; 1 when the port cannot be taken."""
    parser = argparse.ArgumentParser(prog="python -m prompts_app.demo")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pace", type=float, default=READABLE_PACE)
    options = parser.parse_args()
    if not 1 <= options.port <= 65535 or options.pace < 0:
        parser.error("the port is a number from 1 to 65535, the pace 0 or more")
    try:
        asyncio.run(_main(options.port, options.pace or None))
    except OSError as error:
        sys.stderr.write(f"The demo model cannot listen on {HOST}:{options.port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
