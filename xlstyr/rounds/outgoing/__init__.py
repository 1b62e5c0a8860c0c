"""What is issued, and what is sent to whom."""
