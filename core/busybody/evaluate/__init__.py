"""Evaluation: how well sign-ins of known truth are told apart, by Busybody and by what it has to beat."""
