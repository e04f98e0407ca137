"""Writes a few sound inputs per fuzz target, made of the tests' words, for libFuzzer to damage: seeds.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

import blosc_words
import ecf_words
import reference
import words


def some_events() -> np.ndarray:
    """120 events over a wrap of EVT3's clock, with neighbours that vectors can hold."""
    events = np.zeros(120, reference.EVENT_DTYPE)
    events["t"] = 2**24 - 500 + np.arange(120) // 6 * 60
    events["x"] = 100 + np.arange(120) % 6
    events["y"] = 7 + np.arange(120) // 24
    events["p"] = np.arange(120) % 24 < 12
    return events


def seeds() -> dict[str, list[bytes]]:
    """Inputs by target; most begin with the four bytes that choose cuts, dialects and sources."""
    events = some_events()
    evt2, evt3, dat = words.encode_evt2(events), words.encode_evt3(events, vectors=True), words.encode_dat(events)
    evt21 = {legacy: words.encode_evt21(events, legacy=legacy) for legacy in (False, True)}
    csv = [
        words.encode_csv(events),
        words.encode_csv(events, separator=" ", seconds=6),
        words.encode_csv(events, separator=" "),
        words.encode_csv(events, columns="xytp"),
        words.encode_csv(events, separator="\t", seconds=9, columns="pxyt"),
    ]
    aedat4 = [words.encode_aedat4(events, packet_events=40, table=table) for table in (True, False)]
    sources = [evt2, evt21[False], evt3, dat, csv[0], *aedat4]
    return {
        "evt2": [bytes(4) + evt2],
        "evt21": [bytes(4) + payload for payload in evt21.values()],
        "evt3": [bytes(4) + evt3, bytes(4) + words.encode_evt3(events)],
        "dat": [bytes(4) + dat, bytes(4) + words.encode_dat(events, version=1)],
        "csv": [bytes([i, 0, 0, 0]) + text for i, text in enumerate(csv)],
        "aedat4": aedat4,
        "blosc": [blosc_words.encode_blosc(events.tobytes(), 16, 640, split=split) for split in (False, True)],
        "columns": [
            bytes([4, 0, 16, 0, 2, 8, 16, 0, 2, 10, 16, 0, 0, 12, 16, 0, i]) + events.tobytes() for i in range(5)
        ],
        "ecf": [ecf_words.encode_ecf(events, mode) for mode in ecf_words.MODES],
        "file": [words.raw_header("EVT3") + evt3, words.raw_header("EVT2") + evt2, words.dat_header() + dat, csv[0]],
        "recording": [bytes([i, 0, 0, 0]) + payload for i, payload in enumerate(sources)],
    }


if __name__ == "__main__":
    for target, inputs in seeds().items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(inputs):
            (folder / f"seed-{i}").write_bytes(data)
