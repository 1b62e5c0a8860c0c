"""Measurements side by side with public peers, as ratios in one run."""
