"""The adapters of camera drivers: dv-processing on a recording and a network stream, the others on stand-ins."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.checks import assert_same_events, run_python
from support.files import HEIGHT, WIDTH, make_events

import aestream
from aestream import Camera, CameraDisconnected, CameraInfo, CameraNotFound, FileInput, USBInput
from aestream.data import demo_recording
from aestream.streams.drivers import find
from aestream.streams.drivers.driver import Batch, Driver, one_line
from aestream.streams.drivers.dv import DvDevice, DvProcessing
from aestream.streams.drivers.metavision import Metavision
from aestream.streams.drivers.neuromorphic import NeuromorphicDevice, NeuromorphicDrivers

SHAPE = (WIDTH, HEIGHT)
INFO = CameraInfo("DAVIS346", "00000042", "played", Camera.Inivation)


class PlayedDevice:
    """Hands out what it was given, and remembers that it was closed."""

    shape = SHAPE

    def __init__(self, info: CameraInfo = INFO, batches: tuple[Batch | None, ...] = ()) -> None:
        self.info = info
        self.given = batches
        self.closed = 0

    def batches(self) -> Iterator[Batch | None]:
        yield from self.given

    def close(self) -> None:
        self.closed += 1


class PlayedDriver(Driver):
    """A driver that has the devices it was given, by camera."""

    def __init__(self, *devices: Any, name: str = "played", problem: str | None = None, fails: str = "") -> None:
        self.name = name
        self.cameras = (Camera.Inivation, Camera.Prophesee)
        self.install = f"pip install {name}"
        self.devices = {device.info: device for device in devices}
        self.problem = problem
        self.fails = fails
        self.opened: list[CameraInfo] = []

    def module(self) -> Any:
        if self.problem is not None:
            raise ImportError(self.problem)

    def list_cameras(self) -> list[CameraInfo]:
        if self.fails == "list":
            raise OSError(f"{self.name} cannot list cameras: no permission")
        return [*self.devices]

    def open(self, info: CameraInfo) -> Any:
        self.opened.append(info)
        if self.fails == "open":
            raise OSError("it is busy")
        return self.devices[info]


@pytest.fixture
def use(monkeypatch):
    """use(driver, ...): these are all drivers that there are."""
    return lambda *drivers: monkeypatch.setattr(find, "DRIVERS", drivers)


def collect(device: Any, use: Any, **options: Any) -> tuple[np.ndarray, USBInput]:
    """What USBInput delivers of a device that ends by itself."""
    use(PlayedDriver(device))
    source = USBInput(device.shape, representation=None, on_disconnect="stop", **options)
    return np.concatenate([item.numpy() for item in source]), source


# USBInput, whatever the driver


def test_batches_are_counted_and_the_device_is_closed(use):
    events = make_events(1000)
    device = PlayedDevice(
        batches=(Batch(events[:600], packets=3), None, Batch(None, lost=2), Batch(events[600:], packets=4, lost=5))
    )
    found, source = collect(device, use)
    assert_same_events(found, events)
    assert (source.stats.packets, source.stats.kernel_drops, source.stats.received) == (8, 7, 1000)
    assert device.closed == 1


@pytest.mark.parametrize("says_why", [True, False])
def test_disconnected_comes_after_the_last_event(use, says_why):
    class Unplugged(PlayedDevice):
        def batches(self) -> Iterator[Batch | None]:
            yield Batch(make_events(1000))
            if says_why:
                raise CameraDisconnected(f"{self.info}: cable")

    use(PlayedDriver(Unplugged()))
    total = 0
    with pytest.raises(CameraDisconnected, match="DAVIS346 00000042" + (": cable" if says_why else " was unplugged")):
        for item in USBInput(SHAPE):
            total += int(item.sum())
    assert total == 1000


def test_other_shape_fails_and_closes_the_device(use):
    device = PlayedDevice()
    use(PlayedDriver(device))
    with pytest.raises(ValueError, match=rf"DAVIS346 00000042 has {WIDTH}x{HEIGHT} pixels; got shape 640x480"):
        USBInput((640, 480)).__enter__()
    assert device.closed == 1


def test_error_of_ours_is_raised_even_if_disconnecting_is_not(use):
    wrong = np.zeros(3, [("t", "<i8"), ("x", "<f4"), ("y", "<i2"), ("p", "?")])
    device = PlayedDevice(batches=(Batch(wrong),))
    use(PlayedDriver(device))
    with pytest.raises(ValueError, match="x"):
        list(USBInput(SHAPE, on_disconnect="stop"))
    assert device.closed == 1


# which camera, by which driver


def test_first_driver_that_has_the_camera_opens_it(use):
    first, second = PlayedDevice(), PlayedDevice(replace(INFO, serial="7"))
    drivers = [PlayedDriver(first, name="one"), PlayedDriver(first, second, name="two")]
    use(*drivers)
    assert find.open_camera() is first
    assert find.open_camera(serial="7") is second
    assert [len(driver.opened) for driver in drivers] == [1, 1]


def test_camera_that_cannot_be_opened_is_not_tried_again_but_others_are(use):
    refused, other = PlayedDevice(), PlayedDevice(replace(INFO, serial="7"))
    second = PlayedDriver(refused, other, name="two")
    use(PlayedDriver(refused, name="one", fails="open"), second)
    assert find.open_camera() is other
    assert second.opened == [other.info]


@pytest.mark.parametrize(
    ("drivers", "arguments", "message"),
    [
        (
            [PlayedDriver(problem="No module named 'played'")],
            {},
            "no driver is usable to look for a camera of iniVation or Prophesee; "
            "without played: No module named 'played' (pip install played)",
        ),
        ([PlayedDriver()], {}, "no camera of iniVation or Prophesee is connected; looked with played unknown"),
        (
            [PlayedDriver(PlayedDevice()), PlayedDriver(name="p", problem="too old")],
            {"serial": "7", "camera": Camera.Inivation},
            "no camera of iniVation with serial number '7' is connected; connected: DAVIS346 00000042; "
            "looked with played unknown; without p: too old (pip install p)",
        ),
        (
            [PlayedDriver(PlayedDevice(), fails="open")],
            {},
            "DAVIS346 00000042 cannot be opened (played): it is busy; looked with played unknown",
        ),
        (
            [PlayedDriver(fails="list")],
            {"camera": Camera.Prophesee},
            "played cannot list cameras: no permission; looked with played unknown",
        ),
    ],
)
def test_camera_not_found_says_what_was_done(use, drivers, arguments, message):
    use(*drivers)
    with pytest.raises(CameraNotFound) as caught:
        USBInput(SHAPE, **arguments).__enter__()
    assert str(caught.value) == message


def test_drivers_and_cameras_are_listed(use):
    use(PlayedDriver(PlayedDevice()), PlayedDriver(name="other", problem="broken"))
    assert [(info.name, info.version, info.problem) for info in aestream.drivers()] == [
        ("played", "unknown", None),
        ("other", None, "broken"),
    ]
    assert aestream.list_cameras() == (INFO,)


def test_version_that_is_too_old_is_not_used(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1.7.9")
    with pytest.raises(ImportError, match=r"version 1\.7\.9 is too old: 2 or newer is needed"):
        DvProcessing().version()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.18.1")
    with pytest.raises(ImportError, match=r"version 0\.18\.1 is too old: 0\.18\.2 or newer is needed"):
        NeuromorphicDrivers().version()


def test_import_loads_no_driver():
    code = "import sys, aestream; print(*sorted(sys.modules))"
    loaded = run_python(code).stdout.split()
    assert "aestream.streams.usb" in loaded
    assert not {"dv_processing", "neuromorphic_drivers", "metavision_core", "metavision_hal", "samna"} & set(loaded)


def test_messages_are_cut_to_what_they_say():
    text = "/project/usb.hpp(618): open()\nRuntimeError: Too old.\nStacktrace:\n 0# 0x00 in lib.so\n"
    assert one_line(RuntimeError(text)) == "Too old."
    assert one_line(OSError("Failed to open camera  !")) == "Failed to open camera  !"
    assert one_line(IndexError()) == "IndexError"


# dv-processing


def test_dv_reads_a_recording(use):
    dv = pytest.importorskip("dv_processing", reason="needs dv-processing: pip install 'aestream[inivation]'")
    recording = dv.io.MonoCameraRecording(str(demo_recording()))
    found, source = collect(DvDevice(recording, INFO), use)
    assert_same_events(found, FileInput(demo_recording()).load())
    assert source.stats.received == len(found) > 40_000


def test_dv_reads_a_network_stream_until_its_server_is_gone(use, tmp_path):
    dv = pytest.importorskip("dv_processing", reason="needs dv-processing: pip install 'aestream[inivation]'")
    socket, count = tmp_path / "socket", 10_000
    command = [sys.executable, "-m", "support.dv_writer", str(socket), str(count)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        try:
            assert writer.stdout.readline() == b"ready\n"
            device = DvDevice(dv.io.NetworkReader(dv.Path(str(socket))), INFO)
            use(PlayedDriver(device))
            parts: list[np.ndarray] = []
            with pytest.raises(CameraDisconnected, match="DAVIS346 00000042 was unplugged"):
                for item in USBInput(SHAPE, representation=None, window_events=1000):
                    parts.append(item.numpy())
                    if len(parts) == count // 1000:
                        writer.stdin.close()
            assert writer.wait(30) == 0
        finally:
            writer.kill()
    assert_same_events(np.concatenate(parts), make_events(count))


# neuromorphic-drivers


def status(packets: int = 1, dropped: int = 0) -> SimpleNamespace:
    return SimpleNamespace(ring=SimpleNamespace(raw_packets=packets, dropped_packets=dropped))


def evk4_events(events: np.ndarray) -> SimpleNamespace:
    """A packet with the driver's dtype: 13 bytes an event."""
    found = np.zeros(len(events), [("t", "<u8"), ("x", "<u2"), ("y", "<u2"), ("on", "?")])
    for name, ours in zip(("t", "x", "y", "on"), "txyp", strict=True):
        found[name] = events[ours]
    return SimpleNamespace(polarity_events=found)


class Evk4StandIn:
    """A device whose iterator gives or raises what it was given, and then nothing, or the last error, for ever."""

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.closed = 0

    def properties(self) -> SimpleNamespace:
        return SimpleNamespace(width=WIDTH, height=HEIGHT)

    def __iter__(self) -> Evk4StandIn:
        return self

    def __next__(self) -> Any:
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed += 1


SILENCE = (SimpleNamespace(ring=None), None)
GONE = RuntimeError("PropheseeEvk4(Usb(Rusb(NoDevice)))")


def test_neuromorphic_counts_what_the_driver_dropped(use):
    events = make_events(300)
    steps = [
        (status(2, 0), evk4_events(events[:100])),
        (status(1, 3), evk4_events(events[100:200])),
        (status(1, 3), SimpleNamespace(polarity_events=None)),
        (status(1, 8), evk4_events(events[200:])),
    ]
    device = Evk4StandIn(*steps, GONE, SILENCE)
    found, source = collect(NeuromorphicDevice(device, INFO), use)
    assert_same_events(found, events)
    assert (source.stats.packets, source.stats.kernel_drops, device.closed) == (5, 8, 1)


@pytest.mark.parametrize("last", [SILENCE, GONE])
def test_neuromorphic_delivers_what_lies_behind_the_errors_of_an_unplugged_camera(use, last):
    events = make_events(400)
    parts = [(status(), evk4_events(part)) for part in np.split(events, 4)]
    device = NeuromorphicDevice(Evk4StandIn(parts[0], GONE, parts[1], GONE, GONE, parts[2], parts[3], last), INFO)
    found, _ = collect(device, use)
    assert_same_events(found, events)
    device = NeuromorphicDevice(Evk4StandIn(GONE, last), INFO)
    with pytest.raises(CameraDisconnected, match=r"DAVIS346 00000042 .* PropheseeEvk4\(Usb\(Rusb\(NoDevice\)\)\)"):
        list(device.batches())


def test_neuromorphic_that_is_silent_can_be_stopped(use):
    device = Evk4StandIn(SILENCE)
    use(PlayedDriver(NeuromorphicDevice(device, INFO)))
    with USBInput(SHAPE) as stream:
        assert stream.is_streaming()
    assert (stream.is_streaming(), device.closed) == (False, 1)


def neuromorphic_stand_in(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> NeuromorphicDrivers:
    module = ModuleType("neuromorphic_drivers")
    vars(module).update(functions)
    monkeypatch.setitem(sys.modules, "neuromorphic_drivers", module)
    return NeuromorphicDrivers()


def raiser(error: Exception) -> Any:
    def fails(*_: Any, **__: Any) -> Any:
        raise error

    return fails


def test_neuromorphic_lists_makers_and_problems(monkeypatch):
    found = [
        SimpleNamespace(name=SimpleNamespace(value="iniVation DVXplorer"), serial=None, error="Access denied"),
        SimpleNamespace(name=SimpleNamespace(value="Prophesee EVK4"), serial="00012345", error=None),
    ]
    driver = neuromorphic_stand_in(monkeypatch, list_devices=lambda: found, open=raiser(RuntimeError("busy")))
    locked, evk4 = driver.list_cameras()
    assert locked == CameraInfo("iniVation DVXplorer", None, driver.name, Camera.Inivation, "Access denied")
    assert evk4 == CameraInfo("Prophesee EVK4", "00012345", driver.name, Camera.Prophesee)
    with pytest.raises(OSError, match="Access denied"):
        driver.open(locked)
    with pytest.raises(OSError, match="busy"):
        driver.open(evk4)


def test_neuromorphic_finds_nothing_without_usb_and_says_other_errors(monkeypatch):
    driver = neuromorphic_stand_in(monkeypatch, list_devices=raiser(RuntimeError("Other error")))
    assert driver.list_cameras() == []
    driver = neuromorphic_stand_in(monkeypatch, list_devices=raiser(RuntimeError("No permission")))
    with pytest.raises(OSError, match="neuromorphic-drivers cannot list cameras: No permission"):
        driver.list_cameras()


# Metavision: a stand-in with the published signatures

EVENT_CD = np.dtype({"names": ["x", "y", "p", "t"], "formats": ["<u2", "<u2", "<i2", "<i8"], "offsets": [0, 2, 4, 8]})


class MetavisionStandIn:
    """metavision_hal and metavision_core with one camera, which gives 100 events at a time out of one buffer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, events: np.ndarray, ending: Exception | str | None) -> None:
        self.events, self.ending = events, ending
        self.stopped, self.released = threading.Event(), threading.Event()
        self.time_shifting = None
        hal, core, io = ModuleType("metavision_hal"), ModuleType("metavision_core"), ModuleType("event_io")
        readers = ModuleType("raw_reader")
        hal.DeviceDiscovery = SimpleNamespace(list=lambda: ["Prophesee:hal_plugin_imx636_evk4:00ca0009"])
        readers.initiate_device = self.initiate_device
        io.EventsIterator = SimpleNamespace(from_device=self.from_device)
        names = ("metavision_hal", "metavision_core", "metavision_core.event_io", "metavision_core.event_io.raw_reader")
        for name, module in zip(names, (hal, core, io, readers), strict=True):
            monkeypatch.setitem(sys.modules, name, module)

    def initiate_device(self, path: str, do_time_shifting: bool = True, use_external_triggers: Any = ()) -> Any:
        if path not in ("", "00ca0009"):
            raise OSError(f"Failed to open camera {path} !")
        self.time_shifting = do_time_shifting
        return SimpleNamespace(get_i_events_stream=lambda: SimpleNamespace(stop=self.stopped.set))

    def from_device(
        self,
        device: Any,
        start_ts: int = 0,
        n_events: int = 10000,
        delta_t: int = 50000,
        mode: str = "delta_t",
        max_duration: int | None = None,
        relative_timestamps: bool = False,
    ) -> Any:
        assert (mode, start_ts, max_duration, relative_timestamps) == ("delta_t", 0, None, False)
        return self

    def get_size(self) -> tuple[int, int]:
        return HEIGHT, WIDTH

    def __iter__(self) -> Iterator[np.ndarray]:
        buffer = np.zeros(100, EVENT_CD)
        for first in range(0, len(self.events), 100):
            for name in "txyp":
                buffer[name] = self.events[name][first : first + 100]
            yield buffer
        buffer[:] = 0  # what a camera's next events do to a slice that was not copied
        if self.ending == "silence":
            self.stopped.wait()
        elif self.ending == "deaf":
            self.released.wait()
        elif self.ending is not None:
            raise self.ending


@pytest.mark.parametrize("ending", [None, RuntimeError("Transfer failed")])
def test_metavision_delivers_every_event_until_the_camera_is_gone(monkeypatch, ending):
    events = make_events(20_000)
    sdk = MetavisionStandIn(monkeypatch, events, ending)
    monkeypatch.setattr(find, "DRIVERS", (Metavision(),))
    assert aestream.list_cameras() == (
        CameraInfo("Prophesee hal_plugin_imx636_evk4", "00ca0009", "metavision_core", Camera.Prophesee),
    )
    parts: list[np.ndarray] = []
    expected = "00ca0009: Transfer failed" if ending else "00ca0009 was unplugged"
    with pytest.raises(CameraDisconnected, match=expected):
        for item in USBInput(SHAPE, camera=Camera.Prophesee, serial="00ca0009", representation=None):
            parts.append(item.numpy())
    assert_same_events(np.concatenate(parts), events)
    assert sdk.time_shifting is False
    assert sdk.stopped.is_set()


def test_metavision_that_is_silent_can_be_stopped(monkeypatch):
    before = threading.active_count()
    MetavisionStandIn(monkeypatch, make_events(1000), "silence")
    monkeypatch.setattr(find, "DRIVERS", (Metavision(),))
    stream = USBInput(SHAPE, window_events=1000)
    assert int(next(iter(stream)).sum()) == 1000
    assert threading.active_count() <= before  # those of other tests may have ended


def test_metavision_that_never_returns_can_be_stopped(monkeypatch):
    monkeypatch.setattr("aestream.streams.drivers.metavision._FAREWELL_S", 0.01)
    sdk = MetavisionStandIn(monkeypatch, make_events(1000), "deaf")
    monkeypatch.setattr(find, "DRIVERS", (Metavision(),))
    stream = USBInput(SHAPE, window_events=1000)
    assert int(next(iter(stream)).sum()) == 1000
    assert sdk.stopped.is_set()
    sdk.released.set()


def test_metavision_stopped_in_the_middle_ends_with_a_full_queue(monkeypatch):
    before = threading.active_count()
    MetavisionStandIn(monkeypatch, make_events(20_000), "silence")
    device = Metavision().open(CameraInfo("EVK4", "00ca0009", "metavision_core", Camera.Prophesee))
    assert len(next(device.batches()).events) == 100
    device.close()
    device.close()
    assert threading.active_count() <= before  # those of other tests may have ended


def test_metavision_camera_that_cannot_be_opened_says_so(monkeypatch):
    MetavisionStandIn(monkeypatch, make_events(0), None)
    with pytest.raises(OSError, match="Failed to open camera 7 !"):
        Metavision().open(CameraInfo("EVK4", "7", "metavision_core", Camera.Prophesee))
