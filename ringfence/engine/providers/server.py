"""The gRPC face of a plan-only provider.

Owns the protocol: which call answers what, in which message. Refuses to decide anything about a property.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2

from ringfence.engine.providers.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from ringfence.engine.providers.provider import Provider

MAX_MESSAGE = 400 * 1024 * 1024
"""Bytes in one message: Pulumi raises gRPC's limit to this everywhere."""


SECONDS_BETWEEN_LOOKS = 2.0
"""How often a provider looks whether its engine is still there."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance of the engine."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def Handshake(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        self._provider.engine_address = request.engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    async def Attach(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        self._provider.engine_address = request.address
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    async def GetSchema(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema=self._provider.package_schema())

    async def GetMapping(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    async def CheckConfig(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.check_config(request)

    async def DiffConfig(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.diff_config(request)

    async def Configure(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        self._provider.configure(request)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    async def Check(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.check(request)

    async def Diff(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.diff(request)

    async def Create(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.create(request)

    async def Read(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.read(request)

    async def Update(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.update(request)

    async def Delete(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return empty_pb2.Empty()

    async def Invoke(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return await asyncio.to_thread(self._provider.invoke, request)

    async def Call(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return self._provider.call(request)

    async def Construct(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return await asyncio.to_thread(self._provider.construct, request)

    async def Cancel(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        return empty_pb2.Empty()


async def serve(provider: Provider) -> None:
    """Serve on a free loopback port, print the port as the plugin protocol asks, and run until the engine ends us."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.so_reuseport", 0)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print(port, flush=True)
    engine = os.getppid()
    # An engine that is killed says nothing: whoever has another parent now has nobody to serve.
    while not ended.is_set() and os.getppid() == engine:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), SECONDS_BETWEEN_LOOKS)
    await server.stop(grace=None)
