"""The window: a thin face on core. Folders go by the subject of the musician, not by kind of widget."""
