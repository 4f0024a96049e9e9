"""`export` and `carry-in` used wrongly: said in a second, with exit code 2, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.airgap import keys
from ringfence.cli import export as command
from ringfence.cli.carry_in import carry_in
from ringfence.errors import UsageError


@pytest.mark.parametrize(
    ("text", "names"),
    [("", set()), ("images", {"images"}), ("images, charts,weights", {"images", "charts", "weights"})],
)
def test_parts_by_comma(text: str, names: set[str]) -> None:
    assert command._parts(text) == names


def test_an_unknown_part_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"--without imges: there are images, charts, weights, wheels, engine"):
        command._parts("imges")


@pytest.mark.parametrize("text", ["name", "name=", "=reason", "name= "])
def test_a_waiver_without_a_reason_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="NAME=REASON"):
        list(command._pairs([text], "--waive NAME=REASON"))
    assert list(command._pairs(["a/b:1=we build it there"], "x")) == [("a/b:1", "we build it there")]


def test_a_receipt_as_base_needs_a_key_to_trust(tmp_path: Path) -> None:
    (tmp_path / "receipt.json").write_text("{}")
    with pytest.raises(UsageError, match=r"--trust FILE\.pub"):
        command._base(tmp_path / "receipt.json", [], [])
    with pytest.raises(UsageError, match="cannot be read"):
        command._base(tmp_path / "nothing", [], [])


def test_carry_in_takes_a_bundle_or_a_name_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--rollback NAME"):
        carry_in(into=tmp_path / "site")
    with pytest.raises(UsageError, match="--rollback NAME"):
        carry_in(into=tmp_path / "site", bundle=[tmp_path / "x.tar"], rollback="dev")


def test_a_key_on_the_command_line_is_refused(tmp_path: Path) -> None:
    keys.keygen(tmp_path / "key")
    with pytest.raises(UsageError, match="does not belong on the command line"):
        keys.load_signer((tmp_path / "key").read_text())
