"""The site.

Where the package pysqlite3 is installed (on Linux), its SQLite takes the place of Python's: the
one Debian 12 ships has the WAL-reset bug, so every commit there costs three syncs instead of one.
"""

import contextlib
import sys

with contextlib.suppress(ImportError):
    import pysqlite3
    import pysqlite3.dbapi2

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
