"""Reading and writing pictures and videos, and finding faces. Independent of model and torch."""
