"""The users' own showers: readers of their formats, checks, and the way to the event table."""
