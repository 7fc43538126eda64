"""A run's events as a TensorBoard event file. Pure: events in, bytes out, without TensorBoard and its dependencies.

The format is TFRecord (length, its checksum, data, its checksum) around Event messages of Protocol Buffers; of these
only the few fields that carry a number with its step are written.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

FILE_NAME = "events.out.tfevents.{seconds}.preceptor"
# What a number is called in TensorBoard: the part before the slash is the chart group there.
TAGS = {
    "log": {
        "loss": "train/loss",
        "grad_norm": "train/grad_norm",
        "learning_rate": "train/learning_rate",
        "epoch": "train/epoch",
        "tokens_per_second": "train/tokens_per_second",
    },
    "eval": {"eval_loss": "eval/loss"},
}
PREFIXES = {"log": ("rewards/", "train/rewards/"), "eval": ("eval_rewards/", "eval/rewards/")}


def encode(events: Iterable[dict[str, Any]]) -> bytes:
    """Empty when nothing was measured."""
    found = [(event, values) for event in events if (values := dict(measured(event)))]
    if not found:
        return b""
    version = _varint_field(2, 0) + _bytes_field(3, b"brain.Event:2")
    records = [_record(_double_field(1, seconds(found[0][0])) + version)]
    for event, values in found:
        summary = b"".join(_bytes_field(1, _value(tag, number)) for tag, number in values.items())
        told = _double_field(1, seconds(event)) + _varint_field(2, int(event["step"])) + _bytes_field(5, summary)
        records.append(_record(told))
    return b"".join(records)


def file_name(events: Iterable[dict[str, Any]]) -> str:
    """As TensorBoard looks for it."""
    first = next((event for event in events if any(measured(event))), None)
    return FILE_NAME.format(seconds=int(seconds(first)) if first else 0)


def measured(event: dict[str, Any]) -> Iterator[tuple[str, float]]:
    kind = str(event.get("event"))
    if event.get("step") is None or kind not in TAGS:
        return
    prefix, shown = PREFIXES[kind]
    for name, value in event.items():
        tag = TAGS[kind].get(name) or (name.replace(prefix, shown, 1) if name.startswith(prefix) else None)
        if tag and isinstance(value, int | float) and math.isfinite(value):
            yield tag, float(value)


def seconds(event: dict[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(event.get("at"))).timestamp()
    except ValueError:
        return 0.0


def _value(tag: str, number: float) -> bytes:
    return _bytes_field(1, tag.encode()) + _key(2, 5) + struct.pack("<f", number)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _key(field: int, wire: int) -> bytes:
    return bytes([field << 3 | wire])


def _double_field(field: int, value: float) -> bytes:
    return _key(field, 1) + struct.pack("<d", value)


def _varint_field(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value)


def _bytes_field(field: int, value: bytes) -> bytes:
    return _key(field, 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _checksum(data: bytes) -> bytes:
    """CRC-32C, masked as TFRecord asks."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _entry(number: int) -> int:
    for _bit in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    return number


TABLE = tuple(_entry(number) for number in range(256))
