"""ThreadSource: a producer in Python, for drivers that are Python packages."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

import aestream._core as _core


class ThreadSource:
    """Runs ``produce(sink, stopping)`` in a thread until it returns, and closes the sink with what it raises.

    ``produce`` looks at the event ``stopping`` every few milliseconds, returns when it is set, and releases its device
    in any case. It must not hold a reference to this object. At the interpreter's end the thread is stopped, too.
    """

    def __init__(self, sink: _core.EventSink, produce: Callable[[_core.EventSink, threading.Event], None]) -> None:
        stopping = threading.Event()
        thread = threading.Thread(target=_run, args=(sink, produce, stopping), name="aestream source", daemon=True)
        self._stop = weakref.finalize(self, _end, thread, stopping)
        thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop()


def _run(
    sink: _core.EventSink, produce: Callable[[_core.EventSink, threading.Event], None], stopping: threading.Event
) -> None:
    try:
        produce(sink, stopping)
    except BaseException as error:
        sink.close(error)
    else:
        sink.close()


def _end(thread: threading.Thread, stopping: threading.Event) -> None:
    stopping.set()
    if thread is not threading.current_thread():
        thread.join()
