# %% [markdown]
# # Look at EMNIST
#
# 814,255 digits and letters, 28 pixels wide. A small network reads most of them; the rest tells what a context is
# good for. The notebook needs EMNIST in `data/emnist`: `gluon-htr download --dataset emnist`.

# %%
from collections import defaultdict

import numpy as np
from _sheets import DATA, PROJECT, sheet, show

import gluon_htr
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.images.decoding import decode
from gluon_htr.images.preprocessing import Preprocessing, fit

samples = list(open_spec(parse_spec(f"emnist:{DATA / 'emnist'}?split=train")))
by_class = defaultdict(list)
for sample in samples:
    by_class[sample.text].append(sample)
print(f"{len(samples):,} characters of {len(by_class)} classes: {''.join(sorted(by_class))}")

# %% [markdown]
# ## One of each

# %%
classes = sorted(by_class)[:40]
show(sheet([by_class[text][0].image() for text in classes], classes, columns=10), "emnist-classes")

# %% [markdown]
# ## The average of a class
#
# Where people agree, the mean is sharp. Where it is a cloud, they do not. A nearest-mean classifier would compare
# with these.

# %%
means = [np.mean([sample.image() for sample in by_class[text][:200]], axis=0).astype(np.uint8) for text in classes]
show(sheet(means, [f"{text}: {len(by_class[text])}" for text in classes], columns=10), "emnist-means")

# %% [markdown]
# ## What the network sees
#
# Characters are cut to their ink, scaled, and centered, in training and in reading by the same code. Here that is
# done to a character of another size, which comes from a font.

# %%
picture = decode(PROJECT / "examples" / "character.png")
seen = fit(picture, Preprocessing(mode="character", height=28, width=28))
show(
    sheet([picture, np.kron(seen, np.ones((4, 4), np.uint8))], [f"{picture.shape}", f"{seen.shape}, enlarged"], 2),
    "emnist-fit",
)

# %% [markdown]
# ## Digits in a row
#
# The model `digits` learned from characters set side by side, and reads numbers of any length without cutting
# them.

# %%
print(gluon_htr.load("digits").read(PROJECT / "examples" / "number.png").text)
