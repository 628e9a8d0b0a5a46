"""The networks, which map tensors to tensors. The only files that they read are their weights."""
