"""Frozen domain types: organisation, money, period, records, bundle, finding, provenance. No I/O."""
