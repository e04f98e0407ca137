"""ECF blocks that OpenEB wrote: decoded to the truth, and written again to the byte, with their index."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from reference import ecf
from support.checks import assert_same_events

from aestream import _core
from aestream.errors import FormatError
from aestream.io import save

from .manifest import SHARED, params, truth, vector, vector_rows

ROWS = [row for row in vector_rows() if row["file"].endswith(".ecf.hdf5")]
OPENEB = [row for row in ROWS if "h5py_ecf" not in row["file"]]  # the other one's last block is padded to 16384
CHUNK = 16384
SHAPE = (1280, 720)


def blocks(path) -> list[bytes]:
    """The chunks of CD/events as stored, in order."""
    with h5py.File(path) as file:
        dataset = file["CD/events"].id
        starts = sorted(dataset.get_chunk_info(i).chunk_offset for i in range(dataset.get_num_chunks()))
        return [dataset.read_direct_chunk(start)[1] for start in starts]


@pytest.mark.parametrize("row", params(ROWS))
def test_blocks_decode_to_the_truth(row):
    want = truth(row)
    for i, block in enumerate(blocks(vector(row))):
        events = _core.decode_ecf(block, CHUNK)
        assert_same_events(events, ecf.decode(block, CHUNK))
        assert_same_events(events[: len(want) - i * CHUNK], want[i * CHUNK : (i + 1) * CHUNK])


@pytest.mark.parametrize("row", params(OPENEB))
def test_openeb_and_we_write_the_same_blocks(row, tmp_path):
    save(tmp_path / "a.hdf5", truth(row), SHAPE)
    assert blocks(tmp_path / "a.hdf5") == blocks(vector(row))


@pytest.mark.parametrize("row", params(OPENEB))
def test_openeb_and_we_write_the_same_layout(row, tmp_path):
    save(tmp_path / "a.hdf5", truth(row), SHAPE)
    with h5py.File(tmp_path / "a.hdf5") as ours, h5py.File(vector(row)) as theirs:
        for name in ("CD/events", "CD/indexes", "EXT_TRIGGER/events", "EXT_TRIGGER/indexes"):
            assert ours[name].id.get_type() == theirs[name].id.get_type()
            assert (ours[name].chunks, ours[name].maxshape) == (theirs[name].chunks, theirs[name].maxshape)
            assert filters(ours[name]) == filters(theirs[name])
        assert np.array_equal(ours["CD/indexes"][:], theirs["CD/indexes"][:])
        assert dict(ours["CD/indexes"].attrs) == dict(theirs["CD/indexes"].attrs)
        assert ours.attrs["version"] == theirs.attrs["version"]
        assert ours.attrs.get_id("version").get_type() == theirs.attrs.get_id("version").get_type()


def filters(dataset: h5py.Dataset) -> list[tuple]:
    """Number, flags and parameters of each filter."""
    properties = dataset.id.get_create_plist()
    return [properties.get_filter(i) for i in range(properties.get_nfilters())]


@pytest.mark.parametrize("name", ["h5_ecf_count", "h5_ecf_endless_time"])
def test_damaged_blocks_are_refused(name):
    for block in blocks(SHARED / "vectors" / "corrupt" / f"{name}.hdf5"):
        with pytest.raises(FormatError):
            _core.decode_ecf(block, CHUNK)


def test_a_flipped_block_is_answered_like_the_reference():
    (block,) = blocks(SHARED / "vectors" / "corrupt" / "h5_ecf_flip.hdf5")
    try:
        expected = ecf.decode(block, CHUNK)
    except ecf.DamagedBlockError:
        with pytest.raises(FormatError):
            _core.decode_ecf(block, CHUNK)
    else:
        assert_same_events(_core.decode_ecf(block, CHUNK), expected)
