"""Which module writes which format, by its name or by the ending of the path."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from importlib import import_module

from aestream.writers.base import FormatWriter, WriteOptions


@dataclass(frozen=True)
class _Entry:
    module: str
    name: str
    endings: tuple[str, ...]
    options: tuple[str, ...] = ()  # names of those WriteOptions that mean something here
    extra: str | None = None  # what to install for it


_AEDAT4_OPTIONS = ("compression", "source", "packet_us")
_WRITERS = {  # of several formats with one ending, the first is the one that the ending means
    "aedat4": _Entry("aestream.writers.aedat4", "Aedat4Writer", (".aedat4",), _AEDAT4_OPTIONS),
    "evt3": _Entry("aestream.writers.prophesee", "Evt3Writer", (".raw",)),
    "evt21": _Entry("aestream.writers.prophesee", "Evt21Writer", (".raw",)),
    "evt2": _Entry("aestream.writers.prophesee", "Evt2Writer", (".raw",)),
    "dat": _Entry("aestream.writers.prophesee", "DatWriter", (".dat",)),
    "es": _Entry("aestream.writers.es", "EsWriter", (".es",)),
    "bin40": _Entry("aestream.writers.bin40", "Bin40Writer", (".bin",)),
    "csv": _Entry("aestream.writers.csv_text", "CsvWriter", (".csv",)),
    "txt": _Entry("aestream.writers.csv_text", "TxtWriter", (".txt",)),
    "dsec": _Entry("aestream.writers.dsec", "DsecWriter", (".h5",), extra="hdf5"),
    "prophesee": _Entry("aestream.writers.prophesee_hdf5", "PropheseeWriter", (".hdf5", ".h5"), extra="hdf5"),
    "npz": _Entry("aestream.writers.npz", "NpzWriter", (".npz",), ("compression",)),
}


def choose(path: str, format: str | None) -> str:
    """The name of the format: ``format``, else what the path's ending means.

    Raises:
        ValueError: if there is no such format, the ending says nothing, or the two contradict each other.
    """
    ending = os.path.splitext(path)[1].lower()
    by_ending = [name for name, entry in _WRITERS.items() if ending in entry.endings]
    if format is None:
        if not by_ending:
            known = ", ".join(dict.fromkeys(each for entry in _WRITERS.values() for each in entry.endings))
            raise ValueError(f"path must end in one of {known}, or format be given; got {path!r}")
        return by_ending[0]
    if format not in _WRITERS:
        raise ValueError(f"format must be one of {', '.join(_WRITERS)}; got {format!r}")
    if by_ending and format not in by_ending:
        endings = " or ".join(_WRITERS[format].endings)
        raise ValueError(f"a file of format {format!r} ends in {endings}; got {path!r}")
    return format


def endings() -> dict[str, str]:
    """The usual ending of each format's files, by the format's name."""
    return {name: entry.endings[0] for name, entry in _WRITERS.items()}


def check_options(name: str, options: WriteOptions) -> None:
    """Refuse options that the format has no use for."""
    default = WriteOptions()
    for option in (each.name for each in fields(options)):
        value = getattr(options, option)
        if value != getattr(default, option) and option not in _WRITERS[name].options:
            takers = " and ".join(other for other, entry in _WRITERS.items() if option in entry.options)
            raise ValueError(f"{option}={value!r} is for {takers} files; the format is {name}")


def load_writer(name: str) -> type[FormatWriter]:
    """The class that writes the format.

    Raises:
        ImportError: if it needs a package that is not installed; says which extra has it.
    """
    entry = _WRITERS[name]
    try:
        module = import_module(entry.module)
    except ModuleNotFoundError as error:
        if entry.extra is None:
            raise
        needs = f"{name} files need the package {error.name}: pip install 'aestream[{entry.extra}]'"
        raise ModuleNotFoundError(needs, name=error.name) from None
    writer: type[FormatWriter] = getattr(module, entry.name)
    return writer
