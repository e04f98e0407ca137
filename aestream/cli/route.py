"""x"""
import click
@click.command("input")
def route() -> None:
    """aestream input"""
