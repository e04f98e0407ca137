"""Cameras through the drivers that are Python packages: which are usable, what is connected, opening one."""
