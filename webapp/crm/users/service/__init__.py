"""What can be done with accounts: signing in, looking after oneself, administering accounts, teams and rights."""
