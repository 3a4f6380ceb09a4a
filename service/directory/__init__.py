"""Who is who: names, addresses and external ids, encrypted and looked up by blind index. Outside the log."""
