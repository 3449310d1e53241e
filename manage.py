#!/usr/bin/env python
"""simweb's command line: `python manage.py serve`, `run`, `token`, and Django's own commands."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simweb.settings")
    execute_from_command_line(sys.argv)
