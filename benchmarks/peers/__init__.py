"""One small adapter per library: `op(state, sink, **args)`, `prepare_op(path, **args)`, `columns(result)`."""

from pathlib import Path

ENDINGS = {"evt2": "raw", "evt3": "raw", "dat": "dat", "aedat4 lz4": "aedat4"}


def output_path(source, who, format):
    """Where a contender writes; what is there from an earlier run is removed."""
    path = Path(source).with_name(f"written_{who}_{format.replace(' ', '_')}.{ENDINGS[format]}")
    path.unlink(missing_ok=True)
    return str(path)
