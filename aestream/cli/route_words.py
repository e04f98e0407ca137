"""The words of ``aestream input … output …``: AEStream's own grammar, read from the left."""

from __future__ import annotations

from dataclasses import dataclass, field

import click

GRAMMAR = (
    "[resolution WIDTH HEIGHT] input "
    "(file PATH [--ignore-time] [--time-unit ns|us|ms|s] | udp [PORT] | zmq [ADDRESS] | speck [ADDRESS] | "
    "inivation [SERIAL] | prophesee [SERIAL]) [--timeout SECONDS] "
    "[output (stdout | file PATH | udp [HOST [PORT]] [--buffer-size WORDS] [--packet-size EVENTS] "
    "[--include-timestamp])]..."
)
SPECK_ADDRESS = "tcp://127.0.0.1:40001"
_CAMERAS = ("inivation", "prophesee")
_UNITS = ("ns", "us", "ms", "s")


@dataclass(frozen=True)
class Input:
    """Where events come from.

    Attributes:
        kind: "file", "udp", "speck", "inivation" or "prophesee".
        place: the path, the port, the address or the serial number; None: the first one, or the usual one.
        ignore_time: a file at full speed instead of as fast as it was recorded.
        time_unit: what the file's times count.
        timeout_s: end when no event has come from a live source for so long; None: on Ctrl-C.
    """

    kind: str
    place: str | None = None
    ignore_time: bool = False
    time_unit: str | None = None
    timeout_s: float | None = None


@dataclass(frozen=True)
class Target:
    """Where events go to.

    Attributes:
        kind: "stdout", "file" or "udp".
        place: the path, or the host.
        port: over UDP.
        max_words: words of 4 bytes in one datagram at most; None: what every receiver takes.
        timestamps: whether datagrams hold them.
    """

    kind: str
    place: str = ""
    port: int = 3333
    max_words: int | None = None
    timestamps: bool = False


@dataclass(frozen=True)
class Route:
    """One command: a source, what it goes to, and the sensor's (width, height) where the command says it."""

    source: Input
    targets: list[Target] = field(default_factory=list)
    shape: tuple[int, int] | None = None


def parse_route(words: tuple[str, ...]) -> Route:
    """Read a command; without an output, events go to the standard output.

    Raises:
        click.UsageError: if it is not as `GRAMMAR` says; says what was expected and what was found.
    """
    rest = _Words(words)
    shape = None
    if rest.take_one_of("input", "resolution") == "resolution":
        shape = rest.take_number("a width", 32767), rest.take_number("a height", 32767)
        rest.take_one_of("input")
    source = _take_input(rest)
    targets = []
    while rest:
        rest.take_one_of("output")
        targets.append(_take_target(rest))
    return Route(source, targets or [Target("stdout")], shape)


class _Words:
    """The words of a command, taken from the left; ``--name=value`` counts as two."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words: list[str] = []
        for word in words:
            is_pair = word.startswith("--") and "=" in word
            self._words += word.split("=", 1) if is_pair else [word]

    def take(self, expected: str) -> str:
        """The next word, whatever it is."""
        if not self._words:
            raise click.UsageError(f"expected {expected}, found the end of the line; the grammar: {GRAMMAR}")
        return self._words.pop(0)

    def take_one_of(self, *known: str) -> str:
        """The next word, which must be one of these."""
        word = self.take(" or ".join(known))
        if word not in known:
            raise click.UsageError(f"expected {' or '.join(known)}, found {word!r}; the grammar: {GRAMMAR}")
        return word

    def take_number(self, expected: str, most: int) -> int:
        """The next word as a number from 1."""
        return self.to_number(self.take(expected), expected, most)

    def to_number(self, word: str, expected: str, most: int, *, least: int = 1) -> int:
        """A word as a number."""
        if not (word.isascii() and word.isdecimal() and len(word) < 12 and least <= int(word) <= most):
            raise click.UsageError(f"expected {expected} from {least} to {most}, found {word!r}")
        return int(word)

    def take_optional(self) -> str | None:
        """The next word, if there is one that is neither an option nor ``output``."""
        if not self._words or self._words[0] == "output" or self._words[0].startswith("--"):
            return None
        return self._words.pop(0)

    def take_option(self, *known: str) -> str | None:
        """The next word, if it is one of these options."""
        if self._words and self._words[0] in known:
            return self._words.pop(0)
        if self._words and self._words[0].startswith("-"):
            raise click.UsageError(f"expected {' or '.join(known) or 'output'}, found {self._words[0]!r}")
        return None

    def __bool__(self) -> bool:
        return bool(self._words)


def _take_input(rest: _Words) -> Input:
    kind = rest.take_one_of("file", "udp", "zmq", "speck", *_CAMERAS)
    place = None
    known = ["--timeout"]
    match kind:
        case "file":
            ignores = rest.take_option("--ignore-time") if rest else None
            place, known = rest.take("a path"), ["--ignore-time", "--time-unit"]
        case "udp":
            place = rest.take_optional()
            if place is not None:
                rest.to_number(place, "a port", 65535, least=0)  # 0: any free one
        case "zmq" | "speck":
            kind, place = "speck", rest.take_optional()
            place = rest.take("an address") if place == "sock" else place  # 0.6 has `sock` before it
        case _:
            place = rest.take_optional()
    found: dict[str, str] = {"--ignore-time": ""} if kind == "file" and ignores else {}
    while option := rest.take_option(*known):
        found[option] = "" if option == "--ignore-time" else rest.take(f"a value of {option}")
    unit = found.get("--time-unit")
    if unit is not None and unit not in _UNITS:
        raise click.UsageError(f"expected {', '.join(_UNITS)} after --time-unit, found {unit!r}")
    timeout = None if "--timeout" not in found else _seconds(found["--timeout"])
    return Input(kind, place, "--ignore-time" in found, unit, timeout)


def _take_target(rest: _Words) -> Target:
    kind = rest.take_one_of("file", "udp", "stdout")
    if kind == "file":
        return Target(kind, rest.take("a path"))
    if kind == "stdout":
        return Target(kind)
    host, port = rest.take_optional() or "localhost", 3333
    if (word := rest.take_optional()) is not None:
        port = rest.to_number(word, "a port", 65535)
    words, timestamps, events = None, False, None
    while option := rest.take_option("--buffer-size", "--packet-size", "--include-timestamp"):
        match option:
            case "--buffer-size":
                words = rest.take_number("a number of words", 16_000)
            case "--packet-size":
                events = rest.take_number("a number of events", 8_000)
            case _:
                timestamps = rest.take_optional() not in ("0", "false")
    if events is not None:
        words = min(words or 16_000, events * (2 if timestamps else 1))
    return Target(kind, host, port, None if words is None else max(4, words), timestamps)


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise click.UsageError(f"expected seconds after --timeout, found {word!r}")
    return seconds
