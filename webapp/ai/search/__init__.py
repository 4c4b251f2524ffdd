"""Search: chunks in one table, full text, fragments and vectors fused in one statement."""
