"""The networks as a folder of static files that animates in the visitor's browser.

``graphs`` and ``face_graph`` make the ONNX graphs, ``npm`` downloads onnxruntime-web, ``site``
puts everything together; ``static`` has the page itself.
"""
