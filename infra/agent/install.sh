#!/bin/sh
# Installs the StreamSpace agent on a Docker host and enrols it; served at <control plane>/install.
#
#   curl -fsSL URL/install | sh -s -- --url URL --token TOKEN [--takeover] [--platform docker]
#
# With root (or sudo): /opt/streamspace-agent (a Python environment), /var/lib/streamspace-agent (the agent's key
# and reports) and, where systemd runs, a service. Without: all of it below ~/.streamspace-agent. Nothing
# listens: the agent only dials out. Giving the command again updates the agent and is harmless otherwise.
# To remove it: stop it (systemctl disable --now streamspace-agent, or kill the pid in agent.pid), then remove
# those folders and the service's file.
set -eu

UNIT=/etc/systemd/system/streamspace-agent.service

say() { printf '%s\n' "==> $*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
usage() { fail "usage: sh -s -- --url URL --token TOKEN [--takeover] [--platform NAME]"; }

read_options() {
    url='' token='' takeover='' platform=docker
    while [ $# -gt 0 ]; do
        case $1 in
            --takeover) takeover=--takeover; shift; continue ;;
            --url | --token | --platform) [ $# -gt 1 ] || usage ;;
            *) printf 'unknown option: %s\n' "$1" >&2; usage ;;
        esac
        case $1 in
            --url) url=${2%/} ;;
            --token) token=$2 ;;
            --platform) platform=$2 ;;
        esac
        shift 2
    done
    if [ -z "$url" ] || [ -z "$token" ]; then usage; fi
}

# Root is wanted: for sessions' firewall rules, for a service, and for a place that outlives a login.
choose_place() {
    root=''
    if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null && sudo -n true 2>/dev/null; then root=sudo; fi
    if [ "$(id -u)" = 0 ] || [ -n "$root" ]; then
        prefix=${STREAMSPACE_PREFIX:-/opt/streamspace-agent}
        state=${STREAMSPACE_STATE:-/var/lib/streamspace-agent}
    else
        prefix=${STREAMSPACE_PREFIX:-$HOME/.streamspace-agent/env}
        state=${STREAMSPACE_STATE:-$HOME/.streamspace-agent/state}
    fi
}

find_python() {
    for each in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$each" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$each"
            return
        fi
    done
}

install_packages() {
    if [ "$(id -u)" != 0 ] && [ -z "$root" ]; then fail "Please install first: $*"; fi
    command -v apt-get >/dev/null || fail "Please install first: $*"
    say "installing Debian packages: $*"
    $root apt-get update -qq
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

check_machine() {
    [ "$(uname -s)" = Linux ] || fail "The agent runs on Linux."
    python=$(find_python)
    if [ -z "$python" ]; then
        install_packages python3 python3-venv
        python=$(find_python)
        [ -n "$python" ] || fail "The agent needs Python 3.11 or newer; $(python3 --version) is here. Install it \
(python3.11 or later, with venv), then give this command again."
    fi
    [ "$platform" = docker ] || return 0
    command -v docker >/dev/null || install_packages docker.io
    command -v iptables >/dev/null || [ -x /usr/sbin/iptables ] || install_packages iptables
    $root docker info >/dev/null 2>&1 || fail "Docker does not answer. Start it (systemctl start docker) or join \
its group (usermod -aG docker $(id -un), then sign in anew), then give this command again."
}

install_agent() {
    wheel=$(curl -fsSL "$url/install/wheel.txt") || fail "$url does not hand out the agent. Check the URL."
    say "installing the agent into $prefix"
    $root mkdir -p "$(dirname "$prefix")"
    $root "$python" -m venv "$prefix"
    # First with what it needs, then itself once more: its version may be that of an older build.
    $root "$prefix/bin/pip" install --quiet --disable-pip-version-check "$url/install/$wheel"
    $root "$prefix/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps \
        "$url/install/$wheel"
}

enrol() {
    say "enrolling"
    $root mkdir -p "$state"
    $root chmod 700 "$state"
    # shellcheck disable=SC2086 - empty or one word
    $root "$prefix/bin/streamspace-agent" enroll --state "$state" --url "$url" --token "$token" \
        --platform "$platform" $takeover
}

start_service() {
    say "starting the service streamspace-agent"
    # 2 to 5: starting it again cannot help (agent/cli/exits.py).
    $root tee "$UNIT" >/dev/null <<END
[Unit]
Description=StreamSpace agent
After=network-online.target docker.service
Wants=network-online.target

[Service]
ExecStart=$prefix/bin/streamspace-agent run --state $state
Restart=always
RestartSec=2
RestartPreventExitStatus=2 3 4 5
KillMode=mixed
TimeoutStopSec=45

[Install]
WantedBy=multi-user.target
END
    $root systemctl daemon-reload
    $root systemctl enable --quiet streamspace-agent
    $root systemctl restart streamspace-agent
    say "done; its log: journalctl -u streamspace-agent"
}

# Ends the process of a pid file, unless another one has its number by now, and waits for it.
END_THE_LAST='
pid=$(cat "$1") || exit 0
case $(cat "/proc/$pid/cmdline") in *keep-running*) kill "$pid" ;; *) exit 0 ;; esac
left=45
while [ $left -gt 0 ] && kill -0 "$pid"; do
    sleep 1
    left=$((left - 1))
done'

start_in_background() {
    say "starting the agent (no service here: start $state/keep-running after a restart of the machine)"
    $root sh -c "$END_THE_LAST" sh "$state/agent.pid" 2>/dev/null
    $root tee "$state/keep-running" >/dev/null <<END
#!/bin/sh
# Keeps the StreamSpace agent running until this process is told to stop.
echo \$\$ >"$state/agent.pid"
trap 'kill "\$agent" 2>/dev/null; wait "\$agent"; rm -f "$state/agent.pid"; exit 0' TERM INT
while :; do
    "$prefix/bin/streamspace-agent" run --state "$state" &
    agent=\$!
    wait "\$agent" && status=0 || status=\$?
    # 2 to 5: starting it again cannot help.
    case \$status in 2 | 3 | 4 | 5) rm -f "$state/agent.pid"; exit "\$status" ;; esac
    sleep 2
done
END
    $root chmod 700 "$state/keep-running"
    $root sh -c "setsid '$state/keep-running' >>'$state/agent.log' 2>&1 </dev/null &"
    say "done; its log: $state/agent.log, its pid: $state/agent.pid"
}

# All in functions, so that a download that breaks off runs nothing.
main() {
    read_options "$@"
    choose_place
    check_machine
    install_agent
    enrol
    if [ -d /run/systemd/system ] && { [ "$(id -u)" = 0 ] || [ -n "$root" ]; }; then
        start_service
    else
        start_in_background
    fi
}

main "$@"
