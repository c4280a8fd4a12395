"""The network of weights.py in TensorFlow: the only modules that know TensorFlow.

    cluster       the machines that train together
    runtime       its start, devices, and memory running out
    distribution  one device, all GPUs of a machine, or several machines
    arrays        a batch as the graphs read it
    tables        rows of small tables
    lstm          the recurrent layer
    pointing      where copy heads point, and what they find there
    copy_heads    these heads, and the mixture with what they offer
    equations     the whole network's losses and scores, with dropout
    trainable     its variables, optimizer steps, and the mean of its weights

TensorFlow is imported inside functions: it takes seconds and belongs in the training process alone. All graphs are
time-major; random numbers are stateless functions of (random seed, step), so that a resumed run repeats exactly.
"""
