"""The kernel's side of a USB device: Linux' usbfs ioctls, as libusb uses them, answered from Python."""

from __future__ import annotations

import struct
import sys

# usbfs ioctl request codes (x86-64 / aarch64 Linux)
SUBMIT_URB, REAP_URB, REAP_URB_NO_DELAY, DISCARD_URB = 0x8038550A, 0x4008550C, 0x4008550D, 0x550B
GET_CAPABILITIES, GET_DRIVER, GET_SPEED = 0x8004551A, 0x41045508, 0x551F
ALWAYS_OK = {
    0x8004550F: "claim",
    0x80045510: "release",
    0x80045505: "set configuration",
    0x5514: "reset",
    0x80045515: "clear halt",
    0x8108551B: "disconnect and claim",
    0xC0105512: "disconnect",
    0x80085504: "set interface",
}
# ZERO_PACKET, NO_PACKET_SIZE_LIM, REAP_AFTER_DISCONNECT: without BULK_CONTINUATION libusb sends one URB per transfer
CAPABILITIES = 0x1D
# offsets in struct usbdevfs_urb (56 bytes): type 0, endpoint 1, status 4, buffer 16, buffer_length 24, actual_length 28
URB_SIZE, URB_STATUS, URB_BUFFER, URB_LENGTH, URB_ACTUAL = 56, 4, 16, 24, 28
URB_CONTROL = 2
EPIPE, ENODEV, EAGAIN, ENODATA, EINVAL, ENOTTY, ENOENT, EIO = 32, 19, 11, 61, 22, 25, 2, 5
SUPER_SPEED = 5
BULK, INTERRUPT = 2, 3


def descriptors(vendor, product, endpoints, device_version=0x0300, serial_index=0):
    """Device + configuration descriptor of a one-interface, vendor-class device. endpoints: [(address, type)]."""
    device = struct.pack(
        "<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, vendor, product, device_version, 1, 2, serial_index, 1
    )
    body = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, len(endpoints), 0xFF, 0, 0, 0)
    for address, kind in endpoints:
        body += struct.pack("<BBBBHB", 7, 5, address, kind, 512, 0)
    return device + struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 1, 1, 0, 0x80, 50) + body


def string_descriptor(text):
    data = text.encode("utf-16le")
    return bytes([2 + len(data), 3]) + data


def say(*words):
    """A line on stderr: stdout is the child's."""
    sys.stderr.write(f"usb: {' '.join(map(str, words))}\n")


class Device:
    """The usbfs side. A camera overrides control(), bulk_out() and bulk_in()."""

    vendor = product = None
    manufacturer = model = serial = ""
    endpoints = ()
    device_version = 0x0300

    def __init__(self, options):
        self.options = options
        self.pending, self.done, self.gone = [], [], False
        self.strings = {
            0: bytes([4, 3, 9, 4]),
            1: string_descriptor(self.manufacturer),
            2: string_descriptor(self.model),
        }
        if self.serial:
            self.strings[3] = string_descriptor(self.serial)

    def descriptors(self):
        return descriptors(self.vendor, self.product, self.endpoints, self.device_version, 3 if self.serial else 0)

    # what a camera answers -------------------------------------------------------------------------------------------
    def control(self, request_type, request, value, index, data, length):
        """Control transfer. Bytes for IN, anything but None for OUT; None stalls."""
        if request_type == 0x80 and request == 6 and value >> 8 == 3:
            return self.strings.get(value & 0xFF, b"")[:length]
        return b"" if request_type & 0x80 else data

    def bulk_out(self, endpoint, data):
        pass

    def bulk_in(self, endpoint, length):
        """Bytes to deliver, or None to leave the transfer pending."""

    # usbfs ------------------------------------------------------------------------------------------------------------
    def log(self, *words):
        if self.options.verbose:
            say(*words)

    def submit(self, urb, address):
        raw = bytes(urb.retrieve())
        length = struct.unpack_from("<i", raw, URB_LENGTH)[0]
        buffer = urb.resolve(URB_BUFFER, length) if length else None
        transfer = {"urb": urb, "address": address, "buffer": buffer, "length": length}
        self.pending.append(transfer | {"type": raw[0], "endpoint": raw[1]})
        self.pump()

    def pump(self):
        """Completes every pending transfer that can be completed now."""
        for transfer in list(self.pending):
            status, count = 0, 0
            if transfer["type"] == URB_CONTROL:
                raw = bytes(transfer["buffer"].retrieve())
                request_type, request, value, index, length = struct.unpack_from("<BBHHH", raw)
                answer = self.control(request_type, request, value, index, raw[8 : 8 + length], length)
                self.log(
                    f"control {request_type:02x} {request:02x} value {value:04x} index {index:04x} length {length}"
                )
                if answer is None:
                    status = -EPIPE
                elif request_type & 0x80:
                    transfer["buffer"].update(8, list(answer))
                    count = len(answer)
                else:
                    count = length
            elif transfer["endpoint"] & 0x80:
                answer = self.bulk_in(transfer["endpoint"], transfer["length"])
                if answer is None:
                    continue
                if answer:
                    transfer["buffer"].update(0, list(answer))
                count = len(answer)
            else:
                raw = bytes(transfer["buffer"].retrieve())
                self.log(f"out {transfer['endpoint']:02x}", raw[:24].hex())
                self.bulk_out(transfer["endpoint"], raw)
                count = len(raw)
            self.pending.remove(transfer)
            transfer.update(status=status, count=count)
            self.done.append(transfer)

    def reap(self, client, argument):
        self.pump()
        if self.gone:
            for transfer in self.pending:
                transfer.update(status=-ENODEV, count=0)
            self.done += self.pending
            self.pending = []
        if not self.done:
            client.complete(-1, ENODEV if self.gone else EAGAIN)
            return
        transfer = self.done.pop(0)
        transfer["urb"].update(URB_STATUS, list(struct.pack("<i", transfer["status"])))
        transfer["urb"].update(URB_ACTUAL, list(struct.pack("<i", transfer["count"])))
        argument.resolve(0, 8).set_ptr(0, transfer["urb"])
        client.complete(0, 0)

    def discard(self, client, argument):
        address = bytes(argument.retrieve())[:8]
        for transfer in self.pending:
            if transfer["address"] == address:
                self.pending.remove(transfer)
                transfer.update(status=-ENOENT, count=0)
                self.done.append(transfer)
                client.complete(0, 0)
                return
        client.complete(-1, EINVAL)

    def handle(self, _handler, client):
        """umockdev's handle-ioctl signal."""
        argument, request = client.get_arg(), client.get_request() & 0xFFFFFFFF
        try:
            if self.gone and request not in (REAP_URB, REAP_URB_NO_DELAY, DISCARD_URB):
                client.complete(-1, ENODEV)
            elif request == SUBMIT_URB:
                address = bytes(argument.retrieve())[:8]
                self.submit(argument.resolve(0, URB_SIZE), address)
                client.complete(0, 0)
            elif request in (REAP_URB, REAP_URB_NO_DELAY):
                self.reap(client, argument)
            elif request == DISCARD_URB:
                self.discard(client, argument)
            elif request == GET_CAPABILITIES:
                argument.resolve(0, 4).update(0, list(struct.pack("<I", CAPABILITIES)))
                client.complete(0, 0)
            elif request == GET_SPEED:
                client.complete(SUPER_SPEED, 0)
            elif request == GET_DRIVER:
                client.complete(-1, ENODATA)
            elif request in ALWAYS_OK:
                client.complete(0, 0)
            else:
                say(f"unhandled ioctl {request:x}")
                client.complete(-1, ENOTTY)
        except Exception as error:
            say(f"{type(error).__name__}: {error}")
            client.complete(-1, EIO)
        return True
