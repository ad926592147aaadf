"""From a Radiograph to a Report, on onnxruntime."""
