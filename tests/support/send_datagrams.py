"""A sender in a process of its own, without the package: send_datagrams.py HOST PORT PROTOCOL SEED COUNT [SIZE]."""

from __future__ import annotations

import socket
import sys

from reference import faery_udp, spif
from support.files import make_events

ENCODERS = {
    "spif": spif.encode,
    "spif-stamped": lambda events: spif.encode(events, timestamps=True),
    "t64_x16_y16_on8": faery_udp.encode_t64,
    "t32_x16_y15_on1": faery_udp.encode_t32,
}


def main(host: str, port: str, protocol: str, seed: str, count: str, size: str = "60") -> None:
    """Send the events of make_events(count, seed) in datagrams of `size`, flat out."""
    events, step = make_events(int(count), seed=int(seed), outside=True), int(size)
    datagrams = [ENCODERS[protocol](events[i : i + step]) for i in range(0, len(events), step)]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, (host, int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
