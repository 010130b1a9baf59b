"""`python -m edgewarm`, the same as the `edgewarm` command."""

from edgewarm.cli import main

if __name__ == "__main__":
    main()
