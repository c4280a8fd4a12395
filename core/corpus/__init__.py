"""From dropped files to a corpus: reading, reporting, keeping, describing; and which part is the melody."""
