"""What runs the kernels of these tests."""

from __future__ import annotations

import pytest
from support.gpu_devices import Gpu, Host, build_fake, has_gpu, open_fake


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
