"""Tasks: what somebody has promised to do, and by when."""
