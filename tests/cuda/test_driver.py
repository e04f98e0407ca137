"""What is asked of the driver, in which order, and what becomes of everything that it may answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import psutil
import pytest
from support.gpu_devices import draw_frame

import aestream._core as _core

OPENING = ["cuInit()", "cuDriverGetVersion()", "cuDeviceGetCount()"]
LARGE = (120, 110)  # a frame that needs more shared memory than a kernel has without asking


def calls(driver) -> list[str]:
    return driver.fake_calls().decode().splitlines()


def held(driver) -> tuple[int, int, int]:
    """Contexts, modules, and contexts that some thread has not given back."""
    return driver.fake_contexts(), driver.fake_modules(), driver.fake_current()


def test_opening_asks_for_no_device(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    assert calls(driver) == OPENING
    assert held(driver) == (0, 0, 0)


def test_kernels_are_loaded_once_into_the_primary_context(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    driver.fake_reset()
    info = _core.cuda_info(1)
    assert info == {"name": "a fake GPU", "capability": (9, 0), "driver": "13.0", "kernels": "fatbin"}
    assert calls(driver) == [
        "cuDeviceGet(1)",
        "cuDevicePrimaryCtxRetain(1)",
        "cuDeviceGetName()",
        *(f"cuDeviceGetAttribute({attribute})" for attribute in (75, 76, 16, 97)),
        "cuCtxPushCurrent_v2()",
        "cuModuleLoadData(fatbin)",
        "cuCtxPopCurrent_v2()",
    ]
    driver.fake_reset()
    assert _core.cuda_info(1) == info
    assert calls(driver) == []
    _core.cuda_close()
    assert calls(driver) == [
        "cuCtxPushCurrent_v2()",
        "cuModuleUnload()",
        "cuCtxPopCurrent_v2()",
        "cuDevicePrimaryCtxRelease_v2(1)",
    ]


def test_a_launch_is_on_the_caller_s_stream_in_the_device_s_context(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    _core.cuda_info(0)
    driver.fake_reset()
    assert draw_frame(LARGE, stream=4711)[0, 2, 3] == 50
    assert calls(driver) == [
        "cuCtxPushCurrent_v2()",
        "cuModuleGetFunction(frame_shared)",
        "cuFuncSetAttribute(8, 52800)",
        "cuLaunchKernel(frame_shared, 1x1x1, 1024, 52800, stream 4711)",
        "cuCtxPopCurrent_v2()",
    ]
    driver.fake_reset()
    draw_frame(LARGE)  # found before, and allowed before
    assert calls(driver) == [
        "cuCtxPushCurrent_v2()",
        "cuLaunchKernel(frame_shared, 1x1x1, 1024, 52800, stream 77)",
        "cuCtxPopCurrent_v2()",
    ]


def test_memory_is_cleared_on_the_caller_s_stream(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    assert draw_frame((346, 260), stream=4711)[0, 2, 3] == 50
    fills = [call for call in calls(driver) if call.startswith("cuMemsetD32Async")]
    assert fills == [f"cuMemsetD32Async(0, {346 * 260}, stream 4711)"]


FUNCTIONS = [
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceGetAttribute",
    "cuDevicePrimaryCtxRetain",
    "cuCtxPushCurrent_v2",
    "cuModuleLoadData",
    "cuModuleGetFunction",
    "cuFuncSetAttribute",
    "cuLaunchKernel",
    "cuMemsetD32Async",
]


def use_everything(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    draw_frame((346, 260))
    return draw_frame(LARGE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_that_fails_is_named_and_leaves_nothing_behind(driver, fatbin, name):
    driver.fake_fail(name.encode(), 999, 0)
    with pytest.raises(RuntimeError, match=rf"^{name}: CUDA_ERROR\w* \(999, the fake was told so\)"):
        use_everything(driver, fatbin)
    assert driver.fake_current() == 0
    driver.fake_reset()
    assert use_everything(driver, fatbin)[0, 2, 3] == 50  # it was no more than one call
    _core.cuda_close()
    assert held(driver) == (0, 0, 0)


def draw_error(shape) -> str | None:
    try:
        draw_frame(shape)
    except RuntimeError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", FUNCTIONS[3:])
def test_every_further_call_may_fail(driver, fatbin, name):
    for after in range(1, 6):
        driver.fake_reset()
        _core.cuda_open(driver.path, None, None, fatbin)
        driver.fake_fail(name.encode(), 719, after)
        for shape in [(346, 260), LARGE] * 4:
            error = draw_error(shape)
            assert error is None or error.startswith(f"{name}: ")
            assert driver.fake_current() == 0
        driver.fake_fail(b"", 0, 0)
        _core.cuda_close()
        assert held(driver) == (0, 0, 0)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (3, "forked"),
        (34, "stub"),
        (46, "another process"),
        (100, "no NVIDIA GPU, or CUDA_VISIBLE_DEVICES"),
        (101, "no GPU of this number"),
        (218, "driver is too old for the kernels"),
        (400, "stream is of another device"),
        (500, "another version of aestream"),
        (700, "has failed; the process has to start anew"),
        (701, "more registers or shared memory"),
        (702, "take long"),
        (715, "has failed"),
        (719, "has failed"),
        (802, "nvidia-fabricmanager"),
        (803, "restart the machine"),
        (804, "update the driver"),
    ],
)
def test_codes_say_what_to_do(driver, fatbin, code, advice):
    _core.cuda_open(driver.path, None, None, fatbin)
    driver.fake_fail(b"cuLaunchKernel", code, 0)
    with pytest.raises(RuntimeError, match=rf"^cuLaunchKernel: \w+ \({code}, .*{advice}.*; driver of CUDA 13\.0$"):
        draw_frame()


@pytest.mark.parametrize("name", ["cuDevicePrimaryCtxRetain", "cuModuleLoadData", "cuLaunchKernel"])
def test_a_full_device_is_a_memory_error(driver, fatbin, name):
    _core.cuda_open(driver.path, None, None, fatbin)
    driver.fake_fail(name.encode(), 2, 0)
    with pytest.raises(MemoryError, match=rf"^{name}: CUDA_ERROR_OUT_OF_MEMORY \(2, "):
        draw_frame()


def test_a_machine_without_driver_or_gpu_says_so(driver, fatbin, tmp_path):
    with pytest.raises(RuntimeError, match=r"there is no NVIDIA driver: .*libcuda\.so\.1"):
        _core.cuda_open(str(tmp_path / "libcuda.so.1"), None, None, fatbin)
    with pytest.raises(RuntimeError, match="is too old: it has no cuGetErrorName"):
        _core.cuda_open(_core.__file__, None, None, fatbin)
    driver.fake_devices(0, 90)
    with pytest.raises(RuntimeError, match="there is no NVIDIA GPU, or CUDA_VISIBLE_DEVICES hides it"):
        _core.cuda_open(driver.path, None, None, fatbin)
    with pytest.raises(RuntimeError, match="no driver of CUDA is open"):
        _core.cuda_check()


def test_a_gpu_that_is_not_there(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    for ordinal in (2, -1):
        with pytest.raises(RuntimeError, match=f"there is no GPU {ordinal}, only 2"):
            _core.cuda_info(ordinal)


def test_threads_share_kernels_of_several_devices(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    wrong = []

    def work(device: int) -> None:
        for i in range(50):
            count = 10 + i
            if draw_frame(LARGE, device, count=count)[0, 2, 3] != count:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i % 2,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert held(driver) == (2, 2, 0)
    assert sum(call.startswith("cuModuleLoadData") for call in calls(driver)) == 2


def test_nothing_leaks_in_10000_launches(driver, fatbin):
    _core.cuda_open(driver.path, None, None, fatbin)
    process = psutil.Process()
    for launch in range(10_000):
        if launch == 2000:
            before = process.memory_info().rss
            driver.fake_reset()
        if launch % 1000 == 0:
            driver.fake_reset()
        draw_frame()
    assert held(driver) == (1, 1, 0)
    if not os.environ.get("AESTREAM_SANITIZED"):  # which keeps what was freed for a while
        assert process.memory_info().rss - before < 2 << 20


FORKED = """
import os, sys
sys.path.insert(0, sys.argv[3])
from aestream import _core
from support.gpu_devices import draw_frame

def opens():
    _core.cuda_open(*opening)

def tries():
    for use in (_core.cuda_check, lambda: _core.cuda_info(0), draw_frame, opens, _core.cuda_close):
        try:
            use()
        except RuntimeError as error:
            yield "before this process was forked" in str(error)
        else:
            yield False

opening = (sys.argv[1], None, None, sys.argv[2])
opens()
assert draw_frame()[0, 2, 3] == 50
child = os.fork()
if child == 0:
    os._exit(0 if all(tries()) else 1)
assert os.waitpid(child, 0)[1] == 0
assert draw_frame()[0, 2, 3] == 50
"""


def test_a_forked_child_gets_a_clear_error(fake_library, fatbin, tmp_path):
    tests = os.path.dirname(os.path.dirname(__file__))
    command = [sys.executable, "-c", FORKED, str(fake_library), fatbin, tests]
    subprocess.run(command, check=True, timeout=120, cwd=tmp_path)
