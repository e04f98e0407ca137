"""aestream.gpu(): what it finds, what it says is missing, and that nothing is opened before."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest
import torch
from support.gpu_devices import has_gpu
from support.nvrtc import nvrtc_library

import aestream
from aestream import GpuInfo

MODULE = sys.modules["aestream.gpu"]


@pytest.fixture
def found(monkeypatch, driver, compiler, tmp_path):
    """A torch for CUDA 13, the fake driver and the fake compiler."""
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(MODULE, "libcuda_path", lambda: driver.path)
    monkeypatch.setattr(MODULE, "nvrtc_libraries", lambda: iter([compiler.path]))
    monkeypatch.setattr(MODULE, "fatbin_path", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return driver


def test_what_is_found(found, tmp_path):
    assert aestream.gpu() == GpuInfo("a fake GPU", (9, 0), "13.0", "nvrtc", None)
    assert aestream.gpu(1) == GpuInfo("a fake GPU", (9, 0), "13.0", "cache", None)
    assert len(list((tmp_path / "aestream" / "kernels").iterdir())) == 1


def test_it_is_asked_for_once(found):
    first = aestream.gpu()
    before = found.fake_calls()
    assert aestream.gpu() is first
    assert found.fake_calls() == before


def test_a_built_in_fatbin_is_used(monkeypatch, found, fatbin):
    monkeypatch.setattr(MODULE, "fatbin_path", lambda: fatbin)
    assert aestream.gpu().kernels == "fatbin"


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        GpuInfo().name = "another"


def missing() -> str:
    info = aestream.gpu()
    assert info == GpuInfo(missing=info.missing) and info.missing
    return info.missing


def test_a_torch_without_cuda_is_named(monkeypatch, found):
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    assert missing() == f"torch {torch.__version__} is built for the CPU only; install a torch with CUDA"
    MODULE._found.clear()
    monkeypatch.setattr(torch.version, "hip", "6.4")
    assert "is built for ROCm" in missing()
    assert found.fake_calls() == b""


def test_a_missing_driver_is_named(monkeypatch, found, tmp_path):
    monkeypatch.setattr(MODULE, "libcuda_path", lambda: str(tmp_path / "libcuda.so.1"))
    assert missing().startswith("there is no NVIDIA driver: ") and "libcuda.so.1" in missing()


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (b"cuInit", 100, "there is no NVIDIA GPU, or CUDA_VISIBLE_DEVICES hides it"),
        (b"cuInit", 803, "restart the machine"),
        (b"cuModuleLoadData", 222, "the driver is too old for the kernels"),
        (b"cuDevicePrimaryCtxRetain", 2, "CUDA_ERROR_OUT_OF_MEMORY"),
    ],
)
def test_what_the_driver_lacks_is_named(found, name, code, said):
    found.fake_fail(name, code, 0)
    assert said in missing()


def test_a_gpu_that_is_not_there_is_named(found):
    assert aestream.gpu(7) == GpuInfo(missing="there is no GPU 7, only 2")
    assert aestream.gpu(0).missing is None


def test_a_missing_compiler_is_named(monkeypatch, found):
    monkeypatch.setattr(MODULE, "nvrtc_libraries", lambda: iter([]))
    assert missing().startswith("NVRTC, which compiles the kernels, is missing")


def test_no_home_folder_is_no_error(monkeypatch, found):
    def homeless(kind):
        raise RuntimeError("no home")

    monkeypatch.setattr(MODULE, "cache_folder", homeless)
    assert [aestream.gpu(device).kernels for device in (0, 1)] == ["nvrtc", "nvrtc"]


def test_nvrtc_is_looked_for_where_wheels_put_it(monkeypatch, tmp_path):
    names = ["cu13/lib/libnvrtc.so.13", "cu13/lib/libnvrtc-builtins.so.13.0", "cuda_nvrtc/lib/libnvrtc.so.12"]
    for name in [*names, "home/lib64/libnvrtc.so.11.2"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    spec = ModuleSpec("nvidia", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(MODULE, "find_spec", lambda name: spec if name == "nvidia" else None)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "home"))
    cu13, cu12, cu11 = (str(tmp_path / name) for name in (names[0], names[2], "home/lib64/libnvrtc.so.11.2"))
    for version, expected in (("13.0", [cu13, cu12, cu11]), ("12.8", [cu12, cu13, cu11]), (None, [cu13, cu12, cu11])):
        monkeypatch.setattr(torch.version, "cuda", version)
        assert [path for path in MODULE.nvrtc_libraries() if path.startswith(str(tmp_path))] == expected


def test_nothing_of_nvidia_s_is_imported_to_look(tmp_path):
    code = "import sys, aestream; sys.modules['aestream.gpu']; from aestream.gpu import nvrtc_libraries"
    code += "; print(list(nvrtc_libraries()), 'nvidia' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert nvrtc_library() in done.stdout
    if torch.version.cuda is None:  # torch with CUDA may import them itself
        assert done.stdout.endswith("False\n")


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="only Linux lists what a process has mapped")
def test_importing_opens_neither_driver_nor_compiler(tmp_path):
    code = "import torch, pathlib; maps = pathlib.Path('/proc/self/maps'); before = maps.read_text()\n"
    code += "import aestream; after = maps.read_text()\n"
    code += "for name in ('libcuda', 'libnvrtc'): assert after.count(name) == before.count(name), name"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_on_a_gpu():
    """AESTREAM_GPU=1 makes it an error that there is none."""
    info = aestream.gpu()
    if has_gpu():
        assert info.missing is None
        assert (info.name, info.capability) == (torch.cuda.get_device_name(0), torch.cuda.get_device_capability(0))
    else:
        assert info.missing
