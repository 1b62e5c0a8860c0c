"""Where every node stands, who is reminded or answered, and what rolls up."""
