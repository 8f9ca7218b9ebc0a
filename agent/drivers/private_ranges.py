"""What no session reaches, whatever the platform: addresses that are not of the public internet."""

CLOSED = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""Not globally reachable (IANA special-purpose registry), less the ranges for documentation; and the public
address by which each machine at Azure reaches its host, which hands out what the machine was set up with."""

CLOSED6 = (
    "::/127",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
"""The same for IPv6, and what stands for any IPv4 address (mapped, 6to4)."""
