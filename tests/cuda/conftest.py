"""What runs the kernels of these tests."""

from __future__ import annotations

import pytest
from support.gpu_devices import Gpu, Host, build_fake, has_gpu, open_fake
from support.host_memory import HostMemory


@pytest.fixture(scope="session")
def fake_library(tmp_path_factory):
    return build_fake(tmp_path_factory.mktemp("fake"))


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
    import aestream._core as _core

    _core.cuda_close()


@pytest.fixture
def cuda(device, monkeypatch):
    """What ``device=`` is given: "cuda", whose memory and kernels are the host's where there is no GPU."""
    if not has_gpu():
        monkeypatch.setattr("aestream.cuda.CudaMemory", HostMemory)
        monkeypatch.setattr("aestream.cuda._missing", lambda device: None)
        monkeypatch.setattr("aestream.cuda._GPUS", {})
    return "cuda"
