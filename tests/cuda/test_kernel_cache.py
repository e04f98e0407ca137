"""Where kernels come from: the package, the user's cache, the compiler; and a cache that cannot be trusted."""

from __future__ import annotations

import os
import stat

import pytest
from support.gpu_devices import draw_frame, write_fatbin
from support.nvrtc import nvrtc_library

import aestream._core as _core


def kernels_from(driver, compiler, cache, fatbin=None, device=0) -> str:
    """Where a new process would have its kernels from."""
    _core.cuda_open(driver.path, compiler.path, None if cache is None else str(cache), fatbin)
    return _core.cuda_info(device)["kernels"]


def entries(cache):
    return sorted(cache.iterdir())


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "aestream" / "kernels"


def test_kernels_are_compiled_once(driver, compiler, cache):
    assert kernels_from(driver, compiler, cache) == "nvrtc"
    assert compiler.fake_nvrtc_options() == b"--gpu-architecture=sm_90 --std=c++17 --fmad=false "
    assert draw_frame()[0, 2, 3] == 50
    (entry,) = entries(cache)
    assert entry.name.endswith("-sm_90-nvrtc-13.0")
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert kernels_from(driver, compiler, cache) == "cache"
    assert draw_frame()[0, 2, 3] == 50
    assert compiler.fake_nvrtc_compilations() == 1


def test_another_gpu_or_compiler_has_its_own(driver, compiler, cache):
    assert kernels_from(driver, compiler, cache) == "nvrtc"
    compiler.fake_nvrtc_version(13, 1)
    assert kernels_from(driver, compiler, cache) == "nvrtc"
    driver.fake_devices(1, 80)
    assert kernels_from(driver, compiler, cache) == "nvrtc"
    assert len(entries(cache)) == 3
    assert kernels_from(driver, compiler, cache) == "cache"


@pytest.mark.parametrize(
    ("capability", "option"),
    [(75, "sm_75"), (89, "sm_80"), (90, "sm_90"), (103, "sm_100"), (120, "compute_100"), (121, "compute_100")],
)
def test_the_nearest_architecture_is_compiled_for(driver, compiler, capability, option):
    driver.fake_devices(1, capability)
    assert kernels_from(driver, compiler, None) == "nvrtc"
    assert compiler.fake_nvrtc_options().startswith(f"--gpu-architecture={option} ".encode())


def test_a_gpu_that_is_too_old_says_so(driver, compiler):
    driver.fake_devices(1, 70)
    with pytest.raises(RuntimeError, match=r"the GPU is of capability 7\.0, too old for NVRTC 13\.0"):
        kernels_from(driver, compiler, None)


def cut(entry):
    entry.write_bytes(entry.read_bytes()[:-1])


def turn_a_bit(entry):
    data = bytearray(entry.read_bytes())
    data[-3] ^= 1
    entry.write_bytes(data)


def empty(entry):
    entry.write_bytes(b"")


def turn_the_key(entry):
    entry.write_bytes(entry.read_bytes().replace(b"sm_90", b"sm_80"))


def drop_the_image(entry):
    entry.write_bytes(b"\n".join(entry.read_bytes().split(b"\n")[:3]) + b"\n")


def make_it_a_link(entry):
    """A whole one elsewhere: links are not followed, as they may lead to what somebody else writes."""
    entry.rename(entry.with_name("elsewhere"))
    entry.symlink_to("elsewhere")


def make_it_a_pipe(entry):
    entry.unlink()
    os.mkfifo(entry)


@pytest.mark.parametrize(
    "damage", [cut, turn_a_bit, empty, turn_the_key, drop_the_image, make_it_a_link, make_it_a_pipe]
)
def test_a_damaged_entry_is_compiled_again(driver, compiler, cache, damage):
    assert kernels_from(driver, compiler, cache) == "nvrtc"
    damage(entries(cache)[-1])
    assert kernels_from(driver, compiler, cache) == "nvrtc"
    assert kernels_from(driver, compiler, cache) == "cache"
    assert all(entry.is_file() and not entry.is_symlink() for entry in entries(cache))


def test_an_entry_that_the_driver_refuses_is_compiled_again(driver, compiler, cache):
    kernels_from(driver, compiler, cache)
    _core.cuda_open(driver.path, compiler.path, str(cache), None)
    driver.fake_fail(b"cuModuleLoadData", 209, 0)
    with pytest.raises(RuntimeError, match=r"^cuModuleLoadData: .*209.* driver is too old for the kernels"):
        _core.cuda_info(0)
    assert compiler.fake_nvrtc_compilations() == 2


def test_a_cache_that_cannot_be_written_is_no_error(driver, compiler, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file" / "cache", "/proc/no/such/folder", None):
        assert kernels_from(driver, compiler, folder) == "nvrtc"
    assert [entry.name for entry in entries(tmp_path)] == ["file"]


def test_a_failed_compilation_is_kept_nowhere(driver, compiler, cache):
    compiler.fake_nvrtc_fail(6)
    with pytest.raises(RuntimeError, match=r"do not compile for sm_90: .*NVRTC_ERROR_OF_THE_FAKE(.|\n)*told so"):
        kernels_from(driver, compiler, cache)
    assert not cache.exists()


def test_a_fatbin_is_preferred(driver, compiler, cache, fatbin):
    assert kernels_from(driver, compiler, cache, fatbin) == "fatbin"
    assert compiler.fake_nvrtc_compilations() == 0 and not cache.exists()


@pytest.mark.parametrize("code", [200, 209, 218, 222, 223])
def test_a_fatbin_without_this_gpu_leaves_it_to_the_compiler(driver, compiler, cache, fatbin, code):
    kernels_from(driver, compiler, cache)
    driver.fake_fail_once(b"cuModuleLoadData", code)
    assert kernels_from(driver, compiler, cache, fatbin) == "cache"


def test_a_cut_fatbin_leaves_it_to_the_compiler(driver, compiler, tmp_path):
    path = tmp_path / "cut.fatbin"
    whole = write_fatbin(path)
    for data in (path.read_bytes()[:15], path.read_bytes()[:8] + b"\1" + bytes(7), b"\0" + path.read_bytes()[1:]):
        path.write_bytes(data)
        assert kernels_from(driver, compiler, None, whole) == "nvrtc"


def test_without_fatbin_and_compiler_the_compiler_is_missing(driver, cache):
    _core.cuda_open(driver.path, None, str(cache), None)
    with pytest.raises(RuntimeError, match="NVRTC, which compiles the kernels, is missing: .*nvidia-cuda-nvrtc"):
        _core.cuda_info(0)


def test_the_real_compiler_s_cubin_is_kept(driver, cache):
    for origin in ("nvrtc", "cache"):
        _core.cuda_open(driver.path, nvrtc_library(), str(cache), None)
        assert _core.cuda_info(0)["kernels"] == origin
    assert b"\x7fELF" in entries(cache)[0].read_bytes()
