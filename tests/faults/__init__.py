"""A round whose every write may fail, and which may be killed at any moment."""
