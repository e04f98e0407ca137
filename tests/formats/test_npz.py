"""NPZ: archives of arrays, against what NumPy was given."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from support.arrays import load, matrix, npy, npz, structured, write
from support.checks import assert_same_events, limited_memory, run_python, slice_by_running_maximum
from support.files import make_events
from torch.utils.data import DataLoader

from aestream import FileInput, FormatError

EVENTS = make_events(300)


COLUMNS = {field: EVENTS[field] for field in "txyp"}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    "members",
    [
        COLUMNS,
        COLUMNS | {"label": np.array([{}])},
        dict(zip(("timestamp", "x_pos", "y_pos", "polarity"), COLUMNS.values(), strict=True)),
        {"event_data": EVENTS, "label": np.array(3)},
        {"arr_0": matrix(EVENTS)},
    ],
)
def test_archive_of_events(tmp_path, members, compression):
    file = FileInput(write(tmp_path, npz(compression, **members)))
    assert_same_events(file.load(), EVENTS)
    assert file.format == "npz"
    start_us, stop_us = int(EVENTS["t"][40]), int(EVENTS["t"][200])
    assert_same_events(file.slice(start_us, stop_us), slice_by_running_maximum(EVENTS, start_us, stop_us))
    copy = pickle.loads(pickle.dumps(file))
    assert_same_events(copy.load(), EVENTS)


def test_columns_of_an_archived_matrix(tmp_path):
    assert_same_events(load(tmp_path, npz(events=matrix(EVENTS, "xytp")), columns="xytp"), EVENTS)
    with pytest.raises(ValueError, match="columns"):
        load(tmp_path, npz(**COLUMNS), columns="xytp")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (COLUMNS | {"x": EVENTS["x"][:-1]}, r"four arrays of one length, found .*x \[299\]"),
        (COLUMNS | {"x": matrix(EVENTS)}, "four arrays of one length"),
        (COLUMNS | {"p": np.array([{}] * 300)}, "p.npy: .*never unpickled"),
        ({"t": EVENTS["t"], "x": EVENTS["x"], "y": EVENTS["y"]}, "found t, x, y"),
        (COLUMNS | {"ts": EVENTS["t"]}, "found t and ts"),
        ({}, "found nothing|zip"),
        (COLUMNS | {"t": npy(EVENTS["t"])[:-1]}, "bytes in t.npy"),
        (COLUMNS | {"t": b"no array"}, "t.npy: expected the header"),
    ],
)
def test_archive_without_events_fails(tmp_path, members, message):
    data = npz(**members) if members else npz(x=b"")[:4] + npz()
    with pytest.raises(FormatError, match=message):
        load(tmp_path, data)


def test_damaged_archive_fails(tmp_path):
    sound = npz(**COLUMNS)
    for data in (sound[:-30], sound[: len(sound) // 2], npz(zipfile.ZIP_BZIP2, **COLUMNS)):
        with pytest.raises(FormatError):
            load(tmp_path, data)
    for place in range(0, len(sound), 23):
        damaged = bytearray(sound)
        damaged[place] ^= 0xFF
        try:
            load(tmp_path, bytes(damaged))
        except FormatError:
            continue


def test_archive_that_would_inflate_to_far_more_than_the_file_fails(tmp_path):
    bomb = np.zeros(8 << 20, "i8")
    with pytest.raises(FormatError, match="expected members of at most"):
        load(tmp_path, npz(**dict.fromkeys("txyp", bomb)))


def test_member_that_holds_more_than_it_claims_fails(tmp_path):
    data = bytearray(npz(event_data=EVENTS))
    directory = data.rindex(b"PK\x01\x02")
    claimed = int.from_bytes(data[directory + 24 : directory + 28], "little")
    data[directory + 24 : directory + 28] = (claimed - 16).to_bytes(4, "little")
    with pytest.raises(FormatError):
        load(tmp_path, bytes(data))


STORED_OR_DEFLATED = pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])


def columns(**dtypes: str) -> dict[str, np.ndarray]:
    return {name: EVENTS[name].astype(dtype) for name, dtype in dtypes.items()}


LAYOUTS = {
    "big-endian": columns(t=">i8", x=">u2", y=">i4", p="?"),
    "floats": columns(t="f8", x="f4", y=">f2", p="f8"),
    "mixed": columns(t=">u4", x="u1", y="i8") | {"p": EVENTS["p"] * 2 - 1.0},
    "columns": {name: EVENTS[name].reshape(-1, 1) for name in "txyp"},
    "rows": {name: EVENTS[name].reshape(1, -1) for name in "txyp"},
    "packed": {"events": structured(EVENTS, ("x", ">u2", "x"), ("p", "i1", "p"), ("t", "<f8", "t"), ("y", "<f4", "y"))},
    "Fortran": {"events": np.asfortranarray(matrix(EVENTS))},
    "matrix of floats": {"events": matrix(EVENTS, dtype=">f8")},
}


@STORED_OR_DEFLATED
@pytest.mark.parametrize("members", LAYOUTS.values(), ids=LAYOUTS)
def test_members_of_any_type_and_layout(tmp_path, members, compression):
    file = FileInput(write(tmp_path, npz(compression, **members)), time_unit="us", cache_index=False)
    assert_same_events(file.load(), EVENTS)
    start_us, stop_us = int(EVENTS["t"][40]), int(EVENTS["t"][200])
    assert_same_events(file.slice(start_us, stop_us), slice_by_running_maximum(EVENTS, start_us, stop_us))


@pytest.mark.parametrize("shift", range(8))
def test_stored_members_at_any_place(tmp_path, shift):
    members = {"label": npy(np.array(3)) + bytes(shift), **COLUMNS}
    assert_same_events(load(tmp_path, npz(zipfile.ZIP_STORED, **members)), EVENTS)


def test_stored_and_deflated_members_in_one_archive(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, compression in zip("txyp", (0, 8, 0, 8), strict=True):
            archive.writestr(f"{name}.npy", npy(COLUMNS[name]), compression)
    assert_same_events(load(tmp_path, file.getvalue()), EVENTS)


@STORED_OR_DEFLATED
def test_archive_with_sizes_of_64_bits(tmp_path, compression, monkeypatch):
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 100)
    data = npz(compression, **COLUMNS)
    assert b"PK\6\6" in data
    assert_same_events(load(tmp_path, data), EVENTS)


@STORED_OR_DEFLATED
def test_archive_that_was_written_to_a_pipe(tmp_path, compression):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def tell(self):
            raise OSError("a pipe has no place")

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", compression) as archive:
        for name, column in COLUMNS.items():
            archive.writestr(f"{name}.npy", npy(column))
    data = pipe.getvalue()
    assert b"PK\7\x08" in data  # sizes and CRC behind the member
    assert_same_events(load(tmp_path, data), EVENTS)


@STORED_OR_DEFLATED
@pytest.mark.parametrize("array", [EVENTS[:0], matrix(EVENTS[:0]), np.asfortranarray(matrix(EVENTS[:0]))])
def test_empty_archive_is_an_empty_recording(tmp_path, array, compression):
    assert len(load(tmp_path, npz(compression, events=array))) == 0


def test_shape_that_cannot_be_addressed_fails(tmp_path):
    text = b"{'descr': '<i8', 'fortran_order': False, 'shape': (0, 4611686018427387904), }\n"
    data = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text
    for whole in (data, npz(events=data)):
        with pytest.raises(FormatError, match="expected an array of events, found shape"):
            load(tmp_path, whole)


@STORED_OR_DEFLATED
def test_number_that_no_event_holds_fails_with_its_row_and_byte(tmp_path, compression):
    x = EVENTS["x"].astype("i4")
    x[7] = 40_000
    data = npz(compression, **{**COLUMNS, "x": x})
    path = write(tmp_path, data)
    with pytest.raises(FormatError, match="row 7: expected for x .*found 40000") as caught:
        FileInput(path).load()
    if compression == zipfile.ZIP_STORED:
        assert str(caught.value).startswith(f"{path}, byte {caught.value.offset}: row 7")
        assert data[caught.value.offset :][:4] == (40_000).to_bytes(4, "little")
    else:
        behind_t = len(npy(EVENTS["t"])) + len(npy(x)) - 4 * 300 + 7 * 4
        assert str(caught.value).startswith(f"{path}, byte {behind_t} of the inflated arrays: row 7")


def patched(data: bytes, signature: bytes, place: int, value: bytes) -> bytes:
    """An archive with other bytes behind the last such signature."""
    at = data.rindex(signature) + place
    return data[:at] + value + data[at + len(value) :]


LOCAL, LISTED = b"PK\3\4", b"PK\1\2"


@STORED_OR_DEFLATED
@pytest.mark.parametrize(
    ("signature", "place", "value", "message"),
    [
        (LISTED, 8, b"\1", "expected plain bytes in p.npy, found encrypted"),
        (LISTED, 8, b"\x40", "expected plain bytes in p.npy, found encrypted"),
        (LISTED, 10, b"\x0e", "stored or deflated, found compression 14"),
        (LISTED, 16, b"\1\2\3\4", "expected the checksum 0x04030201 of p.npy, found 0x"),
        (LISTED, 20, b"\xff\xff\xff\0", "expected 16777215 bytes of p.npy, found the end of the file"),
        (LISTED, 24, b"\x10\0\0\0", "expected 16 bytes in p.npy, found more"),
        (LISTED, 24, b"\xff\xff\0\0", r"expected 65535 bytes in p.npy, found \d"),
        (LISTED, 42, b"\xff\xff\xff\x7e", "expected a header of p.npy at byte 2130706431, found the end"),
        (LOCAL, 0, b"KP", "expected the header of p.npy"),
        (LOCAL, 28, b"\xff\xff", "bytes of p.npy, found the end of the file"),
    ],
)
def test_member_that_is_not_as_listed_fails(tmp_path, signature, place, value, message, compression):
    with pytest.raises(FormatError, match=message):
        load(tmp_path, patched(npz(compression, **COLUMNS), signature, place, value))


@STORED_OR_DEFLATED
def test_any_changed_byte_of_a_member_fails(tmp_path, compression):
    data = npz(compression, **COLUMNS)
    first = data.index(b"x.npy") + 5
    for at in range(first, first + 200):
        with pytest.raises(FormatError, match=r"checksum|deflated|bytes in x\.npy"):
            load(tmp_path, data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])


def test_place_beyond_all_files_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 100)
    data = npz(zipfile.ZIP_STORED, **COLUMNS)
    end = data.rindex(b"PK\6\6")
    with pytest.raises(FormatError):  # of the list
        load(tmp_path, data[: end + 48] + b"\xff" * 8 + data[end + 56 :])
    listed = data.rindex(LISTED)
    extra = data[listed:end].index(b"p.npy") + 5 + listed
    for value in (b"\xff" * 8, b"\0" * 7 + b"\x80"):
        with pytest.raises(FormatError):  # of the member
            load(tmp_path, data[: extra + 4 + 16] + value + data[extra + 4 + 24 :])


def test_member_that_inflates_to_more_than_it_claims_costs_no_memory(tmp_path):
    data = npz(events=b"\0" * (200 << 20))
    path = write(tmp_path, patched(data, LISTED, 24, (1 << 20).to_bytes(4, "little")))
    with limited_memory(8 << 20), pytest.raises(FormatError, match="expected 1048576 bytes in events.npy, found more"):
        FileInput(path).load()


MANY = make_events(200_000)


@pytest.fixture
def deflated(tmp_path):
    return write(tmp_path, npz(**{name: MANY[name] for name in "txyp"}, sensor_size=np.array([64, 48])))


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process .* is multi-threaded")  # other tests import jax
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_give_the_same_items(deflated, context):
    file = FileInput(deflated, window_us=500_000)
    want = torch.stack([file[i] for i in range(len(file))])
    assert int(want.sum()) == len(MANY)
    loader = DataLoader(file, batch_size=2, num_workers=1, multiprocessing_context=context)
    assert torch.equal(torch.cat(list(loader)), want)


def test_temporary_file_has_no_name(deflated, tmp_path, monkeypatch):
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    file = FileInput(deflated, cache_index=False)
    assert file.shape == (64, 48)
    assert not list(folder.iterdir())
    assert_same_events(file.load(), MANY)


def test_stored_arrays_need_no_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert_same_events(load(tmp_path, npz(zipfile.ZIP_STORED, **COLUMNS)), EVENTS)


def test_full_disk_is_an_os_error_that_names_the_folder(deflated, tmp_path):
    code = """
        import resource, sys, tempfile
        from aestream import FileInput
        tempfile.tempdir = sys.argv[2]
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        try:
            FileInput(sys.argv[1], cache_index=False).load()
        except OSError as error:
            print(type(error).__name__, error.filename)
    """
    child = run_python(code, deflated, tmp_path)
    assert child.stdout.split() == ["OSError", str(tmp_path)], child.stderr


def test_what_was_inflated_outlives_the_file(deflated):
    file = FileInput(deflated, cache_index=False)
    assert file.format == "npz"
    os.truncate(deflated, 1000)
    assert_same_events(file.load(), MANY)
    with pytest.raises(FormatError, match="expected a sound zip archive"):
        FileInput(deflated, cache_index=False).load()
