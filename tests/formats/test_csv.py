"""Text: every dialect, every spelling of a number, every cut, against the dumbest parser that reads them."""

from __future__ import annotations

import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aestream import _core
from aestream.errors import FormatError
from aestream.events import EVENT_DTYPE
from aestream.formats import open_file
from aestream.formats.base import OpenedFile, ReadOptions

ROWS = [(10, 1, 2, True), (2_000_020, 345, 259, False), (2_000_015, 0, 0, True)]


def rows(packed: np.ndarray) -> list[tuple[int, int, int, bool]]:
    return packed.view(EVENT_DTYPE).tolist()


def decode(payload: bytes, cuts: list[int] | None = None) -> list[tuple[int, int, int, bool]]:
    return rows(_core.decode("csv", payload, cuts or []))


def open_bytes(folder: Path, payload: bytes, **options: str) -> OpenedFile:
    path = folder / "events.csv"
    path.write_bytes(payload)
    return open_file(path, ReadOptions(**options))


def load(folder: Path, payload: bytes, **options: str) -> list[tuple[int, int, int, bool]]:
    return rows(open_bytes(folder, payload, **options).recording.load(1)[0])


MICROSECONDS = {
    "headerless": b"10,1,2,1\n2000020,345,259,0\n2000015,0,0,1\n",
    "header": b"t,x,y,p\n10,1,2,1\n2000020,345,259,0\n2000015,0,0,1\n",
    "quoted header": b'"t","x","y","p"\n10,1,2,1\n2000020,345,259,0\n2000015,0,0,1\n',
    "long names": b"timestamp,X,Y,Polarity\n10,1,2,1\n2000020,345,259,0\n2000015,0,0,1\n",
    "named order": b"x,y,pol,ts\n1,2,1,10\n345,259,0,2000020\n0,0,1,2000015\n",
    "order in a comment": b"# x y p t\n# of a demo\n1 2 1 10\n345 259 0 2000020\n0 0 1 2000015\n",
    "further columns": b",time,x,y,on,id\n0,10,1,2,1,a b\n1,2000020,345,259,0,\n2,2000015,0,0,1,c\n",
    "further columns between blanks": b"t x y p id\n10 1  2 1   7\n2000020 345 259 0  8\n2000015 0 0 1 9 \n",
    "semicolons": b"10;1;2;1\n2000020;345;259;0\n2000015;0;0;1\n",
    "tabs": b"10\t1\t2\t1\n2000020\t345\t259\t0\n2000015\t0\t0\t1\n",
    "aligned by tabs and spaces": b"10\t\t1 2 1\n2000020\t345 259 0\n  2000015\t0  0 1\n",
    "blanks and CRLF": b"10, 1, 2, 1\r\n2000020,\t345 , 259, 0 \r\n2000015,  0, 0, 1\r\n\r\n",
    "comments and blank lines": b"# demo\n\n10,1,2,1\n  # 1,2\n2000020,345,259,0\n \t\n#\n2000015,0,0,1\n# end",
    "signed polarity": b"10,1,2,1\n2000020,345,259,-1\n2000015,0,0,+1\n",
    "boolean polarity": b"10,1,2,True\n2000020,345,259,FALSE\n2000015,0,0,true\n",
    "decimal polarity": b"10,1,2,1.0\n2000020,345,259,-1.\n2000015,0,0,1e0\n",
    "leading zeros and signs": b"+10,001,+2,1\n00000000000002000020,00345,259,0\n2000015,-0,0,1\n",
    "no newline at the end": b"10,1,2,1\n2000020,345,259,0\n2000015,0,0,1",
}
SECONDS = {
    "spaces": b"0.000010 1 2 1\n2.00002 345 259 0\n2.000015000 0 0 1\n",
    "commas": b"t,x,y,p\n0.000010,1,2,1\n2.00002,345,259,0\n2.000015000,0,0,1\n",
    "named order": b"x y t p\n1 2 0.000010 1\n345 259 2.00002 0\n0 0 2.000015000 1\n",
    "exponents": b"1.0e-5 1 2 1\n200002e-5 345 259 0\n0.2000015E+1 0 0 1\n",
}


@pytest.mark.parametrize("payload", MICROSECONDS.values(), ids=MICROSECONDS)
def test_events_when_times_are_microseconds(tmp_path: Path, payload: bytes) -> None:
    opened = open_bytes(tmp_path, payload)
    assert rows(opened.recording.load(1)[0]) == ROWS
    assert (opened.recording.num_events, opened.recording.cut_bytes) == (3, 0)
    assert (opened.recording.t_first, opened.recording.t_max) == (10, 2_000_020)
    assert opened.metadata["time_unit"] == "us"


@pytest.mark.parametrize("payload", SECONDS.values(), ids=SECONDS)
def test_events_when_times_are_seconds(tmp_path: Path, payload: bytes) -> None:
    opened = open_bytes(tmp_path, payload)
    assert rows(opened.recording.load(1)[0]) == ROWS
    assert opened.metadata["time_unit"] == "s"


def test_events_when_columns_are_given(tmp_path: Path) -> None:
    assert load(tmp_path, b"1,2,1,10\n", columns="xypt") == ROWS[:1]
    assert load(tmp_path, b"7,1,2,1,10\n", columns="_xypt") == ROWS[:1]
    assert load(tmp_path, b"a,b,c,d\n1,2,1,10\n", columns="xypt") == ROWS[:1]


def test_columns_override_the_header(tmp_path: Path) -> None:
    assert load(tmp_path, b"t,x,y,p\n1,2,1,10\n", columns="xypt") == ROWS[:1]


def test_columns_fail_when_they_are_no_order_of_text(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="each of the letters t, x, y, p once"):
        open_bytes(tmp_path, b"10,1,2,1\n", columns="txyy")
    with pytest.raises(ValueError, match="columns=.txyp. is for csv.* files; found a file of format dat"):
        open_bytes(tmp_path, b"% Version 2\n\x00\x08", columns="txyp")


def test_shape_when_the_file_gives_it(tmp_path: Path) -> None:
    for payload in (b"346 260\n0.1 1 2 1\n", b"t,x@346,y@260,on\n100000,1,2,1\n"):
        opened = open_bytes(tmp_path, payload)
        assert opened.shape == (346, 260)
        assert rows(opened.recording.load(1)[0]) == [(100_000, 1, 2, True)]
    assert open_bytes(tmp_path, b"1,2,3,0\n").shape is None


@pytest.mark.parametrize("payload", [b"t,x,y,p\n", b"# t,x,y,p\n\n", b"# nothing"])
def test_no_event_when_no_line_holds_data(tmp_path: Path, payload: bytes) -> None:
    opened = open_bytes(tmp_path, payload)
    assert (rows(opened.recording.load(1)[0]), opened.recording.num_events) == ([], 0)


def test_header_found_when_long_comments_precede_it(tmp_path: Path) -> None:
    assert load(tmp_path, b"# a comment\n" * 10_000 + b"x,y,p,t\n1,2,1,0.00001\n") == ROWS[:1]


@pytest.mark.parametrize(
    ("seconds", "microseconds"),
    [
        ("0.0000005", 1),
        ("0.00000049999999999999999", 0),
        ("1.9999995", 2_000_000),
        ("1.9999994999", 1_999_999),
        ("1589163147.368868", 1_589_163_147_368_868),
        ("-0.0000005", -1),
        ("-2.5", -2_500_000),
        (".5", 500_000),
        ("3.", 3_000_000),
        ("1.5e-3", 1_500),
        ("1.0e-999999999999", 0),
        ("0.0e999999999999", 0),
        ("4.99999e-7", 0),
        ("9223372036854.775807", 2**63 - 1),
    ],
)
def test_seconds_are_rounded_by_their_digits(tmp_path: Path, seconds: str, microseconds: int) -> None:
    payload = f"0.0 0 0 0\n{seconds} 1 2 1\n7 0 0 0\n".encode() + b"0.0 0 0 0\n" * 10
    assert load(tmp_path, payload, time_unit="s")[1:3] == [(microseconds, 1, 2, True), (7_000_000, 0, 0, False)]


@pytest.mark.parametrize("time", ["9223372036854.7758075", "1.0e13", "1.2.3", ".", "1.0e", "1.0e+", "nan", "0x1.0"])
def test_seconds_fail_when_they_are_no_time(tmp_path: Path, time: str) -> None:
    with pytest.raises(FormatError, match="line 2: expected a time in seconds, found"):
        load(tmp_path, f"0.0 0 0 0\n{time} 1 2 1\n".encode(), time_unit="s")


@pytest.mark.parametrize("t", [0, -1, 2**63 - 1, -(2**63) + 1, 10**15, 10**16, 99_999_999, 100_000_000])
def test_limits_are_kept(t: int) -> None:
    for x, y in [(32767, -32768), (-1, 10_000), (0, 9_999)]:
        assert decode(f"{t},{x},{y},1\n".encode()) == [(t, x, y, True)]


@pytest.mark.parametrize(
    ("line", "message", "offset"),
    [
        (b"12I4,5,6,1", 'a time in microseconds that fits 64 bits, found "12I4"', 0),
        (b"9223372036854775808,5,6,1", "a time in microseconds that fits 64 bits", 0),
        (b",5,6,1", 'a time in microseconds that fits 64 bits, found ""', 0),
        (b"7, 32768,6,1", 'x, a whole number that fits 16 bits, found "32768"', 3),
        (b"7,5,-32769,1", 'y, a whole number that fits 16 bits, found "-32769"', 4),
        (b"7,5.5,6,1", 'x, a whole number that fits 16 bits, found "5.5"', 2),
        (b"7,5,6,2", 'a polarity such as 0, 1, -1 or True, found "2"', 6),
        (b"7,5,6,\xff\x00", r'a polarity such as 0, 1, -1 or True, found "\\xFF\\x00"', 6),
        (b"7,5,6,maybe", "a polarity such as", 6),
        (b"7,5,6", 'expected 4 columns, found 3 in "7,5,6"', 4),
        (b"7,5,6,1,2", "expected 4 columns, found 5", 8),
        (b"7 5 6 1", "expected 4 columns, found 1", 0),
    ],
)
def test_decoding_fails_when_a_line_is_malformed(tmp_path: Path, line: bytes, message: str, offset: int) -> None:
    before = b"# comment\n" + b"10,1,2,1\n" * 9
    opened = open_bytes(tmp_path, before + line + b"\n" + b"11,1,2,1\n" * 9, format="csv", columns="txyp")
    for attempt in (lambda: opened.recording.load(1), lambda: opened.recording.build_index(1)):
        with pytest.raises(FormatError, match="line 11: expected .*" + message.removeprefix("expected ")) as raised:
            attempt()
        assert raised.value.offset == len(before) + offset


def test_times_are_seconds_when_only_the_last_of_all_has_a_fraction(tmp_path: Path) -> None:
    found = load(tmp_path, b"10,1,2,1\n" * 10_000 + b"1.5,5,6,1\n")
    assert (found[0][0], found[-1][0]) == (10_000_000, 1_500_000)


@pytest.mark.parametrize("at", range((4 << 20) - 2, (4 << 20) + 3))
def test_times_are_seconds_whatever_piece_of_the_text_the_only_exponent_is_in(tmp_path: Path, at: int) -> None:
    line = b"10,1,2,1\n"
    lines, rest = divmod(at - len("15"), len(line))
    found = load(tmp_path, line * lines + b"\n" * rest + b"15e-1,5,6,1\n")
    assert (found[0][0], found[-1][0]) == (10_000_000, 1_500_000)


def test_a_comment_of_more_than_a_mebibyte_says_nothing(tmp_path: Path) -> None:
    comment = b"#" * (1 << 20) + b"1.5,1,1,-1"
    assert load(tmp_path, b"10,1,2,1\n" * 3 + comment + b"\n11,1,2,0\n")[2:] == [(10, 1, 2, True), (11, 1, 2, False)]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"1,2,3\n4,5,6\n", r"line 1: expected the four columns t, x, y, p; found 3 .*columns="),
        (b"40,225,0,24728\n", r"line 1: expected the columns t, x, y, p; found 24728 for a polarity; .*columns="),
        (b"# log\nhello world\n", r"line 2: expected columns named t, x, y, p, .*; found 'hello world'; .*columns="),
        (b"t,time,x,y,p\n", r"line 1: expected columns named"),
        (b"t,x,y,p" + b",more" * 252 + b"\n", r"line 1: expected columns named"),
        (b"", "found an empty file"),
        (b"\x00\x01,1,1,1\n", "found bytes of no known format"),
    ],
)
def test_opening_fails_when_the_dialect_is_unknown(tmp_path: Path, payload: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        open_bytes(tmp_path, payload)


@pytest.mark.parametrize("cut", [b"7", b"7,", b"7,5", b"7,5,6", b"7,5,6,", b"7,5,6,-", b"7,5,6,Tru"])
def test_cut_bytes_when_the_last_line_is_cut(tmp_path: Path, cut: bytes) -> None:
    opened = open_bytes(tmp_path, b"10,1,2,1\n" + cut)
    assert rows(opened.recording.load(1)[0]) == ROWS[:1]
    assert opened.recording.cut_bytes == len(cut)


def test_decoding_fails_when_a_cut_line_is_malformed_before_the_cut(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match='line 2: expected x, a whole number that fits 16 bits, found "a"'):
        load(tmp_path, b"10,1,2,1\n7,a,6")


def spellings(separator: str, seconds: bool) -> st.SearchStrategy[tuple[str, str, str, str, str]]:
    """t, x, y, p and what ends the line, each as somebody may write it; blanks around, too."""
    whole = st.integers(0, 10**17 if not seconds else 10**12).map(str) | st.integers(-99, 99).map(str)
    decimal = st.tuples(whole, st.text("0123456789", min_size=1, max_size=12)).map(".".join)
    coordinate = st.integers(0, 1279).map(str) | st.integers(-32768, 32767).map("{:+06d}".format)
    polarity = st.just("1") | st.sampled_from(["-1", "+1", "True", "true", "1.0", "1e0", "-1.0", "255"])
    pad = st.just("") | st.sampled_from(["", " ", "  "])
    columns = (decimal if seconds else whole, coordinate, coordinate, polarity)
    fields = [st.tuples(pad, column, pad).map("".join) for column in columns]
    ending = st.just("\n") | st.sampled_from(["\r\n", "\n\n", "\n# 1,2,3,4\n", "\n \t\n", "\n  #\r\n"])
    return st.tuples(*fields, ending)


def parse(lines: list[tuple[str, str, str, str, str]], seconds: bool) -> list[tuple[int, int, int, bool]]:
    def time(word: str) -> int:
        return int((Decimal(word) * 10**6).to_integral_value(ROUND_HALF_UP)) if seconds else int(word)

    def on(word: str) -> bool:
        return word == "true" if word in ("true", "false") else float(word) == 1

    return [(time(t.strip()), int(x), int(y), on(p.strip().lower())) for t, x, y, p, _ in lines]


@given(st.lists(spellings(",", False), max_size=20), st.lists(st.integers(0, 800), max_size=8))
def test_same_events_for_any_chunking(lines: list[tuple[str, str, str, str, str]], cuts: list[int]) -> None:
    payload = "".join(",".join(line[:4]) + line[4] for line in lines)
    assert decode(payload.encode(), cuts) == parse(lines, False)


@settings(deadline=None)
@given(st.data(), st.sampled_from(",;\t "), st.permutations("txyp"), st.booleans())
def test_same_events_in_any_dialect(data: st.DataObject, separator: str, order: list[str], seconds: bool) -> None:
    lines = data.draw(st.lists(spellings(separator, seconds), min_size=1, max_size=20))
    text = separator.join(order) + "\n"
    text += "".join(separator.join(line["txyp".index(name)] for name in order) + line[4] for line in lines)
    with tempfile.TemporaryDirectory() as folder:
        opened = open_bytes(Path(folder), text.encode(), time_unit="s" if seconds else "us")
        assert rows(opened.recording.load(1)[0]) == parse(lines, seconds)
        assert opened.recording.num_events == len(lines)


def test_windows_partition_the_file_when_times_step_back(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    t = np.arange(150_000) * 7 + random.integers(-500, 500, 150_000) + 10**15
    lines = [f"{time},{i % 346},{i % 260},{i % 2}\n" for i, time in enumerate(t.tolist())]
    lines[70_000] = "# a comment\n" + lines[70_000]
    path = tmp_path / "events.csv"
    path.write_text("t,x,y,p\n" + "".join(lines))
    latest = np.maximum.accumulate(t)
    for threads in (1, 3):
        recording = open_file(path).recording
        assert (recording.load(threads)[0].view(EVENT_DTYPE)["t"] == t).all()
        for start in range(int(t.min()), int(t.max()), 99_999):
            found = recording.find(start, start + 99_999, True, threads)
            assert found == tuple(np.searchsorted(latest, [start, start + 99_999]))
            assert (recording.read(*found, threads).view(EVENT_DTYPE)["t"] == t[slice(*found)]).all()
