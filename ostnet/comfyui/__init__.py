"""Nodes for ComfyUI; ``ostnet export-comfyui`` writes the folder that registers them."""

from ostnet.comfyui.nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
