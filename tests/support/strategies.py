"""Hypothesis strategies: sane events, and word soups with every grammar a damaged or foreign file may hold."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from reference import EVENT_DTYPE
from support.jaer_words import aedat3_event, aedat3_packet, davis_address, dvs128_address, jaer_record
from support.words import bin40_row, dat_record, es_event, evt2_change, evt2_word, evt3_word, evt21_change, evt21_word

STARTS_US = (0, 1000, 2**24 - 5000, 2**32 - 5000)  # just before a clock wraps
STEPS_US = st.sampled_from((0, 0, 0, 1, 7, 63, 64, 4095, 4096, 50_000))


@st.composite
def event_arrays(draw, width=640, height=480, max_size=50, monotonic=True, starts_us=STARTS_US):
    """Arrays of in-sensor events; not monotonic: times also step back by up to 20 ms, clear of any clock wrap."""
    t = draw(st.sampled_from(starts_us)) if monotonic else 2**20
    steps = STEPS_US if monotonic else STEPS_US | st.integers(-20_000, -1)
    pixels = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1), st.booleans())
    rows, last = [], None
    for step, pixel, is_neighbour in draw(st.lists(st.tuples(steps, pixels, st.booleans()), max_size=max_size)):
        if is_neighbour and last and last[0] + 1 < width:
            pixel = (last[0] + 1, *last[1:])  # as edges do: makes vectors and masks worth testing
        elif last:
            t += step
        rows.append((t, *pixel))
        last = pixel
    return np.array(rows, EVENT_DTYPE) if rows else np.zeros(0, EVENT_DTYPE)


def split_points(size, max_size=8):
    """Sorted cuts in [0, size]; repeated ones make empty chunks."""
    return st.lists(st.integers(0, size), max_size=max_size).map(sorted)


def evt2_words(max_size=60):
    """EVT2 payloads: changes, TIME_HIGH that rises, steps back and wraps, OTHER, triggers, any word, a cut tail."""
    change = st.builds(evt2_change, st.booleans(), st.integers(0, 63), st.integers(0, 2047), st.integers(0, 2047))
    time_high = _clock(28).map(lambda high: evt2_word(0x8, high))
    other = st.builds(evt2_word, st.sampled_from((0xA, 0xD, 0xE, 0xF)), st.integers(0, 2**28 - 1))
    anything = st.binary(min_size=4, max_size=4)
    return _soup(max_size, 4, change, change, time_high, other, anything, first=time_high)


def evt21_words(legacy=False, max_size=60):
    """EVT2.1 payloads in either order of the halves."""
    masks = st.one_of(st.integers(0, 31).map(lambda bit: 1 << bit), st.integers(0, 2**32 - 1))
    change = st.builds(
        lambda p, low, x, y, mask: evt21_change(p, low, x, y, mask, legacy=legacy),
        *(st.booleans(), st.integers(0, 63), st.integers(0, 2047), st.integers(0, 2047), masks),
    )
    time_high = _clock(28).map(lambda high: evt21_word(0x8, high, legacy=legacy))
    other = st.builds(
        lambda type, content, mask: evt21_word(type, content, mask, legacy=legacy),
        *(st.sampled_from((0xA, 0xE)), st.integers(0, 2**28 - 1), masks),
    )
    return _soup(max_size, 8, change, change, time_high, other, st.binary(min_size=8, max_size=8), first=time_high)


def evt3_words(max_size=120):
    """EVT3 payloads: camera vectors, lone vectors, EM words, clocks that wrap or step back, any word, a cut tail."""
    content = st.integers(0, 4095)
    events = st.builds(evt3_word, st.sampled_from((0x0, 0x2, 0x2, 0x3, 0x4, 0x5)), content)
    group = st.tuples(content, content, content, st.integers(0, 255)).map(
        lambda c: evt3_word(3, c[0]) + evt3_word(4, c[1]) + evt3_word(4, c[2]) + evt3_word(5, c[3])
    )
    time_high = _clock(12).map(lambda high: evt3_word(0x8, high))
    time_low = content.map(lambda low: evt3_word(0x6, low))
    em = content.map(lambda address: evt3_word(0x1, address))
    chain = st.sampled_from((1, 20, 20, 2800)).map(lambda count: evt3_word(0x4, 0x801) * count)  # pushes x past int16
    rare = st.one_of(em, chain, st.binary(min_size=2, max_size=2))
    return _soup(max_size, 2, events, events, group, time_high, time_low, rare, first=time_high)


def dat_records(version=2, max_size=60):
    """DAT records: times that rise, step back and wrap, any record, a cut tail."""
    x, y, p = ((9, 8, 1), (14, 14, 4))[version - 1]
    fields = (st.integers(0, 2**bits - 1) for bits in (x, y, p))
    record = st.builds(lambda *values: dat_record(*values, version=version), _clock(32), *fields)
    return _soup(max_size, 8, record, record, record, st.binary(min_size=8, max_size=8))


def jaer_records(*, version=2, davis=False, max_size=60):
    """AEDAT 1 and 2 records: pixels, records that are none, times that rise, step back and wrap, a cut tail."""
    if davis:
        pixel = st.builds(davis_address, st.integers(0, 1023), st.integers(0, 511), _BIT)
        other = st.builds(davis_address, st.integers(0, 1023), st.just(7), _BIT, _BIT, _BIT)
    else:
        pixel = st.builds(dvs128_address, st.integers(0, 127), st.integers(0, 127), _BIT)
        other = st.integers(1 << 15, (1 << 16) - 1)
    word_size = 6 if version == 1 else 8
    records = [
        st.builds(lambda address, t: jaer_record(address, t, version=version), addresses, _clock(32))
        for addresses in (pixel, pixel, other)
    ]
    return _soup(max_size, word_size, *records, st.binary(min_size=word_size, max_size=word_size))


def aedat3_packets(max_size=6):
    """AEDAT 3.1 packets: few or many events, valid or not, other kinds, headers that are damaged, a cut tail."""
    coordinate = st.integers(0, 2**15 - 1)
    event = st.builds(aedat3_event, st.integers(-(2**31), 2**31 - 1), coordinate, coordinate, _BIT, _BIT)
    events = st.lists(event, max_size=8) | st.lists(event, min_size=1, max_size=3).map(lambda few: few * 600)
    overflow, valid = st.sampled_from((0, 0, 1, 2, 2**32 - 1)), st.sampled_from((None, None, 0, 1))
    count = st.sampled_from((0, 1, 8, 9, 2**31 - 1, 2**32 - 1))
    packet = st.builds(lambda *a: aedat3_packet(a[0], overflow=a[1], valid=a[2]), events, overflow, valid)
    other = st.builds(lambda kind, each: aedat3_packet(each, kind=kind), st.sampled_from((0, 2, 3, 300)), events)
    damaged = st.builds(lambda size, number: aedat3_packet([], size=size, number=number), count, count)
    return _soup(max_size, 28, packet, packet, packet, other, damaged)


_BIT = st.integers(0, 1)


def es_words(kind=1, max_size=60):
    """ES payloads: events, runs of overflows, resets, measurements of exposure, a cut tail."""
    coordinate = st.integers(0, 700) | st.sampled_from((0, 32767))
    delta = st.integers(0, {1: 126, 2: 62, 4: 253}[kind])
    event = st.builds(
        lambda delta, x, y, p, exposure: es_event(kind, delta, x, y, p, exposure=exposure),
        *(delta, coordinate, coordinate, st.integers(0, 1), st.booleans()),
    )
    overflow = st.sampled_from((b"\xff", b"\xfe", b"\xfd", b"\xfc")[: 4 if kind == 2 else 2])
    run = st.integers(1, 40).map(lambda count: b"\xff" * count)
    return _soup(max_size, 1, event, event, event, overflow, run).flatmap(
        lambda words: st.integers(0, 7).map(lambda cut: words[: max(0, len(words) - cut)])
    )


def bin40_rows(max_size=60):
    """Rows of 40-bit .bin files: times that rise and step back, overflows, any row, a cut tail."""
    row = st.builds(bin40_row, _clock(23), st.integers(0, 255), st.integers(0, 239), st.integers(0, 1))
    overflow = st.builds(bin40_row, _clock(23), st.integers(0, 255), st.just(240), st.integers(0, 1))
    return _soup(max_size, 5, row, row, row, overflow, st.binary(min_size=5, max_size=5))


def _clock(bits):
    """Values of a counter of so many bits: often small or at its end (wraps) or around its half (is it one?)."""
    top = 2**bits
    near = (0, 1, 156, 157, top // 2 - 1, top // 2, top // 2 + 1, top - 2, top - 1)
    return st.one_of(st.sampled_from(near), st.integers(0, 20), st.integers(0, top - 1))


def _soup(max_size, word_size, *kinds, first=None):
    """Any sequence of these words, short or long and mostly after a first one, then a part of a word."""
    word = st.one_of(*kinds)
    words = st.lists(word, max_size=8) | st.lists(word, min_size=max_size // 2, max_size=max_size)
    start = st.just(b"") if first is None else st.one_of(first, first, st.just(b""))
    return st.tuples(start, words.map(b"".join), st.binary(max_size=word_size - 1)).map(b"".join)
