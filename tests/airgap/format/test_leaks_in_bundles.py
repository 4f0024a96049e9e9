"""A bundle with a secret is not made, whether it is built at once, gone on with, or was built before."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml

from ringfence.airgap import building
from ringfence.airgap.contents import from_bytes
from ringfence.airgap.leaks import LeakWatch
from ringfence.airgap.manifest import Role, Waiver
from ringfence.airgap.refusals import Leak
from tests.airgap.format.test_leaks import KEY, SECRETS
from tests.support.bundles import contents, planned, sealer


def test_a_bundle_with_a_secret_is_not_kept(tmp_path: Path) -> None:
    items = [*contents(), from_bytes("state/dev.json", Role.STATE, b'{"password": "correct-horse-9"}', "the state")]
    watch = LeakWatch(SECRETS)
    with pytest.raises(Leak, match=r"state/dev\.json: the secret 'db', at byte 14") as refused:
        building.build(planned(items), items, tmp_path, [sealer()], watch=watch)
    assert "correct-horse" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_was_built_before_its_secret_was_known_is_named(tmp_path: Path) -> None:
    items = [*contents(), from_bytes("docs/a", Role.DOCS, b"p: correct-horse-9", "a page")]
    file = building.build(planned(items), items, tmp_path, [sealer()]).file
    with pytest.raises(Leak, match=rf"{file.name} was built before and holds them: destroy it"):
        building.build(planned(items), items, tmp_path, [sealer()], watch=LeakWatch(SECRETS))
    assert file.exists(), "what was built is not taken away behind anybody's back"


def test_a_secret_in_what_the_manifest_says_is_found_too(tmp_path: Path) -> None:
    items = contents()
    manifest = planned(items).model_copy(update={"facts": {"note": "correct-horse-9"}})
    with pytest.raises(Leak, match=r"bundle\.json"):
        building.build(manifest, items, tmp_path, [sealer()], watch=LeakWatch(SECRETS))


def test_a_waiver_is_by_name_and_one_for_nothing_is_said(tmp_path: Path) -> None:
    items = [*contents(), from_bytes("docs/keys.pem", Role.DOCS, KEY.encode(), "an example")]
    waivers = [Waiver(finding="docs/*: private key", reason="made up for the manual"), Waiver(finding="x", reason="y")]
    watch = LeakWatch(waivers=waivers)
    building.build(planned(items), items, tmp_path, [sealer()], watch=watch)
    assert watch.unused_waivers == ["x"]


def test_a_killed_build_is_searched_from_its_beginning_when_it_goes_on(tmp_path: Path) -> None:
    items = [*contents(), from_bytes("aaa/early", Role.DOCS, KEY.encode(), "sorted to the front")]
    whole = building.build(planned(items), items, tmp_path / "whole", [sealer()])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f".{whole.file.name}.partial").write_bytes(whole.file.read_bytes()[:60_000])
    with pytest.raises(Leak, match="aaa/early: private key"):
        building.build(planned(items), items, tmp_path / "out", [sealer()], watch=LeakWatch())


@pytest.mark.parametrize(
    ("secret", "keys"),
    [
        ({"data": {"a": "aHVudGVyMg==", "b": base64.b64encode(b"ringfence-slot:x").decode()}}, ["a"]),
        ({"stringData": {"a": "x", "b": "ringfence-slot:x", "c": "", "d": None}}, ["a"]),
        ({"data": {}, "type": "kubernetes.io/service-account-token"}, []),
        ({}, []),
    ],
)
@pytest.mark.parametrize(
    "spell", [yaml.safe_dump, json.dumps, lambda one: json.dumps({"kind": "List", "items": [one]})]
)
def test_a_value_in_a_secret_is_found_whatever_it_looks_like(tmp_path: Path, secret, keys, spell) -> None:
    one = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "prod"}, **secret}
    text = "kind: ConfigMap\ndata: {a: aHVudGVyMg==}\n---\n" + spell(one) + "\n---\n{not yaml\n"
    item = from_bytes("manifests/one/objects.yaml", Role.MANIFESTS, text.encode(), "rendered")
    watch = LeakWatch()
    try:
        building.build(planned([item]), [item], tmp_path, [sealer()], watch=watch)
    except Leak:
        assert keys
    assert [each.what for each in watch.findings] == [f"value of Secret prod/db, {key}" for key in keys]
