"""Training, offline: from a log to models that Busybody scores without any package. Needs the extra `train`."""
