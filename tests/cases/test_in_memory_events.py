"""Events in memory as strangers hold them: one rule at every entry point, and what to pass instead where it ends."""

import re

import numpy as np
import pytest
import torch

from aestream import Events, FileInput, Frame, UDPInput, UDPOutput, accumulate, save
from aestream.transforms import Crop, FlipPolarity

RIGHT = [(10, 1, 0, True), (20, 2, 1, False), (30, 3, 2, True)]
COLUMNS = ([10, 20, 30], [1, 2, 3], [0, 1, 2], [1, 0, 1])


def saved(events, path):
    save(path / "a.npz", events, (4, 3))
    return FileInput(path / "a.npz").load().tolist()


def heard(events):
    with UDPInput((4, 3), port=0, host="127.0.0.1", representation=None, window_events=3, timeout_s=30) as stream:
        UDPOutput("127.0.0.1", stream.port).send(events)
        return next(iter(stream)).numpy().tolist()


USES = {
    "from_numpy": lambda events, path: Events.from_numpy(events).numpy().tolist(),
    "save": saved,
    "representation": lambda events, path: Frame()(events, (4, 3)).nonzero().tolist(),
    "accumulate": lambda events, path: accumulate(events, Frame(), (4, 3), window_us=10).nonzero().tolist(),
    "UDPOutput": lambda events, path: heard(events),
}
IN_FRAME = [[0, 1, 2], [1, 0, 1], [1, 2, 3]]
RIGHT_OF = {"representation": IN_FRAME, "accumulate": [[0, 1, 0, 1], [1, 0, 1, 2], [2, 1, 2, 3]]}


def structured(names, kinds, order=(0, 1, 2, 3)):
    array = np.zeros(3, [(names[each], kinds[each]) for each in order])
    for name, values in zip(names, COLUMNS, strict=True):
        array[name] = values
    return array


SPELLINGS = {
    "lists": COLUMNS,
    "arrays": tuple(map(np.array, COLUMNS)),
    "rows turned": tuple(np.array(COLUMNS).T.copy().T),
    "tensors": [torch.tensor(column) for column in COLUMNS],
    "read-only": tuple(np.broadcast_to(np.array(column), 3) for column in COLUMNS),
    "big-endian": structured("txyp", (">i8", ">u2", ">i4", ">i2")),
    "another order": structured("txyp", ("u8", "i8", "u1", "?"), (3, 2, 1, 0)),
    "dv-processing's names": structured(("timestamp", "x", "y", "polarity"), ("i8", "i2", "i2", "?")),
    "N-ImageNet's names": structured(("timestamps", "x_pos", "y_pos", "pol"), ("i8", "i2", "i2", "?")),
    "ts": structured(("ts", "x", "y", "on"), ("i8", "i2", "i2", "?")),
    "MATLAB's": structured("TXYP", ("i8", "i2", "i2", "i1")),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_same_events_at_every_entry_point(tmp_path, use, spelling):
    events = SPELLINGS[spelling]
    assert USES[use](events, tmp_path) == RIGHT_OF.get(use, RIGHT)


ROWS = np.array(COLUMNS).T
REFUSED = {
    "a table": (ROWS, "four columns (t, x, y, p); got an array [3, 4] of int64: for rows of t, x, y, p pass tuple("),
    "a tensor": (torch.from_numpy(ROWS), "got an array [3, 4] of torch.int64: for rows of t, x, y, p pass tuple("),
    "rows": (ROWS.tolist(), "got list: for rows of t, x, y, p pass tuple(zip(*rows))"),
    "nothing": (None, "got NoneType"),
    "a dict": (dict(zip("txyp", COLUMNS, strict=True)), "got dict"),
    "other names": (structured(("t", "x", "y", "q"), ("i8",) * 4), "must have the fields t, x, y, p; got t, x, y, q"),
    "no data": ([torch.zeros(3, device="meta")] * 4, "columns must hold data; got t on the device meta"),
    "float seconds": ((np.array([0.1, 0.2]), [1, 1], [1, 1], [1, 1]), "event 0: t must be integers; got float64 0.1"),
    "a third polarity": (([1, 2], [1, 1], [1, 1], [1, 2]), "event 1: p must be from 0 to 1; got 2"),
    "far away": (([1, 2], [1, 40_000], [1, 1], [1, 0]), "event 1: x must be from"),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_events_fails_saying_what_to_pass(tmp_path, use, what):
    events, message = REFUSED[what]
    with pytest.raises(ValueError, match=re.escape(message)):
        USES[use](events, tmp_path)


def test_half_precision_and_gradients_are_numbers(recwarn):
    columns = [torch.tensor(column, dtype=torch.bfloat16, requires_grad=True) for column in COLUMNS]
    assert Events.from_numpy(columns).numpy().tolist() == RIGHT


def test_events_of_arrays_fail_naming_the_way(tmp_path):
    with pytest.raises(ValueError, match=r"expected four tensors, got ndarray.*Events.from_numpy\(\(t, x, y, p\)\)"):
        Events(*map(np.array, COLUMNS))


@pytest.mark.parametrize(("kind", "off"), [("u1", 0), ("u1", 255), ("u2", 65535), ("i1", -1), ("i4", 0), ("?", 0)])
def test_transforms_keep_the_spelling_of_off(kind, off):
    events = structured(("ts", "x", "y", "pol"), ("i8", "i2", "i2", kind))
    events["pol"][1] = off
    turned = FlipPolarity(1.0)(events)
    assert turned["pol"].tolist() == [off, 1, off]
    assert FlipPolarity(1.0)(turned)["pol"].tolist() == [1, off, 1]
    assert Crop(0, 0, 3, 3)(events, shape=(4, 3))["pol"].tolist() == [1, off]


def test_transforms_refuse_a_third_polarity():
    events = structured("txyp", ("i8", "i2", "i2", "u1"))
    events["p"][2] = 2
    with pytest.raises(ValueError, match="event 2: p must be from 0 to 1; got 2"):
        FlipPolarity(1.0)(events)
