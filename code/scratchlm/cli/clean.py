"""`scratchlm corpus clean | classifier | mix`: from files of documents to text to train on."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import tyro

from scratchlm import corpus
from scratchlm.corpus.readers import input_files
from scratchlm.errors import InputError

StepName = Literal[
    "language", "quality", "gopher", "repetition", "c4", "pii", "exact", "lines", "near", "evals"
]


@dataclass(frozen=True)
class Clean:
    """Filter, deduplicate and mask documents; print what each step keeps and why it drops."""

    inputs: tyro.conf.Positional[tuple[Path, ...]]
    """Files, and folders of them."""
    out: Path
    """The folder for the shards and manifest.json; the same command again resumes there."""
    steps: tuple[StepName, ...] = ("gopher", "repetition", "c4", "exact", "near", "lines", "pii")
    """What is done, in this order; `lines` before `near` would hide near-copies from it."""
    language_model: Path | None = None
    """For `language`: a file of `scratchlm corpus classifier`."""
    languages: tuple[str, ...] = ("en",)
    """For `language`: which ones stay."""
    quality_model: Path | None = None
    """For `quality`: a file of `scratchlm corpus classifier`."""
    evals: tuple[Path, ...] = ()
    """For `evals`: files of questions whose n-grams are cut out."""
    field: str = "text"
    """Where the text stands in JSON Lines and Parquet."""
    errors: Literal["strict", "replace"] = "strict"
    """Leave plain text that is not UTF-8 out, or put U+FFFD in the place of such bytes."""
    on_error: Literal["skip", "stop"] = "skip"
    """What cannot be read is left out and counted, or ends the run."""
    bad_words: Path | None = None
    """For `c4`: a list of words, one a line; documents with one of them are dropped."""
    workers: int = 1
    """Processes."""
    executor: Literal["local", "ray"] = "local"
    """`ray` spreads the work over a cluster whose machines share the folders."""


@dataclass(frozen=True)
class TrainClassifier:
    """Learn to tell languages, or good text from bad, from examples with a field `label`."""

    examples: tyro.conf.Positional[tuple[Path, ...]]
    """Files of JSON lines with `text` and `label`: a language, or `good` and `bad`."""
    out: Path
    """The file to write."""
    kind: Literal["language", "quality"] = "language"
    """What the labels are."""
    field: str = "text"
    """Where the text stands in a line of JSON."""
    on_error: Literal["skip", "stop"] = "stop"
    """What cannot be read is left out and counted, or ends the run."""


@dataclass(frozen=True)
class Mix:
    """Draw one corpus from several clean ones, by weight."""

    corpora: tyro.conf.Positional[tuple[str, ...]]
    """FOLDER=WEIGHT, each of them an output of `scratchlm corpus clean`."""
    out: Path
    """The folder for the mixture."""
    size: int
    """How much text, in bytes."""
    max_epochs: float = 4.0
    """How often a corpus may be read."""
    seed: int = 0
    """Decides the order."""


def clean(options: Clean) -> None:
    """Run the pipeline that the options describe.

    Raises:
        InputError: A step lacks its file, or see `Pipeline.run`.
    """
    steps = tuple(build_step(name, options) for name in options.steps)
    manifest = corpus.Pipeline(steps).run(
        options.inputs,
        options.out,
        read=partial(corpus.read, field=options.field, errors=options.errors),
        on_error=options.on_error,
        workers=options.workers,
        executor=options.executor,
    )
    print(corpus.stats_table(manifest.stats))
    if manifest.left_out:
        left_out = corpus.ErrorPolicy()
        left_out.add(manifest.left_out)
        print(f"left out or altered in reading:\n{left_out}")
    size = sum(origin["bytes"] for origin in manifest.origins)
    print(f"{manifest.documents:,} documents, {size:,} bytes of text: {options.out}")


def build_step(name: StepName, options: Clean) -> corpus.Step | corpus.Deduplicator:
    """Make a step from its name and the options.

    Raises:
        InputError: The step needs a file, or the file is something else.

    >>> build_step("near", Clean((), Path("out")))
    MinHashDedup(bands=14, rows=8, ngram=5)
    """
    match name:
        case "language":
            model = corpus.Classifier.load(_named(options.language_model, "language-model"))
            return corpus.Language(model, options.languages)
        case "quality":
            return corpus.Quality(
                corpus.Classifier.load(_named(options.quality_model, "quality-model"))
            )
        case "evals":
            if not options.evals:
                raise InputError("steps: expected --evals FILE with the step evals, found none")
            on_error = corpus.ErrorPolicy(options.on_error)
            texts = [
                page.text
                for file in input_files(options.evals, on_error)
                for page in corpus.read(file, field=options.field, on_error=on_error)
            ]
            ngram = corpus.choose_ngram(texts)
            return corpus.Decontaminate(corpus.evaluation_ngrams(texts, ngram), ngram)
        case "c4":
            lists = corpus.read_texts(options.bad_words) if options.bad_words else []
            return corpus.C4(
                bad_words=tuple(w for text in lists for w in text.lower().split("\n") if w)
            )
    plain: dict[str, type[corpus.Step] | type[corpus.Deduplicator]] = {
        "gopher": corpus.GopherQuality,
        "repetition": corpus.GopherRepetition,
        "pii": corpus.MaskPII,
        "exact": corpus.ExactDedup,
        "lines": corpus.LineDedup,
        "near": corpus.MinHashDedup,
    }
    return plain[name]()


def train_classifier(options: TrainClassifier) -> None:
    """Train the classifier that the options describe, and save it.

    Raises:
        InputError: An example lacks its label, or see `train_language` and `train_quality`.
    """
    examples = []
    on_error = corpus.ErrorPolicy(options.on_error)
    for file in input_files(options.examples, on_error):
        for page in corpus.read(file, field=options.field, on_error=on_error):
            if "label" not in page.meta:
                raise InputError(
                    f'{file}: document {page.id}: expected a field "label", found none; add it'
                )
            examples.append((page.text, page.meta["label"]))
    learn = corpus.train_language if options.kind == "language" else corpus.train_quality
    model = learn(examples)
    model.save(options.out)
    if on_error.counts:
        print(f"left out or altered in reading:\n{on_error}")
    print(f"{', '.join(model.labels)} from {len(examples):,} texts: {options.out}")


def mix_corpora(options: Mix) -> None:
    """Mix the corpora that the options name.

    Raises:
        InputError: A weight is no number, or see `mix`.
    """
    shares = []
    for named in options.corpora:
        folder, _, weight = named.rpartition("=")
        try:
            shares.append(corpus.WeightedCorpus(Path(folder), float(weight)))
        except ValueError as error:
            raise InputError(f"mix: expected FOLDER=WEIGHT, found {named!r}") from error
    manifest = corpus.mix(
        shares, options.out, options.size, max_epochs=options.max_epochs, seed=options.seed
    )
    for source in manifest.inputs:
        print(f"{source['name']}: weight {source['weight']:g}, {source['epochs']:.2f} epochs")
    print(f"{manifest.documents:,} documents: {options.out}")


def _named(path: Path | None, option: str) -> Path:
    if path is None:
        raise InputError(
            f"steps: expected --{option} FILE with this step, found none; "
            "`scratchlm corpus classifier` trains one"
        )
    return path
