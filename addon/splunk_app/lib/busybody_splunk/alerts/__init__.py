"""Alert actions: Slack tells a channel, ask hands a finding to the responder, which asks the person.

    script      what splunkd starts, as the owner of the alert: reads the results, makes the messages, counts the tries
    handler     what splunkd runs with its own rights: holds the secrets and the targets, makes one attempt per call

The script never sees a secret and cannot choose where a message goes, so whoever owns an alert needs no capability
to read passwords: only `busybody_send`.
"""
