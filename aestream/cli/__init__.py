"""The command line: ``aestream info``, ``check``, ``convert``, ``frames`` and AEStream's own ``input … output …``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the entry point of the program ``aestream``."""
    try:
        from aestream.cli.app import app
        from aestream.cli.output import run
    except ImportError as error:
        if error.name is None or error.name.split(".")[0] not in ("click", "rich"):
            raise
        sys.exit(f"the command line needs {error.name}: pip install 'aestream[cli]'")
    run(app)
