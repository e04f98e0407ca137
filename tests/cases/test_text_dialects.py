"""Text as strangers write it: floats everywhere, prose comments, a vendor's geometry, foreign bytes, trailing ends.

The kinds of EventLAB-Team/eventcv#26, SensorsINI/v2e#8 and prophesee-ai/openeb#111.
"""

import numpy as np
import pytest

from aestream import FileInput, FormatError, TimeUnitWarning

RIGHT = [(100, 30, 40, True), (2_500, 31, 41, False), (1_500_000, 32, 42, True)]
TABLE = np.array([[30, 40, 0.0001, 1], [31, 41, 0.0025, -1], [32, 42, 1.5, 1]])  # x, y, t in seconds, p


def load(tmp_path, data, **options):
    path = tmp_path / "events.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return FileInput(path, shape=(1280, 720), **options).load().tolist()


def test_floats_in_every_column(tmp_path):
    np.savetxt(tmp_path / "a.txt", TABLE)
    assert FileInput(tmp_path / "a.txt", columns="xytp").load().tolist() == RIGHT
    np.savetxt(tmp_path / "b.csv", TABLE, fmt="%.6f", delimiter=",", header="x,y,t,p", comments="")
    assert FileInput(tmp_path / "b.csv").load().tolist() == RIGHT
    np.save(tmp_path / "a.npy", TABLE)
    assert FileInput(tmp_path / "a.npy", columns="xytp").load().tolist() == RIGHT


def test_a_coordinate_with_a_fraction_fails(tmp_path):
    with pytest.raises(FormatError, match=r"expected x, a whole number that fits 16 bits, found \"1.5\""):
        load(tmp_path, "10,1.5,2,1\n", columns="txyp")


PROSE = "# made by a simulator\n# Each line is time (float s), x, y, polarity (0=off, 1=on) of one event\n"


@pytest.mark.parametrize("options", [{}, {"columns": "txyp"}])
def test_prose_that_holds_names_is_no_header_of_as_many_columns_as_words(tmp_path, options):
    assert load(tmp_path, PROSE + "0.0005 10 20 1\n0.001 11 21 0\n", **options) == [
        (500, 10, 20, True),
        (1000, 11, 21, False),
    ]


def test_geometry_of_the_vendor(tmp_path):
    path = tmp_path / "decoded.csv"
    path.write_text("%geometry:1280,720\n7,8,0,1\n1279,719,1,1044480\n")
    file = FileInput(path, columns="xypt")
    assert file.load().tolist() == [(1, 7, 8, False), (1_044_480, 1279, 719, True)]
    assert file.shape == (1280, 720)


ONE = [(10, 1, 2, True), (20, 3, 4, False)]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbft,x,y,p\n10,1,2,1\n20,3,4,0\n",
        "t,x,y,p\r\n10,1,2,1\r\n20,3,4,0\r\n".encode("utf-16"),
        "# J\u00fcrgen, \u00b5s\nt,x,y,p\n10,1,2,1\n20,3,4,0\n".encode(),
        "# J\u00fcrgen, \u00b5s\nt,x,y,p\n10,1,2,1\n20,3,4,0\n".encode("latin-1"),
        "t [\u00b5s],x,y,p\n10,1,2,1\n20,3,4,0\n".encode(),
        "t(\u00b5s),x,y,p\n10,1,2,1\n20,3,4,0\n".encode("latin-1"),
        b"t,x,y,p\r10,1,2,1\r20,3,4,0\r",
        b"t,x,y,p,\n10,1,2,1,\n20,3,4,0,\n",
        b"10,1,2,1, \r\n20,3,4,0,\t\r\n",
        b"10 1 2 1 \t\n20 3 4 0 \n",
        b"10\t1\t2\t1\t\n20\t3\t4\t0\t\n",
        b"% t x y p\n10 1 2 1\n% a comment\n20 3 4 0\n",
        b"t_us,x,y,p\n10,1,2,1\n20,3,4,0\n",
        b"t_ms,x,y,p\n1e-2,1,2,1\n2e-2,3,4,0\n",
        b"1e-5 1 2 1\n2e-5 3 4 0\n",
        b"10,1,2,1\n20,3,4,255\n".replace(b"255", b"-1"),
        b"10,1,2,1\n20,3,4,255\n",
        b"10,1,2,1\n20,3,4,65535\n",
        b"10,1,2,1\n20,3,4,4294967295\n",
    ],
)
def test_the_same_events_in_other_spellings(tmp_path, data):
    assert load(tmp_path, data) == ONE


TITLED = "Recording of a camera\nindoors; at noon\n"


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("t x y p\n10,1,2,1\n20,3,4,0\n", {}),
        ("t,x,y,p\n10 1 2 1\n20 3 4 0\n", {}),
        ("t\tx\ty\tp\n10;1;2;1\n20;3;4;0\n", {}),
        (TITLED + "x,y,t,p\n1,2,10,1\n3,4,20,0\n", {}),
        (TITLED + "stamp,x,y,p\n10,1,2,1\n20,3,4,0\n", {"fields": {"t": "stamp"}}),
        (TITLED + "10,1,2,1\n20,3,4,0\n", {"columns": "txyp"}),
        (TITLED + "a,b,c,d\n1,2,10,1\n3,4,20,0\n", {"columns": "xytp"}),
        ("t,x,y,p\nus,px,px,bool\n10,1,2,1\n20,3,4,0\n", {"columns": "txyp"}),
        ("// made by hand\n// t x y p\n10 1 2 1\n20 3 4 0\n", {"columns": "txyp"}),
    ],
)
def test_headers_of_another_separator_and_lines_before_them(tmp_path, data, options):
    assert load(tmp_path, data, **options) == ONE


def test_a_line_between_header_and_data_fails_as_it_may_say_a_unit(tmp_path):
    with pytest.raises(FormatError, match=r"line 2: expected columns named .*; found 'ms,px,px,bool'; pass columns="):
        load(tmp_path, "t,x,y,p\nms,px,px,bool\n10,1,2,1\n")


def test_a_pointer_of_git_lfs_says_what_it_is(tmp_path):
    with pytest.raises(FormatError, match="found a pointer of Git LFS: git lfs pull fetches the file"):
        load(tmp_path, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n")


@pytest.mark.parametrize("columns", [5, "txy", ["t", "x", "y", "p"], b"txyp"])
def test_columns_that_are_no_letters_fail(tmp_path, columns):
    with pytest.raises(ValueError, match="columns takes each of the letters t, x, y, p once"):
        load(tmp_path, "1,2,3,1\n", columns=columns)


def test_columns_override_a_header(tmp_path):
    assert load(tmp_path, "t,x,y,p\n1,2,1,10\n3,4,0,20\n", columns="xypt") == ONE


def test_fields_name_columns(tmp_path):
    assert load(tmp_path, "stamp,x,y,p\n10,1,2,1\n20,3,4,0\n", fields={"t": "stamp"}) == ONE
    with pytest.raises(ValueError, match="fields must name columns, which are stamp, x, y, p; got 'when'"):
        load(tmp_path, "stamp,x,y,p\n10,1,2,1\n", fields={"t": "when"})


@pytest.mark.parametrize(("data", "third"), [("1,0,0,0\n2,0,0,-1\n", "-1"), ("1,0,0,1\n2,0,0,2\n", "2")])
def test_a_third_polarity_fails(tmp_path, data, third):
    with pytest.raises(FormatError, match=f"polarit.*{third}"):
        load(tmp_path, data)


@pytest.mark.parametrize(("unit", "us"), [("s", 2_500_000), ("ms", 2_500), ("us", 3), ("ns", 0)])
def test_time_unit_says_what_times_count(tmp_path, unit, us):
    assert load(tmp_path, "2.5,1,2,1\n", time_unit=unit)[0][0] == us


def test_the_whole_column_decides(tmp_path):
    rows = "".join(f"{t},1,2,1\n" for t in range(70_000))
    assert load(tmp_path, rows)[-1][0] == 69_999
    assert load(tmp_path, rows + "70000.5,1,2,1\n")[-2:] == [
        (69_999_000_000, 1, 2, True),
        (70_000_500_000, 1, 2, True),
    ]


def test_whole_floats_are_microseconds_with_a_warning(tmp_path):
    with pytest.warns(TimeUnitWarning, match='time_unit="s"'):
        assert load(tmp_path, "1000000.0,1,2,1\n1e6,1,2,1\n") == [(1_000_000, 1, 2, True)] * 2
