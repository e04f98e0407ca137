"""Unpack archives that came from elsewhere: nothing is written outside of the folder, nothing stays half unpacked."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath


def extract(archive: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Unpack a zip or tar archive, or one file inside gzip, into a folder. Zip archives inside are unpacked, too.

    Entries appear in the folder when all of them have been unpacked.

    Raises:
        ValueError: if it is none of these, or damaged; if an entry would lie outside of the folder, is a link or a
            device, or has the name of something that is there.
    """
    source, target = Path(archive), Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=target) as temporary:
        _unpack(source, Path(temporary))
        for inner in sorted(Path(temporary).rglob("*.zip")):
            _unpack(inner, inner.parent)
            inner.unlink()
        entries = sorted(Path(temporary).iterdir())
        for entry in entries:
            if (target / entry.name).exists():
                raise ValueError(
                    f"{str(source)!r} holds {entry.name!r}, which is in {str(target)!r} already: remove it"
                )
        for entry in entries:
            os.replace(entry, target / entry.name)


def _unpack(source: Path, target: Path) -> None:
    try:
        if zipfile.is_zipfile(source):
            _unpack_zip(source, target)
        elif tarfile.is_tarfile(source):
            _unpack_tar(source, target)
        elif source.suffix == ".gz":
            with gzip.open(source) as packed, open(target / source.stem, "wb") as file:
                shutil.copyfileobj(packed, file)
        else:
            raise ValueError(f"expected a zip, tar or gzip archive, found something else in {str(source)!r}")
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{str(source)!r} is damaged: {error}") from None


def _unpack_zip(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        for entry in archive.infolist():
            if stat.S_ISLNK(entry.external_attr // 65536):
                raise ValueError(f"{str(source)!r}: entry {entry.filename!r} is a link")
            path = _inside(source, target, entry.filename)
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, open(path, "wb") as file:
                shutil.copyfileobj(packed, file)


def _unpack_tar(source: Path, target: Path) -> None:
    with tarfile.open(source) as archive:
        for entry in archive:
            path = _inside(source, target, entry.name)
            if entry.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            packed = archive.extractfile(entry) if entry.isreg() else None
            if packed is None:
                raise ValueError(f"{str(source)!r}: entry {entry.name!r} is a link or a device")
            path.parent.mkdir(parents=True, exist_ok=True)
            with packed, open(path, "wb") as file:
                shutil.copyfileobj(packed, file)


def _inside(source: Path, target: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in (parts.parts or ("",))[0]:
        raise ValueError(f"{str(source)!r}: entry {name!r} would lie outside of the folder")
    return target.joinpath(*parts.parts)
