"""The versioned JSON contract that every part of the product speaks."""
