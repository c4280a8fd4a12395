"""Controls of our own that several subjects share: buttons, switch, slider, segments, ring, mini-roll."""
