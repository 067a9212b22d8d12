"""Busybody's Splunk app: the search command protocol, splunkd's REST and KV store, the commands and alert actions.

`launch` is the door for the scripts in bin/. It is the only module that an older Python may read.
"""
