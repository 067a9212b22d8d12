"""The file of the table: a head that names the sections, then the sections, each on a multiple of 8 bytes."""

from __future__ import annotations

import json
import sys
from array import array
from pathlib import Path
from typing import Dict, Sequence

MAGIC = b"BUSYGEO1"
ALIGNMENT = 8


def write(file: Path, sections: Dict[str, bytes], about: Dict[str, object]) -> None:
    """Magic, length of the head (8 bytes), head (JSON: about, and name -> [offset behind the head, length]), sections."""
    places: Dict[str, Sequence[int]] = {}
    offset = 0
    for name in sorted(sections):
        places[name] = [offset, len(sections[name])]
        offset += -(-len(sections[name]) // ALIGNMENT) * ALIGNMENT
    head = json.dumps({**about, "sections": places}, sort_keys=True).encode()
    head += b" " * (-len(head) % ALIGNMENT)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(MAGIC + len(head).to_bytes(8, "little") + head)
        for name in sorted(sections):
            stream.write(sections[name] + bytes(-len(sections[name]) % ALIGNMENT))


def strings(name: str, texts: Sequence[str]) -> Dict[str, bytes]:
    """Two sections: the texts end to end in UTF-8, and where each begins (one more than there are texts)."""
    begins, blob = array("I", [0]), bytearray()
    for text in texts:
        blob += text.encode()
        begins.append(len(blob))
    return {f"{name}.begin": little_endian(begins), f"{name}.text": bytes(blob)}


def little_endian(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()
