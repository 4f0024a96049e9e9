"""A preview's events, read into figures: where things are, what the rules say, what went wrong."""

from __future__ import annotations

from typing import Any

from ringfence.engine.run import Result
from ringfence.engine.summary import Part, Verdict, summarise

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
STORE = "urn:pulumi:dev::p::x:index:Store::scans"
BUCKET = "urn:pulumi:dev::p::x:index:Store$aws:s3/bucket:Bucket::scans"
KEY = "urn:pulumi:dev::p::x:index:Store$aws:kms/key:Key::scans"
NAMESPACE = "urn:pulumi:dev::p::kubernetes:core/v1:Namespace::team"
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:aws::default"


def planned(urn: str, parent: str = STACK, **inputs: Any) -> dict[str, Any]:
    token = urn.split("::")[2].rsplit("$", 1)[-1]
    made = not token.startswith(("x:", "pulumi:"))
    state = {"type": token, "inputs": inputs, "outputs": {}, "parent": parent, "provider": PROVIDER if made else ""}
    return {"resourcePreEvent": {"metadata": {"op": "create", "urn": urn, "new": state}}}


EVENTS: list[dict[str, Any]] = [
    planned(STACK, ""),
    planned(PROVIDER),
    planned(STORE),
    planned(BUCKET, STORE, tags={"site": "fra", "jurisdiction": "DE"}),
    planned(KEY, STORE),
    planned(NAMESPACE, metadata={"labels": {"ringfence.dev/site": "par", "ringfence.dev/jurisdiction": "fr"}}),
]
END = {"summaryEvent": {"durationSeconds": 7, "resourceChanges": {"create": 5}}}


def violation(rule: str, level: str, urn: str, message: str) -> dict[str, Any]:
    return {
        "policyEvent": {
            "policyName": rule,
            "policyPackName": "pack",
            "enforcementLevel": level,
            "resourceUrn": urn,
            "message": f"What the rule is for\n{message}\n",
        }
    }


def test_parts_stand_at_the_site_that_their_members_name() -> None:
    summary = summarise(Result(0, [*EVENTS, END], "", ""))
    assert summary.parts == [
        Part("Store", "scans", "fra", "DE", {"Bucket": 1, "Key": 1}),
        Part("Namespace", "team", "par", "FR", {"Namespace": 1}),
    ]
    assert [part.resources for part in summary.parts] == [2, 1], "neither components nor providers are counted"
    assert (summary.ok, summary.seconds, summary.operations) == (True, 7, {"create": 5})


def test_kinds_of_equal_number_stand_in_the_order_of_their_names() -> None:
    for events in (EVENTS, EVENTS[::-1]):
        [store] = [part for part in summarise(Result(0, [*events, END], "", "")).parts if part.type == "Store"]
        assert list(store.kinds) == ["Bucket", "Key"]


def test_refusals_come_first_and_once_each() -> None:
    advice = violation("tags", "advisory", KEY, "no owner. Fix: tag it")
    refusal = violation("location", "mandatory", BUCKET, "in US. Fix: move it")
    passed = {
        "policyAnalyzeSummaryEvent": {"policyPackName": "pack", "policyPackVersion": "1", "passed": ["a", "tags"]}
    }
    stack = {"policyAnalyzeStackSummaryEvent": {"policyPackName": "pack", "policyPackVersion": "1", "failed": ["b"]}}
    summary = summarise(Result(255, [*EVENTS, passed, stack, advice, refusal, refusal, END], "", ""))
    assert summary.refusals == [Verdict("location", "pack", "mandatory", BUCKET, "in US. Fix: move it")]
    assert [verdict.rule for verdict in summary.verdicts] == ["location", "tags"]
    assert summary.refusals[0].resource == "aws:s3/bucket:Bucket scans"
    assert (summary.packs, summary.rules, summary.ok) == ({"pack": "1"}, 3, False)


def test_errors_name_the_resource_and_not_the_stack() -> None:
    def said(message: str, urn: str, severity: str = "error") -> dict[str, Any]:
        return {"diagnosticEvent": {"message": message, "urn": urn, "severity": severity}}

    events = [
        said("no property `buket`\n", BUCKET),
        said("no property `buket`\n", BUCKET),
        said("Program failed\n", STACK),
        said("preview failed\n", STACK),
        said("old type\n", KEY, "warning"),
    ]
    summary = summarise(Result(255, [*events, END], "", ""))
    assert summary.errors == ["aws:s3/bucket:Bucket scans: no property `buket`", "Program failed"]
    assert summary.warnings == ["aws:kms/key:Key scans: old type"]


def test_a_pulumi_that_could_not_start_is_quoted() -> None:
    assert summarise(Result(255, [], "", "error: no backend\n")).errors == ["no backend"]
    assert summarise(Result(137, [], "", "")).errors == ["pulumi ended with exit code 137 and said nothing"]
