"""How a training is seen: history, TensorBoard, Weights & Biases; knows not what is trained."""
