#!/bin/sh
# Types, lint, import rules and file sizes. Every check runs, so that one run shows all that is wrong.
set -u
cd "$(dirname "$0")/../.."
PATH=$PWD/.venv/bin:$PATH
MOST_LINES=500
bad=0

check() {
    name=$1
    shift
    printf '%s' "check: $name … "
    if output=$("$@" 2>&1); then echo ok
    else
        echo FAILED
        printf '%s\n' "$output"
        bad=1
    fi
}

long_files() {
    git ls-files --cached --others --exclude-standard '*.py' '*.ts' '*.tsx' '*.mjs' '*.sh' '*.css' \
        | grep -v '^ui/src/api/schema.d.ts$' | while read -r file; do
        [ -f "$file" ] || continue
        lines=$(wc -l <"$file")
        [ "$lines" -le $MOST_LINES ] || echo "$file has $lines lines; $MOST_LINES are the limit"
    done | { ! grep .; }
}

shell_syntax() {
    git ls-files --cached --others --exclude-standard '*.sh' .ci/run | while read -r file; do
        case $(head -n 1 "$file") in *bash) bash -n "$file" ;; *) sh -n "$file" ;; esac || exit 1
    done
}

check "formatting" ruff format --check .
check "lint" ruff check .
check "types" mypy
check "import rules" lint-imports
check "file sizes" long_files
check "shell scripts" shell_syntax
check "web UI" sh -c 'cd ui && npm run --silent check'
exit $bad
