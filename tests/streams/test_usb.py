"""USBInput with the real drivers, on cameras that tests/support makes up: every event against what was sent."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.checks import assert_same_events

from aestream import EVENT_DTYPE, Camera, USBInput

HERE = Path(__file__).parents[1] / "support"
SYSTEM_PYTHON = "/usr/bin/python3"  # which has python3-gi
LIMIT_S = 120


def missing() -> str | None:
    """What the emulator or the drivers need and do not find here."""
    if os.environ.get("AESTREAM_SANITIZED"):
        return "umockdev needs LD_PRELOAD for itself"
    if shutil.which("umockdev-wrapper") is None or not Path(SYSTEM_PYTHON).exists():
        return "not installed: umockdev (apt-get install umockdev gir1.2-umockdev-1.0 python3-gi)"
    check = "import gi; gi.require_version('UMockdev', '1.0')"
    if subprocess.run([SYSTEM_PYTHON, "-c", check], capture_output=True, check=False).returncode:
        return "not installed: gir1.2-umockdev-1.0 python3-gi"
    absent = [name for name in ("dv_processing", "neuromorphic_drivers") if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(absent)} (pip install 'aestream[inivation,prophesee]')" if absent else None


@pytest.fixture(scope="session")
def emulator() -> None:
    """Skips where there is none; on CI that promises one, it must be there."""
    reason = missing()
    if reason is not None and os.environ.get("CI") == "true" and os.environ.get("AESTREAM_USB") == "1":
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)


def emulate(folder: Path, kind: str, scenario: str, *options: str) -> tuple[dict[str, Any], np.ndarray]:
    """What usb_client.py saw of the camera, and the events that were sent."""
    truth, result = folder / "truth.json", folder / "result.npz"
    client = [sys.executable, str(HERE / "usb_client.py"), scenario, str(result)]
    command = ["umockdev-wrapper", SYSTEM_PYTHON, str(HERE / "usb_emulator"), kind, "--truth", str(truth), *options]
    log = folder / "log.txt"
    with (
        log.open("w") as output,
        subprocess.Popen([*command, "--", *client], stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            status = process.wait(LIMIT_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own: emulator and client
    assert status == 0, log.read_text()[-4000:]
    sent = np.zeros(0, EVENT_DTYPE)
    if truth.exists():
        sent = np.array([tuple(event) for event in json.loads(truth.read_text())], EVENT_DTYPE)
    with np.load(result) as found:
        return {key: found[key] for key in found.files}, sent


@pytest.fixture(scope="module")
def evk4(emulator, tmp_path_factory):
    return emulate(tmp_path_factory.mktemp("evk4"), "evk4", "evk4")


@pytest.fixture(scope="module")
def davis346(emulator, tmp_path_factory):
    return emulate(tmp_path_factory.mktemp("davis346"), "davis346", "davis346")


def assert_prefix(found: np.ndarray, sent: np.ndarray, least: int) -> None:
    """dv-processing adds its clock's offset to all times, and keeps the last events."""
    assert least <= len(found) <= len(sent)
    shifted = sent[: len(found)].copy()
    shifted["t"] += found["t"][0] - sent["t"][0]
    assert_same_events(found, shifted)


def test_cameras_are_listed_by_model_and_serial(evk4, davis346):
    assert evk4[0]["listed"].tolist() == [["Prophesee EVK4", "00012345", "neuromorphic-drivers", "Prophesee"]]
    assert davis346[0]["listed"].tolist() == [
        ["DAVIS", "00000042", "dv-processing", "Inivation"],
        ["iniVation DAVIS 346", "00000042", "neuromorphic-drivers", "Inivation"],
    ]
    assert evk4[0]["drivers"].tolist() == ["dv-processing", "neuromorphic-drivers"]


def test_every_event_of_an_evk4_is_delivered(evk4):
    found, sent = evk4
    assert_same_events(found["events"], sent)
    assert found["stats"].tolist() == [len(sent), len(sent), 0, 0]
    assert (found["ending"], found["info"], found["threads"]) == ("ended", "Prophesee EVK4 00012345", 1)


def test_events_of_a_davis346_are_delivered_but_for_the_drivers_last_batch(davis346):
    found, sent = davis346
    assert_prefix(found["events"], sent, least=len(sent) - 1000)
    assert found["stats"].tolist() == [len(found["events"])] * 2 + [0, 0]
    assert (found["ending"], found["info"], found["threads"]) == ("ended", "DAVIS346 00000042", 1)


def test_silent_camera_does_not_block_stopping(evk4):
    assert evk4[0]["streaming"].tolist() == [True, True]
    assert evk4[0]["stopped"]


def test_pickle_leaves_the_camera_behind(evk4):
    assert evk4[0]["pickled_info"] == "None"


def test_other_serial_number_is_not_found(evk4, davis346):
    expected = "CameraNotFound: no camera of iniVation or Prophesee with serial number '00054321' is connected; "
    assert str(evk4[0]["wrong_serial"]).startswith(f"{expected}connected: Prophesee EVK4 00012345; looked with dv-pro")
    expected = "CameraNotFound: no camera of iniVation with serial number '999' is connected; connected: DAVIS 00000042"
    assert str(davis346[0]["wrong_serial"]).startswith(expected)


def test_camera_of_another_maker_is_not_found(evk4, davis346):
    expected = "CameraNotFound: no camera of {} is connected; connected: {}"
    assert str(evk4[0]["wrong_maker"]).startswith(expected.format("iniVation", "Prophesee EVK4 00012345"))
    assert str(davis346[0]["wrong_maker"]).startswith(expected.format("Prophesee", "iniVation DAVIS 346 00000042"))


def test_other_shape_fails(evk4, davis346):
    assert evk4[0]["wrong_shape"] == "ValueError: Prophesee EVK4 00012345 has 1280x720 pixels; got shape 640x480"
    assert davis346[0]["wrong_shape"] == "ValueError: DAVIS346 00000042 has 346x260 pixels; got shape 640x480"


# A second passes before the cable is pulled: what lies in the driver's own transfers then is lost, as with a real one.
UNPLUG = ("--vanish-after", "12", "--vanish-delay", "1")


@pytest.mark.parametrize("ending", ["raise", "stop"])
def test_unplugged_evk4_delivers_what_was_sent_and_ends(emulator, tmp_path, ending):
    found, sent = emulate(tmp_path, "evk4", f"evk4_{ending}", *UNPLUG)
    assert_same_events(found["events"], sent[:12_000])
    expected = "CameraDisconnected: Prophesee EVK4 00012345 was unplugged or failed: " if ending == "raise" else "ended"
    assert str(found["ending"]).startswith(expected)
    assert found["threads"] == 1


def test_unplugged_evk4_is_read_to_the_last_event(emulator, tmp_path):
    found, sent = emulate(tmp_path, "evk4", "evk4_read", *UNPLUG)
    expected = np.zeros((1280, 720))
    np.add.at(expected, (sent["x"][:12_000], sent["y"][:12_000]), 1)
    assert np.array_equal(found["frame"], expected)
    assert str(found["ending"]).startswith("Prophesee EVK4 00012345 was unplugged")
    assert not found["streaming"]


@pytest.mark.parametrize("ending", ["raise", "stop"])
def test_unplugged_davis346_delivers_what_its_driver_gives_and_ends(emulator, tmp_path, ending):
    found, sent = emulate(tmp_path, "davis346", f"davis346_{ending}", *UNPLUG)
    assert_prefix(found["events"], sent[:12_000], least=10_000)
    expected = "CameraDisconnected: DAVIS346 00000042 was unplugged or switched off" if ending == "raise" else "ended"
    assert found["ending"] == expected
    assert found["threads"] == 1


def test_program_may_end_with_an_open_camera(emulator, tmp_path):
    found, sent = emulate(tmp_path, "evk4", "evk4_left_open")
    assert found["received"] == len(sent)


def test_worker_opens_the_camera(emulator, tmp_path):
    found, sent = emulate(tmp_path, "davis346", "davis346_worker")
    assert len(sent) - 1000 <= found["total"] <= len(sent)


def test_camera_with_old_firmware_is_not_found_and_says_so(emulator, tmp_path):
    found, _ = emulate(tmp_path, "unknown", "refused")
    expected = "CameraNotFound: DVXPLORER DXA00001 cannot be opened (dv-processing): Device firmware version incorrect."
    assert str(found["refusal"]).startswith(expected)
    assert "Stacktrace" not in str(found["refusal"])


def test_no_camera_is_not_found(emulator, tmp_path):
    found, _ = emulate(tmp_path, "none", "refused")
    assert found["listed"].size == 0
    expected = "CameraNotFound: no camera of iniVation or Prophesee is connected; looked with dv-processing "
    assert str(found["refusal"]).startswith(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"camera": "davis"}, r"camera must be Camera\.Inivation, Camera\.Prophesee or None; got 'davis'"),
        ({"serial": 42}, "serial must be a string or None; got 42"),
        ({"on_disconnect": "ignore"}, '"raise" or "stop"; got \'ignore\''),
        ({"shape": (0, 1)}, "shape"),
        ({"window_us": 0}, "window_us"),
    ],
)
def test_arguments_out_of_range_fail(options, message):
    with pytest.raises(ValueError, match=message):
        USBInput(**{"shape": (346, 260), **options})


def test_repr_says_which_camera():
    assert repr(USBInput((346, 260))) == "USBInput(346x260, any camera)"
    assert repr(USBInput((346, 260), camera=Camera.Inivation, serial="42")) == "USBInput(346x260, Inivation camera 42)"
