"""How good a model is on music that it never studied.

cross_validation     bits a note: of a model, of a preset by folds, of counting
sample_statistics    figures of samples, against those of real continuations
sample_evaluation    the experiment that makes both
"""
