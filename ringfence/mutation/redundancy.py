"""Values that choose how many copies Azure keeps and where: SKUs, redundancies, and where models answer.

Owns those that leak and those that do not, from the SDK's own words. Refuses to own which region is whose pair
(ringfence.facts).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy.flows import Locator
from ringfence.facts import regions
from ringfence.mutation import shapes
from ringfence.mutation.filling import AT_HOME, HERE
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN

NATIONAL = {"dataClasses": {"national": {"rest": ["BR"], "process": ["BR"], "operate": ["any"], "basis": "LGPD"}}}
"""A class for the pair that crosses a border where no other region of the country is paired at home."""
_FROM, _TO = "brazilsouth", "southcentralus"


def cross_border_pairs() -> Iterator[tuple[regions.Region, regions.Region]]:
    """Every Azure pair whose two regions are in different countries."""
    for each in regions.regions("azure"):
        pair = regions.paired_region(each.code)
        if pair and pair.country != each.country:
            yield each, pair


def paired(how: str, value: Any) -> Planted:
    """A value that copies to the pair, in the region whose pair is abroad."""
    return Planted(how, value, (_TO, "US"), region=_FROM, contract=NATIONAL, data_class="national")


GEO_SKUS = ("Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS", "StandardV2_GRS", "StandardV2_GZRS")
"""Every SKU of Azure storage that copies to the paired region (azure-native 3.29.0, storage.SkuName)."""


def _azure_sku(locator: Locator) -> Iterator[Planted]:
    for sku in GEO_SKUS:
        yield paired(sku, sku)
    yield Planted("unknown", UNKNOWN, region=_FROM, contract=NATIONAL, data_class="national")


def _azure_sku_fine(locator: Locator) -> Iterator[Planted]:
    for sku in ("Standard_LRS", "Standard_ZRS", "Premium_ZRS", "PremiumV2_LRS"):
        yield Planted(sku, sku, region=_FROM, contract=NATIONAL, data_class="national")
    yield Planted("pair-at-home", "Standard_GRS")


_AWAY = ("geo", "geozone", "georedundant", "geozoneredundant", "enabled", "true", "withingeopair")


def _redundancies(locator: Locator) -> tuple[list[Any], list[Any]]:
    """(values that copy to the pair, values that do not), from the SDK's enum or the kind of the property."""
    if shapes.is_boolean(locator.type, locator.path):
        return [True], [False]
    words = shapes.words(locator.type, locator.path)
    away = [word for word in words if word.lower() in _AWAY]
    here = [word for word in words if word.lower() in HERE]
    return away or ["GeoRedundant"], here or ["LocallyRedundant"]


def _azure_redundancy(locator: Locator) -> Iterator[Planted]:
    for value in _redundancies(locator)[0]:
        yield paired(str(value), value)
    yield Planted("unknown", UNKNOWN, region=_FROM, contract=NATIONAL, data_class="national")


def _azure_redundancy_fine(locator: Locator) -> Iterator[Planted]:
    away, here = _redundancies(locator)
    for value in here:
        yield Planted(str(value), value, region=_FROM, contract=NATIONAL, data_class="national")
    yield Planted("pair-at-home", away[0])


def _azure_model_sku(locator: Locator) -> Iterator[Planted]:
    for sku in ("GlobalStandard", "GlobalBatch", "GlobalProvisionedManaged"):
        yield Planted(sku, sku, ("any", sku))
    german = {"rest": ["DE"], "process": ["DE"], "operate": ["any"], "basis": "contract"}
    for sku in ("DataZoneStandard", "DataZoneBatch"):
        contract = {"dataClasses": {"german": german}}
        yield Planted(sku, sku, (sku, "FR"), region=AT_HOME["azure"], contract=contract, data_class="german")
    yield Planted("unknown", UNKNOWN)


def _azure_model_sku_fine(locator: Locator) -> Iterator[Planted]:
    for sku in ("Standard", "ProvisionedManaged", "DataZoneStandard"):
        yield Planted(sku, sku)


LEAKS = {
    "azure-sku": _azure_sku,
    "azure-redundancy": _azure_redundancy,
    "azure-model-sku": _azure_model_sku,
}
FINE = {
    "azure-sku": _azure_sku_fine,
    "azure-redundancy": _azure_redundancy_fine,
    "azure-model-sku": _azure_model_sku_fine,
}
