"""Fetch a file over HTTP: resumed after a cut, checked against size and hash, under its name only when it is whole."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 1 << 20
_FRUITLESS_TRIES = 3  # without one more byte
_TIMEOUT_S = 60


def fetch(
    url: str,
    path: str | os.PathLike[str],
    *,
    md5: str | None = None,
    size: int | None = None,
    progress: bool | None = None,
) -> Path:
    """Download ``url`` to ``path``, unless the whole file is there already.

    What has arrived lies in ``path`` + ".part" and is gone on from, in this call and in later ones.

    Args:
        md5, size: what the file must have; a file that has not is deleted.
        progress: show a bar, if tqdm is installed; None: if stderr is a terminal.

    Raises:
        ValueError: if the file has another hash or size.
        OSError: if the server refuses, or breaks off again and again; names address and status.
    """
    target = Path(path)
    if target.exists() and _fault(target, md5, size) is None:
        return target
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    fruitless = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        if _continue(url, part, before, progress):
            break
        grown = part.exists() and part.stat().st_size > before
        fruitless = 0 if grown else fruitless + 1
        if fruitless == _FRUITLESS_TRIES:
            raise OSError(f"{url}: the server broke off {fruitless} times at byte {before}; try again later")
    fault = _fault(part, md5, size)
    if fault is not None:
        part.unlink()
        raise ValueError(f"{url}: {fault}; what came was deleted")
    os.replace(part, target)
    return target


def _continue(url: str, part: Path, offset: int, progress: bool | None) -> bool:
    """Ask for what is missing from ``offset`` on; whether everything has come."""
    request = urllib.request.Request(url, headers={"User-Agent": "aestream"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            if response.status == 206 and _first_byte(response) != offset:
                part.unlink(missing_ok=True)  # another piece than we asked for: begin anew
                return False
            return _receive(response, part, offset if response.status == 206 else 0, progress)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise OSError(f"{url}: the server answered {error.code} {error.reason}") from None
        if error.headers.get("Content-Range") == f"bytes */{offset}":
            return True
        part.unlink(missing_ok=True)
        return False
    except urllib.error.URLError as error:
        raise OSError(f"{url}: {error.reason}") from None
    except (http.client.HTTPException, ConnectionError, TimeoutError):
        return False


def _first_byte(response: Any) -> int | None:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _receive(response: Any, part: Path, offset: int, progress: bool | None) -> bool:
    announced = response.headers.get("Content-Length")
    total = None if announced is None else offset + int(announced)
    bar = _progress_bar(part.name.removesuffix(".part"), offset, total, progress)
    received = offset
    with open(part, "r+b" if offset else "wb") as file:
        file.seek(offset)
        while chunk := response.read(_CHUNK_BYTES):
            file.write(chunk)
            received += len(chunk)
            if bar is not None:
                bar.update(len(chunk))
    if bar is not None:
        bar.close()
    return total is None or received >= total


def _progress_bar(name: str, offset: int, total: int | None, progress: bool | None) -> Any:
    if progress is False or (progress is None and not sys.stderr.isatty()):
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(desc=name, initial=offset, total=total, unit="B", unit_scale=True)


def _fault(path: Path, md5: str | None, size: int | None) -> str | None:
    """What is wrong with a file, or None."""
    found = path.stat().st_size
    if size is not None and found != size:
        return f"expected {size} bytes, found {found}"
    if md5 is None:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return None if digest.hexdigest() == md5 else f"expected the MD5 {md5}, found {digest.hexdigest()}"
