"""The network: on paper, in NumPy for generating, in TensorFlow for training. Only the folder tensorflow/ may import that.

weights           every weight's name and shape, and the equations that both follow
match_features    what copy heads know of how alike two places of a piece are
inference         the trained network in NumPy: event by event, or a whole piece at once
copy_heads        its copy heads in NumPy
tensorflow/       the same network in TensorFlow, with gradients, devices and machines
"""
