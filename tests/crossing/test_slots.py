"""Secrets out of a state and in again; and the values that fill them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ringfence.crossing import given, program, reading, slots
from ringfence.crossing.canonical import SECRET, SIGNATURE
from ringfence.errors import RingfenceError, UsageError

URN = "urn:pulumi:dev::shop::kubernetes:core/v1:Secret::login"


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "plaintext": json.dumps(value)}


def export(inputs: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    resource = {
        "urn": URN,
        "type": "kubernetes:core/v1:Secret",
        "custom": True,
        "inputs": inputs,
        "outputs": outputs or {},
    }
    return {"version": 3, "deployment": {"secrets_providers": {"state": {"salt": "low"}}, "resources": [resource]}}


FRESH = {
    "deployment": {"manifest": {"magic": "m"}, "secrets_providers": {"type": "passphrase", "state": {"salt": "high"}}}
}


def test_equal_values_share_a_slot_and_nothing_secret_is_left() -> None:
    emptied = slots.empty(export({"data": {"a": secret("x"), "b": secret("y")}}, {"data": {"a": secret("x")}}))
    assert emptied.slots == {
        "Secret/login/inputs.data.a": [f"{URN} inputs.data.a", f"{URN} outputs.data.a"],
        "Secret/login/inputs.data.b": [f"{URN} inputs.data.b"],
    }
    text = json.dumps(emptied.state)
    assert '"x"' not in text and "salt" not in text and SIGNATURE not in text
    assert emptied.values == {"Secret/login/inputs.data.a": "x", "Secret/login/inputs.data.b": "y"}


def test_the_order_in_which_an_engine_found_things_makes_no_other_bytes() -> None:
    def one(name: str, *needs: str) -> dict[str, Any]:
        return {"urn": name, "type": "t", "inputs": {}, "outputs": {}, "dependencies": list(needs)}

    there = {"deployment": {"resources": [one("b"), one("c", "b"), one("a", "b", "c"), one("d", "a")]}}
    back = {"deployment": {"resources": [one("b"), one("c", "b"), one("a", "c", "b"), one("d", "a")]}}
    assert slots.empty(there).state == slots.empty(back).state
    assert [each["urn"] for each in slots.empty(there).state["deployment"]["resources"]] == ["b", "c", "a", "d"]


def test_filled_it_is_the_state_it_was_with_the_other_sides_provider() -> None:
    before = export({"data": [secret({"deep": 1}), "plain"]})
    emptied = slots.empty(before)
    filled = slots.fill(emptied.state, emptied.values, FRESH)
    assert filled["deployment"]["resources"] == before["deployment"]["resources"]
    assert filled["deployment"]["secrets_providers"]["state"]["salt"] == "high"
    assert reading.state_digest(slots.secret_places(emptied.state)) == reading.state_digest(before)


def test_labels_that_a_provider_marks_as_secret_are_none_and_need_no_slot() -> None:
    before = export({"labels": {"team": "a"}}, {"effectiveLabels": secret({"team": "a"}), "key": secret("x")})
    [bucket] = before["deployment"]["resources"]
    bucket["type"] = "gcp:storage/bucket:Bucket"
    emptied = slots.empty(before)
    assert list(emptied.values.values()) == ["x"]
    assert slots.fill(emptied.state, emptied.values, FRESH)["deployment"]["resources"] == [bucket]
    assert reading.state_digest(slots.secret_places(emptied.state)) == reading.state_digest(before)
    bucket["type"] = "acme:storage/bucket:Bucket"
    assert {"team": "a"} in slots.empty(before).values.values(), "of anybody else they are secrets"


def test_every_missing_value_is_named() -> None:
    emptied = slots.empty(export({"a": secret("x"), "b": secret("y"), "c": secret("z")}))
    with pytest.raises(RingfenceError, match=r"(?s)2 slots have no value.*inputs\.a.*inputs\.c"):
        slots.fill(emptied.state, {"Secret/login/inputs.b": "y"}, FRESH)


def test_a_secret_that_decrypts_to_nothing_or_not_at_all_stops_the_export() -> None:
    with pytest.raises(RingfenceError, match="decrypts to nothing"):
        slots.empty(export({"a": secret(None)}))
    with pytest.raises(RingfenceError, match="was not decrypted"):
        slots.empty(export({"a": {SIGNATURE: SECRET, "ciphertext": "v1:a:b"}}))


def test_a_stack_file_crosses_without_its_secrets() -> None:
    text = (
        "encryptionsalt: v1:abc=:v1:def\n# a comment stays\nconfig:\n  shop:size: 3\n  shop:token:\n"
        "    secure: v1:aaa:bbb\n"
        "  shop:deep:\n    users:\n      - name: x\n        password:\n          secure: v1:ccc:ddd\n"
    )
    emptied, found = program.without_secrets(text)
    assert list(found) == ["config/shop:token", "config/shop:deep.users[0].password"]
    assert "v1:" not in emptied and "# a comment stays" in emptied and "shop:size: 3" in emptied
    assert "secure: ringfence-slot:config/shop:token" in emptied


def test_secrets_that_stand_in_one_line_are_refused_rather_than_missed() -> None:
    with pytest.raises(RingfenceError, match="on a line of their own"):
        program.without_secrets("config: {shop:a: {secure: v1:x:y}}\n")


def test_values_come_from_a_private_file_or_a_private_folder(tmp_path: Path) -> None:
    file = tmp_path / "slots.yaml"
    file.write_text("a/b: one\nc: {d: two}\n")
    file.chmod(0o600)
    assert given.chosen(given.read(file), ["a/b", "c"]) == {"a/b": "one", "c": {"d": "two"}}
    folder = tmp_path / "slots"
    folder.mkdir()
    (folder / "a%2Fb").write_text("one\n")
    (folder / "a%2Fb").chmod(0o600)
    assert given.chosen(given.read(folder), ["a/b"]) == {"a/b": "one"}
    assert given.read(None) == {}


@pytest.mark.parametrize("mode", [stat.S_IRGRP, stat.S_IROTH])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "slots.yaml"
    file.write_text("a: b\n")
    file.chmod(0o600 | mode)
    with pytest.raises(UsageError, match="chmod 600"):
        given.read(file)


@pytest.mark.parametrize("text", ["- a list", "a: [", "\x00"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "slots.yaml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UsageError):
        given.read(file)
