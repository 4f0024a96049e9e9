"""The base of every model in the platform file, and the few constrained types they share.

Owns: how a model behaves (frozen, no unknown keys, camelCase outside and snake_case inside) and the spelling of names,
countries and networks. Refuses to own: what a value means; cross-checks live in ringfence.planning.checks.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyAddress, StringConstraints
from pydantic.alias_generators import to_camel

NAME_PATTERN = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"


class Spec(BaseModel):
    """One concept of the platform file: immutable, and it refuses keys that it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


def _country(value: str) -> str:
    from ringfence.facts import jurisdictions  # imported late: 30 ms that a typo in a CIDR need not pay

    if jurisdictions.is_country(value):
        return value
    try:
        jurisdictions.countries(value)
        close = None
    except jurisdictions.UnknownJurisdiction as error:
        close = error.suggestion if error.suggestion and jurisdictions.is_country(error.suggestion) else None
    hint = f": did you mean {close!r}?" if close else ", such as DE"
    raise ValueError(f"{value!r} is not an ISO 3166-1 alpha-2 country code in capitals{hint}")


def _network(value: Any) -> Any:
    if not isinstance(value, str) or "/" not in value:
        raise ValueError(f"{value!r} is not a network such as 10.20.0.0/16")
    try:
        return ip_network(value)
    except ValueError:
        pass
    try:
        meant = ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is not a network such as 10.20.0.0/16") from None
    raise ValueError(f"{value!r} has bits set beyond its prefix: did you mean '{meant}'?")


def _address(value: Any) -> Any:
    # Python takes numbers, and true and false, for addresses: 0 is 0.0.0.0.
    if isinstance(value, bool | int | float):
        raise ValueError(f"{value!r} is not an address such as 10.20.0.10")
    return value


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=40)]
"""A name that every cloud, label and DNS record can carry: lower-case letters, digits and inner hyphens, at most 40."""

Country = Annotated[str, AfterValidator(_country)]
"""An ISO 3166-1 alpha-2 country code in capitals."""

Jurisdiction = Annotated[str, StringConstraints(min_length=2, max_length=40)]
"""A country code, EU, EEA, GDPR-adequate, any, or one of the platform's own groups (checked across the file)."""

Cidr = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
"""A network in CIDR form without host bits, such as 10.20.0.0/16."""

Address = Annotated[IPvAnyAddress, BeforeValidator(_address)]
"""An IPv4 or IPv6 address, such as 10.20.0.10."""

Hostname = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$", max_length=253)
]
"""A DNS name or address, with a port where it needs one."""

RegistryHost = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9._-]+)*$", max_length=253)
]
"""An OCI registry: a host, with a port and a path where it needs them, and no scheme."""

SecretReference = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9./-]*[a-z0-9])?$", max_length=253)]
"""The name of a secret kept elsewhere (a Kubernetes Secret, or a path in a secret store): never the secret itself."""

LARGEST = 2**53 - 1
"""The largest whole number that survives JSON, through which Pulumi hands the file on (RFC 8259, section 6)."""

COST_CENTER_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9 ._/-]*[A-Za-z0-9])?$"
CostCenter = Annotated[str, StringConstraints(pattern=COST_CENTER_PATTERN, max_length=63)]
"""As the ledger spells it; a tag's value everywhere, with other characters made hyphens where a label needs it."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A name for people."""

Percent = Annotated[int, Field(ge=0, le=100)]
PositiveInt = Annotated[int, Field(gt=0, le=LARGEST, strict=True)]
Count = Annotated[int, Field(ge=0, le=LARGEST, strict=True)]
GiB = Annotated[int, Field(gt=0, le=LARGEST, strict=True)]
"""Binary gigabytes (2**30 bytes)."""
UsdPerMonth = Annotated[float, Field(ge=0, le=1e12)]
"""United States dollars for one month of 730 hours."""
