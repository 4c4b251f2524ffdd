"""The demo: everything the product needs on one machine, started, watched and stopped by one command."""
