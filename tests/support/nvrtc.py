"""The kernels as NVRTC compiles them, and what it says about them; neither a driver nor a GPU is asked."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass

import pytest

import aestream._core as _core
from aestream.gpu import nvrtc_libraries

_KERNEL = re.compile(
    r"Compiling entry function '(?P<name>\w+)'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Resources:
    """What a thread of a kernel takes, and its block in shared memory that it does not ask for at launch."""

    registers: int
    spilled_bytes: int
    stack_bytes: int
    shared_bytes: int


def nvrtc_library() -> str:
    """The one that the test extra installs, or that torch has brought."""
    found = next(nvrtc_libraries(), None)
    if found is None and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("NVRTC is installed for the tests on Linux on x86-64 only")
    assert found is not None, "no NVRTC: install the package nvidia-cuda-nvrtc, which the test extra names"
    return found


def compile_kernels(architecture: int) -> tuple[bytes, dict[str, Resources], list[str]]:
    """The cubin, what each kernel takes, and all other lines that the compiler wrote: warnings."""
    image, log = _core.cuda_compile(nvrtc_library(), architecture, options=["--ptxas-options=-v"])
    kernels = {match["name"]: _resources(match) for match in _KERNEL.finditer(log)}
    others = [line for line in log.splitlines() if not re.match(r"ptxas (info)? *[:.] ", line)]
    return image, kernels, others


def _resources(match: re.Match[str]) -> Resources:
    shared = re.search(r"(\d+) bytes smem", match["rest"])
    return Resources(
        registers=int(match["registers"]),
        spilled_bytes=int(match["stores"]) + int(match["loads"]),
        stack_bytes=int(match["stack"]),
        shared_bytes=int(shared[1]) if shared else 0,
    )
