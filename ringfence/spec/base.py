"""The base of every model in the platform file, and the few constrained types they share.

Owns: how a model behaves (frozen, no unknown keys, camelCase outside and snake_case inside) and the spelling of names,
countries and networks. Refuses to own: what a value means; cross-checks live in ringfence.planning.checks.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
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
    from iso3166 import countries_by_alpha2  # imported late: 30 ms that a typo in a CIDR need not pay

    if value not in countries_by_alpha2:
        raise ValueError(f"{value!r} is not an ISO 3166-1 alpha-2 country code in capitals, such as DE")
    return value


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


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=40)]
"""A name that every cloud, label and DNS record can carry: lower-case letters, digits and inner hyphens, at most 40."""

Country = Annotated[str, AfterValidator(_country)]
"""An ISO 3166-1 alpha-2 country code in capitals."""

Jurisdiction = Annotated[str, StringConstraints(min_length=2, max_length=40)]
"""A country code, EU, EEA, GDPR-adequate, any, or one of the platform's own groups (checked across the file)."""

Cidr = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
"""A network in CIDR form without host bits, such as 10.20.0.0/16."""

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

Percent = Annotated[int, Field(ge=0, le=100)]
PositiveInt = Annotated[int, Field(gt=0, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]
GiB = Annotated[int, Field(gt=0, strict=True)]
"""Binary gigabytes (2**30 bytes)."""
UsdPerMonth = Annotated[float, Field(ge=0)]
"""United States dollars for one month of 730 hours."""
