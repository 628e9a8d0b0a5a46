"""The networks as a page: a folder of static files that animates in the visitor's own browser.

``graphs`` turns the ONNX graphs into those of the page, ``runtime`` brings onnxruntime-web,
``site`` puts everything together; ``static`` holds the page itself.
"""
