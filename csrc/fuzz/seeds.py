"""Writes a few sound inputs per fuzz target, made of the tests' words, for libFuzzer to damage: seeds.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

import reference
from reference import faery_udp, spif
from support import aedat4_side_bytes as side
from support import blosc_words, ecf_words, jaer_words, lz4_words, ros_words, words
from support.aedat4_words import encode_aedat4


def some_events() -> np.ndarray:
    """120 events over a wrap of EVT3's clock, with neighbours that vectors can hold."""
    events = np.zeros(120, reference.EVENT_DTYPE)
    events["t"] = 2**24 - 500 + np.arange(120) // 6 * 60
    events["x"] = 100 + np.arange(120) % 6
    events["y"] = 7 + np.arange(120) // 24
    events["p"] = np.arange(120) % 24 < 12
    return events


def ros_seeds(evt2: bytes, evt21: bytes, evt3: bytes) -> list[bytes]:
    """Messages of a kind, each behind its length; the first byte chooses kind and wire, three more are for nobody."""
    mono = ros_words.mono_word(5, 6, 7, 1) * 3
    libcaer = ros_words.libcaer_word(5, 6, 7, 1) * 3
    compact = b"".join(ros_words.compact_word(*word) for word in [(0, 1), (1, 2), (2, 9), (3, 5), (4, 7), (5, 255)])
    payloads = [("evt2", evt2), ("evt21", evt21), ("evt3", evt3), ("mono", mono), ("trigger", mono)]
    payloads += [("libcaer", libcaer), ("libcaer_cmp", compact)]
    inputs = []
    for cdr in (False, True):
        array = ros_words.event_array([(1000, 2, 3, True), (2000, 3, 4, False)], cdr=cdr)
        inputs.append(bytes([cdr, 0, 0, 0]) + ros_words.in_a_row([array, array]))
        for encoding, payload in payloads:
            packets = [ros_words.packet(payload, encoding, cdr=cdr, seq=seq, time_base=10**18) for seq in (0, 1, 3)]
            inputs.append(bytes([2 + cdr, 0, 0, 0]) + ros_words.in_a_row(packets))
    return inputs


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
    slow = events.copy()
    slow["t"] -= slow["t"][0]  # ES would begin with 2^24 µs of overflows
    es = {kind: words.encode_es(slow, kind) for kind in (1, 2, 4)}
    bin40 = words.encode_bin40(slow)
    aedat4 = [encode_aedat4(events, packet_events=40, table=table) for table in (True, False)]
    aedat1, davis = jaer_words.encode_dvs128(events, version=1), jaer_words.encode_davis(events)
    aedat3 = jaer_words.encode_aedat3(events, packet_events=40).removeprefix(jaer_words.AEDAT3_HEADER)
    sources = [evt2, evt21[False], evt3, dat, csv[0], es[1], bin40, davis, *aedat4, aedat3]
    return {
        "evt2": [bytes(4) + evt2],
        "evt21": [bytes(4) + payload for payload in evt21.values()],
        "evt3": [bytes(4) + evt3, bytes(4) + words.encode_evt3(events)],
        "dat": [bytes(4) + dat, bytes(4) + words.encode_dat(events, version=1)],
        "csv": [bytes([i, 0, 0, 0]) + text for i, text in enumerate(csv)],
        "aedat12": [bytes(4) + aedat1, b"\1\0\0\0" + jaer_words.encode_dvs128(events), b"\2\0\0\0" + davis],
        "aedat3": [aedat3],
        "events": [bytes(4) + events.tobytes()],
        "ros": ros_seeds(evt2, evt21[False], evt3),
        "aedat4": [
            *aedat4,
            side.frame_packet(bytes(6)),
            side.rows_packet("IMUS", side.IMU_TYPES, [[5, *[0.5] * 10]] * 3),
            side.rows_packet("TRIG", side.TRIGGER_TYPES, [[5, 1], [6, 2]]),
        ],
        "blosc": [blosc_words.encode_blosc(events.tobytes(), 16, 640, split=split) for split in (False, True)],
        "lz4": [lz4_words.encode_lz4(events.tobytes(), furthest=furthest) for furthest in (15, 65535)],
        "columns": [
            bytes([4, 0, 16, 0, 2, 8, 16, 0, 2, 10, 16, 0, 0, 12, 16, 0, i]) + events.tobytes() for i in range(5)
        ],
        "ecf": [ecf_words.encode_ecf(events, mode) for mode in ecf_words.MODES],
        "es": [bytes(4) + payload for payload in es.values()],
        "bin40": [bytes(4) + bin40],
        "file": [
            words.raw_header("EVT3") + evt3,
            words.raw_header("EVT2") + evt2,
            words.dat_header() + dat,
            words.es_header(2) + es[2],
            csv[0],
        ],
        "triggers": [bytes(4) + evt2 + words.evt2_word(0xA, 1), bytes(4) + evt3 + words.evt3_word(0xA, 1)],
        "datagram": [
            bytes(4) + spif.encode(events),
            bytes(4) + spif.encode(events, timestamps=True),
            bytes([1, 0, 0, 0]) + faery_udp.encode_t64(events),
            bytes([2, 0, 0, 0]) + faery_udp.encode_t32(events),
        ],
        "recording": [bytes([i, 0, 0, 0]) + payload for i, payload in enumerate(sources)],
        "index": [
            bytes([i, 0, 0, 0, 1, 7 + place, *bytes(9)]) + payload
            for i, payload in enumerate(sources)
            for place in range(6)
        ],
    }


if __name__ == "__main__":
    for target, inputs in seeds().items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(inputs):
            (folder / f"seed-{i}").write_bytes(data)
