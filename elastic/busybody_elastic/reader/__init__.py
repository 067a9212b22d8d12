"""The reader: follows sign-ins that are in the cluster already. `follow.Reader` is the whole of it."""
