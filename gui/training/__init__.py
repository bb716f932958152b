"""Panels and tools of a training: options, state, earlier runs."""
