"""Quantization of a trained network to int8: for CPUs, and for AMD DPUs with calibration, QDQ graphs and a
simulator.
"""
