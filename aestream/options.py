"""The keyword arguments that inputs share: each is declared here once, with its type, its default and what it means."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import torch
from typing_extensions import TypedDict

from aestream.events import Events
from aestream.representations import Frame, Representation
from aestream.transforms.base import Transform

T = TypeVar("T")
LENGTHS = ("window_us", "window_events", "windows", "stride")  # a change of one of them replaces all


@dataclass(frozen=True)
class Option:
    """What an option is when nobody gives it, and what it means."""

    default: Any
    text: str


class DeviceOptions(TypedDict, total=False):
    """Where items are; a positional argument of files and streams."""

    device: Annotated[
        torch.device | str | None,
        Option(
            "cpu",
            'where items and ``read("torch")`` go: "cpu", which None is, too; "cuda" or "cuda:1"; or another device of '
            "torch. An NVIDIA GPU makes tensors itself, from events, and has its batches made in the main process, "
            "``num_workers=0``; a RuntimeError says what is missing where there is none, as ``aestream.gpu()`` does.",
        ),
    ]


class LengthOptions(TypedDict, total=False):
    """How long one window is; a default holds if neither is given."""

    window_us: Annotated[
        int | None,
        Option(
            10_000,
            "length of one window, µs. A window longer than the recording keeps its length, and with it the time axis "
            "of representations: None, for files and arrays, makes the whole recording, or its part from ``start_us`` "
            "to ``stop_us``, one window.",
        ),
    ]
    window_events: Annotated[int | None, Option(None, "length of one window in events, instead of ``window_us``.")]


class SpanOptions(LengthOptions, total=False):
    """Which windows a recording is cut into."""

    windows: Annotated[
        Any,
        Option(
            None,
            "integers ``[N, 2]``, instead of a length: the half-open window ``[start, stop)`` of each item, µs, in any "
            "order; they may overlap, be empty, or lie beyond the recording, and hold no event there. See "
            "``windows_before``.",
        ),
    ]
    stride: Annotated[
        int | None,
        Option(None, "from one window's start to the next's, in the window's unit; None: windows follow each other."),
    ]
    start_us: Annotated[
        int | None,
        Option(
            None,
            "use only ``[start_us, stop_us)``, absolute times in µs; None: the first event, the end. Where both are "
            "given, all windows of time between them exist, with events or without.",
        ),
    ]
    stop_us: Annotated[int | None, Option(None, "see ``start_us``.")]
    include_incomplete: Annotated[
        bool, Option(True, "keep a last window that the recording, or ``stop_us``, cuts short.")
    ]


class ItemOptions(TypedDict, total=False):
    """What a window becomes."""

    with_times: Annotated[
        bool,
        Option(False, "items end with an int64 tensor ``[2]``: their window's start and stop in µs; ``(x, times)``."),
    ]
    event_transform: Annotated[
        Transform | Callable[[Events], Events] | None,
        Option(
            None,
            "applied to the events of a window before its representation: a transform of ``aestream.transforms``, or a "
            "function from ``Events`` to ``Events``.",
        ),
    ]
    representation: Annotated[
        Representation | None,
        Option(Frame(), "what a window becomes; see ``aestream.representations``. None: the ``Events`` themselves."),
    ]
    transform: Annotated[Callable[[Any], Any] | None, Option(None, "applied to what the representation gives.")]
    seed: Annotated[
        int, Option(0, "random transforms of events draw from (seed, epoch, number of the item) and nothing else.")
    ]


class StreamOptions(LengthOptions, ItemOptions, total=False):
    """What live sources share."""

    timeout_s: Annotated[
        float | None,
        Option(None, "an iteration ends when no event has come for so long; None: it waits until ``stop()``."),
    ]
    align_us: Annotated[
        int | None,
        Option(
            None,
            "windows of time begin at multiples of their length from here, µs, instead of with the first event: as "
            "those of a recording that ``UDPOutput.send_file(start_at_us=)`` sends.",
        ),
    ]
    gap_s: Annotated[
        float | None,
        Option(
            None,
            "a silence that ends the window and begins windows anew: no event for so many seconds, by when they come "
            "in or by their own times. A time more than a second before the latest does so, too, in windows by count "
            "as well.",
        ),
    ]
    late: Annotated[
        Literal["queue", "merge", "latest"],
        Option(
            "queue",
            'which of the windows that wait a late reader gets: "queue" one after the other; "merge" all of them as '
            'one, up to where windows began anew; "latest" the newest one, the others are dropped, and counted.',
        ),
    ]


class ReadingOptions(TypedDict, total=False):
    """What a file does not say about itself, and how it is read."""

    format: Annotated[str | None, Option(None, "short name of the format, for bytes that do not tell.")]
    columns: Annotated[
        str | None,
        Option(
            None,
            'a letter per column of text or of a plain array, such as ``"xytp"``; ``"_"`` is a column to skip.',
        ),
    ]
    fields: Annotated[
        Mapping[str, str] | None,
        Option(
            None,
            "what t, x, y, p are called in a file with named columns, arrays or datasets, where it is not what names "
            'usually mean, such as ``{"t": "stamps"}``.',
        ),
    ]
    time_unit: Annotated[
        str | None,
        Option(
            None,
            'what the times of text, arrays and HDF5 count: "s", "ms", "us" or "ns". None: what the file says; else '
            "integers are microseconds, and floats are seconds if one of all has a fraction, else microseconds, with a "
            "TimeUnitWarning.",
        ),
    ]
    chip: Annotated[
        str | None,
        Option(None, 'the camera whose address map an AEDAT 1 or 2 file uses, such as ``"dvs128"``.'),
    ]
    stream: Annotated[
        int | str | None,
        Option(
            None,
            "which of several streams of events: a stream's number in AEDAT4, a group in HDF5, a topic in a ROS bag.",
        ),
    ]
    mirror: Annotated[str | None, Option(None, 'the axes to mirror against the stored order: "", "x", "y" or "xy".')]
    strict: Annotated[
        bool,
        Option(
            False, "raise FormatError for a file that ends inside a word or packet, instead of a TruncatedFileWarning."
        ),
    ]
    threads: Annotated[int | None, Option(None, "for decoding; None: one per core, and one in a DataLoader's worker.")]
    cache_index: Annotated[bool, Option(True, "keep the index of a large file in the user's cache folder.")]
    progress: Annotated[
        bool,
        Option(False, "show a bar while a first pass over the file lasts longer than a second, if tqdm is installed."),
    ]


class TargetOptions(TypedDict, total=False):
    """What belongs to each window."""

    targets: Annotated[
        Any,
        Option(
            None,
            "one target per window, a sequence, tensor or (structured) array: items become ``(x, target)``, or ``(x, "
            "target, times)``.",
        ),
    ]
    target_transform: Annotated[Callable[[Any], Any] | None, Option(None, "applied to each target.")]


class FileOptions(SpanOptions, TargetOptions, ItemOptions, ReadingOptions, total=False):
    """All that one file takes."""


@cache
def options_of(kind: type) -> dict[str, Option]:
    """The options that a class of this module declares, in order."""
    found: dict[str, Option] = {}
    for name, hint in _hints(kind).items():
        found[name] = next(each for each in get_args(hint)[1:] if isinstance(each, Option))
    return found


def resolved(kind: type, given: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """All options of a class of this module: what was given, else the default.

    Raises:
        TypeError: for a name that is none of them; it says what ``owner`` takes.
    """
    known = options_of(kind)
    unknown = [name for name in given if name not in known]
    if unknown:
        raise TypeError(f"{owner} got an unexpected keyword argument {unknown[0]!r}; it takes {', '.join(known)}")
    return {name: given.get(name, option.default) for name, option in known.items()}


def takes(kind: type) -> Callable[[T], T]:
    """Decorates a function or class that takes ``**options: Unpack[kind]``: help() shows each option and its meaning.

    The docstring has a line ``**options: …`` in its ``Args``; the options are listed behind it. A line ``device: …``
    becomes what `DeviceOptions` says.
    """

    def decorate(target: T) -> T:
        function: Any = target.__init__ if inspect.isclass(target) else target
        signature = inspect.signature(function)
        shown = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        for name, option in options_of(kind).items():
            if name in signature.parameters:
                continue
            annotation = get_args(_hints(kind)[name])[0]
            shown.append(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=annotation)
            )
        function.__signature__ = signature.replace(parameters=shown)
        target.__doc__ = _with_texts(target.__doc__ or "", kind)
        return target

    return decorate


def _hints(kind: type) -> dict[str, Any]:
    return {
        name: hint for name, hint in get_type_hints(kind, include_extras=True).items() if get_origin(hint) is Annotated
    }


def _with_texts(doc: str, kind: type) -> str:
    lines: list[str] = []
    for line in doc.splitlines():
        margin = line[: len(line) - len(line.lstrip())]
        if line.strip() == "device: …":
            lines += _wrapped("device", options_of(DeviceOptions)["device"], margin)
            continue
        lines.append(line)
        if line.strip().startswith("**options:"):
            for name, option in options_of(kind).items():
                lines += _wrapped(name, option, margin)
    return "\n".join(lines)


def _wrapped(name: str, option: Option, margin: str) -> list[str]:
    text, inner = f"{name}: {option.text}", margin + "    "
    return textwrap.wrap(text, 120, initial_indent=margin, subsequent_indent=inner, break_long_words=False)
