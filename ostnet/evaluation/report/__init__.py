"""From records to tables, plots and reports, kept on disk."""
