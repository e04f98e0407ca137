"""Bags of prophesee_event_msgs/EventArray, whose layout is that of dvs_msgs (ros-event-camera/metavision_driver#52)."""

from __future__ import annotations

import struct

from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from aestream import FileInput

PACKAGE = "prophesee_event_msgs"


def test_events_of_the_older_prophesee_wrapper(tmp_path):
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg("uint16 x\nuint16 y\ntime ts\nbool polarity\n", f"{PACKAGE}/msg/Event"))
    array = f"std_msgs/Header header\nuint32 height\nuint32 width\n{PACKAGE}/Event[] events\n"
    store.register(get_types_from_msg(array, f"{PACKAGE}/msg/EventArray"))
    message = struct.pack("<IIII", 0, 100, 0, 3) + b"cam" + struct.pack("<III", 480, 640, 2)
    message += struct.pack("<HHIIB", 5, 6, 100, 2000, 1) + struct.pack("<HHIIB", 639, 479, 100, 7000, 0)
    path = tmp_path / "a.bag"
    with Writer(path) as writer:
        writer.write(writer.add_connection("/cd_events", f"{PACKAGE}/msg/EventArray", typestore=store), 10**11, message)
    file = FileInput(path)
    assert file.shape == (640, 480)
    assert file.load().tolist() == [(100_000_002, 5, 6, True), (100_000_007, 639, 479, False)]
