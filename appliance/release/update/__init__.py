"""Updates that may be interrupted at any point: a journal, steps that can be taken back, the machine they change."""
