"""xlstyr: steering and budgeting a municipality with Excel."""

__version__ = "0.1.0"
