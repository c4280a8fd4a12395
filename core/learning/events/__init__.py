"""Music as the models read it.

tokenizer       notes ↔ events of the grid, and the vocabulary of values
dataset         encoded pieces, split, cut into windows, put into batches
memorisation    which runs of notes a take shares with the studied pieces
"""
