"""A bar on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


@contextmanager
def bar(
    name: str, total: int, *, done: int = 0, shown: bool = True
) -> Iterator[Callable[[str, int], None]]:
    """Told a text (or an empty one) and a number of steps done since, it shows them."""
    if not shown:  # another process shows it
        yield lambda text, steps: None
        return
    with Progress(console=Console(stderr=True), refresh_per_second=1) as progress:
        task = progress.add_task(name, total=total, completed=done)

        def show(text: str, steps: int) -> None:
            progress.update(task, advance=steps, description=text or None)

        yield show
