"""Values for the readers of addresses and of providers' own words: edges, geographies, SKUs, instance configurations.

Owns them, as ringfence.mutation.values owns those of the other readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from policy.flows import Locator
from ringfence.mutation.base import ABROAD, ABROAD_COUNTRY, AT_HOME, store
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN

_US = "collector.us.example"
_DE = "collector.de.example"
_NOBODY = "nobody.knows.example"


def host_abroad(locator: Locator) -> tuple[str, str]:
    """A host of the contract, with its country, where data of the flow may not be: some may be operated from the US."""
    return ("collector.cn.example", "CN") if locator.flow in ("control", "support") else (_US, "US")


def _address(locator: Locator) -> Iterator[Planted]:
    abroad = ABROAD["aws"]
    host, country = host_abroad(locator)
    yield Planted("host", f"{host}:443", (host, country))
    yield Planted("url", f"https://{host}/in", (host, country))
    yield Planted("arn", f"arn:aws:sqs:{abroad}:111111111111:afar", (abroad, ABROAD_COUNTRY))
    yield Planted("google", f"projects/clinic/locations/{ABROAD['gcp']}/things/afar", (ABROAD["gcp"], ABROAD_COUNTRY))
    yield Planted("undeclared", f"https://{_NOBODY}/in", (_NOBODY,))
    yield Planted("edge", UNKNOWN, (abroad, ABROAD_COUNTRY), store("aws", "afar", "public", abroad).all, edge="afar")
    yield Planted("unknown", UNKNOWN)


def _address_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("url", f"https://{_DE}/in")
    yield Planted("arn", f"arn:aws:sqs:{AT_HOME['aws']}:111111111111:near")
    yield Planted("private", "https://10.1.2.3/in")


def _named_region(locator: Locator) -> Iterator[Planted]:
    for cloud in ("aws", "azure", "gcp"):
        yield Planted(cloud, ABROAD[cloud], (ABROAD[cloud], ABROAD_COUNTRY))
    yield Planted("unlisted", "mars-north1", ("mars-north1",))
    yield Planted("unknown", UNKNOWN)


def _named_region_fine(locator: Locator) -> Iterator[Planted]:
    for cloud in ("aws", "azure", "gcp"):
        yield Planted(cloud, AT_HOME[cloud])


def _google(locator: Locator) -> Iterator[Planted]:
    abroad = ABROAD["gcp"]
    yield Planted("value", f"projects/clinic/locations/{abroad}/things/afar", (abroad, ABROAD_COUNTRY))
    yield Planted("edge", UNKNOWN, (abroad, ABROAD_COUNTRY), store("gcp", "afar", "public", abroad).all, edge="afar")
    yield Planted("unknown", UNKNOWN)


def _google_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"projects/clinic/locations/{AT_HOME['gcp']}/things/near")
    yield Planted("edge", UNKNOWN, companions=store("gcp", "near", "public").all, edge="near")


def _bucket(locator: Locator) -> Iterator[Planted]:
    abroad = ABROAD["aws"]
    yield Planted("name", "afar", (abroad, ABROAD_COUNTRY), store("aws", "afar", "public", abroad).all)
    yield Planted("undeclared", "nobody-knows", ("nobody-knows",))
    yield Planted("unknown", UNKNOWN)


def _bucket_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("name", "near", companions=store("aws", "near", "public").all)
    yield Planted("declared", "declared-at-home")


def _zone(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"{ABROAD['aws']}a", (ABROAD["aws"], f"{ABROAD['aws']}a", ABROAD_COUNTRY))
    yield Planted("unlisted", "mars-north-1a", ("mars-north-1a",))


def _zone_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"{AT_HOME['aws']}a")


def _image(locator: Locator) -> Iterator[Planted]:
    host = f"111111111111.dkr.ecr.{ABROAD['aws']}.amazonaws.com"
    yield Planted("value", f"{host}/app:1", (host, "US"))


def _image_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"111111111111.dkr.ecr.{AT_HOME['aws']}.amazonaws.com/app@sha256:{'0' * 64}")


def _linked(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", {"url": f"https://{_US}/db"}, (_US, "US"))
    yield Planted("jdbc", {"JDBC_CONNECTION_URL": f"jdbc:postgresql://{_US}:5432/db"}, (_US, "US"))
    yield Planted("undeclared", {"url": f"https://{_NOBODY}/db"}, (_NOBODY,))
    yield Planted("silent", {"kind": "x"})
    yield Planted("unknown", UNKNOWN)


def _linked_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", {"url": f"https://{_DE}/db"})


def _not_private(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", _US, (_US, "US"))
    yield Planted("undeclared", "8.8.8.8", ("8.8.8.8",))


def _not_private_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "10.1.2.3")


def _edge(locator: Locator) -> Iterator[Planted]:
    # A list or a word, as the property is; the reader takes both.
    yield Planted("value", "EXTERNAL_MANAGED" if "oadBalancing" in locator.path else "EDGE", ("any",))
    yield Planted("unknown", UNKNOWN)


def _edge_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "INTERNAL_MANAGED" if "oadBalancing" in locator.path else "REGIONAL")


def _gateway_class(locator: Locator) -> Iterator[Planted]:
    for name in ("gke-l7-global-external-managed", "gke-l7-rilb-mc"):
        yield Planted(name, name, ("any",))
    yield Planted("unknown", UNKNOWN)


def _gateway_class_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "gke-l7-rilb")


def _spanner(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"regional-{ABROAD['gcp']}", (ABROAD["gcp"], ABROAD_COUNTRY))
    yield Planted("multi", "nam-eur-asia1", ("nam-eur-asia1",))
    yield Planted("unknown", UNKNOWN)


def _spanner_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"regional-{AT_HOME['gcp']}")


def _argo(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "dc-ohio", ("dc-ohio", "US"))
    yield Planted("undeclared", "dc-nowhere", ("dc-nowhere",))
    yield Planted("unknown", UNKNOWN)


def _argo_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "dc-frankfurt")
    yield Planted("in-cluster", "in-cluster")


def _volume_sku(locator: Locator) -> Iterator[Planted]:
    for sku in ("Standard_GRS", "Standard_RAGRS", "Standard_GZRS"):
        yield Planted(sku, sku, (sku,))
    yield Planted("unknown", UNKNOWN)


def _volume_sku_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "Premium_ZRS")


def _azure_area(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "United States", ("United States", "US"))
    yield Planted("unlisted", "Mars", ("Mars",))
    yield Planted("unknown", UNKNOWN)


def _azure_area_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "Germany")


def _key(locator: Locator) -> Iterator[Planted]:
    abroad = ABROAD["aws"]
    yield Planted("value", f"arn:aws:kms:{abroad}:111111111111:key/0a1b", (abroad, ABROAD_COUNTRY))
    yield Planted("unknown", UNKNOWN)


def _key_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", f"arn:aws:kms:{AT_HOME['aws']}:111111111111:key/0a1b")
    yield Planted("alias", "alias/clinic")


def _workteam(locator: Locator) -> Iterator[Planted]:
    home = AT_HOME["aws"]
    yield Planted("crowd", f"arn:aws:sagemaker:{home}:394669845002:workteam/public-crowd/default", ("public crowd",))
    vendor = f"arn:aws:sagemaker:{home}:111111111111:workteam/vendor-crowd/labels"
    yield Planted("vendor", vendor, (vendor, "vendor"))
    yield Planted("unknown", UNKNOWN)


def _workteam_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("private", f"arn:aws:sagemaker:{AT_HOME['aws']}:111111111111:workteam/private-crowd/clinic")


LEAKS: Mapping[str, Callable[[Locator], Iterator[Planted]]] = {
    "address": _address,
    "key": _key,
    "named-region": _named_region,
    "gcp-ref": _google,
    "gcp-name": _google,
    "bucket": _bucket,
    "zone": _zone,
    "image": _image,
    "linked-service": _linked,
    "not-private": _not_private,
    "edge": _edge,
    "gateway-class": _gateway_class,
    "spanner": _spanner,
    "argo-cluster": _argo,
    "volume-sku": _volume_sku,
    "azure-area": _azure_area,
    "workteam": _workteam,
}
FINE: Mapping[str, Callable[[Locator], Iterator[Planted]]] = {
    "address": _address_fine,
    "key": _key_fine,
    "named-region": _named_region_fine,
    "gcp-ref": _google_fine,
    "gcp-name": _google_fine,
    "bucket": _bucket_fine,
    "zone": _zone_fine,
    "image": _image_fine,
    "linked-service": _linked_fine,
    "not-private": _not_private_fine,
    "edge": _edge_fine,
    "gateway-class": _gateway_class_fine,
    "spanner": _spanner_fine,
    "argo-cluster": _argo_fine,
    "volume-sku": _volume_sku_fine,
    "azure-area": _azure_area_fine,
    "workteam": _workteam_fine,
}
