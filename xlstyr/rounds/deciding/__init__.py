"""What counts: between two answers, of a certified node, and of what a roll-up bears."""
