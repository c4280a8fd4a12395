"""From a corpus to a trained model, and from a trained model to takes, in rooms. From the top down, a room knows only those below it:

    evaluation          how good models and their samples are on music that they never studied
    training            a run from its plan to the finished model, in a process of its own
    generation          a request and a model → takes: decoding event by event, constraints
    models              trained models on disk: one model's file, the library of all, what they can't do
    network | ngram     the network's equations, in NumPy and in TensorFlow | the n-gram baseline
    events              notes ↔ events; data sets of them; which runs of a take were in the studied pieces
    spec                what is to be learnt and how: specifications, presets, and the request to generate

TensorFlow lives in network/tensorflow alone, and only the training process imports it.
"""
