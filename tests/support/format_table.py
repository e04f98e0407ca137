"""The table docs/formats.md: what each format holds of an event, and which types, units and polarities tables may have.

``python tests/support/format_table.py`` writes the page; tests/formats/test_format_table.py proves each cell of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
from reference.events import EVENT_DTYPE
from support import ros_words
from support.files import file_bytes
from support.jaer_words import encode_davis, encode_dvs128, jaer_header
from support.ros_words import ARRAY, PACKET, write_bag

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
Columns: TypeAlias = "dict[str, np.ndarray]"


@dataclass(frozen=True)
class Format:
    """A format with fields of its own.

    Attributes:
        write: the file of some events, in a folder.
        most: the largest t, x and y that it holds; of a larger t, the clock wraps.
        clock: what its times count, and from when.
        options: what reading it needs beside the path.
    """

    name: str
    write: Callable[[Path, np.ndarray], Path]
    most: tuple[int, int, int]
    clock: str
    goes_back: bool = True
    options: tuple[tuple[str, Any], ...] = ()


def _plain(format: str, name: str = "a.events") -> Callable[[Path, np.ndarray], Path]:
    return lambda folder, events: _file(folder / name, file_bytes(format, events))


def _jaer(version: int) -> Callable[[Path, np.ndarray], Path]:
    header = jaer_header(version, None)

    def write(folder: Path, events: np.ndarray) -> Path:
        return _file(folder / "a.aedat", header + encode_dvs128(events, version))

    return write


def _davis(folder: Path, events: np.ndarray) -> Path:
    return _file(folder / "a.aedat", jaer_header() + encode_davis(events))


def _bag(kind: str, type: str) -> Callable[[Path, np.ndarray], Path]:
    def write(folder: Path, events: np.ndarray) -> Path:
        cdr = kind != "rosbag"
        if type == ARRAY:
            message = ros_words.event_array([(t * 1000, x, y, p) for t, x, y, p in events.tolist()], cdr=cdr)
        else:
            words = b"".join(ros_words.mono_word(t * 1000, x, y, p) for t, x, y, p in events.tolist())
            message = ros_words.packet(words, "mono", cdr=cdr)
        path = folder / ("a.bag" if kind == "rosbag" else "bag")
        return write_bag(path, kind, {"/events": (type, [message])})

    return write


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


_T34, _T63 = 2**34 - 1, 2**63 - 1
FORMATS = (
    Format("RAW, EVT2", _plain("evt2"), (_T34, 2047, 2047), "µs of the camera, 34 bits"),
    Format("RAW, EVT2.1", _plain("evt21"), (_T34, 2047, 2047), "µs of the camera, 34 bits"),
    Format("RAW, EVT3", _plain("evt3"), (2**24 - 1, 2047, 2047), "µs of the camera, 24 bits"),
    Format("DAT", _plain("dat"), (2**32 - 1, 16383, 16383), "µs of the camera, 32 bits"),
    Format("AEDAT 1.0", _jaer(1), (2**32 - 1, 127, 127), "µs, 32 bits"),
    Format("AEDAT 2.0, DVS128", _jaer(2), (2**32 - 1, 127, 127), "µs, 32 bits", True, (("chip", "dvs128"),)),
    Format("AEDAT 2.0, DAVIS346", _davis, (2**32 - 1, 345, 259), "µs, 32 bits"),
    Format("AEDAT 3.1", _plain("aedat3"), (2**62 - 1, 32767, 32767), "µs, 31 bits and overflows"),
    Format("AEDAT4", _plain("aedat4"), (_T63, 32767, 32767), "µs, mostly since 1970, 64 bits"),
    Format("Event Stream", _plain("es"), (2**24, 32767, 47), "µs between events, of any sum", False),
    Format("N-MNIST, 40 bits", _plain("bin40", "a.bin"), (2**23 - 1, 255, 255), "µs, 23 bits", False),
    Format("ROS 1, dvs_msgs", _bag("rosbag", ARRAY), (4_294_967_295_999_999, 32767, 32767), "ns, mostly since 1970"),
    Format("ROS 2, dvs_msgs", _bag("sqlite3", ARRAY), (2_147_483_647_999_999, 32767, 32767), "ns, mostly since 1970"),
    Format("ROS 2, mono", _bag("mcap", PACKET), (4_294_967, 32767, 32767), "ns, 32 bits after a time per message"),
)


def _text(separator: str) -> Callable[[Path, Columns], Path]:
    def write(folder: Path, columns: Columns) -> Path:
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        head = separator.join(columns) + "\n" if separator == "," else "# a comment\n"
        return _file(folder / "a.txt", (head + "".join(separator.join(map(str, row)) + "\n" for row in rows)).encode())

    return write


def _structured(columns: Columns) -> np.ndarray:
    array = np.zeros(len(columns["t"]), [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        array[name] = column
    return array


def _saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _npz(folder: Path, columns: Columns) -> Path:
    np.savez(folder / "a.npz", **columns)
    return folder / "a.npz"


def _hdf5(folder: Path, datasets: Columns) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        for name, column in datasets.items():
            file[name] = column
    return folder / "a.h5"


def _matlab(folder: Path, columns: Columns) -> Path:
    from scipy.io import savemat

    savemat(folder / "a.mat", dict(columns))
    return folder / "a.mat"


def _matrix(columns: Columns) -> np.ndarray:
    return np.stack(list(columns.values()), axis=1)


#: Tables of numbers, whose columns may have any type: writers of columns called t, x, y, p.
TABLES: dict[str, Callable[[Path, Columns], Path]] = {
    "text, commas": _text(","),
    "text, blanks": _text(" "),
    "NPY, structured": lambda folder, columns: _file(folder / "a.npy", _saved(_structured(columns))),
    "NPZ, four arrays": _npz,
    "HDF5, four datasets": lambda folder, columns: _hdf5(
        folder, {f"events/{name}": column for name, column in columns.items()}
    ),
    "HDF5, one compound": lambda folder, columns: _hdf5(folder, {"events": _structured(columns)}),
    "MATLAB": _matlab,
}
#: Those of one type for all columns: writers of a matrix ``[N, 4]``.
MATRICES: dict[str, Callable[[Path, Columns], Path]] = {
    "NPY, [N, 4]": lambda folder, columns: _file(folder / "a.npy", _saved(_matrix(columns))),
    "HDF5, [N, 4]": lambda folder, columns: _hdf5(folder, {"events": _matrix(columns)}),
}

INTEGERS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">u2", ">i4", ">i8")
FLOATS = ("f2", "f4", "f8", ">f8")
UNITS = {"s": 1_000_000.0, "ms": 1000.0, "us": 1.0, "ns": 0.001}
OFFS = (("0", "u1", 0), ("-1", "i8", -1), ("255", "u1", 255), ("65535", "u2", 65535), ("4294967295", "u4", 2**32 - 1),
        ("False", "?", 0), ("0.0", "f8", 0), ("-1.0", "f4", -1))  # fmt: skip
ROWS = {"t": [3, 5, 9], "x": [1, 2, 3], "y": [4, 5, 6], "p": [1, 0, 1]}


def columns_of(**other: np.ndarray) -> Columns:
    """Three events, with other columns in the place of some."""
    usual = {"t": "i8", "x": "i2", "y": "i2", "p": "u1"}
    return {name: other.get(name, np.array(values, usual[name])) for name, values in ROWS.items()}


def some_events(count: int) -> np.ndarray:
    """Events that any format holds, without steps back."""
    events = np.zeros(count, EVENT_DTYPE)
    events["t"], events["x"], events["y"] = 100 + 7 * np.arange(count), np.arange(count) % 60, np.arange(count) % 40
    events["p"] = np.arange(count) % 3 == 0
    return events


def page() -> str:
    """The page as Markdown."""
    out = [
        "# Formats, field by field",
        "",
        "Generated by `tests/support/format_table.py`; `tests/formats/test_format_table.py` proves each cell.",
        "",
        "Whatever the format, an event is `t` int64 in microseconds, `x` and `y` int16, `p` bool. A file without an",
        "event has none, and a shape if its header has one; a file of one event has that one. Events come in the order",
        "of the file. Clocks that wrap go on: what they add is counted.",
        "",
        "## Formats with fields of their own",
        "",
        "| Format | t | largest t before the clock wraps or ends | largest x, y | t may step back | ON, OFF |",
        "|---|---|---|---|---|---|",
    ]
    for each in FORMATS:
        t, x, y = each.most
        back = "yes" if each.goes_back else "no"
        out.append(f"| {each.name} | {each.clock} | {t} | {x}, {y} | {back} | one bit |")
    types = ", ".join(f"`{name}`" for name in (*INTEGERS, *FLOATS))
    offs = ", ".join(f"{name} (`{dtype}`)" for name, dtype, _ in OFFS)
    out += [
        "",
        "## Tables of numbers",
        "",
        f"Types: {types}; for p `?`, too. Text has the numbers as these types are printed.",
        "",
        f"OFF, where 1 is ON: {offs}. A third value is an error that names its row.",
        "",
        "Times count `time_unit`. Without it integers are microseconds; floats are seconds if one of all has a",
        "fraction, else microseconds, with a `TimeUnitWarning`.",
        "",
        "| Table | types of t, x, y, p | time_unit | OFF | order |",
        "|---|---|---|---|---|",
    ]
    order = {"text, commas": "by the header, or `columns=`", "text, blanks": "t, x, y, p, or `columns=`"}
    for name in TABLES:
        out.append(f"| {name} | each its own | s, ms, us, ns | any of these | {order.get(name, 'by name')} |")
    for name in MATRICES:
        out.append(f"| {name} | one for all | s, ms, us, ns | 0 or -1 | t, x, y, p, or `columns=` |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
