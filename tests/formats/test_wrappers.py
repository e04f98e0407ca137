"""Event files inside gzip, Zstandard and xz."""

from __future__ import annotations

import gzip
import lzma
import pickle
import resource
import threading
import warnings
import zipfile
from pathlib import Path

import cramjam
import numpy as np
import pytest
import torch
from support.checks import assert_same_events, slice_by_running_maximum
from support.files import FORMATS, HEIGHT, WIDTH, file_bytes, make_events
from support.words import encode_csv, encode_evt2, encode_evt3, raw_header
from torch.utils.data import DataLoader

from aestream import FileInput, FormatError, TruncatedFileWarning
from aestream.formats.spool import Spool

SHAPE = (WIDTH, HEIGHT)
EVENTS = make_events(3000)
COMPRESS = {
    "gzip": gzip.compress,
    "zstd": lambda data: bytes(cramjam.zstd.compress(data)),
    "xz": lzma.compress,
}
WRAPPERS = pytest.mark.parametrize("wrapper", COMPRESS)
NOISE = np.random.default_rng(2).integers(0, 256, 3 << 20, np.uint8).tobytes()  # cannot be compressed


def write(folder: Path, wrapper: str, data: bytes, name: str = "events") -> Path:
    path = folder / f"{name}.{wrapper}"
    path.write_bytes(COMPRESS[wrapper](data))
    return path


def load(path: Path, **options) -> tuple[np.ndarray, list[str]]:
    """The events, and the texts of all warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        events = FileInput(path, SHAPE, **options).load()
    return events, [str(each.message) for each in caught if each.category is TruncatedFileWarning]


def load_or_refusal(path: Path) -> tuple[np.ndarray | None, list[str]]:
    """As load(), or None and the text of the FormatError."""
    try:
        return load(path)
    except FormatError as error:
        return None, [str(error)]


@WRAPPERS
@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("npz", "hdf5")])
def test_any_format_gives_every_event(tmp_path, wrapper, format):
    path = write(tmp_path, wrapper, file_bytes(format, EVENTS), "events.bin" if format == "bin40" else "events")
    file = FileInput(path, SHAPE)
    assert_same_events(file.load(), EVENTS)
    assert (file.format, file.metadata["wrapper"]) == (format, wrapper)
    start_us = int(EVENTS["t"][1000])
    assert_same_events(file.slice(start_us, start_us + 999), slice_by_running_maximum(EVENTS, start_us, start_us + 999))


@WRAPPERS
@pytest.mark.parametrize("format", ["npz", "hdf5"])
def test_container_inside_fails(tmp_path, wrapper, format):
    path = write(tmp_path, wrapper, file_bytes(format, EVENTS))
    with pytest.raises(FormatError, match=f"expected a stream of events in a compressed file, found a {format} file"):
        FileInput(path, SHAPE).load()


@WRAPPERS
def test_options_are_for_what_is_inside(tmp_path, wrapper):
    path = write(tmp_path, wrapper, encode_evt3(EVENTS))
    assert_same_events(FileInput(path, SHAPE, format="evt3").load(), EVENTS)
    text = write(tmp_path, wrapper, encode_csv(EVENTS, columns="xypt"), "text")
    assert_same_events(FileInput(text, SHAPE, columns="xypt").load(), EVENTS)
    with pytest.raises(ValueError, match="columns='xypt' is for csv"):
        FileInput(write(tmp_path, wrapper, file_bytes("dat", EVENTS), "dat"), columns="xypt").load()


@WRAPPERS
@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process .* is multi-threaded")  # other tests import jax
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_give_the_same_items(tmp_path, wrapper, context):
    file = FileInput(write(tmp_path, wrapper, file_bytes("evt3", EVENTS)), window_us=5000)
    want = torch.stack([file[i] for i in range(len(file))])
    loader = DataLoader(file, batch_size=5, num_workers=1, multiprocessing_context=context)
    assert torch.equal(torch.cat(list(loader)), want)


@WRAPPERS
def test_parts_behind_each_other_are_one_file(tmp_path, wrapper):
    data = file_bytes("evt2", EVENTS)
    path = tmp_path / "events"
    path.write_bytes(b"".join(COMPRESS[wrapper](part) for part in (data[:1000], b"", data[1000:1001], data[1001:])))
    assert_same_events(FileInput(path).load(), EVENTS)


@pytest.mark.parametrize("wrapper", ["gzip", "xz"])
def test_zeros_behind_the_last_part_are_padding(tmp_path, wrapper):
    path = tmp_path / "events"
    path.write_bytes(COMPRESS[wrapper](file_bytes("evt2", EVENTS)) + bytes(512))
    assert_same_events(FileInput(path).load(), EVENTS)


@WRAPPERS
def test_file_larger_than_a_piece_gives_every_event(tmp_path, wrapper):
    events = make_events(200_000)
    path = write(tmp_path, wrapper, file_bytes("dat", events))
    assert_same_events(FileInput(path).load(), events)


@WRAPPERS
def test_incompressible_bytes_come_out_as_they_are(tmp_path, wrapper):
    path = write(tmp_path, wrapper, NOISE)
    plain = tmp_path / "plain"
    plain.write_bytes(NOISE)
    assert_same_events(FileInput(path, format="evt2").load(), FileInput(plain, format="evt2").load())


def test_frame_to_skip_holds_nothing(tmp_path):
    path = tmp_path / "events"
    path.write_bytes(bytes.fromhex("502a4d18 04000000 9f4c6700") + COMPRESS["zstd"](file_bytes("evt2", EVENTS)))
    assert_same_events(FileInput(path).load(), EVENTS)


@WRAPPERS
def test_cut_anywhere_is_a_cut(tmp_path, wrapper):
    events = make_events(40_000)
    whole = COMPRESS[wrapper](file_bytes("dat", events))  # which is more than one block
    path = tmp_path / "events"
    most = 0
    for size in [*range(8, 40), *range(100, len(whole), len(whole) // 40), *range(len(whole) - 13, len(whole))]:
        path.write_bytes(whole[:size])
        got, texts = load_or_refusal(path)
        assert len(texts) == 1 and "the inflated bytes: " in texts[0] and "sound" not in texts[0]
        if got is not None:  # else the header of the file inside is cut
            assert_same_events(got, events[: len(got)])
            most = max(most, len(got))
    assert most > 0


@WRAPPERS
@pytest.mark.parametrize("format", ["dat", "evt3", "csv", "aedat4"])
def test_cut_file_gives_whole_events_and_one_warning(tmp_path, wrapper, format):
    whole = COMPRESS[wrapper](file_bytes(format, make_events(60_000)))
    path = tmp_path / "events"
    path.write_bytes(whole[: len(whole) * 4 // 5])
    events, texts = load(path)
    assert_same_events(events, make_events(60_000)[: len(events)])
    assert len(events) > 5000
    assert len(texts) == 1
    assert "of the inflated bytes: " in texts[0] and f"expected a whole {wrapper} file" in texts[0]
    with pytest.raises(FormatError, match=f"{path}, byte .* of the inflated bytes: expected a whole {wrapper} file"):
        load(path, strict=True)


def test_cut_word_in_a_whole_wrapper_is_placed_in_the_inflated_bytes(tmp_path):
    data = raw_header("EVT2", WIDTH, HEIGHT) + encode_evt2(EVENTS) + b"\0"
    events, texts = load(write(tmp_path, "gzip", data))
    assert_same_events(events, EVENTS)
    assert len(texts) == 1
    assert f"byte {len(data) - 1} of the inflated bytes: " in texts[0] and "the last 1 bytes" in texts[0]


def test_last_line_of_a_cut_text_is_no_event(tmp_path):
    text = encode_csv(make_events(3000), columns="xypt")
    path = tmp_path / "events.csv.gz"
    inflater = gzip.zlib.compressobj(wbits=31)
    path.write_bytes(inflater.compress(text[:-4]) + inflater.flush(gzip.zlib.Z_SYNC_FLUSH))  # "…,10" of "…,10234"
    events, texts = load(path, columns="xypt")
    assert_same_events(events, make_events(3000)[:-1])
    assert len(texts) == 1


@WRAPPERS
def test_damaged_file_fails(tmp_path, wrapper):
    data = file_bytes("dat", EVENTS)
    second = bytearray(COMPRESS[wrapper](data[1000:]))
    second[10:26] = b"\xff" * 16  # the first block's header
    path = tmp_path / "events"
    path.write_bytes(COMPRESS[wrapper](data[:1000]) + second)
    with pytest.raises(FormatError, match=f"{path}, byte 1000 of the inflated bytes: expected a sound {wrapper} file"):
        load(path)


@WRAPPERS
def test_garbage_behind_the_last_part_fails(tmp_path, wrapper):
    path = tmp_path / "events"
    path.write_bytes(COMPRESS[wrapper](file_bytes("dat", EVENTS)) + b"garbage!" * 8)
    with pytest.raises(FormatError, match=f"expected a sound {wrapper} file"):
        load(path)


@WRAPPERS
def test_damage_inside_is_placed_in_the_inflated_bytes(tmp_path, wrapper):
    path = write(tmp_path, wrapper, encode_csv(EVENTS[:2]) + b"1,2,x,4\n")
    with pytest.raises(FormatError, match=f"{path}, byte {len(encode_csv(EVENTS[:2]))} of the inflated bytes: line 3"):
        FileInput(path, SHAPE).load()


BESIDE = ["__MACOSX/rec/._a.csv", "rec/.DS_Store", "rec/Thumbs.db", "rec/desktop.ini", ".git/x"]


@pytest.mark.parametrize("name_of_recording", ["rec/a.csv", "./a.csv"])
@pytest.mark.parametrize("beside", [[], BESIDE[:1], BESIDE])
def test_what_systems_put_beside_a_recording_in_a_zip_does_not_count(tmp_path, beside, name_of_recording):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in beside:
            archive.writestr(name, b"\0\5\x16\7")
        archive.writestr(name_of_recording, encode_csv(EVENTS))
    assert_same_events(FileInput(tmp_path / "a.zip", SHAPE).load(), EVENTS)


def test_a_zip_of_other_files_fails_naming_them(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, encode_csv(EVENTS))
    with pytest.raises(FormatError, match="expected arrays of NumPy .*or one recording alone; found a.csv, b.csv"):
        FileInput(tmp_path / "a.zip")


@pytest.mark.parametrize("outer", COMPRESS)
@pytest.mark.parametrize("inner", COMPRESS)
def test_compressed_file_in_a_compressed_one_fails(tmp_path, inner, outer):
    path = write(tmp_path, outer, COMPRESS[inner](file_bytes("dat", EVENTS)))
    with pytest.raises(FormatError, match=f"stream of events in a compressed file, found a {inner} file"):
        load(path)


@pytest.mark.parametrize("inside", [b"\x89HDF\r\n\x1a\n", b"#ROSBAG V2.0\n", b"SQLite format 3\0", b"PK\x03\x04"])
def test_format_that_is_no_stream_fails(tmp_path, inside):
    with pytest.raises(FormatError, match="expected a stream of events in a compressed file, found a"):
        load(write(tmp_path, "gzip", inside + bytes(200)))


@WRAPPERS
def test_unknown_bytes_inside_fail(tmp_path, wrapper):
    with pytest.raises(FormatError, match="of no known format"):
        load(write(tmp_path, wrapper, bytes(1000)))


@WRAPPERS
def test_bomb_fails_with_bounded_memory(tmp_path, wrapper):
    path = write(tmp_path, wrapper, bytes(200 << 20))
    threads = set(threading.enumerate())  # of tests before, such as the one that sends workers their memory
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatError, match=r"byte \d+ of the inflated bytes: expected at most \d+ bytes"):
        load(path)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 60  # MiB
    assert set(threading.enumerate()) <= threads


def test_xz_that_asks_for_much_memory_fails(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    path = tmp_path / "events"
    path.write_bytes(lzma.compress(file_bytes("dat", EVENTS), filters=filters))
    with pytest.raises(FormatError, match="expected a sound xz file, found: Memory usage limit"):
        load(path)


def test_index_of_a_compressed_file_is_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("aestream.datasets.event_file.MIN_FILE_BYTES", 0)
    path = write(tmp_path, "gzip", file_bytes("evt3", EVENTS))
    assert FileInput(path).num_events == len(EVENTS)
    assert len(list((tmp_path / "cache" / "aestream" / "index").iterdir())) == 1
    assert not (file := FileInput(path))._file.has_index
    assert (file.num_events, len(file)) == (len(EVENTS), len(FileInput(path, cache_index=False)))


def test_temporary_file_has_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    file = FileInput(write(tmp_path, "zstd", file_bytes("evt3", EVENTS)))
    assert len(file.load()) == len(EVENTS)
    assert not list((tmp_path / "spool").iterdir())


def test_full_disk_fails_as_the_system_says(tmp_path, monkeypatch):
    def write_nothing(self, piece):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "write", write_nothing)
    with pytest.raises(OSError, match="No space left"):
        FileInput(write(tmp_path, "zstd", file_bytes("evt3", EVENTS))).load()


def test_error_keeps_what_its_offset_counts_in():
    error = pickle.loads(pickle.dumps(FormatError("expected x, found y", 3).within("the inflated bytes")))
    assert str(error.within("the file").located("a.gz")) == "a.gz, byte 3 of the inflated bytes: expected x, found y"
