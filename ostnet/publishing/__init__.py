"""From this project to the Hugging Face Hub: weights with their card, and the files of a Space."""
