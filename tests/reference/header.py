"""The '%' header of RAW and DAT files (FORMATS.md, sections 1.1, 1.2 and 5)."""

from __future__ import annotations

_EVT_NAMES = {"2.0": "EVT2", "2.1": "EVT21", "3.0": "EVT3"}
_VGA_BOARDS = {21, 23, 25, 28, 29, 33, 34, 35, 41, 151, 153, 161, 162, 40}
_HD_BOARDS = {26, 31, 39, 30, 46, 48, 49, 50}


def read_header(data: bytes) -> tuple[dict[str, str], int]:
    """Read lines that start with '% ', up to '% end': returns (values by key, offset of the payload)."""
    header: dict[str, str] = {}
    offset = 0
    while data[offset : offset + 2] == b"% ":
        newline = data.find(b"\n", offset)
        stop = len(data) if newline < 0 else newline + 1
        words = data[offset + 2 : stop].decode("latin-1").split()
        offset = stop
        if not words:
            continue
        if words[0] == "end":
            break
        key = "date" if words[0] == "Date" else words[0]
        header[key] = " ".join(words[1:])  # a repeated key: the last wins
    return header, offset


def format_options(header: dict[str, str]) -> dict[str, str]:
    """The options of the 'format' key, such as width, height and endianness."""
    options = header.get("format", "").split(";")[1:]
    return dict(option.split("=", 1) for option in options if "=" in option)


def raw_format(header: dict[str, str]) -> str | None:
    """The name in 'format', else what 'evt' stands for; None for a header of another kind of file."""
    if "format" in header:
        return header["format"].split(";")[0]
    return _EVT_NAMES.get(header.get("evt", ""))


def geometry(header: dict[str, str]) -> tuple[int, int] | tuple[None, None]:
    """(width, height) from format, geometry or Width and Height, at last from the board's system_ID."""
    options = format_options(header)
    if "width" in options and "height" in options:
        return _number(options["width"]), _number(options["height"])
    if "geometry" in header:
        width, height = header["geometry"].split("x")
        return int(width), int(height)
    if "Width" in header and "Height" in header:
        return int(header["Width"]), int(header["Height"])
    board = int(header.get("system_ID", "0"))
    if board in _VGA_BOARDS:
        return 640, 480
    return (1280, 720) if board in _HD_BOARDS else (None, None)


def _number(text: str) -> int:
    """Decimal, 0x hexadecimal, or octal with a leading 0."""
    if len(text) > 1 and text.startswith("0") and text.isdigit():
        return int(text, 8)
    return int(text, 0)
