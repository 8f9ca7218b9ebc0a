"""A session image of a few megabytes, made of the host's own perl: it speaks just enough RFB, and can look
around from inside. No registry, no compiler, no package is needed to make it.
"""

import hashlib
import io
import re
import subprocess
import tarfile
from pathlib import Path

REPOSITORY = "streamspace-test/tiny"
SERVE = r"""
$| = 1;
print "session began\n";
my $path = "/streamspace/rfb.sock";
open(my $f, "<", "/streamspace/vnc-password") or die "password: $!\n";
my $password = <$f>; length($password) == 8 or die "password of wrong length\n";
$SIG{TERM} = sub { exit 0 };
$SIG{CHLD} = "IGNORE";
my $s;
if (my $port = $ENV{STREAMSPACE_RFB_PORT}) {
  socket($s, 2, 1, 6) or die "socket: $!\n";
  setsockopt($s, 1, 2, 1);
  bind($s, pack("SnA4x8", 2, $port, "\0\0\0\0")) or die "bind: $!\n";
} else {
  socket($s, 1, 1, 0) or die "socket: $!\n";
  bind($s, pack("Sa*", 1, $path . "\0")) or die "bind: $!\n";
}
listen($s, 16) or die "listen: $!\n";
print "ready\n";
while (1) {
  accept(my $c, $s) or next;
  next if fork();
  syswrite($c, "RFB 003.008\n");
  sysread($c, my $buffer, 12) and syswrite($c, "\1\2");
  sysread($c, $buffer, 1);
  exit 0;
}
"""

# Where: host port [text]. Prints "open <answer>", "refused", "timeout" or the error; sends text if given.
REACH = r"""
my ($host, $port, $text) = @ARGV;
my $address = gethostbyname($host) or do { print "unresolved"; exit };
$SIG{ALRM} = sub { print "timeout"; exit };
alarm(3);
socket(my $s, 2, 1, 6) or die "socket: $!";
if (!connect($s, pack("SnA4x8", 2, $port, $address))) { print $! == 111 ? "refused" : "$!"; exit }
syswrite($s, $text) if defined $text;
sysread($s, my $answer, 64);
print "open $answer";
"""

LISTEN = r"""
socket(my $s, 2, 1, 6); setsockopt($s, 1, 2, 1);
bind($s, pack("SnA4x8", 2, $ARGV[0], "\0\0\0\0")) or die "bind: $!"; listen($s, 8);
while (1) {
  accept(my $c, $s) or next;
  syswrite($c, $ARGV[1]); shutdown($c, 1); sysread($c, my $b, 1024); close $c;
}
"""

HTTP_ANSWER = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
SCRIPTS = {"serve": SERVE, "reach": REACH, "listen": LISTEN}
IMAGE = f"{REPOSITORY}:{hashlib.sha256(f'2 {SCRIPTS}'.encode()).hexdigest()[:12]}"


def rootfs() -> bytes:
    """A tar of perl, its libraries and the scripts, with a home for uid 1000."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("usr", "usr/bin", "etc", "home", "streamspace", "proc", "sys", "dev", "run", "var"):
            _folder(tar, folder, 0)
        for folder in ("tmp", "var/tmp"):
            _folder(tar, folder, 0, 0o1777)  # runc gives a tmpfs the mode of what it covers
        _folder(tar, "home/user", 1000)
        _file(tar, "home/user/.greeting", b"from the image\n", 0o644, 1000)
        perl = Path("/usr/bin/perl")
        _file(tar, "usr/bin/perl", perl.read_bytes(), 0o755)
        for library in _libraries(perl):
            _file(tar, library.lstrip("/"), Path(library).resolve().read_bytes(), 0o755)
        _file(tar, "etc/passwd", b"root:x:0:0::/:\nuser:x:1000:1000::/home/user:\n", 0o644)
        _file(tar, "etc/nsswitch.conf", b"hosts: files dns\n", 0o644)
        for name, text in SCRIPTS.items():
            _file(tar, f"usr/bin/{name}", f"#!/usr/bin/perl\n{text}".encode(), 0o755)
    return buffer.getvalue()


def build(image: str = IMAGE) -> str:
    """Import it under this name unless it is there already."""
    present = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False)
    if present.returncode != 0:
        command = ["docker", "import", "--change", 'CMD ["/usr/bin/serve"]', "-", image]
        subprocess.run(command, input=rootfs(), capture_output=True, check=True)
    return image


def _libraries(binary: Path) -> list[str]:
    listed = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", listed)))


def _folder(tar: tarfile.TarFile, name: str, owner: int, mode: int = 0o755) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, mode, owner, owner
    tar.addfile(info)


def _file(tar: tarfile.TarFile, name: str, data: bytes, mode: int, owner: int = 0) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.uid, info.gid = len(data), mode, owner, owner
    tar.addfile(info, io.BytesIO(data))
