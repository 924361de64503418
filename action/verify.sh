#!/usr/bin/env bash
# What action.yml runs after it has built the programs: each check that was asked for, all of
# them even where one fails. The variables are the action's inputs; empty ones ask for nothing.
set -uo pipefail

failed=0
asked=0
check() {
	asked=1
	echo "::group::${*:1}"
	"$@" || failed=1
	echo '::endgroup::'
}

read -r -a arguments <<< "${ARGUMENTS:-}"
expected=(--expect "${EXPECT:-rfc-3724}" "${arguments[@]}")
[ -z "${TRUSTED_ROOT:-}" ] || expected+=(--trusted-root "$TRUSTED_ROOT")

[ -z "${TREE:-}" ] || check "$PROGRAMS/keymoot-verify" tree "$TREE" "${expected[@]}"
[ -z "${BUNDLE:-}" ] || check "$PROGRAMS/keymoot-verify" bundle "$BUNDLE" "${expected[@]}"
[ -z "${EVIDENCE:-}" ] || check "$PROGRAMS/keymoot-verify" attest "$EVIDENCE"

# A warning before anything expires or can no longer be signed; a failure where clients refuse.
if [ -n "${STATUS:-}" ]; then
	asked=1
	if said="$("$PROGRAMS/keymoot" status "$STATUS")"; then
		echo "$said"
		next="$(sed -n 's/^Next: //p' <<< "$said")"
		if grep --quiet --extended-regexp 'EXPIRED|QUORUM IS LOST|CLIENTS REFUSE|MISSING' <<< "$said"; then
			echo "::error title=keymoot status::$next"
			failed=1
		elif grep --quiet --extended-regexp 'sign it now|no key may be lost' <<< "$said"; then
			echo "::warning title=keymoot status::$next"
		fi
	else
		failed=1
	fi
fi

if [ "$asked" -eq 0 ]; then
	echo '::error::name a tree, a bundle, a folder of evidence or a tree for status'
	exit 2
fi
exit "$failed"
