"""What every published data set shares: where it comes from, where its folder is, which splits and classes it has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aestream.datasets.archives import extract
from aestream.datasets.download import fetch
from aestream.datasets.folder import labelled_files
from aestream.hidden import is_hidden


@dataclass(frozen=True)
class Archive:
    """A file that a publisher offers; ``url`` is None where he wants it fetched by hand.

    ``md5_url`` is the address of a list such as ``md5sum`` prints, where the hash is the publisher's to look up.
    """

    name: str
    md5: str | None = None
    url: str | None = None
    md5_url: str | None = None


@dataclass(frozen=True)
class Source:
    """Where a data set comes from.

    Attributes:
        title, page, licence, citation: for people.
        archives: what to fetch, by split; ``""``: for every split.
    """

    title: str
    page: str
    licence: str
    citation: str
    archives: dict[str, tuple[Archive, ...]]

    def find(
        self, root: str | os.PathLike[str], marks: Sequence[str], *, split: str = "", download: bool = False
    ) -> Path:
        """The published folder: ``root``, or one in it, that holds all of ``marks``.

        Raises:
            ValueError: if there is none; says what to fetch from where, if ``download`` is false or not allowed.
            OSError: if a download fails.
        """
        found = _holder(Path(root), marks)
        if found is None and download:
            self._download(Path(root), split)
            found = _holder(Path(root), marks)
        if found is None:
            named = " and ".join(marks)
            raise ValueError(
                f"expected {named} of {self.title} in {os.fspath(root)!r}, found none; {self.advice(split)}"
            )
        return found

    def advice(self, split: str = "") -> str:
        """Which files to fetch from where, with their hashes."""
        files = [f"{each.name} (MD5 {each.md5})" if each.md5 else each.name for each in self._files(split)]
        return f"get {', '.join(files) or 'it'} from {self.page} and unpack there"

    def _files(self, split: str) -> tuple[Archive, ...]:
        return self.archives.get(split, self.archives.get("", ()))

    def _download(self, root: Path, split: str) -> None:
        files = self._files(split)
        if not files or any(each.url is None for each in files):
            raise ValueError(f"download=True is not possible for {self.title}: {self.advice(split)}")
        for each in files:
            md5 = each.md5 if each.md5_url is None else _listed_md5(each, root)
            path = fetch(str(each.url), root / each.name, md5=md5)
            extract(path, root)
            path.unlink()


def _listed_md5(archive: Archive, root: Path) -> str:
    path = fetch(str(archive.md5_url), root / f"{archive.name}.md5sums")
    lines = [line.split() for line in path.read_text().splitlines()]
    path.unlink()
    for line in lines:
        if len(line) == 2 and line[1].lstrip("*").removeprefix("./") == archive.name:
            return line[0]
    raise ValueError(f"expected the MD5 of {archive.name} at {archive.md5_url}, found none")


def _holder(root: Path, marks: Sequence[str]) -> Path | None:
    if not root.is_dir():
        return None
    folders = [root, *sorted(each for each in root.iterdir() if each.is_dir())]
    return next((each for each in folders if all((each / mark).exists() for mark in marks)), None)


def check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """Raise ValueError unless a value is one of those known."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}; got {value!r}")


def class_items(folder: Path, classes: Sequence[str], pattern: str = "*") -> list[tuple[str, None, int]]:
    """Items of the classes' folders that are there, with labels by the full list.

    Raises:
        ValueError: if a folder is of no class, or empty; if there is none.
    """
    there = {each.name for each in folder.iterdir() if each.is_dir() and not is_hidden(each.name)}
    unknown = sorted(there.difference(classes))
    if unknown or not there:
        found = ", ".join(map(repr, unknown)) or "no folder"
        raise ValueError(f"expected folders of the {len(classes)} classes in {str(folder)!r}, found {found}")
    return [
        (path, None, label)
        for label, name in enumerate(classes)
        if name in there
        for path, _, _ in labelled_files(folder, [name], pattern)
    ]
