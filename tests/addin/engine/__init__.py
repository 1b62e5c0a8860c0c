"""The engine that lets xlwings talk to LibreOffice: every member that it supports, against a real LibreOffice."""
