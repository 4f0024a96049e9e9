"""A component, YAML files and groups in both versions, custom resources, and another stack."""

import pathlib

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.yaml import ConfigFile, ConfigGroup
from pulumi_kubernetes.yaml.v2 import ConfigFile as CF2
from pulumi_kubernetes.yaml.v2 import ConfigGroup as CG2


class Guestbook(pulumi.ComponentResource):
    def __init__(self, name, replicas, opts=None):
        super().__init__("examples:kubernetes:Guestbook", name, {}, opts)
        labels = {"app": name}
        self.d = k8s.apps.v1.Deployment(
            name,
            spec=k8s.apps.v1.DeploymentSpecArgs(
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
                replicas=replicas,
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
                    spec=k8s.core.v1.PodSpecArgs(
                        containers=[
                            k8s.core.v1.ContainerArgs(
                                name="php",
                                image="gb:v5",
                                resources=k8s.core.v1.ResourceRequirementsArgs(
                                    requests={"cpu": "100m", "memory": "100Mi"}
                                ),
                                ports=[k8s.core.v1.ContainerPortArgs(container_port=80)],
                            )
                        ]
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.s = k8s.core.v1.Service(
            name,
            metadata={"labels": self.d.spec["template"]["metadata"]["labels"]},
            spec={"type": "LoadBalancer", "ports": [{"port": 80, "target_port": 80}], "selector": labels},
            opts=pulumi.ResourceOptions(parent=self),
        )
        ingress = self.s.status["load_balancer"]["ingress"][0]
        self.ip = ingress.apply(lambda i: i.ip or i.hostname or "")
        self.register_outputs({"ip": self.ip})


gb = Guestbook("frontend", pulumi.Config().get_int("size") or 3)
pulumi.export("ip", gb.ip)
text = pathlib.Path("app.yaml").read_text()
cf = ConfigFile(
    "file",
    "app.yaml",
    transformations=[lambda o, opts: o.setdefault("metadata", {}).setdefault("labels", {}).update(x="y")],
)
pulumi.export("svc", cf.get_resource("v1/Service", "web").metadata.name)
ConfigGroup("group", yaml=[text.replace("web", "web2")])
CG2("v2", yaml=text.replace("web", "web3"))
CF2("v2f", file="app2.yaml")
CustomResource(
    "cert",
    api_version="cert-manager.io/v1",
    kind="Certificate",
    metadata={"namespace": "default"},
    spec={"secretName": "x", "dnsNames": ["a.example.com"], "issuerRef": {"name": "ca"}},
)
CustomResource("any", api_version="stable.example.com/v1", kind="CronTab", spec={"cronSpec": "* * * * */5"})
pw = random.RandomPassword("pw", length=pulumi.Config().get_int("length") or 16)
k8s.core.v1.Secret("creds", string_data={"password": pw.result})
other = pulumi.StackReference("organization/other/dev")
pulumi.export("other", other.get_output("vpcId"))
k8s.core.v1.ConfigMap("c", data={"vpc": other.get_output("vpcId").apply(lambda v: str(v))})
