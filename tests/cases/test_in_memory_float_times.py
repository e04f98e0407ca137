"""Events in memory with float seconds, or coordinates beyond int16: right, or refused; never bent.

The kind of uzh-rpg/e2calib#9 (times through a float) and uzh-rpg/timelens-pp#4 (coordinates up to 65535).
"""

import numpy as np
import pytest

from aestream import Events, Frame, VoxelGrid, accumulate, save

EVENTS = np.zeros(4, [("t", "f8"), ("x", "u2"), ("y", "u2"), ("p", "i1")])
EVENTS["t"] = [0.1, 0.2, 0.3, 0.4]
EVENTS["p"] = 1


@pytest.mark.parametrize(
    "use",
    [
        lambda events, path: Events.from_numpy(events),
        lambda events, path: VoxelGrid(4)(events, shape=(1, 1)),
        lambda events, path: accumulate(events, Frame(), (1, 1), window_us=100_000),
        lambda events, path: save(path, events, (1, 1)),
    ],
    ids=["from_numpy", "representation", "accumulate", "save"],
)
def test_float_seconds_fail_naming_column_row_and_unit(use, tmp_path):
    with pytest.raises(ValueError, match=r"event 0: t must be integers; got float64 0.1; time_unit="):
        use(EVENTS, tmp_path / "a.csv")


def test_a_time_unit_makes_them_microseconds(tmp_path):
    assert Events.from_numpy(EVENTS, time_unit="s").t.tolist() == [100_000, 200_000, 300_000, 400_000]
    assert len(accumulate(EVENTS, Frame(), (1, 1), window_us=100_000, time_unit="s")) == 4
    save(tmp_path / "a.csv", EVENTS, (1, 1), time_unit="s")
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "100000,0,0,1"


def test_coordinates_beyond_int16_fail():
    far = np.zeros(1, [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "i1")])
    far["x"] = 40000
    with pytest.raises(ValueError, match="event 0: x must be from 0 to 32767; got 40000"):
        Events.from_numpy(far)
