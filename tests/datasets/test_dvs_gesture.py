"""DVS128 Gesture, cut by its tables."""

from __future__ import annotations

import numpy as np
import pytest
from support.files import file_bytes
from support.trees import frame_of, some_events

from aestream.datasets import DVSGesture

HEADER = "class,startTime_usec,endTime_usec\n"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "DvsGesture"
    folder.mkdir()
    events = some_events(50, shape=(64, 48))
    for name in ("user01_led", "user24_led"):
        (folder / f"{name}.aedat").write_bytes(file_bytes("aedat3", events))
        (folder / f"{name}_labels.csv").write_text(HEADER + "1,1200,2000\n8,2500,3000\n8,3000,90000\n")
    (folder / "trials_to_train.txt").write_text("user01_led.aedat\n\n")
    (folder / "trials_to_test.txt").write_text("user24_led.aedat\n")
    return tmp_path


def test_items_are_gestures_in_the_clock_of_the_recording(root):
    events = some_events(50, shape=(64, 48))
    dataset = DVSGesture(root, "train")
    assert len(dataset) == 3 and dataset.num_recordings == 1
    assert dataset.targets == [0, 7, 7]
    assert dataset.classes[7] == "arm roll"
    for item, (start, stop) in enumerate([(1200, 2000), (2500, 3000), (3000, 90000)]):
        inside = events[(events["t"] >= start) & (events["t"] < stop)]
        x, _ = dataset[item]
        np.testing.assert_array_equal(x, frame_of(inside, (128, 128)))
    assert DVSGesture(root / "DvsGesture", "test").paths[0].endswith("user24_led.aedat")


def test_the_known_error_is_corrected(root):
    folder = root / "DvsGesture"
    for end in ("aedat", "csv"):
        name = "user01_led" + ("_labels.csv" if end == "csv" else ".aedat")
        (folder / name).rename(folder / name.replace("user01", "user22"))
    (folder / "trials_to_train.txt").write_text("user22_led.aedat\n")
    (folder / "user22_led_labels.csv").write_text(HEADER + "9,100000000,110590564\n10,104000000,110590564\n")
    dataset = DVSGesture(root)
    assert [dataset.window(i)[1] for i in range(2)] == [104000000, 110590564]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class,start,end\n1,2,3\n", r"user01_led_labels\.csv.*expected the header"),
        ("", "expected the header"),
        (HEADER + "1,1,2\n12,3,4\n", r"line 3: expected a class from 1 to 11"),
        (HEADER + "0,1,2\n", r"line 2: expected a class"),
        (HEADER + "1,9,2\n", r"line 2: expected a class from 1 to 11 and a span"),
        (HEADER + "one,1,2\n", r"line 2: expected class,start"),
        (HEADER + "1,2\n", r"line 2: expected class,start"),
    ],
)
def test_a_table_that_is_none_is_named(root, text, message):
    (root / "DvsGesture" / "user01_led_labels.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        DVSGesture(root)


@pytest.mark.parametrize("name", ["user01_led.aedat", "user01_led_labels.csv"])
def test_a_missing_file_is_named(root, name):
    (root / "DvsGesture" / name).unlink()
    with pytest.raises(ValueError, match=f"{name}.*found no file"):
        DVSGesture(root)


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"trials_to_train\.txt of DVS128 Gesture.*research\.ibm\.com"):
        DVSGesture(tmp_path)
    with pytest.raises(ValueError, match="split must be"):
        DVSGesture(tmp_path, "val")
