"""Values that leak and values that do not, for each reader of the rules' `place` column.

Owns what to write at a locator's path, and what must be around it, so that the reader finds a place abroad or at home.
A reader without an entry here is reported as not covered. Refuses to own the reading (policy.flows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policy.flows import Locator
from ringfence.facts._tables import table
from ringfence.mutation import redundancy, routes, shapes, words
from ringfence.mutation.base import ABROAD, ABROAD_COUNTRY, ACCOUNT, ACCOUNT_ABROAD, AT_HOME, CLOUD, store
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN, Planned

Values = Callable[[Locator], Iterator[Planted]]


def leaks(locator: Locator) -> Iterator[Planted]:
    """Every way to leak through a locator."""
    yield from _LEAKS[locator.place](locator)


def fine(locator: Locator) -> Iterator[Planted]:
    """Every way to use a locator's property without a leak."""
    yield from _FINE[locator.place](locator)


def covers(reader: str) -> bool:
    """Whether there are values for a reader."""
    return reader in _LEAKS


def cloud_of(locator: Locator) -> str:
    """The cloud whose regions the locator's values are."""
    return CLOUD.get(locator.type.partition(":")[0], "aws")


def _zoned(locator: Locator, region: str) -> str:
    last = locator.path.rpartition(".")[2].lower()
    return f"{region}-a" if cloud_of(locator) == "gcp" and "zone" in last else region


def _target(cloud: str, region: str | None, name: str) -> tuple[Planned, ...]:
    """A store with public data, which itself may be anywhere: only what comes into it can leak."""
    package = "azure-native" if cloud == "azure" else cloud
    return store(package, name, "public", region).all


def _region(locator: Locator) -> Iterator[Planted]:
    cloud = cloud_of(locator)
    abroad = ABROAD[cloud]
    yield Planted("value", _zoned(locator, abroad), (abroad, ABROAD_COUNTRY))
    yield from _from_graph(cloud)
    yield Planted("unknown", UNKNOWN)
    yield Planted("unlisted", _zoned(locator, "mars-north1"), ("mars-north1",))


def _from_graph(cloud: str) -> Iterator[Planted]:
    """The value is unknown, and was made from something abroad."""
    abroad = ABROAD[cloud]
    yield Planted("edge", UNKNOWN, (abroad, ABROAD_COUNTRY), _target(cloud, abroad, "afar"), edge="afar")


def _region_fine(locator: Locator) -> Iterator[Planted]:
    cloud = cloud_of(locator)
    yield Planted("value", _zoned(locator, AT_HOME[cloud]))
    yield Planted("edge", UNKNOWN, companions=_target(cloud, None, "near"), edge="near")


def _aws_region(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", ABROAD["aws"], (ABROAD["aws"], ABROAD_COUNTRY))
    yield from _from_graph("aws")
    yield Planted("unknown", UNKNOWN)


def _aws_region_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", AT_HOME["aws"])


def _arn(locator: Locator) -> Iterator[Planted]:
    abroad = ABROAD["aws"]
    yield Planted("value", f"arn:aws:backup:{abroad}:{ACCOUNT}:vault/afar", (abroad, ABROAD_COUNTRY))
    yield Planted("name", "arn:aws:s3:::afar", (abroad, ABROAD_COUNTRY), _target("aws", abroad, "afar"))
    yield Planted("undeclared", "arn:aws:s3:::nobody-knows", ("nobody-knows",))
    yield from _declared_abroad("arn:aws:s3:::elsewhere")
    yield from _from_graph("aws")
    yield Planted("unknown", UNKNOWN)


def _arn_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"arn:aws:backup:{AT_HOME['aws']}:{ACCOUNT}:vault/near")
    yield Planted("name", "arn:aws:s3:::near", companions=_target("aws", None, "near"))
    yield Planted("edge", UNKNOWN, companions=_target("aws", None, "near"), edge="near")
    yield from _declared_at_home("arn:aws:s3:::elsewhere")


def _declared_abroad(key: str) -> Iterator[Planted]:
    yield Planted("declared", key, (ABROAD_COUNTRY,), contract={"locations": {key: ABROAD_COUNTRY}})


def _declared_at_home(key: str) -> Iterator[Planted]:
    yield Planted("declared", key, contract={"locations": {key: "DE"}})


def _resource(locator: Locator) -> Iterator[Planted]:
    cloud = cloud_of(locator)
    abroad = ABROAD[cloud]
    yield Planted("name", "afar", (abroad, ABROAD_COUNTRY), _target(cloud, abroad, "afar"))
    yield Planted("undeclared", "nobody-knows", ("nobody-knows",))
    yield from _declared_abroad("elsewhere")
    yield from _from_graph(cloud)
    yield Planted("unknown", UNKNOWN)


def _resource_fine(locator: Locator) -> Iterator[Planted]:
    cloud = cloud_of(locator)
    yield Planted("name", "near", companions=_target(cloud, None, "near"))
    yield Planted("edge", UNKNOWN, companions=_target(cloud, None, "near"), edge="near")
    yield from _declared_at_home("elsewhere")


def _own(locator: Locator) -> Iterator[Planted]:
    """The resource is the copy: what leaks is where it stands."""
    cloud = cloud_of(locator)
    abroad = "dc-ohio" if locator.type.startswith("kubernetes:") else ABROAD[cloud]
    if locator.of and locator.of.partition(".")[0] == locator.path.partition(".")[0]:
        yield Planted("own", UNKNOWN, (abroad, ABROAD_COUNTRY), edge="source", region=abroad)
    else:
        yield Planted("own", shapes.something(locator.type, locator.path), (abroad, ABROAD_COUNTRY), region=abroad)


def _own_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("own", UNKNOWN, edge="source" if locator.of else "")


def _anywhere(locator: Locator) -> Iterator[Planted]:
    value = locator.when.partition("=")[2] if locator.when.partition("=")[0] == locator.path else ""
    given: Any = {"true": True}.get(value, value) or shapes.something(locator.type, locator.path)
    yield Planted("value", given, ("any", "global", "anywhere", "edge"))
    yield Planted("unknown", UNKNOWN)


def _anywhere_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("public", shapes.something(locator.type, locator.path), data_class="public")


def _account(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", ACCOUNT_ABROAD, ("CN", ACCOUNT_ABROAD))
    yield Planted("undeclared", "222222222222", ("222222222222",))
    yield Planted("unknown", UNKNOWN)


def _account_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", ACCOUNT)


def _cluster(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "dc-ohio", ("dc-ohio", "US"))
    yield Planted("undeclared", "dc-nowhere", ("dc-nowhere",))
    yield Planted("unknown", UNKNOWN)


def _cluster_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "dc-frankfurt")


def _host(locator: Locator) -> Iterator[Planted]:
    host, country = words.host_abroad(locator)
    yield Planted("value", f"https://{host}:4317", (host, country))
    yield Planted("undeclared", "https://nobody.knows.example", ("nobody.knows.example",))
    yield Planted("unknown", UNKNOWN)
    if country == "US":
        yield Planted("listed", listed_host("US"), (listed_host("US"), "US"))
        yield from _from_graph("aws")


def listed_host(country: str, kind: str = "telemetry") -> str:
    """A host of the facts' table in a country."""
    return next(
        row["pattern"]
        for row in table("endpoints").rows
        if row["country"] == country and row["kind"] == kind and not set("*{") & set(row["pattern"])
    )


def _host_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "https://collector.de.example:4317")
    yield Planted("inside", "http://collector.monitoring.svc:4317" if locator.type.startswith("kubernetes:")
                  else "https://collector.de.example")  # fmt: skip


def _uri(locator: Locator) -> Iterator[Planted]:
    abroad = ABROAD["aws"]
    yield Planted("name", "s3://afar/data", (abroad, ABROAD_COUNTRY), _target("aws", abroad, "afar"))
    abroad = ABROAD["gcp"]
    yield Planted("gs-name", "gs://afar/data", (abroad, ABROAD_COUNTRY), _target("gcp", abroad, "afar"))
    yield Planted("undeclared", "s3://nobody-knows/data", ("nobody-knows",))
    yield from _declared_abroad("s3://elsewhere")
    yield Planted("hub", "hf://meta-llama/Llama-3.1-8B", ("huggingface.co", "hf://meta-llama"))
    yield Planted("https", "https://collector.us.example/weights.bin", ("collector.us.example", "US"))
    yield from _from_graph("aws")
    yield Planted("unknown", UNKNOWN)


def _uri_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("name", "s3://near/data", companions=_target("aws", None, "near"))
    yield Planted("gs-name", "gs://near/data", companions=_target("gcp", None, "near"))
    yield from _declared_at_home("s3://elsewhere")
    yield Planted("https", "https://collector.de.example/weights.bin")


def _any(locator: Locator) -> Iterator[Planted]:
    """A property that may hold a region, a name, an address or a reference."""
    cloud = cloud_of(locator)
    abroad = ABROAD[cloud]
    yield Planted("region", abroad, (abroad, ABROAD_COUNTRY))
    if cloud == "aws":
        yield Planted("arn", f"arn:aws:sqs:{abroad}:{ACCOUNT}:afar", (abroad, ABROAD_COUNTRY))
    yield Planted("address", "https://collector.us.example/in", ("collector.us.example", "US"))
    yield Planted("unheard", "https://nobody.knows.example/in", ("nobody.knows.example",))
    yield from _resource(locator)


def _any_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("region", AT_HOME[cloud_of(locator)])
    yield Planted("address", "https://collector.de.example/in")
    yield from _resource_fine(locator)


def _any_region(locator: Locator) -> Iterator[Planted]:
    for cloud in ("aws", "azure", "gcp"):
        yield Planted(cloud, ABROAD[cloud], (ABROAD[cloud], ABROAD_COUNTRY))


def _any_region_fine(locator: Locator) -> Iterator[Planted]:
    for cloud in ("aws", "azure", "gcp"):
        yield Planted(cloud, AT_HOME[cloud])
    yield Planted("own-name", "rack-7")


def _known_host(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "https://collector.us.example:4317", ("collector.us.example", "US"))
    yield Planted("listed", listed_host("US"), (listed_host("US"), "US"))


def absent(locator: Locator) -> Iterator[Planted]:
    """The missing property that is itself the leak, where the table says that its default leaves."""
    if not locator.absent:
        return
    if locator.absent == "@nearest":
        swiss = {"rest": ["CH"], "process": ["CH"], "operate": ["any"], "basis": "revDSG"}
        contract = {"dataClasses": {"swiss": swiss}}
        yield Planted("absent", None, ("eu",), region="europe-west6", contract=contract, data_class="swiss")
    elif locator.place == "azure-redundancy":
        yield redundancy.paired("absent", None)
    else:
        yield Planted("absent", None, (locator.absent, "US", "any"))


_LEAKS: Mapping[str, Values] = {
    "region": _region,
    "aws-region": _aws_region,
    "arn": _arn,
    "resource": _resource,
    "own": _own,
    "anywhere": _anywhere,
    "account": _account,
    "cluster": _cluster,
    "host": _host,
    "uri": _uri,
    "any": _any,
    "any-region": _any_region,
    "known-host": _known_host,
    **redundancy.LEAKS,
    **routes.LEAKS,
    **words.LEAKS,
}
_FINE: Mapping[str, Values] = {
    "region": _region_fine,
    "aws-region": _aws_region_fine,
    "arn": _arn_fine,
    "resource": _resource_fine,
    "own": _own_fine,
    "anywhere": _anywhere_fine,
    "account": _account_fine,
    "cluster": _cluster_fine,
    "host": _host_fine,
    "uri": _uri_fine,
    "any": _any_fine,
    "any-region": _any_region_fine,
    "known-host": _host_fine,
    **redundancy.FINE,
    **routes.FINE,
    **words.FINE,
}
