"""The same float times mean the same in every format: the kinds of uzh-rpg/DSEC#56 and EventLAB-Team/eventcv#26."""

import h5py
import numpy as np
import pytest

from aestream import Events, FileInput, Frame, TimeUnitWarning, accumulate, save

NAMES = ("a.npy", "a.npz", "a.h5", "a.csv")


def write(folder, t):
    x, y, p = np.arange(len(t)) % 1000, np.arange(len(t)) % 1000, np.ones(len(t))
    np.save(folder / "a.npy", np.stack([t, x, y, p], axis=1))
    np.savez(folder / "a.npz", t=t, x=x, y=y, p=p)
    with h5py.File(folder / "a.h5", "w") as file:
        for name, values in {"t": t, "x": x, "y": y, "p": p}.items():
            file[f"events/{name}"] = values
    with open(folder / "a.csv", "w") as file:
        file.write("t,x,y,p\n" + "".join(f"{a},{b},{b},1\n" for a, b in zip(t.tolist(), x.tolist(), strict=True)))


@pytest.mark.parametrize("name", NAMES)
def test_whole_floats_are_microseconds_and_said_to_be_a_guess(tmp_path, name):
    write(tmp_path, np.array([1_000_000.0, 1_000_500.0]))
    with pytest.warns(TimeUnitWarning, match='taken for microseconds: time_unit="s"'):
        assert FileInput(tmp_path / name).load()["t"].tolist() == [1_000_000, 1_000_500]


@pytest.mark.parametrize("name", NAMES)
def test_one_fraction_among_all_makes_seconds(tmp_path, name):
    t = np.arange(70_000, dtype="f8")
    t[-1] += 0.5
    write(tmp_path, t)
    assert FileInput(tmp_path / name).load()["t"].tolist() == (t * 1e6).astype("i8").tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("unit", "us"), [("s", 2_000_000), ("ms", 2_000), ("us", 2), ("ns", 0)])
def test_time_unit_is_believed(tmp_path, name, unit, us):
    write(tmp_path, np.array([2.0, 2.0]))
    assert FileInput(tmp_path / name, time_unit=unit).load()["t"].tolist() == [us, us]


def test_whole_nanoseconds_since_1970_are_exact(tmp_path):
    t = np.array([1_700_000_000_123_456_789, 1_700_000_000_123_457_499], "i8")
    np.savez(tmp_path / "a.npz", t=t, x=0 * t, y=0 * t, p=0 * t)
    found = FileInput(tmp_path / "a.npz", time_unit="ns").load()["t"].tolist()
    assert found == [1_700_000_000_123_457, 1_700_000_000_123_457]


@pytest.mark.parametrize(
    "use",
    [
        lambda events, folder, **unit: Events.from_numpy(events, **unit).t.tolist(),
        lambda events, folder, **unit: accumulate(events, Frame(), (1, 1), window_us=500, **unit)[:, 0].tolist(),
        lambda events, folder, **unit: save(folder / "a.csv", events, (1, 1), **unit),
    ],
    ids=["from_numpy", "accumulate", "save"],
)
def test_in_memory_they_are_a_guess_too(tmp_path, use):
    events = np.zeros(2, [("t", "f4"), ("x", "i2"), ("y", "i2"), ("p", "i1")])
    events["t"] = [1000, 1500]
    with pytest.warns(TimeUnitWarning, match='taken for microseconds: time_unit="s"'):
        guessed = use(events, tmp_path)
    assert use(events, tmp_path, time_unit="us") == guessed  # and says nothing: warnings are errors here
