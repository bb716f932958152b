"""What is true of a design, and what is wrong with it: shapes, costs, problems and one-click repairs."""

from engine.analysis.analyze import analyze
from engine.analysis.report import Analysis, NodeReport

__all__ = ["Analysis", "NodeReport", "analyze"]
