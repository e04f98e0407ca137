"""Pinned memory that takes turns, and what is said where there is no CUDA."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.gpu_devices import has_gpu
from support.host_memory import HostMemory

from aestream import FileInput, UDPInput
from aestream.cuda import to_device
from aestream.cuda_memory import PinnedRing
from aestream.datasets import PreparedDataset, RecordingDataset


def upload(ring: PinnedRing, memory: HostMemory, size: int) -> torch.Tensor:
    with ring.slot() as slot:
        buffer = slot.reserve(size)
        memory.copy(buffer[:size], torch.empty(size, dtype=torch.uint8))
    return buffer


def test_a_buffer_is_used_again_when_its_copy_is_done():
    memory = HostMemory()
    ring = PinnedRing(memory)
    buffers = [upload(ring, memory, 100) for _ in range(7)]
    assert len({buffer.data_ptr() for buffer in buffers}) == 3
    assert buffers[3] is buffers[0] and buffers[5] is buffers[2]
    assert memory.waits == [1, 2, 3, 4]  # the fourth upload waits for the first copy


def test_a_buffer_grows_and_does_not_shrink():
    memory = HostMemory()
    ring = PinnedRing(memory, 1)
    assert len(upload(ring, memory, 1)) == 4 << 20
    assert len(upload(ring, memory, 5 << 20)) == 8 << 20
    assert len(upload(ring, memory, 10)) == 8 << 20


def test_a_large_buffer_is_not_kept(monkeypatch):
    monkeypatch.setattr("aestream.cuda_memory._MAX_KEPT", 6 << 20)
    memory = HostMemory()
    ring = PinnedRing(memory, 1)
    assert len(upload(ring, memory, 5 << 20)) == 8 << 20
    assert len(upload(ring, memory, 5)) == 4 << 20


def test_more_threads_than_buffers_get_their_own():
    ring = PinnedRing(HostMemory(), 1)
    with ring.slot() as one, ring.slot() as other:
        assert one.reserve(8).data_ptr() != other.reserve(8).data_ptr()


def test_a_buffer_comes_back_when_its_use_fails():
    memory = HostMemory()
    ring = PinnedRing(memory, 1)
    with pytest.raises(ZeroDivisionError), ring.slot() as slot:
        first = slot.reserve(8)
        raise ZeroDivisionError
    assert upload(ring, memory, 8) is first


@pytest.mark.skipif(has_gpu(), reason="there is CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:1", torch.device("cuda", 0)])
def test_without_cuda_every_entry_says_what_is_missing(tmp_path, device):
    path = write_file(tmp_path, "dat", make_events(100))
    entries = [
        lambda: FileInput(path, device=device),
        lambda: UDPInput((WIDTH, HEIGHT), device),
        lambda: RecordingDataset([(path, None, 0)], device=device)[0],
        lambda: PreparedDataset(tmp_path, device=device),
    ]
    for entry in entries:
        with pytest.raises(RuntimeError, match=r"device='cuda(:\d)?' cannot be used: .*(torch|driver)"):
            entry()


def test_no_device_is_the_cpu(tmp_path):
    assert to_device(None) == to_device("cpu") == torch.device("cpu")
    file = FileInput(write_file(tmp_path, "dat", make_events(100)), device=None)
    assert file[0].device.type == "cpu"
    with pytest.raises(RuntimeError):
        to_device("graphics")


def test_frames_of_jax_on_a_gpu_need_a_jax_with_cuda(cuda, monkeypatch):
    jax = pytest.importorskip("jax")
    from aestream.backends import frame_to

    frame = np.arange(6, dtype=np.float32).reshape(2, 3)
    try:
        jax.devices("cuda")
    except RuntimeError:
        with pytest.raises(RuntimeError, match=r"needs a jax with CUDA.*device=\"cpu\""):
            frame_to("jax", frame, torch.device("cuda"))
    else:
        assert np.array_equal(np.asarray(frame_to("jax", frame, torch.device("cuda"))), frame)
