"""Quality of the AI modules: what people made of their values, how long they took, what they cost."""
