"""A miniature data folder of rendered faces, in the shape that training reads."""
