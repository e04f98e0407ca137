"""Files that would take time or memory out of proportion: linear time, or refused at a bound that no real file has."""

from __future__ import annotations

import gzip
import lzma
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.checks import limited_memory

from aestream.errors import FormatError
from aestream.formats import open_file
from aestream.formats.aedat4 import _read_streams

LINE = b"1,2,3,1\n"


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("xz", lzma.compress)])
def test_many_members_take_linear_time(tmp_path: Path, ending: str, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"a.csv.{ending}"
    path.write_bytes(compress(LINE) * 20_000)  # when each copied what lay behind it, gzip took minutes
    start = time.process_time()
    assert open_file(path).recording.num_events == 20_000
    assert time.process_time() - start < (200 if "AESTREAM_SANITIZED" in os.environ else 20)


def node(inside: bytes, encoding: bytes = b"UTF-8") -> bytes:
    return b'<?xml version="1.0" encoding="' + encoding + b'"?><dv>' + inside + b"</dv>"


def test_xml_that_is_very_deep_is_refused() -> None:
    xml = node(b"<node>" * 2_000_000)
    with limited_memory(8 << 20), pytest.raises(FormatError, match="at most 100000 elements, 100 deep"):
        _read_streams(xml, 0)


def test_xml_of_very_many_elements_is_refused() -> None:
    with pytest.raises(FormatError, match="at most 100000 elements"):
        _read_streams(node(b"<node/>" * 1_000_000), 0)


@pytest.mark.parametrize("encoding", [b"no-such", b"utf-7", b"shift_jis"])
def test_xml_of_an_encoding_that_cannot_be_read_is_refused(encoding: bytes) -> None:
    with pytest.raises(FormatError, match="expected an infoNode"):
        _read_streams(node(b"", encoding), 0)
