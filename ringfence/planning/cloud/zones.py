"""Zones of a cloud region, by the provider's full names.

Owns: which zones a site uses when it names none. Refuses to own: whether a machine type is sold there; a pool that
needs a certain zone names it.
"""

from __future__ import annotations

from ringfence.spec.site import CloudSite

AWS_LETTERS = {
    "ap-northeast-1": "acd",
    "ca-central-1": "abd",
    "cn-north-1": "ab",
    "us-west-1": "",
}
"""Regions whose first zones are not a, b and c (DescribeAvailabilityZones as recorded in moto 5.2.5, 2026-10); empty
where the letters differ from account to account, so that only the account's owner can say."""

GCP_LETTERS = {"europe-west1": "bcd", "us-east1": "bcd"}
"""The same for GCP (Google Cloud documentation, "Available regions and zones", read 2026-11-22)."""

AZURE_ZONED = frozenset(
    """
    australiaeast austriaeast belgiumcentral brazilsouth canadacentral centralindia centralus chilecentral eastasia
    eastus eastus2 francecentral germanywestcentral indonesiacentral israelcentral italynorth japaneast japanwest
    koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast polandcentral qatarcentral
    southafricanorth southcentralus southeastasia spaincentral swedencentral switzerlandnorth uaenorth uksouth
    westeurope westus2 westus3
    """.split()  # noqa: SIM905 - a list of quoted names would be four times as long
)
"""Azure regions with availability zones (Microsoft Learn, "List of Azure regions", read 2026-11-22). Any other is taken
to have none: what is placed there is placed in the region."""


def zones_of(site: CloudSite) -> tuple[str, ...]:
    """The zones to use: the site's own list, else the region's first three; empty where the region has none.

    AWS and GCP zones are full names (eu-central-1a, europe-west4-b), Azure's are "1", "2", "3". Empty for an AWS
    region whose letters differ between accounts: the caller must then ask for `zones` on the site.
    """
    match site.provider:
        case "aws":
            return site.zones or tuple(site.region + letter for letter in AWS_LETTERS.get(site.region, "abc"))
        case "gcp":
            return site.zones or tuple(f"{site.region}-{letter}" for letter in GCP_LETTERS.get(site.region, "abc"))
        case "azure":
            return tuple(zone.rpartition("-")[2] for zone in site.zones) or (
                ("1", "2", "3") if site.region in AZURE_ZONED else ()
            )
