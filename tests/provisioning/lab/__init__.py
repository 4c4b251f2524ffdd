"""A laboratory of servers: bare Debian 13 guests on a LAN of their own, with no way out, on one machine.

A guest is a booted container over a stack of folders (overlayfs), so a guest and a snapshot cost nothing but what they
change. `python -m tests.provisioning.lab` drives it by hand; the tests use the same classes.
"""
