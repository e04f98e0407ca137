"""Serves events as an iniVation camera's network stream, in a process of its own: dv_writer.py SOCKET COUNT.

Needs dv-processing. Says "ready" on stdout, sends all events to the first client, and ends when stdin is closed.
"""

from __future__ import annotations

import os
import sys
import time

import dv_processing as dv
from support.files import HEIGHT, WIDTH, make_events

PACKET_EVENTS = 500


def main(socket: str, count: str) -> None:
    """Wait for a client, send, wait for the end."""
    stream = dv.io.Stream.EventStream(0, "events", "DAVIS346_00000042", (WIDTH, HEIGHT))
    writer = dv.io.NetworkWriter(dv.Path(socket), stream)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not writer.getClientCount():
        time.sleep(0.001)
    store = dv.EventStore()
    for t, x, y, p in make_events(int(count)).tolist():
        store.push_back(t, x, y, p)
        if store.size() == PACKET_EVENTS:
            writer.writeEvents(store)
            store = dv.EventStore()
    sys.stdin.read()
    os._exit(0)  # the writer's destructor waits for ever once a client has been there


if __name__ == "__main__":
    main(*sys.argv[1:])
