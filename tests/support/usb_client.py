"""What a program does with a camera, in a process of its own, under usb_emulator: usb_client.py SCENARIO RESULT.npz."""

from __future__ import annotations

import pickle
import sys
import threading
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

import aestream
from aestream import Camera, USBInput

EVK4, DAVIS346 = (1280, 720), (346, 260)


def stream(shape: tuple[int, int], **options: Any) -> USBInput:
    """Items are events; the emulator sends all of them at once, and then nothing."""
    return USBInput(shape, representation=None, window_us=1000, **options)


def refusal(shape: tuple[int, int], **options: Any) -> str:
    """What opening says that must not succeed."""
    try:
        with USBInput(shape, **options):
            return "opened"
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def listing() -> dict[str, Any]:
    """What is connected, and which drivers looked."""
    return {
        "listed": [[info.name, info.serial, info.driver, info.camera.name] for info in aestream.list_cameras()],
        "drivers": [info.name for info in aestream.drivers() if info.problem is None],
    }


def collect(source: USBInput) -> dict[str, Any]:
    """All events, how the stream ended, and what is left of it."""
    parts, ending = [], "ended"
    try:
        parts.extend(item.numpy() for item in source)
    except OSError as error:
        ending = f"{type(error).__name__}: {error}"
    return {
        "events": np.concatenate(parts) if parts else np.zeros(0, aestream.EVENT_DTYPE),
        "ending": ending,
        "stats": [source.stats.received, source.stats.delivered, source.stats.pending, source.stats.kernel_drops],
        "info": str(source.info),
        "threads": threading.active_count(),
    }


def evk4() -> dict[str, Any]:
    """A camera that gives its events and falls silent; then what is refused."""
    result = listing()
    result["wrong_serial"] = refusal(EVK4, serial="00054321")
    result["wrong_maker"] = refusal(EVK4, camera=Camera.Inivation)
    source = stream(EVK4, camera=Camera.Prophesee, serial="00012345", timeout_s=1)
    result |= collect(source)
    result["pickled_info"] = str(pickle.loads(pickle.dumps(source)).info)
    with stream(EVK4) as silent:
        copy = pickle.loads(pickle.dumps(silent))
        result["streaming"] = [silent.is_streaming(), copy.info is None]
    result["stopped"] = not silent.is_streaming()
    result["wrong_shape"] = refusal((640, 480))
    return result


def evk4_read() -> dict[str, Any]:
    """Frames until the camera is unplugged."""
    total, frames, ending = np.zeros(EVK4), 0, "ended"
    with USBInput(EVK4) as source:
        try:
            while source.is_streaming():
                total += source.read()
                frames += 1
        except aestream.CameraDisconnected as error:
            ending = str(error)
        return {"frame": total, "ending": ending, "streaming": source.is_streaming()}


def davis346() -> dict[str, Any]:
    """The same of another driver, whose cameras open in no time."""
    result = listing()
    result["wrong_serial"] = refusal(DAVIS346, serial="999", camera=Camera.Inivation)
    result["wrong_maker"] = refusal(DAVIS346, camera=Camera.Prophesee)
    result |= collect(stream(DAVIS346, serial="00000042", timeout_s=1))
    result["wrong_shape"] = refusal((640, 480), camera=Camera.Inivation)
    return result


def evk4_left_open() -> dict[str, Any]:
    """Leaves the camera to the interpreter's end."""
    global left_open
    left_open = USBInput(EVK4, window_events=20_000)
    left_open.__enter__()
    next(iter(left_open))
    return {"received": left_open.stats.received}


def davis346_worker() -> dict[str, Any]:
    """A DataLoader with two workers, of which one has the camera."""
    loader = DataLoader(USBInput(DAVIS346, timeout_s=1), batch_size=None, num_workers=2)
    return {"total": sum(int(frame.sum()) for frame in loader)}


SCENARIOS = {
    "evk4_left_open": evk4_left_open,
    "davis346_worker": davis346_worker,
    "evk4": evk4,
    "evk4_read": evk4_read,
    "davis346": davis346,
    "evk4_raise": lambda: collect(stream(EVK4)),
    "evk4_stop": lambda: collect(stream(EVK4, on_disconnect="stop")),
    "davis346_raise": lambda: collect(stream(DAVIS346)),
    "davis346_stop": lambda: collect(stream(DAVIS346, on_disconnect="stop")),
    "refused": lambda: listing() | {"refusal": refusal(DAVIS346)},
}

if __name__ == "__main__":
    np.savez(sys.argv[2], **{key: np.asarray(value) for key, value in SCENARIOS[sys.argv[1]]().items()})
