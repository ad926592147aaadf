"""How good the answers are: figures with their intervals, from files of predictions."""
