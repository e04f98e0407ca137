"""A bar for the first pass over a file, which the core makes while Python waits."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 1.0  # a pass that is shorter needs no bar
_EVERY_S = 0.1


@contextmanager
def first_pass_bar(path: str, size: int, passed: Callable[[], int], *, shown: bool) -> Iterator[None]:
    """Show how much of a file was passed over, as long as the block lasts; nothing in its first second.

    Args:
        path: of the file.
        size: of the file, bytes.
        passed: how many bytes were passed over so far; called by another thread.
        shown: False: nothing at all. Without tqdm nothing is shown either.
    """
    if not shown:
        yield
        return
    is_done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(os.path.basename(path), size, passed, is_done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def _watch(name: str, size: int, passed: Callable[[], int], is_done: threading.Event) -> None:
    if is_done.wait(PATIENCE_S):
        return
    try:
        from tqdm import tqdm
    except ImportError:
        return
    with tqdm(total=size, desc=name, unit="B", unit_scale=True) as bar:
        while not is_done.wait(_EVERY_S):
            bar.update(min(passed(), size) - bar.n)
        bar.update(size - bar.n)
