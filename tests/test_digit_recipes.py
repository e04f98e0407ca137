"""The recipes with digits: what is simulated, that networks learn it, and that a stream gives the files' scores."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from support.speck_publisher import SpeckPublisher

from aestream import FileInput
from aestream.datasets import NMNIST
from aestream.training import load_pipeline

RECIPES = Path(__file__).parents[1] / "recipes"
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:part . has no recording of class"),
]


@pytest.fixture(scope="module")
def recipes():
    """The modules of the recipes, as they import each other."""
    threads = torch.get_num_threads()
    sys.path.insert(0, str(RECIPES))
    names = ("simulate_digits", "train_digits", "live_inference")
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    sys.path.remove(str(RECIPES))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def root(recipes, tmp_path_factory):
    """100 digits in the layout of N-MNIST."""
    folder = tmp_path_factory.mktemp("digits")
    recipes.simulate_digits.simulate(folder, limit=100, progress=False)
    return folder


@pytest.fixture(scope="module", params=["cnn", "leaky"])
def trained(request, recipes, root, tmp_path_factory):
    """A network after a short training: its checkpoint, its data and what the training came to."""
    checkpoint = tmp_path_factory.mktemp("checkpoints") / f"{request.param}.ckpt"
    data = recipes.train_digits.make_data(root, request.param, batch_size=8)
    result = recipes.train_digits.train(data, request.param, checkpoint, epochs=4)
    return SimpleNamespace(checkpoint=checkpoint, data=data, result=result)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.bin"))}


def test_the_seed_decides_what_is_simulated(recipes, tmp_path):
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        recipes.simulate_digits.simulate(tmp_path / name, seed=seed, limit=50, progress=False)
    one, again, other = (contents(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again and len(one) == 50
    assert set(one.values()).isdisjoint(other.values())


def test_digits_lie_as_those_of_n_mnist(root):
    for split, count in (("train", 80), ("test", 20)):
        dataset = NMNIST(root, split)
        assert len(dataset) == count and dataset.shape == (34, 34) and set(dataset.labels) == set(range(10))
        assert dataset.manifest.t_stop.max() <= 315_000


def test_pixels_rest_and_times_are_in_order(recipes, root):
    events = FileInput(sorted(root.rglob("*.bin"))[0]).load()
    assert (np.diff(events["t"]) >= 0).all() and 0 < events["p"].mean() < 1
    pixel = events["y"].astype(int) * 34 + events["x"]
    order = np.lexsort((events["t"], pixel))
    gaps = np.diff(events["t"][order])[np.diff(pixel[order]) == 0]
    assert gaps.min() >= recipes.simulate_digits.Sensor().refractory_us


def test_a_still_wall_gives_noise_only(recipes):
    sensor = recipes.simulate_digits.Sensor
    wall = torch.full((3, 40, 40), 0.3)
    generator = torch.Generator().manual_seed(1)
    assert [len(events) for events in sensor(noise_hz=0).see(wall, generator)] == [0, 0, 0]
    noise = [len(events) for events in sensor(noise_hz=10).see(wall, generator)]
    assert all(0.9 < count / (10 * 0.315 * 34 * 34) < 1.1 for count in noise)


def test_a_brighter_right_side_that_comes_nearer_is_on(recipes):
    wall = torch.full((1, 40, 40), 0.1)
    wall[:, :, 20:] = 1.0
    (events,) = recipes.simulate_digits.Sensor(noise_hz=0, mismatch=0).see(wall, torch.Generator())
    first = events[events["t"] < 100_000]  # as the sensor moves right, the edge moves left
    assert len(first) and first["p"].all() and set(first["x"].tolist()) <= set(range(16, 21))


def test_training_learns_and_says_what_it_waited_for(trained):
    assert trained.result.accuracy > 0.25  # chance: 0.1
    assert 0 <= trained.result.loading < 1 and trained.result.seconds > 0


@pytest.mark.parametrize("run", range(3))
def test_test_digits_over_udp_give_the_offline_scores_one_by_one(recipes, root, trained, run):
    live = recipes.live_inference
    model, pipeline = live.load_model(trained.checkpoint)
    files = [pipeline.dataset(path) for path in sorted((root / "Test").rglob("*.bin"))]
    offline = torch.cat([scores for _, scores in live.scores_of(model, [torch.stack([file[0] for file in files])])])
    protocol = ("spif", "t64_x16_y16_on8", "spif")[run]
    received = torch.cat([scores for _, scores in live.live_scores(model, pipeline, files, protocol=protocol)])
    assert received.shape == offline.shape == (20, 10)
    torch.testing.assert_close(received, offline, rtol=0, atol=1e-5)


def run(recipes, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["live_inference.py", *map(str, arguments)])
    recipes.live_inference.main()


def test_live_inference_saves_what_it_sees(recipes, root, trained, tmp_path, monkeypatch, capsys):
    files = sorted((root / "Test").rglob("*.bin"))[:3]
    save = ["--save", tmp_path / "live.gif"]
    run(recipes, monkeypatch, trained.checkpoint, *save, "udp", "--port", "0", "--speed", "8", "--file", *files)
    printed = capsys.readouterr().out
    assert re.findall(r"window (\d): \d+ events, \d \(\d+%\)", printed) == ["0", "1", "2"]
    with Image.open(tmp_path / "live.gif") as gif:
        assert gif.size == (6 * 34, 6 * 34) and gif.n_frames >= 1


def test_live_inference_replays_a_file(recipes, root, trained, monkeypatch, capsys):
    path = sorted((root / "Test").rglob("*.bin"))[0]
    run(recipes, monkeypatch, trained.checkpoint, "replay", path)
    count = len(FileInput(path, shape=(34, 34)).load())
    assert f"window 0: {count} events, " in capsys.readouterr().out


def test_live_inference_takes_a_speck(recipes, root, trained, monkeypatch, capsys):
    events = FileInput(sorted((root / "Test").rglob("*.bin"))[0]).load()
    twice = np.concatenate([events, events])
    twice["t"][len(events) :] += 315_000
    with SpeckPublisher() as publisher:
        speck = recipes.live_inference.aestream.SpeckInput

        class Fed(speck):
            """Opened, then fed."""

            def _open(self, sink):
                source = super()._open(sink)
                publisher.wait_for_receiver()
                publisher.send_events(twice)
                return source

        monkeypatch.setattr("aestream.SpeckInput", Fed)
        run(recipes, monkeypatch, trained.checkpoint, "--frames", "1", "speck", "--address", publisher.address)
    assert "window 0: " in capsys.readouterr().out


def test_live_inference_looks_for_a_camera(recipes, monkeypatch):
    opened = []
    monkeypatch.setattr("aestream.USBInput", lambda *args, **options: opened.append((args, options)), raising=False)
    options = ["model.ckpt", "usb", "--camera", "inivation", "--serial", "7"]
    live = recipes.live_inference
    live.open_source(live.make_parser().parse_args(options), (34, 34))
    assert opened[0][0] == ((34, 34),) and opened[0][1]["serial"] == "7"
    with pytest.raises(SystemExit, match="does not say its sensor's shape"):
        live.open_source(live.make_parser().parse_args(options), None)


def test_the_checkpoint_knows_its_items(trained):
    passport = load_pipeline(trained.checkpoint).passport
    assert passport == trained.data.passport
    assert passport.window_us == 315_000 and passport.classes == tuple("0123456789")
