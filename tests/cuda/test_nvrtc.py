"""Every kernel compiles for every architecture that NVRTC knows, without a warning, and fits into registers."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.nvrtc import compile_kernels, nvrtc_library

import aestream._core as _core

#: Registers of a thread, on the architecture that takes most, in the steps of 8 that they are handed out in. More of
#: them means fewer threads at a time: a change here is a change of speed, to be measured on a GPU.
REGISTERS = {
    "frame_bytes": 56,
    "frame_bytes_again": 40,
    "frame_cells": 48,
    "frame_finish": 24,
    "frame_float": 48,
    "frame_shared": 64,
    "histogram_bytes": 72,
    "histogram_bytes_again": 56,
    "histogram_shared": 64,
    "latest_time": 64,
    "mixed_cells": 56,
    "mixed_edges": 40,
    "mixed_finish": 40,
    "mixed_shared": 48,
    "span_begin": 32,
    "span_end": 24,
    "span_latest": 32,
    "split_begin": 56,
    "split_end": 40,
    "split_find": 56,
    "surface_finish": 48,
    "surface_finish_signed": 40,
    "surface_latest": 64,
    "surface_latest_signed": 64,
    "surface_shared": 56,
    "voxel_add": 72,
    "voxel_finish": 40,
    "voxel_normalize": 64,
    "voxel_shared": 64,
    "voxel_squares": 64,
    "voxel_sums": 40,
}


class Compiled(dict):
    """Image, resources and warnings by architecture."""

    def __init__(self, made, seconds: float):
        super().__init__(made)
        self.seconds = seconds


@pytest.fixture(scope="module")
def compiled():
    """Two at a time, as the memory of a small machine allows."""
    begin = time.monotonic()
    architectures = _core.cuda_architectures(nvrtc_library())
    with ThreadPoolExecutor(2) as pool:
        made = dict(zip(architectures, pool.map(compile_kernels, architectures), strict=True))
    return Compiled(made, time.monotonic() - begin)


def test_every_architecture_has_its_image(compiled, capfd):
    with capfd.disabled():  # stderr, as that of pytest-xdist's workers is seen too
        sys.stderr.write(f"\nNVRTC: kernels for {len(compiled)} architectures in {compiled.seconds:.1f} s\n")
    assert {75, 80, 86, 89, 90, 100, 120} <= compiled.keys()
    images = [image for image, _, _ in compiled.values()]
    assert all(image.startswith(b"\x7fELF") for image in images)


def test_nothing_is_warned_of(compiled):
    assert {architecture: others for architecture, (_, _, others) in compiled.items() if others} == {}


def test_no_kernel_spills_or_takes_shared_memory_by_itself(compiled):
    taken = {
        (architecture, name): used
        for architecture, (_, kernels, _) in compiled.items()
        for name, used in kernels.items()
        if used.spilled_bytes or used.stack_bytes or used.shared_bytes
    }
    assert taken == {}


def test_registers_are_no_more_than_the_table_s(compiled):
    most: dict[str, int] = {}
    for _, kernels, _ in compiled.values():
        assert kernels.keys() == REGISTERS.keys()
        for name, used in kernels.items():
            most[name] = max(most.get(name, 0), -(-used.registers // 8) * 8)
    slack = 16  # between versions of the compiler; the table is of 13.0
    assert {name: (used, REGISTERS[name]) for name, used in most.items() if used > REGISTERS[name] + slack} == {}


def test_ptx_is_text_for_the_driver_to_translate():
    image, _ = _core.cuda_compile(nvrtc_library(), 90, ptx=True)
    assert b".target sm_90" in image and b".entry frame_float" in image


def test_errors_carry_the_compiler_s_words():
    with pytest.raises(RuntimeError, match=r"do not compile for sm_90(.|\n)*--no-such-option"):
        _core.cuda_compile(nvrtc_library(), 90, options=["--no-such-option"])
    with pytest.raises(RuntimeError, match="do not compile for sm_1"):
        _core.cuda_compile(nvrtc_library(), 1)


def test_what_is_no_nvrtc_says_so(tmp_path):
    with pytest.raises(RuntimeError, match=r"NVRTC.* cannot be opened: .*libnvrtc\.so\.13"):
        _core.cuda_architectures(str(tmp_path / "libnvrtc.so.13"))
    with pytest.raises(RuntimeError, match="has no nvrtcVersion"):
        _core.cuda_architectures(_core.__file__)
