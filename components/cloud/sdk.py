"""What every cloud's components share: a clear word when an SDK is missing, and planners' refusals as Pulumi errors.

Owns: turning both into `pulumi.RunError`, which Pulumi prints without a traceback. Refuses to own: any cloud.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeVar

import pulumi

from ringfence.planning.cloud import Unplannable

Plan = TypeVar("Plan")

_MODULES = {"aws": "pulumi_aws", "azure": "pulumi_azure_native", "gcp": "pulumi_gcp"}
"""Each extra's SDK."""


def missing_sdk(extra: str, error: ModuleNotFoundError) -> pulumi.RunError:
    """The error to raise where the SDK of a cloud (extra `aws`, `azure` or `gcp`) is not installed."""
    # Set-up installs what it is asked for and takes away the rest: those that are there are asked for again.
    wanted = " ".join(each for each, module in _MODULES.items() if each == extra or find_spec(module))
    return pulumi.RunError(
        f'this stack has a site in {extra}, and {error.name} is not installed: run `make setup EXTRAS="{wanted}"`'
    )


def planned(where: str, plan: Callable[[], Plan]) -> Plan:
    """What `plan` returns; its refusal becomes a RunError that says where in the platform the reason is."""
    try:
        return plan()
    except Unplannable as error:
        raise pulumi.RunError(f"{where}: {error}") from None
