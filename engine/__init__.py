"""Neuroloom's engine: what a network is (ground floor) and what it does (machine room). No Qt."""

__version__ = "0.1.0"
