"""The two streams into a pod, as WebSockets with a channel number before each message (`v4.channel.k8s.io`):
forwarded ports and commands.
"""

import asyncio
import contextlib
import json
import struct
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from tests.support.cluster.objects import Object, name_of, space_of, uid_of
from tests.support.cluster.refusals import bad_request, internal

if TYPE_CHECKING:
    from tests.support.cluster.controllers.pods import PodWorker
    from tests.support.cluster.machine import Machine

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
CHUNK = 32 * 1024
STDOUT, STDERR, ERROR = b"\x01", b"\x02", b"\x03"


class Streams:
    def __init__(self, machine: "Machine") -> None:
        self.machine = machine
        self.open: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request, pod: Object, part: str) -> web.StreamResponse:
        if pod["spec"]["nodeName"] in self.machine.kubelet.lost:
            raise internal("error dialing backend: dial tcp 10.0.0.1:10250: connect: no route to host")
        worker = self.machine.kubelet.workers.get(uid_of(pod))
        if worker is None or not worker.address:
            raise internal(f'pod not found ("{name_of(pod)}_{space_of(pod)}")')
        return await (self._execute if part == "exec" else self._forward)(request, worker)

    async def _open(self, request: web.Request, *protocols: str) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=protocols, max_msg_size=0)
        await socket.prepare(request)
        self.open.add(socket)
        return socket

    # commands

    async def _execute(self, request: web.Request, worker: "PodWorker") -> web.StreamResponse:
        name = request.query.get("container") or worker.spec["name"]
        container = worker.container
        if name != worker.spec["name"]:
            raise bad_request(f"container {name} is not valid for pod {name_of(worker.pod)}")
        if container is None or container.outcome:
            raise internal(f'container not found ("{name}")')
        socket = await self._open(request, V5, V4)
        argv = request.query.getall("command")
        try:
            output, errors, code = container.execute(argv)
        except LookupError as error:
            status = _failed(
                "error executing command in container: failed to exec in container: failed to start exec: "
                "OCI runtime exec failed: exec failed: unable to start container process: exec: "
                f'"{error.args[0]}": executable file not found in $PATH'
            )
            output, errors = "", ""
        else:
            status = _exited(code)
        with contextlib.suppress(ConnectionError):
            for channel, text in ((STDOUT, output), (STDERR, errors)):
                if text:
                    await socket.send_bytes(channel + text.encode())
            await socket.send_bytes(ERROR + json.dumps(status).encode())
            await socket.close()
        self.open.discard(socket)
        return socket

    # ports

    async def _forward(self, request: web.Request, worker: "PodWorker") -> web.StreamResponse:
        ports = [int(port) for text in request.query.getall("ports", []) for port in text.split(",")]
        if not ports:
            raise bad_request('query parameter "ports" is required')
        socket = await self._open(request, V4)
        writers: list[asyncio.StreamWriter | None] = []
        pumps: list[asyncio.Task[None]] = []
        ending: asyncio.Task[None] | None = None
        try:
            for index, port in enumerate(ports):
                for channel in (2 * index, 2 * index + 1):
                    await socket.send_bytes(bytes([channel]) + struct.pack("<H", port))
                try:
                    reader, writer = await asyncio.open_connection(worker.address, port)
                except OSError:
                    writers.append(None)
                    await socket.send_bytes(bytes([2 * index + 1]) + _refused(worker, port).encode())
                else:
                    writers.append(writer)
                    pumps.append(asyncio.create_task(_pump(reader, socket, 2 * index)))
            if pumps:
                ending = asyncio.create_task(_close_after(pumps, socket))
                await self._receive(socket, writers)
        except ConnectionError:
            pass
        finally:
            for task in (*pumps, ending):
                if task:
                    task.cancel()
            for each in writers:
                if each:
                    each.close()
            self.open.discard(socket)
            await socket.close()
        return socket

    @staticmethod
    async def _receive(socket: web.WebSocketResponse, writers: list[asyncio.StreamWriter | None]) -> None:
        async for message in socket:
            if message.type is not WSMsgType.BINARY or not message.data or message.data[0] % 2:
                continue
            writer = writers[message.data[0] // 2]
            if writer:
                writer.write(message.data[1:])
                await writer.drain()


async def _close_after(pumps: list[asyncio.Task[None]], socket: web.WebSocketResponse) -> None:
    """When nothing more comes from any port."""
    await asyncio.wait(pumps)
    await socket.close()


async def _pump(reader: asyncio.StreamReader, socket: web.WebSocketResponse, channel: int) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            await socket.send_bytes(bytes([channel]) + data)


def _refused(worker: "PodWorker", port: int) -> str:
    sandbox = worker.uid.replace("-", "") * 2
    return (
        f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network "
        f'namespace "/var/run/netns/cni-{worker.uid}": failed to connect to localhost:{port} inside '
        f'namespace "{sandbox}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial '
        "tcp6: address "
        "localhost: no suitable address found "
    )


def _exited(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    cause = {"reason": "ExitCode", "message": str(code)}
    message = f"command terminated with non-zero exit code: error executing command, exit code {code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "NonZeroExitCode",
        "details": {"causes": [cause]},
    }


def _failed(message: str) -> Object:
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {message}",
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }
