"""Datagrams and messages of the shared vectors: every event exact, every damage counted."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import reference
from support.checks import assert_same_events
from support.speck_publisher import SpeckPublisher

from aestream import SpeckInput, _core
from aestream.formats.speck import SpeckClock, is_speck_message, view_speck_events

from .manifest import SHARED, params, shape, truth, vector, vector_rows

PROTOCOLS = {"faery_t64_x16_y16_on8": "t64_x16_y16_on8", "faery_t32_x16_y15_on1": "t32_x16_y15_on1"}
SPECK = [row for row in vector_rows() if row["format"] == "speck"]
UDP = [row for row in vector_rows() if row["format"] == "udp"]
ARRIVAL_US = 123


def datagrams(name: str) -> list[bytes]:
    return [bytes.fromhex(text) for text in json.loads((SHARED / "vectors" / "network" / name).read_text())]


def decode(row) -> tuple[np.ndarray, int]:
    """(all events, malformed datagrams) of one sender."""
    clock, protocol = _core.SenderClock(), PROTOCOLS.get(vector(row).stem, "spif")
    parts = [_core.decode_datagram(protocol, data, clock, ARRIVAL_US) for data in datagrams(vector(row).name)]
    return np.concatenate([events for events, _ in parts]), sum(malformed for _, malformed in parts)


@pytest.mark.parametrize("row", params([row for row in UDP if row["outcome"] == "exact"]))
def test_exact_datagrams(row):
    events, malformed = decode(row)
    assert_same_events(events, truth(row))
    assert malformed == 0


@pytest.mark.parametrize("row", params([row for row in UDP if row["outcome"].startswith("x,y,p exact")]))
def test_exact_pixels_when_times_are_missing(row):
    events, malformed = decode(row)
    want = truth(row).copy()
    stamped = np.arange(len(want)) % 3 == 0 if "mixed" in row["file"] else np.zeros(len(want), bool)
    assert_same_events(events[stamped], want[stamped])
    before = np.maximum.accumulate(np.where(stamped, np.arange(len(want)), 0))
    want["t"] = want["t"][before] if stamped.any() else ARRIVAL_US
    assert_same_events(events, want)
    assert malformed == 0


def test_malformed_datagrams_keep_their_whole_events():
    events, malformed = decode(next(row for row in UDP if "malformed" in row["file"]))
    expected = [reference.spif.decode(data) for data in datagrams("spif_malformed.json")]
    assert (len(events), malformed) == (199, 2)
    assert [len(found) for found, _ in expected] == [99, 100, 0, 0]
    want = np.load(SHARED / "vectors" / "truth" / "dv1k.npy")
    assert_same_events(events[:198], np.concatenate([want[:99], want[100:199]]))
    lone, meant = events[198], want[199]  # its timestamp is missing: it is stamped on arrival
    assert (lone["x"], lone["y"], lone["p"]) == (meant["x"], meant["y"], meant["p"])


@pytest.mark.parametrize("row", params(SPECK))
def test_exact_speck_messages(row):
    messages = [[bytes.fromhex(frame) for frame in frames] for frames in json.loads(vector(row).read_text())]
    assert all(is_speck_message(frames) for frames in messages)
    clock, got = SpeckClock(), []
    for _, payload in messages:
        events = view_speck_events([payload])
        times = clock.unwrap(events["t"], ARRIVAL_US).tolist()
        got += zip(times, events["x"].tolist(), events["y"].tolist(), (events["p"] > 0).tolist(), strict=True)
    assert_same_events(reference.to_events(got), truth(row))


@pytest.mark.parametrize("row", params(SPECK))
def test_speck_messages_arrive_as_they_are(row):
    messages = [[bytes.fromhex(frame) for frame in frames] for frames in json.loads(vector(row).read_text())]
    with SpeckPublisher() as publisher:
        stream = SpeckInput(shape(row), address=publisher.address, representation=None, timeout_s=0.2)
        with stream:
            publisher.wait_for_receiver()
            for frames in messages:
                publisher.send(*frames)
            while stream.stats.packets < len(messages):
                os.sched_yield()
            got = np.concatenate([item.numpy() for item in stream])
    assert_same_events(got, truth(row))
    assert (stream.stats.packets, stream.stats.malformed) == (len(messages), 0)


def test_every_vector_has_a_test():
    assert {row["outcome"].split(" ")[0] for row in UDP} == {"exact", "x,y,p", "99"}
    assert [row["outcome"] for row in SPECK] == ["exact"]
