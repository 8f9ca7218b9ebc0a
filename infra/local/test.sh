#!/bin/bash
# Every check and every test, the fast ones first; goes on after a failure, so that one run shows all of them.
# Ends with the outcome of each part and, as its last line, pytest's own form of the sum.
set -u
cd "$(dirname "$0")/../.."
PATH=$PWD/.venv/bin:$PATH
REPORTS=.streamspace/reports
rm -rf "$REPORTS" .streamspace/evidence
mkdir -p "$REPORTS"
bad=0
summary=()
exec 3>&1

part() {
    local name=$1 began=$SECONDS
    shift
    printf '\n===== %s =====\n' "$name"
    if "$@"; then summary+=("ok      $((SECONDS - began)) s  $name")
    else
        summary+=("FAILED  $((SECONDS - began)) s  $name")
        bad=1
    fi
}

# tests NAME PATH…: one pytest run; a layer that has no tests yet is not a failure.
tests() {
    local name=$1 began=$SECONDS
    shift
    python -m pytest --junit-xml="$REPORTS/$name.xml" --durations=5 "$@"
    local status=$?
    echo "$name: $((SECONDS - began)) s, exit status $status" >&3
    [ $status = 5 ] && return 0
    return $status
}

# What works on machines; the rest of tests/functional is the control plane's, and the clusters'.
MACHINES="agent docker emulator images local stream"

# Three lanes of about the same length (hence offboarding and package in the first) side by side: most tests wait more
# than they compute. Each run has servers of its own.
clusters() {
    tests contract-kubernetes -n 2 tests/contract/kubernetes
    local status=$?
    tests simulation tests/simulation || status=1
    tests cost tests/performance || status=1
    tests functional-kubernetes tests/functional/kubernetes || status=1
    tests functional-others tests/functional/offboarding tests/functional/package || status=1
    return $status
}

machines() {
    tests contract tests/contract --ignore=tests/contract/kubernetes
    local status=$?
    local folders
    read -ra folders <<<"$MACHINES"
    tests functional-machines "${folders[@]/#/tests/functional/}" || status=1
    return $status
}

control_plane() {
    local folder others=()
    for folder in tests/functional/[a-z]*/; do
        case " $MACHINES kubernetes offboarding package " in
            *" $(basename "$folder") "*) ;;
            *) others+=("$folder") ;;
        esac
    done
    tests functional-control-plane "${others[@]}"
}

# lanes NAME…: all at once; each is shown as a whole when it ends, so that their lines do not mix.
lanes() {
    local name status=0 pids=()
    for name in "$@"; do
        "$name" >"$REPORTS/$name.log" 2>&1 &
        pids+=($!)
    done
    for name in "$@"; do
        wait "${pids[0]}" || status=1
        pids=("${pids[@]:1}")
        printf '\n== %s\n' "$name"
        cat "$REPORTS/$name.log"
    done
    return $status
}

part "checks" infra/local/check.sh
part "unit tests" tests unit -n 2 tests/unit
part "contract, functional and simulated tests" lanes clusters machines control_plane
part "end-to-end tests" tests e2e tests/e2e
part "chaos" tests chaos tests/chaos
part "features" python -m infra.features

printf '\n'
printf '%s\n' "${summary[@]}"
python - "$REPORTS" <<'PY'
import pathlib, sys, xml.etree.ElementTree as tree
total = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
for path in pathlib.Path(sys.argv[1]).glob("*.xml"):
    for suite in tree.parse(path).getroot().iter("testsuite"):
        for name in total:
            total[name] += int(suite.get(name, 0))
failed = total["failures"] + total["errors"]
print(f"{total['tests'] - failed - total['skipped']} passed, {failed} failed, {total['skipped']} skipped")
PY
exit $bad
