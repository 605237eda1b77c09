# %% [markdown]
# # Look at CTC
#
# The network does not say where a letter begins. It gives, for each column of the image, a probability of each
# letter, and of none: the blank. This notebook draws that, and how a text comes out of it. The page "How CTC
# works here" explains it.

# %%
import numpy as np
from _sheets import PROJECT, show
from PIL import Image, ImageDraw, ImageFont

import gluon_htr
from gluon_htr.decoding.alignment import align, ctc_scores
from gluon_htr.images.decoding import decode
from gluon_htr.images.framing import ink_bounds
from gluon_htr.images.preprocessing import fit

recognizer = gluon_htr.load("english-lines")
word = decode(PROJECT / "examples" / "word.png")
seen = fit(word[ink_bounds(word)], recognizer.preprocessing)
logits = recognizer.network(seen[None])[0].astype(float)  # (T, C), the blank last
log_probabilities = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
blank = len(recognizer.alphabet)
print(f"{seen.shape[1]} columns of pixels, {len(logits)} time steps, {blank} characters and the blank")

# %% [markdown]
# ## The best path
#
# At each time step, take the most probable class. `·` is the blank. Merge what repeats, drop the blanks: the
# text.

# %%
best = log_probabilities.argmax(axis=1)
letters = [*(recognizer.alphabet.decode([k]) for k in range(blank)), "·"]
print("".join(letters[k] for k in best))
text = recognizer.read(word).text
print(text)


# %% [markdown]
# ## Probabilities over the image
#
# Each row is a letter of the text, each column a time step; dark is probable. The last row is the blank. Letters
# are narrow spikes: the network is sure for a step or two, and says "nothing new" between them.


# %%
def drawn(rows: list[int], scale: int = 3) -> Image.Image:
    """Draw the probabilities of classes, a row each, below the network's input."""
    step = seen.shape[1] // len(logits) * scale
    picture = Image.new("RGB", (60 + step * len(logits), seen.shape[0] * scale + 26 * len(rows) + 10), "white")
    picture.paste(Image.fromarray(seen).resize((seen.shape[1] * scale, seen.shape[0] * scale)), (60, 0))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(18)
    for number, k in enumerate(rows):
        top = seen.shape[0] * scale + 10 + 26 * number
        pen.text((20, top), letters[k], "#1d4f8f", font)
        for t, probability in enumerate(np.exp(log_probabilities[:, k])):
            shade = round(255 * (1 - probability))
            pen.rectangle(
                (60 + t * step, top, 60 + (t + 1) * step - 2, top + 22),
                (shade, shade, 255 if shade > 200 else shade + 40),
            )
    return picture


labels = recognizer.alphabet.encode(text)
show(drawn([*dict.fromkeys(labels), blank]), "ctc-probabilities")

# %% [markdown]
# ## Where is each letter?
#
# The most probable way of writing this text says it. `predict --json` gives these places in pixels of the image.

# %%
for letter, (start, end) in zip(text, align(log_probabilities[None], [labels])[0]):
    print(f"{letter}  steps {start:2} to {end - 1:2}")

# %% [markdown]
# ## How probable is a text?
#
# Many paths write the same text, and CTC sums them all, without listing them. So texts can be compared that the
# network never wrote. Beam search looks for the one with the highest sum, and may ask a language model.

# %%
guesses = [text, "heading", "reacting", "ready", "xylophone"]
for guess in guesses:
    score = ctc_scores(log_probabilities[None], [recognizer.alphabet.encode(guess)])[0]
    print(f"{guess:10} {np.exp(score):.2e}")
