"""The supply-chain rules and the opaque carriers, through the real analyzer."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, UNKNOWN, Given, secret

DIGEST = "registry.internal/serve@sha256:" + "a" * 64
SECRET_WORD = "hunter2-hunter2-hunter2"
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
REGISTRIES = {**CONTRACT, "registries": ["registry.internal", "ghcr.io/acme"]}


def pod(kind: str, spec: dict[str, Any], group: str = "apps/v1") -> Given:
    wrapped = {
        "Pod": {"spec": spec},
        "CronJob": {"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}},
    }.get(kind, {"spec": {"template": {"spec": spec}}})
    return Given(f"kubernetes:{group}:{kind}", wrapped, provider_name="dc-frankfurt")


def release(values: Any) -> Given:
    return Given("kubernetes:helm.sh/v3:Release", {"chart": "x", "values": values}, provider_name="dc-frankfurt")


@pytest.mark.parametrize(
    ("given", "bad"),
    [
        (pod("Deployment", {"containers": [{"image": DIGEST}]}), []),
        (pod("Deployment", {"containers": [{"image": "nginx"}]}), ["spec.template.spec.containers[0].image"]),
        (pod("Pod", {"containers": [{"image": "registry.internal/x:1"}]}, "core/v1"), ["spec.containers[0].image"]),
        (
            pod("CronJob", {"initContainers": [{"image": "x:1"}], "containers": [{"image": DIGEST}]}, "batch/v1"),
            ["initContainers"],
        ),
        (pod("Pod", {"ephemeralContainers": [{"image": "x:1"}]}, "core/v1"), ["ephemeralContainers"]),
        (pod("Pod", {"containers": [{"image": UNKNOWN}]}, "core/v1"), ["not proven: the image"]),
        (pod("Pod", {"containers": UNKNOWN}, "core/v1"), ["not proven: the image"]),
        (pod("Pod", {"volumes": [{"image": {"reference": "models/x:1"}}]}, "core/v1"), ["volumes[0].image.reference"]),
        (
            Given(
                "kubernetes:serving.kserve.io/v1beta1:InferenceService",
                {"spec": {"predictor": {"containers": [{"image": "a/b:1"}]}}},
            ),
            ["predictor"],
        ),
        (
            Given(
                "kubernetes:metal3.io/v1alpha1:BareMetalHost",
                {"spec": {"image": {"url": "http://x/y.raw"}, "online": True}},
            ),
            [],
        ),
        (Given("kubernetes:metal3.io/v1alpha1:BareMetalHost", {"spec": {"image": "http://x/y.raw"}}), []),
        (release({"image": {"repository": "registry.internal/x", "tag": "1"}}), ["values.image.repository"]),
        (release({"image": {"repository": "registry.internal/x", "digest": "sha256:" + "a" * 64}}), []),
        (release({"chart": {"repository": "https://charts.example"}, "imagePullPolicy": "Always"}), []),
    ],
)
def test_images_are_named_by_digest(ask: Ask, given: Given, bad: list[str]) -> None:
    said = ask("supply-chain-image-digest", given)
    assert len(said) == len(bad)
    assert all(words in each.message and each.level == "mandatory" for words, each in zip(bad, said, strict=True))


def test_what_an_operator_composes_is_only_advised_in_an_allowed_registry(ask: Ask) -> None:
    control_plane = "kubernetes:controlplane.cluster.x-k8s.io/v1beta2:K0smotronControlPlane"
    for image, level in (("registry.internal/k0s/k0s", "advisory"), ("quay.io/k0s/k0s", "mandatory")):
        [said] = ask("supply-chain-image-digest", Given(control_plane, {"spec": {"image": image}}), contract=REGISTRIES)
        assert said.level == level


def test_flux_releases_are_read_like_helm_s(ask: Ask) -> None:
    inputs = {"spec": {"values": {"image": {"repository": "quay.io/x/y", "tag": "1"}, "adminPassword": SECRET_WORD}}}
    given = Given("kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease", inputs)
    [said] = ask("supply-chain-image-registry", given, contract=REGISTRIES)
    assert "spec.values.image.repository" in said.message
    [said] = ask("supply-chain-plaintext-secret", given)
    assert "spec.values.adminPassword" in said.message and SECRET_WORD not in said.message


@pytest.mark.parametrize(
    ("image", "refused"),
    [
        (DIGEST, False),
        ("ghcr.io/acme/x:1", False),
        ("ghcr.io/other/x:1", True),
        ("nginx", True),
        ("registry.internal.evil.io/x", True),
    ],
)
def test_images_come_from_allowed_registries(ask: Ask, image: str, refused: bool) -> None:
    given = pod("Deployment", {"containers": [{"image": image}]})
    said = ask("supply-chain-image-registry", given, contract=REGISTRIES)
    assert [each.level for each in said] == (["mandatory"] if refused else [])
    assert ask("supply-chain-image-registry", given) == []


def env(name: str, value: Any) -> Given:
    return pod("Pod", {"containers": [{"env": [{"name": name, "value": value}]}]}, "core/v1")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (env("DB_PASSWORD", SECRET_WORD), "DB_PASSWORD"),
        (env("NOTE", AWS_KEY), "env[0].value"),
        (Given("kubernetes:core/v1:ConfigMap", {"data": {"apiKey": SECRET_WORD}}), "data.apiKey"),
        (Given("kubernetes:core/v1:ConfigMap", {"data": {"x": "-----BEGIN RSA PRIVATE KEY-----\nabc"}}), "data.x"),
        (Given("kubernetes:core/v1:ConfigMap", {"data": {"url": f"postgres://u:{SECRET_WORD}@db/x"}}), "data.url"),
        (Given("kubernetes:core/v1:Secret", {"stringData": {"k": SECRET_WORD}}), "stringData.k"),
        (Given("aws:ec2/instance:Instance", {"userData": f"export K={AWS_KEY}"}), "userData"),
        (
            Given("aws:ec2/launchTemplate:LaunchTemplate", {"userData": base64.b64encode(AWS_KEY.encode()).decode()}),
            "userData",
        ),
        (Given("aws:rds/instance:Instance", {"password": SECRET_WORD}), "password"),
        (release({"grafana": {"adminPassword": SECRET_WORD}}), "values.grafana.adminPassword"),
    ],
)
def test_plain_secrets_are_refused_and_never_shown(ask: Ask, given: Given, path: str) -> None:
    said = ask("supply-chain-plaintext-secret", given)
    assert said and {each.level for each in said} == {"mandatory"}
    assert path in said[0].message
    assert not any(SECRET_WORD in each.message or AWS_KEY in each.message for each in said)


@pytest.mark.parametrize(
    "given",
    [
        env("DB_PASSWORD", secret(SECRET_WORD)),
        env("DB_PASSWORD", UNKNOWN),
        env("DB_PASSWORD", ""),
        env("DB_PASSWORD_FILE", "/run/secrets/db"),
        env("TOKEN_ENDPOINT", "https://sso/token"),
        env("DB_PASSWORD", "$(FROM_SECRET)"),
        Given("kubernetes:core/v1:Secret", {"stringData": {"k": secret(SECRET_WORD)}}),
        Given("kubernetes:core/v1:Secret", {"stringData": secret({"k": SECRET_WORD})}),
        Given("kubernetes:core/v1:Secret", {"data": {"k": UNKNOWN}}),
        Given("kubernetes:core/v1:ConfigMap", {"data": {"existingSecret": "db", "passwordKey": "x", "k": "v"}}),
        release({"auth": {"existingSecret": "db", "passwordSecretKey": "p"}, "adminPassword": secret("x" * 20)}),
        Given("aws:rds/instance:Instance", {"password": secret(SECRET_WORD)}),
    ],
)
def test_sealed_and_referenced_secrets_are_let_through(ask: Ask, given: Given) -> None:
    assert ask("supply-chain-plaintext-secret", given) == []


def test_a_secret_value_is_blotted_out_of_every_message(ask: Ask, driver: Any) -> None:
    given = Given(
        "aws:s3/bucket:Bucket", {"tags": {"data-class": "patient"}, "region": secret("us-secretive-9")}, name="b"
    )
    driver.configure(CONTRACT)
    said = driver.analyze(given)
    assert said and not any("us-secretive-9" in each.message for each in said)


@pytest.mark.parametrize(
    ("rule", "given", "count"),
    [
        ("residency-opaque", Given("aws:cloudformation/stack:Stack", {"templateBody": "{}"}), 1),
        ("residency-opaque", Given("command:local:Command", {"create": "x"}), 1),
        ("residency-opaque", Given("azure-native_resources_v20240101:resources:Deployment", {}), 1),
        ("residency-opaque", Given("kubernetes:s3.services.k8s.aws/v1alpha1:Bucket", {"spec": {"name": "x"}}), 1),
        (
            "residency-opaque",
            Given("kubernetes:s3.services.k8s.aws/v1alpha1:Bucket", {"spec": {"region": "eu-central-1"}}),
            0,
        ),
        ("residency-opaque", Given("aws:s3/bucket:Bucket", {}), 0),
        ("residency-unknown-package", Given("snowflake:index/database:Database", {}), 1),
        ("residency-unknown-package", Given("random:index/randomPet:RandomPet", {}), 0),
        ("residency-unknown-package", Given("acme:index:Thing", {}, provider=None), 0),
    ],
)
def test_what_cannot_be_seen_is_not_proven(ask: Ask, rule: str, given: Given, count: int) -> None:
    said = ask(rule, given)
    assert [("not proven: " in each.message, each.level) for each in said] == [(True, "mandatory")] * count


def test_an_operator_s_object_abroad_is_refused(ask: Ask) -> None:
    given = Given("kubernetes:s3.services.k8s.aws/v1alpha1:Bucket", {"spec": {"region": "us-east-1"}})
    assert all("would rest in US" in each.message for each in ask("residency-opaque", given))


def test_a_trusted_package_is_let_through(ask: Ask) -> None:
    given = Given("snowflake:index/database:Database", {})
    assert ask("residency-unknown-package", given, contract={**CONTRACT, "trustedPackages": ["snowflake"]}) == []
