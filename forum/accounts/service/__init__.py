"""The verbs of accounts, a file per noun.

None of them commits. Verbs that come before anybody is signed in take what was typed instead of a viewer.
"""
