"""What a run gives to other tools: weights, ONNX, TensorBoard, CSV, a page about it. The script is in `export`."""
