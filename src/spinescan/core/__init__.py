"""The words of the domain: films, points, answers. numpy and the standard library, nothing else."""
