"""CPU time and peak memory of a process, in nanoseconds and bytes: the median of so many runs.

    python -I -S processes.py ROUNDS PROGRAM ARGUMENT...

No process is said to need less memory than this one, which starts it: about 9 MB.
"""

import os
import statistics
import sys

rounds, command = int(sys.argv[1]), sys.argv[2:]
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
cpu, memory = [], []
for _ in range(rounds):
    child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with status {status}")
    cpu.append(int((usage.ru_utime + usage.ru_stime) * 1e9))
    memory.append(usage.ru_maxrss * 1024)
print(int(statistics.median(cpu)), max(memory))
