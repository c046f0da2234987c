"""What looks into files: a program of its own, `python -m forum.files.reader`, that knows nothing of the forum.

It is given a task, a file, a folder to write into and options as JSON, and prints one JSON object per line; the
last one says `{"done": true}` or `{"fault": code}` (`codes.Fault`). What it reads may mean harm: it bounds itself
before it opens anything (`limits`), and whoever starts it may end it at any time.
"""
