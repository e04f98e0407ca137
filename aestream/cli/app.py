"""The table of commands."""

from __future__ import annotations

from importlib import metadata

import click

from aestream.cli.check import check
from aestream.cli.completion import completion
from aestream.cli.convert import convert_command
from aestream.cli.frames import frames
from aestream.cli.info import info
from aestream.cli.prepare import prepare_command
from aestream.cli.route import input_command, resolution_command
from aestream.cli.send import send


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(metadata.version("aestream"), "-V", "--version", message="aestream %(version)s")
def app() -> None:
    """Look at, check and convert files of event cameras.

    \b
    aestream info recording.raw                        what is in it
    aestream convert recording.raw recording.aedat4    any format to any other
    aestream frames recording.raw recording.gif        something to look at
    aestream prepare recordings/ shards/               a folder per class, decoded once
    aestream send recording.raw udp 127.0.0.1 3333     over the network, as it was recorded
    aestream input file a.raw output file b.csv        AEStream's own words for it

    Every format is found by its content. `aestream COMMAND --help` has examples.
    """


for command in (
    info,
    check,
    convert_command,
    frames,
    send,
    prepare_command,
    input_command,
    resolution_command,
    completion,
):
    app.add_command(command)
