"""What is measured on: clips, data sets, pairs of source and driving frame."""
