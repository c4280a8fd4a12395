"""Pieces: the import report, the files, the charts, seeing and hearing any piece."""
