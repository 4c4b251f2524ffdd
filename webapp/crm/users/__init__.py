"""People who use Ostrov: accounts, teams, roles, sessions, tokens."""
