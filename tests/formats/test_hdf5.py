"""HDF5: layouts, what they say about time and sensor, and files that are none of ours."""

from __future__ import annotations

import builtins

import h5py
import numpy as np
import pytest
from support.checks import assert_same_events
from support.files import make_events
from support.hdf5_files import TRIGGER, columns_of, compound, write_dsec, write_ecf, write_group

import aestream
from aestream import FileInput, FormatError, ShapeWarning

EVENTS = make_events(900)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.h5"


def load(path, **options) -> np.ndarray:
    return FileInput(path, cache_index=False, **options).load()


def write_matrix(path, name: str, order: str, dtype: str, scale: float = 1, events: np.ndarray = EVENTS):
    columns = [events[field].astype(dtype) * (scale if field == "t" else 1) for field in order]
    with h5py.File(path, "a") as file:
        file.create_dataset(name, data=np.stack(columns, axis=1), chunks=(256, 4), compression="gzip")


@pytest.mark.parametrize("name", ["events", "raw_events", "prophesee/left"])
def test_group_of_columns(path, name):
    file = FileInput(write_group(path, EVENTS, name))
    assert_same_events(file.load(), EVENTS)
    assert (file.format, file.shape, file.num_events) == ("hdf5", None, 900)
    assert file.metadata["stream"] == name


def test_float_times_are_seconds(path):
    with h5py.File(path, "w") as file:
        for name, values in {"ts": EVENTS["t"] / 1e6, "xs": EVENTS["x"], "ys": EVENTS["y"]}.items():
            file[f"events/{name}"] = values
        file["events/ps"] = EVENTS["p"] * 2.0 - 1
        file.attrs["sensor_resolution"] = (48, 64)
    file = FileInput(path)
    assert_same_events(file.load(), EVENTS)
    assert file.shape == (64, 48)
    assert file.metadata["layout"] == "e2vid"


@pytest.mark.parametrize(("scale_ms", "factor"), [(0.001, 1), (1.0, 1000), (0.01, 10)])
def test_timestamp_scale_is_the_unit(path, scale_ms, factor):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        file.attrs["timestamp_scale_ms"] = scale_ms
    assert np.array_equal(load(path)["t"], EVENTS["t"] * factor)


def test_dsec_times_begin_at_their_offset(path):
    file = FileInput(write_dsec(path, EVENTS))
    assert_same_events(file.load(), EVENTS)
    assert (file.t_start, file.metadata["layout"]) == (EVENTS["t"][0], "dsec")


def test_mvsec_has_two_streams_of_seconds(path):
    left, right = EVENTS, make_events(700, seed=2)
    write_matrix(path, "davis/left/events", "xytp", "f8", 1e-6)
    write_matrix(path, "davis/right/events", "xytp", "f8", 1e-6, events=right)
    assert_same_events(load(path), left)
    assert_same_events(load(path, stream="davis/left/events"), left)
    assert_same_events(load(path, stream="right"), right)
    assert_same_events(load(path, stream="/davis/right/events"), right)


@pytest.mark.parametrize("stream", ["middle", 3, "", "image"])
def test_stream_that_is_not_there_fails(path, stream):
    write_matrix(path, "davis/left/events", "xytp", "f8", 1e-6)
    with h5py.File(path, "a") as file:
        file["image"] = np.zeros(3)
    with pytest.raises(ValueError, match="stream must be one of davis/left/events"):
        load(path, stream=stream)


def test_stream_of_any_path(path):
    write_group(path, EVENTS, "camera/7/changes")
    assert_same_events(load(path, stream="camera/7/changes"), EVENTS)
    assert_same_events(load(path), EVENTS)  # the only place that holds events


def test_matrix_of_integers_is_t_x_y_p_unless_told(path):
    write_matrix(path, "events", "txyp", "u4")
    assert_same_events(load(path), EVENTS)
    assert_same_events(load(path, columns="txyp"), EVENTS)
    with pytest.raises(FormatError, match=r"expected an array \[N, 5\] at events, found \[900, 4\]"):
        load(path, columns="txy_p")
    with pytest.raises(ValueError, match="each of the letters"):
        load(path, columns="txy")


def test_columns_of_a_group_fail(path):
    with pytest.raises(ValueError, match=r"columns='txyp' is for an array \[N, 4\]; found .* in events"):
        load(write_group(path, EVENTS), columns="txyp")


def test_prophesee_rows_without_codec(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("CD/events", data=compound(EVENTS), chunks=(256,), compression="gzip")
        file.attrs["geometry"] = np.bytes_("64x48")
    file = FileInput(path)
    assert_same_events(file.load(), EVENTS)
    assert (file.shape, file.metadata["geometry"]) == ((64, 48), "64x48")
    assert file.triggers().dtype == aestream.TRIGGER_DTYPE and len(file.triggers()) == 0


def test_metadata_is_what_the_file_says_of_itself(path):
    write_ecf(path, EVENTS)
    with h5py.File(path, "a") as file:
        file.attrs.update(serial_number=np.int64(7), matrix=np.eye(2))
    file = FileInput(path)
    assert file.metadata == {
        "version": "1.0",
        "geometry": "64x48",
        "time_shift": "100",
        "serial_number": 7,
        "matrix": [[1.0, 0.0], [0.0, 1.0]],
        "layout": "prophesee",
        "stream": "CD/events",
    }
    assert file.t_start == EVENTS["t"][0]  # whatever time_shift says


def test_triggers_are_edges_on_the_inputs(path):
    rows = np.array([(0, 100, 6), (1, 2**40, 6), (0, 90, 0)], TRIGGER)
    write_ecf(path, EVENTS)
    with h5py.File(path, "a") as file:
        file["EXT_TRIGGER/events"] = rows
    triggers = FileInput(path).triggers()
    assert triggers.tolist() == [(100, 6, False), (2**40, 6, True), (90, 0, False)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(3), "expected rows of t, id and p"),
        (np.zeros((2, 2), TRIGGER), "expected rows of t, id and p"),
        (np.array([(1, 1, 2**20)], [("p", "i2"), ("t", "i8"), ("id", "i4")]), "whole numbers of int16 for id"),
        (np.array([(1, 1.5, 1)], [("p", "i2"), ("t", "f8"), ("id", "i4")]), "whole numbers of int64 for t"),
    ],
)
def test_damaged_triggers_fail(path, rows, message):
    write_ecf(path, EVENTS)
    with h5py.File(path, "a") as file:
        file["EXT_TRIGGER/events"] = rows
    with pytest.raises(FormatError, match=message):
        FileInput(path).triggers()


def test_triggers_of_a_layout_without_them_fail(path):
    with pytest.raises(ValueError, match="holds no triggers"):
        FileInput(write_group(path, EVENTS)).triggers()


@pytest.mark.parametrize(
    "say",
    [
        lambda file: file.attrs.update(width=64, height=48),
        lambda file: file["events"].attrs.update(width=np.uint64(64), height=np.uint64(48)),
        lambda file: file["events"].update({"width": 64, "height": [48]}),
        lambda file: file["events"].update({"calib/resolution": (64, 48)}),
        lambda file: file.attrs.update(geometry="64x48"),
        lambda file: file.attrs.update(sensor_resolution=[48, 64]),
    ],
)
def test_shape_wherever_the_file_says_it(path, say):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        say(file)
    assert FileInput(path).shape == (64, 48)
    with pytest.warns(ShapeWarning, match="disagrees with the header .* 64x48"):
        FileInput(path, (63, 48))


@pytest.mark.parametrize(
    "say",
    [
        lambda file: file.attrs.update(width=0, height=48),
        lambda file: file.attrs.update(geometry="big"),
        lambda file: file.attrs.update(sensor_resolution=[48]),
        lambda file: file.attrs.update(width=64, height="tall"),
        lambda file: file.update({"t_offset": 1.5}),
        lambda file: file.update({"t_offset": [1, 2]}),
        lambda file: file.update({"t_offset": np.uint64(2**63)}),
        lambda file: file.attrs.update(timestamp_scale_ms=0.0),
        lambda file: file.attrs.update(timestamp_scale_ms=np.nan),
    ],
)
def test_absurd_outsides_fail(path, say):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        say(file)
    with pytest.raises(FormatError, match="expected"):
        FileInput(path)


def test_groups_where_datasets_would_be_say_nothing(path):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        for name in ("t_offset", "ms_to_idx", "events/width", "events/height", "events/calib/resolution"):
            file.create_group(name)
    file = FileInput(path)
    assert (file.num_events, file.shape) == (900, None)


def test_attributes_that_h5py_does_not_know_are_left_out(path):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        h5py.h5a.create(file.id, b"odd", h5py.h5t.UNIX_D32LE, space)
        file.attrs["camera"] = "left"
    metadata = FileInput(path).metadata
    assert metadata["camera"] == "left"
    assert "odd" not in metadata


def test_chunk_may_have_more_rows_than_there_are(path):
    with h5py.File(path, "w") as file:
        for name, values in columns_of(EVENTS).items():
            file.create_dataset(f"events/{name}", data=values, chunks=(2**21,), maxshape=(None,), compression="gzip")
    assert_same_events(load(path), EVENTS)


@pytest.mark.parametrize("name", ["t", "x", "y", "p"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(899, "u1"), "as many rows in every column"),
        (np.zeros((900, 2), "u1"), "a column of numbers"),
        (np.zeros(900, "c8"), "a column of numbers"),
        (np.zeros(900, "S3"), "a column of numbers"),
        (np.uint8(3), "a column of numbers"),
        (None, "expected t, x, y, p, or names that mean them, in events; found .*fields="),
    ],
)
def test_columns_that_are_no_events_fail(path, name, values, message):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        del file["events"][name]
        if values is not None:
            file["events"][name] = values
    with pytest.raises(FormatError, match=message):
        FileInput(path)


def test_two_columns_for_one_field_fail(path):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        file["events/ts"] = EVENTS["t"]
    with pytest.raises(FormatError, match="one each of t, x, y, p in events, found .*ts"):
        FileInput(path)


def test_number_that_no_event_holds_fails_with_its_row(path):
    columns = columns_of(EVENTS)
    columns["x"][700] = 40_000
    with h5py.File(path, "w") as file:
        for name, values in columns.items():
            file.create_dataset(f"events/{name}", data=values, chunks=(128,))
    with pytest.raises(FormatError, match=f"{path}: row 700: expected for x .*found 40000"):
        load(path)


@pytest.mark.parametrize("write", [write_group, write_ecf])
def test_empty_datasets_are_an_empty_recording(path, write):
    file = FileInput(write(path, EVENTS[:0]))
    assert (len(file.load()), file.num_events, file.t_start, file.t_stop) == (0, 0, 0, 0)


def test_links_within_the_file_are_followed(path):
    write_group(path, EVENTS, "a/b")
    with h5py.File(path, "a") as file:
        file["events"] = h5py.SoftLink("a/./b")
        file["a/b"].move("x", "column")
        file["a/b/x"] = h5py.SoftLink("/a/b/column")
    assert_same_events(load(path), EVENTS)


def test_links_in_a_circle_fail(path):
    with h5py.File(path, "w") as file:
        file["events"] = h5py.SoftLink("raw_events")
        file["raw_events"] = h5py.SoftLink("events")
    with pytest.raises(FormatError, match="more than 16 links"):
        load(path)


def test_events_in_another_file_are_not_read(path, tmp_path):
    other = write_group(tmp_path / "other.h5", EVENTS)
    with h5py.File(path, "w") as file:
        file["events"] = h5py.ExternalLink(str(other), "events")
    with pytest.raises(FormatError, match="within the file, found a link to"):
        load(path)
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        del file["events/t"]
        file["events/t"] = h5py.ExternalLink(str(other), "events/t")
    with pytest.raises(FormatError, match="within the file, found a link to"):
        load(path)


def test_datasets_that_other_files_hold_are_not_read(path, tmp_path):
    other = write_group(tmp_path / "other.h5", EVENTS)
    layout = h5py.VirtualLayout((900,), "i8")
    layout[:] = h5py.VirtualSource(str(other), "events/t", (900,))
    (tmp_path / "secret").write_bytes(bytes(7200))
    for create in (
        lambda group: group.create_virtual_dataset("t", layout),
        lambda group: group.create_dataset("t", (900,), "i8", external=[(str(tmp_path / "secret"), 0, 7200)]),
    ):
        write_group(path, EVENTS)
        with h5py.File(path, "a") as file:
            del file["events/t"]
            create(file["events"])
        with pytest.raises(FormatError, match="within the file, found a dataset that other files hold"):
            load(path)


@pytest.mark.parametrize(("rows", "chunk"), [(10**10, 1000), (1000, 10**8)])
def test_absurd_sizes_are_refused(path, rows, chunk):
    with h5py.File(path, "w") as file:
        for name in "txyp":
            file.create_dataset(f"events/{name}", (rows,), "u1", chunks=(chunk,), maxshape=(None,))
    with pytest.raises(FormatError, match="expected at most .* bytes in /events/t for a file of"):
        FileInput(path)


def test_absurd_number_of_triggers_is_refused(path):
    write_ecf(path, EVENTS)
    with h5py.File(path, "a") as file:
        file.create_dataset("EXT_TRIGGER/events", (10**9,), TRIGGER, chunks=(1000,))
    with pytest.raises(FormatError, match="expected at most"):
        FileInput(path).triggers()


def test_damaged_file_fails(path, tmp_path):
    data = bytearray(write_group(path, EVENTS, compression="gzip").read_bytes())
    refused = 0
    for place in range(8, len(data), 37):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        copy = tmp_path / f"{place}.h5"
        copy.write_bytes(damaged)
        try:
            load(copy)
        except FormatError as error:
            refused += str(copy) in str(error)
    assert refused > 20
    for size in (9, 100, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(FormatError, match="expected a sound HDF5 file"):
            load(path)


def test_file_without_events_fails(path):
    with h5py.File(path, "w"):
        pass
    with pytest.raises(FormatError, match="found nothing"):
        load(path)


def test_missing_h5py_names_the_extra(path, monkeypatch):
    write_group(path, EVENTS)
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == "h5py":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install 'aestream\[hdf5\]'"):
        FileInput(path)
