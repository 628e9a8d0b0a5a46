"""What is measured, protocol by protocol: a module each."""
