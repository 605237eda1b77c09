"""All exceptions that gluon_htr raises on purpose.

    HtrError
    ├── UsageError            a command, a spec or a configuration asks for something that does not exist
    │   ├── SpecError             `KIND:PATH?key=value`
    │   └── ConfigurationError    a TOML file or a preset
    ├── DataError             data that the user gave cannot be used
    │   ├── DownloadError         the server, the network, the password
    │   ├── ArchiveError          a tar or zip that is truncated, hostile or something else
    │   ├── ImageError            one image
    │   ├── AnnotationError       XML, ascii tables, label files
    │   ├── AlphabetError         text that the alphabet cannot write
    │   └── CacheError            a cache or records file that is stale, hostile or broken
    ├── ModelError            a trained model cannot be used
    │   ├── GraphError            symbol.json or ONNX
    │   ├── ParametersError       model.params
    │   ├── BundleError           a bundle
    │   ├── LanguageModelError    an n-gram model, or an ARPA file
    │   ├── CheckpointError       the folder of a training run
    │   └── ServerError           a model server
    ├── TrainingError         training cannot continue
    │   └── DivergenceError       the loss or a weight is NaN or infinite
    ├── StorageError          the disk is full or cannot be written
    ├── MemoryLimitError      memory, of the machine or of an accelerator, has run out
    └── MissingToolError      a tool or package is not installed

A message says what is wrong, where, and what to do, in one line. Commands catch `HtrError` and exit with its `status`.

Example:
    >>> import gluon_htr
    >>> try:
    ...     gluon_htr.load("no-such-model")
    ... except gluon_htr.errors.ModelError as error:
    ...     print(type(error).__name__, error.status)
    ModelError 2
"""

from __future__ import annotations


class HtrError(Exception):
    """Base class of all errors of gluon_htr. `status` is the exit status of a command that ends with it."""

    status = 2


class UsageError(HtrError):
    """An invalid request."""


class SpecError(UsageError):
    """A data spec with an unknown kind, an unknown key or a bad value."""


class ConfigurationError(UsageError):
    """An invalid configuration file or preset."""


class DataError(HtrError):
    """Data that cannot be used."""


class DownloadError(DataError):
    """A file that could not be fetched."""


class ArchiveError(DataError):
    """A file that is truncated, hostile, or not an archive."""


class ImageError(DataError):
    """An image that cannot be decoded, or that has an impossible size."""


class AnnotationError(DataError):
    """A transcription file that cannot be read."""


class AlphabetError(DataError):
    """A text with characters that the alphabet lacks, or an invalid alphabet."""


class CacheError(DataError):
    """A cache or records file that is stale, hostile or broken."""


class ModelError(HtrError):
    """A trained model that cannot be used."""


class GraphError(ModelError):
    """A network graph that is malformed or has unsupported operators."""


class ParametersError(ModelError):
    """A parameter file that is malformed or does not fit its graph."""


class BundleError(ModelError):
    """A bundle that is malformed, altered or of an unknown version."""


class LanguageModelError(ModelError):
    """A language model that is malformed, or that does not fit the alphabet."""


class CheckpointError(ModelError):
    """A run's folder that is incomplete or belongs to another configuration."""


class ServerError(ModelError):
    """A model server that does not answer, or answers with something other than logits."""


class TrainingError(HtrError):
    """A training that cannot start or continue."""


class DivergenceError(TrainingError):
    """A loss that is NaN or infinite."""


class TeamError(TrainingError):
    """Another process of the same training has ended, or cannot be reached."""


class StorageError(HtrError):
    """A file that could not be written."""


class MemoryLimitError(HtrError):
    """Memory that has run out: the machine's, or an accelerator's."""


class MissingToolError(HtrError):
    """A required tool or package that is not installed."""

    status = 3
