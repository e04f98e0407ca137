"""EventDataModule: what Lightning makes of it, killed and resumed, from datasets, folders and a config."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest
import torch
from lightning.pytorch.cli import LightningCLI
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.tiny_training import Kill, Killed, Tiny, TinySum, fit, trainer
from torch.utils.data import ConcatDataset

from aestream import FileInput, Frame, VoxelGrid
from aestream.training import EventDataModule, load_pipeline
from aestream.transforms import FlipX

pytestmark = [  # Lightning's advice
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*have no `val_dataloader`.*"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),  # Lightning's and jsonargparse's own
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval.*"),
]
KINDS = {"random": {"batch_size": 3}, "sequences": {"lanes": 2, "steps": 2}}


@pytest.fixture
def recordings(tmp_path):
    """Three files of events, of different lengths."""
    paths = []
    for number, count in enumerate((3000, 5000, 2000)):
        folder = tmp_path / "recordings" / str(number)
        folder.mkdir(parents=True)
        paths.append(write_file(folder, "evt3", make_events(count)))
    return paths


def module(paths, **options):
    datasets = [FileInput(path) for path in paths]
    return EventDataModule(ConcatDataset(datasets), ConcatDataset(datasets[:2]), seed=5, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0)])
@pytest.mark.parametrize("place", ["first", "middle", "last", "second epoch"])
def test_a_killed_fit_resumes_to_the_bit(kind, before, after, place, recordings, tmp_path):
    whole = fit(module(recordings, **KINDS[kind]))
    count = len(whole.seen)
    stop = {"first": 1, "middle": count // 4, "last": count // 2, "second epoch": count // 2 + 2}[place]
    killed = Tiny()
    with pytest.raises(Killed):
        fit_killed(killed, module(recordings, num_workers=before, **KINDS[kind]), stop, tmp_path / "killed.ckpt")
    data = module(recordings, num_workers=after, **KINDS[kind])
    resumed = fit(data, ckpt_path=tmp_path / "killed.ckpt")
    assert len(killed.seen) == stop
    assert all(torch.equal(a, b) for a, b in zip(killed.seen + resumed.seen, whole.seen, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(resumed.parameters(), whole.parameters(), strict=True))


def fit_killed(model, data, stop, path):
    torch.manual_seed(0)
    model.__init__()
    trainer(callbacks=[Kill(stop, path)]).fit(model, data)


def test_a_fit_resumes_after_an_epoch(recordings, tmp_path):
    data = {"batch_size": 3}
    whole = fit(module(recordings, **data), max_epochs=3)
    model = Tiny()
    torch.manual_seed(0)
    model.__init__()
    short = trainer(max_epochs=1)
    short.fit(model, module(recordings, **data))
    short.save_checkpoint(tmp_path / "epoch.ckpt")
    resumed = fit(module(recordings, **data), ckpt_path=tmp_path / "epoch.ckpt", max_epochs=3)
    assert all(torch.equal(a, b) for a, b in zip(model.seen + resumed.seen, whole.seen, strict=True))


def test_epochs_differ_and_the_seed_decides(recordings):
    def seen(seed):
        datasets = ConcatDataset([FileInput(path) for path in recordings])
        return [x.tolist() for x in fit(EventDataModule(datasets, batch_size=3, seed=seed)).seen]

    first = seen(1)
    assert first == seen(1) and first != seen(2)
    half = len(first) // 2
    assert first[:half] != first[half:]


def test_the_checkpoint_holds_plain_values_and_the_loaders_state(recordings, tmp_path):
    with pytest.raises(Killed):
        fit_killed(Tiny(), module(recordings, batch_size=3), 2, tmp_path / "killed.ckpt")
    checkpoint = torch.load(tmp_path / "killed.ckpt", weights_only=True)
    (loader,) = checkpoint["loops"]["fit_loop"]["state_dict"]["combined_loader"]
    assert (loader["epoch"], loader["received"]) == (0, 2)
    assert checkpoint["EventDataModule"]["aestream_passport"]["shape"] == [WIDTH, HEIGHT]


def test_a_changed_representation_fails_and_shows_both(recordings, tmp_path):
    with pytest.raises(Killed):
        fit_killed(Tiny(), module(recordings, batch_size=3), 1, tmp_path / "killed.ckpt")
    datasets = [FileInput(path, representation=VoxelGrid(2)) for path in recordings]
    other = EventDataModule(ConcatDataset(datasets), batch_size=3, seed=5)
    with pytest.raises(ValueError, match=r"(?s)differ in representation.*'Frame'.*'VoxelGrid'"):
        fit(other, ckpt_path=tmp_path / "killed.ckpt")


def test_a_folder_and_lists_are_data(recordings):
    folder = recordings[1].parent
    expected = list(FileInput(recordings[1], window_us=20_000))
    data = EventDataModule(
        folder, [recordings[1], folder], predict=recordings[1], dataset_options={"window_us": 20_000}
    )
    for loader in [data.train_dataloader(), *data.val_dataloader(), data.predict_dataloader()]:
        assert len(loader.dataset) == len(expected)
    (batch,) = data.val_dataloader()[1]
    assert torch.equal(batch, torch.stack(expected))


def test_a_folder_per_class_is_data(recordings, tmp_path):
    root = recordings[0].parents[1]  # recordings/0, /1 and /2
    data = EventDataModule(root, batch_size=3, dataset_options={"window_us": 20_000})
    x, labels = next(iter(data.train_dataloader()))
    assert x.shape == (3, 2, HEIGHT, WIDTH) and set(labels.tolist()) <= {0, 1, 2}
    assert data.passport.classes == ("0", "1", "2") and data.passport.window_us == 20_000
    sequences = EventDataModule(root, lanes=3, steps=2, dataset_options={"window_us": 20_000})
    batch = next(iter(sequences.train_dataloader()))
    assert batch.targets.tolist()[0] == batch.targets.tolist()[1] and sorted(batch.targets[0].tolist()) == [0, 1, 2]


def test_predictions_come_in_the_files_order(recordings):
    model = Tiny()
    data = EventDataModule(predict=recordings[0], batch_size=3)
    predicted = torch.cat(trainer().predict(model, data))
    assert torch.equal(predicted, model(torch.stack(list(FileInput(recordings[0])))))


def test_a_config_trains(recordings, tmp_path, monkeypatch):
    config = tmp_path / "config.yaml"
    config.write_text(
        f"""
seed_everything: 1
model: support.tiny_training.TinySum
trainer: {{max_epochs: 1, accelerator: cpu, logger: false, enable_checkpointing: false,
           enable_progress_bar: false, enable_model_summary: false}}
data:
  class_path: aestream.training.EventDataModule
  init_args:
    train: {recordings[0]}
    batch_size: 4
    dataset_options:
      window_us: 20000
      representation: {{class_path: aestream.representations.Frame, init_args: {{polarity: sum}}}}
"""
    )
    monkeypatch.setattr(sys, "argv", ["train.py", "fit", "--config", str(config)])
    cli = LightningCLI(save_config_callback=None)
    assert len(cli.datamodule.datasets["train"]) == len(FileInput(recordings[0], window_us=20_000))
    assert cli.datamodule.passport.representation == Frame("sum").to_dict()
    assert cli.trainer.global_step == -(-len(cli.datamodule.datasets["train"]) // 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lanes": 2}, "need both lanes and steps"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"train": [1, 2], "dataset_options": {"window_us": 5}}, "for paths: give the datasets their own; got"),
    ],
)
def test_wrong_arguments_fail(options, message):
    with pytest.raises(ValueError, match=message):
        EventDataModule(**options)


def test_a_passport_that_draws_at_random_warns(recordings):
    random, still = FileInput(recordings[0], event_transform=FlipX(0.5)), FileInput(recordings[0])
    with pytest.warns(UserWarning, match="items of evaluation are drawn at random, by .*FlipX.*: give val="):
        EventDataModule(random).state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        EventDataModule(random, still).state_dict()
        EventDataModule(still).state_dict()


def test_an_empty_folder_fails(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="expected recordings in .*empty.*found none"):
        EventDataModule(tmp_path / "empty")


def test_pytorch_lightning_is_lightning_too(recordings):
    code = (
        "import pytorch_lightning as pl\nfrom aestream.training import EventDataModule\n"
        "assert issubclass(EventDataModule, pl.LightningDataModule)\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd="/")


def test_a_pipeline_gives_the_items_of_training(recordings, tmp_path):
    datasets = [FileInput(path, window_us=7_000, representation=Frame("sum")) for path in recordings]
    with pytest.raises(Killed):
        fit_killed(TinySum(), EventDataModule(datasets[0], batch_size=3), 1, tmp_path / "model.ckpt")
    items = load_pipeline(tmp_path / "model.ckpt").dataset(recordings[1])
    assert all(torch.equal(a, b) for a, b in zip(items, datasets[1], strict=True))
