"""expelliarmus: DAT and EVT2 (its EVT3 times are wrong: FORMATS §18)."""

from pathlib import Path

from expelliarmus import Wizard


def columns(events):
    return events["t"], events["x"], events["y"], events["p"]


def load(path, sink):
    sink(Wizard(encoding=Path(path).name.split(".")[0].split("_")[0], fpath=path).read())
