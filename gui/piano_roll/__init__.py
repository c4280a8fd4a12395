"""The piano roll: its arithmetic, its canvas, its gestures and the strips around it."""
