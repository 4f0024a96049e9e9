"""The random package, really computed: the same resource with the same arguments always gets the same values.

Owns the drawing. A real provider draws from the machine's entropy; here the source is a hash of the URN and the
arguments, keepers included, so that a changed keeper gives a new value. Values made here must never guard anything
real. Source of the character sets and argument meanings: Terraform registry, random provider.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable
from typing import Any

from ringfence.engine.providers.check import Failure
from ringfence.engine.providers.families.base import Family, Path, Resource
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.wire import UNKNOWN, Secret

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_ADJECTIVES = [
    "able",
    "calm",
    "brave",
    "clear",
    "eager",
    "fair",
    "gentle",
    "honest",
    "kind",
    "lucky",
    "merry",
    "neat",
    "proud",
    "quiet",
    "swift",
    "warm",
    "wise",
    "young",
]
_ADVERBS = [
    "boldly",
    "calmly",
    "deeply",
    "fairly",
    "gladly",
    "kindly",
    "neatly",
    "openly",
    "quietly",
    "swiftly",
    "warmly",
    "wisely",
]
_PETS = [
    "badger",
    "beetle",
    "crane",
    "dolphin",
    "falcon",
    "ferret",
    "gecko",
    "heron",
    "ibex",
    "lynx",
    "marten",
    "otter",
    "owl",
    "puffin",
    "raven",
    "seal",
    "tern",
    "wren",
]


class Random(Family):
    """The random package. Everything it makes is replaced when an argument changes."""

    def computed(self, resource: Resource) -> dict[Path, Any]:
        """Values are drawn on `up`, as by the real provider."""
        shape = resource.shape
        if shape is None:
            return {}
        return {(name,): UNKNOWN for name in shape.outputs.properties if name not in resource.inputs}

    def identify(self, resource: Resource, secret: frozenset[str]) -> str:
        return _made(resource)[0]

    def outputs(self, resource: Resource, id: str) -> dict[Path, Any]:
        shape = resource.shape
        made = _made(resource)[1]
        defaults = {"lower": True, "upper": True, "numeric": True, "number": True, "special": True, "separator": "-"}
        if shape is None:
            return {}
        added: dict[Path, Any] = {}
        for name in shape.outputs.properties:
            if name in resource.inputs:
                continue
            value = made.get(name, 0 if name.startswith("min") else defaults.get(name))
            if value is not None:
                added[name,] = Secret(value) if name in shape.secrets else value
        return added

    def found(self, resource: Resource, id: str) -> tuple[dict[str, Any], dict[Path, Any]]:
        """An imported value is its own id."""
        key = "hex" if resource.token.endswith(":RandomId") else "result"
        outputs: dict[Path, Any] = {(key,): id}
        inputs = {"length": len(id)} if "length" in (resource.shape.inputs.properties if resource.shape else {}) else {}
        return inputs, outputs

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        return [Failure("", f"the random package has no function {token}")]


def _made(resource: Resource) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a resource."""
    kind = resource.token.rsplit(":", 1)[-1]
    seed = f"{resource.urn}\x1f{json.dumps(resource.inputs, sort_keys=True, default=str)}"
    return _MAKERS[kind](random.Random(hashlib.sha256(seed.encode()).digest()), resource.inputs)


def _text(source: random.Random, inputs: dict[str, Any]) -> str:
    special = inputs.get("overrideSpecial") or SPECIAL
    sets = (
        ("lower", "minLower", string.ascii_lowercase),
        ("upper", "minUpper", string.ascii_uppercase),
        ("numeric", "minNumeric", string.digits),
        ("special", "minSpecial", special),
    )
    allowed = ""
    drawn: list[str] = []
    for flag, least, letters in sets:
        if inputs.get(flag, inputs.get("number", True) if flag == "numeric" else True):
            allowed += letters
            drawn += source.choices(letters, k=int(inputs.get(least, 0)))
    drawn += source.choices(allowed or string.ascii_lowercase, k=max(0, int(inputs["length"]) - len(drawn)))
    source.shuffle(drawn)
    return "".join(drawn)


def _string(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    text = _text(source, inputs)
    return text, {"result": text}


def _password(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    text = _text(source, inputs)
    salt = base64.b64encode(source.randbytes(16), altchars=b"./").decode()[:22]
    digest = base64.b64encode(hashlib.sha256((salt + text).encode()).digest(), altchars=b"./").decode()[:31]
    return "none", {"result": text, "bcryptHash": f"$2a$10${salt}{digest}"}


def _bytes(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    drawn = source.randbytes(int(inputs["length"]))
    return "none", {"base64": base64.b64encode(drawn).decode(), "hex": drawn.hex()}


def _id(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    drawn = source.randbytes(int(inputs["byteLength"]))
    prefix = inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    return url, {
        "hex": prefix + drawn.hex(),
        "dec": f"{prefix}{int.from_bytes(drawn, 'big')}",
        "b64Url": prefix + url,
        "b64Std": prefix + base64.b64encode(drawn).decode(),
    }


def _integer(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    number = source.randint(int(inputs["min"]), int(inputs["max"]))
    return str(number), {"result": number}


def _pet(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    length = int(inputs.get("length", 2))
    words = [source.choice(_PETS)]
    if length > 1:
        words.insert(0, source.choice(_ADJECTIVES))
    words = source.choices(_ADVERBS, k=max(0, length - 2)) + words
    prefix = [inputs["prefix"]] if inputs.get("prefix") else []
    return str(inputs.get("separator", "-")).join(prefix + words), {"length": length}


def _shuffle(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    items = list(inputs["inputs"])
    wanted = int(inputs.get("resultCount", len(items)))
    result: list[Any] = []
    while items and len(result) < wanted:
        source.shuffle(items)
        result += items
    return "-", {"results": result[:wanted]}


def _uuid(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    text = str(uuid.UUID(bytes=source.randbytes(16), version=4))
    return text, {"result": text}


def _uuid7(source: random.Random, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    drawn = int.from_bytes(source.randbytes(16), "big")
    drawn = (drawn & ~(0xF << 76) & ~(0x3 << 62)) | (0x7 << 76) | (0x2 << 62)
    text = str(uuid.UUID(int=drawn))
    return text, {"result": text, "timestamp": "2000-01-01T00:00:00Z"}


_MAKERS: dict[str, Callable[[random.Random, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "RandomString": _string,
    "RandomPassword": _password,
    "RandomBytes": _bytes,
    "RandomId": _id,
    "RandomInteger": _integer,
    "RandomPet": _pet,
    "RandomShuffle": _shuffle,
    "RandomUuid": _uuid,
    "RandomUuid4": _uuid,
    "RandomUuid7": _uuid7,
}
