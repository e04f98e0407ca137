"""``aestream frames``: pictures of a recording to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.progress import Progress

from aestream.cli.options import DURATION, ROI, TIME, Time, open_cut, read_options
from aestream.cli.output import console, printable
from aestream.convert import check_roi
from aestream.datasets.file import FileInput
from aestream.transforms import Crop

if TYPE_CHECKING:
    from PIL import Image

_MOST_PICTURES = 1_000_000  # of one command: more is a --window that nobody meant
_MOST_TICKS = 65_535  # that a GIF can say
_GIF_TICK_MS = 10  # of the format: durations of frames are whole ticks, and viewers slow down below two


@click.command()
@click.argument("source", metavar="IN", type=click.Path(exists=True))
@click.argument("out", metavar="OUT", type=click.Path())
@click.option("--window", type=DURATION, default=33_000, help="Time of one picture.  [default: 33ms]")
@click.option("--start", type=TIME, help="Begin there: 1.5s after the first event, or @ and absolute microseconds.")
@click.option("--stop", type=TIME, help="End there.")
@click.option("--roi", type=ROI, help="Draw only this region.")
@click.option("--max-frames", type=click.IntRange(1), default=300, show_default=True, help="Most pictures in a GIF.")
@click.option(
    "--fps", type=click.FloatRange(0.1, 50), help="Pictures a second of a GIF; default: real time, at most 50."
)
@click.option("--scale", type=click.IntRange(1, 16), default=1, show_default=True, help="Pixels per pixel.")
@read_options
def frames(
    source: str,
    out: str,
    window: int,
    start: Time | None,
    stop: Time | None,
    roi: tuple[int, int, int, int] | None,
    max_frames: int,
    fps: float | None,
    scale: int,
    reading: dict[str, Any],
) -> None:
    """Draw events: ON red, OFF blue, on white.

    OUT decides what comes out: .png is one picture of --window from --start on, or of the busiest window if there is no
    --start; .gif is moving; a folder, or a name without ending or with .mp4-dir, gets numbered PNGs for an encoder.

    \b
    aestream frames recording.raw picture.png
    aestream frames recording.raw moving.gif --window 20ms --start 1s --stop 3s
    aestream frames recording.raw pictures/ && ffmpeg -i pictures/%06d.png video.mp4
    """
    _import_pillow()
    try:
        _draw(_open(source, window, start, stop, roi, reading), Path(out), out, start, window, max_frames, fps, scale)
    except (ValueError, OSError, ImportError) as error:
        raise click.ClickException(printable(str(error))) from error


def _draw(
    file: FileInput,
    target: Path,
    out: str,
    start: Time | None,
    window: int,
    max_frames: int,
    fps: float | None,
    scale: int,
) -> None:
    if len(file) == 0:
        raise ValueError(f"{file.path}: there is no event to draw")
    match "" if out.endswith(os.sep) or target.is_dir() else target.suffix.lower():
        case ".png":
            if start is None:
                _check_number(file, window)
            index = 0 if start is not None else _busiest(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            _picture(file[index].numpy(), scale).save(target)
            click.echo(f"{printable(str(target))}: {int(file[index].sum())} events in {window / 1000:g} ms")
        case ".gif":
            _write_gif(file, target, max_frames, fps or min(50.0, 1e6 / window), scale)
        case "" | ".mp4-dir":
            _check_number(file, window)
            _write_folder(file, target, scale)
        case other:
            raise click.UsageError(f"OUT must end in .png or .gif, or be a folder; got {other}")


def _open(
    source: str,
    window: int,
    start: Time | None,
    stop: Time | None,
    roi: tuple[int, int, int, int] | None,
    reading: dict[str, Any],
) -> FileInput:
    file = open_cut(source, start, stop, {"window_us": window, **reading})
    if roi is None:
        return file
    check_roi(roi, file)
    return file._with(event_transform=Crop(*roi))


def _check_number(file: FileInput, window: int) -> None:
    if len(file) > _MOST_PICTURES:
        raise ValueError(
            f"{file.path}: expected at most {_MOST_PICTURES} windows, got {len(file)} of {window} µs: a longer --window"
        )


def _busiest(file: FileInput) -> int:
    return max(range(len(file)), key=lambda i: float(file[i].sum()))


def _write_gif(file: FileInput, target: Path, max_frames: int, fps: float, scale: int) -> None:
    count = min(len(file), max_frames)
    ticks = min(max(2, round(1000 / fps / _GIF_TICK_MS)), _MOST_TICKS)
    target.parent.mkdir(parents=True, exist_ok=True)
    pictures = (_picture(frame, scale) for frame in _frames(file, count))
    first = next(pictures)
    first.save(target, save_all=True, append_images=pictures, duration=ticks * _GIF_TICK_MS, loop=0)
    rest = f" of {len(file)}: raise --max-frames for more" if count < len(file) else ""
    click.echo(f"{printable(str(target))}: {count} pictures{rest}")


def _write_folder(file: FileInput, target: Path, scale: int) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for i, frame in enumerate(_frames(file, len(file))):
        _picture(frame, scale).save(target / f"{i:06d}.png")
    click.echo(f"{printable(str(target))}: {len(file)} pictures")


def _frames(file: FileInput, count: int) -> Iterator[np.ndarray]:
    terminal = console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        for i in bar.track(range(count), description="drawing"):
            yield file[i].numpy()


def _picture(frame: np.ndarray, scale: int) -> Image.Image:
    """[2, H, W] counts as a picture. A pixel's colour is full at three events, or at the brightest per cent of them."""
    image = _import_pillow()
    drawn = frame[frame > 0]
    full = max(3.0, float(np.percentile(drawn, 99))) if drawn.size else 1.0
    off, on = np.sqrt(np.minimum(frame / full, 1))
    rgb = np.stack([1 - off, 1 - np.maximum(off, on), 1 - on], axis=-1)
    picture: Image.Image = image.fromarray(np.rint(rgb * 255).astype(np.uint8))
    return picture.resize((picture.width * scale, picture.height * scale), image.Resampling.NEAREST)


def _import_pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise click.ClickException("pictures need pillow: pip install 'aestream[cli]'") from error
    return Image
