"""The canvas: shows the document's graph and turns gestures into edits of it. It holds no truth of its own."""
