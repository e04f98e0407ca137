"""Events at other places, under other names, beside other things; and sensor sizes that come back."""

import h5py
import numpy as np
import pytest
from support.checks import assert_same_events, slice_by_running_maximum
from support.files import make_events

from aestream import EVENT_DTYPE, FileInput, FormatError, save

RIGHT = [(10, 1, 2, True), (20, 3, 4, False)]
COLUMNS = {"t": [10, 20], "x": [1, 3], "y": [2, 4], "p": [1, 0]}


def hdf5(path, names, at="", extra=()):
    with h5py.File(path, "w") as file:
        for letter, name in names.items():
            file[f"{at}/{name}"] = np.array(COLUMNS[letter])
        for name in extra:
            file[name] = np.zeros(3)
    return path


def same(names=("t", "x", "y", "p")):
    return dict(zip("txyp", names, strict=True))


@pytest.mark.parametrize("at", ["", "recording/dvs", "a/b/c"])
def test_hdf5_events_anywhere_under_usual_names(tmp_path, at):
    path = hdf5(tmp_path / "a.h5", same(("timestamps", "x_pos", "y_pos", "polarities")), at, ["labels", "extra/noise"])
    assert FileInput(path).load().tolist() == RIGHT


def test_hdf5_events_under_other_names_need_fields(tmp_path):
    path = hdf5(tmp_path / "a.h5", same(("stamp", "col", "row", "sign")), "dvs")
    with pytest.raises(FormatError, match=r"dvs/stamp \[2\] int64.*pass stream=.*fields="):
        FileInput(path)
    names = {"t": "stamp", "x": "col", "y": "row", "p": "sign"}
    assert FileInput(path, fields=names).load().tolist() == RIGHT
    assert FileInput(path, stream="dvs", fields=names).load().tolist() == RIGHT
    with pytest.raises(ValueError, match=r"fields must name what is in dvs.*got 'when'"):
        FileInput(path, stream="dvs", fields=names | {"t": "when"})


def test_hdf5_with_two_places_asks_for_stream(tmp_path):
    path = tmp_path / "a.h5"
    hdf5(path, same(), "one")
    with h5py.File(path, "r+") as file:
        for letter, values in COLUMNS.items():
            file[f"two/{letter}"] = np.array(values) + (letter == "t")
    with pytest.raises(ValueError, match="several places hold events: pass stream= one of one, two"):
        FileInput(path)
    assert FileInput(path, stream="two").load()["t"].tolist() == [11, 21]


@pytest.mark.parametrize("storage", [{}, *({"chunks": (1, 700), "compression": name} for name in ("gzip", "lzf"))])
@pytest.mark.parametrize("dtype", ["f8", "u4"])
def test_hdf5_as_matlab_writes_columns_and_tables(tmp_path, storage, dtype):
    events = make_events(5000)
    with h5py.File(tmp_path / "columns.mat", "w") as file, h5py.File(tmp_path / "table.mat", "w") as other:
        for name in "txyp":
            file.create_dataset(f"dvs/{name}", data=events[name].astype(dtype)[None], **storage)
        table = np.stack([events[name].astype(dtype) for name in "txyp"])
        other.create_dataset("events", data=table, **(storage | ({"chunks": (2, 700)} if storage else {})))
    for path in (tmp_path / "columns.mat", tmp_path / "table.mat"):
        file = FileInput(path, time_unit="us", cache_index=False)
        assert_same_events(file.load(), events)
        begin, end = events["t"][[1000, 4000]]
        assert_same_events(file.slice(begin, end), slice_by_running_maximum(events, begin, end))


def test_npz_with_labels_beside_the_events(tmp_path):
    columns = {name: np.array(values) for name, values in COLUMNS.items()}
    np.savez(tmp_path / "a.npz", **columns, label=7, boxes=np.zeros((3, 4)))
    assert FileInput(tmp_path / "a.npz").load().tolist() == RIGHT
    np.savez(tmp_path / "b.npz", events=np.stack(list(columns.values()), axis=1), label=7)
    assert FileInput(tmp_path / "b.npz").load().tolist() == RIGHT
    np.savez(tmp_path / "c.npz", when=columns["t"], x=columns["x"], y=columns["y"], p=columns["p"], label=np.arange(9))
    with pytest.raises(FormatError, match="found when, x, y, p, label.*fields="):
        FileInput(tmp_path / "c.npz")
    assert FileInput(tmp_path / "c.npz", fields={"t": "when"}).load().tolist() == RIGHT


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.npz"])
@pytest.mark.parametrize("count", [0, 2])
def test_the_shape_comes_back(tmp_path, name, count):
    events = np.array(RIGHT[:count], EVENT_DTYPE)
    save(tmp_path / name, events, (346, 260))
    file = FileInput(tmp_path / name)
    assert file.shape == (346, 260)
    assert file.load().tolist() == RIGHT[:count]
    if count and name != "a.npz":
        options = {"delimiter": ",", "skiprows": 1} if name == "a.csv" else {}
        assert np.loadtxt(tmp_path / name, **options).shape == (2, 4)


MINUS_ONES = [("u1", 255), ("u2", 65535), ("u4", 4294967295), ("i8", -1), ("f4", -1), ("f8", -1), ("i8", 65535)]


@pytest.mark.parametrize(("dtype", "off"), [*MINUS_ONES, ("?", 0), ("u1", 0), ("i2", 0), ("f2", 0), ("f8", 0)])
@pytest.mark.parametrize("kind", ["npy", "npz", "h5"])
def test_polarity_of_every_type(tmp_path, kind, dtype, off):
    p = np.array([1, off], dtype)
    write = {"npy": structured, "npz": archive, "h5": group}[kind]
    path = write(tmp_path / f"a.{kind}", p)
    assert FileInput(path).load()["p"].tolist() == [True, False]


@pytest.mark.parametrize("third", [(1, 0, 2), (1, -1, 0), (0, 1, -1), (1, 1, 3)])
@pytest.mark.parametrize("kind", ["npy", "npz", "h5"])
def test_a_third_polarity_fails_with_its_row(tmp_path, kind, third):
    write = {"npy": structured, "npz": archive, "h5": group}[kind]
    path = write(tmp_path / f"a.{kind}", np.array(third, "i2"))
    with pytest.raises(FormatError, match="row 2: expected for p 0 or 1, or throughout -1 and 1"):
        FileInput(path).load()


@pytest.mark.parametrize("kind", ["npy", "npz", "h5", "h5 gzip", "csv", "txt"])
def test_a_table_in_another_order_fails_without_columns(tmp_path, kind):
    events = make_events(1000)
    table = np.stack([events[name].astype("i8") for name in "xytp"], axis=1)
    table[:, 2] -= 1_000_000  # times that would do for a coordinate
    path = tmp_path / f"a.{kind.split()[0]}"
    if path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file.create_dataset("events", data=table, compression="gzip" if "gzip" in kind else None)
    elif path.suffix == ".csv" or path.suffix == ".txt":
        np.savetxt(path, table, fmt="%d", delimiter="," if kind == "csv" else " ")
    else:
        (np.save if kind == "npy" else np.savez)(path, table)
    with pytest.raises(FormatError, match=r"expected the columns t, x, y, p; found \d+ falls in \d+ times.*columns="):
        FileInput(path)
    events["t"] -= 1_000_000
    assert_same_events(FileInput(path, columns="xytp").load(), events)


def test_times_that_fall_in_text_are_read_where_nothing_else_rises(tmp_path):
    events = make_events(300)
    events["t"] = events["t"][::-1]
    save(tmp_path / "a.txt", events, (64, 48))
    assert_same_events(FileInput(tmp_path / "a.txt").load(), events)


def structured(path, p):
    events = np.zeros(len(p), [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", p.dtype)])
    events["p"] = p
    np.save(path, events)
    return path


def archive(path, p):
    zeros = np.zeros(len(p), "i8")
    np.savez(path, t=zeros, x=zeros, y=zeros, p=p)
    return path


def group(path, p):
    with h5py.File(path, "w") as file:
        for name in "txy":
            file[f"events/{name}"] = np.zeros(len(p), "i8")
        file["events/p"] = p
    return path
