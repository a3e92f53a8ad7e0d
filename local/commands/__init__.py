"""The commands by subject; `local/__main__.py` lists them."""
