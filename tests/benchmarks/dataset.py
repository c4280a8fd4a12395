"""From a corpus to the dataset of a training run: `python -m tests.benchmarks.dataset FOLDER [--beside CHECKOUT]`.

The folder is imported to a temporary home. Then: milliseconds from the corpus in the cache to the encoded pieces
end to end, as preparing a run does it, for melodies (legato) and for all notes. With another checkout (such as a
`git worktree` of an older commit) the same is measured there, turn by turn.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore, Lines
from core.learning.events.dataset import Dataset
from core.learning.spec import TokenizerSpec, TrainingSpec
from core.learning.training.prepare import encoded_pieces
from core.tasks import Control


def measure(home: Path) -> dict[str, float]:
    store = CorpusStore(home)
    (stored,) = store.list()
    figures = {}
    kinds: tuple[tuple[Lines, TokenizerSpec], ...] = (("melody", TokenizerSpec(legato=True)), ("all", TokenizerSpec()))
    for lines, tokenizer in kinds:
        corpus = replace(stored, lines=lines)
        begun = time.process_time()
        pieces = ((entry.fingerprint, entry.title, score) for entry, score in store.learnable_scores(corpus))
        dataset = Dataset.of(encoded_pieces(pieces, tokenizer, Control()), TrainingSpec())
        figures[f"{len(dataset.titles):,} pieces, {lines}, {int(dataset.starts[-1]):,} events"] = 1000 * (
            time.process_time() - begun
        )
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turn")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.json:
        with tempfile.TemporaryDirectory() as home:  # each checkout has a cache of its own kind
            import_paths([arguments.folder], Control(), home=Path(home))
            print(json.dumps(measure(Path(home))))
        return 0
    from tests.benchmarks.beside import print_beside  # the other checkout need not have it

    print_beside(__file__, [str(arguments.folder.absolute())], arguments.beside)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
