"""Vectorised writers of the benchmark files: DAT, EVT2, EVT2.1, EVT3, CSV (AEDAT4 is in aedat4.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.streams import Chains, Groups


def _changed(values: np.ndarray) -> np.ndarray:
    """True where a value differs from its predecessor, and at the first."""
    return np.concatenate(([True], values[1:] != values[:-1]))


def _raw_header(name: str, evt: str, shape: tuple[int, int], options: str = "") -> bytes:
    width, height = shape
    lines = (f"evt {evt}", f"format {name};height={height};width={width}{options}", f"geometry {width}x{height}")
    return "".join(f"% {line}\n" for line in (*lines, "end")).encode()


def _interleave(columns: list[tuple[np.ndarray, np.ndarray]], dtype: str) -> bytes:
    """Write (word, present) columns row by row, leaving absent words out."""
    words = np.stack([word.astype(dtype) for word, _ in columns], axis=1)
    present = np.stack([flag for _, flag in columns], axis=1)
    return words[present].tobytes()


def write_dat(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """DAT version 2, event type 12."""
    words = np.empty((events.size, 2), "<u4")
    words[:, 0] = events["t"]
    x, y, p = (events[name].astype(np.uint32) for name in "xyp")
    words[:, 1] = x | y << 14 | p << 28
    header = f"% Data file containing CD events.\n% Version 2\n% Width {shape[0]}\n% Height {shape[1]}\n% end\n"
    path.write_bytes(header.encode() + bytes([12, 8]) + words.tobytes())


def write_evt2(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """EVT2: TIME_HIGH whenever t >> 6 changes."""
    t, x, y, p = (events[name].astype(np.uint32) for name in "txyp")
    time_high = 0x8 << 28 | t >> 6
    change = p << 28 | (t & 63) << 22 | x << 11 | y
    body = _interleave([(time_high, _changed(t >> 6)), (change, np.ones(t.size, bool))], "<u4")
    path.write_bytes(_raw_header("EVT2", "2.0", shape) + body)


def write_evt21(path: Path, groups: Groups, shape: tuple[int, int], *, legacy: bool) -> None:
    """EVT2.1 with aligned 32-pixel masks, in either word order."""
    t, base, y, p, mask = (a.astype(np.uint64) for a in (groups.t, groups.base, groups.y, groups.p, groups.mask))
    control_shift, mask_shift = (np.uint64(s) for s in ((0, 32) if legacy else (32, 0)))
    time_high = (np.uint64(0x8 << 28) | t >> np.uint64(6)) << control_shift
    control = p << np.uint64(28) | (t & np.uint64(63)) << np.uint64(22) | base << np.uint64(11) | y
    change = control << control_shift | mask << mask_shift
    body = _interleave([(time_high, _changed(t >> np.uint64(6))), (change, np.ones(t.size, bool))], "<u8")
    path.write_bytes(_raw_header("EVT21", "2.1", shape, f";endianness={'legacy' if legacy else 'little'}") + body)


def _evt3_time(t: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """TIME_HIGH where it changes, TIME_LOW where it changes or a TIME_HIGH has reset it."""
    high, low = t >> 12, t & 0xFFF
    return [(0x8000 | high & 0xFFF, _changed(high)), (0x6000 | low, _changed(t))]


def write_evt3_scalar(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """EVT3 with one ADDR_X per event."""
    t, x, y, p = (events[name].astype(np.uint32) for name in "txyp")
    columns = [*_evt3_time(t), (y, _changed(t) | _changed(y)), (0x2000 | p << 11 | x, np.ones(t.size, bool))]
    path.write_bytes(_raw_header("EVT3", "3.0", shape) + _interleave(columns, "<u2"))


def write_evt3_vectors(path: Path, groups: Groups, shape: tuple[int, int]) -> None:
    """EVT3 as cameras send it: VECT_BASE_X, then VECT_12, VECT_12, VECT_8 = 32 aligned pixels."""
    t, base, y, p, mask = (a.astype(np.uint32) for a in (groups.t, groups.base, groups.y, groups.p, groups.mask))
    always = np.ones(t.size, bool)
    masks = [0x4000 | mask & 0xFFF, 0x4000 | mask >> 12 & 0xFFF, 0x5000 | mask >> 24]
    columns = [*_evt3_time(t), (y, _changed(t) | _changed(y)), (0x3000 | p << 11 | base, always)]
    columns += [(word, always) for word in masks]
    path.write_bytes(_raw_header("EVT3", "3.0", shape) + _interleave(columns, "<u2"))


def write_evt3_camera(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """EVT3 with the word mix of real recordings: TIME_LOW, ADDR_Y, ADDR_X for each event, TIME_HIGH again and again."""
    t, x, y, p = (events[name].astype(np.uint32) for name in "txyp")
    always = np.ones(t.size, bool)
    columns = [(0x8000 | t >> 12 & 0xFFF, _changed(t >> 2)), (0x6000 | t & 0xFFF, always), (y, always)]
    columns.append((0x2000 | p << 11 | x, always))
    path.write_bytes(_raw_header("EVT3", "3.0", shape) + _interleave(columns, "<u2"))


def write_evt3_chains(path: Path, chains: Chains, shape: tuple[int, int]) -> None:
    """EVT3 with 1 to 6 words of vectors behind a base at any column; the last word is a VECT_8."""
    t, base, y, p = (a.astype(np.uint32) for a in (chains.t, chains.base, chains.y, chains.p))
    last = chains.is_last()
    vectors = np.zeros((t.size, 6), np.uint32)
    present = np.arange(6) < chains.count[:, None]
    vectors[present] = np.where(last, 0x5000, 0x4000) | chains.mask
    columns = [*_evt3_time(t), (y, _changed(t) | _changed(y)), (0x3000 | p << 11 | base, np.ones(t.size, bool))]
    columns += [(vectors[:, i], present[:, i]) for i in range(6)]
    path.write_bytes(_raw_header("EVT3", "3.0", shape) + _interleave(columns, "<u2"))


def write_csv(path: Path, events: np.ndarray) -> None:
    """CSV with a `t,x,y,p` header line, integer microseconds, polarity 0 or 1."""
    columns = [events[name].astype(np.int64).astype(str).tolist() for name in "txyp"]
    path.write_text("t,x,y,p\n" + "\n".join(map(",".join, zip(*columns, strict=True))) + "\n")
