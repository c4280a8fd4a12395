"""From a corpus to a trained model, and from a trained model to takes."""
