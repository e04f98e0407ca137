"""Where kernels run in tests: on a GPU where there is one, else on the host, through a libcuda that the tests build."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

import aestream._core as _core
from aestream import Frame
from aestream.events import EVENT_DTYPE

TESTS = Path(__file__).resolve().parents[1]
LIBCUDA = TESTS / "cuda" / "fake" / "fake_libcuda.cpp"
LIBNVRTC = TESTS / "cuda" / "fake" / "fake_libnvrtc.cpp"
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


def build_fake(folder: Path, source: Path = LIBCUDA, *options: str) -> Path:
    """Compile a fake library: libcuda's holds the kernels as host code."""
    compiler = os.environ.get("CXX") or next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    library = folder / f"{source.stem}.so"
    command = [compiler, "-std=c++20", "-O1", "-ffp-contract=off", "-fPIC", "-shared"]
    command += ["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas"]
    if os.environ.get("AESTREAM_SANITIZED"):  # .ci/sanitize has loaded the runtimes
        options = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", *options)
    includes = [f"-I{KERNELS}", f"-I{source.parent}"]
    subprocess.run([*command, *options, *includes, "-o", library, source, "-pthread"], check=True)
    return library


def write_fatbin(path: Path) -> str:
    """A fatbin of nothing, for a fake libcuda, whose kernels are its own."""
    path.write_bytes(struct.pack("<IHHQ", 0xBA55ED50, 1, 16, 0))
    return str(path)


def open_fake(library: Path, folder: Path) -> Any:
    """Open it as the driver."""
    _core.cuda_open(str(library), None, None, write_fatbin(folder / "kernels.fatbin"))
    return ctypes.CDLL(str(library))


def forget_gpu() -> None:
    """Close whatever driver is open; what asks for the GPU next finds it anew."""
    _core.cuda_close()
    sys.modules["aestream.gpu"]._found.clear()


def draw_frame(shape: tuple[int, int] = (7, 5), device: int = 0, stream: int = 77, count: int = 50) -> np.ndarray:
    """A frame of float32 ``[1, height, width]`` of ``count`` events at the pixel (3, 2), in memory of the host."""
    width, height = shape
    events = np.zeros(count, EVENT_DTYPE)
    events["x"], events["y"] = 3, 2
    spec, host = Frame("sum").spec(), Host()
    scratch_bytes = _core.cuda_scratch(spec, width, height, 1, count)
    held, rows = host.put(events), host.put(np.array([[0, count, 0, 0, 1, 0]], np.int64))
    out, scratch = (host.put(np.zeros(size + 16, np.uint8)) for size in (4 * width * height, scratch_bytes))
    pointers = (held.data_ptr(),)
    _core.cuda_accumulate(
        spec, width, height, None, "records", pointers, rows.data_ptr(), 1, count, out.data_ptr(), scratch.data_ptr(),
        scratch_bytes, device, stream,
    )  # fmt: skip
    return out.numpy()[: 4 * width * height].view(np.float32).reshape(1, height, width)
