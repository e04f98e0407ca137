"""What a prepared folder says of itself: ``manifest.json``, which a person can read and every process checks."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from aestream.prepared.plan import VERSION, Members, Plan
from aestream.prepared.records import TensorForm
from aestream.prepared.sources import SourceFile
from aestream.prepared.unfinished import temporary_name
from aestream.training.passport import Passport

MANIFEST = "manifest.json"


class StoredShard(NamedTuple):
    """A shard as the manifest lists it: its file, the key it was made by, how many items, the digest of its bytes."""

    name: str
    key: str
    items: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """All that a prepared folder holds.

    Attributes:
        what: ``"events"`` or ``"tensors"``.
        passport: how items are made.
        members: which members an item has.
        collate: name of the collate function that fits.
        form: of tensors.
        files: the recordings as they were when they were read.
        lengths: items that are here of each recording.
        failed: recordings of which something is missing, and why.
        shards: in order.
    """

    what: str
    passport: Passport
    members: Members
    collate: str
    form: TensorForm | None
    files: list[SourceFile]
    lengths: list[int]
    failed: list[tuple[str, str]]
    shards: list[StoredShard]

    @classmethod
    def of(cls, plan: Plan, lengths: list[int], failed: list[tuple[str, str]], shards: list[StoredShard]) -> Contents:
        """What was made of a plan."""
        fixed = (plan.what, plan.passport, plan.members, plan.collate, plan.form, plan.files)
        return cls(*fixed, lengths, failed, shards)

    def to_json(self) -> str:
        """The text of the manifest: a line for each recording and each shard."""
        form = None if self.form is None else [list(self.form.shape), str(self.form.dtype).removeprefix("torch.")]
        head = {
            "format": "aestream prepared dataset",
            "version": VERSION,
            "what": self.what,
            "passport": self.passport.to_dict(),
            "members": self.members._asdict(),
            "collate": self.collate,
            "tensor": form,
            "items": sum(self.lengths),
        }
        files = [file._asdict() | {"items": items} for file, items in zip(self.files, self.lengths, strict=True)]
        tables: dict[str, list[Any]] = {"failed": self.failed, "recordings": files}
        tables["shards"] = [shard._asdict() for shard in self.shards]
        lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
        for name, rows in tables.items():
            inner = ",\n".join(f"  {json.dumps(row)}" for row in rows)
            lines.append(f"{json.dumps(name)}: [\n{inner}\n ]" if rows else f"{json.dumps(name)}: []")
        return "{\n " + ",\n ".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Contents:
        """What ``to_json()`` wrote.

        Raises:
            ValueError: if it is not that, or of a later version; names ``where``.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            version = values["version"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{where!r} is no manifest of a prepared dataset: {error}") from None
        if version != VERSION:
            raise ValueError(f"{where!r} has version {version}, this aestream reads {VERSION}: prepare it again")
        form, rows = values["tensor"], values["recordings"]
        return cls(
            values["what"],
            Passport.from_dict(values["passport"]),
            Members(**values["members"]),
            values["collate"],
            None if form is None else TensorForm(tuple(form[0]), getattr(torch, form[1])),
            [SourceFile(*[row[name] for name in SourceFile._fields]) for row in rows],
            [row["items"] for row in rows],
            [(name, error) for name, error in values["failed"]],
            [StoredShard(**row) for row in values["shards"]],
        )


def write_text(path: Any, text: str) -> None:
    """Let a small file appear, or change, at once."""
    temporary = temporary_name(path)
    temporary.parent.mkdir(exist_ok=True)
    with open(temporary, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
