"""EventFolder: recordings in a folder per class."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from aestream.datasets.recordings import RecordingDataset
from aestream.errors import FormatError
from aestream.hidden import is_hidden


class EventFolder(RecordingDataset):
    """``root/<class>/…/<recording>`` in any format that ``FileInput`` reads; an item is ``(x, label)``.

    Labels count the classes in sorted order, by code point. Files in folders below a class's count; hidden ones, and
    what macOS and Windows leave in folders, do not.

    Args:
        root: the folder that holds the classes' folders.
        shape: as in ``RecordingDataset``: None if all recordings have one, else what they are padded or cropped to.
        classes: the names to use, in order of their labels; None: the folders in ``root``. Give the training set's to
            the other splits, so that labels mean the same.
        pattern: of the names of recordings, such as ``"*.raw"``, where other files lie beside them.
        window_us: length of a window, µs; None: each recording is one item.
        options: as in ``RecordingDataset``.

    Raises:
        ValueError: if ``root`` holds no folder, a class's folder is missing or holds no file that matches ``pattern``,
            or sensors differ.
        FormatError: if a file is no recording; names it.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        shape: tuple[int, int] | None = None,
        *,
        classes: Sequence[str] | None = None,
        pattern: str = "*",
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        names = folder_names(root) if classes is None else list(classes)
        items = labelled_files(root, names, pattern)
        try:
            super().__init__(items, shape, classes=names, root=root, window_us=window_us, **options)
        except FormatError as error:
            advice = 'EventFolder takes pattern="*.raw", or alike, where other files lie beside recordings'
            raise FormatError(f"{error}; {advice}", error.offset) from None


def folder_names(root: str | os.PathLike[str]) -> list[str]:
    """The folders in ``root`` in sorted order, without hidden ones.

    Raises:
        ValueError: if there is none.
    """
    path = Path(root)
    names = sorted(each.name for each in path.iterdir() if each.is_dir() and not is_hidden(each.name))
    if not names:
        raise ValueError(f"expected a folder per class in {str(path)!r}, found none")
    return names


def labelled_files(
    root: str | os.PathLike[str], classes: Sequence[str], pattern: str = "*"
) -> list[tuple[str, None, int]]:
    """An item per file below ``root/<class>``, sorted by path within its class; the label is the class's number.

    Raises:
        ValueError: if a class has no folder, or no file that matches in it; names it.
    """
    items: list[tuple[str, None, int]] = []
    matches = re.compile(fnmatch.translate(pattern)).match
    for label, name in enumerate(classes):
        folder = os.path.join(root, name)
        if not os.path.isdir(folder):
            raise ValueError(f"expected a folder for class {name!r} at {folder!r}, found none")
        files = sorted(_files_below(folder, matches), key=_parts)
        if not files:
            found = "an empty folder" if pattern == "*" else f"no file {pattern}"
            raise ValueError(f"expected recordings of class {name!r} in {folder!r}, found {found}")
        items.extend((path, None, label) for path in files)
    return items


def _files_below(folder: str, matches: Callable[[str], Any]) -> Iterator[str]:
    """Files in a folder and below it whose names match, without hidden ones; the system lists what they are."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files_below(entry.path, matches)
            elif matches(entry.name) and entry.is_file():
                yield entry.path


def _parts(path: str) -> list[str]:
    return path.split(os.sep)
