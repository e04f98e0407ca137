"""The GPU: whether tensors can be made on it, with what, and what is missing where they cannot.

Nothing is opened before it is asked for. The core opens NVIDIA's driver (libcuda) and, where no kernels were built into
the package, the compiler NVRTC that torch's own CUDA wheel has brought; what it compiles is kept in the user's cache.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

import aestream._core as _core
from aestream.user_cache import cache_folder

_WSL_LIBCUDA = "/usr/lib/wsl/lib/libcuda.so.1"
_lock = threading.Lock()
_found: dict[int, GpuInfo] = {}


@dataclass(frozen=True)
class GpuInfo:
    """A GPU, or why there is none.

    Attributes:
        name: of the device; None if none is usable, as the others then.
        capability: (major, minor) of its architecture.
        driver: the CUDA that the driver is made for, such as "13.0".
        kernels: where the kernels come from: "fatbin" (built into the package), "nvrtc" (compiled just now) or "cache"
            (compiled by NVRTC before).
        missing: what keeps the GPU from being used; None if it can be.
    """

    name: str | None = None
    capability: tuple[int, int] | None = None
    driver: str | None = None
    kernels: str | None = None
    missing: str | None = None


def gpu(device: int = 0) -> GpuInfo:
    """The GPU that tensors are made on with ``device="cuda"``, or what is missing for that.

    The first call in a process initialises CUDA and loads the kernels, or compiles them, which takes a few seconds once
    on a machine; the answer is remembered.

    Args:
        device: ordinal of the GPU, as torch counts.
    """
    if device not in _found:
        with _lock:
            if device not in _found:
                _found[device] = _find(device)
    info = _found[device]
    if info.missing is None:
        try:
            _core.cuda_check()  # a forked child knows what its parent found, and cannot use it
        except RuntimeError as error:
            return GpuInfo(missing=str(error))
    return info


def _find(device: int) -> GpuInfo:
    if torch.version.cuda is None:
        made_for = "ROCm" if torch.version.hip else "the CPU only"
        return GpuInfo(missing=f"torch {torch.__version__} is built for {made_for}; install a torch with CUDA")
    try:
        if not any(info.missing is None for info in _found.values()):
            _open()
        return GpuInfo(**_core.cuda_info(device))
    except (RuntimeError, MemoryError, OSError) as error:
        return GpuInfo(missing=str(error))


def _renew_lock() -> None:
    """Another thread of the parent, which is not here, may hold it."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def _open() -> None:
    nvrtc = next(nvrtc_libraries(), None)
    try:
        cache = os.path.abspath(cache_folder("kernels"))
    except RuntimeError:  # no home folder: the kernels are compiled every time
        cache = None
    _core.cuda_open(libcuda_path(), nvrtc, cache, fatbin_path())


def libcuda_path() -> str | None:
    """The driver's library where the system's loader does not look for it; None: it does."""
    return _WSL_LIBCUDA if os.path.exists(_WSL_LIBCUDA) else None


def fatbin_path() -> str | None:
    """The kernels that CMake has built into the package, if it was told to."""
    path = Path(_core.__file__).with_name("kernels.fatbin")
    return str(path) if path.exists() else None


def nvrtc_libraries() -> Iterator[str]:
    """Paths of the NVRTC libraries that are installed, those of torch's CUDA version first. Opens nothing."""
    wanted = (torch.version.cuda or "").split(".")[0]
    paths = [path for folder in _nvrtc_folders() for path in sorted(folder.glob("libnvrtc.so.*"), reverse=True)]
    versions = {str(path): _major(path) for path in paths if _major(path)}
    yield from sorted(versions, key=lambda path: versions[path] != wanted)


def _major(path: Path) -> str | None:
    match = re.fullmatch(r"libnvrtc\.so\.(\d+)(\.\d+)*", path.name)
    return match[1] if match else None


def _nvrtc_folders() -> Iterator[Path]:
    """Where wheels and systems put NVRTC: NVIDIA's packages for CUDA 13 and 12, old torch's own folder, the system."""
    nvidia = find_spec("nvidia")
    for place in (nvidia.submodule_search_locations if nvidia else None) or ():
        yield from sorted(Path(place).glob("cu[0-9]*/lib"), reverse=True)
        yield Path(place) / "cuda_nvrtc" / "lib"
    yield Path(torch.__file__).parent / "lib"
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        if os.environ.get(variable):
            yield Path(os.environ[variable]) / "lib64"
    for place in ("/usr/local/cuda/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"):
        yield Path(place)
