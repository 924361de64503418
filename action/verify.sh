#!/usr/bin/env bash
# What action.yml runs after it has built the programs: each check that was asked for, all of
# them even where one fails. The variables are the action's inputs; empty ones ask for nothing.
set -uo pipefail

failed=0
asked=0

# annotate error|warning TITLE TEXT: a line that GitHub shows beside the pull request. Escaped as
# its runner's source says: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
annotate() {
	local text="${3//'%'/%25}"
	text="${text//$'\r'/%0D}"
	echo "::$1 title=$2::${text//$'\n'/%0A}"
}

# What a program prints is no command to the runner, whatever a file in a pull request is called.
print() {
	local token
	token="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
	echo "::stop-commands::$token"
	echo "$1"
	echo "::$token::"
}

check() {
	local said
	asked=1
	echo "::group::keymoot-verify $1"
	if said="$("$PROGRAMS/keymoot-verify" "$@" 2>&1)"; then
		print "$said"
		echo '::endgroup::'
	else
		print "$said"
		echo '::endgroup::'
		annotate error "keymoot-verify $1" "$(tail --lines 8 <<< "$said")"
		failed=1
	fi
}

read -r -d '' -a arguments <<< "${ARGUMENTS:-}"
expected=(--expect "${EXPECT:-rfc-3724}" "${arguments[@]}")
rooted=("${expected[@]}")
[ -z "${TRUSTED_ROOT:-}" ] || rooted+=(--trusted-root "$TRUSTED_ROOT")

if [[ "${ANSWERS:-}" == *[![:space:]]* ]] && [ -z "${REQUEST:-}" ]; then
	annotate error keymoot-verify 'name the request that the answers answer'
	exit 2
fi

[ -z "${TREE:-}" ] || check tree "$TREE" "${rooted[@]}"
[ -z "${BUNDLE:-}" ] || check bundle "$BUNDLE" "${rooted[@]}"
[ -z "${EVIDENCE:-}" ] || check attest "$EVIDENCE"
[ -z "${REQUEST:-}" ] || check request "$REQUEST" "${rooted[@]}"

# Answers are files or folders of them, one a line. Git keeps no empty folder: before the first
# answer there is none.
answers=()
while read -r path; do
	case "$path" in
		'') ;;
		*/) for file in "$path"*; do [ ! -e "$file" ] || answers+=("$file"); done ;;
		*) answers+=("$path") ;;
	esac
done <<< "${ANSWERS:-}"
[ "${#answers[@]}" -eq 0 ] || check answer --request "$REQUEST" "${expected[@]}" -- "${answers[@]}"

# A warning before anything expires or can no longer be signed; a failure where clients refuse.
if [ -n "${STATUS:-}" ]; then
	asked=1
	if said="$("$PROGRAMS/keymoot" status "$STATUS" 2>&1)"; then
		print "$said"
		next="$(sed -n 's/^Next: //p' <<< "$said")"
		if grep --quiet --extended-regexp 'EXPIRED|QUORUM IS LOST|CLIENTS REFUSE|MISSING' <<< "$said"; then
			annotate error 'keymoot status' "$next"
			failed=1
		elif grep --quiet --extended-regexp 'sign it now|no key may be lost' <<< "$said"; then
			annotate warning 'keymoot status' "$next"
		fi
	else
		print "$said"
		annotate error 'keymoot status' "$(tail --lines 8 <<< "$said")"
		failed=1
	fi
fi

if [ "$asked" -eq 0 ]; then
	annotate error keymoot-verify 'name a tree, a bundle, a folder of evidence, a request, or a tree for status'
	exit 2
fi
exit "$failed"
