"""``aestream.drivers``: the list of names that it was in AEStream 0.6, and the call that says more."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import overload

from aestream.streams.drivers.driver import Camera, DriverInfo
from aestream.streams.drivers.find import describe_drivers

_NAMES = {Camera.Inivation: "caer", Camera.Prophesee: "metavision"}  # AEStream 0.6's, whatever package drives them here


class Drivers(Sequence[str]):
    """What can be opened here: ``"zmq" in aestream.drivers`` as AEStream 0.6 has it; ``aestream.drivers()`` in full.

    As a sequence, the names that AEStream 0.6 gives them: "caer" if a usable driver opens iniVation's cameras,
    "metavision" if one opens Prophesee's, "zmq" if ``SpeckInput`` can receive. Looking imports the drivers' packages.
    """

    def __call__(self) -> tuple[DriverInfo, ...]:
        """The driver packages that ``USBInput`` knows, in the order in which it asks them, and which are usable here.

        Imports those that are installed.
        """
        return describe_drivers()

    def _names(self) -> list[str]:
        usable = {camera for driver in describe_drivers() if driver.version is not None for camera in driver.cameras}
        names = [name for camera, name in _NAMES.items() if camera in usable]
        return names + ["zmq"] * (find_spec("zmq") is not None)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._names()[index]

    def __len__(self) -> int:
        return len(self._names())

    def __repr__(self) -> str:
        return repr(self._names())


drivers = Drivers()
