"""From a trained network to int8 numbers: what a DPU can take, calibration, QDQ graphs, their simulator, targets."""
