"""``aestream send``: a recording over the network."""

from __future__ import annotations

from typing import Any

import click

from aestream.cli.options import ROI, TIME, Time, open_cut, read_options
from aestream.convert import check_roi, crop_events
from aestream.streams.udp import UDPOutput


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(exists=True))
@click.argument("transport", metavar="udp", type=click.Choice(["udp"]))
@click.argument("host")
@click.argument("port", type=click.IntRange(1, 65535), default=3333)
@click.option(
    "--protocol", type=click.Choice(["spif", "aestream", "t64_x16_y16_on8", "t32_x16_y15_on1"]), default="spif"
)
@click.option("--no-timestamps", is_flag=True, help="SPIF without times, as AEStream 0.6 wants it.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), help="1 is real time, 2 twice as fast.  [default: 1]")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Events a second, instead of --speed.")
@click.option("--full-speed", is_flag=True, help="As fast as the network takes them.")
@click.option("--start", type=TIME, help="Begin there: 1.5s after the first event, or @ and absolute microseconds.")
@click.option("--stop", type=TIME, help="End there.")
@click.option("--roi", type=ROI, help="Send only this region; its corner becomes (0, 0).")
@read_options
def send(
    source: str,
    transport: str,
    host: str,
    port: int,
    protocol: Any,
    no_timestamps: bool,
    speed: float | None,
    rate: float | None,
    full_speed: bool,
    start: Time | None,
    stop: Time | None,
    roi: tuple[int, int, int, int] | None,
    reading: dict[str, Any],
) -> None:
    """Send the events of a file over UDP, as fast as they were recorded.

    The port is 3333 unless it is given.

    \b
    aestream send recording.raw udp 127.0.0.1 3333
    aestream send recording.aedat4 udp 10.0.0.1 --speed 0.1
    aestream send recording.dat udp 239.1.1.1 5000 --full-speed --protocol t64_x16_y16_on8
    """
    if sum((speed is not None, rate is not None, full_speed)) > 1:
        raise click.UsageError("--speed, --rate and --full-speed exclude each other")
    if speed is None and rate is None and not full_speed:
        speed = 1.0
    try:
        file = open_cut(source, start, stop, reading)
        output = UDPOutput(host, port, protocol=protocol, timestamps=not no_timestamps, speed=speed, rate_hz=rate)
        if roi is None:
            output.send_file(file)
        else:
            check_roi(roi, file)
            for events in file.blocks(file.start_us, file.stop_us):
                output.send(crop_events(events, *roi))
    except (ValueError, OSError, ImportError) as error:
        raise click.ClickException(str(error)) from error
    counts = output.counts
    rejected = f"; {counts.rejected:,} could not be said" if counts.rejected else ""
    click.echo(f"{host} port {port}: {counts.events:,} events in {counts.datagrams:,} datagrams{rejected}", err=True)
