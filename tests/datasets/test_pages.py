"""Lines of transcribed pages: PAGE and ALTO, real ones and what tests draw."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from support import SAMPLE, prepare

from gluon_htr.datasets.page_files import PageFiles
from gluon_htr.datasets.pages import PagesOptions, PagesReader, open_pages
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, ImageError
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.pages import crops
from gluon_htr.pages.annotations import AnnotatedLine
from gluon_htr.pages.crops import LineCrop, cut
from gluon_htr.pages.outlines import Outline, outlines, turned

PREPROCESSING = Preprocessing(mode="height", height=32, width=512)
PAPER, INK = 180, 20  # grays
SIZE = (400, 300)  # pixels: width, height


MILLIMETERS = """<alto><Description><MeasurementUnit>mm10</MeasurementUnit></Description><Layout><Page>
<PrintSpace WIDTH="400" HEIGHT="300"><TextLine HPOS="50" VPOS="0" WIDTH="300" HEIGHT="40"><String CONTENT="x"/>
</TextLine></PrintSpace></Page></Layout></alto>"""


def line(number: int, text: str = "word", coords: str = "", baseline: str = "") -> str:
    """A PAGE line of 300 × 40 pixels, 60 below the one before; a coordinate of "-" is left out."""
    top = 60 * number
    coords = coords or f"50,{top} 350,{top} 350,{top + 40} 50,{top + 40}"
    baseline = baseline or f"50,{top + 30} 350,{top + 30}"
    found = "" if coords == "-" else f'<Coords points="{coords}"/>'
    found += "" if baseline == "-" else f'<Baseline points="{baseline}"/>'
    return f'<TextLine id="l{number}" custom="x">{found}<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>'


def page(root: Path, name: str, *lines: str, size: tuple[int, int] = SIZE, image: bool = True) -> Path:
    """A PAGE file and its image: gray paper with a bar of ink in the middle of each place for a line."""
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{name}.xml").write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Metadata><TranskribusMetadata docId="1"/></Metadata><Page imageFilename="{name}.png" imageWidth="{size[0]}" '
        f'imageHeight="{size[1]}"><TextRegion id="r"><Coords points="0,0 1,0 1,1"/>{"".join(lines)}'
        "<TextEquiv><Unicode>all of it</Unicode></TextEquiv></TextRegion></Page></PcGts>"
    )
    if image:
        pixels = np.full(SIZE[::-1], PAPER, np.uint8)
        for top in range(0, SIZE[1] - 40, 60):
            pixels[top + 10 : top + 30, 60:340] = INK
        Image.fromarray(pixels).save(root / f"{name}.png")
    return root


def read(root: Path, **options: object) -> PagesReader:
    return open_pages(root, PagesOptions(**options))  # type: ignore[arg-type]


def test_the_sample_pages_are_read_whole() -> None:
    """Lines would be lost, or text and image belong to different lines, and nobody would notice."""
    if not SAMPLE.is_dir():
        pytest.skip("the sample, ../shared/data/sample, is not here")
    samples = list(open_spec(parse_spec(f"pages:{SAMPLE / 'pages'}")))
    by_page = {name: [s for s in samples if s.id.startswith(name)] for name in ("JDH_2_16_93_002", "wikitexte_0152_2")}
    assert [len(found) for found in by_page.values()] == [11, 4]
    assert {s.group for s in samples} == {"JDH_2_16_93", "wikitexte_0152"}
    for sample in samples:
        image = sample.image()
        assert image.dtype == np.uint8
        assert image.min() < np.median(image) - 40, sample.id  # there is ink
        assert image.shape[0] < 400


def test_lines_are_cut_out_on_their_own_paper(tmp_path: Path) -> None:
    """The neighbors' ink would be read as well, or a white frame stand around gray paper."""
    slanted = line(1, coords="50,60 350,60 350,100 300,70 50,70", baseline="-")  # its lower right half lies outside
    (sample,) = read(page(tmp_path, "a", slanted))
    image = sample.image()
    assert (sample.id, sample.text, sample.group) == ("a/l1", "word", "a")
    assert image.shape == (40, 300)
    assert abs(int(image[35, 20]) - PAPER) <= 2
    assert image[15, 20] != INK
    assert image[15, 285] == INK


def test_a_slanted_line_comes_out_level(tmp_path: Path) -> None:
    """Slanted lines would be tall and their letters small once scaled to the network's height."""
    pixels = np.full((400, 400), PAPER, np.uint8)
    corners = turned(np.array([(-150, -20), (150, -20), (150, 20), (-150, 20)], float), 25) + 200
    rows, columns = np.indices(pixels.shape)
    level = turned(np.stack([columns.ravel() - 200, rows.ravel() - 200], 1).astype(float), -25).reshape(400, 400, 2)
    pixels[(abs(level[..., 0]) < 140) & (abs(level[..., 1]) < 8)] = INK
    image = cut(pixels, Outline(corners, 25.0))
    assert 38 <= image.shape[0] <= 42
    assert 298 <= image.shape[1] <= 302
    assert (image[18:22, 20:-20] < 60).all()
    assert (image[:8] > 150).all()


@pytest.mark.parametrize("degrees", [90.0, -90.0, 30.0])
def test_the_direction_of_the_baseline_is_that_of_reading(degrees: float) -> None:
    """Lines in a margin would be read upside down."""
    ends = turned(np.array([(-100, 0), (100, 0)], float), degrees) + 200
    points = " ".join(f"{x},{y}" for x, y in ends)
    (found,) = outlines([AnnotatedLine("l", "", points)], np.ones(2), (400, 400))
    assert isinstance(found, Outline)
    assert found.angle == pytest.approx(degrees)
    level = turned(found.polygon - 200, -degrees)
    assert -level[:, 1].min() > level[:, 1].max() > 0  # more room above the baseline than below


def test_a_baseline_drawn_from_right_to_left_is_no_writing_upside_down() -> None:
    """Hebrew and Arabic lines would be turned over."""
    (found,) = outlines([AnnotatedLine("l", "", "350,100 50,100")], np.ones(2), (400, 400))
    assert isinstance(found, Outline)
    assert found.angle == 0


def test_a_line_without_polygon_gets_the_height_of_its_neighbors(tmp_path: Path) -> None:
    """Half of the letters, or half of the next line, would be in the image."""
    root = page(tmp_path, "a", line(0), line(1, coords="-"), line(2), line(3, coords="50,205 350,205 350,210 50,210"))
    heights = {s.id: s.image().shape[0] for s in read(root)}
    assert heights == {"a/l0": 40, "a/l1": 40, "a/l2": 40, "a/l3": 40}


def test_lines_of_one_page_are_cut_to_one_height(tmp_path: Path) -> None:
    """The same letters would come in other sizes from line to line, and ascenders be cut where a polygon is low."""
    low = "50,72 350,72 350,100 50,100"
    (root, coarse) = (page(tmp_path / n, "a", line(0), line(1, coords=c), line(2)) for n, c in (("a", low), ("b", "")))
    assert [s.image().tolist() for s in read(root)] == [s.image().tolist() for s in read(coarse)]
    note, heading = "50,60 350,60 350,84 50,84", "50,60 350,60 350,130 50,130"
    for coords, height in ((note, 24), (heading, 70)):
        samples = list(read(page(tmp_path / str(height), "a", line(0), line(1, coords=coords), line(2), line(4))))
        assert samples[1].image().shape == (height, 300)


def test_a_band_leaves_out_the_neighbors(tmp_path: Path) -> None:
    """Polygons that reach into the next lines would show their letters, and the line's own would be small."""
    tall = [line(k, coords=f"50,{60 * k} 350,{60 * k} 350,{60 * k + 90} 50,{60 * k + 90}") for k in range(4)]
    image = list(read(page(tmp_path, "a", *tall)))[1].image()
    assert 45 <= image.shape[0] <= 55
    assert (image == INK).sum() == 20 * 280


def test_baselines_alone_are_enough(tmp_path: Path) -> None:
    """A segmentation without polygons could not be trained on."""
    reader = read(page(tmp_path, "a", *(line(k, coords="-") for k in range(4))))
    images = [s.image() for s in reader]
    assert len(images) == 4
    for image in images[1:]:  # the first is cut by the page's edge
        assert 55 <= image.shape[0] <= 70
        assert (image == INK).sum() >= 20 * 280
    (alone,) = read(page(tmp_path / "alone", "a", line(1, coords="-")))
    assert 8 <= alone.image().shape[0] <= 40


def test_coordinates_of_a_larger_scan_are_scaled(tmp_path: Path) -> None:
    """Images that were made smaller after the transcription would be cut in wrong places."""
    doubled = line(1, coords="100,120 700,120 700,200 100,200", baseline="100,180 700,180")
    (sample,) = read(page(tmp_path, "a", doubled, size=(800, 600)))
    image = sample.image()
    assert image.shape == (40, 300)
    assert (image[12:28, 12:288] == INK).all()


def test_coordinates_outside_the_image_are_clipped(tmp_path: Path) -> None:
    """A polygon drawn over the page's edge would stop the training, or ask for gigabytes."""
    wide = line(4, coords="-50,240 9000000,240 9000000,9000000 -50,9000000", baseline="-50,270 5000,270")
    (sample,) = read(page(tmp_path, "a", wide))
    assert sample.image().shape == (60, 400)


def test_what_cannot_be_used_is_listed_by_id(tmp_path: Path) -> None:
    """Lines would vanish without a word."""
    lines = [
        line(0),
        line(1, text="  "),
        line(2, coords="1,2 x"),
        line(3, coords="1,nan 2,3 4,5"),
        line(4, coords="50,240", baseline="-"),
        line(5, coords="1,2 3"),
        line(6, coords="50,10 60,1e300 70,20"),
        line(0),
    ]
    reader = read(page(tmp_path, "a", *lines))
    assert [s.id for s in reader] == ["a/l0", "a/l0.8"]
    assert [p.id for p in reader.problems] == [f"a/l{k}" for k in range(1, 7)]
    assert "no text" in reader.problems[0].reason
    assert "coordinates" in reader.problems[1].reason
    assert "neither a polygon" in reader.problems[3].reason


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><PcGts><Page>&b;</Page></PcGts>', "entities"),
        ('<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><PcGts>&a;</PcGts>', "entities"),
        ("<svg:svg xmlns:svg='s'/>", "neither PAGE nor ALTO: its root is svg"),
        ("<PcGts><Page>", "not well-formed"),
        ("", "not well-formed"),
        ('<PcGts><Page imageWidth="wide"/></PcGts>', "not well-formed"),
        ('<PcGts><Page imageFilename="../../a.png"/></PcGts>', "same image"),  # only the name counts
        ('<PcGts><Page imageFilename="/etc/passwd"/></PcGts>', "has no image"),
        ('<PcGts><Page imageFilename="text.png"/></PcGts>', "cannot be read"),
        ("<PcGts><Page/><Page/></PcGts>", "more than one page"),
        ("<alto><Layout><Page/><Page/></Layout></alto>", "more than one page"),
        (MILLIMETERS, "measures in mm10 and its Page has no WIDTH and HEIGHT"),
    ],
)
def test_a_bad_page_is_listed_and_the_rest_is_read(content: str, says: str, tmp_path: Path) -> None:
    """One page of a hundred would cost all others, fill the memory or read local files."""
    root = page(tmp_path, "a", line(0))
    (root / "b.xml").write_text(content)
    (root / "text.png").write_text("no image")
    reader = read(root)
    assert [s.id for s in reader] == ["a/l0"]
    assert [p.id for p in reader.problems] == ["b.xml"]
    assert says in reader.problems[0].reason


def test_a_page_is_decoded_once_for_all_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty lines would decode thirty pages of ten megapixels."""
    decoded: list[str] = []
    decode = crops.decode
    monkeypatch.setattr(crops, "decode", lambda path: decoded.append(str(path)) or decode(path))  # type: ignore[func-returns-value]
    root = page(page(tmp_path, "a", line(0), line(1)), "b", line(0), line(1))
    for sample in read(root):
        sample.image()
    assert [Path(path).name for path in decoded] == ["a.png", "b.png"]


def test_worker_processes_cut_the_lines(tmp_path: Path) -> None:
    """Samples that cannot be sent to another process could not be prepared."""
    assert len(prepare(read(page(tmp_path, "a", line(0), line(1))), PREPROCESSING, workers=1)) == 2


def test_an_image_that_vanished_is_an_error_of_its_line(tmp_path: Path) -> None:
    """A disk that is unmounted would end in a traceback."""
    crop = LineCrop(str(tmp_path / "gone.png"), Outline(np.array([(0, 0), (9, 0), (9, 9)], float), 0.0))
    with pytest.raises(ImageError, match="cannot be read"):
        crop()


def test_folders_are_splits_and_otherwise_whole_documents_are_held_out(tmp_path: Path) -> None:
    """Pages of one letter on both sides would make a model look better than it is."""
    for letter in range(10):
        for number in (1, 2):
            page(tmp_path / "flat", f"letter{letter}_{number:03}", line(0))
    train, validation = (read(tmp_path / "flat", split=split, ratio=0.2) for split in ("train", "validation"))
    groups = [{s.group for s in reader} for reader in (train, validation)]
    assert [len(found) for found in groups] == [8, 2]
    assert not groups[0] & groups[1]
    page(tmp_path / "parted" / "train", "a", line(0))
    page(tmp_path / "parted" / "validation", "b", line(0))
    assert [s.id for s in read(tmp_path / "parted", split="train")] == ["a/l0"]
    assert [s.id for s in read(tmp_path / "parted")] == ["train/a/l0", "validation/b/l0"]
    with pytest.raises(AnnotationError, match="no folder test"):
        read(tmp_path / "parted", split="test")


def test_the_export_of_transkribus_is_read_as_it_is(tmp_path: Path) -> None:
    """Its XML lies in page/ below the images, the same again as alto/, and a mets.xml beside."""
    page(tmp_path, "a", line(0))
    (tmp_path / "page").mkdir()
    (tmp_path / "a.xml").rename(tmp_path / "page" / "a.xml")
    assert [s.id for s in read(tmp_path)] == ["page/a/l0"]


def test_a_folder_without_pages_says_so(tmp_path: Path) -> None:
    """A wrong path would be an empty training set."""
    with pytest.raises(AnnotationError, match="not a folder"):
        read(tmp_path / "none")
    with pytest.raises(AnnotationError, match="no usable line: "):
        read(tmp_path)
    with pytest.raises(AnnotationError, match=r"a\.xml has no image"):
        read(page(tmp_path, "a", line(0), image=False))


ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation><fileName>scans/a.png</fileName></sourceImageInformation></Description><Layout>
<Page WIDTH="400" HEIGHT="300"><PrintSpace><TextBlock><Shape><Polygon POINTS="0 0 1 0 1 1"/></Shape>
<TextLine ID="one" HPOS="50" VPOS="0" WIDTH="300" HEIGHT="40" BASELINE="30"><String CONTENT="two"/><SP/>
<String CONTENT="wo"/><HYP CONTENT="-"/></TextLine>
<TextLine ID="two" HPOS="50" VPOS="60" WIDTH="300" HEIGHT="40" BASELINE="50 90 350 90"><Shape>
<Polygon POINTS="60 60 340 60 340 100 60 100"/></Shape><String CONTENT="rds"/></TextLine>
</TextBlock></PrintSpace></Page></Layout></alto>"""


def test_alto_with_boxes_polygons_and_either_kind_of_baseline(tmp_path: Path) -> None:
    """Exports of other programs than ours would be read as nothing."""
    page(tmp_path, "a", line(0))
    (tmp_path / "a.xml").write_text(ALTO)
    found = {s.id: (s.text, s.image().shape) for s in read(tmp_path)}
    assert found == {"a/one": ("two wo-", (40, 300)), "a/two": ("rds", (40, 300))}


def test_alto_in_millimeters_is_scaled_by_the_size_of_its_page(tmp_path: Path) -> None:
    """Lines would be cut out of the upper left corner of a scan."""
    page(tmp_path, "a", line(0))
    (tmp_path / "a.xml").write_text(MILLIMETERS.replace("<Page>", '<Page WIDTH="800" HEIGHT="600">'))
    (sample,) = read(tmp_path)
    assert sample.image().shape == (20, 150)


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_a_page_is_cut_by_the_size_that_it_has_upright(kind: str, tmp_path: Path) -> None:
    """Lines of a scan that is stored on its side would be cut somewhere else."""
    page = Image.new("L", (300, 200), 255)
    page.paste(0, (40, 60, 240, 90))
    if kind == "png":
        page.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.png")
        blob = (tmp_path / "a.png").read_bytes()
        exif = Image.Exif()
        exif[0x0112] = 6
        content = exif.tobytes()[6:]
        chunk = len(content).to_bytes(4, "big") + b"eXIf" + content
        chunk += zlib.crc32(chunk[4:]).to_bytes(4, "big")
        (tmp_path / "a.png").write_bytes(blob[:-12] + chunk + blob[-12:])  # behind the pixels
    else:
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[274] = 6
        page.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.tif", tiffinfo=tags)
    (tmp_path / "a.xml").write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="a.{kind}" imageWidth="300" imageHeight="200"><TextRegion id="r">'
        '<Coords points="30,50 250,50 250,100 30,100"/><TextLine id="l"><Coords points="30,50 250,50 250,100 30,100"/>'
        '<Baseline points="30,92 250,92"/><TextEquiv><Unicode>ink</Unicode></TextEquiv></TextLine></TextRegion>'
        "</Page></PcGts>"
    )
    (file,) = PageFiles(tmp_path, "all")
    assert file.size == (300, 200)
    (sample,) = open_pages(tmp_path, PagesOptions())
    dark = np.argwhere(sample.image() < 100)
    height, width = dark.max(axis=0) - dark.min(axis=0) + 1
    assert (height, width) == pytest.approx((30, 200), abs=2)


@pytest.mark.parametrize(
    ("xml", "image"),
    [
        ("alto", "images"),
        ("page", "Images"),
        ("alto/vol1", "images/vol1"),
        ("train/page/vol1", "train/img"),
        ("xml", "png"),
    ],
)
def test_images_may_have_a_folder_beside_that_of_the_xml(xml: str, image: str, tmp_path: Path) -> None:
    """Published data sets have images/ and alto/ or page/: none of their lines would be found."""
    page(tmp_path / xml, "a", line(1, "one"))
    (tmp_path / image).mkdir(parents=True)
    (tmp_path / xml / "a.png").rename(tmp_path / image / "a.png")
    for root in (tmp_path, tmp_path / xml.split("/")[0]):
        assert [sample.text for sample in read(root)] == ["one"]


def test_a_named_image_in_a_folder_of_images_precedes_one_of_the_same_stem(tmp_path: Path) -> None:
    """The lines would be cut out of another picture."""
    page(tmp_path / "page", "a", line(1, "one"))
    (tmp_path / "images").mkdir()
    (tmp_path / "page" / "a.png").rename(tmp_path / "images" / "a.png")
    Image.new("L", (10, 10)).save(tmp_path / "images" / "a.jpg")
    assert next(iter(PageFiles(tmp_path, "all"))).image == tmp_path / "images" / "a.png"
    (tmp_path / "images" / "a.png").unlink()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "images" / "a.jpg").rename(tmp_path / "elsewhere" / "a.png")
    with pytest.raises(AnnotationError, match=r"has no image a\.png beside it"):
        read(tmp_path)
