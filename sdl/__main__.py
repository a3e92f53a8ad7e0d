"""`python -m sdl` writes what is published, `--check` compares it, `--release` makes it the released one."""

import sys

from sdl.publishing import main

sys.exit(main(sys.argv[1:]))
