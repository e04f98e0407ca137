"""The recording that ships with the package.

``davis346_demo.aedat4`` is a cut of ``test_data.aedat4`` from the source distribution of the Python package aedat
2.3.0, re-encoded by aestream. MIT licence, Copyright (c) 2020 International Centre for Neuromorphic Systems.
"""

from __future__ import annotations

from pathlib import Path


def demo_recording() -> Path:
    """Path of a short real recording of a DAVIS346 camera, 346x260 pixels, AEDAT4."""
    return Path(__file__).with_name("davis346_demo.aedat4")
