"""Alembic migrations of the CRM's database; `run.py` applies them."""
