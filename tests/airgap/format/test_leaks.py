"""Nothing that looks like a secret, or is one of the stack's, leaves in a bundle; and what is none does not stop it."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import sys
import tarfile
import zipfile
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.airgap.leaks import LeakWatch
from ringfence.airgap.leaks.shapes import SHAPES
from ringfence.airgap.refusals import Leak
from tests.support.engine import REPOSITORY

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NOISE = random.Random(1).randbytes(150_000)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def made_up(length: int, signs: str = LETTERS) -> str:
    """A token's tail. Made when the test runs, so that no file of ours holds anything shaped like a secret."""
    return "".join(random.Random(length).choices(signs, k=length))


def private_key(kind: str = "PKCS8") -> str:
    """A private key in PEM."""
    private = ec.generate_private_key(ec.SECP256R1())
    written = serialization.PrivateFormat.PKCS8 if kind == "PKCS8" else serialization.PrivateFormat.OpenSSH
    return private.private_bytes(serialization.Encoding.PEM, written, serialization.NoEncryption()).decode()


KEY = private_key()
SAMPLES = {
    "private key": [KEY, private_key("ssh"), json.dumps({"private_key": KEY}), KEY.replace("\n", "\r\n")],
    "age key": ["AGE-SECRET-KEY-1" + made_up(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")],
    "minisign secret key": ["untrusted comment: minisign encrypted secret key\nRW" + made_up(120)],
    "AWS access key": ["key = AKIA" + made_up(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")],
    "AWS secret key": [f"aws_secret_access_key = {made_up(40)}", json.dumps({"secretAccessKey": made_up(40)})],
    "Google API key": ["AIza" + made_up(35)],
    "Google OAuth secret": ["GOCSPX-" + made_up(28)],
    "Azure key": [f"DefaultEndpointsProtocol=https;AccountKey={made_up(86)}=="],
    "Azure client secret": [f"secret: {made_up(3)}8Q~{made_up(34)}"],
    "GitHub token": ["ghp_" + made_up(36), f"github_pat_{made_up(22)}_{made_up(59)}"],
    "GitLab token": ["glpat-" + made_up(20)],
    "Slack token": ["xoxb-" + made_up(12, "0123456789") + "-" + made_up(24)],
    "Pulumi token": ["pul-" + made_up(40, "0123456789abcdef")],
    "Hugging Face token": ["hf_" + made_up(34)],
    "OpenAI or Anthropic key": ["sk-proj-" + made_up(60), "sk-ant-api03-" + made_up(80), "sk-" + made_up(48)],
    "NVIDIA key": ["nvapi-" + made_up(64)],
    "Docker Hub token": ["dckr_pat_" + made_up(27)],
    "npm token": ["npm_" + made_up(36)],
    "PyPI token": ["pypi-AgEI" + made_up(90)],
    "Stripe key": ["sk_live_" + made_up(24)],
    "Vault token": ["hvs." + made_up(24)],
    "SendGrid key": [f"SG.{made_up(22)}.{made_up(43)}"],
    "JSON Web Token": [f"eyJ{made_up(30)}.eyJ{made_up(300)}.{made_up(43)}"],
    "password in a URL": ["postgres://app:hunter2x@db.internal:5432/x", "https://bot:s3cr3t%21@git.example.org/r.git"],
    "registry password": [json.dumps({"auths": {"nvcr.io": {"auth": base64.b64encode(b"$oauthtoken:abc").decode()}}})],
    "kubeconfig client key": [f"    client-key-data: {made_up(64)}", json.dumps({"client-key-data": made_up(64)})],
    "kubeconfig token or password": [
        f"users:\n- name: admin\n  user:\n    token: {made_up(24)}",
        json.dumps({"user": {"password": made_up(16)}}),
    ],
    "authorization header": [f"Authorization: Bearer {made_up(30)}"],
    "Pulumi ciphertext": [
        f'"ciphertext":"v1:{made_up(16)}:{made_up(40)}"',
        f"encryptionsalt: v1:{made_up(11)}=:v1:{made_up(16)}:{made_up(24)}==",
    ],
}  # fmt: skip


def found(data: bytes, secrets: Mapping[str, str | bytes] | None = None, chunk: int = 1 << 20) -> list[str]:
    """What is found in a member: its names without the member's."""
    watch = LeakWatch(secrets)
    watch.begin("m")
    for at in range(0, len(data), chunk):
        watch.see(data[at : at + chunk])
    try:
        watch.verdict()
    except Leak as leak:
        assert all(str(each) in str(leak) for each in watch.findings)
    return [each.name.removeprefix("m") for each in watch.findings]


def tarred(files: Mapping[str, bytes]) -> bytes:
    """A tar."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip, as a wheel is one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_every_shape_has_a_sample() -> None:
    assert {shape.name for shape in SHAPES} == set(SAMPLES)


@pytest.mark.parametrize(("shape", "sample"), [(name, text) for name, all_ in SAMPLES.items() for text in all_])
def test_a_shape_is_found_plain_and_in_base64(shape: str, sample: str) -> None:
    data = sample.encode()
    assert f": {shape}" in found(b"before\n" + data + b"\nafter")
    assert f": {shape}" in found(NOISE[:70_001] + b"\n" + data + b"\n" + NOISE[70_001:], chunk=70_010)
    assert f": {shape}, in base64" in found(b"x: " + base64.b64encode(data) + b"\n")
    assert f": {shape}, in base64" in found(base64.encodebytes(b"apiVersion: v1\n" + data + b"\n"))


SKIPPED = b"\x52\x2a\x4d\x18\x04\0\0\0" + b"meta"
"""A frame of zstd's that is passed over (RFC 8878, 3.1.2), as estargz and zstd:chunked put them into layers."""
ARCHIVES = {
    "tar": (lambda data: tarred({"a": NOISE, "root/.ssh/id": data}), "!root/.ssh/id"),
    "tar.gz": (lambda data: gzip.compress(tarred({"a": NOISE, "root/.ssh/id": data})), "!root/.ssh/id"),
    "tar.bz2": (lambda data: bz2.compress(tarred({"id": data})), "!id"),
    "tar.xz": (lambda data: lzma.compress(tarred({"id": data})), "!id"),
    "tar.zst": (lambda data: zstd.compress(tarred({"a": NOISE, "id": data})), "!id"),
    "two zst": (lambda data: zstd.compress(NOISE) + SKIPPED + zstd.compress(data), ""),
    "zst that is skipped first": (lambda data: SKIPPED + zstd.compress(data), ""),
    "gz": (lambda data: gzip.compress(NOISE + data), ""),
    "two gz": (lambda data: gzip.compress(NOISE) + gzip.compress(data), ""),
    "zip": (lambda data: zipped({"a": NOISE, "pkg/id": data}), "!pkg/id"),
    "wheel in tar.gz": (lambda data: gzip.compress(tarred({"x.whl": zipped({"pkg/id": data})})), "!x.whl!pkg/id"),
    "layer in image": (lambda data: tarred({"layer": gzip.compress(tarred({"etc/id": data}))}), "!layer!etc/id"),
    "tar.gz in zip": (lambda data: zipped({"l.tgz": gzip.compress(tarred({"id": data}))}, 0), "!l.tgz!id"),
}


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("chunk", [1 << 20, 5001])
def test_archives_are_looked_into(kind: str, chunk: int) -> None:
    pack, inside = ARCHIVES[kind]
    assert f"{inside}: private key" in found(pack(KEY.encode()), chunk=chunk)
    assert found(pack(b"nothing here"), chunk=chunk) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gzip.compress(NOISE)[:-20], "it ends early"),
        (gzip.compress(NOISE) + b"rubbish" * 100, "it is damaged, or something else follows it"),
        (b"\x28\xb5\x2f\xfd" + NOISE, "it is damaged, or something else follows it"),
        (zstd.compress(NOISE)[:-20], "it ends early"),
        (tarred({"a": NOISE})[:50_000], "it ends early"),
    ],
)
def test_what_cannot_be_looked_into_is_said(data: bytes, why: str) -> None:
    assert found(data) == [f": cannot be looked into: {why}"]


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.airgap.leaks.unpacking.LARGEST_FREE", 1 << 20)
    assert found(gzip.compress(bytes(40 << 20), 9)) == [
        ": cannot be looked into: it unpacks to more than 250 times its size"
    ]


SECRETS = {"db": "correct-horse-9", "ünïcode": 'pä"ss\\wörd', "token": b"\x00\x01\xfe\xff\x80binary\x07"}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "spell",
    [
        lambda data: data,
        lambda data: b"key: " + base64.b64encode(data),
        lambda data: base64.b64encode(b"a" + data + b"zz"),
        lambda data: base64.b64encode(b"bb" + data + b"z"),
        lambda data: base64.urlsafe_b64encode(b"bbb" + data),
        lambda data: data.hex().encode(),
        lambda data: base64.b64encode(b"kind: Config\npassword: " + base64.b64encode(data) + b"\n"),
        lambda data: NOISE[:99_990] + data + NOISE[99_990:],
        lambda data: gzip.compress(tarred({"values.yaml": NOISE[:5000] + data})),
    ],
)
def test_a_given_secret_is_found_in_every_spelling(name: str, spell) -> None:
    value = SECRETS[name]
    data = value if isinstance(value, bytes) else value.encode()
    hits = found(spell(data), SECRETS, chunk=50_000)
    assert any(f"the secret {name!r}" in hit for hit in hits)
    assert not any(str(value) in hit for hit in hits), "a finding never repeats the secret"


def test_a_given_secret_in_json_and_in_a_url() -> None:
    for text in (json.dumps({"p": SECRETS["ünïcode"]}), "amqp://u:p%C3%A4%22ss%5Cw%C3%B6rd@h"):
        assert any("ünïcode" in hit for hit in found(text.encode(), SECRETS))


def test_secrets_too_short_to_look_for_are_named() -> None:
    assert LeakWatch({"pin": "1234", "long": "12345678"}).given.too_short == ("pin",)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400_000), st.integers(4_000, 200_000))
def test_a_secret_is_found_wherever_it_lies(at: int, chunk: int) -> None:
    """On and around the borders of chunks, in binary data and in text."""
    for filler in (NOISE * 3, b"all work and no play makes jack a dull boy. " * 10_000):
        data = filler[:at] + b"\nAKIA" + made_up(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").encode() + b"\n" + filler[at:]
        assert found(data, chunk=chunk) == [": AWS access key"]


@pytest.mark.parametrize(
    "text",
    [
        "if '-----BEGIN PRIVATE KEY-----' in text: raise ValueError  # the name of the format, without key material",
        "https://user:password@example.org and https://${USER}:${PASSWORD}@host and http://localhost:8080/@scope/pkg",
        "AKIAIOSFODNN7EXAMPLE",
        KEY.replace("PRIVATE", "PUBLIC"),
        "sha256:" + "ab" * 32,
        "ringfence-slot:database-password",
        "client-key-data: ringfence-slot:admin-key",
        "Authorization: Bearer $TOKEN",
        "",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert found(text.encode()) == []


def test_our_own_program_and_documents_may_leave() -> None:
    """What a bundle carries of this repository holds nothing that stops it."""
    watch = LeakWatch()
    for folder in ("ringfence", "components", "policy", "stacks", "docs"):
        for file in sorted((REPOSITORY / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                watch.begin(file.relative_to(REPOSITORY).as_posix())
                watch.see(file.read_bytes())
    watch.verdict()
