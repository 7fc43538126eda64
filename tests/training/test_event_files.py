"""TensorBoard's event files, read back by a small reader of the published format."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from training.monitoring.event_files import crc32c, encode, file_name

EVENTS = [
    {"event": "phase", "at": "2026-11-22T10:00:00.000+00:00", "message": "Training"},
    {"event": "eval", "at": "2026-11-22T10:00:01.000+00:00", "step": 0, "eval_loss": 2.5},
    {
        "event": "log",
        "at": "2026-11-22T10:00:02.500+00:00",
        "step": 300,
        "loss": 1.5,
        "grad_norm": None,
        "seconds_left": 9,
        "rewards/margins": 0.25,
    },
    {"event": "eval", "at": "2026-11-22T10:00:03.000+00:00", "step": 300, "eval_rewards/accuracies": 0.75},
]


def records(content: bytes) -> Iterator[bytes]:
    """TFRecord: every checksum is looked at."""
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        assert content[8:12] == masked(content[:8])
        data = content[12 : 12 + length]
        assert content[12 + length : 16 + length] == masked(data)
        yield data
        content = content[16 + length :]


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message in Protocol Buffers' wire format."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        if key & 7 == 0:
            value, at = varint(message, at)
        elif key & 7 == 1:
            (value,), at = struct.unpack("<d", message[at : at + 8]), at + 8
        elif key & 7 == 5:
            (value,), at = struct.unpack("<f", message[at : at + 4]), at + 4
        else:
            length, at = varint(message, at)
            value, at = message[at : at + length], at + length
        yield key >> 3, value


def varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = message[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def test_it_writes_every_number_under_its_step() -> None:
    first, *others = [dict(fields(record)) for record in records(encode(EVENTS))]
    assert first[3] == b"brain.Event:2"
    assert [event[2] for event in others] == [0, 300, 300]
    assert others[1][1] == 1795341602.5
    seen = []
    for event in others:
        values = [dict(fields(value)) for number, value in fields(event[5]) if number == 1]
        seen.append({value[1].decode(): value[2] for value in values})
    assert seen == [
        {"eval/loss": 2.5},
        {"train/loss": 1.5, "train/rewards/margins": 0.25},
        {"eval/rewards/accuracies": 0.75},
    ]


def test_it_computes_the_checksum_that_the_format_asks_for() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # the published check value of CRC-32C
    assert crc32c(b"") == 0


def test_it_writes_nothing_where_nothing_was_measured() -> None:
    assert encode(EVENTS[:1]) == encode([]) == b""


def test_it_names_the_file_as_tensorboard_looks_for_it() -> None:
    assert file_name(EVENTS) == "events.out.tfevents.1795341601.preceptor"
