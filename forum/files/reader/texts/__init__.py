"""The words of files, a module per family; each gives the parts (pages, sheets, slides) with what they say."""
