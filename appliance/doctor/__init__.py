"""The doctor: looks at a running appliance, changes nothing, and says in words what is wrong and how to mend it."""
