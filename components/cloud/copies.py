"""Copies of a dataset that its cloud cannot make, found before anything is made.

Owns: the refusal, worded the same for every cloud. Refuses to own: whether a copy is allowed (the residency model).
"""

from __future__ import annotations

from collections.abc import Collection

import pulumi

from ringfence.spec.data import Backup, Dataset, Replica

CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "GCP"}


def own_copies(
    cloud: str, name: str, dataset: Dataset, places: Collection[str], transferred: Collection[str]
) -> tuple[dict[str, Replica], dict[str, Backup]]:
    """The replicas and backups that the dataset's own cloud makes: all but the `transferred` ones.

    `places` are the names of the cloud's other sites that copies may go to. Raises RunError for a copy that can be made
    neither there nor at home.
    """
    replicas = {copy: row for copy, row in dataset.replicas.items() if copy not in transferred}
    backups = {copy: row for copy, row in dataset.backups.items() if copy not in transferred}
    for kind, copies, home in (("replicas", replicas, None), ("backups", backups, dataset.site)):
        for copy, row in copies.items():
            if row.site not in places and row.site != home:
                raise pulumi.RunError(
                    f"datasets.{name}.{kind}.{copy}: {CLOUDS[cloud]} cannot copy to {row.site}; its own sites that "
                    f"it can copy to: {', '.join(sorted(places)) or 'none'}; any other place needs a transfer job"
                )
    return replicas, backups


def own_key(cloud: str, name: str, dataset: Dataset) -> None:
    """Raise RunError where the dataset's key is to be kept elsewhere: keys and what they encrypt share a region."""
    if dataset.key_site not in (None, dataset.site):
        raise pulumi.RunError(
            f"datasets.{name}.keySite: {CLOUDS[cloud]} encrypts a store with keys of the store's own region; leave "
            f"keySite out, or keep the dataset at {dataset.key_site}"
        )
