"""N-Caltech101: the pictures of Caltech101 before a sensor that moves in saccades. garrickorchard.com"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.published import Archive, Source, class_items
from aestream.datasets.recordings import RecordingDataset

SOURCE = Source(
    title="N-Caltech101",
    page="https://data.mendeley.com/datasets/cy6cvx3ryv",
    licence="CC BY 4.0",
    citation="Orchard, Jayawant, Cohen, Thakor: Converting Static Image Datasets to Spiking Neuromorphic Datasets "
    "Using Saccades. Frontiers in Neuroscience 9, 2015",
    archives={  # address and hash: as several public loaders have them
        "": (
            Archive(
                "N-Caltech101-archive.zip",
                "66201824eabb0239c7ab992480b50ba3",
                "https://data.mendeley.com/public-files/datasets/cy6cvx3ryv/files/"
                "36b5c52a-b49d-4853-addb-a836a8883e49/file_downloaded",
            ),
        )
    },
)
_NAMES = (
    "BACKGROUND_Google Faces_easy Leopards Motorbikes accordion airplanes anchor ant barrel bass beaver binocular "
    "bonsai brain brontosaurus buddha butterfly camera cannon car_side ceiling_fan cellphone chair chandelier "
    "cougar_body cougar_face crab crayfish crocodile crocodile_head cup dalmatian dollar_bill dolphin dragonfly "
    "electric_guitar elephant emu euphonium ewer ferry flamingo flamingo_head garfield gerenuk gramophone grand_piano "
    "hawksbill headphone hedgehog helicopter ibis inline_skate joshua_tree kangaroo ketch lamp laptop llama lobster "
    "lotus mandolin mayfly menorah metronome minaret nautilus octopus okapi pagoda panda pigeon pizza platypus pyramid "
    "revolver rhino rooster saxophone schooner scissors scorpion sea_horse snoopy soccer_ball stapler starfish "
    "stegosaurus stop_sign strawberry sunflower tick trilobite umbrella watch water_lilly wheelchair wild_cat "
    "windsor_chair wrench yin_yang"
)
CLASSES = tuple(_NAMES.split())


class NCaltech101(RecordingDataset):
    """8709 pictures of 101 classes, some 300 ms each; an item is ``(x, label)``.

    Labels count the full list of classes in the order of their code points (upper case first), whichever folders are
    there. The original's "Faces" is left out by the authors. No split is published: ``split_by_recording`` makes one.
    Sizes vary by picture up to some 240x180 and files give none: items are padded to ``shape``, to the right and below.

    Args:
        root: the folder ``Caltech101``, or the one that holds it.
        download: fetch what is not there.
        shape, window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a picture.

    Raises:
        ValueError: if the folder is not there, or holds other classes.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        download: bool = False,
        shape: tuple[int, int] = (240, 180),
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        if os.path.basename(os.path.abspath(root)) == "Caltech101":
            root = os.path.dirname(os.path.abspath(root))
        folder = SOURCE.find(root, ["Caltech101"], download=download) / "Caltech101"
        items = class_items(folder, CLASSES, "*.bin")
        super().__init__(items, shape, classes=CLASSES, root=folder, window_us=window_us, **options)
