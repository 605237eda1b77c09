"""Entry point of AWS Lambda; it opens the model when the function starts, not at the first request."""

from gluon_htr.serving.aws import make_handler

handler = make_handler()
