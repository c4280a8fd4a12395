"""A training run.

start         what it starts with where nobody says
run_folder    what is to be done, and the folder that keeps it
checkpoint    where it stands, on disk; and who is at work on it
parcel        the folder as bytes, for the other machines
course        how it goes, judged by its losses
words         the same in words
samples       the melodies by which the model answers after chosen epochs
loop          epochs of batches, in the training process
process       that process, and its supervision
"""
