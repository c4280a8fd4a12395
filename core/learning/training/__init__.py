"""A training run.

start         what it starts with where nobody says
plan          what is wanted of it: a preset, and what is to be otherwise
prepare       from pieces and a plan to the folder of a run
run_folder    the job that lies there, and what can go on after a break
checkpoint    where it stands, on disk
lock          who is at work on it
parcel        the folder as bytes, for the other machines
course        how it goes, judged by its losses
words         the same in words
samples       the melodies by which the model answers after chosen epochs
loop          epochs of batches, in the training process
process       that process, and its supervision
"""
