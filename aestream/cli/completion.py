"""``aestream completion``: what a shell has to load so that TAB completes commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes aestream's commands in a shell.

    \b
    eval "$(aestream completion bash)"                             in ~/.bashrc
    eval "$(aestream completion zsh)"                              in ~/.zshrc
    aestream completion fish > ~/.config/fish/completions/aestream.fish
    """
    found = get_completion_class(shell)
    if found is None or context.parent is None:
        raise click.UsageError(f"no completion is known for {shell}")
    click.echo(found(context.parent.command, {}, "aestream", "_AESTREAM_COMPLETE").source())
