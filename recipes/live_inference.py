"""Run a checkpoint of `train_digits.py` on a live stream: what it sees in each window, as it comes.

    python recipes/live_inference.py data/digits.ckpt udp --port 3333
    python recipes/live_inference.py data/digits.ckpt udp --file data/digits/Test/*/*.bin --save digits.gif
    python recipes/live_inference.py data/digits.ckpt usb --camera inivation
    python recipes/live_inference.py data/digits.ckpt speck --address tcp://127.0.0.1:40001
    python recipes/live_inference.py data/digits.ckpt replay RECORDING

The checkpoint knows what its items were made of, and makes the same of the stream. A sensor that is larger than the
model's is seen in its top left corner only; events outside are counted.
Needs the extras `recipes` and `lightning`, and your camera's: pip install 'aestream[recipes,lightning,inivation]'.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from _digits import Digits
from _video import Gif
from PIL import Image, ImageDraw
from torch.utils.data import DataLoader

import aestream
from aestream import EventStream, FileInput, UDPOutput
from aestream.training import Pipeline, load_pipeline


def load_model(checkpoint: Path) -> tuple[Digits, Pipeline]:
    """A model that is ready to predict, and what makes its items."""
    return Digits.load_from_checkpoint(checkpoint, map_location="cpu", weights_only=True).eval(), load_pipeline(
        checkpoint
    )


@torch.inference_mode()
def scores_of(model: Digits, items: Iterable[torch.Tensor]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Each batch of items, and its scores ``[B, classes]``."""
    for batch in items:
        yield batch, model(batch)


@contextlib.contextmanager
def sending(files: list[FileInput], port: int, protocol: str, speed: float) -> Iterator[None]:
    """Send recordings to a port of this machine, one by one, re-timed so that windows fall as the files' do."""
    stopping = threading.Event()

    def send() -> None:
        output = UDPOutput("127.0.0.1", port, protocol=protocol, speed=speed)
        time_us = 0
        for file in files:
            if stopping.is_set():
                return
            time_us = output.send_file(file, start_at_us=time_us)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        stopping.set()
        sender.join()


def live_scores(
    model: Digits,
    pipeline: Pipeline,
    files: list[FileInput],
    *,
    port: int = 0,
    protocol: str = "spif",
    speed: float = 8,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Items and scores of files that are sent over UDP to ourselves, until a second has passed without events."""
    source = aestream.UDPInput(pipeline.passport.shape, port=port, protocol=protocol, align_us=0, timeout_s=1)
    with source, sending(files, source.port, protocol, speed):
        yield from scores_of(model, DataLoader(pipeline.stream(source), batch_size=1))


def picture_of(item: torch.Tensor, text: str, scale: int = 6) -> np.ndarray:
    """An item ``[..., 2, H, W]`` of counts with a line of text, uint8 ``[width, height, 3]``: ON red, OFF blue."""
    off, on = item.flatten(0, -4).sum(0) if item.ndim > 3 else item
    peak = torch.maximum(off, on).max().clamp(min=1)
    light = torch.stack([on / peak, torch.zeros_like(on), off / peak], dim=-1).sqrt()
    image = Image.fromarray((light * 255).to(torch.uint8).numpy())
    image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    ImageDraw.Draw(image).text((4, 4), text, fill="white", font_size=16)
    return np.asarray(image).swapaxes(0, 1)


def make_parser() -> argparse.ArgumentParser:
    """The command line: a checkpoint, and a source with its options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument(
        "--frames", type=int, help="stop after so many windows; default: when the source ends, or Ctrl-C"
    )
    parser.add_argument("--save", type=Path, metavar="FILE.gif", help="write a GIF of what is seen and predicted")
    sources = parser.add_subparsers(dest="source", required=True)
    udp = sources.add_parser("udp", help="what arrives over the network")
    udp.add_argument("--port", type=int, default=3333, help="default: 3333")
    udp.add_argument("--protocol", default="spif", help="spif, t64_x16_y16_on8 or t32_x16_y15_on1; default: spif")
    udp.add_argument("--file", nargs="+", type=Path, metavar="RECORDING", help="send these to ourselves, and end")
    udp.add_argument("--speed", type=float, default=1, help="of sending, times real time; default: 1")
    usb = sources.add_parser("usb", help="a camera")
    usb.add_argument("--camera", choices=("inivation", "prophesee"), help="its maker; default: the first one found")
    usb.add_argument("--serial", help="its serial number; default: the first one found")
    speck = sources.add_parser("speck", help="what samna's JitZMQStreamer publishes")
    speck.add_argument("--address", default="tcp://127.0.0.1:40001", help="default: tcp://127.0.0.1:40001")
    replay = sources.add_parser("replay", help="a recording, in real time")
    replay.add_argument("recording", type=Path)
    return parser


def open_source(arguments: argparse.Namespace, shape: tuple[int, int] | None) -> EventStream:
    """The live source of the options, not yet open."""
    if shape is None:
        raise SystemExit("the checkpoint does not say its sensor's shape, which a live stream needs")
    if arguments.source == "udp":
        return aestream.UDPInput(shape, port=arguments.port, protocol=arguments.protocol)
    if arguments.source == "speck":
        return aestream.SpeckInput(shape, address=arguments.address)
    camera = None if arguments.camera is None else aestream.Camera(arguments.camera)
    return aestream.USBInput(shape, camera=camera, serial=arguments.serial)


def main() -> None:
    """Read the command line, and predict until the source ends."""
    arguments = make_parser().parse_args()
    model, pipeline = load_model(arguments.checkpoint)
    if arguments.source == "udp" and arguments.file:
        files = [pipeline.dataset(path) for path in arguments.file]
        ways = {"port": arguments.port, "protocol": arguments.protocol, "speed": arguments.speed}
        predicted = live_scores(model, pipeline, files, **ways)
    else:
        is_file = arguments.source == "replay"
        shape = pipeline.passport.shape
        stream = (
            pipeline.dataset(arguments.recording).replay()
            if is_file
            else pipeline.stream(open_source(arguments, shape))
        )
        predicted = scores_of(model, DataLoader(stream, batch_size=1))
    gif = None if arguments.save is None else Gif(arguments.save, 1, fps=4)
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(predicted):
        for number, (item, scores) in enumerate(itertools.islice(predicted, arguments.frames)):
            chance, label = scores[0].softmax(dim=0).max(dim=0)
            name = pipeline.classes[label] if pipeline.classes else str(int(label))
            print(f"window {number}: {int(item.sum())} events, {name} ({chance:.0%})", flush=True)
            if gif is not None:
                gif.show(picture_of(item[0], f"{name} {chance:.0%}"))
    if gif is not None:
        gif.close()


if __name__ == "__main__":
    main()
