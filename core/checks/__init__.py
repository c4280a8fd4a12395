"""Whether this computer and this copy of the program are as they should be.

check      one thing looked at or tried, and how it came out
machine    what the computer has: versions, room, sound, GPU
trial      the program doing everything it is for, once and small, in a folder of its own
"""
