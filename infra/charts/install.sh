#!/bin/sh
# Installs StreamSpace agents in a Kubernetes cluster, without Helm; served at <control plane>/install/kubernetes.
#
#   curl -fsSL URL/install/kubernetes | sh -s -- --url URL --token TOKEN
#
#   --namespace NAME   default: streamspace; one namespace is one controller
#   --replicas N       default: 2; the token must have been made for as many
#   --image NAME:TAG   where the cluster pulls the agent's image from
#   --cpu CORES --memory QUANTITY   what sessions may use together, for example 64 and 256Gi; else the namespace's
#                      ResourceQuota says it
#   --takeover         replace the enrolment that the namespace has
#   --print            show the manifests instead of applying them
#
# kubectl decides which cluster: set KUBECONFIG, or switch its context first. Giving the command again updates the
# agents; enrolled ones need no token then. To remove them: docs/kubernetes.md.
set -eu

SECRET=streamspace-agent-enrolment
URL_PLACE=https://control-plane.invalid:65443
PORT_PLACE=65443
# A new line in what sed puts in, on every system's.
NEW_LINE='\
'

say() { printf '%s\n' "==> $*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
usage() {
    fail "usage: sh -s -- --url URL --token TOKEN [--namespace NAME] [--replicas N] [--image NAME:TAG] \
[--cpu CORES --memory QUANTITY] [--takeover] [--print]"
}

read_options() {
    url='' token='' namespace=streamspace replicas=2 image='' cpu='' memory='' takeover='' print=''
    while [ $# -gt 0 ]; do
        case $1 in
            --takeover) takeover=yes; shift; continue ;;
            --print) print=yes; shift; continue ;;
            --url | --token | --namespace | --replicas | --image | --cpu | --memory) [ $# -gt 1 ] || usage ;;
            *) printf 'unknown option: %s\n' "$1" >&2; usage ;;
        esac
        case $1 in
            --url) url=${2%/} ;;
            --token) token=$2 ;;
            --namespace) namespace=$2 ;;
            --replicas) replicas=$2 ;;
            --image) image=$2 ;;
            --cpu) cpu=$2 ;;
            --memory) memory=$2 ;;
        esac
        shift 2
    done
    [ -n "$url" ] || usage
}

# What goes into the manifests is what these patterns let through: nothing that YAML or sed would read otherwise.
check_options() {
    case $url in
        *[!A-Za-z0-9:/.-]*) fail "--url: $url is not a control plane's URL." ;;
        http://?* | https://?*) ;;
        *) fail "--url: $url does not begin with https:// or http://." ;;
    esac
    authority=${url#*://}
    case $authority in
        */*) fail "--url: $url has a path." ;;
        *:*) port=${authority##*:} ;;
        *) case $url in https://*) port=443 ;; *) port=80 ;; esac ;;
    esac
    case $port in '' | *[!0-9]* | ??????*) fail "--url: $url has no valid port." ;; esac
    case $token in *[!A-Za-z0-9_-]*) fail "--token: that is not an enrolment token." ;; esac
    case $namespace in
        '' | -* | *- | *[!a-z0-9-]*) fail "--namespace: $namespace is not a namespace's name." ;;
    esac
    case $replicas in [1-9] | 10) ;; *) fail "--replicas: a number from 1 to 10 is expected." ;; esac
    case $cpu in *[!0-9.m]*) fail "--cpu: $cpu is not a number of cores." ;; esac
    case $memory in *[!0-9.KMGTPi]*) fail "--memory: $memory is not an amount of memory." ;; esac
    case $cpu:$memory in :?* | ?*:) fail "Give --cpu and --memory together." ;; esac
    case $image in *[!A-Za-z0-9:/._@-]*) fail "--image: $image is not an image's name." ;; esac
}

check_cluster() {
    command -v kubectl >/dev/null || fail "Please install kubectl first, and let it reach the cluster."
    kubectl version >/dev/null 2>&1 || fail "kubectl does not reach a cluster. What it says:
$(kubectl version 2>&1 | tail -n 3)"
}

manifests() {
    sed -e "s|$URL_PLACE|$url|" \
        -e "s|port: $PORT_PLACE,|port: $port,|" \
        -e "s|^\( *namespace: \)streamspace\$|\1$namespace|" \
        -e "s|\[\"streamspace\"\]|[\"$namespace\"]|" \
        -e "s|^  replicas: 2\$|  replicas: $replicas|" \
        ${cpu:+-e "s|^    {\$|&$NEW_LINE      \"capacity\": {\"cpu\": \"$cpu\", \"gpu\": 0, \"memory\": \"$memory\"},|"} \
        ${cpu:+-e "s|^\( *streamspace/settings: \"[0-9a-f]*\)|\1-$cpu-$memory|"} \
        ${image:+-e "s|^\( *image: \).*|\1\"$image\"|"} \
        ${takeover:+-e "s|^\( *\)- --platform=kubernetes\$|&$NEW_LINE\1- --takeover|"}
}

namespace_manifest() {
    cat <<END
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
END
}

apply() { kubectl apply --server-side --force-conflicts --field-manager=streamspace-install -f - >/dev/null; }

# A namespace that is there is left as it is: whoever may install agents in it may not be the one who labels it.
ensure_namespace() {
    kubectl get namespace "$namespace" >/dev/null 2>&1 && return
    say "making the namespace $namespace, held to the restricted Pod Security Standard"
    namespace_manifest | apply
}

# By a file descriptor: command lines can be read by others on this machine.
store_token() {
    [ -n "$token" ] || return 0
    say "storing the enrolment token in the Secret $SECRET"
    printf '%s' "$token" \
        | kubectl -n "$namespace" create secret generic "$SECRET" --from-file=token=/dev/stdin \
            --dry-run=client -o yaml \
        | apply
}

# What the agents themselves say, where they run at all.
explain() {
    kubectl -n "$namespace" get pods -l app.kubernetes.io/name=streamspace-agent >&2 || :
    why=$(kubectl -n "$namespace" exec streamspace-agent-0 -- python3 -m agent.cli.probe ready 2>/dev/null) || :
    fail "They are not ready yet. ${why:-See why:
    kubectl -n $namespace describe pods -l app.kubernetes.io/name=streamspace-agent
    kubectl -n $namespace logs -l app.kubernetes.io/name=streamspace-agent --prefix}"
}

# All in functions, so that a download that breaks off runs nothing.
main() {
    read_options "$@"
    check_options
    plain=$(curl -fsSL "$url/install/kubernetes.yaml") || fail "$url does not hand out the agent. Check the URL."
    if [ -n "$print" ]; then
        printf '%s\n' "$plain" | manifests
        return
    fi
    check_cluster
    ensure_namespace
    store_token
    say "applying the agents, their rights and their network policy"
    printf '%s\n' "$plain" | manifests | apply
    say "waiting until they are enrolled and the control plane has answered"
    kubectl -n "$namespace" rollout status statefulset/streamspace-agent --timeout=180s || explain
    say "done"
}

main "$@"
