"""The fast decoders against the slow references: the same events for any words and any chunking."""

from __future__ import annotations

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from support.checks import assert_same_events
from support.jaer_words import encode_davis, encode_dvs128
from support.strategies import (
    bin40_rows,
    dat_records,
    event_arrays,
    evt2_words,
    evt3_words,
    evt21_words,
    jaer_records,
    split_points,
)
from support.words import encode_dat, encode_evt2, encode_evt3, encode_evt21

from aestream._core import decode

REFERENCES = {
    "evt2": reference.evt2.decode,
    "evt21": reference.evt21.decode,
    "evt21_legacy": lambda payload: reference.evt21.decode(payload, legacy=True),
    "evt3": reference.evt3.decode,
    "dat": reference.dat.decode,
    "dat1": lambda payload: reference.dat.decode(payload, version=1),
    "aedat1": lambda payload: reference.aedat12.decode(payload, version=1, chip="dvs128"),
    "aedat2_dvs128": lambda payload: reference.aedat12.decode(payload, version=2, chip="dvs128"),
    "aedat2_davis346": lambda payload: reference.aedat12.decode(payload, version=2, chip="davis346"),
    "bin40": reference.bin40.decode,
}
WORDS = {
    "evt2": evt2_words(),
    "evt21": evt21_words(),
    "evt21_legacy": evt21_words(legacy=True),
    "evt3": evt3_words(),
    "dat": dat_records(),
    "dat1": dat_records(version=1),
    "aedat1": jaer_records(version=1),
    "aedat2_dvs128": jaer_records(),
    "aedat2_davis346": jaer_records(davis=True),
    "bin40": bin40_rows(),
}
ENCODERS = {
    "evt2": encode_evt2,
    "evt21": encode_evt21,
    "evt21_legacy": lambda events: encode_evt21(events, legacy=True),
    "evt3": lambda events: encode_evt3(events, vectors=True),
    "dat": encode_dat,
    "dat1": lambda events: encode_dat(events, version=1),
    "aedat1": lambda events: encode_dvs128(events, version=1),
    "aedat2_dvs128": encode_dvs128,
    "aedat2_davis346": encode_davis,
}

SENSORS = {"aedat1": (128, 128), "aedat2_dvs128": (128, 128), "aedat2_davis346": (346, 256)}


@settings(max_examples=100)
@given(data=st.data())
@pytest.mark.parametrize("format", REFERENCES)
def test_same_events_for_any_chunking(format, data):
    payload = data.draw(WORDS[format])
    cuts = data.draw(split_points(len(payload)))
    assert_same_events(decode(format, payload, cuts), REFERENCES[format](payload))


@given(data=st.data())
@pytest.mark.parametrize("format", ENCODERS)
def test_round_trip_for_any_chunking(format, data):
    sensor = SENSORS.get(format, (512, 256))
    events = data.draw(event_arrays(*sensor) | event_arrays(*sensor, monotonic=False))
    payload = ENCODERS[format](events)
    assert_same_events(decode(format, payload, data.draw(split_points(len(payload)))), events)


@given(payload=st.binary(max_size=400))
@pytest.mark.parametrize("format", REFERENCES)
def test_same_events_when_every_byte_is_a_chunk(format, payload):
    assert_same_events(decode(format, payload, list(range(len(payload)))), REFERENCES[format](payload))


def test_unknown_format_fails():
    with pytest.raises(ValueError, match="evt9"):
        decode("evt9", b"", [])
