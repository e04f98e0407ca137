"""The readers are in an environment of their own; `bash .ci/readers` makes it and names its Python here."""

from __future__ import annotations

import os

READERS = "AESTREAM_READERS"

collect_ignore_glob = [] if os.environ.get(READERS) else ["test_*.py"]
