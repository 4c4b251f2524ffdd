"""Become another program that dies with its parent: `python -I -S launch.py PARENT SIGNAL PROGRAM ARGUMENTS`.

A child that outlives a killed supervisor would keep its port and the weights in memory. Linux can send it a signal
when its parent dies; that has to be asked for in the child, before it becomes the program.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, make sure that the parent is still there, become the program."""
    parent, signal_number, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
