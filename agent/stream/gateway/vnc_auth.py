"""The VNC password challenge (RFC 6143 §7.2.2): DES, which is why the socket itself is what protects."""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

CHALLENGE = 16


def response(password: str, challenge: bytes) -> bytes:
    """What to answer to a challenge of 16 bytes. Only the first eight bytes of a password count."""
    key = password.encode("latin-1")[:8].ljust(8, b"\0")
    # Every VNC mirrors the bits of each key byte (RFC 6143, erratum 4951). Thrice the same key is plain DES.
    mirrored = bytes(int(f"{byte:08b}"[::-1], 2) for byte in key)
    encryptor = Cipher(TripleDES(mirrored * 3), modes.ECB()).encryptor()  # noqa: S305 - the protocol's choice
    return encryptor.update(challenge) + encryptor.finalize()
