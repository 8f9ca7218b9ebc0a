"""One pod on its node, from its volumes to its end, as the kubelet (1.36) reports it."""

import asyncio
import base64
import contextlib
import re
from typing import TYPE_CHECKING

from tests.support.cluster.containers import KILLED, Container, Files, Image
from tests.support.cluster.events import Recorder
from tests.support.cluster.objects import (
    CLAIM,
    POD,
    SECRET,
    Object,
    digest,
    name_of,
    now,
    set_condition,
    space_of,
    uid_of,
)
from tests.support.cluster.refusals import Refused

if TYPE_CHECKING:
    from tests.support.cluster.controllers.kubelet import Kubelet

ATTEMPTS_WAIT = 0.05
LONGEST = 3.0
_REFERENCE = re.compile(r"[a-z0-9]+([._/:@-]+[A-Za-z0-9_]+)*")


class PodWorker:
    """`container` runs or ran last; `past` is the one before it."""

    def __init__(self, kubelet: "Kubelet", pod: Object) -> None:
        self.kubelet, self.tempo, self.registry = kubelet, kubelet.tempo, kubelet.registry
        self.pod, self.uid = pod, uid_of(pod)
        self.spec: Object = pod["spec"]["containers"][0]
        self.node: str = pod["spec"]["nodeName"]
        self.address = ""
        self.container: Container | None = None
        self.past: Container | None = None
        self.restarts = 0
        self.waiting = "ContainerCreating"
        self.last_state: Object = {}
        self.over = False
        self.task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._password = b""
        self._mounts: dict[str, Files] = {}

    # coming up

    async def run(self) -> None:
        try:
            self._report({"waiting": {"reason": "ContainerCreating"}}, phase="Pending")
            await self._pause()
            await self._mount()
            self.address = self.kubelet.address()
            image = await self._pull()
            while True:
                await self._start(image)
                await self._until_over()
                await self._back_off()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.kubelet.machine.failures.append(error)

    async def _mount(self) -> None:
        """Waits for what the pod's volumes need."""
        volumes = {volume["name"]: volume for volume in self.pod["spec"].get("volumes") or ()}
        for mount in self.spec.get("volumeMounts") or ():
            volume = volumes[mount["name"]]
            while (files := self._files(volume)) is None:
                await asyncio.sleep(ATTEMPTS_WAIT * self.tempo.pace)
            self._mounts[mount["mountPath"]] = files
            if "secret" in volume and "vnc-password" in files.content:
                self._password = files.content["vnc-password"].encode()

    def _files(self, volume: Object) -> Files | None:
        namespace, name = space_of(self.pod), volume["name"]
        if wanted := volume.get("secret"):
            secret = self.kubelet.store.get(SECRET, namespace, wanted["secretName"])
            if secret is None:
                text = f'secret "{wanted["secretName"]}" not found'
                text = f'MountVolume.SetUp failed for volume "{name}" : {text}'
                self._say("Warning", "FailedMount", text)
                return None
            data = secret.get("data") or {}
            return Files({key: base64.b64decode(text).decode() for key, text in data.items()})
        if wanted := volume.get("persistentVolumeClaim"):
            claim = self.kubelet.store.get(CLAIM, namespace, wanted["claimName"])
            if claim is None or claim["status"]["phase"] != "Bound":
                return None
            if why := self.kubelet.machine.attach_failure:
                text = f'AttachVolume.Attach failed for volume "{claim["spec"]["volumeName"]}" : {why}'
                self._say("Warning", "FailedAttachVolume", text, by="attachdetach-controller")
                return None
            return self.kubelet.volumes.setdefault(uid_of(claim), Files())
        return Files()

    async def _pull(self) -> Image:
        """The image, once it is there; in between the reasons and pauses of `image_manager.go`."""
        name, backoff = self.spec["image"], self.tempo.of("pull_backoff")
        if not _REFERENCE.fullmatch(name):
            text = f'couldn\'t parse image name "{name}": invalid reference format'
            self._say("Warning", "InspectFailed", f'Failed to apply default image tag "{name}": {text}')
            self._say("Warning", "Failed", "Error: InvalidImageName")
            text = f'Failed to apply default image tag "{name}": {text}'
            self._report({"waiting": {"reason": "InvalidImageName", "message": text}})
            await asyncio.Event().wait()
        policy = self.spec.get("imagePullPolicy", "IfNotPresent")
        if name in self.kubelet.on_nodes and policy != "Always":
            text = f'Container image "{name}" already present on machine and can be accessed by the pod'
            self._say("Normal", "Pulled", text)
            return self.kubelet.images[name]
        if policy == "Never":
            text = f'Container image "{name}" is not present with pull policy of Never'
            self._say("Warning", "ErrImageNeverPull", text)
            self._say("Warning", "Failed", "Error: ErrImageNeverPull")
            self._report({"waiting": {"reason": "ErrImageNeverPull", "message": text}})
            await asyncio.Event().wait()
        while True:
            self._say("Normal", "Pulling", f'Pulling image "{name}"')
            await asyncio.sleep(self.tempo.of("pull"))
            image = self.kubelet.images.get(name)
            why = _pull_error(name) if image is None else image.failure
            if image is not None and why is None:
                self.kubelet.on_nodes.add(name)
                text = f'Successfully pulled image "{name}" in 1.2s (1.2s including waiting). '
                self._say("Normal", "Pulled", f"{text}Image size: {image.size} bytes.")
                return image
            self._say("Warning", "Failed", f'Failed to pull image "{name}": {why}')
            self._say("Warning", "Failed", "Error: ErrImagePull")
            self._report({"waiting": {"reason": "ErrImagePull", "message": why}})
            await self._pause()
            self._say("Normal", "BackOff", f'Back-off pulling image "{name}"')
            self._say("Warning", "Failed", "Error: ImagePullBackOff")
            text = f'Back-off pulling image "{name}": ErrImagePull: {why}'
            self._report({"waiting": {"reason": "ImagePullBackOff", "message": text}})
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, LONGEST)

    # running

    async def _start(self, image: Image) -> None:
        self.container = Container(self.spec, image, self.address, self._password, self._mounts)
        self._say("Normal", "Created", "Container created")
        try:
            await self.container.start()
        except OSError as error:
            self.kubelet.machine.failures.append(error)
        self._say("Normal", "Started", "Container started")
        self._report({"running": {"startedAt": self.container.started}}, phase="Running", ready=True)
        self.kubelet.machine.exposed_unless_closed(self.pod)

    async def _until_over(self) -> None:
        assert self.container
        await self.container.over.wait()
        await self._pause()
        over = {"terminated": self._terminated()}
        self._report(over, phase="Running")
        self.last_state = over
        self.past = self.container

    def _terminated(self) -> Object:
        assert self.container
        assert self.container.outcome
        code, reason = self.container.outcome
        over = {
            "exitCode": code,
            "reason": reason,
            "startedAt": self.container.started,
            "finishedAt": now(),
            "containerID": self.container.id,
        }
        if code and self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            over["message"] = "".join(f"{line}\n" for line in self.container.lines)[-2048:]
        return over

    async def _back_off(self) -> None:
        """The first restart comes at once, the others later and later."""
        await self._pause()
        self.container = None
        if self.restarts:
            seconds = 10 * 2 ** (self.restarts - 1)
            whom = f"{name_of(self.pod)}_{space_of(self.pod)}({self.uid})"
            name = self.spec["name"]
            self.waiting = "CrashLoopBackOff"
            self._say("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {whom}")
            text = f"back-off {seconds}s restarting failed container={name} pod={whom}"
            self._report({"waiting": {"reason": "CrashLoopBackOff", "message": text}}, phase="Running")
            await asyncio.sleep(self.tempo.of("crash_backoff") * 2 ** (self.restarts - 1))
        self.restarts += 1

    # going down

    def terminate(self, grace: int) -> None:
        """Deleted: end what runs, then say that it is gone."""
        if self._ending is None and self.node not in self.kubelet.lost:
            self._ending = asyncio.create_task(self._end(grace))

    async def _end(self, grace: int) -> None:
        if self.task:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task
        if self.container and not self.container.outcome:
            self._say("Normal", "Killing", f"Stopping container {self.spec['name']}")
            await self.container.stop(self.tempo.of("stop"), grace * self.tempo.of("grace"))
        if self.container:
            self._report({"terminated": self._terminated()})
        await self._pause()
        with contextlib.suppress(Refused):
            self.registry.discard(POD, self.pod, gracePeriodSeconds=0)
        self.cut()

    def cut(self) -> None:
        """The pod is gone: so is what ran in it."""
        self.over = True
        if self.task:
            self.task.cancel()
        if self.container:
            self.container.end(KILLED)

    def fail(self, reason: str, message: str) -> None:
        """Evicted: all ends, and the pod is over."""
        if self.task:
            self.task.cancel()
        state: Object = {"waiting": {"reason": self.waiting}}
        if self.container:
            self.container.end(KILLED)
            state = {"terminated": self._terminated()}
        self._say("Warning", reason, message)
        self._report(state, phase="Failed", reason=reason, message=message)

    # telling

    def _report(
        self, state: Object, *, phase: str = "", ready: bool = False, reason: str = "", message: str = ""
    ) -> None:
        if self.node in self.kubelet.lost:
            return
        if waiting := state.get("waiting"):
            self.waiting = waiting["reason"]

        def change(thing: Object) -> None:
            if uid_of(thing) != self.uid:
                return
            status = thing["status"]
            started = "running" in state
            status["phase"] = phase or status["phase"]
            status |= {"hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}]}
            status.setdefault("startTime", now())
            if self.address:
                status |= {"podIP": self.address, "podIPs": [{"ip": self.address}]}
            if reason:
                status |= {"reason": reason, "message": message}
                set_condition(status, "DisruptionTarget", "True", "TerminationByKubelet", message)
            set_condition(status, "PodReadyToStartContainers", "True" if self.address else "False")
            set_condition(status, "Initialized", "True")
            why = (
                ("", "")
                if ready
                else ("ContainersNotReady", f"containers with unready status: [{self.spec['name']}]")
            )
            for kind in ("Ready", "ContainersReady"):
                set_condition(status, kind, str(ready), *why)
            image = self.spec["image"]
            status["containerStatuses"] = [
                {
                    "name": self.spec["name"],
                    "state": state,
                    "lastState": self.last_state,
                    "ready": ready,
                    "started": started,
                    "restartCount": self.restarts,
                    "image": image,
                    "imageID": f"sha256:{digest(image, 32)}" if self.container else "",
                }
                | ({"containerID": self.container.id} if self.container else {})
            ]

        with contextlib.suppress(Refused):
            self.registry.edit(POD, space_of(self.pod), name_of(self.pod), change, part="status")

    def _say(self, kind: str, reason: str, message: str, by: str = "kubelet") -> None:
        if self.node not in self.kubelet.lost:
            field = "" if reason in {"Evicted", "FailedMount"} else f"spec.containers{{{self.spec['name']}}}"
            Recorder(self.registry, by).tell(self.pod, kind, reason, message, field=field, host=self.node)

    async def _pause(self) -> None:
        await asyncio.sleep(self.tempo.of("step"))


def _pull_error(image: str) -> str:
    """What containerd says of a name that its registry does not know."""
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": failed to resolve '
        f'reference "{image}": {image}: not found'
    )
