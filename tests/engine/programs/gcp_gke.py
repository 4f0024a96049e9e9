"""A GKE cluster, a Helm release on it and the address of a service that the release makes."""

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s
from pulumi_kubernetes.helm.v3 import Release, ReleaseArgs, RepositoryOptsArgs

zones = gcp.compute.get_zones(region="europe-west4")
project = gcp.organizations.get_project()
config = gcp.organizations.get_client_config()
image = gcp.compute.get_image(family="debian-12", project="debian-cloud")
versions = gcp.container.get_engine_versions(location="europe-west4")
size = pulumi.Config().get_int("size") or 1
network = gcp.compute.Network("net", auto_create_subnetworks=False)
subnet = gcp.compute.Subnetwork(
    "subnet",
    ip_cidr_range="10.128.0.0/12",
    network=network.id,
    private_ip_google_access=True,
)
cluster = gcp.container.Cluster(
    "gke",
    location="europe-west4",
    network=network.name,
    subnetwork=subnet.name,
    remove_default_node_pool=True,
    initial_node_count=1,
    min_master_version=versions.latest_master_version,
    node_config={"machine_type": "n1-standard-1", "oauth_scopes": ["https://www.googleapis.com/auth/compute"]},
)
pool = gcp.container.NodePool(
    "pool",
    cluster=cluster.id,
    node_count=size,
    node_config=gcp.container.NodePoolNodeConfigArgs(
        machine_type="e2-standard-4", oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"]
    ),
)


def make(args):
    name, endpoint, auth = args
    return f"""apiVersion: v1
clusters:
- cluster: {{certificate-authority-data: {auth["cluster_ca_certificate"]}, server: https://{endpoint}}}
  name: {gcp.config.project}_{gcp.config.zone}_{name}
"""


kc = pulumi.Output.all(cluster.name, cluster.endpoint, cluster.master_auth).apply(make)
prov = k8s.Provider("gke", kubeconfig=kc, opts=pulumi.ResourceOptions(depends_on=[pool]))
ns = k8s.core.v1.Namespace("apps", opts=pulumi.ResourceOptions(provider=prov))
rel = Release(
    "ingress",
    ReleaseArgs(
        chart="ingress-nginx",
        version="4.11.0",
        namespace=ns.metadata.name,
        repository_opts=RepositoryOptsArgs(repo="https://kubernetes.github.io/ingress-nginx"),
        values={"controller": {"replicaCount": 2}},
    ),
    opts=pulumi.ResourceOptions(provider=prov),
)
svc = k8s.core.v1.Service.get(
    "svc",
    pulumi.Output.concat(rel.status.namespace, "/", rel.status.name, "-controller"),
    opts=pulumi.ResourceOptions(provider=prov),
)
vm = gcp.compute.Instance(
    "vm",
    machine_type="f1-micro",
    zone=zones.names[0],
    boot_disk={"initialize_params": {"image": image.self_link}},
    network_interfaces=[{"network": network.id, "access_configs": [{}]}],
)
sa = gcp.serviceaccount.Account("sa", account_id="object-viewer")
gcp.projects.IAMMember(
    "m", project=project.project_id, role="roles/viewer", member=sa.email.apply(lambda e: f"serviceAccount:{e}")
)
pulumi.export("ip", svc.status.load_balancer.ingress[0].ip)
pulumi.export("zones", zones.names)
pulumi.export("kc", kc)
pulumi.export("number", project.number)
pulumi.export("vmip", vm.network_interfaces[0].access_configs[0].nat_ip)
pulumi.export("email", sa.email)
pulumi.export("static", gcp.compute.get_address(name="adr").address)
