"""The audit room: who did what, who saw whom, and whether the record of it is whole."""
