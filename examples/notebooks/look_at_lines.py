# %% [markdown]
# # Look at lines
#
# A line goes through three hands before a network sees it: it is made dark on light and cut to its ink, it is
# scaled to the network's height, and in training it is changed a little each time. This notebook needs `pip
# install '.[train]'` for the last step, and no data.

# %%
import numpy as np
from _sheets import PROJECT, sheet, show
from PIL import Image

import gluon_htr
from gluon_htr.images.augmentation import augment
from gluon_htr.images.augmentation_settings import Augmentation
from gluon_htr.images.decoding import decode
from gluon_htr.images.framing import ink_bounds
from gluon_htr.images.polarity import dark_on_light
from gluon_htr.images.preprocessing import fit

recognizer = gluon_htr.load("english-lines")
line = decode(PROJECT / "examples" / "line.png")
print(line.shape, line.dtype)

# %% [markdown]
# ## What happens before the network
#
# White chalk on a blackboard becomes dark on light, and paper around the line is cut away. Both pictures below
# are therefore read the same.

# %%
chalk = 255 - np.pad(line, 60, constant_values=int(np.median(line)))
upright = dark_on_light(chalk)
seen = fit(upright[ink_bounds(upright)], recognizer.preprocessing)
show(sheet([chalk, seen], ["chalk, with a wide margin", f"the network's input: {seen.shape}"]), "line-preprocessing")
print(recognizer.read(line).text)
print(recognizer.read(chalk).text)

# %% [markdown]
# ## Augmentation
#
# No two people write the same word alike, and neither does one person. Training therefore never shows a line
# twice: it is slanted, stretched, bent, thickened and shaded by chance. The numbers are settings of a preset
# (`[training.augmentation]`).

# %%
gently = Augmentation(share=1, widen=32)
wildly = Augmentation(share=1, widen=32, rotation=4, shear=0.9, paper=1)
random = np.random.default_rng(0)
changed = [augment(line, settings, random) for settings in (gently, gently, wildly, wildly)]
readings = [recognizer.read(image) for image in changed]
show(sheet(changed, [f"{r.text}   ({r.confidence:.2f})" for r in readings]), "line-augmentation")

# %% [markdown]
# ## Where it stops
#
# Halve the picture again and again: the confidence falls before the text does. It is worth looking at before trusting a
# reading.

# %%
small = Image.fromarray(line)
for _ in range(4):
    reading = recognizer.read(small)
    print(f"{small.height:3} pixels high  {reading.confidence:.3f}  {reading.text}")
    small = small.resize((small.width // 2, small.height // 2))
