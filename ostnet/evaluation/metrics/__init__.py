"""What is read off pictures and faces, and how it is summed up."""
