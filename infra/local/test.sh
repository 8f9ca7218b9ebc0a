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
    local name=$1
    shift
    python -m pytest --junit-xml="$REPORTS/$name.xml" --durations=5 "$@"
    local status=$?
    [ $status = 5 ] && return 0
    return $status
}

# Three runs side by side, each with servers of its own: what works on machines (and offboarding, which makes them
# take equally long), what waits for a cluster, and what only the control plane does: whatever is not listed.
MACHINES="agent docker emulator images local offboarding package stream"
functional() {
    local folder each machines=() others=() beside=() status=0
    for folder in tests/functional/[a-z]*/; do
        case " $MACHINES " in
            *" $(basename "$folder") "*) machines+=("$folder") ;;
            *) [ "$(basename "$folder")" = kubernetes ] || others+=("$folder") ;;
        esac
    done
    tests functional-machines "${machines[@]}" >"$REPORTS/machines.log" 2>&1 &
    beside+=($!)
    tests functional-kubernetes tests/functional/kubernetes >"$REPORTS/kubernetes.log" 2>&1 &
    beside+=($!)
    tests functional-control-plane "${others[@]}" || status=1
    for each in "${beside[@]}"; do wait "$each" || status=1; done
    cat "$REPORTS/machines.log" "$REPORTS/kubernetes.log"
    return $status
}

# Likewise: drivers, stores and the protocol wait a lot; what is simulated, counted or cut off between two steps
# does not care.
contracts() {
    local status=0
    tests contract tests/contract --ignore=tests/contract/kubernetes >"$REPORTS/contract.log" 2>&1 &
    local beside=$!
    tests simulation tests/simulation || status=1
    tests cost tests/performance || status=1
    tests contract-kubernetes tests/contract/kubernetes || status=1
    wait $beside || status=1
    cat "$REPORTS/contract.log"
    return $status
}

part "checks" infra/local/check.sh
part "unit tests" tests unit -n 2 tests/unit
part "contract tests, simulation, cost" contracts
part "functional tests" functional
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
