"""From a score to sound: rendering, the transport and the output."""
