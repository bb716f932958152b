"""The training plan: a strip of phases below the canvas, the settings of one, and its colours on the canvas."""
