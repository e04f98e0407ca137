"""Show what a recording is, draw one frame, run an epoch over it; then train a network on digits, and run it live.

    python recipes/demo.py [RECORDING] [--frame demo/frame.png]

The digits are simulated. In the end the test digits are sent over UDP, and what the network says of the stream stands
beside what it says of the files.
Needs the extras `recipes` and `lightning`: pip install 'aestream[recipes,lightning]'.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from _video import Gif
from live_inference import live_scores, load_model, picture_of, scores_of
from PIL import Image
from simulate_digits import simulate
from torch.utils.data import DataLoader
from tqdm import tqdm
from train_digits import make_data, train

from aestream import FileInput
from aestream.data import demo_recording


def draw(frame: torch.Tensor, path: Path, scale: int = 2) -> None:
    """Write a [2, H, W] frame of counts as a picture: ON red, OFF blue, on white."""
    off, on = (frame / frame.max().clamp(min=1)).sqrt()
    rgb = torch.stack([1 - off, 1 - torch.maximum(off, on), 1 - on], dim=-1)
    picture = Image.fromarray((rgb * 255).to(torch.uint8).numpy())
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST).save(path)


def run_epoch(dataset: FileInput) -> None:
    """Go over every frame of the dataset in batches, as training does, and print how fast that was."""
    started = time.perf_counter()
    drawn = torch.zeros(2, dtype=torch.float64)
    for batch in tqdm(DataLoader(dataset, batch_size=16), desc="epoch", unit="batch"):
        drawn += batch.sum(dim=(0, 2, 3))
    seconds = time.perf_counter() - started
    events = int(drawn.sum())
    print(f"one epoch: {events} events ({drawn[1] / max(events, 1):.0%} ON) in {len(dataset)} frames of 10 ms")
    print(f"  in {seconds:.3f} s: {events / seconds / 1e6:.1f} Mev/s, {len(dataset) / seconds:.0f} frames/s")


def learn_digits(folder: Path, count: int, epochs: int) -> Path:
    """Simulate some digits, and train on four fifths of them; the checkpoint."""
    simulate(folder / "digits", limit=count)
    data = make_data(folder / "digits", "cnn")
    print(f"train on {len(data.datasets['train'])} digits, as they look to a sensor of 34x34 that moves before them")
    result = train(data, "cnn", folder / "digits.ckpt", epochs=epochs)
    print(f"{result.accuracy:.0%} of {len(data.datasets['test'])} other digits are right, after {result.seconds:.0f} s")
    return folder / "digits.ckpt"


def play_digits(checkpoint: Path, root: Path, picture: Path, count: int) -> None:
    """Send test digits over UDP, and print what the model says of the files and of the stream, side by side."""
    model, pipeline = load_model(checkpoint)
    paths = sorted((root / "Test").glob("*/*.bin"), key=lambda path: path.name)[:count]
    files = [pipeline.dataset(path) for path in paths]
    offline = [scores for _, scores in scores_of(model, DataLoader([file[0] for file in files]))]
    gif = Gif(picture, 1, fps=3)
    print("digit   from its file   over UDP")
    right = 0
    for place, (item, live) in enumerate(live_scores(model, pipeline, files)):
        if place == len(files):
            raise SystemExit("the stream has more windows than the files have")
        (file_chance, file_digit), (chance, digit) = (each[0].softmax(0).max(0) for each in (offline[place], live))
        print(
            f"{paths[place].parent.name:>5}   {file_digit:>5} {file_chance:>7.1%}   {digit:>5} {chance:>7.1%}",
            flush=True,
        )
        right += torch.allclose(offline[place], live, rtol=0, atol=1e-5)
        gif.show(picture_of(item[0], f"{digit} {chance:.0%}"))
    print(f"{right} of {len(files)} are the same to 1e-5")
    gif.close()


def main() -> None:
    """Read the command line and do all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path, default=demo_recording(), help="default: the one shipped")
    parser.add_argument("--frame", type=Path, default=Path("demo/frame.png"), help="where to write the picture")
    parser.add_argument("--digits", type=int, default=600, help="digits to simulate; default: 600")
    parser.add_argument("--epochs", type=int, default=8, help="of training; default: 8")
    arguments = parser.parse_args()

    dataset = FileInput(arguments.recording, window_us=10_000, progress=True)
    print(f"{len(dataset)} items of {tuple(dataset[0].shape)} from {dataset}")
    for key, value in dataset.metadata.items():
        print(f"  {key}: {value}")

    pictures = FileInput(arguments.recording, window_us=100_000)
    busiest = max(tqdm(range(len(pictures)), desc="search", unit="frame"), key=lambda i: float(pictures[i].sum()))
    draw(pictures[busiest], arguments.frame)
    print(f"wrote the busiest 100 ms, {int(pictures[busiest].sum())} events, to {arguments.frame}")

    run_epoch(dataset)

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = learn_digits(Path(folder), arguments.digits, arguments.epochs)
        play_digits(checkpoint, Path(folder) / "digits", arguments.frame.with_name("digits.gif"), count=20)


if __name__ == "__main__":
    main()
