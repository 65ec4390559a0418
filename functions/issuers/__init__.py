"""One deployed function; see main.py."""
