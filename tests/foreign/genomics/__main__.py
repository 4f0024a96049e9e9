"""Sequencing lab: raw reads in buckets, variants in BigQuery, annotation on GKE."""

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

settings = pulumi.Config()
region = pulumi.Config("gcp").require("region")
somewhere = settings.get("location")  # most Google services are asked to choose for themselves when this is not set

ring = gcp.kms.KeyRing("lab-ring", location=region)
key = gcp.kms.CryptoKey("lab-key", key_ring=ring.id, rotation_period="7776000s")

buckets = {
    purpose: gcp.storage.Bucket(
        f"lab-{purpose}",
        location=region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        encryption={"default_kms_key_name": key.id},
    )
    for purpose in ("reads", "reports")
}

for name in ("variants", "phenotypes"):
    gcp.bigquery.Dataset(
        name,
        dataset_id=name,
        location=somewhere,
        default_encryption_configuration={"kms_key_name": key.id},
    )

registry_of_samples = gcp.sql.DatabaseInstance(
    "samples",
    database_version="POSTGRES_16",
    encryption_key_name=key.id,
    settings={
        "tier": "db-custom-4-16384",
        "ip_configuration": {"ipv4_enabled": False, "private_network": "projects/lab/global/networks/lab"},
        "backup_configuration": {"enabled": True, "location": somewhere},
    },
)

gcp.secretmanager.Secret(
    "sequencer-token",
    secret_id="sequencer-token",
    replication={"user_managed": {"replicas": [{"location": somewhere}]}} if somewhere else {"auto": {}},
)

scratch = gcp.compute.Disk("scratch", zone=f"{region}-a", size=500, disk_encryption_key={"kms_key_self_link": key.id})
gcp.compute.ResourcePolicy(
    "nightly",
    region=region,
    snapshot_schedule_policy={
        "schedule": {"daily_schedule": {"days_in_cycle": 1, "start_time": "02:00"}},
        **({"snapshot_properties": {"storage_locations": somewhere}} if somewhere else {}),
    },
)

audit = gcp.bigquery.Dataset(
    "audit",
    dataset_id="audit",
    location=settings.require("auditLocation"),
    default_encryption_configuration={"kms_key_name": key.id},
    labels={"kind": "public"},
)
gcp.logging.ProjectSink(
    "everything",
    destination=pulumi.Output.concat("bigquery.googleapis.com/", audit.id),
    filter="severity>=INFO",
    unique_writer_identity=True,
)

cluster = gcp.container.Cluster(
    "lab",
    location=region,
    initial_node_count=1,
    private_cluster_config={"enable_private_nodes": True, "enable_private_endpoint": True},
)
kubeconfig = pulumi.Output.all(cluster.name, cluster.endpoint).apply(
    lambda parts: (
        f"apiVersion: v1\nkind: Config\nclusters: [{{name: {parts[0]}, cluster: {{server: https://{parts[1]}}}}}]\n"
    )
)
lab = pulumi.ResourceOptions(provider=k8s.Provider("lab-k8s", kubeconfig=kubeconfig))

k8s.apps.v1.StatefulSet(
    "annotation",
    spec={
        "service_name": "annotation",
        "selector": {"match_labels": {"app": "annotation"}},
        "template": {
            "metadata": {"labels": {"app": "annotation"}},
            "spec": {
                "containers": [
                    {
                        "name": "annotation",
                        "image": "registry.lab.example/annotation@sha256:" + "0" * 64,
                        "env": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": settings.require("telemetry")}],
                    }
                ]
            },
        },
        "volume_claim_templates": [
            {
                "metadata": {"name": "cache"},
                "spec": {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Ti"}}},
            }
        ],
    },
    opts=lab,
)
k8s.apiextensions.CustomResource(
    "scribe",
    api_version="serving.kserve.io/v1beta1",
    kind="InferenceService",
    spec={
        "predictor": {
            "model": {"modelFormat": {"name": "huggingface"}, "storageUri": settings.require("modelUri")},
        }
    },
    opts=lab,
)

pulumi.export("reads", buckets["reads"].url)
pulumi.export("samples", pulumi.Output.secret(registry_of_samples.private_ip_address))
