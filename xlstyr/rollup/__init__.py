"""Merge and figures: what nodes have said, put together."""
