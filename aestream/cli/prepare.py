"""``aestream prepare``: a dataset into shards."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from typing import Any

import click

from aestream.cli.options import DURATION, SHAPE
from aestream.representations.base import representation_from_dict

_NAMES = "NMNIST NCaltech101 NCars CIFAR10DVS DVSGesture ASLDVS DVSLip SHD SSC "
_NAMES += "Gen1Detection OneMegapixelDetection DSEC MVSEC"
_PUBLISHED = {name.lower(): name for name in _NAMES.split()}


@click.command("prepare")
@click.argument("root", type=click.Path(exists=True, file_okay=False))
@click.argument("out", type=click.Path(file_okay=False))
@click.option(
    "--dataset",
    default="folder",
    show_default=True,
    type=click.Choice(["folder", *_PUBLISHED], case_sensitive=False),
    help="A folder per class, or the layout of a published data set.",
)
@click.option("--split", help="Of a published data set, such as train.")
@click.option("--what", type=click.Choice(["events", "tensors"]), default="events", show_default=True)
@click.option(
    "--representation",
    default="Frame",
    show_default=True,
    help="Such as VoxelGrid:bins=5, Frame:dtype=uint8 or events.",
)
@click.option("--window", "window_us", type=DURATION, help="Length of a window; a whole recording without it.")
@click.option("--shape", type=SHAPE, help="Sensor's size, where recordings differ or do not say it.")
@click.option("--workers", type=click.IntRange(1), help="Threads; one per core without it.")
@click.option("--scheduler", help="Address of a dask scheduler, such as tcp://10.0.0.1:8786.")
@click.option("--shard-bytes", type=click.IntRange(1), default=64 << 20, show_default=True)
def prepare_command(
    root: str,
    out: str,
    dataset: str,
    split: str | None,
    what: str,
    representation: str,
    window_us: int | None,
    shape: tuple[int, int] | None,
    workers: int | None,
    scheduler: str | None,
    shard_bytes: int,
) -> None:
    """Decode a dataset once, into shards that train anywhere.

    An interrupted run goes on where it was. Exits with 1 if a recording could not be read.

    \b
    aestream prepare recordings/ shards/ --window 50ms
    aestream prepare NMNIST/ shards/ --dataset nmnist --split train --what tensors --representation Frame:dtype=uint8
    aestream prepare recordings/ /shared/shards --scheduler tcp://10.0.0.1:8786
    """
    options: dict[str, Any] = {"representation": _representation(representation)}
    options |= {name: value for name, value in (("split", split), ("shape", shape)) if value is not None}
    if window_us is not None:
        options["window_us"] = window_us
    try:
        _prepare(root, out, dataset.lower(), options, scheduler, what=what, workers=workers, shard_bytes=shard_bytes)
    except (ValueError, TypeError, OSError) as error:
        raise click.ClickException(str(error)) from None


def _prepare(root: str, out: str, dataset: str, options: dict[str, Any], scheduler: str | None, **how: Any) -> None:
    import aestream.datasets as datasets

    made = getattr(datasets, _PUBLISHED.get(dataset, "EventFolder"))(root, **options)
    client = None if scheduler is None else _client(scheduler)
    try:
        report = datasets.prepare(made, out, client=client, **how)
    finally:
        if client is not None:
            client.close()
    click.echo(str(report))
    sys.exit(1 if report.failed else 0)


def _client(scheduler: str) -> Any:
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise click.ClickException("--scheduler needs dask: pip install 'aestream[distributed]'") from None
    return distributed.Client(scheduler)


def _representation(text: str) -> Any:
    """``VoxelGrid:bins=5,polarity=split`` as a representation; ``events`` as None."""
    if text == "events":
        return None
    name, _, rest = text.partition(":")
    values: dict[str, Any] = {"type": name}
    for pair in filter(None, rest.split(",")):
        key, _, value = pair.partition("=")
        try:
            values[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            values[key] = value
    try:
        return representation_from_dict(values)
    except (ValueError, TypeError) as error:
        raise click.BadParameter(f"{text!r}: {error}", param_hint="--representation") from None
