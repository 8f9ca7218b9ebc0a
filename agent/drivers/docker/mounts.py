"""A small tmpfs of its own for each session's directory, so that no session can fill the host's /run.

Possible where the agent is root in the daemon's own mount namespace; elsewhere (a containerised agent, a
service with private mounts) the daemon would not see the mount and bind the directory beneath, so none is
made there and the directory stays as large as its file system.
"""

import ctypes
import os
import socket
import struct
from pathlib import Path

OPTIONS = "size=1m,nr_inodes=64,mode=0700,uid={uid},gid={gid}"
_FLAGS = 0x2 | 0x4 | 0x8  # MS_NOSUID | MS_NODEV | MS_NOEXEC, mount(2)
_DETACH = 0x2 | 0x8  # MNT_DETACH | UMOUNT_NOFOLLOW, umount2(2)
_libc = ctypes.CDLL(None, use_errno=True)


def daemon_sees_our_mounts(address: str) -> bool:
    """Whether the daemon at this socket lives in our mount namespace: the kernel tells its process id."""
    if os.geteuid() != 0 or not address.removeprefix("http+").startswith("unix://"):
        return False
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address.split("://", 1)[1])
            raw = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", raw)[0]
        return pid > 0 and os.stat(f"/proc/{pid}/ns/mnt").st_ino == os.stat("/proc/self/ns/mnt").st_ino
    except OSError:
        return False


def mount_small(directory: Path, uid: int, gid: int) -> None:
    """Raises OSError."""
    options = OPTIONS.format(uid=uid, gid=gid).encode()
    if _libc.mount(b"streamspace", bytes(directory), b"tmpfs", ctypes.c_ulong(_FLAGS), options) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(directory))


def unmount(directory: Path) -> None:
    """Detach whatever is mounted there; nothing mounted is a success."""
    while directory.is_mount() and _libc.umount2(bytes(directory), _DETACH) == 0:
        continue
