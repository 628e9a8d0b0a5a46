"""Pictures and videos in and out. Knows nothing of the model and never imports torch by itself."""
