"""Products: what the company sells, with the names by which people ask for it."""
