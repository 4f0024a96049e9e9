"""What the policy pack costs: previews with it and without it, and the same question asked of OPA and Checkov.

    python -m bench.policy [--resources N] [--runs N] [--no-rivals] [--json]

Two measurements in one run. First, 2,000 resources that hold data are previewed on the embedded engine with no pack and
with every rule; the promise is that the pack makes a preview at most `PROMISE` times as long, with the Python SDK as it
ships. Exit code 1 when it is broken. Our language host quickens the rest of a preview and not the pack: its two rows
say what the pack costs there. Second, 2,000 resources of which one in ten stands abroad are judged without any engine:
by our analyzer with every rule, by OPA with one rule in Rego and by Checkov with one check in YAML, each as a process
of its own that starts cold. All must count the same violations.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from bench.engine import Series, preview, project, ratios
from ringfence.engine.places import SOURCE_ROOT
from ringfence.engine.run import Embedded
from ringfence.errors import RingfenceError

PROMISE = 1.3
"""Times the preview without a pack (issue 4)."""
WITHOUT, WITH = "no pack, plain SDK", "every rule, plain SDK"
QUICK_WITHOUT, QUICK_WITH = "no pack", "every rule"
_AWS_KEY = "arn:aws:kms:eu-central-1:111111111111:key/0a1b2c3d"
_GCP_KEY = "projects/bench/locations/europe-west3/keyRings/clinic/cryptoKeys/data"
_CONTRACT: Mapping[str, Any] = {
    "dataClasses": {
        "patient": {"rest": ["EU"], "process": ["EU"], "operate": ["any"], "basis": "GDPR art. 9, 44-49"},
    },
    "locations": {"kubernetes:dc-frankfurt": "DE", "registry.internal.example": "DE"},
}
_PROGRAM = """import pulumi
import pulumi_aws as aws
import pulumi_azure_native as azure
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

cluster = pulumi.ResourceOptions(provider=k8s.Provider("dc-frankfurt", cluster_identifier="dc-frankfurt"))
tags = {{"data-class": "patient"}}
labels = {{"ringfence.dev/data-class": "patient"}}
image = "registry.internal.example/viewer@sha256:" + "0" * 64
box = {{"name": "viewer", "image": image, "env": [{{"name": "N", "value": "1"}}]}}
for i in range({count}):
    if i % 4 == 0:
        aws.dynamodb.Table(
            f"table-{{i}}", region="eu-central-1", hash_key="id", billing_mode="PAY_PER_REQUEST", tags=tags,
            attributes=[{{"name": "id", "type": "S"}}], replicas=[{{"region_name": "eu-west-1"}}],
            server_side_encryption={{"enabled": True, "kms_key_arn": "{aws_key}"}},
        )
    elif i % 4 == 1:
        azure.eventhub.Namespace(
            f"events-{{i}}", resource_group_name="clinic", location="germanywestcentral", tags=tags,
            sku={{"name": "Standard", "capacity": 1}},
        )
    elif i % 4 == 2:
        gcp.storage.Bucket(
            f"bucket-{{i}}", location="europe-west3", labels=tags, uniform_bucket_level_access=True,
            public_access_prevention="enforced", encryption={{"default_kms_key_name": "{gcp_key}"}},
        )
    else:
        k8s.apps.v1.Deployment(
            f"viewer-{{i}}", metadata={{"namespace": "viewer", "labels": labels}},
            spec={{
                "replicas": 2, "selector": {{"match_labels": {{"n": f"{{i}}"}}}},
                "template": {{
                    "metadata": {{"labels": {{"n": f"{{i}}"}}}},
                    "spec": {{"containers": [box]}},
                }},
            }},
            opts=cluster,
        )
"""
_REGO = """package bench

allowed := {"eu-central-1", "europe-west3"}

deny contains each.address if {
	some each in input.planned_values.root_module.resources
	place := object.get(each.values, "region", object.get(each.values, "location", ""))
	not place in allowed
}
"""


def measure_previews(count: int, runs: int) -> dict[str, Series]:
    """Preview without and with the pack in turn, `runs` times, after one small round that is not counted."""
    found = {kind: Series() for kind in (WITHOUT, WITH, QUICK_WITHOUT, QUICK_WITH)}
    pack = ("--policy-pack", str(SOURCE_ROOT / "policy"))
    extra = {kind: pack if kind in (WITH, QUICK_WITH) else () for kind in found}
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as scratch:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "AWS_"))}
        embedded = Embedded.open({**inherited, "RINGFENCE_HOME": str(Path(scratch, "home"))})
        small, large = (_project(Path(scratch), name, size) for name, size in (("small", 8), ("large", count)))
        for kind in found:
            preview(embedded, small, 8 + 1, *extra[kind])
        for run in range(runs):
            for kind, series in found.items():
                wall, cpu = preview(embedded, large, count + 1, *extra[kind], plain=kind in (WITHOUT, WITH))
                print(f"bench: run {run + 1} of {runs}: {kind}: {wall:.1f} s", file=sys.stderr, flush=True)
                series.wall.append(wall)
                series.cpu.append(cpu)
    return found


def _project(scratch: Path, name: str, count: int) -> Path:
    folder = project(scratch / name, _PROGRAM.format(count=count, aws_key=_AWS_KEY, gcp_key=_GCP_KEY))
    (folder / "ringfence.policy.yaml").write_text(yaml.safe_dump(dict(_CONTRACT)), encoding="utf-8")
    return folder


def planned(count: int) -> list[Any]:
    """`count` tables and buckets in turn, one in ten of them abroad, as the engine would register them."""
    from ringfence.mutation.program import Planned

    found = []
    for number in range(count):
        abroad, tags = number % 10 == 0, {"data-class": "patient"}
        if number % 20 < 10:
            inputs: dict[str, Any] = {
                "region": "us-east-1" if abroad else "eu-central-1",
                "hashKey": "id",
                "billingMode": "PAY_PER_REQUEST",
                "attributes": [{"name": "id", "type": "S"}],
                "serverSideEncryption": {"enabled": True, "kmsKeyArn": _AWS_KEY},
                "tags": tags,
            }
            found.append(Planned("aws:dynamodb/table:Table", f"table-{number}", inputs))
        else:
            inputs = {
                "location": "us-central1" if abroad else "europe-west3",
                "labels": tags,
                "publicAccessPrevention": "enforced",
                "encryption": {"defaultKmsKeyName": _GCP_KEY},
            }
            found.append(Planned("gcp:storage/bucket:Bucket", f"bucket-{number}", inputs))
    return found


def judge(count: int) -> int:
    """What our rules refuse of `planned(count)` for its place: the work of the process that is measured."""
    from ringfence.mutation import drive
    from ringfence.mutation.program import Program

    said = drive.ask(Program(tuple(planned(count)), _CONTRACT))
    return sum(each.rule == "residency-location" and each.refuses for each in said)


def measure_rivals(count: int, runs: int) -> tuple[dict[str, Series], dict[str, int]]:
    """Time each tool on the same resources, in turn; and what each refused. A rival that cannot be had is left out."""
    from bench.rivals.checkov import VERSION, Checkov
    from bench.rivals.opa import Opa
    from bench.rivals.terraform import Plan

    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as scratch:
        plan, folder = Plan(frozenset({"aws_dynamodb_table", "google_storage_bucket"})), Path(scratch)
        plan.add(0, planned(count))
        file = folder / "plan.json"
        file.write_text(json.dumps(plan.as_json()), encoding="utf-8")
        (folder / "bench.rego").write_text(_REGO, encoding="utf-8")
        checks = _checkov_checks(folder / "checks")
        checkov = Checkov.installed()
        commands = {
            "Ringfence, every rule": [sys.executable, "-m", "bench.policy", "--judge", str(count)],
            f"Checkov {VERSION}, one check": checkov.command(
                file, "--external-checks-dir", str(checks), "--check", "CKV2_BENCH_1,CKV2_BENCH_2"
            ),
        }
        opa = Opa.installed()
        if opa is None:
            print("bench: OPA is left out: it is built with Go, which is not here", file=sys.stderr)
        else:
            commands[f"OPA {opa.version}, one rule"] = opa.command(folder / "bench.rego", file)
        return _timed(commands, runs)


def _checkov_checks(folder: Path) -> Path:
    folder.mkdir()
    for number, (kind, attribute, value) in enumerate(
        (("aws_dynamodb_table", "region", "eu-central-1"), ("google_storage_bucket", "location", "europe-west3")), 1
    ):
        check = {
            "metadata": {"id": f"CKV2_BENCH_{number}", "name": "Data is at home", "category": "GENERAL_SECURITY"},
            "definition": {
                "cond_type": "attribute",
                "resource_types": [kind],
                "attribute": attribute,
                "operator": "equals",
                "value": value,
            },
        }
        (folder / f"{kind}.yaml").write_text(yaml.safe_dump(check), encoding="utf-8")
    return folder


def _timed(commands: Mapping[str, Sequence[str]], runs: int) -> tuple[dict[str, Series], dict[str, int]]:
    found = {name: Series() for name in commands}
    refused: dict[str, int] = {}
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    for run in range(runs):
        for name, command in commands.items():
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            found[name].wall.append(wall)
            found[name].cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            refused[name] = _count(ran.stdout, ran.stderr)
            print(f"bench: run {run + 1} of {runs}: {name}: {wall:.1f} s", file=sys.stderr, flush=True)
    return found, refused


def _count(out: str, err: str) -> int:
    """The violations that a tool counted: a number, or Checkov's report. Raises RingfenceError on anything else."""
    try:
        said = json.loads(out)
    except json.JSONDecodeError as error:
        raise RingfenceError(f"a tool said no JSON:\n{out[-1000:]}{err[-1000:]}") from error
    return said if isinstance(said, int) else said["summary"]["failed"]


def draw(title: str, found: Mapping[str, Series], base: str) -> None:
    """One table: seconds, and times the base."""
    table = Table(title=title, title_justify="left")
    for column in ("", "fastest s", "median s", "processor s", "x fastest", "x median", "x processor"):
        table.add_column(column, justify="left" if not column else "right")
    for name, series in found.items():
        seconds = (min(series.wall), statistics.median(series.wall), min(series.cpu))
        ratio = ratios(series, found[base])
        table.add_row(name, *(f"{each:.1f}" for each in seconds), *(f"{each:.2f}" for each in ratio.values()))
    Console(highlight=False).print(table)


def main() -> int:
    """Measure, print, and say whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resources", type=int, default=2000, metavar="N", help="how many resources (2000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="how many runs of each (5)")
    parser.add_argument("--no-rivals", action="store_true", help="only the previews")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")
    parser.add_argument("--judge", type=int, metavar="N", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.judge:
        print(judge(options.judge))
        return 0
    try:
        previews = measure_previews(options.resources, options.runs)
        rivals, refused = ({}, {}) if options.no_rivals else measure_rivals(options.resources, min(options.runs, 3))
    except (RingfenceError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    ratio = ratios(previews[WITH], previews[WITHOUT])["minimum"]
    equal = len(set(refused.values())) <= 1
    if options.json:
        _print_json(previews, rivals, refused, ratio, equal)
    else:
        draw(f"Preview of {options.resources} resources, {options.runs} runs", previews, WITHOUT)
        if rivals:
            draw(f"{options.resources} resources judged, one in ten abroad", rivals, next(iter(rivals)))
            print(f"Violations counted: {', '.join(f'{name} {count}' for name, count in refused.items())}")
        verdict = "holds" if ratio <= PROMISE else "is broken"
        print(f"The promise, at most {PROMISE} times a preview without the pack, {verdict}: {ratio:.2f}")
    return 0 if ratio <= PROMISE and equal else 1


def _print_json(
    previews: Mapping[str, Series], rivals: Mapping[str, Series], refused: Mapping[str, int], ratio: float, equal: bool
) -> None:
    rows = {name: {"wall": each.wall, "cpu": each.cpu} for name, each in (*previews.items(), *rivals.items())}
    plain = {
        "ok": ratio <= PROMISE and equal,
        "promise": PROMISE,
        "ratio": ratio,
        "rows": rows,
        "refused": dict(refused),
    }
    print(json.dumps(plain, indent=2))


if __name__ == "__main__":
    sys.exit(main())
