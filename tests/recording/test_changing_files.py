"""Files that are cut, written over or replaced while they are open: an OSError in every format, and no signal."""

from __future__ import annotations

import os
import pickle
import warnings

import h5py
import numpy as np
import pytest
from support.checks import assert_same_events, run_python
from support.files import FORMATS, HEIGHT, WIDTH, file_bytes, make_events, write_file

from aestream import FileInput, IndexWarning
from aestream.datasets import index_cache

SHAPE = (WIDTH, HEIGHT)
EVENTS = make_events(20_000)
CHANGED = "the file has changed since it was opened"

# Cuts the file and says what comes of it. What an OSError is not must not come, and a signal would end the process.
CUT_WHILE = """
import os, sys, torch
from aestream import FileInput
def main(path, shape, use):
    file = FileInput(path, shape, window_us=2000, threads=2, cache_index=False, ignore_time=True)
    length = len(file) if use != "load" else file.format
    def act():
        if use == "load":
            return file.load()
        if use == "items":
            return [file[i] for i in range(length)]
        if use == "workers":
            return list(torch.utils.data.DataLoader(file, batch_size=4, num_workers=2))
        with file as stream:
            while stream.is_streaming():
                stream.read()
    os.truncate(path, os.path.getsize(path) // 8)
    try:
        act()
    except OSError as error:
        print(error)
if __name__ == "__main__":
    main(sys.argv[1], (64, 48), sys.argv[2])
"""


def lzf_hdf5(path):
    """Rows that only h5py can read."""
    with h5py.File(path, "w") as file:
        for name in "txyp":
            values = EVENTS[name].astype(np.int64)
            file.create_dataset(f"events/{name}", data=values, chunks=(1000,), compression="lzf")
    return path


USES = [(format, use) for format in (*FORMATS, "lzf") for use in ("load", "items", "replay")]
USES += [(format, "workers") for format in ("evt3", "aedat4", "hdf5")]  # which do what items do


@pytest.mark.parametrize(("format", "use"), USES)
def test_file_that_is_cut_is_an_os_error(tmp_path, format, use):
    path = lzf_hdf5(tmp_path / "lzf.events") if format == "lzf" else write_file(tmp_path, format, EVENTS)
    child = run_python(CUT_WHILE, path, use)
    assert child.returncode == 0, child.stderr
    assert CHANGED in child.stdout, child.stderr


def test_cut_within_the_last_page_is_an_os_error(tmp_path):
    path = write_file(tmp_path, "evt2", EVENTS)
    file = FileInput(path, cache_index=False)
    assert len(file.load()) == len(EVENTS)
    os.truncate(path, os.path.getsize(path) - 8)
    with pytest.raises(OSError, match=f"{CHANGED}: it had"):
        file.load()


def test_file_that_is_written_over_is_an_os_error(tmp_path):
    path = write_file(tmp_path, "evt2", EVENTS)
    file = FileInput(path, cache_index=False)
    assert len(file.load()) == len(EVENTS)
    with open(path, "r+b") as stream:
        stream.write(file_bytes("evt2", make_events(20_000, seed=9)))
    with pytest.raises(OSError, match=f"{CHANGED}: it was written over"):
        file.load()


def test_file_that_grows_is_touched_or_replaced_stays_what_it_was(tmp_path):
    path = write_file(tmp_path, "evt2", EVENTS)
    file = FileInput(path, cache_index=False)
    assert file.num_events == len(EVENTS)
    with open(path, "ab") as stream:
        stream.write(bytes(4096))
    os.utime(path, ns=(1, 1))
    assert_same_events(file.load(), EVENTS)
    path.unlink()
    write_file(tmp_path, "evt2", make_events(100))
    assert_same_events(file.load(), EVENTS)


def test_another_bus_error_still_ends_the_process(tmp_path, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0:handle_sigbus=0")  # AddressSanitizer has an answer of its own
    code = """
        import mmap, os, sys, faulthandler
        if sys.argv[2] == "faulthandler":
            faulthandler.enable()
        import aestream
        if sys.argv[2] == "faulthandler later":
            faulthandler.enable()
        aestream.FileInput(sys.argv[1]).load()
        with open(sys.argv[1] + ".other", "w+b") as other:
            other.write(bytes(1 << 16))
            other.flush()
            memory = mmap.mmap(other.fileno(), 0)
            os.ftruncate(other.fileno(), 0)
            memory[5000]
    """
    path = write_file(tmp_path, "evt2", EVENTS)
    for how in ("", "faulthandler", "faulthandler later"):
        child = run_python(code, path, how)
        assert child.returncode == -7, child.stderr
        assert ("Bus error" in child.stderr) == bool(how)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("aestream.datasets.event_file.MIN_FILE_BYTES", 0)
    return tmp_path / "cache" / "aestream" / "index"


@pytest.mark.parametrize("format", FORMATS)
def test_index_of_another_file_is_built_again_with_a_warning(tmp_path, format):
    path = write_file(tmp_path, format, EVENTS)
    pickled = pickle.dumps(FileInput(path, SHAPE, window_us=20_000))
    others = make_events(9000, seed=3)
    write_file(tmp_path, format, others)
    copy = pickle.loads(pickled)
    with pytest.warns(IndexWarning, match="built again"):
        assert_same_events(copy.slice(0, 2**40), others)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert copy.num_events == len(others)


def forge(sealed, change):
    """The sealed index with other numbers, and a checksum that is right."""
    import hashlib

    magic = len(index_cache._MAGIC)
    body = bytearray(sealed[magic + 32 :])
    begin = body.index(b"\n") + 1
    numbers = np.frombuffer(body, np.int64, offset=begin)
    change(numbers[:5], numbers[5:].reshape(-1, 8))
    return sealed[:magic] + hashlib.sha256(body).digest() + bytes(body)


def set_to(place, value):
    def change(head, checkpoints):
        {"head": head, "last": checkpoints[-1]}[place[0]][place[1]] = value

    return change


LIES = {
    "fewer events": lambda head, _: head.__setitem__(0, head[0] - 1),
    "more events": lambda head, _: head.__setitem__(0, head[0] + 1),
    "huge count": set_to(("head", 0), 2**60),
    "negative count": set_to(("head", 0), -1),
    "huge time": set_to(("head", 3), 2**62),
    "other start": set_to(("head", 2), 0),
    "behind the end": set_to(("last", 0), 2**40),
    "negative offset": set_to(("last", 0), -8),
    "huge ordinal": set_to(("last", 1), 2**60),
    "shifted": lambda head, checkpoints: checkpoints.__setitem__((-1, 1), checkpoints[-1, 1] + 1),
    "cut bytes": set_to(("head", 1), 2**50),
    "latest at": set_to(("head", 4), 2**50),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("format", FORMATS)
def test_index_that_lies_is_built_again(tmp_path, format, lie):
    path = write_file(tmp_path, format, EVENTS)
    file = FileInput(path, SHAPE, window_us=20_000)
    state = file._file.__getstate__()
    state["_sealed_index"] = forge(state["_sealed_index"], LIES[lie])
    copy = pickle.loads(pickle.dumps(file))
    copy._file.__dict__.update(state)
    with pytest.warns(IndexWarning, match="built again"):
        assert len(copy) == len(file)
    assert_same_events(copy.slice(0, 2**40), EVENTS)


# What no decoder leaves in a checkpoint: the number of wraps (word 3), then words of the format's own.
STATES = {
    "negative wraps": (3, -1),
    "wraps beyond all times": (3, 2**60),
    "impossible time": (4, -1),
    "impossible flags": (5, -1),
}
EVT3_FLAGS = {f"flag {bit} is 2": (5, 2 << 8 * bit) for bit in (4, 5, 6)}  # polarity, has a time, is no change


@pytest.mark.parametrize(
    ("format", "place", "value"),
    [(format, *state) for format in ("evt2", "evt21", "evt3", "dat", "csv", "es", "bin40") for state in STATES.values()]
    + [("evt3", *flag) for flag in EVT3_FLAGS.values()],
)
def test_index_with_an_impossible_state_is_built_again(tmp_path, format, place, value):
    path = write_file(tmp_path, format, EVENTS)
    file = FileInput(path, SHAPE, window_us=20_000)
    state = file._file.__getstate__()

    def change(_head, checkpoints):  # one between the stretches that are decoded to compare them
        checkpoints[len(checkpoints) // 6 * 2 - 2, place] = value

    state["_sealed_index"] = forge(state["_sealed_index"], change)
    copy = pickle.loads(pickle.dumps(file))
    copy._file.__dict__.update(state)
    with pytest.warns(IndexWarning, match="built again"):
        assert_same_events(copy.slice(0, 2**40), EVENTS)


@pytest.mark.parametrize("change", ["grows", "is replaced"])
def test_index_of_old_bytes_is_not_kept_for_the_new_ones(tmp_path, cache, change):
    path = write_file(tmp_path, "evt2", EVENTS)
    file = FileInput(path)
    assert file.format == "evt2"  # mapped now
    more = make_events(25_000)
    if change == "is replaced":
        path.unlink()
    else:
        more[: len(EVENTS)] = EVENTS
    path.write_bytes(file_bytes("evt2", more))
    assert file.num_events == len(EVENTS)
    assert FileInput(path).num_events == len(more)


def test_cache_is_not_read_through_links_or_waited_for(tmp_path, cache):
    path = write_file(tmp_path, "evt2", EVENTS)
    assert FileInput(path).num_events == len(EVENTS)
    (entry,) = cache.iterdir()
    sealed = entry.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(sealed)
    file = FileInput(path)
    identity = file._file.opened.identity
    variant = file._file._variant(file._file.opened)
    assert index_cache.read_index(str(path), variant, identity) is not None
    entry.chmod(0o666)
    assert index_cache.read_index(str(path), variant, identity) is None
    entry.unlink()
    entry.symlink_to(elsewhere)
    assert index_cache.read_index(str(path), variant, identity) is None
    entry.unlink()
    os.mkfifo(entry)
    assert index_cache.read_index(str(path), variant, identity) is None
    entry.unlink()
    entry.mkdir()
    descriptors = len(os.listdir("/dev/fd"))
    assert index_cache.read_index(str(path), variant, identity) is None
    assert len(os.listdir("/dev/fd")) == descriptors
    entry.rmdir()
    entry.write_bytes(sealed + bytes(16 << 20))
    assert index_cache.read_index(str(path), variant, identity) is None
    assert FileInput(path).num_events == len(EVENTS)
