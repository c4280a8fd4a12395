"""What music is: notes, parts and scores in ticks; edits; timing; pitch; reading and writing .mid files."""
