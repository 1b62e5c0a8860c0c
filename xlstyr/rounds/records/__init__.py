"""What is kept how long, disposed of, and packed for the archive."""
