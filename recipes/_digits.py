"""What the recipes with digits share: two small networks, how they train, and what they say. No recipe itself."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as lightning
import torch
from torch import nn

from aestream import Frame
from aestream.representations import Steps

WINDOW_US = 315_000  # a whole digit, so that a recording is one item
STEPS = 10
REPRESENTATIONS = {"cnn": Frame(), "leaky": Steps(Frame(), STEPS)}


def make_cnn(classes: int) -> nn.Module:
    """Frames of counts ``[B, 2, 34, 34]`` in, scores ``[B, classes]`` out."""
    return nn.Sequential(
        nn.Conv2d(2, 32, kernel_size=5, stride=2, padding=2),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, kernel_size=3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * 4 * 4, classes),
    )


class Spike(torch.autograd.Function):
    """1 where a potential is above 0, else 0; backwards, the slope of a steep sigmoid (Zenke and Ganguli, 2018)."""

    @staticmethod
    def forward(context: Any, potential: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(potential)
        return (potential > 0).to(potential.dtype)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        (potential,) = context.saved_tensors
        return gradient / (1 + 5 * potential.abs()) ** 2


class Leaky(nn.Module):
    """Neurons that add up what they get, forget it step by step, and spike and start anew above 1."""

    def __init__(self, keep: float = 0.8) -> None:
        super().__init__()
        self.keep = keep

    def forward(self, currents: torch.Tensor) -> torch.Tensor:
        """Currents ``[T, B, ...]`` in, spikes of the same shape out."""
        potential = torch.zeros_like(currents[0])
        spikes = []
        for current in currents:
            potential = self.keep * potential + current
            spikes.append(Spike.apply(potential - 1))
            potential = potential * (1 - spikes[-1].detach())
        return torch.stack(spikes)


class LeakyNetwork(nn.Module):
    """Two layers of leaky neurons; the scores are the mean of what their spikes say, over all steps."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(2, 16, kernel_size=5, stride=2, padding=2), nn.BatchNorm2d(16))
        self.second = nn.Sequential(nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1), nn.BatchNorm2d(32))
        self.last = nn.Linear(32 * 9 * 9, classes)
        self.neurons = Leaky()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Steps of counts ``[B, T, 2, 34, 34]`` in, scores ``[B, classes]`` out."""
        spikes = self.neurons(each_step(self.first, x.transpose(0, 1)))
        spikes = self.neurons(each_step(self.second, spikes))
        return self.last(spikes.flatten(2).mean(dim=0))


def each_step(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A layer for ``[B, ...]`` on ``[T, B, ...]``: all steps at once."""
    return layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class Digits(lightning.LightningModule):
    """Tells classes by one of the two networks.

    Args:
        network: "cnn" or "leaky".
        classes: how many.
        learning_rate: of Adam, at its peak.
    """

    def __init__(self, network: str = "cnn", classes: int = 10, learning_rate: float = 5e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = make_cnn(classes) if network == "cnn" else LeakyNetwork(classes)
        self.learning_rate = learning_rate
        self.accuracies: list[float] = []  # of every epoch, on the validation set

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Counts as they come, scores ``[B, classes]`` out."""
        return self.network((x / 4).clamp(max=2))

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        """The loss of a batch."""
        x, labels = batch
        return nn.functional.cross_entropy(self(x), labels)

    def validation_step(self, batch: Any, _: int) -> None:
        """Counts what is right."""
        x, labels = batch
        self.log("accuracy", (self(x).argmax(dim=1) == labels).float().mean(), batch_size=len(labels))

    test_step = validation_step

    def on_validation_epoch_end(self) -> None:
        """Say how good it is by now."""
        if not self.trainer.sanity_checking:
            self.accuracies.append(float(self.trainer.callback_metrics["accuracy"]))
            print(f"epoch {self.current_epoch + 1}: {self.accuracies[-1]:.1%} of the validation set right", flush=True)

    def predict_step(self, batch: Any, _: int = 0) -> torch.Tensor:
        """Scores ``[B, classes]``, with labels in the batch or without."""
        return self(batch[0] if isinstance(batch, (list, tuple)) else batch)

    def configure_optimizers(self) -> Any:
        """Adam, with a rate that rises and falls."""
        optimizer = torch.optim.Adam(self.parameters())
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.learning_rate, total_steps=steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]
