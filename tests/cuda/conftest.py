"""What runs the kernels of these tests."""

from __future__ import annotations

import ctypes

import pytest
from support.gpu_devices import LIBNVRTC, Gpu, Host, build_fake, forget_gpu, has_gpu, open_fake, write_fatbin
from support.host_memory import HostMemory


@pytest.fixture(scope="session")
def fake_library(tmp_path_factory):
    return build_fake(tmp_path_factory.mktemp("fake"))


@pytest.fixture(scope="session")
def fake_compiler(tmp_path_factory):
    return build_fake(tmp_path_factory.mktemp("fake"), LIBNVRTC)


@pytest.fixture(scope="module")
def device(request):
    if has_gpu():
        import aestream

        assert aestream.gpu().missing is None, aestream.gpu()
        yield Gpu()
        return
    library = request.getfixturevalue("fake_library")
    open_fake(library, library.parent)
    yield Host()
    forget_gpu()


@pytest.fixture
def cuda(device, monkeypatch):
    """What ``device=`` is given: "cuda", whose memory and kernels are the host's where there is no GPU."""
    if not has_gpu():
        monkeypatch.setattr("aestream.cuda.CudaMemory", HostMemory)
        monkeypatch.setattr("aestream.cuda._missing", lambda device: None)
        monkeypatch.setattr("aestream.cuda._GPUS", {})
    return "cuda"


@pytest.fixture
def driver(fake_library):
    """The fake libcuda, not open yet, with what it counts and how it fails."""
    forget_gpu()
    library = ctypes.CDLL(str(fake_library))
    library.fake_calls.restype = ctypes.c_char_p
    library.path = str(fake_library)
    library.fake_reset()
    yield library
    library.fake_reset()
    forget_gpu()
    assert (library.fake_contexts(), library.fake_modules(), library.fake_current()) == (0, 0, 0)


@pytest.fixture
def compiler(fake_compiler):
    """The fake NVRTC."""
    library = ctypes.CDLL(str(fake_compiler))
    library.fake_nvrtc_options.restype = ctypes.c_char_p
    library.path = str(fake_compiler)
    library.fake_nvrtc_reset()
    return library


@pytest.fixture
def fatbin(tmp_path):
    return write_fatbin(tmp_path / "kernels.fatbin")
