"""Options that inputs share: declared once, shown everywhere."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Annotated

import pytest
from typing_extensions import Unpack

from aestream import FileInput, Frame, SpeckInput, UDPInput, USBInput, accumulate
from aestream.formats.base import ReadOptions
from aestream.options import (
    FileOptions,
    ItemOptions,
    Option,
    ReadingOptions,
    SpanOptions,
    StreamOptions,
    options_of,
    resolved,
    takes,
)
from aestream.streams.base import EventStream
from aestream.streams.pipes import EventPipe

TAKERS = [
    (FileInput, FileOptions),
    (EventStream, StreamOptions),
    (UDPInput, StreamOptions),
    (USBInput, StreamOptions),
    (SpeckInput, StreamOptions),
    (EventPipe, ItemOptions),
    (accumulate, SpanOptions),
]


@pytest.mark.parametrize(("taker", "kind"), TAKERS, ids=lambda each: each.__name__)
def test_help_shows_every_option_with_default_and_meaning(taker, kind):
    shown = inspect.signature(taker).parameters
    text = " ".join((inspect.getdoc(taker) or "").split())
    for name, option in options_of(kind).items():
        assert shown[name].kind is inspect.Parameter.KEYWORD_ONLY and shown[name].default == option.default
        assert f"{name}: {option.text}" in text
    assert "options" not in shown
    assert max(map(len, (taker.__doc__ or "").splitlines())) <= 120


class More(ItemOptions, total=False):
    """One option more."""

    bonus: Annotated[int, Option(7, "a bonus.")]


def test_a_new_option_is_added_in_one_place():
    @takes(More)
    def use(first: int, **options: Unpack[More]) -> object:
        """Use.

        Args:
            first: whatever.
            **options: these:
        """
        return resolved(More, options, "use()")["bonus"]

    assert (use(1), use(1, bonus=3)) == (7, 3)
    assert inspect.signature(use).parameters["bonus"].default == 7
    assert use.__doc__ is not None and "bonus: a bonus." in use.__doc__
    with pytest.raises(TypeError, match=r"use\(\) got an unexpected keyword argument 'bonsu'; it takes with_times"):
        use(1, bonsu=3)


def test_defaults_are_those_of_the_contract():
    defaults = {name: option.default for name, option in options_of(FileOptions).items()}
    assert defaults["window_us"] == 10_000 and defaults["representation"] == Frame() and defaults["seed"] == 0
    assert defaults["include_incomplete"] is defaults["cache_index"] is True


def test_readers_know_every_option_of_reading():
    of_files = {"strict", "threads", "cache_index", "progress"}
    assert {each.name for each in fields(ReadOptions)} | of_files == set(options_of(ReadingOptions))
