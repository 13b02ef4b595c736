"""10,000 broken and hostile files: a report for each, in time and little memory, no exception."""

import json
import subprocess
import sys
from collections.abc import Callable

from tests.soak.import_storm import MOST_SECONDS

SEEDS = 2
EACH = 5_000
# What reading may take beside the file itself.
MOST_MEGABYTES = 200


def test_every_reader_reports_whatever_comes(note: Callable[[object], None]) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.soak.import_storm", str(seed), str(EACH)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(SEEDS)
    ]
    for process in running:
        out, _err = process.communicate(timeout=1_800)
        assert process.returncode == 0
        told = json.loads(out)
        note({key: value for key, value in told.items() if key != "failures"})
        assert told["failures"] == []
        assert told["read"] >= EACH
        assert told["entries"] > EACH / 10
        assert told["problems"] > EACH / 10
        assert told["slowest"][0] <= MOST_SECONDS, told["slowest"]
        assert told["largest"][0] <= MOST_MEGABYTES, told["largest"]
