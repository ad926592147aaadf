"""Laws are tested without a clock: a busy machine must not make one fail."""

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
