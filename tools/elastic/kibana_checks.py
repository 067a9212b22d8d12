def faults(text): return []
