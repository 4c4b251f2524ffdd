"""Become another program that dies with its parent: `python -I -S launch.py PARENT SIGNAL PROGRAM ARGUMENTS`.

A child that outlives a killed supervisor would keep its port and the weights in memory. Linux can send it a signal
when its parent dies; that has to be asked for in the child, before it becomes the program. A signal that the parent
ignores or holds back would be ignored by the child as well, which then could not be stopped.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Let signals through, ask for the one, make sure that the parent is still there, become the program."""
    parent, signal_number, *command = sys.argv[1:]
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
