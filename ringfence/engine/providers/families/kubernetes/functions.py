"""Kubernetes functions: YAML is really decoded; rendering a chart or a kustomization needs those tools."""

from __future__ import annotations

from typing import Any

from ringfence.engine.providers.check import Failure
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.suggest import hint

_RENDERERS = {
    "kubernetes:helm:template": "no chart is rendered, so the preview shows none of its objects",
    "kubernetes:kustomize:directory": "no kustomization is built, so the preview shows none of its objects",
}


def invoke(token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
    """The decoded objects of a YAML text; nothing, with a notice, from what would have to render."""
    if token == "kubernetes:yaml:decode":
        try:
            return {"result": decode(str(arguments.get("text", "")))}
        except ValueError as error:
            return [Failure("text", str(error))]
    if token in _RENDERERS:
        notices.once(token, _RENDERERS[token])
        return {}
    known = ["kubernetes:yaml:decode", *_RENDERERS]
    return [Failure("", f"the kubernetes package has no function {token}{hint(token, known)}")]


def decode(text: str) -> list[dict[str, Any]]:
    """The objects of a YAML text, lists of kind `List` opened. Raises ValueError where the text is not YAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = [item for item in yaml.load_all(text, Loader=_without_dates(loader)) if item]
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error
    objects = []
    for document in documents:
        if not isinstance(document, dict):
            raise ValueError("a document that is no object")
        if document.get("kind") == "List" and isinstance(document.get("items"), list):
            objects += document["items"]
        else:
            objects.append(document)
    return objects


def _without_dates(loader: Any) -> Any:
    """Kubernetes' YAML has no dates: `2000-01-01` is a string."""

    class Plain(loader):
        pass

    Plain.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in loader.yaml_implicit_resolvers.items()
    }
    return Plain
