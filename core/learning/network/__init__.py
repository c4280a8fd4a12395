"""The network of weights.py in TensorFlow: the only modules that know TensorFlow.

    runtime    its start, devices, and memory running out
    tables     rows of small tables
    lstm       the recurrent layer
    pointing   where the heads that copy point, over all pairs of events
    copying    those heads, and the mixture with what they offer
    arrays     a batch as all of these read it, made by NumPy
    equations  the whole network's losses and scores, with dropout
    trainable  its variables, optimizer steps, and the mean of its weights

TensorFlow is imported inside functions: it takes seconds and belongs in the training process alone. All graphs are
time-major; random numbers are stateless functions of (random seed, step), so that a resumed run repeats exactly.
"""
