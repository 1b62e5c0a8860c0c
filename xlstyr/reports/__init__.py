"""Figures → page content. What stands on the pages of a rolled-up workbook."""
