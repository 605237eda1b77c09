"""What AWS Lambda imports; the model is opened while the function starts, and not by its first request."""

from gluon_htr.serving.aws import make_handler

handler = make_handler()
