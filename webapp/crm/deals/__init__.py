"""Deals, their stages and the products in them."""
