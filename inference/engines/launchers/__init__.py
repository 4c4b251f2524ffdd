"""One launcher an engine: a pure function from settings to a launch plan."""
