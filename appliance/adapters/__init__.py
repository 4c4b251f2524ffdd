"""Adapters: how records of other systems become records of the contract, from files and from other CRMs."""
