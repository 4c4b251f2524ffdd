"""Uses of AI in the CRM: collect facts with the actor's rights, ask the gateway, keep proposals."""
