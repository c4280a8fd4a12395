"""Reading what may be damaged, or made by someone who means harm: nothing here hangs, or takes more memory than allowed.

    opening        ordinary files alone, no larger than allowed
    json_values    JSON of bounded size and depth, and values of our own built from it by their annotations
    zips           zips whose members are checked before and while they inflate
    arrays         .npy and .npz of the types and shapes that are expected

Whatever is wrong comes out as one exception, DamagedError, with a reason. Who calls knows what the thing is called, and
makes a sentence of it.
"""
