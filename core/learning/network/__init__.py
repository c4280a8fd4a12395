"""The network of weights.py in TensorFlow: the only modules that know TensorFlow.

    runtime       its start, devices, and memory running out
    distribution  one device, all GPUs of a machine, or several machines
    lstm          the recurrent layer
    trainable     the whole network with losses, dropout and optimizer

TensorFlow is imported inside functions: it takes seconds and belongs in the training process alone. All graphs are
time-major; random numbers are stateless functions of (random seed, step), so that a resumed run repeats exactly.
"""
