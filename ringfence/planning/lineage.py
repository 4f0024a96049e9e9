"""Lineage: which data classes a dataset, a model or a cluster carries, by everything it came from.

Owns: the inheritance of classes through derivation, training, fine-tuning and prompts, and where it stops (a declared
de-identification). Refuses to own: whether a class may be somewhere (ringfence.spec.residency).
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.spec.data import Dataset
from ringfence.spec.model import ServedModel
from ringfence.spec.platform import Platform


class LineageError(ValueError):
    """A dataset or model descends from itself. The message gives the circle."""


def classes_of_dataset(platform: Platform, name: str) -> frozenset[str]:
    """The dataset's own class and those of all it was derived from, unless it is declared de-identified.

    Raises KeyError for an unknown name, LineageError for a circle.
    """
    return _dataset_classes(platform, name, ())


def classes_of_model(platform: Platform, name: str) -> frozenset[str]:
    """The classes that the model's weights carry: of every dataset and model it was made from. An API model has none.

    Raises KeyError for an unknown name, LineageError for a circle.
    """
    return _model_classes(platform, name, ())


def classes_in_use(platform: Platform, name: str) -> frozenset[str]:
    """The classes that are processed where the model runs: those of its weights and those of its prompts."""
    return classes_of_model(platform, name) | frozenset(platform.models[name].prompt_classes)


def classes_of_cluster(platform: Platform, name: str) -> frozenset[str]:
    """The classes that are processed on the cluster: mounted datasets, served models with their prompts, and tenants.

    A tenant brings only the classes that it says it processes (`dataClasses`). Raises KeyError for an unknown name.
    """
    platform.clusters[name]
    mounted = (classes_of_dataset(platform, key) for key, data in platform.datasets.items() if name in data.clusters)
    served = (classes_in_use(platform, model) for model in models_on_cluster(platform, name))
    tenants = (frozenset(tenant.data_classes) for tenant in platform.tenants.values() if name in tenant.clusters)
    return _union([*mounted, *served, *tenants])


def models_on_cluster(platform: Platform, name: str) -> tuple[str, ...]:
    """The models with replicas on the cluster, sorted by name."""
    return tuple(
        sorted(
            key
            for key, model in platform.models.items()
            if isinstance(model, ServedModel) and any(place.cluster == name for place in model.placements)
        )
    )


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*parts)


def _step(path: tuple[str, ...], name: str) -> tuple[str, ...]:
    if name in path:
        raise LineageError(f"{name} descends from itself: {' <- '.join((*path[path.index(name) :], name))}")
    return (*path, name)


def _dataset_classes(platform: Platform, name: str, path: tuple[str, ...]) -> frozenset[str]:
    dataset: Dataset = platform.datasets[name]
    path = _step(path, f"dataset {name}")
    if dataset.de_identified:
        return frozenset({dataset.data_class})
    inherited = (_dataset_classes(platform, source, path) for source in dataset.derived_from)
    return _union([frozenset({dataset.data_class}), *inherited])


def _model_classes(platform: Platform, name: str, path: tuple[str, ...]) -> frozenset[str]:
    model = platform.models[name]
    path = _step(path, f"model {name}")
    if not isinstance(model, ServedModel) or model.lineage.de_identified:
        return frozenset()
    data = (_dataset_classes(platform, source, path) for source in model.lineage.trained_on)
    models = (_model_classes(platform, source, path) for source in model.lineage.fine_tuned_from)
    return _union([*data, *models])
