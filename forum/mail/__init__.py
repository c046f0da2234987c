"""Mail: written in the business transaction and delivered after the commit; what comes in is looked into."""
