"""The six cases of every rule: passes, refused, unknown, by the provider's region, waived, and with an expired waiver.

Where a case cannot be, the table says why. Refuses to own the programs (cases.py) and what is asserted.
"""

from __future__ import annotations

from dataclasses import replace

from tests.policy.cases import (
    BUCKET,
    DATABASE,
    DIGEST,
    EU,
    FRA,
    KEY,
    LABELLED,
    LATE,
    MONTH,
    NAMED,
    NO_PLACE,
    OF_TYPE,
    OVERRIDDEN,
    PATIENT,
    TABLE,
    VOLUME,
    Cases,
    Program,
    acl,
    block,
    by,
    namespace,
    of,
    placed,
    pod,
    pool,
    program,
    queue,
    service,
    state,
    template,
    through,
    trust,
)
from tests.policy.harness import UNKNOWN, Given, secret

ALL: dict[str, Cases] = {
    "residency-location": by(BUCKET, PATIENT, of(BUCKET, "region", "eu-west-1", "us-east-1")),
    "residency-untagged-store": Cases(
        program(Given(BUCKET, PATIENT, provider=EU)),
        program(Given(BUCKET, {}, provider=EU)),
        "a class that is not known is named all the same: residency-location says that it is not proven",
        "it is about the class, and a provider's default tags are tried in test_location.py",
    ),
    "contract": Cases(
        program(Given(BUCKET, PATIENT, provider=EU)),
        Program((Given(BUCKET, PATIENT, provider=EU),), None),
        "a contract is text, read before anything is planned",
        NO_PLACE,
        unproven=True,
        unwaived="waivers are named in a contract, and there is none",
    ),
    "residency-replication": by(
        DATABASE,
        {**PATIENT, "replicateSourceDb": "arn:aws:rds:eu-central-1:111111111111:db:records"},
        of(TABLE, "replicas.[].regionName", "eu-west-1", "us-east-1"),
    ),
    "backup-location": by(
        TABLE,
        {**PATIENT, "restoreBackupArn": "arn:aws:dynamodb:eu-central-1:1:table/a/backup/b"},
        of(
            "aws:backup/plan:Plan",
            "rules.[].copyActions.[].destinationVaultArn",
            "arn:aws:backup:eu-west-1:1:backup-vault:x",
            "arn:aws:backup:us-west-2:1:backup-vault:x",
        ),
    ),
    "telemetry-destination": of(
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
        "destinationArn",
        "arn:aws:lambda:eu-west-1:1:function:x",
        "arn:aws:lambda:us-east-1:1:function:x",
    ),
    "routing-destination": of(
        "aws:globalaccelerator/endpointGroup:EndpointGroup", "endpointGroupRegion", "eu-west-1", "us-east-1"
    ),
    "ai-prompts": of("aws:bedrock/agentAgent:AgentAgent", "foundationModel", "eu.anthropic.x", "us.anthropic.x"),
    "ai-weights": of(
        "kubernetes:serving.kserve.io/v1beta1:InferenceService",
        "spec.predictor.model.storageUri",
        "oci://registry.internal/m:1",
        "oci://collector.us.example/m:1",
        FRA,
        metadata=LABELLED,
    ),
    "supply-chain-artefact": of(
        "aws:ecr/replicationConfiguration:ReplicationConfiguration",
        "replicationConfiguration.rules.[].destinations.[].region",
        "eu-west-1",
        "us-east-1",
    ),
    "control-plane-endpoint": Cases(
        through("aws", Given(BUCKET, PATIENT), {**EU, "httpProxy": "https://store.de.example"}),
        through("aws", Given(BUCKET, PATIENT), {**EU, "httpProxy": "https://collector.us.example"}),
        through("aws", Given(BUCKET, PATIENT), {**EU, "httpProxy": UNKNOWN}),
        "the provider's own endpoint is what the three cases before are about",
    ),
    "control-plane-rendered-yaml": Cases(
        program(
            Given("pulumi:providers:kubernetes", {"renderYamlToDirectory": "out"}, name="dc-frankfurt", provider=None)
        ),
        program(Given("pulumi:providers:kubernetes", {"renderYamlToDirectory": "out"}, provider=None)),
        program(Given("pulumi:providers:kubernetes", {"renderYamlToDirectory": UNKNOWN}, provider=None)),
        "the provider itself is what the three cases before are about",
        unproven=True,
    ),
    "control-plane-support-access": Cases(
        trust("111111111111"),
        trust("999999999999"),
        "accounts of a trust policy that is not known: it says nobody",
        NAMED,
    ),
    "residency-public-access": of(DATABASE, "publiclyAccessible", False, True),
    "residency-public-bucket": Cases(program(*block(True)), program(*block(False)), program(*block(UNKNOWN)), NO_PLACE),
    "residency-public-grant": Cases(acl("private"), acl("public-read"), OVERRIDDEN, NO_PLACE),
    "residency-public-network": of(
        "aws:ec2/securityGroup:SecurityGroup", "ingress.[].cidrBlocks.[]", "10.0.0.0/8", "0.0.0.0/0"
    ),
    "residency-public-service": Cases(service("ClusterIP"), service("LoadBalancer"), service(UNKNOWN), NO_PLACE),
    "keys-encryption": Cases(
        of(VOLUME, "kmsKeyId", KEY.format("eu-central-1"), "", encrypted=True).passes,
        program(Given(VOLUME, {**PATIENT, "encrypted": True}, provider=EU)),
        "a key that is not known is a key: keys-location says that its place is not proven",
        NO_PLACE,
    ),
    "keys-location": by(
        "aws:kms/replicaKey:ReplicaKey",
        {**PATIENT, "primaryKeyArn": "arn:aws:kms:eu-central-1:1:key/x"},
        of(VOLUME, "kmsKeyId", KEY.format("eu-central-1"), KEY.format("us-east-1"), encrypted=True),
    ),
    "residency-opaque": Cases(
        template('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'),
        template('{"Resources": {"Thing": {"Type": "Custom::Copier"}}}'),
        template(UNKNOWN),
        "what a template makes is where its stack is: residency-location says so, and test_carriers.py tries it",
        unproven=True,
    ),
    "residency-partial": Cases(
        program(Given(BUCKET, PATIENT, provider=EU)),
        program(Given(BUCKET, PATIENT, provider=EU), RINGFENCE_PARTIAL="--target"),
        "a flag is given or not",
        NO_PLACE,
        unproven=True,
    ),
    "residency-unknown-package": Cases(
        program(Given("hcloud:index/server:Server", {}), contract={"trustedPackages": ["hcloud"]}),
        program(Given("hcloud:index/server:Server", {})),
        OF_TYPE,
        NO_PLACE,
        unproven=True,
    ),
    "residency-unreviewed": replace(
        of("aws:workspaces/connectionAlias:ConnectionAlias", "connectionString", "kept-at-home", "nobody-knows"),
        unproven=True,
    ),
    "control-plane-state": Cases(
        state("s3://state?region=eu-central-1"),
        state("s3://state?region=cn-north-1"),
        state("https://state.nobody-knows.example"),
        NO_PLACE,
    ),
    "supply-chain-image-digest": Cases(pod(DIGEST), pod("registry.internal/serve:1"), pod(UNKNOWN), NO_PLACE),
    "supply-chain-image-registry": Cases(
        replace(pod(DIGEST), contract={"registries": ["registry.internal"]}),
        replace(pod("quay.io/x:1"), contract={"registries": ["registry.internal"]}),
        replace(pod(UNKNOWN), contract={"registries": ["registry.internal"]}),
        NO_PLACE,
    ),
    "supply-chain-plaintext-secret": Cases(
        program(Given(DATABASE, {**PATIENT, "password": secret("hunter2-hunter2")}, provider=EU)),
        program(Given(DATABASE, {**PATIENT, "password": "hunter2-hunter2"}, provider=EU)),
        "a value that is not known is in no plain text",
        NO_PLACE,
    ),
    "tenancy-gpu-quota": Cases(
        namespace({"requests.nvidia.com/gpu": "10"}), namespace({"requests.cpu": "10"}), namespace(UNKNOWN), NO_PLACE
    ),
    "tenancy-guarantee": Cases(queue("10"), queue("9"), queue(UNKNOWN), NO_PLACE),
    "tenancy-placement": Cases(
        placed({}),
        placed({"nodeName": "node-7"}),
        "what is not known at preview, the admission policy ringfence-tenant-placement says on the cluster",
        NO_PLACE,
    ),
    "budget-monthly": Cases(
        pool(3, 3 * MONTH + 1),
        pool(3, 3 * MONTH - 1),
        "what has no price is said as advice, and never counted as free: test_budget.py",
        "prices are of the region, and the cluster's region is residency-location's",
    ),
    "contract-waiver": Cases(
        program(
            Given(BUCKET, {**PATIENT, "region": "us-east-1"}), contract={"waived": {**LATE, "expires": "2999-12-31"}}
        ),
        program(
            Given(BUCKET, {**PATIENT, "region": "us-east-1"}), contract={"waived": {**LATE, "expires": "2020-01-01"}}
        ),
        "a waiver is text, read before anything is planned",
        NO_PLACE,
        unwaived="a waiver of waivers would be without an end",
    ),
}
"""Rule to its cases; in `contract`, `waived` is a waiver that stands in the file."""
