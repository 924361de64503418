#!/usr/bin/awk -f
# Makes one line of what libFuzzer says, and shows everything when it found something.
{ said = said $0 "\n" }
/[ \t]INITED / { began = figures() }
/[ \t]DONE / { ended = figures() }
/^stat::number_of_executed_units/ { executions = $2 }
/^stat::peak_rss_mb/ { memory = $2 }
/^Done / { seconds = $(NF - 1) }
/ERROR: libFuzzer|^MERGE-OUTER: ERROR/ { broken = 1 }
function figures(   f, n, text) {
	for (n = 1; n < NF; n++) if ($n ~ /^(cov|ft|corp):$/) text = text " " $n " " $(n + 1)
	return text
}
END {
	if (broken || ended == "") { printf "%s", said; print target ": broken"; exit 1 }
	printf "%-10s %9d executions in %4d s, %4d MB; at first%s; at last%s\n",
		target, executions, seconds, memory, began, ended
}
