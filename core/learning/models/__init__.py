"""Trained models on this machine.

progress      what training says while it runs, and a model keeps of it
model_file    one model on disk: a folder, or one .ritornello-model
library       all of them: listing, opening, renaming, deleting, sharing
limits        what a model can't do, in a musician's words
"""
