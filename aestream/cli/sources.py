"""The files that a command is given: by name, or all recordings of a folder and of the folders in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.ros import is_bag_folder

# Text and tables of a data set may be anything: in a folder they are recordings by their name, others by their content.
_BY_NAME = (".csv", ".npy", ".npz", ".bin", ".mat")
_WRAPPERS = (".gz", ".zst", ".xz")


class Source(NamedTuple):
    """A recording, and where it lies in the tree that was given: its name, for one that was given by name."""

    path: Path
    within: Path


def expand(paths: Iterable[str | os.PathLike[str]], *, without: str | os.PathLike[str] | None = None) -> list[Source]:
    """The recordings that paths mean, in the order of the paths and sorted in a folder.

    Args:
        paths: files, folders of ROS 2 bags, or folders whose trees are searched. There, what is hidden does not count,
            nor do files that are no recordings by their content; text, arrays and ``.bin`` do, by their name.
        without: a folder, such as that of an output, that is no part of any tree.

    Raises:
        click.UsageError: if a folder holds no recording.
    """
    found: list[Source] = []
    given = [Path(path) for path in paths]
    folders = sum(_is_tree(path) for path in given)
    for path in given:
        if not _is_tree(path):
            found.append(Source(path, Path(path.name)))
            continue
        inside = list(_walk(path, None if without is None else os.path.realpath(without)))
        if not inside:
            raise click.UsageError(f"{path}: expected recordings in the folder, found none")
        above = path.resolve().name if folders > 1 else ""
        found += [Source(each, Path(above) / each.relative_to(path)) for each in inside]
    return found


def _is_tree(path: Path) -> bool:
    return path.is_dir() and not is_bag_folder(os.fspath(path))


def _walk(folder: Path, without: str | None) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        here = Path(top)
        for name in sorted(folders):
            if is_bag_folder(os.fspath(here / name)):
                yield here / name
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not is_bag_folder(os.fspath(here / name))
            and os.path.realpath(here / name) != without
        )
        yield from (here / name for name in sorted(names) if _is_recording(here / name))


def _is_recording(path: Path) -> bool:
    name = path.name.lower()
    if name.startswith(".") or name.endswith(".tmp") or not path.is_file():
        return False
    if name.endswith((*_BY_NAME, *_WRAPPERS)):
        return True
    try:
        detected = _core.detect_format(_core.MappedFile(os.fspath(path)))
    except (FormatError, OSError):  # a damaged header, or no permission: opening it will say so
        return True
    return detected not in ("", "csv") or (detected == "csv" and name.endswith(".txt"))
