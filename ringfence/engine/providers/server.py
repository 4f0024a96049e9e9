"""The gRPC face of a plan-only provider.

Owns the protocol: which call answers what, in which message. Refuses to decide anything about a property.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2

from ringfence.engine.providers.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from ringfence.engine.providers.provider import Provider


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance of the engine."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._provider.engine_address = request.engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._provider.engine_address = request.address
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema=self._provider.package_schema())

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.check_config(request)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.diff_config(request)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._provider.configure(request)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.check(request)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.diff(request)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.create(request)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.read(request)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.update(request)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.invoke(request)

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.call(request)

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._provider.construct(request)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()


def serve(make_provider: Callable[[], Provider]) -> tuple[grpc.Server, int]:
    """Start a server on a free loopback port and return both."""
    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(
        ThreadPoolExecutor(max_workers=16),
        options=[("grpc.max_receive_message_length", 400 * 1024 * 1024), ("grpc.so_reuseport", 0)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(make_provider()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
