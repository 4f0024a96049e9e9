"""Resources whose provider is a class of the program (`pulumi.dynamic`), without running that class.

Owns the answers: inputs are recorded, compared and given back, and the class's own code is never called, since an `up`
on the embedded engine touches nothing. An official CLI brings its own provider for them, which does call it.
"""

from __future__ import annotations

from typing import Any

from ringfence.engine.providers import diff
from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.provider import Provider
from ringfence.engine.providers.wire import to_plain

PACKAGE = "pulumi-python"
"""The name under which the engine looks for this provider."""


class Dynamic(Provider):
    """A plan-only provider of whatever a program makes up."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.notices = Notices(PACKAGE)

    def package_schema(self) -> str:
        return f'{{"name": "{PACKAGE}", "version": "{self.version}"}}'

    def check_config(self, request: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def diff_config(self, request: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def configure(self, request: Any) -> None:
        """There is nothing to configure."""

    def check(self, request: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def diff(self, request: Any) -> Any:
        return diff.respond(to_plain(request.old_inputs), to_plain(request.news), lambda path: False)

    def create(self, request: Any) -> Any:
        said = "the program's own provider is not run on the embedded engine; what it would compute is not known"
        self.notices.once("dynamic", said)
        response = provider_pb2.CreateResponse(properties=request.properties)
        if not request.preview:
            response.id = digest(request.urn, length=12)
        return response

    def update(self, request: Any) -> Any:
        return provider_pb2.UpdateResponse(properties=request.news)

    def read(self, request: Any) -> Any:
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
