#!/usr/bin/awk -f
# Ends the output of `cargo test` with the slowest tests, what was left out, and the count of tests
# as the last line. A test program that dies without a result is one failure.
/^ +Running / {
	program = $2 == "unittests" ? $NF : $2
	sub(/^\(.*\//, "", program); sub(/-[0-9a-f]+\)$/, "", program); sub(/\/main\.rs$|\.rs$/, "", program)
}
/^test .* <[0-9.]+s>$/ {
	seconds = $NF; gsub(/[<>s]/, "", seconds)
	insert(seconds + 0, program " " $2)
}
# One line for each test that could not run here. libtest counts such a test as passed.
/^left out: / && !($3 in seen) { seen[$3]; left[++lefts] = $0 }
/^test result: / { passed += $4; failed += $6; ignored += $8 }
# Keeps the slowest ten, slowest first.
function insert(seconds, name,   at) {
	for (at = ++kept; at > 1 && slowest[at - 1] < seconds; at--) {
		slowest[at] = slowest[at - 1]; names[at] = names[at - 1]
	}
	slowest[at] = seconds; names[at] = name
	if (kept > 10) kept = 10
}
END {
	if (status != 0 && failed == 0) failed = 1
	print "\nslowest tests:"
	for (at = 1; at <= kept; at++) printf "%8.1f s  %s\n", slowest[at], names[at]
	for (at = 1; at <= lefts; at++) print left[at]
	printf "%d passed, %d failed", passed - lefts, failed
	if (lefts + ignored > 0) printf ", %d skipped", lefts + ignored
	print ""
}
