#!/usr/bin/env python
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
    if sys.argv[1:2] == ["serve"]:
        # Daphne installs its reactor on import, on the loop of the policy that is set by then.
        from playground.eventloop import install_fast_loop

        install_fast_loop()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
