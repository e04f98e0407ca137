"""Emulated cameras that play a fixed list of events once: what their drivers ask for, and what they answer."""

from __future__ import annotations

import random
import struct
import time

from usbfs import BULK, INTERRUPT, Device


def random_events(count, width, height, seed, first=0):
    """The truth: [(t, x, y, p)], t rising by 0..20 us."""
    rng, t, events = random.Random(seed), first, []
    for _ in range(count):
        t += rng.randint(0, 20)
        events.append((t, rng.randrange(width), rng.randrange(height), rng.randrange(2)))
    return events


class Camera(Device):
    """A camera that plays a fixed list of event packets once."""

    width = height = 0

    def __init__(self, options):
        super().__init__(options)
        self.truth = random_events(options.events, self.width, self.height, options.seed, self.first_time)
        self.packets = [
            struct.pack(f"<{len(words)}H", *words) for words in self.encode(self.truth, options.packet_events)
        ]
        self.sent, self.vanishes = 0, None

    first_time = 0

    def next_packet(self):
        if self.sent >= len(self.packets):
            return None
        if self.sent == self.options.vanish_after:
            self.vanishes = self.vanishes or time.monotonic() + self.options.vanish_delay
            self.gone = time.monotonic() >= self.vanishes
            return None
        self.sent += 1
        return self.packets[self.sent - 1]

    def transfers_queued(self, endpoint):
        return sum(transfer["endpoint"] == endpoint for transfer in self.pending)


class Evk4(Camera):
    """Prophesee EVK4: requests on endpoint 0x02, answers on 0x82, EVT3 words on 0x81."""

    vendor, product = 0x04B4, 0x00F5
    manufacturer, model = "Prophesee", "EVK4"
    endpoints = ((0x02, BULK), (0x82, BULK), (0x81, BULK))
    width, height = 1280, 720
    device_serial = 0x00012345
    SYSTEM_ID = bytes.fromhex("3100")
    RUN_REGISTER, RUN_BIT = 0x4, 10
    DRIVER_TRANSFERS = 32

    def __init__(self, options):
        super().__init__(options)
        self.registers, self.answers, self.started, self.primed = {}, [], False, False

    @staticmethod
    def encode(events, packet_events):
        high = low = -1
        for i in range(0, len(events), packet_events):
            words = []
            for t, x, y, p in events[i : i + packet_events]:
                if t >> 12 != high:
                    high, low = t >> 12, -1
                    words.append(0x8000 | high & 0xFFF)
                if t & 0xFFF != low:
                    low = t & 0xFFF
                    words.append(0x6000 | low)
                words += [y, 0x2000 | p << 11 | x]
            yield words

    def control(self, request_type, request, value, index, data, length):
        if (request_type, request) == (0xC0, 0x72):
            return self.SYSTEM_ID[:length]
        return super().control(request_type, request, value, index, data, length)

    def bulk_out(self, endpoint, data):
        if endpoint != 0x02:
            return
        if data[0] == 0x72:
            self.answers.append(data[:8] + struct.pack("<I", self.device_serial) + bytes(4))
        elif data[:4] == bytes([2, 1, 1, 0x40]):
            address, value = struct.unpack_from("<II", data, 12)
            self.registers[address] = value
            self.answers.append(data[:20])
            if address == self.RUN_REGISTER:
                self.started = bool(value >> self.RUN_BIT & 1)
        elif data[:4] == bytes([2, 1, 1, 0]):
            (address,) = struct.unpack_from("<I", data, 12)
            self.answers.append(data[:16] + struct.pack("<I", self.registers.get(address, 0)))
        else:
            self.answers.append(data[:8] + bytes(8))

    def bulk_in(self, endpoint, length):
        if endpoint == 0x82:
            return self.answers.pop(0) if self.answers else None
        if endpoint != 0x81:
            return None
        if not self.primed:
            if not self.started:
                return b""  # the driver flushes before it starts: nothing there
            if self.transfers_queued(0x81) < self.DRIVER_TRANSFERS:
                return None  # the driver has not queued all its transfers yet
            self.primed = True
        return self.next_packet() if self.started else None


class Davis346(Camera):
    """iniVation DAVIS346 (FX3). Registers: vendor request 0xBF, wValue module, wIndex parameter, u32 big-endian.

    Events on 0x82 in 16-bit words: 0x7nnn n wraps of 2^15 us, 0x8ttt.. time, 0x1yyy row, 0x2xxx OFF / 0x3xxx ON column.
    """

    vendor, product = 0x152A, 0x841A
    manufacturer, model, serial = "iniVation", "DAVIS346", "00000042"
    endpoints = ((0x82, BULK), (0x81, INTERRUPT))
    device_version = 0x0206
    width, height = 346, 260
    first_time = 1
    DRIVER_TRANSFERS = 4
    DVS_RUN, TIMESTAMP_RESET = (1, 3), (0, 2)

    def __init__(self, options):
        super().__init__(options)
        self.registers = {
            (6, 0): 18,
            (6, 1): 5,
            (6, 2): 1,
            (6, 3): 90,
            (6, 4): 30,
            (6, 5): 80,
            (6, 6): 1000,
            (6, 7): 1,
            (1, 0): 346,
            (1, 1): 260,
            (1, 2): 0,
            (1, 10): 1,
            (1, 30): 1,
            (1, 40): 1,
            (1, 50): 1,
            (1, 60): 1,
            (2, 0): 346,
            (2, 1): 260,
            (2, 2): 0,
            (2, 3): 0,
            (3, 0): 1,
            (4, 10): 1,
        }
        self.resets, self.run_since = 0, 0.0

    @staticmethod
    def encode(events, packet_events):
        low, wraps = -1, 0
        for i in range(0, len(events), packet_events):
            words = []
            for t, x, y, p in events[i : i + packet_events]:
                if t >> 15 != wraps:
                    words.append(0x7000 | (t >> 15) - wraps)
                    wraps, low = t >> 15, 0  # a wrap word sets the time as well; a second equal word would be an error
                if t & 0x7FFF != low:
                    low = t & 0x7FFF
                    words.append(0x8000 | low)
                words += [0x1000 | y, (0x3000 if p else 0x2000) | x]
            yield words

    def write_register(self, module, parameter, value):
        self.registers[module, parameter] = value
        if (module, parameter) == self.TIMESTAMP_RESET and value:
            self.resets += 1
            self.packets.insert(self.sent, struct.pack("<H", 0x0001))  # special event 1: timestamp reset
        if (module, parameter) == self.DVS_RUN and value:
            self.run_since = time.monotonic()

    def control(self, request_type, request, value, index, data, length):
        if request == 0xBF and request_type & 0x80:
            return struct.pack(">I", self.registers.get((value, index), 0))
        if request == 0xBF:
            self.write_register(value, index, struct.unpack(">I", data[:4])[0])
            return data
        if request == 0xC2 and not request_type & 0x80:  # several registers at once
            for i in range(value):
                self.write_register(*struct.unpack_from(">BBI", data, 6 * i))
            return data
        return super().control(request_type, request, value, index, data, length)

    def bulk_in(self, endpoint, length):
        if endpoint != 0x82 or not self.registers.get(self.DVS_RUN):
            return None
        if not self.resets and time.monotonic() - self.run_since < 0.5:
            return None  # libcaer and dv-processing reset the timestamps before they expect events
        if self.transfers_queued(0x82) < self.DRIVER_TRANSFERS:
            return None
        packet = self.next_packet()
        if packet is not None and len(packet) > length:
            self.sent -= 1
            self.packets[self.sent] = packet[length:]
            packet = packet[:length]
        return packet


class Unknown(Device):
    """A device with the right ids that answers nothing useful: a camera that its driver cannot open."""

    endpoints = ((0x82, BULK), (0x81, INTERRUPT))

    def __init__(self, options):
        self.vendor, self.product = options.vendor, options.product
        self.manufacturer, self.model, self.serial = options.manufacturer, options.model, options.serial
        super().__init__(options)


KINDS = {"evk4": Evk4, "davis346": Davis346, "unknown": Unknown, "none": None}
