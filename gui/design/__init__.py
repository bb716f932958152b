"""Panels of the design: palette, inspector, problems, code."""
