"""N-gram counting, the baseline that a network has to beat: it shares nothing with the network.

contexts        the contexts in which each field of an event is counted
counting        the baseline: every field of every event, interpolated from wide contexts to narrow ones
interpolated    a smaller one, of intervals and lengths alone, which judges samples
"""
