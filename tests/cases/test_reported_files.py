"""Files that people reported elsewhere: of each kind the smallest, with the right value or what is said of it."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.jaer_words import AEDAT3_HEADER, davis_address, encode_aedat3, jaer_header, jaer_record
from support.words import encode_bin40, evt2_change, evt2_word, evt3_word, evt21_word, raw_header

from aestream import EVENT_DTYPE, FileInput, FormatError

RIGHT = [(10, 1, 2, True), (20, 3, 4, False)]


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def load(data: bytes | str, name: str = "a.csv", **options: Any) -> FileInput:
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return FileInput(tmp_path / name, **options)

    return load


IMX636 = (
    b"% camera_integrator_name Prophesee\n% date 2023-04-03 11:36:26\n% evt 3.0\n% format EVT3;height=720;width=1280\n"
    b"% geometry 1280x720\n% plugin_name hal_plugin_imx636_evk4\n% sensor_generation 4.2\n% system_ID 49\n% end\n"
)


@pytest.mark.parametrize("type", [0x7, 0x9, 0xA, 0xB, 0xD, 0xE, 0xF])
def test_evt3_words_that_are_no_change(load, type):
    """open-neuromorphic/expelliarmus#8 and #18: CONTINUED and triggers among the changes."""
    words = [(8, 1), (6, 5), (type, 0x101), (0, 4), (type, 0x101), (2, 9)]
    file = load(IMX636 + b"".join(evt3_word(*word) for word in words), "a.raw")
    assert file.load().tolist() == [(4101, 9, 4, False)]
    assert file.shape == (1280, 720)
    assert file.triggers()["id"].tolist() == ([1, 1] if type == 0xA else [])


def test_evt2_changes_before_the_first_time(load):
    """open-neuromorphic/expelliarmus#6: forty events near 0, and then a leap to 3e9."""
    words = evt2_change(True, 5, 1, 2) * 40 + evt2_word(8, 50_000_000) + evt2_change(True, 5, 1, 2)
    assert load(raw_header("EVT2") + words, "a.raw").load().tolist() == [(3_200_000_005, 1, 2, True)]


def test_evt3_times_are_as_recorded(load):
    """prophesee-ai/openeb#108: the first event of a recording is at 6 437 104 µs, not at 6 384."""
    high, low = 6_437_104 >> 12, 6_437_104 & 0xFFF
    words = [(8, high), (6, low), (0, 479), (2, 656)]
    file = load(IMX636 + b"".join(evt3_word(*word) for word in words), "a.raw")
    assert file.load().tolist() == [(6_437_104, 656, 479, False)]


def test_genx320_writes_evt21(load):
    """prophesee-ai/openeb#151: another integrator, system_ID -1, no geometry line."""
    header = b"% camera_integrator_name rp1-cfe\n% evt 2.1\n% format EVT21;endianness=little;height=320;width=320\n"
    words = evt21_word(8, 1) + struct.pack("<II", 0b101, 1 << 28 | 3 << 22 | 32 << 11 | 7)
    file = load(header + b"% generation 0.0\n% system_ID -1\n% end\n" + words, "a.raw")
    assert (file.shape, file.load().tolist()) == ((320, 320), [(67, 32, 7, True), (67, 34, 7, True)])


def test_dat_without_a_size(load):
    """prophesee-ai/prophesee-automotive-dataset-toolbox#14: DAT of the first generation."""
    data = b"% Data file containing Event2D events.\n% Version 2\n" + bytes([0, 8]) + struct.pack("<II", 9, 1 | 2 << 14)
    file = load(data, "a_td.dat")
    assert (file.shape, file.load().tolist()) == (None, [(9, 1, 2, False)])


def test_aedat21_beyond_the_sensor(load):
    """SensorsINI/DHP19#8: addresses of y=306 on a sensor of 260 rows: outside, as recorded; frames leave them out."""
    records = jaer_record(davis_address(3, 306, 0), 8) + jaer_record(davis_address(3, 4, 1), 9)
    file = load(jaer_header().replace(b"2.0", b"2.1") + records, "a.aedat", window_us=100)
    assert file.load().tolist() == [(8, 342, -47, False), (9, 342, 255, True)]
    assert file[0].sum() == 1


@pytest.mark.parametrize(
    ("source", "shape"), [(b"DYNAPSE", None), (b"DAVIS346red", (346, 260)), (b"DVS128", (128, 128))]
)
def test_aedat3_of_any_source(load, source, shape):
    """inivation/caer#128: display sizes that cannot be told from the source."""
    events = np.array([(5, 1, 2, True)], EVENT_DTYPE)
    data = encode_aedat3(events)
    file = load(AEDAT3_HEADER.replace(b"TEST", source) + data[len(AEDAT3_HEADER) :], "a.aedat")
    assert (file.shape, file.load().tolist()) == (shape, events.tolist())


V2E = (
    b"#!AER-DAT2.0\r\n# This is a raw AE data file created by AEDAT2Output in v2e\r\n"
    b"# Data format is int32 address, int32 timestamp (8 bytes total), repeated for each event\r\n"
    b"# Timestamps tick is 1 us\r\n# created Thu Dec  3 2020\r\n"
)


def test_aedat2_of_a_simulator(load):
    """SensorsINI/v2e#8 and #29, neuromorphs/tonic#267."""
    record = jaer_record(davis_address(3, 4, 1), 9)
    assert load(V2E + b"# AEChip: Davis346\r\n" + record, "a.aedat").load().tolist() == [(9, 342, 255, True)]
    assert load(V2E + record, "b.aedat", chip="davis346").load().tolist() == [(9, 342, 255, True)]
    with pytest.raises(FormatError, match="pass chip=, one of"):
        load(V2E + record, "c.aedat")


def test_text_with_labels_behind_the_events(load):
    """ChenYichen9527/EV-UAV#7: x y timestamp polarity label id."""
    text = "x y timestamp polarity label id\n100 200 12345678 1 0 0\n128 258 12345863 -1 1 5\n"
    assert load(text, "a.txt").load().tolist() == [(12345678, 100, 200, True), (12345863, 128, 258, False)]


def test_text_with_brightness_among_the_columns(load):
    """lujiaxuan0520/THU-EACT-50#1: y, x, brightness, p, t of a CeleX-V, without a header."""
    with pytest.raises(FormatError, match='found 5 in .*pass columns="txyp"'):
        load("2,1,100,1,10\n4,3,99,-1,20\n")
    assert load("2,1,100,1,10\n4,3,99,-1,20\n", columns="yx_pt").load().tolist() == RIGHT
    with pytest.raises(FormatError, match='line 3: expected a polarity of -1 or 1, as before, found "0"'):
        load("2,1,100,1,10\n4,3,99,-1,20\n4,3,99,0,30\n", columns="yx_pt").load()


def test_text_in_the_order_of_dsec_s_converters(load):
    """uzh-rpg/DSEC#56: x y p t with tabs, times of 16 hours."""
    text = "307\t201\t1\t57922807588\n568\t201\t0\t57922807588\n"
    with pytest.raises(FormatError, match="found 57922807588 for a polarity; pass columns="):
        load(text, "a.txt")
    assert load(text, "a.txt", columns="xypt").load()["t"].tolist() == [57922807588] * 2


def test_text_in_seconds_since_1970(load):
    """uzh-rpg/rpg_dvs_ros#79: nine decimals behind ten digits, which no float holds."""
    text = "1461581614.988127335 96 133 0\n1461581614.988128999 96 133 1\n"
    assert load(text, "events.txt").load()["t"].tolist() == [1461581614988127, 1461581614988129]


@pytest.mark.parametrize(
    "text",
    [
        ",t,x,y,p\n0,10,1,2,1\n1,20,3,4,0\n",
        "index,timestamp,x,y,polarity\n0,10,1,2,True\n1,20,3,4,False\n",
        '"t","x","y","p"\n"10","1","2","1"\n"20","3","4","0"\n',
        '"10","1","2","1"\n"20","3","4","0"\n',
        "'10'\t'1'\t'2'\t'1'\n'20'\t'3'\t'4'\t'0'\n",
        "t,x,y,p\n10,1,2,ON\n20,3,4,OFF\n",
        "t,x,y,p\n10,1,2,on\n20,3,4,off\n",
    ],
)
def test_text_of_data_frames_and_spreadsheets(load, text):
    """neuromorphic-paris/loris#7 and alike: an index, quotes around all, words for polarities."""
    assert load(text).load().tolist() == RIGHT


@pytest.mark.parametrize("text", ['t,x,y,p\n10,1,2,"2"\n', 't,x,y,p\n"10,1,2,1\n', 't,x,y,p\n"",1,2,1\n20,1,2,1\n'])
def test_quotes_around_what_is_no_number(load, text):
    with pytest.raises(FormatError, match="line 2"):
        load(text).load()


def test_hdf5_of_a_simulator(tmp_path):
    """DachunKai/EvTexture#12: ps of bool, ts of float seconds, xs and ys."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["events/ps"], file["events/ts"] = np.array([True, False]), np.array([0.5, 0.75])
        file["events/xs"], file["events/ys"] = np.array([1, 2], "i2"), np.array([3, 4], "i2")
    assert FileInput(tmp_path / "a.h5").load().tolist() == [(500_000, 1, 3, True), (750_000, 2, 4, False)]


@pytest.mark.parametrize("offset", [36_607_300_656, np.array([36_607_300_656])])
def test_hdf5_with_an_offset_of_time(tmp_path, offset):
    """uzh-rpg/DSEC#24, neuromorphs/tonic#158: events/t counts from t_offset."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in {"t": [1, 2], "x": [1, 2], "y": [3, 4], "p": [0, 1]}.items():
            file[f"events/{name}"] = np.array(values, "u4")
        file["t_offset"] = offset
    assert FileInput(tmp_path / "a.h5").load()["t"].tolist() == [36_607_300_657, 36_607_300_658]


def test_hdf5_of_two_cameras(tmp_path):
    """tub-rip/events_h52bag#9: M3ED's prophesee/left and prophesee/right."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for side, first in (("left", 10), ("right", 11)):
            for name, values in {"t": [first, 20], "x": [1, 3], "y": [2, 4], "p": [1, 0]}.items():
                file[f"prophesee/{side}/{name}"] = np.array(values)
    assert FileInput(tmp_path / "a.h5").load()["t"].tolist() == [10, 20]
    assert FileInput(tmp_path / "a.h5", stream="prophesee/right").load()["t"].tolist() == [11, 20]


def test_hdf5_behind_a_block_of_other_programs(tmp_path):
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in {"t": [10, 20], "x": [1, 3], "y": [2, 4], "p": [1, 0]}.items():
            file.create_dataset(f"events/{name}", data=np.array(values), chunks=(1,))
    data = bytearray(path.read_bytes())
    data[:20] = b"MATLAB 7.3 MAT-file,"
    path.write_bytes(data)
    assert FileInput(path).load().tolist() == RIGHT


@pytest.mark.parametrize("chunks", [None, (1, 1)])
def test_columns_of_one_column(tmp_path, chunks):
    """What keepdims=True, or a matrix cut into columns, leaves: [N, 1]; in NPZ [1, N], too."""
    columns = {"t": [10, 20], "x": [1, 3], "y": [2, 4], "p": [1, 0]}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in columns.items():
            file.create_dataset(f"events/{name}", data=np.array(values).reshape(-1, 1), chunks=chunks)
    np.savez(tmp_path / "a.npz", **{name: np.array(values).reshape(-1, 1) for name, values in columns.items()})
    np.savez(tmp_path / "b.npz", **{name: np.array([values]) for name, values in columns.items()})
    for name in ("a.h5", "a.npz", "b.npz"):
        assert FileInput(tmp_path / name).load().tolist() == RIGHT


def test_npz_with_more_than_two_polarities(tmp_path):
    """better-flow/evimo#20."""
    np.savez(tmp_path / "a.npz", t=np.arange(4) / 8, x=np.arange(4), y=np.arange(4), p=np.arange(4))
    with pytest.raises(FormatError, match="row 2: expected for p 0 or 1"):
        FileInput(tmp_path / "a.npz").load()


def test_npz_without_events(tmp_path):
    """ChenYichen9527/EV-UAV#7: evs_norm and ev_loc."""
    np.savez(tmp_path / "a.npz", evs_norm=np.zeros((3, 6)), ev_loc=np.zeros((3, 3)))
    with pytest.raises(FormatError, match="found evs_norm, ev_loc; pass fields="):
        FileInput(tmp_path / "a.npz")


def test_bs2_of_slayer(load):
    """bamsumit/slayerPytorch#10: the 40 bits of N-MNIST under another ending."""
    assert load(encode_bin40(np.array(RIGHT, EVENT_DTYPE)), "a.bs2").load().tolist() == RIGHT


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_zip_of_one_file(tmp_path, method):
    """uzh-rpg/rpg_e2vid reads events.zip, one text with the sensor's size in its first line."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/events.txt", "240 180\n0.00001 1 2 1\n0.00002 3 4 0\n")
    file = FileInput(tmp_path / "a.zip")
    assert (file.shape, file.load().tolist()) == ((240, 180), RIGHT)
    assert file.metadata["wrapper"] == "zip"


def test_zip_of_one_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.bin", encode_bin40(np.array(RIGHT, EVENT_DTYPE)))
    assert FileInput(path).load().tolist() == RIGHT
    data = path.read_bytes()
    path.write_bytes(data.replace(bytes([1, 2, 128]), bytes([1, 3, 128]), 1))
    with pytest.raises(FormatError, match="expected a sound zip file, found: Bad CRC-32"):
        FileInput(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv.gz", gzip.compress(b"1,2,3,1\n"))
    with pytest.raises(FormatError, match="found a gzip file"):
        FileInput(path)


@pytest.mark.parametrize("name", ["a.csv", "a.raw", "a.aedat4"])
def test_an_empty_file_is_called_so(load, name):
    """eventbasedvision/eTraM#8: a download that failed."""
    with pytest.raises(FormatError, match="found an empty file"):
        load(b"", name)


@pytest.mark.parametrize("text", ['{"t":1,"x":1,"y":2,"p":1}\n' * 2, "[1, 1, 2, 1]\n", "t;x;y;p\n0,5;1;2;1\n"])
def test_text_of_other_kinds_is_refused_with_its_line(load, text):
    with pytest.raises(FormatError, match=r"line [12]: expected"):
        load(text).load()
