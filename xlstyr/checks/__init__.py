"""Submissions and figures → findings. Every check is a plain function that returns what it found."""
