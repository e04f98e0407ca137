"""HDF5 files through h5py: never followed out of the file, never larger than they may be, with errors that help."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Iterator
from typing import Any

from aestream.errors import FormatError
from aestream.formats.fields import FieldsError

_TRUSTED_RATIO = 64  # of bytes that a file claims to its size
_ALWAYS_TRUSTED = 16 << 20
_MOST_LINKS = 16


class OptionError(ValueError):
    """What the user asked for is not in the file."""


def import_h5py() -> Any:
    """The package h5py; an ImportError names the extra."""
    try:
        import h5py
    except ImportError:
        raise ImportError("HDF5 files need h5py: pip install 'aestream[hdf5]'") from None
    return h5py


@contextlib.contextmanager
def open_hdf5_file(path: str) -> Iterator[Any]:
    """The file as h5py.File, closed at the end. What HDF5 complains of becomes a FormatError."""
    h5py = import_h5py()
    with hdf5_damage(), h5py.File(path, "r") as file:
        yield file


@contextlib.contextmanager
def hdf5_damage() -> Iterator[None]:
    """Turns the errors of h5py into FormatErrors."""
    try:
        yield
    except (FormatError, OptionError, FieldsError):
        raise
    except (OSError, KeyError, RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"expected a sound HDF5 file, found: {error}") from None


def find(group: Any, path: str) -> Any:
    """The group or dataset at a path below a group, or None if there is none.

    Raises:
        FormatError: if it lies in another file: behind an external link, in a virtual dataset, or in raw files.
    """
    h5py = import_h5py()
    here, names, links = group, deque(_names(path)), 0
    while names:
        link = here.get(names[0], getlink=True) if isinstance(here, h5py.Group) else None
        if link is None:
            return None
        name = names.popleft()
        if isinstance(link, h5py.ExternalLink):
            raise FormatError(f"expected {path} within the file, found a link to {link.filename!r}")
        if isinstance(link, h5py.SoftLink):
            links += 1
            if links > _MOST_LINKS:
                raise FormatError(f"expected {path}, found more than {_MOST_LINKS} links")
            here = here.file if link.path.startswith("/") else here
            names.extendleft(reversed(_names(link.path)))
        else:
            here = here[name]
    if isinstance(here, h5py.Dataset) and (here.is_virtual or here.external):
        raise FormatError(f"expected {path} within the file, found a dataset that other files hold")
    return here


def find_dataset(group: Any, path: str) -> Any:
    """The same, of datasets alone."""
    found = find(group, path)
    return found if isinstance(found, import_h5py().Dataset) else None


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def check_size(dataset: Any, file_bytes: int, item_bytes: int = 0) -> None:
    """Refuse a dataset whose rows, or one of whose chunks, would take far more memory than the file's size.

    ``item_bytes``: what one row becomes, if that is more than it is in the dataset.
    """
    most = _TRUSTED_RATIO * file_bytes + _ALWAYS_TRUSTED
    rows = max(dataset.shape) if dataset.shape else 1  # whatever the axis
    for what, shape, least in (("rows", dataset.shape, rows * item_bytes), ("rows in a chunk", dataset.chunks, 0)):
        claimed = max(math.prod(shape or ()) * dataset.dtype.itemsize, least)
        if claimed > most:
            expected = f"at most {most} bytes in {dataset.name} for a file of {file_bytes}"
            raise FormatError(f"expected {expected}, found {claimed} for {list(shape)} {what}")


def filters_of(dataset: Any) -> list[tuple[int, tuple[int, ...]]]:
    """The filters of a dataset's chunks as the writer applied them: number in HDF5's registry, and parameters."""
    properties = dataset.id.get_create_plist()
    filters = (properties.get_filter(i) for i in range(properties.get_nfilters()))
    return [(each[0], tuple(each[2])) for each in filters]


def check_filters(dataset: Any) -> None:
    """Raise ImportError, which names the extra, if HDF5 cannot undo a filter of the dataset."""
    h5py = import_h5py()
    for number, _ in filters_of(dataset):
        if not h5py.h5z.filter_avail(number):
            with contextlib.suppress(ImportError):
                import hdf5plugin  # noqa: F401 - registers its filters
        if not h5py.h5z.filter_avail(number):
            raise ImportError(f"{dataset.name} is compressed by HDF5's filter {number}: pip install 'aestream[hdf5]'")
