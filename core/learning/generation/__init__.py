"""From a request and a trained model to takes.

generation     the takes of a request, drawn side by side
decoding       one take while it is being drawn: what may come next
sampling       choosing a symbol from scores: temperature, top-k, nucleus, masks
constraints    pitches of a range and a scale; a rhythm or pitches kept from the seed
repetition     when notes only go round
character      one phrase for each take, against the others of its batch
"""
