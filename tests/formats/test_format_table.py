"""Each cell of docs/formats.md: every format and table, field, type, unit, polarity and order; no event and one."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from support.checks import assert_same_events, rows
from support.format_table import (
    FLOATS,
    FORMATS,
    INTEGERS,
    MATRICES,
    OFFS,
    PAGE,
    ROWS,
    TABLES,
    UNITS,
    Format,
    columns_of,
    page,
    some_events,
)

from aestream import EVENT_DTYPE, FileInput, FormatError, TimeUnitWarning

ALL = TABLES | MATRICES
RIGHT = list(zip(*(ROWS[letter] for letter in "txyp"), strict=True))

each_format = pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
each_table = pytest.mark.parametrize("table", TABLES)
each_of_all = pytest.mark.parametrize("table", ALL)


def load(format: Format, folder: Path, events: np.ndarray) -> np.ndarray:
    return FileInput(format.write(folder, events), **dict(format.options)).load()


def test_the_page_is_what_is_tested() -> None:
    assert PAGE.read_text() == page(), "python tests/support/format_table.py writes it"


@each_format
@pytest.mark.parametrize("count", [0, 1, 2, 400])
def test_a_format_gives_what_was_stored(tmp_path: Path, format: Format, count: int) -> None:
    events = some_events(count)
    file = FileInput(format.write(tmp_path, events), **dict(format.options))
    got = file.load()
    assert got.dtype == EVENT_DTYPE
    assert_same_events(got, events)
    assert file.num_events == count


@each_format
def test_a_format_holds_what_it_says(tmp_path: Path, format: Format) -> None:
    t, x, y = format.most
    for p in (False, True):
        events = np.array([(t, x, y, p)], EVENT_DTYPE)
        assert_same_events(load(format, tmp_path, events), events)
        for path in tmp_path.iterdir():
            path.rename(tmp_path.with_name(f"{tmp_path.name}-{p}"))


@each_format
def test_steps_back_are_kept(tmp_path: Path, format: Format) -> None:
    if format.goes_back:
        events = some_events(50)
        events["t"][::7] -= 20
        assert_same_events(load(format, tmp_path, events), events)


@each_of_all
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_table_gives_what_was_stored(tmp_path: Path, table: str, count: int) -> None:
    path = ALL[table](tmp_path, {name: column[:count] for name, column in columns_of().items()})
    file = FileInput(path)
    assert rows(file.load()) == RIGHT[:count]
    assert file.num_events == count
    assert file.load().dtype == EVENT_DTYPE


@pytest.mark.filterwarnings("ignore::aestream.TimeUnitWarning")
@each_table
@pytest.mark.parametrize("letter", "txyp")
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_every_type_of_every_field(tmp_path: Path, table: str, letter: str, dtype: str) -> None:
    path = TABLES[table](tmp_path, columns_of(**{letter: np.array(ROWS[letter], dtype)}))
    assert rows(FileInput(path).load()) == RIGHT


@pytest.mark.filterwarnings("ignore::aestream.TimeUnitWarning")
@pytest.mark.parametrize("table", MATRICES)
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_every_type_of_a_matrix(tmp_path: Path, table: str, dtype: str) -> None:
    columns = {name: np.array(values, dtype) for name, values in ROWS.items()}
    assert rows(FileInput(MATRICES[table](tmp_path, columns)).load()) == RIGHT


@each_of_all
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("dtype", ["i8", "f8"])
def test_every_unit(tmp_path: Path, table: str, unit: str, dtype: str) -> None:
    t = np.array([2000, 3000, 9000], dtype)
    path = ALL[table](tmp_path, columns_of(t=t))
    assert FileInput(path, time_unit=unit).load()["t"].tolist() == (t * UNITS[unit]).tolist()


@each_of_all
def test_the_unit_that_nobody_names(tmp_path: Path, table: str) -> None:
    assert FileInput(ALL[table](tmp_path, columns_of())).load()["t"].tolist() == [3, 5, 9]
    path = ALL[table](tmp_path, columns_of(t=np.array([0.5, 1, 2.25])))
    assert FileInput(path).load()["t"].tolist() == [500_000, 1_000_000, 2_250_000]
    path = ALL[table](tmp_path, columns_of(t=np.array([3.0, 5.0, 9.0])))
    with pytest.warns(TimeUnitWarning):
        assert FileInput(path).load()["t"].tolist() == [3, 5, 9]


@each_table
@pytest.mark.parametrize(("dtype", "off"), [(dtype, off) for _, dtype, off in OFFS])
def test_every_polarity(tmp_path: Path, table: str, dtype: str, off: int) -> None:
    path = TABLES[table](tmp_path, columns_of(p=np.array([1, off, 1], dtype)))
    assert rows(FileInput(path).load()) == RIGHT


@pytest.mark.parametrize("table", MATRICES)
@pytest.mark.parametrize("off", [0, -1])
def test_polarities_of_a_matrix(tmp_path: Path, table: str, off: int) -> None:
    path = MATRICES[table](tmp_path, columns_of(p=np.array([1, off, 1])))
    assert rows(FileInput(path).load()) == RIGHT


@each_of_all
@pytest.mark.parametrize("third", [[1, 0, 2], [1, -1, 0], [0, 1, -1]])
def test_a_third_polarity_is_an_error(tmp_path: Path, table: str, third: list[int]) -> None:
    path = ALL[table](tmp_path, columns_of(p=np.array(third)))
    with pytest.raises(FormatError, match="row 2|line [34]"):
        FileInput(path).load()


@pytest.mark.parametrize("table", ["text, commas", "text, blanks", *MATRICES])
@pytest.mark.parametrize("order", ["".join(order) for order in itertools.permutations("txyp")])
def test_every_order(tmp_path: Path, table: str, order: str) -> None:
    columns = columns_of()
    path = ALL[table](tmp_path, {letter: columns[letter] for letter in order})
    assert rows(FileInput(path, columns=order).load()) == RIGHT


@pytest.mark.parametrize("table", ["text, commas", *[name for name in TABLES if not name.startswith("text")]])
def test_names_tell_the_order(tmp_path: Path, table: str) -> None:
    columns = columns_of()
    path = TABLES[table](tmp_path, {letter: columns[letter] for letter in "pyxt"})
    assert rows(FileInput(path).load()) == RIGHT
