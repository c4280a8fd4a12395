"""Train: what is learnt, how it goes, and what the model answers after each epoch."""
