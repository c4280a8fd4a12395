"""How often the key found is the signature's: counted in nine tenths of the sample songs, asked of the rest, ten times.

    .venv/bin/python -m tests.benchmarks.keys

Also prints the profiles counted in all of them, in percent, as `core.music.keys` has them. A key counts as found if its
signature is the file's: the files don't say whether it is major or minor.
"""

import zipfile

import numpy as np

from core import paths
from core.music.keys import KEY_PROFILES, KeyProfiles, evidence_of, find_keys
from core.music.midi_file import read_midi_bytes

SEED_BARS = 4
FOLDS = 10


def songs() -> list[tuple[np.ndarray, np.ndarray, int, bool]]:
    """Evidence of all notes and of the first bars', fifths, and whether there is no other signature, of each song."""
    found = []
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        for name in sorted(name for name in collection.namelist() if name.endswith(".mid")):
            score = read_midi_bytes(collection.read(name), name).score
            notes = max(score.parts, key=lambda part: len(part.notes)).notes
            bar = score.metres[0].bar_duration if score.metres else 1920
            begin = int(notes.onset[0]) // bar * bar
            seed = notes.taken(notes.onset < begin + SEED_BARS * bar)
            found.append((evidence_of(notes)[0], evidence_of(seed)[0], score.keys[0].fifths, len(score.keys) == 1))
    return found


def main() -> None:
    whole, seeds, fifths, single = (np.array(column) for column in zip(*songs(), strict=True))
    fold = np.empty(len(fifths), np.int64)
    fold[np.random.default_rng(0).permutation(len(fifths))] = np.arange(len(fifths)) % FOLDS
    for title, evidence in (("four bars", seeds), ("whole songs", whole)):
        shipped, counted = [], []
        for number in range(FOLDS):
            tested, learnt = fold == number, (fold != number) & single
            profiles = KeyProfiles.counted(whole[learnt], fifths[learnt])
            for found, by in ((counted, profiles), (shipped, KEY_PROFILES)):
                keys = find_keys(evidence[tested], profiles=by)
                majors = [(key.tonic + (3 if key.is_minor else 0)) % 12 for key in keys]
                found.append(np.array(majors) == fifths[tested] * 7 % 12)
        print(
            f"{title}: counted in the others {np.concatenate(counted).mean():.3f}, shipped {np.concatenate(shipped).mean():.3f}"
        )
    profiles = KeyProfiles.counted(whole[single], fifths[single])
    print("modes", np.round(profiles.modes, 3).tolist())
    for row in (100 * profiles.steps).round(1).tolist():
        print(row)


if __name__ == "__main__":
    main()
