"""The CRM entities, in one order: a lower one never names a higher one."""
