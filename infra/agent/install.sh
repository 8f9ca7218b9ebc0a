#!/bin/sh
# Installs the StreamSpace agent on a Docker host and enrols it; served at <control plane>/install.
#
#   curl -fsSL URL/install | sh -s -- --url URL --token TOKEN [--takeover]
#
# Makes /opt/streamspace-agent (a Python environment) and /var/lib/streamspace-agent (its key and reports), and
# a service that starts with the machine where systemd runs. Nothing listens: the agent only dials out.
# To remove it: systemctl disable --now streamspace-agent; rm -r those two and the service's file.
set -eu

PREFIX=/opt/streamspace-agent
STATE=/var/lib/streamspace-agent
UNIT=/etc/systemd/system/streamspace-agent.service

say() { printf '%s\n' "==> $*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

url='' token='' takeover=''
while [ $# -gt 0 ]; do
    case $1 in
        --url) url=${2%/}; shift 2 ;;
        --token) token=$2; shift 2 ;;
        --takeover) takeover=--takeover; shift ;;
        *) fail "unknown option: $1" ;;
    esac
done
[ -n "$url" ] && [ -n "$token" ] || fail "usage: sh -s -- --url URL --token TOKEN [--takeover]"
[ "$(uname -s)" = Linux ] || fail "The agent runs on Linux."
if [ "$(id -u)" = 0 ]; then root=''
elif command -v sudo >/dev/null; then root='sudo'
else fail "Run this as root, or install sudo: the agent needs Docker and the firewall."
fi

missing=''
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3 python3-venv"
command -v docker >/dev/null || missing="$missing docker.io"
command -v iptables >/dev/null || missing="$missing iptables"
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || fail "Please install first:$missing"
    say "installing Debian packages:$missing"
    $root apt-get update -qq
    # shellcheck disable=SC2086 - a list of words
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "The agent needs Python 3.11 or newer."
$root docker info >/dev/null 2>&1 || fail "Docker does not answer. Start it (systemctl start docker), then try again."

wheel=$(curl -fsSL "$url/install/wheel.txt") || fail "$url does not hand out the agent."
say "installing the agent into $PREFIX"
$root python3 -m venv "$PREFIX"
$root "$PREFIX/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$url/install/$wheel"
$root "$PREFIX/bin/pip" install --quiet --disable-pip-version-check "$url/install/$wheel"

say "enrolling"
$root mkdir -p "$STATE"
$root chmod 700 "$STATE"
# shellcheck disable=SC2086 - empty or one word
$root "$PREFIX/bin/streamspace-agent" enroll --state "$STATE" --url "$url" --token "$token" $takeover

if [ -d /run/systemd/system ]; then
    say "starting the service streamspace-agent"
    $root tee "$UNIT" >/dev/null <<EOF
[Unit]
Description=StreamSpace agent
After=network-online.target docker.service
Wants=network-online.target

[Service]
ExecStart=$PREFIX/bin/streamspace-agent run --state $STATE
Restart=always
RestartSec=2
KillMode=mixed

[Install]
WantedBy=multi-user.target
EOF
    $root systemctl daemon-reload
    $root systemctl enable --now streamspace-agent
    $root systemctl restart streamspace-agent
    say "done; its log: journalctl -u streamspace-agent"
else
    say "starting the agent (no systemd here: start it yourself after a restart of the machine)"
    $root sh -c "setsid sh -c 'while :; do $PREFIX/bin/streamspace-agent run --state $STATE; sleep 2; done' \
        >>$STATE/agent.log 2>&1 </dev/null &"
    say "done; its log: $STATE/agent.log"
fi
