"""What no reader can beat: copying 16 bytes per event, and decompressing the packets."""

import re
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cramjam
import numpy as np

EVENT_BYTES = 16


def prepare_copy_fresh(path, events, threads):
    return np.ones(events * EVENT_BYTES, np.uint8)


def _copy(source, target, threads):
    parts = zip(np.array_split(source, threads), np.array_split(target, threads), strict=True)
    if threads == 1:
        np.copyto(target, source)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), parts))


def copy_fresh(source, sink, events, threads):
    target = np.empty_like(source)
    _copy(source, target, threads)
    sink(target)


def prepare_copy_warm(path, events, threads):
    source = np.ones(events * EVENT_BYTES, np.uint8)
    return source, source.copy()


def copy_warm(state, sink, events, threads):
    _copy(*state, threads)
    sink(state[1])


def _packets(data):
    """Payloads of an AEDAT4 file, up to the data table."""
    start = 14 + 4 + struct.unpack_from("<I", data, 14)[0]
    table = struct.unpack_from("<q", data, 54)[0]
    while start < table:
        size = struct.unpack_from("<i", data, start + 4)[0]
        yield data[start + 8 : start + 8 + size]
        start += 8 + size


def read_file(path, sink):
    """Its bytes, once, into memory of our own."""
    sink(np.fromfile(path, np.uint8))


def prepare_decompress(path, events, threads):
    codec = cramjam.lz4 if re.search("lz4", Path(path).name) else cramjam.zstd
    packets = list(_packets(Path(path).read_bytes()))
    sizes = [len(codec.decompress(packet)) for packet in packets]
    out = np.ones(sum(sizes), np.uint8)
    ends = np.cumsum(sizes)
    return codec, packets, [out[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def decompress(state, sink, events, threads):
    codec, packets, outs = state

    def work(part):
        for i in range(part, len(packets), threads):
            codec.decompress_into(packets[i], outs[i])

    if threads == 1:
        work(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))
    sink(outs)
