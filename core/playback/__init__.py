"""From a score to sound: rendering, the transport and the output.

player.py is the entrance: it owns the playback thread. A score becomes strikes in frames (performance.py); a Timeline
says when each falls on the output, round loops too (transport.py); mix.py lays the notes over each other, window by
window. The sound of a note comes from a soundfont (soundfont.py reads it, sampler.py plays it) or, without one, from
sines (additive.py); synth.py chooses and caches. What is heard goes to an Output: pygame's mixer, or none.

Why notes are rendered here and not by the mixer: on Windows it has no synthesizer that reads soundfonts, and where it
has one, opening the soundfont costs 150 ms each time. This way every system sounds the same, a note costs about 5 ms
once, and an edit can be mixed into what plays.
"""
