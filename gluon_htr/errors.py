"""Everything that gluon_htr raises on purpose.

    HtrError
    ├── UsageError            a command, a spec or a configuration asks for what does not exist
    │   ├── SpecError             `KIND:PATH?key=value`
    │   └── ConfigurationError    a TOML file or a preset
    ├── DataError             data that somebody gave us cannot be used
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
    │   ├── CheckpointError       a training run's folder
    │   └── ServerError           a model server
    ├── TrainingError         training cannot go on
    │   └── DivergenceError       the loss or a weight is no longer a number
    ├── StorageError          the disk is full or cannot be written
    └── MissingToolError      a tool or package that others must provide is not installed

A message says what is wrong, where, and what to do, in one line. Doors catch `HtrError` and exit with its `status`.
"""

from __future__ import annotations


class HtrError(Exception):
    """Base of all errors raised by gluon_htr; `status` is the exit status of a command that ends with it."""

    status = 2


class UsageError(HtrError):
    """The request itself is wrong."""


class SpecError(UsageError):
    """A data spec has an unknown kind, an unknown key or a bad value."""


class ConfigurationError(UsageError):
    """A configuration file or preset is not valid."""


class DataError(HtrError):
    """Given data cannot be used."""


class DownloadError(DataError):
    """A file could not be fetched."""


class ArchiveError(DataError):
    """An archive is truncated, hostile or no archive."""


class ImageError(DataError):
    """An image cannot be decoded or is of an impossible size."""


class AnnotationError(DataError):
    """A transcription file cannot be read."""


class AlphabetError(DataError):
    """A text has characters that the alphabet lacks, or an alphabet is not valid."""


class CacheError(DataError):
    """A cache or records file is stale, hostile or broken."""


class ModelError(HtrError):
    """A trained model cannot be used."""


class GraphError(ModelError):
    """A network graph is malformed or has operators outside the supported set."""


class ParametersError(ModelError):
    """A parameter file is malformed or does not fit its graph."""


class BundleError(ModelError):
    """A bundle is malformed, altered or of an unknown version."""


class CheckpointError(ModelError):
    """A run's folder lacks something or is of another configuration."""


class ServerError(ModelError):
    """A model server does not answer, or answers something else than logits."""


class TrainingError(HtrError):
    """Training cannot start or go on."""


class DivergenceError(TrainingError):
    """The loss is no longer a finite number."""


class StorageError(HtrError):
    """A file could not be written."""


class MissingToolError(HtrError):
    """Something that others must provide is not installed."""

    status = 3
