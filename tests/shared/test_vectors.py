"""FileInput against the truth of every sound vector: load, metadata, threads, slices and frames."""

from __future__ import annotations

import numpy as np
import pytest
from support.checks import assert_same_events, count_in_bounds, slice_by_running_maximum

import aestream

from .manifest import (
    SHARED,
    empty_rows,
    exact_rows,
    format_name,
    options,
    params,
    refused_rows,
    shape,
    shape_in_file,
    stored_truth,
    truth,
    vector,
)

EXACT = params(exact_rows())
MAX_CELLS = 100_000_000  # pixels over all windows of one file: keeps the whole run short


def open_row(row, shape=None, **more):
    return aestream.FileInput(vector(row), shape, cache_index=False, **options(row), **more)


@pytest.mark.parametrize("row", EXACT)
def test_load_gives_the_truth(row):
    events = open_row(row).load()
    assert events.dtype == aestream.EVENT_DTYPE
    assert events.dtype.itemsize == 16
    assert_same_events(events, truth(row))


@pytest.mark.parametrize("row", EXACT)
def test_metadata_of_the_file(row):
    file, want = open_row(row), truth(row)
    assert file.num_events == len(want) == int(row["events"])
    assert file.t_start == want["t"][0]
    assert file.t_stop == want["t"].max() + 1
    assert file.shape == shape_in_file(row)
    assert file.format == format_name(row)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("row", EXACT)
def test_same_events_for_any_number_of_threads(row, threads):
    assert_same_events(open_row(row, threads=threads).load(), truth(row))


@pytest.mark.parametrize("row", EXACT)
def test_slice_follows_the_running_maximum(row):
    file, want = open_row(row), truth(row)
    for start_us, stop_us in time_spans(want):
        got = file.slice(start_us, stop_us)
        assert_same_events(got, slice_by_running_maximum(want, start_us, stop_us))


@pytest.mark.parametrize("row", EXACT)
def test_windows_partition_the_file(row):
    want = truth(row)
    size = shape_in_file(row) or shape(row) or (1280, 720)
    file = open_row(row, size, window_us=window_us(want, size))
    total = np.zeros((2, size[1], size[0]), np.float32)
    for i in range(len(file)):
        total += file[i].numpy()
    assert total.sum() == count_in_bounds(want, size)
    assert np.array_equal(total, histogram(want, size))


@pytest.mark.parametrize("row", params(empty_rows()))
def test_load_gives_nothing_when_no_changes_are_stored(row):
    file = open_row(row)
    assert file.load().shape == (0,)
    assert file.num_events == 0


@pytest.mark.parametrize("row", params([row for row in exact_rows() if row["format"] == "es"]))
def test_stored_order_when_nothing_is_mirrored(row):
    assert_same_events(open_row(row, mirror="").load(), stored_truth(row))


@pytest.mark.parametrize("row", params(refused_rows()))
def test_file_that_holds_no_events_fails(row):
    with pytest.raises(aestream.FormatError, match=vector(row).name):
        open_row(row)


@pytest.mark.parametrize("name", ["oeb_small", "oeb_smallrows", "oeb_smallnoise", "oeb_mix"])
def test_triggers_beside_ecf(name):
    file = aestream.FileInput(SHARED / "vectors" / "h5" / f"{name}.openeb.ecf.hdf5")
    triggers, want = file.triggers(), np.load(SHARED / "vectors" / "truth" / f"{name}_triggers.npy")
    assert triggers.dtype == aestream.TRIGGER_DTYPE
    for ours, theirs in {"t": "t", "id": "id", "rising": "p"}.items():
        assert np.array_equal(triggers[ours], want[theirs])


def test_milliseconds_stay_as_they_are_stored():
    with pytest.warns(aestream.TimeUnitWarning, match="time_unit="):
        file = aestream.FileInput(SHARED / "vectors/npy/dv1k_ms.numpy.ibm_gesture_ms.npy", columns="xypt")
    events, want = file.load(), np.load(SHARED / "vectors/truth/dv1k_ms.npy").copy()
    events["t"] *= 1000
    assert_same_events(events, want)
    path = SHARED / "vectors/npy/dv1k_ms.numpy.ibm_gesture_ms.npy"
    assert_same_events(aestream.FileInput(path, columns="xypt", time_unit="ms").load(), want)


@pytest.mark.parametrize("row", params([row for row in exact_rows() if shape_in_file(row) is None]))
def test_item_without_geometry_fails(row):
    with pytest.raises(ValueError, match="shape"):
        open_row(row)[0]


@pytest.mark.parametrize("row", params([row for row in exact_rows() if shape_in_file(row)]))
def test_shape_that_contradicts_the_header_wins_with_a_warning(row):
    width, height = shape_in_file(row)
    with pytest.warns(aestream.ShapeWarning, match=f"{width + 1}x{height} disagrees .* {width}x{height}"):
        file = open_row(row, (width + 1, height))
    assert file.shape == (width + 1, height)


def time_spans(events: np.ndarray) -> list[tuple[int, int]]:
    """Half-open spans around the first, some middle and the last events, and outside of all."""
    time = np.maximum.accumulate(events["t"])
    start, stop = int(time[0]), int(time[-1]) + 1
    tenth, middle, late = (int(time[len(time) * part // 10]) for part in (1, 5, 9))
    spans = [(start - 9, start), (start, start + 1), (start, tenth), (tenth, middle), (middle, middle + 1)]
    spans += [
        (middle, late + 1),
        (late, stop),
        (stop - 1, stop),
        (stop, stop + 9),
        (start, stop),
        (start - 9, stop + 9),
    ]
    return [(begin, end) for begin, end in spans if begin < end]


def window_us(events: np.ndarray, size: tuple[int, int]) -> int:
    """The default 10 ms, or as much as makes 32 windows where 10 ms would make very many of a large sensor."""
    duration = int(events["t"].max() - events["t"][0]) + 1
    is_small = duration // 10_000 * size[0] * size[1] <= MAX_CELLS
    return 10_000 if is_small else duration // 32 + 1


def histogram(events: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Counts [2, H, W] of all in-bounds events."""
    width, height = size
    x, y, p = (events[name].astype(np.int64) for name in "xyp")
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    cells = ((p * height + y) * width + x)[inside]
    return np.bincount(cells, minlength=2 * width * height).reshape(2, height, width)
