"""Data sets that `gluon-htr download` can fetch: addresses, files, folders, terms.

Sizes and SHA-256 are given if they are known. The IAM site publishes neither: there, the length that the server
announces and the checksum inside the .tgz are used. Its pages: https://fki.tic.heia-fr.ch/databases
EMNIST, NIST's database 19, ICDAR 2003 and Chars74K publish no SHA-256 either, and none was computed here, since their
archives could not be fetched; the checksums inside the archives are used.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UsageError


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    name: below the data set's base URL, and on disk. folder: the folder below the root that it unpacks to; several
    files may share one. None: the file is kept as it is. size: bytes.
    """

    name: str
    folder: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Files that belong together under one root folder.

    registration: the page to register for a user name, if one is needed.
    """

    name: str
    title: str
    base_url: str
    root: str
    files: tuple[RemoteFile, ...]
    terms: str
    registration: str | None = None


IAM = "https://fki.tic.heia-fr.ch/DBs/iamDB/data/"
IAM_ONLINE = "https://fki.tic.heia-fr.ch/DBs/iamOnDB/data/"
REGISTRATION = "https://fki.tic.heia-fr.ch/register"
UNIPEN_TERMS = "UNIPEN train_r01_v07, CC BY 4.0, with citation (Guyon et al. 1994)"
ICDAR_TERMS = "ICDAR 2003 robust reading: research, with citation (Lucas et al. 2003)"
NIST_TERMS = "NIST Special Database 19, public domain in the USA, with citation (Grother 1995)"
EMNIST_TERMS = "EMNIST (NIST Special Database 19), public domain in the USA, with citation (Cohen et al. 2017)"
IAM_TERMS = "non-commercial research only, after registration; not to be passed on"
TRANSCRIPTIONS = (RemoteFile("xml.tgz", "xml"), RemoteFile("ascii.tgz", "ascii"))


def _iam(name: str, title: str, *images: RemoteFile) -> Dataset:
    return Dataset(name, title, IAM, "data/iam", (*images, *TRANSCRIPTIONS), IAM_TERMS, REGISTRATION)


_ALL = (
    _iam("iam-words", "IAM, images of single words", RemoteFile("words.tgz", "words")),
    _iam("iam-lines", "IAM, images of lines", RemoteFile("lines.tgz", "lines")),
    _iam(
        "iam-forms",
        "IAM, whole pages",
        RemoteFile("formsA-D.tgz", "forms"),
        RemoteFile("formsE-H.tgz", "forms"),
        RemoteFile("formsI-Z.tgz", "forms"),
    ),
    Dataset(
        "iam-online",
        "IAM-OnDB, lines as pen strokes",
        IAM_ONLINE,
        "data/iam-online",
        (
            RemoteFile("lineStrokes-all.tar.gz", "lineStrokes"),
            RemoteFile("ascii-all.tar.gz", "ascii"),
        ),
        IAM_TERMS,
        REGISTRATION,
    ),
    Dataset(
        "iam-online-forms",
        "IAM-OnDB, whole recordings",
        IAM_ONLINE,
        "data/iam-online",
        (RemoteFile("original-xml-all.tar.gz", "original"),),
        IAM_TERMS,
        REGISTRATION,
    ),
    Dataset(
        "mnist",
        "MNIST, handwritten digits",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "data/mnist",
        (
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                size=9_912_422,
                sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                size=28_881,
                sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                size=1_648_877,
                sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                size=4_542,
                sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        "free (CC BY-SA 3.0)",
    ),
    Dataset(
        "iiit5k",
        "IIIT5K, words cut out of photographs",
        "https://cvit.iiit.ac.in/images/Projects/SceneTextUnderstanding/",
        "data/scene",
        (
            RemoteFile(
                "IIIT5K-Word_V3.0.tar.gz",
                "iiit5k",
                sha256="7872c9efbec457eb23f3368855e7738f72ce10927f52a382deb4966ca0ffa38e",
            ),
        ),
        "research, with citation",
    ),
    Dataset(
        "unipen",
        "UNIPEN, words, texts and characters as pen strokes",
        "https://zenodo.org/records/1195803/files/",
        "data/unipen",
        (RemoteFile("unipen-CDROM-train_r01_v07.tgz", "CDROM"),),
        UNIPEN_TERMS,
    ),
    Dataset(
        "chars74k",
        "Chars74K, single characters drawn by hand and from photographs",
        "https://info-ee.surrey.ac.uk/CVSSP/demos/chars74k/",
        "data/characters",
        (RemoteFile("EnglishHnd.tgz", "English/Hnd"), RemoteFile("EnglishImg.tgz", "English/Img")),
        "research, with citation",
    ),
    Dataset(
        "chars74k-fonts",
        "Chars74K, single characters of computer fonts",
        "https://info-ee.surrey.ac.uk/CVSSP/demos/chars74k/",
        "data/characters",
        (RemoteFile("EnglishFnt.tgz", "English/Fnt"),),
        "research, with citation",
    ),
    Dataset(
        "emnist",
        "EMNIST, handwritten digits and letters",
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "data/emnist",
        (RemoteFile("gzip.zip", "gzip"),),
        EMNIST_TERMS,
    ),
    Dataset(
        "nist-characters",
        "NIST Special Database 19, digits and letters by class",
        "https://s3.amazonaws.com/nist-srd/SD19/",
        "data/nist",
        (RemoteFile("by_class.zip", "by_class"),),
        NIST_TERMS,
    ),
    Dataset(
        "icdar2003-characters",
        "ICDAR 2003, single characters from photographs",
        "http://www.iapr-tc11.org/dataset/ICDAR2003_RobustReading/TrialTrain/",
        "data/characters",
        (RemoteFile("char.zip", "icdar2003"),),
        ICDAR_TERMS,
    ),
)
DATASETS = {dataset.name: dataset for dataset in _ALL}


def dataset(name: str) -> Dataset:
    """Return the data set of that name. Raises `UsageError`, which lists the names, if it is unknown."""
    if name not in DATASETS:
        raise UsageError(f"unknown data set '{name}'; the data sets are {', '.join(DATASETS)}")
    return DATASETS[name]
