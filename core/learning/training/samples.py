"""The answers that a model gives while it learns: one fixed seed, one fixed random seed, other weights each time."""

from collections.abc import Collection

from core.errors import SpecError
from core.files import write_bytes
from core.learning.events.memorisation import build_studied_index
from core.learning.generation.generation import generate
from core.learning.models import model_file
from core.learning.models.library import ModelRecord, TrainedModel
from core.learning.models.model_file import FolderFiles
from core.learning.models.progress import SampleMade
from core.learning.network.inference import Network
from core.learning.network.weights import Weights
from core.learning.spec import GenerationRequest
from core.learning.training.run_folder import TrainingJob
from core.learning.training.words import copied_beats, epoch_phrase
from core.music.midi_file import midi_bytes

_BARS = 8


class Answers:
    """Makes the answers of one run; the pieces that they could quote are read once."""

    def __init__(self, job: TrainingJob) -> None:
        files = FolderFiles(job.folder)
        self._job = job
        self._card = model_file.read_card(files)
        self._studied = model_file.read_studied(files) or build_studied_index([])

    def make(self, weights: Weights, epoch: int, *, is_best: bool, said: Collection[str]) -> SampleMade | None:
        """Let the model of these weights continue the seed; the .mid lies in the model's folder. Raises FileError.

        said: phrases of earlier answers. None if the seed leaves the model nothing that it could answer.
        """
        job, card = self._job, self._card
        model = TrainedModel(
            record=ModelRecord(job.model_id, job.name, job.folder),
            tokenizer=card.tokenizer,
            network_spec=card.network,
            training_spec=card.training,
            vocabulary=card.vocabulary,
            network=Network(card.network, card.tokenizer, card.training, card.vocabulary, weights),
            studied=self._studied,
        )
        request = GenerationRequest(job.seed, length_bars=_BARS, takes=1, random_seed=job.sample_random_seed)
        try:
            takes = generate(model, request)
        except SpecError:
            return None
        if not takes:
            return None
        take = takes[0]
        path = job.folder / "samples" / f"epoch-{epoch:03}.mid"
        write_bytes(path, midi_bytes(take.score))
        notes = [note for note, _bits in take.surprise_bits]
        phrase = epoch_phrase(notes, is_best=is_best, copied_beats=copied_beats(take.copied_notes), said=said)
        return SampleMade(epoch, str(path), phrase, take.copied if take.copied_notes else 0, take.start)
