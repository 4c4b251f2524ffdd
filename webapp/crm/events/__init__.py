"""Events whose subscribers failed: what administrators see of them and do about them."""
