# %% [markdown]
# # Look at IAM
#
# Before a network learns from data, look at them. IAM has 1,539 forms of English, copied by 657 people. This
# notebook shows words, lines and writers, and some of what makes them hard. It needs words and lines of IAM in
# `data/iam`: `gluon-htr download --dataset iam-words` and `iam-lines`.

# %%
from collections import Counter

import numpy as np
from _sheets import DATA, sheet, show

from gluon_htr.datasets.spec import open_spec, parse_spec

words = open_spec(parse_spec(f"iam-words:{DATA / 'iam'}?split=train"))
samples = list(words)
print(f"{len(samples):,} words, {len({sample.group for sample in samples})} groups, {len(words.problems)} left out")

# %% [markdown]
# ## One word, many hands
#
# The most frequent word of the data, each time by another writer where there are enough of them. The network must
# call all of these the same.

# %%
word, count = Counter(sample.text for sample in samples if len(sample.text) > 1).most_common(1)[0]
hands = {sample.group: sample for sample in samples if sample.text == word}
chosen = list(hands.values())[:12]
show(sheet([sample.image() for sample in chosen], [sample.group for sample in chosen], columns=4), "iam-one-word")
print(f"{word!r} occurs {count} times")

# %% [markdown]
# ## Letters are not equally frequent
#
# A network sees `e` a thousand times before it sees `Z` once. Errors of rare letters cost little in an error
# rate, and a lot to a reader of names.

# %%
letters = Counter("".join(sample.text for sample in samples))
print("frequent:", " ".join(f"{letter} {n}" for letter, n in letters.most_common(8)))
print("rare:    ", " ".join(f"{letter} {n}" for letter, n in letters.most_common()[-8:]))

# %% [markdown]
# ## Sizes
#
# Words are scaled to the network's box. A word that is much wider than most loses height, and with it thin
# strokes.

# %%
shapes = np.array([sample.image().shape for sample in samples[:500]])
print("height", np.percentile(shapes[:, 0], [5, 50, 95]).astype(int), "pixels at 5, 50, 95 %")
print("width ", np.percentile(shapes[:, 1], [5, 50, 95]).astype(int))
widest = sorted(samples[:500], key=lambda sample: sample.image().shape[1])[-3:]
show(sheet([sample.image() for sample in widest], [sample.text for sample in widest], columns=3), "iam-widest")

# %% [markdown]
# ## Lines
#
# Lines bring what words leave out: the spaces between words, slopes, and letters that reach into the next line.

# %%
lines = list(open_spec(parse_spec(f"iam-lines:{DATA / 'iam'}?split=train")))[:6]
show(sheet([line.image() for line in lines], [line.text for line in lines]), "iam-lines")

# %% [markdown]
# ## Who is in which part
#
# Nobody who wrote for training may write for validation. This is the difference between reading hands and
# remembering them.

# %%
validation = open_spec(parse_spec(f"iam-words:{DATA / 'iam'}?split=validation"))
shared = {sample.group for sample in samples} & {sample.group for sample in validation}
print("groups in both parts:", len(shared))
assert not shared
