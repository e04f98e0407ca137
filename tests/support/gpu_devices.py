"""Where kernels run in tests: on a GPU where there is one, else on the host, through a libcuda that the tests build."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch

import aestream._core as _core

TESTS = Path(__file__).resolve().parents[1]
SOURCE = TESTS / "cuda" / "fake" / "fake_libcuda.cpp"
KERNELS = TESTS.parent / "csrc" / "accumulate" / "cuda"


class Gpu:
    """Memory and stream of the GPU that torch uses."""

    ordinal = 0

    @property
    def stream(self) -> int:
        return int(torch.cuda.current_stream().cuda_stream)

    def put(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array.copy()).cuda()

    def get(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.cpu()


class Host:
    """Memory of the host in the part of a GPU's: what the fake libcuda is given."""

    ordinal = 0
    stream = 77

    def put(self, array: np.ndarray) -> torch.Tensor:
        """16-byte aligned, as a GPU's allocations are."""
        room = torch.empty(array.nbytes + 16, dtype=torch.uint8)
        begin = -room.data_ptr() % 16
        tensor = room[begin : begin + array.nbytes]
        tensor.numpy()[:] = np.frombuffer(array.tobytes(), np.uint8)
        return tensor

    def get(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clone()


def has_gpu() -> bool:
    """Whether tests run on a GPU. AESTREAM_GPU=1 says that there is one: then it is an error if torch sees none."""
    if os.environ.get("AESTREAM_GPU") == "1":
        assert torch.cuda.is_available(), "AESTREAM_GPU=1, but torch sees no GPU"
    return torch.cuda.is_available()


def build_fake(folder: Path, *options: str) -> Path:
    """Compile the fake libcuda, which holds the kernels as host code."""
    compiler = os.environ.get("CXX") or next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    library = folder / "libcuda_fake.so"
    command = [compiler, "-std=c++20", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    includes = [f"-I{KERNELS}", f"-I{SOURCE.parent}"]
    subprocess.run([*command, *options, *includes, "-o", library, SOURCE, "-pthread"], check=True)
    return library


def open_fake(library: Path, folder: Path) -> Any:
    """Open it as the driver. Its kernels are its own: a fatbin of nothing is what it is asked to load."""
    fatbin = folder / "kernels.fatbin"
    fatbin.write_bytes(struct.pack("<IHHQ", 0xBA55ED50, 1, 16, 0))
    _core.cuda_open(str(library), None, None, str(fatbin))
    return ctypes.CDLL(str(library))
