"""Emulated USB event cameras: real camera drivers, no hardware, no kernel USB.

umockdev (an LD_PRELOAD library) shows a made-up /sys/bus/usb and /dev/bus/usb to the child process and passes every
usbfs ioctl on to this script, which answers as the camera would. Unmodified libusb programs open the device, configure
it and stream from it.

    umockdev-wrapper /usr/bin/python3 tests/support/usb_emulator evk4 --truth truth.json -- python my_client.py
    umockdev-wrapper /usr/bin/python3 tests/support/usb_emulator none -- python my_client.py  # a bus without cameras

Needs (Debian, Ubuntu): umockdev gir1.2-umockdev-1.0 python3-gi, and the system's python for this script, as python3-gi
is there. The child may be any interpreter. The exit status is the child's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading

from cameras import KINDS, Camera
from usbfs import INTERRUPT, descriptors

ROOT_HUB = r"""P: /devices/pci0000:00/usb1
N: bus/usb/001/001
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: BUSNUM=001
E: DEVNUM=001
A: busnum=1\n
A: devnum=1\n
A: speed=5000\n
A: bConfigurationValue=1\n
A: idVendor=1d6b\n
A: idProduct=0003\n
"""

DEVICE = r"""P: /devices/pci0000:00/usb1/1-1
N: bus/usb/001/002
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: BUSNUM=001
E: DEVNUM=002
E: DEVNAME=/dev/bus/usb/001/002
E: MAJOR=189
E: MINOR=1
E: PRODUCT={vendor:x}/{product:x}/{version:x}
A: busnum=1\n
A: devnum=2\n
A: devpath=1\n
A: speed=5000\n
A: bConfigurationValue=1\n
A: idVendor={vendor:04x}\n
A: idProduct={product:04x}\n
A: manufacturer={manufacturer}\n
A: product={model}\n
A: serial={serial}\n
"""


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="usb_emulator KIND [options] -- COMMAND ...",
    )
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument(
        "--truth", metavar="PATH", help="write the events [[t, x, y, p], ...] that will be sent, as JSON"
    )
    parser.add_argument("--events", type=int, default=20_000, help="events to send (default %(default)s)")
    parser.add_argument("--packet-events", type=int, default=1000, help="events per USB packet (default %(default)s)")
    parser.add_argument("--vanish-after", type=int, metavar="N", help="unplug the camera after N packets")
    parser.add_argument(
        "--vanish-delay", type=float, default=0, metavar="S", help="and S seconds more (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--vendor", type=lambda s: int(s, 16), default=0x152A, help="kind unknown: hexadecimal USB vendor id"
    )
    parser.add_argument(
        "--product", type=lambda s: int(s, 16), default=0x8419, help="kind unknown: hexadecimal USB product id"
    )
    parser.add_argument("--manufacturer", default="iniVation", help="kind unknown")
    parser.add_argument("--model", default="DVXplorer", help="kind unknown")
    parser.add_argument("--serial", default="DXA00001", help="kind unknown")
    parser.add_argument("--verbose", action="store_true", help="log control and OUT transfers")
    if "--" not in argv:
        parser.parse_args(argv)
        parser.error("no command: put it after --")
    split = argv.index("--")
    options = parser.parse_args(argv[:split])
    if not argv[split + 1 :]:
        parser.error("no command after --")
    return options, argv[split + 1 :]


def main():
    options, command = parse_arguments(sys.argv[1:])
    if "libumockdev-preload" not in os.environ.get("LD_PRELOAD", ""):
        sys.exit("usb_emulator must run under umockdev-wrapper")
    import gi

    gi.require_version("UMockdev", "1.0")
    from gi.repository import GLib, UMockdev

    testbed = UMockdev.Testbed.new()
    testbed.add_from_string(ROOT_HUB)
    testbed.set_attribute_binary(
        "/sys/devices/pci0000:00/usb1", "descriptors", list(descriptors(0x1D6B, 3, [(0x81, INTERRUPT)]))
    )
    device = KINDS[options.kind](options) if KINDS[options.kind] else None
    if device:
        testbed.add_from_string(
            DEVICE.format(
                vendor=device.vendor,
                product=device.product,
                version=device.device_version,
                manufacturer=device.manufacturer,
                model=device.model,
                serial=device.serial,
            )
        )
        testbed.set_attribute_binary("/sys/devices/pci0000:00/usb1/1-1", "descriptors", list(device.descriptors()))
        handler = UMockdev.IoctlBase()
        handler.connect("handle-ioctl", device.handle)
        testbed.attach_ioctl("/dev/bus/usb/001/002", handler)
        if options.truth and isinstance(device, Camera):
            with open(options.truth, "w") as file:
                json.dump(device.truth, file)

    loop, status = GLib.MainLoop(), []

    def run_command():
        status.append(subprocess.call(command))  # no env=: umockdev has set variables that os.environ does not show
        GLib.idle_add(loop.quit)

    threading.Thread(target=run_command, daemon=True).start()
    loop.run()
    os._exit(status[0] if status[0] >= 0 else 128 - status[0])


if __name__ == "__main__":
    main()
