"""How we tell: a Message goes out through a channel. Knows Messages only, imports none of the other packages."""
