"""The networks: tensors in, tensors out; no files but their own weights, no choice of device."""
