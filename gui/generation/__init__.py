"""Generating: the panel of choices and the tray of takes."""
