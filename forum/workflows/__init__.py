"""Verbs that span two capabilities: messages become a topic, a document is discussed, a file is filed."""
