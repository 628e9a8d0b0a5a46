"""Tables, plots and report files, made from records."""
