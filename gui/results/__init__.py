"""What a trained network is worth: test, try, export."""
