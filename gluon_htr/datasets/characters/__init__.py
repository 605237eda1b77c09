"""Single characters with their classes: MNIST and EMNIST's idx files, and folders of images."""
