# %% [markdown]
# # Look at pages
#
# How the lines of a page are found: a network paints the page in four colors, and lines are made of the paint.
# Then each line is cut out along its baseline and read. No data are needed: the page is a letter of 1905
# (Stanford, CC BY 4.0).

# %%
import numpy as np
from _sheets import PROJECT, sheet, show
from PIL import Image, ImageDraw

import gluon_htr
from gluon_htr.images.decoding import decode
from gluon_htr.pages.crops import cut_straight
from gluon_htr.pages.detection.classes import CLASSES
from gluon_htr.pages.detection.detector import probabilities
from gluon_htr.pages.outlines import LineGeometry, found_bands
from gluon_htr.pages.scaling import framed, scaled

reader = gluon_htr.load_reader("latin-lines-fast")
page = decode(PROJECT / "examples" / "page.jpg")
detector = reader.detector
print(page.shape, "pixels;", CLASSES[detector.classes])

# %% [markdown]
# ## What the network paints
#
# The body of the writing is blue, baselines are red, ends of lines green. Everything else, also the edge of the
# paper and the stamp of an archive, should stay white.

# %%
small, zoom = scaled(page, detector.max_side)
framed_page, _ = framed(small, detector.multiple)  # writing at its edge is told from writing that goes on
maps = probabilities(detector.network(framed_page[None])[0])
_, body, baseline, end = maps
white = np.ones(body.shape)
paint = np.stack([white - body - end, white - body - baseline, white - baseline - end], axis=-1)
painted = Image.fromarray((paint.clip(0, 1) * 255).astype(np.uint8))
show(
    sheet(
        [framed_page, painted.resize(framed_page.shape[::-1])], ["the page, scaled", "body, baseline, ends"], columns=2
    ),
    "page-maps",
)

# %% [markdown]
# ## The lines that come of it

# %%
found = detector.find(page)
picture = Image.fromarray(page).convert("RGB")
pen = ImageDraw.Draw(picture)
for line in found:
    pen.polygon([tuple(point) for point in line.polygon], outline="#1d4f8f", width=4)
    pen.line([tuple(point) for point in line.baseline], "#c03000", 5)
show(sheet([picture], [f"{len(found)} lines"]), "page-lines")

# %% [markdown]
# ## Each line, cut and straightened
#
# This is what the recognizer gets, and what "Save for training" writes in the page for reviewing. The captions are the
# readings of `latin-lines-fast`, which has seen old hands; `english-lines` has not.

# %%
bands = found_bands([LineGeometry(line.polygon, line.baseline) for line in found], page.shape[::-1])
crops = [cut_straight(page, band, line.baseline)[0] for band, line in zip(bands, found)]
readings = [reader.recognizer.read(crop) for crop in crops]
show(sheet(crops, [f"{reading.text}   ({reading.confidence:.2f})" for reading in readings]), "page-crops")
