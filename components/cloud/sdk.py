"""What every cloud's components share: a clear word when an SDK is missing, and planners' refusals as Pulumi errors.

Owns: turning both into `pulumi.RunError`, which Pulumi prints without a traceback. Refuses to own: any cloud.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pulumi

from ringfence.planning.cloud import Unplannable

Plan = TypeVar("Plan")


def missing_sdk(extra: str, error: ModuleNotFoundError) -> pulumi.RunError:
    """The error to raise where the SDK of a cloud (extra `aws`, `azure` or `gcp`) is not installed."""
    return pulumi.RunError(
        f'this stack has a site in {extra}, and {error.name} is not installed: run `make setup EXTRAS="{extra}"`'
    )


def planned(where: str, plan: Callable[[], Plan]) -> Plan:
    """What `plan` returns; its refusal becomes a RunError that says where in the platform the reason is."""
    try:
        return plan()
    except Unplannable as error:
        raise pulumi.RunError(f"{where}: {error}") from None
